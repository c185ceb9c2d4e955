#ifndef TP_FIT_ROBUST_H
#define TP_FIT_ROBUST_H
/* Least squares for measurements of which some may be wrong.
 *
 * Soft L1: the loss of a residual r is sqrt(1 + (r/0.1)^2) - 1, so that far ones weigh less.
 * Levenberg-Marquardt from GSL finds the bottom of one valley only, so it starts again with each
 * parameter moved up and down, until that gains nothing.
 */
#include "fit/options.h"
#include "fit/uncertainty.h"

struct tp_robust {
  struct tp_fit_function function;
  const char *name; /* of what is fitted, for messages */
  /* `x` of parameter `i`, moved back into the parameter's range where it lies outside. */
  double (*inside)(void *data, size_t i, double x);
  const struct tp_fit_options *options; /* whose `progress` is called */
};

/* A gain below this share of the loss counts as none. */
static const double tp_robust_least_gain = 1e-3;
/* Whether a value that was given back fits as well as the one that the search found. */
static inline bool tp_robust_fits_as_well(double loss, double found_loss)
{
  return loss <= found_loss * (1 + tp_robust_least_gain) + 1e-9;
}

/* The weight of a residual, whose loss is 1 / weight - 1. */
double tp_robust_weight(double residual);

/* Searches from `x` and leaves the minimum there.  `unsettled` becomes a parameter that still
 * gained when it was moved last, or p where none did.  TP_E_INPUT where residuals at the start are
 * not numbers. */
enum tp_status tp_robust_search(const struct tp_robust *asked, gsl_vector *x, size_t *unsettled,
                                struct tp_error *error);
#endif
