#ifndef TP_NUMERIC_LOW_BIT_REDUCE_H
#define TP_NUMERIC_LOW_BIT_REDUCE_H
/* The two-step low-bit all-reduce with real numbers: what arrives, not when.
 *
 *     rank 0  [p0|p1|p2|p3]   quantise   all-to-all: owner p     all-gather: everyone
 *     rank 1  [p0|p1|p2|p3]  ---------->  dequantises its part,  ------------------->  dequantises
 *     rank 2  [p0|p1|p2|p3]   `reduce`    sums in fp32 by rank,        `gather`
 *     rank 3  [p0|p1|p2|p3]               quantises the sum
 *
 * Part p is values p c up to (p + 1) c, c = ceil(n / ranks): the last ones may be short or empty,
 * and groups begin anew in each.  A rank's own part is quantised like the others', so all ranks end
 * with the same bits and an element errs by at most half a step of each rank's group and half a
 * step of the sum's.
 */
#include "numeric/quantise.h"

struct tp_low_bit_reduce {
  struct tp_low_bit reduce, gather; /* formats of the two steps */
  size_t n_ranks, n;                /* ranks; values of each */
};

/* `inputs` and `outputs` are n_ranks x n, row-major.  Fails as tp_quantise does, for inputs and for
 * their sums. */
enum tp_status tp_low_bit_reduce(const struct tp_low_bit_reduce *reduce, const float *inputs,
                                 float *outputs, struct tp_error *error);

/* Bytes that all ranks together send to others, both steps. */
size_t tp_low_bit_reduce_bytes(const struct tp_low_bit_reduce *reduce);
#endif
