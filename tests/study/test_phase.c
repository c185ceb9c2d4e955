/* Training in the result table: the column, its parts, its rows. */
#include "predict/timing.h"
#include "sweep/grid.h"

#include "../request.h"
#include "predicting.h"

#include <string.h>

START_TEST(texts_and_flags_are_one)
{
  for (int flags = 0; flags < 8; flags++) {
    const struct tp_workload made = {.train = true,
                                     .training = {.recompute = flags & 1,
                                                  .sequence_parallel = flags & 2,
                                                  .async_reduce = flags & 4}};
    struct tp_workload read;
    const char *text = tp_workload_text(&made);
    ck_assert_int_eq(strstr(text, "+recompute") != NULL, made.training.recompute);
    ck_assert_int_eq(strstr(text, "+sequence-parallel") != NULL, made.training.sequence_parallel);
    ck_assert_int_eq(strstr(text, "+async-reduce") != NULL, made.training.async_reduce);
    ck_assert_int_eq(tp_workload_parse(text, &read, NULL), TP_OK);
    ck_assert(tp_workload_same(&made, &read));
  }
  struct tp_workload read;
  ck_assert_int_eq(tp_workload_parse("train+async-reduce+recompute", &read, NULL), TP_OK);
  ck_assert_str_eq(tp_workload_text(&read), "train+recompute+async-reduce");
  ck_assert_int_eq(tp_workload_parse("inference", &read, NULL), TP_OK);
  ck_assert_str_eq(tp_workload_text(&read), "inference");
}
END_TEST

static const char *const bad[] = {"",
                                  "trains",
                                  "training",
                                  "train+",
                                  "train+recompute+recompute",
                                  "inference+recompute",
                                  "train+recomputed",
                                  "+recompute"};

START_TEST(others_are_refused)
{
  struct tp_workload read;
  struct tp_error error;
  ck_assert_int_eq(tp_workload_parse(bad[_i], &read, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, "no phase '") != NULL, "%s", error.text);
}
END_TEST

static struct tp_prediction predict(const char *variant, const char *phase)
{
  struct tp_point point =
      world_case(&world, "llama-3.1-8b", "dgx-h100", "gpt-fast-compile", variant);
  struct tp_prediction row;
  struct tp_error error = {.text = ""};
  ck_assert_int_eq(tp_workload_parse(phase, &point.workload, NULL), TP_OK);
  point.batch = 2;
  ck_assert_msg(tp_predict(predictor, &point, &row, &error) == TP_OK, "%s", error.text);
  return row;
}

START_TEST(a_step_is_the_whole_row)
{
  const struct tp_prediction step = predict("standard", "train");
  ck_assert_str_eq(step.status, "ok");
  ck_assert_str_eq(step.phase, "train");
  ck_assert(isnan(step.ttft_s) && isnan(step.ttft_low_s) && isnan(step.ttft_high_s));
  ck_assert(isnan(step.tpot_s) && isnan(step.tpot_low_s) && isnan(step.tpot_high_s));
  ck_assert(isnan(step.generate));
  ck_assert_rel(step.tokens_per_s, 2 * 1024 / step.e2e_s, 1e-15);
  ck_assert_double_eq(step.speedup, 1);
  const struct tp_prediction once = predict("standard", "inference");
  ck_assert_str_eq(once.phase, "inference");
  ck_assert(step.e2e_s > 2 * once.ttft_s && step.memory_bytes > once.memory_bytes);
}
END_TEST

/* Each way of arranging a step costs or saves what it is for, and speedups compare like with like.
 */
START_TEST(arrangements_do_what_they_are_for)
{
  const struct tp_prediction plain = predict("standard", "train");
  const struct tp_prediction again = predict("standard", "train+recompute");
  const struct tp_prediction split = predict("standard", "train+sequence-parallel");
  const struct tp_prediction under = predict("standard", "train+async-reduce");
  ck_assert(again.e2e_s > 1.15 * plain.e2e_s && again.memory_bytes < plain.memory_bytes);
  ck_assert(split.memory_bytes < plain.memory_bytes && split.dram_bytes < plain.dram_bytes);
  ck_assert(under.comm_exposed_s < 0.9 * plain.comm_exposed_s && under.e2e_s < plain.e2e_s);
  const struct tp_prediction ladder = predict("ladder", "train");
  const struct tp_prediction ladder_again = predict("ladder", "train+recompute");
  ck_assert_rel(ladder.speedup, plain.e2e_s / ladder.e2e_s, 1e-15);
  ck_assert_rel(ladder_again.speedup, again.e2e_s / ladder_again.e2e_s, 1e-15);
  ck_assert(ladder.comm_exposed_s < 0.1 * ladder.comm_s);
  const struct tp_prediction kraken = predict("kraken", "train");
  ck_assert(isnan(kraken.e2e_s) && strstr(kraken.status, "training of kraken") != NULL);
}
END_TEST

/* Forward and backward attention of a step have one shape and two costs. */
START_TEST(backward_has_a_cost_of_its_own)
{
  struct tp_timer *timer = tp_timer_create();
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-graph", "standard");
  const struct tp_timed_machine *machine;
  struct tp_program program;
  struct tp_priced priced;
  point.workload.train = true;
  const struct tp_request request = request_at(&point, false, 0);
  ck_assert_int_eq(tp_timer_machine(timer, point.platform, point.device, point.stack, point.mesh.tp,
                                    &machine, NULL),
                   TP_OK);
  ck_assert_int_eq(tp_variant_build(point.variant, &request, world.arena, &program, NULL), TP_OK);
  tp_timer_price(timer, machine, &program, world.arena, &priced);
  double flops[2] = {0};
  for (size_t s = 0; s < program.n_segments; s++)
    for (size_t i = 0; i < program.segments[s].n_ops; i++)
      if (program.segments[s].ops[i].kind == TP_OP_ATTENTION)
        flops[program.segments[s].ops[i].attention.backward] = priced.costs[s][i].flops;
  ck_assert_rel(flops[1], 2.5 * flops[0], 1e-15);
  tp_timer_free(timer);
}
END_TEST

/* A kind of collective that no algorithm serves is an error, and not another one's time. */
START_TEST(what_nothing_prices_is_not_run)
{
  struct tp_timer *timer = tp_timer_create();
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-graph", "standard");
  struct tp_timing timing = {.engine = &tp_engine_analytic};
  struct tp_program program;
  struct tp_priced priced;
  struct tp_result result;
  struct tp_error error;
  const struct tp_request request = request_at(&point, true, 100);
  ck_assert_int_eq(tp_timer_machine(timer, point.platform, point.device, point.stack, point.mesh.tp,
                                    &timing.machine, NULL),
                   TP_OK);
  ck_assert_int_eq(tp_variant_build(point.variant, &request, world.arena, &program, NULL), TP_OK);
  struct tp_segment *body = &program.segments[1];
  size_t i = 0;
  while (body->ops[i].kind != TP_OP_COLLECTIVE)
    i++;
  body->ops[i].collective.kind = (enum tp_collective_kind)TP_N_COLLECTIVES;
  for (int again = 0; again < 2; again++) {
    tp_timer_price(timer, timing.machine, &program, world.arena, &priced);
    ck_assert_int_eq(tp_timing_run(&timing, &priced, world.arena, &result, &error), TP_E_INPUT);
    ck_assert_ptr_nonnull(strstr(error.text, body->ops[i].name));
    ck_assert_ptr_nonnull(strstr(error.text, "no algorithm of stack vllm-graph does"));
  }
  tp_timer_free(timer);
}
END_TEST

START_TEST(a_timeline_of_one_step)
{
  static const char *const names[] = {"compute", "comm", "2", "3"};
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "ideal", "ladder");
  struct tp_timeline timeline = {.arena = world.arena, .stream_names = names};
  point.workload.train = true;
  struct tp_prediction row;
  ck_assert_int_eq(tp_predict(predictor, &point, &row, NULL), TP_OK);
  ck_assert_int_eq(tp_predict_timeline(predictor, &point, &timeline, NULL), TP_OK);
  double end_s = 0;
  for (size_t i = 0; i < timeline.n_spans; i++)
    end_s = fmax(end_s, timeline.spans[i].end_s);
  ck_assert_rel(end_s, row.e2e_s, 1e-9);
}
END_TEST

static void open_grid(struct tp_grid *grid)
{
  static const char *const models[] = {"llama-3.1-8b"}, *const platforms[] = {"dgx-h100"};
  tp_grid_clear(grid);
  grid->axes[TP_AXIS_model] = (struct tp_axis){.words = models, .n = 1};
  grid->axes[TP_AXIS_platform] = (struct tp_axis){.words = platforms, .n = 1};
}

static void check_phase(const struct tp_grid *grid, size_t index, const char *phase)
{
  struct tp_point point;
  struct tp_error error = {.text = ""};
  ck_assert_msg(tp_grid_point(grid, &world.catalog, index, &point, &error) == TP_OK, "%s",
                error.text);
  ck_assert_str_eq(tp_workload_text(&point.workload), phase);
}

START_TEST(an_axis_like_others)
{
  struct tp_grid grid;
  struct tp_error error = {.text = ""};
  struct tp_csv csv;
  open_grid(&grid);
  check_phase(&grid, 0, "inference");
  ck_assert_int_eq(tp_grid_read_yaml(&grid, "s.yaml", "phase: [train, inference]\ntp: [2, 4]\n",
                                     world.arena, &error),
                   TP_OK);
  ck_assert_uint_eq(tp_grid_size(&grid), 4);
  check_phase(&grid, 0, "train");
  check_phase(&grid, 1, "inference");
  check_phase(&grid, 2, "train");
  open_grid(&grid);
  ck_assert_int_eq(
      tp_csv_parse("p.csv", "tp,phase\n2,train+recompute\n4,\n8,bad\n", world.arena, &csv, &error),
      TP_OK);
  ck_assert_int_eq(tp_grid_take_points(&grid, &csv, NULL, world.arena, &error), TP_OK);
  check_phase(&grid, 0, "train+recompute");
  check_phase(&grid, 1, "inference");
  ck_assert_int_eq(tp_grid_check(&grid, &world.catalog, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, "p.csv:4: no phase 'bad'") != NULL, "%s", error.text);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("phase");
  TCase *tcase = tcase_create("phase");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, texts_and_flags_are_one);
  tcase_add_loop_test(tcase, others_are_refused, 0, sizeof bad / sizeof bad[0]);
  tcase_add_test(tcase, a_step_is_the_whole_row);
  tcase_add_test(tcase, arrangements_do_what_they_are_for);
  tcase_add_test(tcase, backward_has_a_cost_of_its_own);
  tcase_add_test(tcase, what_nothing_prices_is_not_run);
  tcase_add_test(tcase, a_timeline_of_one_step);
  tcase_add_test(tcase, an_axis_like_others);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
