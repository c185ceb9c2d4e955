/* What fits are made of: standard errors, the rows held out. */
#include "fit/crossing.h"
#include "fit/options.h"
#include "fit/robust.h"
#include "fit/sustained.h"
#include "fit/uncertainty.h"
#include "ops/median.h"

#include "../suite.h"

#include <gsl/gsl_vector.h>
#include <string.h>

/* A line a + b t through 5 points, t = 0..4; residuals 1, -1, 1, -1, 0 at a = b = 0. */
struct line {
  double slope_of_b; /* 1; 0: b has no influence */
};

static int line_residuals(const gsl_vector *x, void *data, gsl_vector *f)
{
  static const double rest[] = {1, -1, 1, -1, 0};
  const struct line *line = data;
  for (size_t i = 0; i < 5; i++)
    gsl_vector_set(
        f, i, rest[i] + gsl_vector_get(x, 0) + line->slope_of_b * (double)i * gsl_vector_get(x, 1));
  return 0;
}

/* sum(r^2) = 4, n - p = 3; the inverse of [[5, 10], [10, 30]] is [[0.6, -0.2], [-0.2, 0.1]]. */
START_TEST(errors_of_a_line)
{
  struct line line = {1};
  struct tp_error error;
  const struct tp_fit_function function = {line_residuals, &line, 5, 2};
  gsl_vector *x = gsl_vector_calloc(2), *weights = gsl_vector_alloc(5);
  double errors[2];
  ck_assert_int_eq(tp_fit_standard_errors(&function, x, NULL, errors, &error), TP_OK);
  ck_assert_rel(errors[0], sqrt(4.0 / 3 * 0.6), 1e-9);
  ck_assert_rel(errors[1], sqrt(4.0 / 3 * 0.1), 1e-9);
  /* Weights of 4 everywhere: the sum and the curvature grow alike. */
  gsl_vector_set_all(weights, 4);
  ck_assert_int_eq(tp_fit_standard_errors(&function, x, weights, errors, &error), TP_OK);
  ck_assert_rel(errors[1], sqrt(4.0 / 3 * 0.1), 1e-9);
  /* Without b, a is a mean: variance 4/3 over 5. */
  line.slope_of_b = 0;
  ck_assert_int_eq(tp_fit_standard_errors(&function, x, NULL, errors, &error), TP_OK);
  ck_assert_rel(errors[0], sqrt(4.0 / 3 / 5), 1e-9);
  ck_assert(isnan(errors[1]));
  gsl_vector_free(x);
  gsl_vector_free(weights);
}
END_TEST

/* f depends on the sum of both only: neither is told. */
static int sum_residuals(const gsl_vector *x, void *data, gsl_vector *f)
{
  (void)data;
  for (size_t i = 0; i < 5; i++)
    gsl_vector_set(
        f, i, (double)(i + 1) * (gsl_vector_get(x, 0) + gsl_vector_get(x, 1)) + (i % 2 ? 1 : -1));
  return 0;
}

START_TEST(errors_of_what_cannot_be_told_apart)
{
  struct tp_error error;
  const struct tp_fit_function function = {sum_residuals, NULL, 5, 2};
  gsl_vector *x = gsl_vector_calloc(2);
  double errors[2];
  ck_assert_int_eq(tp_fit_standard_errors(&function, x, NULL, errors, &error), TP_OK);
  ck_assert(errors[0] > 1e3 && errors[1] > 1e3);
  gsl_vector_free(x);
}
END_TEST

/* Every number that makes a shape another one makes its place another. */
START_TEST(shapes_are_told_apart)
{
  const struct tp_interference alone = {0}, held = {.held_sms = 4}, copy = {.copy_bytes_per_s = 4};
  struct tp_op ops[] = {
      {.kind = TP_OP_GEMM, .gemm = {.m = 1, .n = 2, .k = 3, .dtype = TP_DTYPE_BF16}},
      {.kind = TP_OP_GEMM, .gemm = {.m = 2, .n = 1, .k = 3, .dtype = TP_DTYPE_BF16}},
      {.kind = TP_OP_GEMM, .gemm = {.m = 1, .n = 3, .k = 2, .dtype = TP_DTYPE_BF16}},
      {.kind = TP_OP_GEMM, .gemm = {.m = 1, .n = 2, .k = 3, .dtype = TP_DTYPE_FP16}},
      {.kind = TP_OP_ATTENTION, .attention = {.batch = 1, .kv_len = 2, .heads = 3, .kv_heads = 1}},
      {.kind = TP_OP_ATTENTION, .attention = {.batch = 2, .kv_len = 1, .heads = 3, .kv_heads = 1}},
      {.kind = TP_OP_ATTENTION,
       .attention = {.query_len = 1, .batch = 1, .kv_len = 2, .heads = 3, .kv_heads = 1}},
      {.kind = TP_OP_ATTENTION,
       .attention = {.batch = 1, .kv_len = 2, .heads = 3, .kv_heads = 1, .head_dim = 64}},
      {.kind = TP_OP_MEMORY, .memory = {.read_bytes = 1, .write_bytes = 2}},
      {.kind = TP_OP_MEMORY, .memory = {.read_bytes = 2, .write_bytes = 1}},
      {.kind = TP_OP_COLLECTIVE, .collective = {.kind = TP_ALL_REDUCE, .bytes = 8}},
      {.kind = TP_OP_COLLECTIVE, .collective = {.kind = TP_ALL_GATHER, .bytes = 8}},
      {.kind = TP_OP_COLLECTIVE,
       .collective = {.kind = TP_ALL_REDUCE, .bytes = 8, .algorithm = TP_ALGORITHM_ONE_SHOT}},
  };
  enum { N = sizeof ops / sizeof ops[0] };
  for (size_t i = 0; i < N; i++) {
    const uint64_t shape = tp_fit_shape(&ops[i], 2, &alone);
    for (size_t j = 0; j < i; j++)
      ck_assert(shape != tp_fit_shape(&ops[j], 2, &alone));
    ck_assert(shape != tp_fit_shape(&ops[i], 4, &alone));
    ck_assert(shape != tp_fit_shape(&ops[i], 2, &held));
    ck_assert(shape != tp_fit_shape(&ops[i], 2, &copy));
    ck_assert(shape == tp_fit_shape(&ops[i], 2, &alone));
    ops[i].name = "another"; /* what it is called is no part of it */
    ck_assert(shape == tp_fit_shape(&ops[i], 2, &alone));
  }
}
END_TEST

/* The values themselves: which shapes judge a fit must not change with the order of a list, of
 * dtypes say.  Each is FNV-1a of the text beside it. */
START_TEST(shapes_have_these_values)
{
  const struct tp_interference held = {.held_sms = 8}, none = {0};
  /* "gemm m=1 n=2 k=3 dtype=fp16 ranks=1 held_sms=0 copy_bytes_per_s=0" */
  const struct tp_op gemm = {.kind = TP_OP_GEMM, .gemm = {.m = 1, .n = 2, .k = 3}};
  ck_assert_uint_eq(tp_fit_shape(&gemm, 1, &none), 16009515546750125891u);
  /* "all_reduce bytes=1048576 dtype=bf16 algorithm=auto ranks=8 held_sms=0 copy_bytes_per_s=0" */
  const struct tp_op reduce = {.kind = TP_OP_COLLECTIVE,
                               .collective = {.bytes = 1 << 20, .dtype = TP_DTYPE_BF16}};
  ck_assert_uint_eq(tp_fit_shape(&reduce, 8, &none), 9204956068315081283u);
  /* "attention_decode batch=4 seq_len=1 kv_len=1024 heads=32 kv_heads=8 head_dim=128 dtype=bf16
   * cache_write=apart ranks=1 held_sms=8 copy_bytes_per_s=0" */
  const struct tp_op decode = {.kind = TP_OP_ATTENTION,
                               .attention = {.batch = 4,
                                             .query_len = 1,
                                             .kv_len = 1024,
                                             .heads = 32,
                                             .kv_heads = 8,
                                             .head_dim = 128,
                                             .dtype = TP_DTYPE_BF16}};
  ck_assert_uint_eq(tp_fit_shape(&decode, 1, &held), 10931507731871323957u);
}
END_TEST

START_TEST(held_out_shares)
{
  enum { N = 30000 };
  static const double ratios[] = {0, 0.1, 1.0 / 3, 0.5, 0.9};
  for (size_t r = 0; r < sizeof ratios / sizeof ratios[0]; r++) {
    int n = 0;
    for (uint64_t shape = 0; shape < N; shape++) {
      const bool out = tp_fit_is_held_out(shape, ratios[r]);
      n += out;
      ck_assert(!out || tp_fit_is_held_out(shape, ratios[r] + 0.05));
    }
    ck_assert_double_eq_tol(n / (double)N, ratios[r], 0.01);
  }
}
END_TEST

static struct tp_sustained_sample loaded(enum tp_dtype dtype, double slowdown)
{
  return (struct tp_sustained_sample){
      .op = {.kind = TP_OP_GEMM, .gemm = {.m = 8192, .n = 8192, .k = 8192, .dtype = dtype}},
      .slowdown = slowdown};
}

/* Rates 0.8, 0.5, 0.75 and 0.7 of bf16: median 0.725, mean 0.6875, its variance 0.0173 / 4. */
START_TEST(sustained_by_hand)
{
  const struct tp_sustained_sample samples[] = {
      loaded(TP_DTYPE_BF16, 1 / 0.8),  loaded(TP_DTYPE_BF16, 2),       loaded(TP_DTYPE_FP8, 20),
      loaded(TP_DTYPE_BF16, 1 / 0.75), loaded(TP_DTYPE_BF16, 1 / 0.7),
  };
  struct tp_arena *arena = tp_arena_create();
  struct tp_device device = {.gemm = {.sustained_ratio = 1}, .gemm_fp8 = {.sustained_ratio = 1}};
  struct tp_sustained_fit fit;
  tp_fit_sustained("gemm", samples, 5, arena, &device, &fit);
  ck_assert_uint_eq(fit.n, 4);
  ck_assert_rel(fit.ratio, 0.725, 1e-12);
  ck_assert_rel(fit.error, sqrt(0.051875 / 3 / 4), 1e-12);
  ck_assert(!fit.at_bound);
  ck_assert_rel(device.gemm.sustained_ratio, 0.725, 1e-12);
  ck_assert_rel(device.gemm_fp8.sustained_ratio, 1, 0);
  tp_fit_sustained("gemm_fp8", samples, 5, arena, &device, &fit);
  ck_assert_rel(fit.ratio, 0.1, 1e-12); /* 0.05 is below the parameter's range */
  ck_assert(fit.at_bound);
  tp_fit_sustained("gemm_fp8", samples, 2, arena, &device, &fit);
  ck_assert_uint_eq(fit.n, 0);
  ck_assert_rel(device.gemm_fp8.sustained_ratio, 0.1, 1e-12);
  tp_arena_free(arena);
}
END_TEST

/* 2 * 8192^3 flops at 1e15 a second, 1.0995 ms, and a quarter of it that no clock changes: at 0.8
 * of the rate (0.25 + 1 / 0.8) / 1.25 = 1.2 times as long, where the rates themselves say 1 / 1.2.
 */
START_TEST(sustained_is_solved)
{
  struct tp_device device = {
      .datasheet = {.sm_count = 100, .fp16_flops_per_s = 1e15, .dram_bytes_per_s = 1e16},
      .gemm = {.launch_s = 1.0995116 / 4 * 1e-3,
               .compute_ratio = 1,
               .dram_ratio = 1,
               .sm_bytes_per_s = 1e14,
               .l2_bytes_per_s = 1e16,
               .epilogue_bytes_per_s = 1e14,
               .split_s = 1e-3,
               .sustained_ratio = 1}};
  const struct tp_sustained_sample slower = loaded(TP_DTYPE_BF16, 1.2);
  struct tp_arena *arena = tp_arena_create();
  struct tp_sustained_fit fit;
  tp_fit_sustained("gemm", &slower, 1, arena, &device, &fit);
  ck_assert_rel(fit.ratio, 0.8, 1e-3);
  ck_assert_rel(tp_sustained_slowdown(&device, &slower), 1.2, 1e-9);
  device.gemm.sm_bytes_per_s = 1e10; /* bound by operands */
  tp_fit_sustained("gemm", &slower, 1, arena, &device, &fit);
  ck_assert_rel(fit.ratio, 1 / 1.2, 1e-12);
  tp_arena_free(arena);
}
END_TEST

START_TEST(median_by_hand)
{
  double odd[] = {5, 1, 3}, even[] = {4, 1}, one[] = {7};
  ck_assert_rel(tp_median_of(odd, 3).value, 3, 0);
  ck_assert_rel(tp_median_of(odd, 3).error, 2 / sqrt(3), 1e-12); /* 1 3 5: s = 2 */
  ck_assert_rel(tp_median_of(even, 2).value, 2.5, 0);
  ck_assert_rel(tp_median_of(one, 1).value, 7, 0);
  ck_assert_rel(tp_median_of(one, 1).error, 0, 0);
}
END_TEST

/* In turn: 3, 4 and 9 us beyond both; hidden: 1 us. */
START_TEST(crossings_by_hand)
{
  const struct tp_crossing_sample samples[] = {
      {13e-6, 10e-6, false}, {21e-6, 20e-6, true}, {54e-6, 50e-6, false}, {29e-6, 20e-6, false}};
  struct tp_device device = {.overlap = {.held_ratio = 1}};
  struct tp_arena *arena = tp_arena_create();
  struct tp_crossing_fit fit;
  tp_fit_crossing(samples, 4, false, arena, &device, &fit);
  ck_assert_uint_eq(fit.n, 3);
  ck_assert_str_eq(fit.key, "crossing_s");
  ck_assert_rel(device.overlap.crossing_s, 4e-6, 1e-9);
  ck_assert(device.overlap.wait_s == 0 && !fit.at_bound);
  tp_fit_crossing(samples, 4, true, arena, &device, &fit);
  ck_assert_uint_eq(fit.n, 1);
  ck_assert_rel(device.overlap.wait_s, 1e-6, 1e-9);
  ck_assert_rel(tp_crossing_time_s(&device, &samples[0]), 14e-6, 1e-9);
  ck_assert_rel(tp_crossing_time_s(&device, &samples[1]), 21e-6, 1e-9);
  const struct tp_crossing_sample sooner = {9e-6, 10e-6, false};
  tp_fit_crossing(&sooner, 1, false, arena, &device, &fit);
  ck_assert(device.overlap.crossing_s == 0 && fit.at_bound);
  tp_fit_crossing(&sooner, 1, true, arena, &device, &fit);
  ck_assert_uint_eq(fit.n, 0);
  ck_assert_rel(device.overlap.wait_s, 1e-6, 1e-9);
  tp_arena_free(arena);
}
END_TEST

/* Valleys at every whole number, the deeper the nearer to 2. */
static int valleys(const gsl_vector *x, void *data, gsl_vector *f)
{
  (void)data;
  const double at = gsl_vector_get(x, 0);
  gsl_vector_set(f, 0, (1 - cos(2 * acos(-1) * at)) / 2 + (at - 2) * (at - 2) / 20);
  return 0;
}

static double anywhere(void *data, size_t i, double x)
{
  (void)data, (void)i;
  return x;
}

/* From 0 a descent ends near 0; a parameter moved by 1 comes to the next valley, and by 1 again to
 * the deepest. */
START_TEST(a_better_valley_is_found_by_moving)
{
  const struct tp_fit_options options = {.hold_out_ratio = 0};
  const struct tp_robust robust = {
      .function = {valleys, NULL, 1, 1}, .name = "x", .inside = anywhere, .options = &options};
  struct tp_error error = {.text = ""};
  size_t unsettled;
  gsl_vector *x = gsl_vector_calloc(1);
  ck_assert_msg(tp_robust_search(&robust, x, &unsettled, &error) == TP_OK, "%s", error.text);
  ck_assert_double_eq_tol(gsl_vector_get(x, 0), 2, 0.05);
  ck_assert_uint_eq(unsettled, 1);
  gsl_vector_free(x);
}
END_TEST

/* Valleys at 0 and at 1, the former `deeper` above the latter. */
static int alike_valleys(const gsl_vector *x, void *data, gsl_vector *f)
{
  const double at = gsl_vector_get(x, 0), *deeper = data;
  gsl_vector_set(f, 0, at * (at - 1));
  gsl_vector_set(f, 1, *deeper * (1 - at));
  return 0;
}

static double settled_at(double deeper)
{
  const struct tp_fit_options options = {.progress = NULL};
  const struct tp_robust robust = {.function = {alike_valleys, &deeper, 2, 1},
                                   .name = "x",
                                   .inside = anywhere,
                                   .options = &options};
  struct tp_error error = {.text = ""};
  size_t unsettled;
  gsl_vector *x = gsl_vector_calloc(1);
  ck_assert_msg(tp_robust_search(&robust, x, &unsettled, &error) == TP_OK, "%s", error.text);
  const double at = gsl_vector_get(x, 0);
  gsl_vector_free(x);
  return at;
}

/* A parameter that is moved by 1 has a residual of 0.02 for it: half of that from the rows does not
 * bring it there, four times as much does. */
START_TEST(what_rows_hardly_tell_stays)
{
  ck_assert_double_eq_tol(settled_at(0.01), 0, 0.01);
  ck_assert_double_eq_tol(settled_at(0.08), 1, 0.01);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("fit_parts");
  TCase *tcase = tcase_create("cases");
  tcase_add_test(tcase, errors_of_a_line);
  tcase_add_test(tcase, errors_of_what_cannot_be_told_apart);
  tcase_add_test(tcase, shapes_are_told_apart);
  tcase_add_test(tcase, shapes_have_these_values);
  tcase_add_test(tcase, a_better_valley_is_found_by_moving);
  tcase_add_test(tcase, what_rows_hardly_tell_stays);
  tcase_add_test(tcase, held_out_shares);
  tcase_add_test(tcase, sustained_by_hand);
  tcase_add_test(tcase, sustained_is_solved);
  tcase_add_test(tcase, median_by_hand);
  tcase_add_test(tcase, crossings_by_hand);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
