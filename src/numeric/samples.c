#include "numeric/samples.h"

#include "numeric/half.h"

#include <math.h>

static const struct tp_sample_kind gaussian = {"gaussian", false};
static const struct tp_sample_kind outliers = {"outliers", true};
const struct tp_sample_kind *const tp_sample_kinds[] = {&gaussian, &outliers, NULL};

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next(uint64_t *state)
{
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/* In (0, 1]: a logarithm may follow. */
static double uniform(uint64_t *state)
{
  return ((double)(next(state) >> 11) + 1.0) * 0x1p-53;
}

/* Box and Muller. */
static double normal(uint64_t *state)
{
  const double radius = sqrt(-2.0 * log(uniform(state)));
  return radius * cos(2.0 * 3.14159265358979323846 * uniform(state));
}

/* Student's t with 4 degrees of freedom: the sum of two exponentials is chi-squared with 4. */
static double student(uint64_t *state)
{
  const double chi2 = -2.0 * (log(uniform(state)) + log(uniform(state)));
  return normal(state) / sqrt(chi2 / 4.0);
}

static void choose_channels(const struct tp_sample_kind *kind, uint64_t *state, double *channels)
{
  enum { LEAST_TIMES = 20, MOST_TIMES = 100 };
  for (size_t c = 0; c < TP_SAMPLE_CHANNELS; c++)
    channels[c] = 1.0;
  for (int left = kind->heavy_tailed ? TP_SAMPLE_OUTLIER_CHANNELS : 0; left > 0;) {
    const size_t c = next(state) % TP_SAMPLE_CHANNELS;
    if (channels[c] > 1.0)
      continue;
    channels[c] = LEAST_TIMES * pow((double)MOST_TIMES / LEAST_TIMES, uniform(state));
    left--;
  }
}

void tp_samples_fill(const struct tp_sample_kind *kind, uint64_t seed, size_t n_ranks, size_t n,
                     float *values, double channels[TP_SAMPLE_CHANNELS])
{
  uint64_t state = seed;
  choose_channels(kind, &state, channels);
  for (size_t i = 0; i < n_ranks * n; i++) {
    const double value = kind->heavy_tailed ? student(&state) : normal(&state);
    values[i] = tp_half_round((float)(value * channels[i % n % TP_SAMPLE_CHANNELS]));
  }
}
