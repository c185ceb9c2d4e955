/* The whole all-reduce against fp64: exact by hand, bounded, equal on all ranks. */
#include "../suite.h"
#include "numeric/accuracy.h"
#include "numeric/low_bit_reduce.h"
#include "numeric/samples.h"

#include <string.h>

enum { RANKS = 8, N = 4096 };

/* Inputs, outputs and the fp64 sum of one kind of samples. */
struct run {
  float inputs[RANKS * N], outputs[RANKS * N];
  double channels[TP_SAMPLE_CHANNELS];
};

static double relative_error(struct run *run, struct tp_low_bit to_owner, struct tp_low_bit to_all)
{
  const struct tp_low_bit_reduce reduce = {to_owner, to_all, RANKS, N};
  ck_assert_int_eq(tp_low_bit_reduce(&reduce, run->inputs, run->outputs, NULL), TP_OK);
  struct tp_accuracy accuracy = {0};
  for (size_t i = 0; i < N; i++)
    tp_accuracy_add(&accuracy, tp_reference_sum(run->inputs, RANKS, N, i), (double)run->outputs[i]);
  return tp_accuracy_relative(&accuracy);
}

static struct run *run_create(int kind)
{
  struct run *run = calloc(1, sizeof *run);
  tp_samples_fill(tp_sample_kinds[kind], 7, RANKS, N, run->inputs, run->channels);
  return run;
}

/* Two ranks, parts of two values: every group is 0 and 15 s, so both steps are exact. */
START_TEST(by_hand)
{
  const float inputs[] = {0, 15, 30, 0, /* rank 1 */ 0, 30, 15, 0};
  const float wanted[] = {0, 45, 45, 0};
  float outputs[8];
  const struct tp_low_bit format = {4, 2, false};
  const struct tp_low_bit_reduce reduce = {format, format, 2, 4};
  ck_assert_int_eq(tp_low_bit_reduce(&reduce, inputs, outputs, NULL), TP_OK);
  for (int i = 0; i < 8; i++)
    ck_assert_msg(outputs[i] == wanted[i % 4], "%d: %g", i, (double)outputs[i]);
}
END_TEST

/* 0.4 of a step is lost before the sum, not after: each rank sends 0 for it. */
START_TEST(quantises_before_the_sum)
{
  const float inputs[] = {0, 0.4f, 3, 0, 0, 0, /* rank 1 */ 0, 0.4f, 3, 0, 0, 0};
  float outputs[12];
  const struct tp_low_bit_reduce reduce = {{2, 8, false}, {8, 8, false}, 2, 6};
  ck_assert_int_eq(tp_low_bit_reduce(&reduce, inputs, outputs, NULL), TP_OK);
  ck_assert(outputs[1] == 0.0f);
}
END_TEST

/* The first sum is 5 of 0 to 6: at 2 bits (steps of 2) a tie between 4 and 6, to even. */
START_TEST(quantises_the_sum)
{
  const float inputs[] = {3, 0, 3, 9, 9, /* rank 1 */ 2, 0, 3, 9, 9};
  float outputs[10];
  const struct tp_low_bit_reduce reduce = {{8, 1, false}, {2, 3, false}, 2, 5};
  ck_assert_int_eq(tp_low_bit_reduce(&reduce, inputs, outputs, NULL), TP_OK);
  const float wanted[] = {4, 0, 6, 18, 18};
  for (int i = 0; i < 10; i++)
    ck_assert_msg(outputs[i] == wanted[i % 5], "%d: %g", i, (double)outputs[i]);
}
END_TEST

START_TEST(all_ranks_hold_the_same)
{
  struct run *run = run_create(1);
  for (int bits = 2; bits <= 8; bits++) {
    relative_error(run, (struct tp_low_bit){bits, 100, bits % 2}, (struct tp_low_bit){8, 64, true});
    for (size_t rank = 1; rank < RANKS; rank++)
      ck_assert_msg(memcmp(run->outputs, run->outputs + rank * N, N * sizeof(float)) == 0,
                    "rank %zu at %d bits", rank, bits);
  }
  free(run);
}
END_TEST

/* Largest distance of two codes in the groups that value `i` of its part may fall in. */
static double step(const float *values, size_t i, const struct tp_low_bit *format)
{
  const size_t part = i / (N / RANKS) * (N / RANKS), group = (size_t)format->group;
  const size_t first = part + (i - part) / group * group;
  double least = HUGE_VAL, most = -HUGE_VAL;
  for (size_t j = first; j < first + group && j < part + N / RANKS; j++) {
    least = fmin(least, (double)values[j]);
    most = fmax(most, (double)values[j]);
  }
  return (most - least) / ((1 << format->bits) - 1);
}

/* Half a step of each rank's group and half of the sum's; the received sums range as far as the
 * true ones and what they err by. */
START_TEST(errs_by_half_the_steps_at_most)
{
  struct run *run = run_create(_i % 2);
  const struct tp_low_bit to_owner = {2 + _i / 2, 96, false}, to_all = {6, 50, false};
  relative_error(run, to_owner, to_all);
  for (size_t i = 0; i < N; i++) {
    double bound = 0.0;
    for (size_t rank = 0; rank < RANKS; rank++)
      bound += step(run->inputs + rank * N, i, &to_owner) / 2.0;
    bound += step(run->outputs, i, &to_all) / 2.0;
    const double wanted = tp_reference_sum(run->inputs, RANKS, N, i);
    ck_assert_msg(fabs((double)run->outputs[i] - wanted) <= bound * 1.001 + 1e-3,
                  "value %zu: %g for %g, bound %g", i, (double)run->outputs[i], wanted, bound);
  }
  free(run);
}
END_TEST

/* Range and width give the error: uniform in a step, on both sides of the sum.  128 normal values
 * range over 5.24 standard deviations on average. */
START_TEST(gaussian_error_is_the_closed_form)
{
  struct run *run = run_create(0);
  for (int bits = 4; bits <= 8; bits++) {
    const struct tp_low_bit format = {bits, 128, false};
    const double wanted = sqrt(2.0 / 12.0) * 5.24 / ((1 << bits) - 1);
    ck_assert_rel(relative_error(run, format, format), wanted, 0.03);
  }
  free(run);
}
END_TEST

START_TEST(falls_with_bits_and_small_groups)
{
  struct run *run = run_create(_i);
  for (int64_t group = 32; group <= 256; group *= 2) {
    double last = HUGE_VAL;
    for (int bits = 2; bits <= 8; bits++) {
      const struct tp_low_bit format = {bits, group, false}, wider = {bits, 2 * group, false};
      const double error = relative_error(run, format, format);
      ck_assert_msg(error < 0.75 * last, "%d bits, group %d: %g", bits, (int)group, error);
      ck_assert(error < relative_error(run, wider, wider));
      last = error;
    }
  }
  free(run);
}
END_TEST

/* A group with one outlier channel spans 20 to 100 times its ordinary values: without its spikes
 * the others get their steps back. */
START_TEST(spike_reserving_pays_on_outliers)
{
  struct run *run = run_create(1);
  for (int bits = 2; bits <= 8; bits++) {
    const struct tp_low_bit plain = {bits, 128, false}, reserved = {bits, 128, true};
    const double without = relative_error(run, plain, plain);
    const double with = relative_error(run, reserved, reserved);
    ck_assert_msg(with < without / 3.0, "%d bits: %g with, %g without", bits, with, without);
  }
  free(run);
}
END_TEST

START_TEST(wide_gather_lowers_the_error)
{
  struct run *run = run_create(0);
  const struct tp_low_bit four = {4, 128, false}, eight = {8, 128, false};
  const double both = relative_error(run, four, four), wide = relative_error(run, four, eight);
  ck_assert_rel(wide, both / sqrt(2.0), 0.03);
  free(run);
}
END_TEST

START_TEST(refuses_a_sum_above_fp16)
{
  const float inputs[] = {1, 40000, /* rank 1 */ 1, 40000};
  float outputs[4];
  const struct tp_low_bit format = {8, 1, false};
  const struct tp_low_bit_reduce reduce = {format, format, 2, 2};
  struct tp_error error;
  ck_assert_int_eq(tp_low_bit_reduce(&reduce, inputs, outputs, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "80000"));
}
END_TEST

static const struct {
  const char *name;
  struct tp_low_bit_reduce reduce;
  size_t bytes;
} traffic[] = {
    /* 2 (N - 1) n values of 4.25 bits. */
    {"8 ranks, even", {{4, 128, false}, {4, 128, false}, 8, 8192}, 2 * 7 * 8192 * 17 / 32},
    {"two widths", {{4, 128, false}, {8, 128, false}, 8, 8192}, 7 * 8192 / 8 * (34 + 66) / 8},
    {"short parts: 3, 3, 2", {{8, 2, false}, {8, 2, false}, 3, 8}, 2 * 2 * (8 + 5 * 4)},
    {"an empty part: 2, 2, 1, 0", {{8, 2, false}, {8, 2, false}, 4, 5}, 3 * 2 * (5 + 3 * 4)},
    {"one rank sends nothing", {{8, 2, false}, {8, 2, false}, 1, 8}, 0},
};

START_TEST(counts_bytes)
{
  struct tp_low_bit_reduce reduce = traffic[_i].reduce;
  const size_t got = tp_low_bit_reduce_bytes(&reduce);
  ck_assert_msg(got == traffic[_i].bytes, "%s: got %zu, want %zu", traffic[_i].name, got,
                traffic[_i].bytes);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("low_bit_reduce");
  TCase *t = tcase_create("cases");
  tcase_add_test(t, by_hand);
  tcase_add_test(t, quantises_before_the_sum);
  tcase_add_test(t, quantises_the_sum);
  tcase_add_test(t, all_ranks_hold_the_same);
  tcase_add_loop_test(t, errs_by_half_the_steps_at_most, 0, 14);
  tcase_add_test(t, gaussian_error_is_the_closed_form);
  tcase_add_loop_test(t, falls_with_bits_and_small_groups, 0, 2);
  tcase_add_test(t, spike_reserving_pays_on_outliers);
  tcase_add_test(t, wide_gather_lowers_the_error);
  tcase_add_test(t, refuses_a_sum_above_fp16);
  tcase_add_loop_test(t, counts_bytes, 0, (int)(sizeof traffic / sizeof traffic[0]));
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
