#include "study/fit_options.h"

#include <stdint.h>

bool tp_fit_is_held_out(size_t place, double hold_out_ratio)
{
  uint64_t x = place + 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  /* In [0, 1): first by the remainder of 3, so that a third is one class of it. */
  const double share = ((double)(x % 3) + 0x1p-53 * (double)(x >> 11)) / 3;
  return share < hold_out_ratio;
}

void tp_fit_progress(const struct tp_fit_options *options, size_t done, size_t total)
{
  if (options->progress != NULL)
    options->progress(options->progress_data, done, total);
}
