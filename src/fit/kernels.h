#ifndef TP_FIT_KERNELS_H
#define TP_FIT_KERNELS_H
/* Fits the kernel groups of a device to timed ops.
 *
 * The model is tp_cost_op's own code, run over each sample with trial parameters, so that what is
 * fitted is what predicts.  Residuals are ln(predicted / measured), every shape weighing alike;
 * far ones weigh less (soft L1): a measurement may be wrong.  Levenberg-Marquardt from GSL, in the
 * logarithm of the parameters (the logit where they are shares), from several starts.
 */
#include "base/arena.h"
#include "base/error.h"
#include "cost/kernels/rate.h"
#include "fit/options.h"
#include "platform/device.h"
#include "program/op.h"

#include <stdbool.h>
#include <stddef.h>

struct tp_kernel_sample {
  struct tp_op op; /* all samples of a fit have one kind, phase and dtype group */
  double time_s;   /* measured alone, back to back; > 0 */
};

enum { TP_MAX_FIT_PARAMETERS = 24 };

struct tp_kernel_fit {
  const char *group; /* "gemm" */
  size_t n_fitted, n_held_out;
  double fitted_error, held_out_error; /* mean of |predicted / measured - 1| */
  double spread_ratio;                 /* standard deviation of ln(measured / predicted), all */
  size_t n_parameters;
  const char *keys[TP_MAX_FIT_PARAMETERS]; /* as in the device file */
  double values[TP_MAX_FIT_PARAMETERS];
  double errors[TP_MAX_FIT_PARAMETERS]; /* standard error over value; NAN: samples do not tell */
  bool at_bound[TP_MAX_FIT_PARAMETERS]; /* a bound of its range or of what the rows tell; error 0 */
  double regions[TP_N_REGIONS];         /* spreads over spread_ratio; 0: too few samples */
  const char *unsettled; /* a parameter that still gained when it was moved last, or NULL */
};

/* The parameter group that the op's rows tell: "gemm", "attention_prefill", "experts_fp8", ...;
 * NULL if none is fitted for it. */
const char *tp_fit_group_of(const struct tp_op *op);

/* Fits `group` of `device` to the samples, starting from the values it holds, and stores the
 * result in it, spread_ratio too (kind and source are the caller's).  `fit` gets the errors
 * of fitted and of held-out samples.  Fails with TP_E_INPUT where there are fewer samples than
 * three a parameter. */
enum tp_status tp_fit_kernels(const char *group, const struct tp_kernel_sample *samples,
                              size_t n_samples, const struct tp_fit_options *options,
                              struct tp_device *device, struct tp_arena *scratch,
                              struct tp_kernel_fit *fit, struct tp_error *error);
#endif
