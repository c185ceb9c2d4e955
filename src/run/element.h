#ifndef TP_RUN_ELEMENT_H
#define TP_RUN_ELEMENT_H
/* Numbers as tensors keep them, to and from fp32; stores round to nearest, ties to even.
 *
 *     fp16   1 sign  5 exponent  10 fraction      overflow: infinity
 *     bf16   1 sign  8 exponent   7 fraction      overflow: infinity
 *     fp8    1 sign  4 exponent   3 fraction      E4M3 (arXiv 2209.05433): no infinity, 0x7f is
 * NaN; overflow: 448, as cuda_fp8.h saturates
 */
#include "program/op.h"

float tp_element_value(enum tp_dtype dtype, const void *elements, int64_t i);
void tp_element_set(enum tp_dtype dtype, void *elements, int64_t i, float value);

/* `n` elements next to each other. */
void tp_elements_load(enum tp_dtype dtype, const void *elements, int64_t n, float *values);
void tp_elements_store(enum tp_dtype dtype, const float *values, int64_t n, void *elements);
#endif
