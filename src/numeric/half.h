#ifndef TP_NUMERIC_HALF_H
#define TP_NUMERIC_HALF_H
/* IEEE 754 binary16 ("fp16") as bits: the compiler need not know the type. */
#include <stdint.h>

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
