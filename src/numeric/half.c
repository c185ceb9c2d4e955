#include "numeric/half.h"

#include <math.h>

enum { FRACTION_BITS = 10, BIAS = 15, INFINITE = 0x7c00, QUIET_NAN = 0x7e00, SIGN = 0x8000 };

/* A fraction that rounds up to the next power of two carries into the exponent by itself. */
static unsigned magnitude_bits(float magnitude)
{
  if (magnitude >= 65520.0f) /* half a step above the largest, 65504 */
    return INFINITE;
  if (magnitude < 0x1p-14f) /* subnormal: multiples of 2^-24 */
    return (unsigned)rintf(magnitude * 0x1p24f);
  const int exponent = ilogbf(magnitude);
  const unsigned fraction = (unsigned)rintf(ldexpf(magnitude, FRACTION_BITS - exponent));
  return ((unsigned)(exponent + BIAS - 1) << FRACTION_BITS) + fraction;
}

uint16_t tp_half_of(float value)
{
  const unsigned sign = signbit(value) ? SIGN : 0;
  return (uint16_t)(sign | (isnan(value) ? QUIET_NAN : magnitude_bits(fabsf(value))));
}

float tp_half_value(uint16_t half)
{
  const int exponent = (half & INFINITE) >> FRACTION_BITS;
  const int fraction = half & ((1 << FRACTION_BITS) - 1);
  float magnitude;
  if (exponent == 2 * BIAS + 1)
    magnitude = fraction == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    magnitude = ldexpf((float)fraction, 1 - BIAS - FRACTION_BITS);
  else
    magnitude = ldexpf((float)(fraction + (1 << FRACTION_BITS)), exponent - BIAS - FRACTION_BITS);
  return (half & SIGN) != 0 ? -magnitude : magnitude;
}
