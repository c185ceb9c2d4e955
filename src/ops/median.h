#ifndef TP_OPS_MEDIAN_H
#define TP_OPS_MEDIAN_H
#include <stddef.h>

/* The median of n > 0 values, which are sorted, and the standard error of their mean, 0 of one
 * value. */
struct tp_median {
  double value, error;
};
struct tp_median tp_median_of(double *values, size_t n);
#endif
