/* Quadrature over step times of known shapes against their sum. */
#include "predict/decode.h"

#include "../random.h"
#include "../suite.h"

/* Step times with known shapes. */
struct shape {
  const char *name;
  double (*time_s)(int64_t kv_len);
  int most_runs; /* for 511 steps from 1025 */
};

static double line(int64_t kv_len)
{
  return 1e-3 + 2e-6 * (double)kv_len;
}
static double through_zero(int64_t kv_len)
{
  return 1e-9 * (double)kv_len;
}
static double parabola(int64_t kv_len)
{
  return 1e-3 + 1e-10 * (double)(kv_len * kv_len);
}
static double kink(int64_t kv_len)
{
  return fmax(2e-3, 1.4e-6 * (double)kv_len);
}
static double jump(int64_t kv_len)
{
  return kv_len < 1201 ? 1e-3 : 1.1e-3;
}
static double small_jump(int64_t kv_len)
{
  return kv_len < 1300 ? 1e-3 : 1.005e-3;
}
/* Stairs alias with any nodes: off by half a stair at most, here 0.1 %. */
static double stairs(int64_t kv_len)
{
  return 1e-3 + 2e-6 * (double)((kv_len + 63) / 64);
}

static const struct shape shapes[] = {
    {"line", line, 4},          {"through zero", through_zero, 4},
    {"parabola", parabola, 40}, {"kink", kink, 100},
    {"jump", jump, 100},        {"small jump", small_jump, 100},
    {"stairs", stairs, 511},
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

struct counter {
  const struct shape *shape;
  int runs;
};

static enum tp_status run_shape(void *data, int64_t kv_len, struct tp_result *result,
                                struct tp_error *error)
{
  (void)error;
  struct counter *counter = data;
  counter->runs++;
  const double time_s = counter->shape->time_s(kv_len);
  *result = (struct tp_result){.total_s = time_s,
                               .compute_s = time_s / 2,
                               .comm_s = time_s / 4,
                               .comm_exposed_s = time_s / 8,
                               .flops = time_s * 1e9,
                               .dram_bytes = time_s * 1e6,
                               .link_bytes = time_s * 1e3,
                               .variance = time_s * time_s * 0.04};
  return TP_OK;
}

/* Error of the integral; all sums of the result go the same way. */
static double error_of(const struct shape *shape, int64_t first, int64_t steps, int *runs)
{
  struct counter counter = {shape, 0};
  const struct tp_step step = {.run = run_shape, .data = &counter};
  struct tp_sum sum = {.deviation_s = 0};
  ck_assert_int_eq(tp_decode_integrate(&step, first, steps, &sum, NULL), TP_OK);
  double exact_s = 0;
  for (int64_t i = 0; i < steps; i++)
    exact_s += shape->time_s(first + i);
  const double total_s = sum.result.total_s;
  ck_assert_rel(sum.result.compute_s, total_s / 2, 1e-12);
  ck_assert_rel(sum.result.comm_s, total_s / 4, 1e-12);
  ck_assert_rel(sum.result.comm_exposed_s, total_s / 8, 1e-12);
  ck_assert_rel(sum.result.flops, total_s * 1e9, 1e-12);
  ck_assert_rel(sum.result.dram_bytes, total_s * 1e6, 1e-12);
  ck_assert_rel(sum.result.link_bytes, total_s * 1e3, 1e-12);
  ck_assert_rel(sum.deviation_s, total_s * 0.2, 1e-12);
  *runs = counter.runs;
  return fabs(total_s - exact_s) / exact_s;
}

START_TEST(known_shapes)
{
  const struct shape *shape = &shapes[_i];
  int runs;
  const double error = error_of(shape, 1025, 511, &runs);
  ck_assert_msg(error < 5e-4, "%s: off by %g", shape->name, error);
  ck_assert_msg(runs <= shape->most_runs, "%s: %d runs", shape->name, runs);
}
END_TEST

START_TEST(lines_are_exact)
{
  for (int64_t steps = 1; steps < 3000; steps += 1 + steps / 7) {
    int runs;
    ck_assert(error_of(&shapes[0], 1, steps, &runs) < 1e-12);
    ck_assert(error_of(&shapes[1], 6, steps, &runs) < 1e-12);
  }
}
END_TEST

START_TEST(any_range)
{
  uint64_t random = tp_random_seed(_i);
  for (int i = 0; i < tp_random_cases(300); i++) {
    const int64_t first = 1 + (int64_t)tp_random_below(&random, 3000);
    const int64_t steps = 1 + (int64_t)tp_random_below(&random, 4000);
    int runs;
    const double error = error_of(&shapes[_i], first, steps, &runs);
    ck_assert_msg(error < 1e-3, "%s: %d steps from %d: off by %g", shapes[_i].name, (int)steps,
                  (int)first, error);
  }
}
END_TEST

/* Lines between the kinks. */
static double two_kinks(int64_t kv_len)
{
  return 1e-3 + 1e-5 * fmin((double)kv_len, 1300) + 3e-5 * fmin((double)kv_len, 1100);
}
static const struct shape kinked = {"two kinks", two_kinks, 0};

/* Known kinks leave no error, wherever the steps begin and end; others in the list do no harm. */
START_TEST(known_kinks_are_exact)
{
  static const int64_t kinks[] = {1300, 5, 1100, 1300, 999999};
  for (int64_t first = 1020; first < 1320; first += 7)
    for (int64_t steps = 1; steps < 600; steps += 1 + steps / 5) {
      struct counter counter = {&kinked, 0};
      struct tp_sum sum = {.deviation_s = 0};
      const struct tp_step step = {
          .run = run_shape, .data = &counter, .n_kinks = 5, .kinks = kinks};
      ck_assert_int_eq(tp_decode_integrate(&step, first, steps, &sum, NULL), TP_OK);
      double exact_s = 0;
      for (int64_t i = 0; i < steps; i++)
        exact_s += two_kinks(first + i);
      ck_assert_rel(sum.result.total_s, exact_s, 1e-12);
      ck_assert_int_le(counter.runs, 3 * 8); /* three pieces of no more than a few steps each */
    }
}
END_TEST

static enum tp_status fail_late(void *data, int64_t kv_len, struct tp_result *result,
                                struct tp_error *error)
{
  (void)data;
  *result = (struct tp_result){.total_s = 1};
  return kv_len < 100 ? TP_OK : tp_fail(error, TP_E_ENVIRONMENT, "step failed");
}

START_TEST(a_failing_step_fails)
{
  const struct tp_step step = {.run = fail_late};
  struct tp_sum sum = {.deviation_s = 0};
  struct tp_error error;
  ck_assert_int_eq(tp_decode_integrate(&step, 1, 200, &sum, &error), TP_E_ENVIRONMENT);
  ck_assert_str_eq(error.text, "step failed");
  ck_assert_int_eq(tp_decode_integrate(&step, 97, 5, &sum, &error), TP_E_ENVIRONMENT);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("decode");
  TCase *tcase = tcase_create("quadrature");
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, known_shapes, 0, N_SHAPES);
  tcase_add_test(tcase, lines_are_exact);
  tcase_add_loop_test(tcase, any_range, 0, N_SHAPES);
  tcase_add_test(tcase, known_kinks_are_exact);
  tcase_add_test(tcase, a_failing_step_fails);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
