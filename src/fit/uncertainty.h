#ifndef TP_FIT_UNCERTAINTY_H
#define TP_FIT_UNCERTAINTY_H
/* How well the rows of a fit tell its parameters.
 *
 * At the minimum of sum(w r^2) the covariance of the free parameters is s^2 inverse(J' W J), with
 * s^2 = sum(w r^2) / (n - p) and J by central differences.  The differences are wide, for the model
 * has steps.
 */
#include "base/error.h"

#include <gsl/gsl_vector.h>
#include <stddef.h>

struct tp_fit_function {
  /* Residuals at `x`; non-zero where they are not numbers. */
  int (*residuals)(const gsl_vector *x, void *data, gsl_vector *residuals);
  void *data;
  size_t n, p; /* residuals, parameters */
};

/* Standard errors of the p free parameters at `x`; NAN for a parameter on which no residual
 * depends. `weights` NULL: all 1.  TP_E_ENVIRONMENT where memory runs out. */
enum tp_status tp_fit_standard_errors(const struct tp_fit_function *function, const gsl_vector *x,
                                      const gsl_vector *weights, double *errors,
                                      struct tp_error *error);
#endif
