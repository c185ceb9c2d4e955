#ifndef TP_RUN_WEIGHTS_H
#define TP_RUN_WEIGHTS_H
/* Random weights that every rank, device and reference agrees on: a number depends on the matrix of
 * the model it belongs to, its layer, row and column, and the seed; not on who holds it.
 *
 *     matrix  uniform in +- sqrt(3 / columns of the whole matrix): rows of unit length
 *     gain    uniform in 1 +- 0.1
 *     bias    uniform in +- 0.1
 *
 * In fp8, memory holds weights 256 times as large, and a GEMM divides its sums by 256.  For E4M3
 * has all of its digits only from 1/64 on, and most weights of a matrix 8192 wide would lie below.
 * It ends at 448; the largest weights, those of the narrowest matrix, are 256 sqrt(3).
 */
#include "run/calls.h"

/* The part of a piece that `rank` has.  `ranks` gives the whole width of a matrix split by columns.
 */
struct tp_fill tp_weight_fill(const struct tp_piece *piece, uint64_t seed, int layer, int rank,
                              int ranks, enum tp_dtype dtype);

/* What a cache holds before there are tokens: uniform in +- 1.  Attention reads whole tiles and
 * multiplies what lies past a sequence's end with 0, which would leave NaN what it is. */
struct tp_fill tp_cache_fill(const struct tp_tensor *cache, uint64_t seed, int layer, int rank);

/* What 1 in memory means in a weight of the dtype. */
float tp_weight_unit(enum tp_dtype dtype);

/* One element as memory holds it, before it is rounded to the dtype.  A device's kernels compute
 * the same. */
float tp_fill_value(const struct tp_fill *fill, int64_t row, int64_t column);
/* The `n` of a row from `column` on. */
void tp_fill_values(const struct tp_fill *fill, int64_t row, int64_t column, int64_t n,
                    float *values);
#endif
