#ifndef TP_FIT_OVERLAP_H
#define TP_FIT_OVERLAP_H
/* Fits the group overlap of a device to kernels timed beside held SMs alone, and judges the rule by
 * which DRAM is shared, which has no parameter, by kernels timed beside a copy.
 *
 * Residuals are ln(predicted / measured) of the slow-down, so that how well the kernel alone is
 * predicted does not matter.
 */
#include "base/csv.h"
#include "fit/options.h"
#include "platform/device.h"
#include "program/op.h"

struct tp_overlap_sample {
  struct tp_op op;
  struct tp_interference beside;
  double slowdown; /* its time beside that over its time alone */
};

struct tp_overlap_fit {
  size_t n_fitted, n_held_out, n_copies;           /* of held SMs alone; beside a copy */
  double fitted_error, held_out_error, copy_error; /* mean of |predicted / measured - 1| */
  double held_ratio, error;                        /* standard, in its unit; NAN: kept */
  bool at_bound; /* rests on a bound of its range or of what the rows tell: error 0 */
};

/* Rows of a table with the columns of ops/costs.h and alone_us, time_us; arena-owned. */
enum tp_status tp_overlap_rows_read(struct tp_csv *csv, struct tp_arena *arena,
                                    struct tp_overlap_sample **samples, size_t *n,
                                    struct tp_error *error);

/* By what ran beside: SMs held, and nothing moved. */
bool tp_overlap_is_of_sms(const struct tp_overlap_sample *sample);
/* The rows that a fit may take, of those: of kernels that cover all SMs, for these are meant. */
bool tp_overlap_tells(const struct tp_device *device, const struct tp_overlap_sample *sample);

double tp_overlap_slowdown(const struct tp_device *device, const struct tp_overlap_sample *sample);

/* Stores the fitted value in the device. */
void tp_fit_overlap(const struct tp_overlap_sample *samples, size_t n,
                    const struct tp_fit_options *options, struct tp_device *device,
                    struct tp_overlap_fit *fit);
#endif
