/* One point: its times, its interval, and why it cannot run. */
#include "predict/predict.h"
#include "predict/row.h"
#include "predict/timing.h"

#include "../random.h"
#include "../request.h"
#include "predicting.h"

#include <string.h>

static struct tp_point usual(const char *variant)
{
  return world_case(&world, "llama-3.1-70b", "dgx-h100", "gpt-fast-compile", variant);
}

/* A pass run by hand. */
static struct tp_result run_pass(const struct tp_point *point, bool decode, int64_t kv_len)
{
  struct tp_timer *timer = tp_timer_create();
  struct tp_timing timing = {.engine = point->engine};
  const struct tp_request request = request_at(point, decode, kv_len);
  struct tp_program program;
  struct tp_priced priced;
  struct tp_result result;
  ck_assert_int_eq(tp_timer_machine(timer, point->platform, point->device, point->stack,
                                    point->mesh.tp, &timing.machine, NULL),
                   TP_OK);
  ck_assert(timing.machine->machine.program && timing.machine->machine.sustained);
  ck_assert_int_eq(tp_variant_build(point->variant, &request, world.arena, &program, NULL), TP_OK);
  tp_timer_price(timer, timing.machine, &program, world.arena, &priced);
  ck_assert_int_eq(tp_timing_run(&timing, &priced, world.arena, &result, NULL), TP_OK);
  tp_timer_free(timer);
  return result;
}

/* Clocks rise where communication leaves the SMs idle, so that it costs less; not of small GEMMs,
 * which were measured at the highest. */
START_TEST(clocks_rise_between_collectives)
{
  struct tp_point standard = usual("standard"), bound = usual("no-comm");
  struct tp_device device = *standard.device;
  standard.batch = bound.batch = 16;
  const struct tp_prediction before = any_row_of(&standard);
  const double gain = before.ttft_s / any_row_of(&bound).ttft_s;
  device.overlap.burst_ratio = 1.2;
  device.overlap.idle_power_ratio = 0.2;
  device.overlap.dram_power_ratio = 0.5;
  standard.device = bound.device = &device;
  const struct tp_prediction after = any_row_of(&standard);
  ck_assert_double_lt(after.ttft_s, 0.98 * before.ttft_s);
  ck_assert_double_lt(after.ttft_s / any_row_of(&bound).ttft_s, gain - 0.005);
  standard.batch = 1;
  const double step_s = any_row_of(&standard).tpot_s;
  standard.device = usual("standard").device;
  ck_assert_rel(step_s, any_row_of(&standard).tpot_s, 2e-3);
}
END_TEST

/* The same kernels wait in one program and not in the other: what is remembered of a cost is not.
 */
START_TEST(kernels_that_wait_cost_more)
{
  struct tp_point point = usual("no-comm");
  const double alone_s = any_row_of(&point).ttft_s;
  struct tp_device device = *point.device;
  device.overlap.wait_s = 1e-3;
  point.device = &device;
  ck_assert_rel(any_row_of(&point).ttft_s, alone_s, 1e-12);
  struct tp_point standard = usual("standard");
  const double before_s = any_row_of(&standard).ttft_s;
  standard.device = &device;
  ck_assert_rel(any_row_of(&standard).ttft_s, before_s + 2 * 80 * 1e-3, 1e-9); /* 80 layers */
  ck_assert_rel(any_row_of(&point).ttft_s, alone_s, 1e-12);
}
END_TEST

START_TEST(static_cache_is_one_step_many_times)
{
  struct tp_point point = usual("ladder");
  point.batch = 4;
  const struct tp_prediction row = any_row_of(&point);
  const struct tp_result prefill = run_pass(&point, false, 0);
  const struct tp_result step = run_pass(&point, true, 1024 + 512);
  ck_assert_str_eq(row.status, "ok");
  ck_assert_rel(row.ttft_s, prefill.total_s, 1e-12);
  ck_assert_rel(row.tpot_s, step.total_s, 1e-12);
  ck_assert_rel(row.e2e_s, prefill.total_s + 511 * step.total_s, 1e-12);
  ck_assert_rel(row.tokens_per_s, 4 * 512 / row.e2e_s, 1e-12);
  ck_assert_rel(row.comm_s, prefill.comm_s + 511 * step.comm_s, 1e-12);
  ck_assert_rel(row.comm_exposed_s, prefill.comm_exposed_s + 511 * step.comm_exposed_s, 1e-12);
  ck_assert_rel(row.compute_s, prefill.compute_s + 511 * step.compute_s, 1e-12);
  ck_assert_rel(row.flops, prefill.flops + 511 * step.flops, 1e-12);
  ck_assert_rel(row.dram_bytes, prefill.dram_bytes + 511 * step.dram_bytes, 1e-12);
  ck_assert_rel(row.link_bytes, prefill.link_bytes + 511 * step.link_bytes, 1e-12);
  ck_assert(row.link_bytes > 0 && row.fits == 1 && row.nodes == 1 && row.pp == 1);
}
END_TEST

/* ln(high / time) = 1.2816 sigma; sigma joins the fits' variance and the stack's spread. */
START_TEST(interval_joins_fits_and_stack)
{
  struct tp_point point = usual("standard");
  const struct tp_result prefill = run_pass(&point, false, 0);
  const struct tp_result step = run_pass(&point, true, 1024 + 512);
  for (int i = 0; i < 2; i++) {
    struct tp_stack stack = *point.stack;
    stack.spread_ratio = 0.1 * i;
    struct tp_point changed = point;
    changed.stack = &stack;
    const struct tp_prediction row = any_row_of(&changed);
    const double fit_prefill = sqrt(prefill.variance) / prefill.total_s;
    const double fit_step = sqrt(step.variance) / step.total_s;
    ck_assert(fit_prefill > 0 && fit_step > 0);
    ck_assert_rel(log(row.ttft_high_s / row.ttft_s), 1.28155 * hypot(fit_prefill, 0.1 * i), 1e-5);
    ck_assert_rel(log(row.ttft_s / row.ttft_low_s), 1.28155 * hypot(fit_prefill, 0.1 * i), 1e-5);
    ck_assert_rel(log(row.tpot_high_s / row.tpot_s), 1.28155 * hypot(fit_step, 0.1 * i), 1e-5);
    ck_assert_rel(log(row.tpot_s / row.tpot_low_s), 1.28155 * hypot(fit_step, 0.1 * i), 1e-5);
  }
}
END_TEST

START_TEST(speedup_is_over_standard_at_the_same_point)
{
  struct tp_point standard = usual("standard"), ladder = usual("ladder");
  const double alone = any_row_of(&ladder).speedup; /* standard not predicted before */
  const struct tp_prediction base = any_row_of(&standard), fast = any_row_of(&ladder);
  ck_assert_double_eq(base.speedup, 1);
  ck_assert_rel(fast.speedup, base.e2e_s / fast.e2e_s, 1e-15);
  ck_assert_double_eq(alone, fast.speedup);
  ladder.batch = 16; /* the standard one remembered is of another point now */
  standard.batch = 16;
  const struct tp_prediction other = any_row_of(&ladder);
  ck_assert_rel(other.speedup, any_row_of(&standard).e2e_s / other.e2e_s, 1e-15);
}
END_TEST

/* Text that says what standard does is the baseline itself; where it is refused, as in training,
 * the baseline is still the one in C. */
START_TEST(standard_as_text_is_the_baseline)
{
  const struct tp_point text = usual("standard.tpa"), point = usual("standard");
  const struct tp_prediction as_text = any_row_of(&text), standard = any_row_of(&point);
  ck_assert_double_eq(as_text.e2e_s, standard.e2e_s);
  ck_assert_double_eq(as_text.speedup, 1);
  ck_assert_double_eq(as_text.dram_ratio, 1);
  struct tp_point refused = usual("standard.tpa"), ladder = usual("ladder");
  refused.workload.train = ladder.workload.train = true;
  refused.prompt = ladder.prompt = 128;
  refused.model = ladder.model =
      world_case(&world, "llama-3.1-8b", "dgx-h100", "gpt-fast-compile", "ladder").model;
  const struct tp_prediction none = any_row_of(&refused), trained = any_row_of(&ladder);
  ck_assert(isnan(none.e2e_s) && isnan(none.speedup));
  ck_assert_msg(trained.speedup > 1, "%s", trained.status);
}
END_TEST

START_TEST(one_token_needs_no_decode)
{
  struct tp_point point = usual("standard");
  point.generate = 1;
  const struct tp_prediction row = any_row_of(&point);
  ck_assert_str_eq(row.status, "ok");
  ck_assert(isnan(row.tpot_s) && isnan(row.tpot_low_s) && isnan(row.tpot_high_s));
  ck_assert_double_eq(row.e2e_s, row.ttft_s);
  ck_assert_rel(row.tokens_per_s, 1 / row.ttft_s, 1e-15);
}
END_TEST

START_TEST(memory_is_weights_cache_and_activations)
{
  struct tp_point point = usual("standard");
  const double short_bytes = any_row_of(&point).memory_bytes;
  point.generate += 512;
  const double long_bytes = any_row_of(&point).memory_bytes;
  ck_assert_rel(long_bytes - short_bytes, 2.0 * 80 * 128 * 2 * 512, 1e-12); /* 1 KV head a rank */
  const double weight_bytes = (70.55e9 - 2.1e9) * 2 / 8 + 4.2e9; /* whole embedding and head */
  ck_assert(short_bytes > weight_bytes && short_bytes < 1.1 * weight_bytes);
}
END_TEST

/* What cannot run is a row: inputs and reason, no times. */
static void check_refused(const struct tp_point *point, const char *reason)
{
  const struct tp_prediction row = any_row_of(point);
  ck_assert_msg(strstr(row.status, reason) != NULL, "'%s' lacks '%s'", row.status, reason);
  ck_assert_str_eq(row.model, point->model->name);
  ck_assert_double_eq(row.tp, point->mesh.tp);
  ck_assert(isnan(row.ttft_s) && isnan(row.tpot_s) && isnan(row.e2e_s) && isnan(row.speedup));
  ck_assert(isnan(row.tokens_per_s) && isnan(row.comm_s) && isnan(row.flops));
}

START_TEST(points_that_cannot_run)
{
  struct tp_point point = usual("standard");
  point.mesh.tp = 1;
  check_refused(&point, "does not fit: needs 14");
  ck_assert_double_eq(any_row_of(&point).fits, 0);
  point.mesh.tp = 7;
  check_refused(&point, "does not divide its 64 heads");
  point.mesh.tp = 16;
  check_refused(&point, "dgx-h100 has 8");
  point.mesh.tp = 8;
  point.mesh.pp = 2;
  check_refused(&point, "16 ranks need 16 GPUs");
  point.mesh.pp = 1;
  point.nodes = 2;
  check_refused(&point, "sits on 1");
  point.nodes = 1;
  ck_assert_str_eq(any_row_of(&point).status, "ok");

  point = world_case(&world, "gpt3-13b", "dgx-h100", "ideal", "ladder");
  point.prompt = 2048;
  point.generate = 1;
  ck_assert_str_eq(any_row_of(&point).status, "ok");
  point.generate = 2;
  check_refused(&point, "2049 positions");
}
END_TEST

START_TEST(variant_without_a_standard_has_no_speedup)
{
  struct tp_point point = usual("kraken"); /* whole blocks a rank: 7 is fine */
  point.mesh.tp = 7;
  const struct tp_prediction row = any_row_of(&point);
  ck_assert_str_eq(row.status, "ok");
  ck_assert(isnan(row.speedup));
}
END_TEST

/* Costs and machines remembered from other points change nothing: a predictor that has seen much
 * and a fresh one give the same bits. */
START_TEST(memory_of_other_points_does_not_matter)
{
  static const char *const models[] = {"ladder-1b", "llama-3.1-8b", "llama-3.1-70b"};
  static const char *const platforms[] = {"dgx-h100", "dgx-a100-80gb", "l40s-x8", "dgx-h100-nop2p"};
  static const char *const stacks[] = {"vllm-graph", "ideal", "eager", "gpt-fast-compile"};
  static const char *const variants[] = {"standard", "ladder", "parallel", "no-comm"};
  uint64_t random = tp_random_seed(_i);
#define PICK(list) list[tp_random_below(&random, sizeof list / sizeof list[0])]
  for (int i = 0; i < tp_random_cases(150); i++) {
    struct tp_point point =
        world_case(&world, PICK(models), PICK(platforms), PICK(stacks), PICK(variants));
    point.mesh.tp = 1 << tp_random_below(&random, 4);
    point.batch = 1 + (int64_t)tp_random_below(&random, 3);
    point.prompt = 512 << tp_random_below(&random, 2);
    point.generate = 64;
    point.dtype = tp_random_below(&random, 2) == 0 ? TP_DTYPE_FP16 : TP_DTYPE_FP32;
    const struct tp_prediction used = any_row_of(&point);
    struct tp_predictor *fresh = tp_predictor_create();
    struct tp_prediction row;
    ck_assert_int_eq(tp_predict(fresh, &point, &row, NULL), TP_OK);
    tp_predictor_free(fresh);
    ck_assert_str_eq(row.status, used.status);
    if (!isnan(row.e2e_s)) {
      ck_assert_double_eq(row.ttft_s, used.ttft_s);
      ck_assert_double_eq(row.e2e_s, used.e2e_s);
      ck_assert_double_eq(row.tpot_high_s, used.tpot_high_s);
      ck_assert_double_eq(row.speedup, used.speedup);
    }
  }
#undef PICK
}
END_TEST

START_TEST(machines_differ_by_each_part)
{
  struct tp_point point = usual("standard");
  struct tp_stack stack = *point.stack;
  struct tp_device device = *point.device;
  stack.launch.kernel_gap_s += 1e-6;
  device.datasheet.dram_bytes_per_s /= 2;
  const struct tp_prediction before = any_row_of(&point);
  struct tp_point slower = point;
  slower.stack = &stack;
  ck_assert(any_row_of(&slower).tpot_s > 1.01 * before.tpot_s);
  slower.stack = point.stack;
  slower.device = &device;
  ck_assert(any_row_of(&slower).tpot_s > 1.2 * before.tpot_s);
  ck_assert_double_eq(any_row_of(&point).tpot_s, before.tpot_s);
}
END_TEST

START_TEST(timeline_shows_prefill_then_a_step)
{
  static const char *const names[] = {"compute", "comm", "2", "3"};
  struct tp_point point = usual("ladder");
  struct tp_timeline timeline = {.arena = world.arena, .stream_names = names};
  const struct tp_prediction row = any_row_of(&point);
  ck_assert_int_eq(tp_predict_timeline(predictor, &point, &timeline, NULL), TP_OK);
  double end_s = 0;
  for (size_t i = 0; i < timeline.n_spans; i++)
    end_s = fmax(end_s, timeline.spans[i].end_s);
  ck_assert(timeline.n_spans > 2 * 80 * 8);
  ck_assert_rel(end_s, row.ttft_s + row.tpot_s, 1e-9);
  struct tp_error error;
  point.mesh.tp = 1;
  ck_assert_int_eq(tp_predict_timeline(predictor, &point, &timeline, &error), TP_E_INPUT);
}
END_TEST

/* A name may be any path: with a comma, quotes, longer than what a row has room for. */
START_TEST(rows_hold_any_text)
{
  char longest[1000] = "";
  memset(longest, 'x', sizeof longest - 1);
  static const char *const names[] = {"a", "", "a,b", "\"", " a", "a ", "a\nb", "\xC3\xA9"};
  enum { N_NAMES = sizeof names / sizeof *names };
  for (size_t i = 0; i <= N_NAMES; i++) {
    struct tp_prediction row;
    struct tp_csv csv;
    char text[5 * sizeof longest] = "";
    tp_prediction_clear(&row);
    row.model = row.platform = row.phase = i < N_NAMES ? names[i] : longest;
    row.stack = row.variant = row.dtype = row.kv_dtype = row.engine = "b";
    row.tp = row.pp = row.nodes = row.batch = row.prompt = row.generate = 8;
    row.layers = -1.25;
    FILE *const out = fmemopen(text, sizeof text, "w");
    tp_prediction_write_header(tp_n_columns, out);
    tp_row_write(&row, tp_n_columns, out);
    fclose(out);
    ck_assert_int_eq(tp_csv_parse("text", text, world.arena, &csv, NULL), TP_OK);
    ck_assert_uint_eq(csv.n_rows, 1);
    ck_assert_uint_eq(csv.n_columns, TP_N_COLUMNS);
    ck_assert_str_eq(tp_csv_cell(&csv, 0, TP_COLUMN_model), row.model);
    ck_assert_str_eq(tp_csv_cell(&csv, 0, TP_COLUMN_platform), row.model);
    ck_assert_str_eq(tp_csv_cell(&csv, 0, TP_COLUMN_tp), "8");
    ck_assert_str_eq(tp_csv_cell(&csv, 0, TP_COLUMN_e2e_s), "");
    ck_assert_str_eq(tp_csv_cell(&csv, 0, TP_COLUMN_status), "ok");
    ck_assert_str_eq(tp_csv_cell(&csv, 0, TP_COLUMN_phase), row.model);
    ck_assert_str_eq(tp_csv_cell(&csv, 0, TP_COLUMN_layers), "-1.25");
  }
}
END_TEST

/* Each cell in turn changes, and changes back, beside others that stay: the lines are those of a
 * writer that has seen no row before. */
START_TEST(rows_before_do_not_matter)
{
  char longest[100] = "";
  memset(longest, 'x', sizeof longest - 1);
  struct tp_row_writer *const writer = tp_row_writer_create(tp_n_columns);
  for (int i = 0; i < 3 * TP_N_COLUMNS; i++) {
    struct tp_prediction row;
    size_t length;
    tp_prediction_clear(&row);
    row.model = i % 5 == 0 ? longest : i % 7 == 0 ? "a,b" : "";
    row.variant = i % 2 == 0 ? "standard" : "=1+1";
    row.platform = row.stack = row.phase = row.dtype = row.kv_dtype = row.engine = "b";
    row.tp = row.pp = row.nodes = row.batch = row.generate = row.layers = row.dp = row.ep = 8;
    row.prompt = i;
    row.e2e_s = i % 3 == 0 ? (double)NAN : 1.23456789e-7 * i;
    if (i % 4 == 0)
      tp_prediction_refuse(&row, i % 8 == 0 ? "does \"not\" fit, by far" : "no");
    const char *const line = tp_row_writer_line(writer, &row, &length);
    struct tp_row_writer *const fresh = tp_row_writer_create(tp_n_columns);
    size_t fresh_length;
    ck_assert_str_eq(line, tp_row_writer_line(fresh, &row, &fresh_length));
    ck_assert_uint_eq(length, fresh_length);
    ck_assert_uint_eq(length, strlen(line));
    tp_row_writer_free(fresh);
  }
  tp_row_writer_free(writer);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("predict");
  TCase *tcase = tcase_create("points");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, clocks_rise_between_collectives);
  tcase_add_test(tcase, kernels_that_wait_cost_more);
  tcase_add_test(tcase, static_cache_is_one_step_many_times);
  tcase_add_test(tcase, interval_joins_fits_and_stack);
  tcase_add_test(tcase, speedup_is_over_standard_at_the_same_point);
  tcase_add_test(tcase, standard_as_text_is_the_baseline);
  tcase_add_test(tcase, one_token_needs_no_decode);
  tcase_add_test(tcase, memory_is_weights_cache_and_activations);
  tcase_add_test(tcase, points_that_cannot_run);
  tcase_add_test(tcase, variant_without_a_standard_has_no_speedup);
  tcase_add_loop_test(tcase, memory_of_other_points_does_not_matter, 0, 4);
  tcase_add_test(tcase, machines_differ_by_each_part);
  tcase_add_test(tcase, rows_hold_any_text);
  tcase_add_test(tcase, rows_before_do_not_matter);
  tcase_add_test(tcase, timeline_shows_prefill_then_a_step);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
