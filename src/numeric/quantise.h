#ifndef TP_NUMERIC_QUANTISE_H
#define TP_NUMERIC_QUANTISE_H
/* Asymmetric quantisation by group, as Flash Communication sends it (arXiv 2412.04964; spike
 * reserving: V2, arXiv 2508.03760).
 *
 *     group of n values, `bits` = 2:     zero                    zero + 3 scale
 *                                          |-------|-------|-------|
 *     codes                                0       1       2       3
 *
 * A group keeps its smallest value (zero) and the distance of two codes (scale) in fp16; a value
 * becomes the nearest code, ties to even, clamped; zero and scale are rounded first, so the codes
 * suit what the receiver computes: zero + code * scale in fp32.  The last group may be short.
 *
 * An element errs by at most scale / 2, or by the rounding of `zero` to fp16 where that is more
 * (values far from 0 in a narrow range; none where the values are fp16 already).  Below a scale of
 * 2^-14 fp16 is subnormal, and rounding it costs up to (2^bits - 1) 2^-25 at the group's upper end.
 *
 * With spike reserving a group's smallest and largest value travel in fp16 with their places, and
 * zero and scale span what is left.
 */
#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TP_LOW_BIT_LEAST_BITS = 2, TP_LOW_BIT_MOST_BITS = 8, TP_LOW_BIT_MOST_GROUP = 65536 };

/* How values are quantised.  Both numbers lie within the bounds above; a group has at least one
 * value. */
struct tp_low_bit {
  int bits;      /* of a code */
  int64_t group; /* values */
  bool spike_reserving;
};

struct tp_quantised_group {
  uint16_t scale, zero; /* fp16 */
  uint16_t spikes[2];   /* fp16: smallest, largest; 0 without spike reserving */
  uint16_t places[2];   /* of the spikes in the group; the same where all are equal */
};

struct tp_quantised {
  uint8_t *codes;                    /* one a value; 0 in place of a spike */
  struct tp_quantised_group *groups; /* tp_low_bit_groups() */
};

size_t tp_low_bit_groups(const struct tp_low_bit *format, size_t n);

/* Room for `n` values in `arena`. */
struct tp_quantised tp_quantised_create(const struct tp_low_bit *format, size_t n,
                                        struct tp_arena *arena);

/* TP_E_INPUT where a value is not finite or above 65504, fp16's largest; the error names the first
 * such value. */
enum tp_status tp_quantise(const struct tp_low_bit *format, const float *values, size_t n,
                           struct tp_quantised *quantised, struct tp_error *error);

void tp_dequantise(const struct tp_low_bit *format, const struct tp_quantised *quantised, size_t n,
                   float *values);
#endif
