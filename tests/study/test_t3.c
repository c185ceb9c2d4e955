/* Track and trigger on the paper's machine: against its figures, its bounds and its knobs; bytes by
 * count; every degree ends; both engines. */
#include "../des.h"
#include "../request.h"
#include "../suite.h"
#include "cost/cost.h"
#include "engine/engine.h"
#include "judge/reproduce.h"
#include "predict/predict.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

static struct world world;

static void set_up(void)
{
  world_open(&world);
}

static void tear_down(void)
{
  world_close(&world);
}

static struct tp_point sublayer(const char *model, int tp, const char *which, const char *variant)
{
  char platform[32];
  snprintf(platform, sizeof platform, "t3-ring-%d", tp);
  struct tp_point point = world_case(&world, model, platform, "t3-simulator", variant);
  point.mesh.tp = tp;
  point.batch = 8;
  ck_assert_int_eq(tp_workload_parse(which, &point.workload, NULL), TP_OK);
  return point;
}

static struct tp_prediction predict(const struct tp_point *point)
{
  struct tp_prediction row;
  struct tp_error error;
  struct tp_predictor *predictor = tp_predictor_create();
  ck_assert_int_eq(tp_predict(predictor, point, &row, &error), TP_OK);
  ck_assert_msg(strcmp(row.status, "ok") == 0, "%s: %s", row.variant, row.status);
  tp_predictor_free(predictor);
  return row;
}

static double speedup(const char *model, int tp, const char *which, const char *variant)
{
  const struct tp_point point = sublayer(model, tp, which, variant);
  return predict(&point).speedup;
}

/* --- the paper ------------------------------------------------------------------------------ */

/* Means within 3 points and maxima within 5, but for the largest gain of the large models: no
 * efficiency of the GEMM alone gives their three widths 29 % in the mean and 35 % at most. */
/* The two figures that are not met; docs/ACCURACY.md says why. */
static bool is_missed(const char *label)
{
  return strstr(label, "max of sub-layers of the large") != NULL ||
         strstr(label, "least traffic") != NULL;
}

START_TEST(test_published)
{
  struct tp_reproduced *rows;
  size_t n;
  struct tp_error error;
  const char *file = tp_arena_printf(world.arena, "%s/results/published/t3.csv", world.roots[0]);
  ck_assert_msg(tp_reproduce(file, &world.catalog, world.arena, &rows, &n, &error) == TP_OK, "%s",
                error.text);
  int held = 0;
  for (size_t i = 0; i < n; i++) {
    ck_assert_msg(strcmp(rows[i].status, "ok") == 0, "%s: %s", rows[i].label, rows[i].status);
    if (isnan(rows[i].published) || is_missed(rows[i].label))
      continue;
    const double limit = strncmp(rows[i].label, "max", 3) == 0 ? 0.05 : 0.03;
    ck_assert_msg(fabs(rows[i].error_abs) < limit, "%s: %g, published %g", rows[i].label,
                  rows[i].predicted, rows[i].published);
    held++;
  }
  ck_assert_int_eq(held, 16);
}
END_TEST

static const char *const subs[] = {"op", "fc-2", "fc-1", "ip"};
static const char *const small[] = {"mega-gpt-2", "t-nlg"};

/* GEMM reads 1.56 times fewer in the mean where outputs bypass the cache; a sub-layer moves 22 %
 * less, 36 at most. */
START_TEST(test_traffic)
{
  double reads = 0, moved = 0;
  for (int i = 0; i < 16; i++) {
    const int tp = i < 8 ? 8 : 16;
    const struct tp_point plain = sublayer(small[i % 2], tp, subs[i / 2 % 4], "standard");
    const struct tp_point point = sublayer(small[i % 2], tp, subs[i / 2 % 4], "t3");
    const double before = predict(&plain).dram_bytes, after = predict(&point).dram_bytes;
    struct tp_machine machine;
    ck_assert_int_eq(tp_machine_make(plain.platform, plain.device, plain.stack, tp, &machine, NULL),
                     TP_OK);
    /* What is left when everything else has been counted in chunks: ring reduce-scatter 3N-1,
     * gather 2N-2, GEMM writes N; under T3 N-2 and 2N-2, and the gather. */
    const double n = tp, chunk = 8.0 * 1024 * (double)plain.model->hidden * 2 / n;
    const double cached = before - chunk * (3 * n - 1 + 2 * n - 2 + n);
    const double uncached = after - chunk * (n - 2 + 2 * n - 2 + 2 * n - 2);
    const int64_t width = (i / 2 % 4 == 0 ? 1 : i / 2 % 4 == 3 ? 3 : 4) * plain.model->hidden;
    struct tp_gemm gemm = {.m = 8192, .n = plain.model->hidden, .k = width / tp};
    ck_assert_rel(cached, tp_cost_gemm_read_bytes(&machine, &gemm), 1e-9);
    gemm.output = TP_OUTPUT_UNCACHED;
    ck_assert_rel(uncached, tp_cost_gemm_read_bytes(&machine, &gemm), 1e-9);
    reads += log(cached / uncached) / 16;
    moved += log(after / before) / 16;
  }
  ck_assert_msg(fabs(exp(reads) - 1.56) < 0.1, "reads cut %g times", exp(reads));
  ck_assert_msg(fabs(1 - exp(moved) - 0.22) < 0.04, "%g less moved", 1 - exp(moved));
}
END_TEST

/* Without arbitration far off on fully connected layers, at the ideal where the ring is what
 * takes longest; with it close everywhere. */
START_TEST(test_shortfall)
{
  for (int i = 0; i < 2; i++) {
    const double ideal = speedup(small[i], 16, "fc-2", "ideal-overlap");
    ck_assert(speedup(small[i], 16, "fc-2", "t3") < 0.91 * ideal);
    ck_assert(speedup(small[i], 16, "fc-2", "t3-mca") > 0.95 * ideal);
    ck_assert(speedup(small[i], 16, "op", "t3") >
              0.999 * speedup(small[i], 16, "op", "ideal-overlap"));
  }
}
END_TEST

START_TEST(test_sharing)
{
  const double ideal = speedup("mega-gpt-2", 8, "op", "ideal-overlap");
  const double eight = speedup("mega-gpt-2", 8, "op", "cu-share:8");
  const double sixteen = speedup("mega-gpt-2", 8, "op", "cu-share:16");
  ck_assert(1 < eight && eight < sixteen && sixteen < ideal);
}
END_TEST

/* --- knobs ---------------------------------------------------------------------------------- */

static double turned(const char *variant, const char *which, void (*turn)(struct tp_device *))
{
  struct tp_point point = sublayer("t-nlg", 8, which, variant);
  struct tp_device device = *point.device;
  turn(&device);
  point.device = &device;
  return predict(&point).e2e_s;
}

static void as_is(struct tp_device *device)
{
  (void)device;
}

static void no_adding(struct tp_device *device)
{
  device->trigger.near_memory = 0;
}

static void few_entries(struct tp_device *device)
{
  device->trigger.tracker_tiles = 128;
}

static void no_queue(struct tp_device *device)
{
  device->trigger.queue_accesses = 0;
}

static void no_stalls(struct tp_device *device)
{
  device->trigger.stall_ratio = 0;
}

START_TEST(test_knobs)
{
  for (int i = 0; i < 4; i++) {
    const double plain = turned("t3", subs[i], as_is), mca = turned("t3-mca", subs[i], as_is);
    const double quiet = turned("t3", subs[i], no_queue);
    ck_assert(quiet < mca && mca < plain);
    ck_assert(turned("t3", subs[i], no_adding) > plain);
    ck_assert(turned("t3", subs[i], few_entries) > 1.05 * plain);
    ck_assert_rel(turned("t3-mca", subs[i], no_queue), quiet, 1e-9);
    /* Where memory delays nobody, the bound of the same kernels holds. */
    ck_assert(turned("t3", subs[i], no_stalls) >=
              turned("ideal-nmc", subs[i], no_stalls) * (1 - 1e-9));
  }
}
END_TEST

/* --- what holds anywhere -------------------------------------------------------------------- */

/* Ends, sends what the standard form sends, is no faster than what it does at once allows. */
static void check_degree(int tp, const char *variant)
{
  struct tp_point point = world_case(&world, "mt-nlg-530b", "h100-nvl64", "ideal", variant);
  const struct tp_point plain =
      world_case(&world, "mt-nlg-530b", "h100-nvl64", "ideal", "standard");
  struct tp_program program, sequential;
  struct tp_error error = {""};
  struct tp_request request = request_at(&point, false, 0);
  request.mesh = tp_mesh_of_tp(tp);
  const struct tp_sublayer_request sub = {
      .model = plain.model, .which = TP_SUBLAYER_OP, .tp = tp, .tokens = 1000};
  if (tp_sublayer_build(&sub, world.arena, &sequential, &error) != TP_OK)
    return; /* a degree that does not divide the width */
  ck_assert_int_eq(tp_sublayer_build(&sub, world.arena, &program, &error), TP_OK);
  ck_assert_msg(tp_variant_rearrange(point.variant, &request, world.arena, &program, &error) ==
                    TP_OK,
                "%s", error.text);
  ck_assert_str_eq(program.title,
                   tp_arena_printf(world.arena, "mt-nlg-530b %s tp=%d op batch=1 prompt=%d",
                                   variant, tp, (int)point.prompt));
  struct tp_machine machine;
  ck_assert_int_eq(tp_machine_make(point.platform, point.device, point.stack, tp, &machine, &error),
                   TP_OK);
  const struct tp_program *const programs[] = {&program, &sequential};
  struct tp_result results[2];
  for (int i = 0; i < 2; i++) {
    const size_t n = programs[i]->segments[0].n_ops;
    struct tp_cost *costs = TP_NEW(world.arena, struct tp_cost, n);
    for (size_t op = 0; op < n; op++)
      costs[op] = tp_cost_op(&machine, false, &programs[i]->segments[0].ops[op]);
    const struct tp_cost *const row[] = {costs};
    const struct tp_run run = {.program = programs[i], .machine = &machine, .costs = row};
    ck_assert_msg(tp_engine_analytic.run(&tp_engine_analytic, &run, world.arena, &results[i],
                                         &error) == TP_OK,
                  "%s", error.text);
  }
  ck_assert_rel(results[0].link_bytes, results[1].link_bytes, 1e-9);
  ck_assert_rel(results[0].flops, results[1].flops, 1e-9);
  ck_assert(results[0].total_s > results[1].comm_s / 2);
}

START_TEST(test_every_degree_ends)
{
  static const char *const variants[] = {"t3:1", "t3-mca:3", "t3:16"};
  for (int tp = 2; tp <= 64; tp++)
    for (int i = 0; i < 3; i++)
      check_degree(tp, variants[i]);
}
END_TEST

START_TEST(test_engines_agree)
{
  static const char *const variants[] = {"t3", "t3-mca", "ideal-nmc", "cu-share:16", "chunked:3"};
  for (int i = 0; i < 5; i++) {
    struct tp_point point = sublayer("mega-gpt-2", 8, subs[i % 4], variants[i]);
    const double analytic_s = predict(&point).e2e_s;
    point.engine = test_des();
    ck_assert_rel(predict(&point).e2e_s, analytic_s, 1e-6);
    if (i > 1)
      continue;
    point.detail = TP_DETAIL_STEP;
    ck_assert_rel(predict(&point).e2e_s, analytic_s, 0.03);
  }
}
END_TEST

START_TEST(test_refused)
{
  struct tp_point point = sublayer("mega-gpt-2", 8, "op", "ladder+t3");
  struct tp_prediction row;
  struct tp_error error;
  struct tp_predictor *predictor = tp_predictor_create();
  ck_assert_int_eq(tp_predict(predictor, &point, &row, &error), TP_OK);
  ck_assert_ptr_nonnull(strstr(row.status, "a sub-layer alone is the same in every architecture"));
  tp_predictor_free(predictor);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("t3");
  TCase *t3 = tcase_create("t3");
  tcase_add_checked_fixture(t3, set_up, tear_down);
  tcase_set_timeout(t3, 120);
  tcase_add_test(t3, test_published);
  tcase_add_test(t3, test_traffic);
  tcase_add_test(t3, test_shortfall);
  tcase_add_test(t3, test_sharing);
  tcase_add_test(t3, test_knobs);
  tcase_add_test(t3, test_every_degree_ends);
  tcase_add_test(t3, test_engines_agree);
  tcase_add_test(t3, test_refused);
  suite_add_tcase(suite, t3);
  return suite;
}

TP_SUITE_MAIN
