#include "numeric/accuracy.h"

#include <math.h>

void tp_accuracy_add(struct tp_accuracy *accuracy, double wanted, double got)
{
  const double error = got - wanted;
  accuracy->wanted2 += wanted * wanted;
  accuracy->got2 += got * got;
  accuracy->product += wanted * got;
  accuracy->error2 += error * error;
  accuracy->max_error = fmax(accuracy->max_error, fabs(error));
}

double tp_accuracy_relative(const struct tp_accuracy *accuracy)
{
  return accuracy->wanted2 > 0.0 ? sqrt(accuracy->error2 / accuracy->wanted2) : (double)NAN;
}

double tp_accuracy_snr_db(const struct tp_accuracy *accuracy)
{
  const double relative = tp_accuracy_relative(accuracy);
  return relative > 0.0 ? -20.0 * log10(relative) : (double)NAN;
}

double tp_accuracy_cosine(const struct tp_accuracy *accuracy)
{
  const double norms = sqrt(accuracy->wanted2) * sqrt(accuracy->got2);
  return norms > 0.0 ? accuracy->product / norms : (double)NAN;
}

double tp_reference_sum(const float *inputs, size_t n_ranks, size_t n, size_t i)
{
  double sum = 0.0;
  for (size_t rank = 0; rank < n_ranks; rank++)
    sum += (double)inputs[rank * n + i];
  return sum;
}
