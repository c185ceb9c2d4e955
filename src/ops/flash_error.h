#ifndef TP_OPS_FLASH_ERROR_H
#define TP_OPS_FLASH_ERROR_H
/* What a low-bit all-reduce costs in accuracy: made-up partial sums, against their sum in fp64. */
#include "numeric/accuracy.h"
#include "numeric/low_bit_reduce.h"

struct tp_flash_error_request {
  const char *const *samples; /* names of sample kinds */
  const double *bits, *gather_bits, *groups;
  size_t n_samples, n_bits, n_gather_bits, n_groups; /* no gather_bits: as many as `bits` */
  bool spike_reserving;                              /* each row again with it */
  int64_t ranks, elements, seed;                     /* elements: of each rank */
};

struct tp_flash_error {
  const char *samples;
  struct tp_low_bit reduce, gather; /* bits 16, group 0: summed in fp32, rounded to fp16 */
  double wire_bits;                 /* sent for a value and step: codes, scales, zeros, spikes */
  struct tp_accuracy all, usual;    /* usual: without the outlier channels */
};

/* Rows by samples (fp16 first), bits, gather bits, group, spikes; arena-owned. */
enum tp_status tp_flash_error(const struct tp_flash_error_request *request, struct tp_arena *arena,
                              struct tp_flash_error **rows, size_t *n_rows, struct tp_error *error);
#endif
