#ifndef TP_RUN_WEIGHTS_H
#define TP_RUN_WEIGHTS_H
/* Random weights that every rank, device and reference agrees on: a number depends on the matrix of
 * the model it belongs to, its layer, row and column, and the seed; not on who holds it.
 *
 *     matrix  uniform in +- sqrt(3 / columns of the whole matrix): rows of unit length
 *     gain    uniform in 1 +- 0.1
 *     bias    uniform in +- 0.1
 *
 * In fp8 memory holds them 256 times as large, and a GEMM's sums are made so much smaller: E4M3 has
 * all of its digits from 1/64 on, below which most weights of a matrix 8192 wide would lie, and
 * ends at 448, which those of the narrowest, sqrt(3), stay below.
 */
#include "run/calls.h"

/* What `rank` has of a piece.  `ranks` gives the whole width of a matrix split by columns. */
struct tp_fill tp_weight_fill(const struct tp_piece *piece, uint64_t seed, int layer, int rank,
                              int ranks, enum tp_dtype dtype);

/* What a cache holds before there are tokens: uniform in +- 1.  Attention reads whole tiles and
 * multiplies what lies past a sequence's end with 0, which would leave NaN what it is. */
struct tp_fill tp_cache_fill(const struct tp_tensor *cache, uint64_t seed, int layer, int rank);

/* What 1 in memory means in a weight of the dtype. */
float tp_weight_unit(enum tp_dtype dtype);

/* One element as memory holds it, before it is rounded to the dtype; also what kernels of a device
 * compute. */
float tp_fill_value(const struct tp_fill *fill, int64_t row, int64_t column);
#endif
