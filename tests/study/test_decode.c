/* Quadrature over a generation against the sum of its steps. */
#include "predict/decode.h"
#include "predict/predict.h"
#include "predict/timing.h"

#include "../random.h"
#include "../request.h"
#include "../suite.h"
#include "world.h"

#include <string.h>

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
  const struct tp_step step = {run_shape, &counter};
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

static enum tp_status fail_late(void *data, int64_t kv_len, struct tp_result *result,
                                struct tp_error *error)
{
  (void)data;
  *result = (struct tp_result){.total_s = 1};
  return kv_len < 100 ? TP_OK : tp_fail(error, TP_E_ENVIRONMENT, "step failed");
}

START_TEST(a_failing_step_fails)
{
  const struct tp_step step = {fail_late, NULL};
  struct tp_sum sum = {.deviation_s = 0};
  struct tp_error error;
  ck_assert_int_eq(tp_decode_integrate(&step, 1, 200, &sum, &error), TP_E_ENVIRONMENT);
  ck_assert_str_eq(error.text, "step failed");
  ck_assert_int_eq(tp_decode_integrate(&step, 97, 5, &sum, &error), TP_E_ENVIRONMENT);
}
END_TEST

/* The real thing: tp_predict against every step run by itself. */
static double steps_one_by_one(struct world *world, const struct tp_point *point)
{
  struct tp_timer *timer = tp_timer_create();
  struct tp_timing timing = {.engine = point->engine};
  struct tp_program program;
  const struct tp_request request = request_at(point, true, point->prompt + 1);
  ck_assert_int_eq(tp_timer_machine(timer, point->platform, point->device, point->stack,
                                    point->mesh.tp, &timing.machine, NULL),
                   TP_OK);
  ck_assert_int_eq(tp_variant_build(point->variant, &request, world->arena, &program, NULL), TP_OK);
  double total_s = 0;
  struct tp_arena *scratch = tp_arena_create();
  for (int64_t i = 1; i < point->generate; i++) {
    struct tp_result result;
    struct tp_priced priced;
    tp_arena_reset(scratch);
    const struct tp_batch batch = tp_point_decode(point, point->prompt + i);
    tp_program_set_contexts(&program, &batch);
    tp_timer_price(timer, timing.machine, &program, scratch, &priced);
    ck_assert_int_eq(tp_timing_run(&timing, &priced, scratch, &result, NULL), TP_OK);
    total_s += result.total_s;
  }
  tp_arena_free(scratch);
  tp_timer_free(timer);
  return total_s;
}

START_TEST(generations)
{
  static const char *const models[] = {"ladder-1b", "llama-3.1-8b", "llama-3.1-70b", "gpt3-13b",
                                       "mistral-7b"};
  static const char *const platforms[] = {"dgx-h100", "dgx-a100-80gb", "dgx-b200", "l40s-x8"};
  static const char *const stacks[] = {"vllm-graph", "ideal", "eager", "tensorrt-llm-0.12"};
  static const char *const variants[] = {"standard", "ladder", "desync-4x", "kraken"};
  static const int64_t prompts[] = {5, 128, 1000, 4096}, generates[] = {2, 9, 100, 512, 2000},
                       batches[] = {1, 7, 64};
  struct world world;
  world_open(&world);
  struct tp_predictor *predictor = tp_predictor_create();
  uint64_t random = tp_random_seed(_i);
  double worst = 0;
#define PICK(list) list[tp_random_below(&random, sizeof list / sizeof list[0])]
  for (int i = 0; i < tp_random_cases(20); i++) {
    struct tp_point point =
        world_case(&world, PICK(models), PICK(platforms), PICK(stacks), PICK(variants));
    point.mesh.tp = 1 << tp_random_below(&random, 4);
    point.prompt = PICK(prompts);
    point.generate = PICK(generates);
    point.batch = PICK(batches);
    struct tp_prediction row;
    ck_assert_int_eq(tp_predict(predictor, &point, &row, NULL), TP_OK);
    if (isnan(row.tpot_s))
      continue;
    const double exact_s = steps_one_by_one(&world, &point);
    const double error = fabs(row.tpot_s * (double)(point.generate - 1) / exact_s - 1);
    worst = fmax(worst, error);
    ck_assert_msg(error < 1e-3, "%s %s %s %s tp %d batch %d prompt %d generate %d: off by %g",
                  row.model, row.platform, row.stack, row.variant, point.mesh.tp, (int)point.batch,
                  (int)point.prompt, (int)point.generate, error);
  }
#undef PICK
  ck_assert(worst >= 0);
  tp_predictor_free(predictor);
  world_close(&world);
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
  tcase_add_test(tcase, a_failing_step_fails);
  tcase_add_loop_test(tcase, generations, 0, 4);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
