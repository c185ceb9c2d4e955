#include "run/element.h"

#include "numeric/half.h"

#include <math.h>
#include <string.h>

static float bf16_value(uint16_t bits)
{
  const uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

/* The upper half of an fp32; a carry out of the fraction goes on into the exponent. */
static uint16_t bf16_of(float value)
{
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (isnan(value))
    return (uint16_t)(bits >> 16 | 0x40);
  const uint32_t to_even = 0x7fff + (bits >> 16 & 1);
  return (uint16_t)((bits + to_even) >> 16);
}

enum { FP8_NAN = 0x7f, FP8_LARGEST = 0x7e, FP8_SIGN = 0x80, FP8_BIAS = 7, FP8_FRACTION_BITS = 3 };
enum { FP8_LOST_BITS = 23 - FP8_FRACTION_BITS, FLOAT_BIAS = 127 };

/* The same exponent and fraction in an fp32 are the value over 2^(127 - 7), subnormals too. */
static float fp8_value(uint8_t code)
{
  const uint32_t bits = (uint32_t)(code & FP8_NAN) << FP8_LOST_BITS;
  float magnitude;
  memcpy(&magnitude, &bits, sizeof magnitude);
  magnitude = (code & FP8_NAN) == FP8_NAN ? NAN : magnitude * 0x1p120f;
  return (code & FP8_SIGN) != 0 ? -magnitude : magnitude;
}

static unsigned fp8_magnitude(float magnitude)
{
  if (magnitude >= 448)
    return FP8_LARGEST;
  if (magnitude < 0x1p-6f) /* subnormal: multiples of 2^-9 */
    return (unsigned)rintf(magnitude * 0x1p9f);
  uint32_t bits;
  memcpy(&bits, &magnitude, sizeof bits);
  const uint32_t to_even = (1u << (FP8_LOST_BITS - 1)) - 1 + (bits >> FP8_LOST_BITS & 1);
  return ((bits + to_even) >> FP8_LOST_BITS) - ((FLOAT_BIAS - FP8_BIAS) << FP8_FRACTION_BITS);
}

static uint8_t fp8_of(float value)
{
  const unsigned sign = signbit(value) ? FP8_SIGN : 0;
  return (uint8_t)(sign | (isnan(value) ? FP8_NAN : fp8_magnitude(fabsf(value))));
}

float tp_element_value(enum tp_dtype dtype, const void *elements, int64_t i)
{
  switch (dtype) {
  case TP_DTYPE_FP16:
    return tp_half_value(((const uint16_t *)elements)[i]);
  case TP_DTYPE_BF16:
    return bf16_value(((const uint16_t *)elements)[i]);
  case TP_DTYPE_FP8:
    return fp8_value(((const uint8_t *)elements)[i]);
  case TP_DTYPE_FP32:
    return ((const float *)elements)[i];
  default:
    return NAN;
  }
}

void tp_element_set(enum tp_dtype dtype, void *elements, int64_t i, float value)
{
  switch (dtype) {
  case TP_DTYPE_FP16:
    ((uint16_t *)elements)[i] = tp_half_of(value);
    break;
  case TP_DTYPE_BF16:
    ((uint16_t *)elements)[i] = bf16_of(value);
    break;
  case TP_DTYPE_FP8:
    ((uint8_t *)elements)[i] = fp8_of(value);
    break;
  case TP_DTYPE_FP32:
    ((float *)elements)[i] = value;
    break;
  default:
    break;
  }
}

void tp_elements_load(enum tp_dtype dtype, const void *elements, int64_t n, float *values)
{
  for (int64_t i = 0; i < n; i++)
    values[i] = tp_element_value(dtype, elements, i);
}

void tp_elements_store(enum tp_dtype dtype, const float *values, int64_t n, void *elements)
{
  for (int64_t i = 0; i < n; i++)
    tp_element_set(dtype, elements, i, values[i]);
}
