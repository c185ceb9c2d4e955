#ifndef TP_FIT_OVERLAP_H
#define TP_FIT_OVERLAP_H
/* Fits the group overlap of a device to kernels that were timed while some SMs were held and
 * nothing was copied.  Kernels that were timed beside a copy judge the rule by which DRAM is
 * shared, which has no parameter.
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
  double slowdown; /* time of the op beside that over its time alone */
};

struct tp_overlap_fit {
  size_t n_fitted, n_held_out, n_copies;           /* the first two: held SMs, no copy */
  double fitted_error, held_out_error, copy_error; /* mean of |predicted / measured - 1| */
  double held_ratio, error;                        /* standard error; NAN: the value is kept */
  bool at_bound; /* the value is a bound of its range or of what the rows tell; error 0 */
};

/* Rows of a table with the columns of ops/costs.h and alone_us, time_us; arena-owned.  TP_E_INPUT
 * also where the device has not what was beside one. */
enum tp_status tp_overlap_rows_read(const struct tp_device *device, struct tp_csv *csv,
                                    struct tp_arena *arena, struct tp_overlap_sample **samples,
                                    size_t *n, struct tp_error *error);

/* Whether SMs were held beside the sample and nothing was copied. */
bool tp_overlap_is_of_sms(const struct tp_overlap_sample *sample);
/* Whether a fit may take the sample: of those above, only kernels that cover all SMs, for
 * held_ratio is about them. */
bool tp_overlap_tells(const struct tp_device *device, const struct tp_overlap_sample *sample);

double tp_overlap_slowdown(const struct tp_device *device, const struct tp_overlap_sample *sample);

/* Stores the fitted value in the device. */
void tp_fit_overlap(const struct tp_overlap_sample *samples, size_t n,
                    const struct tp_fit_options *options, struct tp_device *device,
                    struct tp_overlap_fit *fit);
#endif
