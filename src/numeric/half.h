#ifndef TP_NUMERIC_HALF_H
#define TP_NUMERIC_HALF_H
/* IEEE 754 binary16 ("fp16") as bits: the compiler need not know the type.  Millions of elements
 * pass here, so all of it is inline. */
#include <math.h>
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

enum {
  TP_HALF_LOST_BITS = 23 - 10, /* of an fp32's fraction */
  TP_HALF_BIAS_BITS = (127 - 15) << 10,
  TP_HALF_INFINITE = 0x7c00,
  TP_HALF_NAN = 0x7e00, /* a quiet one */
  TP_HALF_SIGN = 0x8000
};

static inline unsigned tp_half_magnitude(float magnitude)
{
  if (magnitude >= 65520.0f) /* half a step above the largest, 65504 */
    return TP_HALF_INFINITE;
  if (magnitude < 0x1p-14f) /* subnormal: multiples of 2^-24 */
    return (unsigned)rintf(magnitude * 0x1p24f);
  return tp_float_rounded(magnitude, TP_HALF_LOST_BITS) - TP_HALF_BIAS_BITS;
}

/* `magnitude`, which has no sign, with that of a bit that stands first.  Without a branch: signs
 * come in no order that could be foretold. */
static inline float tp_float_signed(float magnitude, uint32_t sign)
{
  uint32_t bits;
  memcpy(&bits, &magnitude, sizeof bits);
  return tp_float_of_bits(bits | sign);
}

/* The nearest fp16, ties to even; above 65504 by half a step or more: infinity. */
static inline uint16_t tp_half_of(float value)
{
  const unsigned sign = signbit(value) ? TP_HALF_SIGN : 0;
  return (uint16_t)(sign | (isnan(value) ? TP_HALF_NAN : tp_half_magnitude(fabsf(value))));
}

/* Exact.  The same exponent and fraction in a float are the value over 2^(127 - 15), subnormals
 * too. */
static inline float tp_half_value(uint16_t half)
{
  float magnitude = tp_float_of_bits((uint32_t)(half & (TP_HALF_SIGN - 1)) << TP_HALF_LOST_BITS);
  if ((half & TP_HALF_INFINITE) == TP_HALF_INFINITE)
    magnitude = (half & (TP_HALF_INFINITE ^ (TP_HALF_SIGN - 1))) == 0 ? INFINITY : NAN;
  else
    magnitude *= 0x1p112f;
  return tp_float_signed(magnitude, (uint32_t)(half & TP_HALF_SIGN) << 16);
}

/* `value` as fp16 carries it. */
static inline float tp_half_round(float value)
{
  return tp_half_value(tp_half_of(value));
}
#endif
