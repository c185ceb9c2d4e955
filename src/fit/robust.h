#ifndef TP_FIT_ROBUST_H
#define TP_FIT_ROBUST_H
/* Least squares of measurements some of which may be wrong.
 *
 * Soft L1: the loss of a residual r is sqrt(1 + (r/0.1)^2) - 1, so that far ones weigh less.
 * Levenberg-Marquardt from GSL, which knows one valley: it starts again with each parameter moved
 * up and down, until that brings no more.
 */
#include "fit/options.h"
#include "fit/uncertainty.h"

struct tp_robust {
  struct tp_fit_function function;
  const char *name; /* of what is fitted, for messages */
  /* `x` of parameter `i`, or the nearest beyond which it does something. */
  double (*inside)(void *data, size_t i, double x);
  const struct tp_fit_options *options; /* who is told of the progress */
};

/* Gains of the loss below this share of it are none. */
static const double tp_robust_least_gain = 1e-3;

/* Of a residual: its loss is 1 / weight - 1. */
double tp_robust_weight(double residual);

/* From `x`, which holds the end afterwards.  `unsettled` is the parameter whose moving still
 * brought something then, or p.  TP_E_INPUT where residuals at the start are not numbers. */
enum tp_status tp_robust_search(const struct tp_robust *asked, gsl_vector *x, size_t *unsettled,
                                struct tp_error *error);
#endif
