#include "run/element.h"

#include "numeric/half.h"

#include <math.h>
#include <string.h>

enum { BF16_LOST_BITS = 16 };

static float bf16_value(uint16_t bits)
{
  return tp_float_of_bits((uint32_t)bits << BF16_LOST_BITS);
}

static uint16_t bf16_of(float value)
{
  enum { QUIET = 0x40 };
  if (!isnan(value))
    return (uint16_t)tp_float_rounded(value, BF16_LOST_BITS);
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint16_t)(bits >> BF16_LOST_BITS | QUIET);
}

enum { FP8_NAN = 0x7f, FP8_LARGEST = 0x7e, FP8_SIGN = 0x80, FP8_BIAS = 7, FP8_FRACTION_BITS = 3 };
enum { FP8_LOST_BITS = 23 - FP8_FRACTION_BITS, FLOAT_BIAS = 127 };

/* The same exponent and fraction in an fp32 are the value over 2^(127 - 7), subnormals too. */
static float fp8_value(uint8_t code)
{
  const float scaled = tp_float_of_bits((uint32_t)(code & FP8_NAN) << FP8_LOST_BITS);
  const float magnitude = (code & FP8_NAN) == FP8_NAN ? NAN : scaled * 0x1p120f;
  return tp_float_signed(magnitude, (uint32_t)(code & FP8_SIGN) << 24);
}

static unsigned fp8_magnitude(float magnitude)
{
  if (magnitude >= 448)
    return FP8_LARGEST;
  if (magnitude < 0x1p-6f) /* subnormal: multiples of 2^-9 */
    return (unsigned)rintf(magnitude * 0x1p9f);
  return tp_float_rounded(magnitude, FP8_LOST_BITS) -
         ((FLOAT_BIAS - FP8_BIAS) << FP8_FRACTION_BITS);
}

static uint8_t fp8_of(float value)
{
  const unsigned sign = signbit(value) ? FP8_SIGN : 0;
  return (uint8_t)(sign | (isnan(value) ? FP8_NAN : fp8_magnitude(fabsf(value))));
}

static inline float value_of(enum tp_dtype dtype, const void *elements, int64_t i)
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

static inline void set(enum tp_dtype dtype, void *elements, int64_t i, float value)
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

float tp_element_value(enum tp_dtype dtype, const void *elements, int64_t i)
{
  return value_of(dtype, elements, i);
}

void tp_element_set(enum tp_dtype dtype, void *elements, int64_t i, float value)
{
  set(dtype, elements, i, value);
}

/* A loop a type, so that none asks for the type at each element; fp32 is kept as it is. */
#define EACH_TYPE(LOOP, dtype) \
  switch (dtype) {             \
  case TP_DTYPE_FP16:          \
    LOOP(TP_DTYPE_FP16)        \
    break;                     \
  case TP_DTYPE_BF16:          \
    LOOP(TP_DTYPE_BF16)        \
    break;                     \
  case TP_DTYPE_FP8:           \
    LOOP(TP_DTYPE_FP8)         \
    break;                     \
  default:                     \
    LOOP(dtype)                \
  }

void tp_elements_load(enum tp_dtype dtype, const void *elements, int64_t n, float *values)
{
  if (dtype == TP_DTYPE_FP32) {
    memcpy(values, elements, (size_t)n * sizeof *values);
    return;
  }
#define LOOP(type)                \
  for (int64_t i = 0; i < n; i++) \
    values[i] = value_of(type, elements, i);
  EACH_TYPE(LOOP, dtype)
#undef LOOP
}

void tp_elements_store(enum tp_dtype dtype, const float *values, int64_t n, void *elements)
{
  if (dtype == TP_DTYPE_FP32) {
    memcpy(elements, values, (size_t)n * sizeof *values);
    return;
  }
#define LOOP(type)                \
  for (int64_t i = 0; i < n; i++) \
    set(type, elements, i, values[i]);
  EACH_TYPE(LOOP, dtype)
#undef LOOP
}
