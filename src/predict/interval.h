#ifndef TP_PREDICT_INTERVAL_H
#define TP_PREDICT_INTERVAL_H
/* 10 % and 90 % quantiles of a lognormal time around its median. */
#include <math.h>

struct tp_interval {
  double low_s, high_s;
};

static inline struct tp_interval tp_interval_of(double median_s, double sigma)
{
  const double z_90 = 1.2815515655446004; /* 90 % quantile of the standard normal distribution */
  const double factor = exp(z_90 * sigma);
  return (struct tp_interval){median_s / factor, median_s * factor};
}
#endif
