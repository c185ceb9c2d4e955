/* Samples have the moments they promise; accuracy by hand. */
#include "../suite.h"
#include "numeric/accuracy.h"
#include "numeric/half.h"
#include "numeric/samples.h"

#include <string.h>

enum { RANKS = 2, N = 1 << 18 };

static float *fill(int kind, uint64_t seed, double *channels)
{
  float *values = calloc((size_t)RANKS * N, sizeof *values);
  tp_samples_fill(tp_sample_kinds[kind], seed, RANKS, N, values, channels);
  return values;
}

START_TEST(gaussian_moments)
{
  double channels[TP_SAMPLE_CHANNELS], sum = 0.0, sum2 = 0.0, sum4 = 0.0;
  float *values = fill(0, 1, channels);
  for (size_t i = 0; i < (size_t)RANKS * N; i++) {
    const double value = (double)values[i];
    sum += value;
    sum2 += value * value;
    sum4 += value * value * value * value;
    ck_assert(tp_half_round(values[i]) == values[i]);
  }
  const double n = RANKS * (double)N;
  ck_assert_double_eq_tol(sum / n, 0.0, 0.005);
  ck_assert_rel(sum2 / n, 1.0, 0.01);
  ck_assert_rel(sum4 / n, 3.0, 0.02);
  for (size_t c = 0; c < TP_SAMPLE_CHANNELS; c++)
    ck_assert(channels[c] == 1.0);
  free(values);
}
END_TEST

/* Student's t with 4 degrees of freedom: quarter 0.7407, tail P(|t| > 4.604) = 1 %. */
START_TEST(outlier_channels_and_tails)
{
  double channels[TP_SAMPLE_CHANNELS];
  float *values = fill(1, 1, channels);
  size_t outliers = 0, ordinary = 0, inner = 0, tail = 0;
  for (size_t c = 0; c < TP_SAMPLE_CHANNELS; c++)
    if (channels[c] != 1.0) {
      outliers++;
      ck_assert(channels[c] >= 20.0 && channels[c] <= 100.0);
      double magnitude = 0.0;
      for (size_t i = c; i < (size_t)RANKS * N; i += TP_SAMPLE_CHANNELS)
        magnitude += fabs((double)values[i]) / (RANKS * (double)N / TP_SAMPLE_CHANNELS);
      ck_assert_rel(magnitude, channels[c], 0.35); /* E|t| = 1, 128 values */
    }
  for (size_t i = 0; i < (size_t)RANKS * N; i++)
    if (channels[i % TP_SAMPLE_CHANNELS] == 1.0) {
      ordinary++;
      inner += fabsf(values[i]) < 0.7407f;
      tail += fabsf(values[i]) > 4.604f;
    }
  ck_assert_uint_eq(outliers, TP_SAMPLE_OUTLIER_CHANNELS);
  ck_assert_rel((double)inner / (double)ordinary, 0.5, 0.01);
  ck_assert_rel((double)tail / (double)ordinary, 0.01, 0.05);
  free(values);
}
END_TEST

START_TEST(seeds_repeat)
{
  double channels[TP_SAMPLE_CHANNELS];
  float *a = fill(1, 5, channels), *b = fill(1, 5, channels), *c = fill(1, 6, channels);
  ck_assert(memcmp(a, b, (size_t)RANKS * N * sizeof *a) == 0);
  ck_assert(memcmp(a, c, (size_t)RANKS * N * sizeof *a) != 0);
  ck_assert(memcmp(a, a + N, N * sizeof *a) != 0);
  free(a);
  free(b);
  free(c);
}
END_TEST

START_TEST(accuracy_by_hand)
{
  struct tp_accuracy accuracy = {0};
  tp_accuracy_add(&accuracy, 3.0, 3.0);
  tp_accuracy_add(&accuracy, -4.0, -4.5);
  ck_assert_rel(tp_accuracy_relative(&accuracy), 0.1, 1e-15);
  ck_assert_rel(tp_accuracy_snr_db(&accuracy), 20.0, 1e-14);
  ck_assert_rel(accuracy.max_error, 0.5, 1e-15);
  ck_assert_rel(tp_accuracy_cosine(&accuracy), 27.0 / (5.0 * sqrt(29.25)), 1e-14);
}
END_TEST

START_TEST(accuracy_without_error_or_signal)
{
  struct tp_accuracy accuracy = {0};
  ck_assert(isnan(tp_accuracy_relative(&accuracy)) && isnan(tp_accuracy_cosine(&accuracy)));
  tp_accuracy_add(&accuracy, 2.0, 2.0);
  ck_assert(tp_accuracy_relative(&accuracy) == 0.0 && tp_accuracy_cosine(&accuracy) == 1.0);
  ck_assert(isnan(tp_accuracy_snr_db(&accuracy)));
}
END_TEST

START_TEST(reference_is_fp64)
{
  const float inputs[] = {1, 0x1p30f, 2, 1, 3, -0x1p30f};
  ck_assert(tp_reference_sum(inputs, 3, 2, 0) == 6.0);
  ck_assert(tp_reference_sum(inputs, 3, 2, 1) == 1.0);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("samples");
  TCase *t = tcase_create("cases");
  tcase_add_test(t, gaussian_moments);
  tcase_add_test(t, outlier_channels_and_tails);
  tcase_add_test(t, seeds_repeat);
  tcase_add_test(t, accuracy_by_hand);
  tcase_add_test(t, accuracy_without_error_or_signal);
  tcase_add_test(t, reference_is_fp64);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
