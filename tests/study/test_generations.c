/* Quadrature over a generation, tp_predict's, against every step run by itself. */
#include "predict/predict.h"
#include "predict/timing.h"

#include "../random.h"
#include "../request.h"
#include "../suite.h"
#include "world.h"

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

/* Windows that fill on the way, of all layers or of two kinds of them: a step's time stops growing,
 * or grows more slowly.  From 3000 tokens on no kernel of an A100 leaves its floor any more, so
 * that nothing else bends the time, and the sum is exact. */
START_TEST(windows_that_fill)
{
  static unsigned char kind_of[32];
  static const int64_t generates[] = {13, 100, 512, 2000};
  static const char *const stacks[] = {"vllm-graph", "ideal", "eager"};
  struct world world;
  world_open(&world);
  struct tp_predictor *predictor = tp_predictor_create();
  uint64_t random = tp_random_seed(_i);
  for (int i = 0; i < tp_random_cases(20); i++) {
    struct tp_point point = world_case(&world, "mistral-7b", "dgx-a100-80gb",
                                       stacks[tp_random_below(&random, 3)], "standard");
    struct tp_model *model = TP_NEW(world.arena, struct tp_model, 1);
    *model = *point.model;
    for (int layer = 0; layer < 32; layer++)
      kind_of[layer] = (layer + 1) % 2 == 0;
    point.prompt = 3000 + (int64_t)tp_random_below(&random, 3000);
    point.generate = generates[tp_random_below(&random, 4)];
    point.batch = 1 + (int64_t)tp_random_below(&random, 64);
    for (int kind = 0; kind < 2; kind++)
      model->kinds[kind].window =
          point.prompt + (int64_t)tp_random_below(&random, (unsigned)point.generate + 1);
    if (i % 3 > 0) {
      model->n_kinds = 2;
      model->kind_of = kind_of;
    }
    if (i % 3 == 2)
      model->kinds[1].window = 0;
    point.model = model;
    struct tp_prediction row;
    ck_assert_int_eq(tp_predict(predictor, &point, &row, NULL), TP_OK);
    ck_assert(!isnan(row.tpot_s));
    const double exact_s = steps_one_by_one(&world, &point);
    const double error = fabs(row.tpot_s * (double)(point.generate - 1) / exact_s - 1);
    ck_assert_msg(error < 1e-11, "%s batch %d prompt %d generate %d windows %d %d: off by %g",
                  point.stack->name, (int)point.batch, (int)point.prompt, (int)point.generate,
                  (int)model->kinds[0].window, (int)model->kinds[1].window, error);
  }
  tp_predictor_free(predictor);
  world_close(&world);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("generations");
  TCase *tcase = tcase_create("quadrature");
  tcase_set_timeout(tcase, 60);
  tcase_add_loop_test(tcase, generations, 0, 4);
  tcase_add_loop_test(tcase, windows_that_fill, 0, 4);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
