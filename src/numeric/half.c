#include "numeric/half.h"

#include <math.h>

enum { FRACTION_BITS = 10, BIAS = 15, INFINITE = 0x7c00, QUIET_NAN = 0x7e00, SIGN = 0x8000 };
enum { LOST_BITS = 23 - FRACTION_BITS, FLOAT_BIAS = 127 };

static unsigned magnitude_bits(float magnitude)
{
  if (magnitude >= 65520.0f) /* half a step above the largest, 65504 */
    return INFINITE;
  if (magnitude < 0x1p-14f) /* subnormal: multiples of 2^-24 */
    return (unsigned)rintf(magnitude * 0x1p24f);
  return tp_float_rounded(magnitude, LOST_BITS) - ((FLOAT_BIAS - BIAS) << FRACTION_BITS);
}

uint16_t tp_half_of(float value)
{
  const unsigned sign = signbit(value) ? SIGN : 0;
  return (uint16_t)(sign | (isnan(value) ? QUIET_NAN : magnitude_bits(fabsf(value))));
}

/* The same exponent and fraction in a float are the value over 2^(127 - 15), subnormals too. */
float tp_half_value(uint16_t half)
{
  float magnitude = tp_float_of_bits((uint32_t)(half & (SIGN - 1)) << LOST_BITS);
  if ((half & INFINITE) == INFINITE)
    magnitude = (half & (INFINITE ^ (SIGN - 1))) == 0 ? INFINITY : NAN;
  else
    magnitude *= 0x1p112f;
  return (half & SIGN) != 0 ? -magnitude : magnitude;
}
