#ifndef TP_NUMERIC_HALF_H
#define TP_NUMERIC_HALF_H
/* IEEE 754 binary16 ("fp16") as bits: the compiler need not know the type. */
#include <stdint.h>
#include <string.h>

/* The bits of an fp32 without the last `lost`, ties to even: a type of fewer bits of fraction has
 * these of it.  A carry out of the fraction goes on into the exponent. */
static inline uint32_t tp_float_rounded(float value, int lost)
{
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t to_even = (1u << (lost - 1)) - 1 + (bits >> lost & 1);
  return (bits + to_even) >> lost;
}

static inline float tp_float_of_bits(uint32_t bits)
{
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The nearest fp16, ties to even; above 65504 by half a step or more: infinity. */
uint16_t tp_half_of(float value);

/* Exact. */
float tp_half_value(uint16_t half);

/* `value` as fp16 carries it. */
static inline float tp_half_round(float value)
{
  return tp_half_value(tp_half_of(value));
}
#endif
