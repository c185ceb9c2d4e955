#ifndef TP_RUN_FILL_VALUE_H
#define TP_RUN_FILL_VALUE_H
/* The random number at a place, the same in C and in a kernel: SplitMix64's mixing function
 * (Steele, Lea and Flood, OOPSLA 2014) over key, row and column. */
#include <stdint.h>

#ifdef __CUDACC__
#define TP_BOTH_SIDES __host__ __device__
#else
#define TP_BOTH_SIDES
#endif

TP_BOTH_SIDES static inline uint64_t tp_mix64(uint64_t x)
{
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/* Of a row what all its columns share. */
TP_BOTH_SIDES static inline uint64_t tp_uniform_row(uint64_t key, int64_t row)
{
  return tp_mix64(key + (uint64_t)row);
}

/* Uniform in [-1, 1), 24 bits of it. */
TP_BOTH_SIDES static inline float tp_uniform_at(uint64_t row_key, int64_t column)
{
  const uint64_t bits = tp_mix64(row_key + (uint64_t)column);
  return (float)(int32_t)(bits >> 40) * 0x1p-23f - 1.0f;
}

TP_BOTH_SIDES static inline float tp_uniform(uint64_t key, int64_t row, int64_t column)
{
  return tp_uniform_at(tp_uniform_row(key, row), column);
}
#endif
