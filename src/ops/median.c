#include "ops/median.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double standard_error(const double *values, size_t n)
{
  double mean = 0, squares = 0;
  for (size_t i = 0; i < n; i++)
    mean += values[i] / (double)n;
  for (size_t i = 0; i < n; i++)
    squares += pow(values[i] - mean, 2);
  return n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : 0;
}

struct tp_median tp_median_of(double *values, size_t n)
{
  qsort(values, n, sizeof *values, compare);
  return (struct tp_median){(values[(n - 1) / 2] + values[n / 2]) / 2, standard_error(values, n)};
}
