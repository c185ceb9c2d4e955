/* Break-even: against formulas, and against predictions just beside it. */
#include "sweep/solve.h"

#include "../suite.h"
#include "world.h"

#include <gsl/gsl_errno.h>
#include <string.h>

static struct world world;
static struct tp_solution solution;
static struct tp_error error;

static void set_up(void)
{
  gsl_set_error_handler_off();
  world_open(&world);
  error.text[0] = '\0';
}

static void tear_down(void)
{
  world_close(&world);
}

/* Words and numbers of a point, as the command line gives them. */
struct point {
  const char *model, *stack, *variant;
  double tp, batch, prompt, generate;
  const char *set;
};

static void make_grid(const struct point *point, struct tp_grid *grid)
{
  static const char *const platform = "dgx-h100";
  tp_grid_clear(grid);
  grid->axes[TP_AXIS_model] = (struct tp_axis){.words = &point->model, .n = 1};
  grid->axes[TP_AXIS_platform] = (struct tp_axis){.words = &platform, .n = 1};
  grid->axes[TP_AXIS_stack] = (struct tp_axis){.words = &point->stack, .n = 1};
  grid->axes[TP_AXIS_variant] = (struct tp_axis){.words = &point->variant, .n = 1};
  grid->axes[TP_AXIS_tp] = (struct tp_axis){.numbers = &point->tp, .n = 1};
  grid->axes[TP_AXIS_batch] = (struct tp_axis){.numbers = &point->batch, .n = 1};
  grid->axes[TP_AXIS_prompt] = (struct tp_axis){.numbers = &point->prompt, .n = 1};
  grid->axes[TP_AXIS_generate] = (struct tp_axis){.numbers = &point->generate, .n = 1};
}

static enum tp_status solve(const struct point *point, const char *key, double from, double to,
                            double gain)
{
  struct tp_grid grid;
  make_grid(point, &grid);
  world.catalog.sets = &point->set;
  world.catalog.n_sets = point->set != NULL;
  const struct tp_solve_request request = {
      .grid = &grid, .catalog = &world.catalog, .key = key, .from = from, .to = to, .gain = gain};
  return tp_solve(&request, world.arena, &solution, &error);
}

/* One prediction with `set` (or NULL), by the usual way. */
static struct tp_prediction predict(const struct point *point, const char *set)
{
  const char *const sets[] = {point->set, set};
  struct tp_catalog catalog = {.arena = world.arena,
                               .dirs = &world.dirs,
                               .engines = world_engines,
                               .sets = point->set != NULL ? sets : sets + 1,
                               .n_sets = (point->set != NULL) + (size_t)(set != NULL)};
  struct tp_predictor *predictor = tp_predictor_create();
  struct tp_grid grid;
  struct tp_point resolved;
  struct tp_prediction row;
  make_grid(point, &grid);
  enum tp_status status = tp_grid_point(&grid, &catalog, 0, &resolved, &error);
  if (status == TP_OK)
    status = tp_predict(predictor, &resolved, &row, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  tp_predictor_free(predictor);
  return row;
}

static double gain_with(const struct point *point, const char *key, double value)
{
  return predict(point, tp_arena_printf(world.arena, "%s=%.17g", key, value)).speedup - 1;
}

/* Prefill by ideal rings, nothing hidden.  What the GPUs send at bandwidth B and latency l a link,
 * two on a route: t = K / B + 2 l H; without communication C stays: gain = t / C.  Over 4 ranks of
 * 4 layers: 9 all-reduces of S = 512 * 64 * 2 bytes (1.5 S sent, 6 hops) and a gather of 1024
 * bytes of logits (768 sent, 3 hops): K = 885504, H = 57. */
static const double bytes = 885504, hops = 57;

static struct point tiny(const char *set)
{
  const char *const model =
      tp_arena_printf(world.arena, "%s/tests/golden/tiny.json", world.roots[0]);
  return (struct point){model, "ideal", "no-comm", 4, 2, 256, 1, set};
}

START_TEST(bandwidth_by_hand)
{
  const struct point point = tiny("nvlink.latency_s=0");
  const double compute_s = predict(&point, NULL).e2e_s, gain = 0.25;
  const double rate = bytes / (gain * compute_s);
  ck_assert_msg(solve(&point, "nvlink.bytes_per_s_per_direction", rate / 100, rate * 30, gain) ==
                    TP_OK,
                "%s", error.text);
  ck_assert_uint_eq(solution.n_crossings, 1);
  ck_assert_str_eq(solution.unit, "bytes/s");
  ck_assert_rel(solution.crossings[0].value, rate, 1e-9);
  ck_assert_rel(solution.crossings[0].gain, gain, 1e-9);
  ck_assert_rel(solution.crossings[0].gain_half, 2 * gain, 1e-9);
  ck_assert_rel(solution.crossings[0].gain_double, gain / 2, 1e-9);
  ck_assert(!solution.crossings[0].rises);
  ck_assert_rel(solution.first_gain, 100 * gain, 1e-9);
  ck_assert_rel(solution.least_gain, gain / 30, 1e-9);
}
END_TEST

START_TEST(latency_by_hand)
{
  const struct point point = tiny("nvlink.bytes_per_s_per_direction=450e9");
  const double compute_s = predict(&point, NULL).e2e_s, gain = 3;
  const double latency_s = (gain * compute_s - bytes / 450e9) / (2 * hops);
  ck_assert_int_eq(solve(&point, "nvlink.latency_s", 0, 10 * latency_s, gain), TP_OK);
  ck_assert_uint_eq(solution.n_crossings, 1);
  ck_assert_str_eq(solution.unit, "s");
  ck_assert_rel(solution.crossings[0].value, latency_s, 1e-9);
  ck_assert(solution.crossings[0].rises);
}
END_TEST

static struct point large(const char *variant)
{
  return (struct point){"llama-3.1-70b", "gpt-fast-compile", variant, 8, 4, 1024, 512, NULL};
}

/* Little latency hides under the next module, much of it does not: the gain rises and falls. */
START_TEST(two_crossings)
{
  const struct point point = large("ladder");
  const double gain = 0.3;
  ck_assert_int_eq(solve(&point, "nvlink.latency_s", 0, 1e-4, gain), TP_OK);
  ck_assert_uint_eq(solution.n_crossings, 2);
  ck_assert(solution.crossings[0].rises && !solution.crossings[1].rises);
  ck_assert(solution.crossings[0].value < solution.crossings[1].value);
  for (size_t i = 0; i < 2; i++) {
    const struct tp_crossing *crossing = &solution.crossings[i];
    const double outside = crossing->value * (crossing->rises ? 1 - 1e-6 : 1 + 1e-6);
    ck_assert_rel(gain_with(&point, "nvlink.latency_s", crossing->value), crossing->gain, 1e-12);
    ck_assert(crossing->gain > gain - 1e-9);
    ck_assert(gain_with(&point, "nvlink.latency_s", outside) < gain);
    ck_assert_rel(gain_with(&point, "nvlink.latency_s", 2 * crossing->value), crossing->gain_double,
                  1e-12);
    ck_assert_rel(gain_with(&point, "nvlink.latency_s", crossing->value / 2), crossing->gain_half,
                  1e-12);
  }
}
END_TEST

START_TEST(no_crossing_tells_the_range)
{
  const struct point point = tiny("nvlink.latency_s=0");
  const double compute_s = predict(&point, NULL).e2e_s;
  ck_assert_int_eq(solve(&point, "nvlink.bytes_per_s_per_direction", 1e11, 1e12, 1e6), TP_OK);
  ck_assert_uint_eq(solution.n_crossings, 0);
  ck_assert_rel(solution.best_value, 1e11, 0);
  ck_assert_rel(solution.best_gain, bytes / 1e11 / compute_s, 1e-9);
  ck_assert_rel(solution.last_gain, bytes / 1e12 / compute_s, 1e-9);
}
END_TEST

static double gain_of_batch(struct point point, double batch)
{
  point.batch = batch;
  return predict(&point, NULL).speedup - 1;
}

/* All of 1..100 tried here, too. */
START_TEST(batches_one_by_one)
{
  const struct point point = large("ladder");
  const double gain = 0.22;
  ck_assert_int_eq(solve(&point, "batch", 1, 100, gain), TP_OK);
  size_t n = 0;
  double before = gain_of_batch(point, 1);
  for (double batch = 2; batch <= 100; batch++) {
    const double now = gain_of_batch(point, batch);
    if ((now >= gain) != (before >= gain)) {
      ck_assert_uint_lt(n, solution.n_crossings);
      ck_assert_rel(solution.crossings[n].value, now >= gain ? batch : batch - 1, 0);
      ck_assert_rel(solution.crossings[n].gain, now >= gain ? now : before, 1e-12);
      n++;
    }
    before = now;
  }
  ck_assert_uint_ge(n, 1);
  ck_assert_uint_eq(n, solution.n_crossings);
  ck_assert_rel(solution.crossings[0].gain_half,
                gain_of_batch(point, floor(solution.crossings[0].value / 2)), 1e-12);
}
END_TEST

/* More numbers than are tried one by one; the longest do not fit. */
START_TEST(prompts_by_bisection)
{
  struct point point = large("ladder");
  const double gain = 0.2;
  ck_assert_int_eq(solve(&point, "prompt", 1, 30000, gain), TP_OK);
  ck_assert_uint_eq(solution.n_crossings, 1);
  ck_assert_str_eq(solution.unit, "tokens");
  point.prompt = solution.crossings[0].value;
  ck_assert(point.prompt == floor(point.prompt) && predict(&point, NULL).speedup >= 1 + gain);
  point.prompt++;
  ck_assert(predict(&point, NULL).speedup < 1 + gain);
  ck_assert_uint_eq(solution.n_unsolved, 1);
  ck_assert_rel(solution.unsolved[0].last, 30000, 0);
  ck_assert_ptr_nonnull(strstr(solution.unsolved[0].reason, "does not fit"));
  /* 256 cells, each longer than the one before by the same ratio: the longest that fits is less
   * than one of them below. */
  point.prompt = floor(solution.unsolved[0].first / pow(30000, 1 / 256.0));
  ck_assert_str_eq(predict(&point, NULL).status, "ok");
}
END_TEST

START_TEST(degrees_that_do_not_divide_are_skipped)
{
  const struct point point = large("ladder");
  ck_assert_int_eq(solve(&point, "tp", 1, 8, 0.09), TP_OK);
  ck_assert_uint_eq(solution.n_crossings, 1);
  ck_assert_rel(solution.crossings[0].value, 4, 0);
  ck_assert(solution.crossings[0].rises);
  ck_assert_uint_eq(solution.n_unsolved, 3); /* 1 does not fit; 3; 5 to 7 */
  ck_assert_rel(solution.unsolved[2].first, 5, 0);
  ck_assert_rel(solution.unsolved[2].last, 7, 0);
  ck_assert_rel(solution.first_value, 2, 0);
}
END_TEST

static const struct {
  const char *key, *variant;
  double from, to, gain;
  const char *said;
} faults[] = {
    {"batch", "standard", 1, 8, 0.1, "standard gains nothing"},
    {"batch", "ladder", 8, 1, 0.1, "no range"},
    {"batch", "ladder", 1.5, 8, 0.1, "whole number"},
    {"batch", "ladder", 1, 8, -1, "no time is negative"},
    {"nvlink.latency", "ladder", 1, 8, 0.1, "no such value"},
    {"gemm.compute_ratio", "ladder", 0.5, 2, 0.1, "from 0.01 to 1"},
    {"tp", "ladder", 5, 7, 0.1, "no tp from 5 to 7 can run: "},
};

START_TEST(names_faults)
{
  const struct point point = large(faults[_i].variant);
  ck_assert_int_eq(solve(&point, faults[_i].key, faults[_i].from, faults[_i].to, faults[_i].gain),
                   TP_E_INPUT);
  ck_assert_msg(strstr(error.text, faults[_i].said) != NULL, "said: %s", error.text);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("solve");
  TCase *tcase = tcase_create("cases");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, bandwidth_by_hand);
  tcase_add_test(tcase, latency_by_hand);
  tcase_add_test(tcase, two_crossings);
  tcase_add_test(tcase, no_crossing_tells_the_range);
  tcase_add_test(tcase, batches_one_by_one);
  tcase_add_test(tcase, prompts_by_bisection);
  tcase_add_test(tcase, degrees_that_do_not_divide_are_skipped);
  tcase_add_loop_test(tcase, names_faults, 0, (int)(sizeof faults / sizeof faults[0]));
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
