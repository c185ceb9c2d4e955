/* Benchmarks on the host device: what they issue, and times that are the cost model's. */
#define _XOPEN_SOURCE 700
#include "base/csv.h"
#include "bench/choice.h"
#include "bench/host.h"
#include "bench/suite.h"
#include "host/host.h"
#include "ops/interference.h"

#include "trace_folder.h"

static const char *const roots[] = {TP_SRCDIR};
static const struct tp_datadir dirs = {roots, 1};
static struct trace_folder folder;
static struct tp_error error;
static struct tp_setup *setup;
static struct tp_rig rig;
static struct tp_load load_beside;
static double clock_s, look_s;

/* Each look takes so long. */
static double now_s(void *data)
{
  (void)data;
  return clock_s += look_s;
}

static void must(enum tp_status status)
{
  ck_assert_msg(status == TP_OK, "%s", error.text);
}

static void run_section(const struct tp_suite *suite, enum tp_section section, double budget_s)
{
  struct tp_stage stages[TP_MOST_STAGES];
  const size_t n = tp_suite_stages(section, stages);
  const double end_s = suite->now_s(suite->data) + budget_s;
  for (size_t i = 0; i < n; i++) {
    struct tp_failures failures = {.n = 0};
    const double left_s = end_s - suite->now_s(suite->data);
    must(tp_suite_run_stage(suite, &stages[i], tp_stage_budget_s(stages, n, i, left_s), &failures,
                            &error));
  }
}

static void open_all(void)
{
  const struct tp_setup_request request = {.platform = "dgx-h200", .stack = "tpsim-cuda"};
  folder = trace_folder_make();
  must(tp_setup_open(&dirs, &request, folder.arena, &setup, &error));
  clock_s = look_s = 0;
  rig = (struct tp_rig){.setup = setup, .opener = tp_opener_host(&load_beside)};
}

static void close_all(void)
{
  tp_rig_close(&rig);
  trace_folder_remove(&folder);
}

START_TEST(rounds_by_hand)
{
  /* 4 MiB of weights against 2 x 16 MiB: 8 copies and one more. */
  const struct tp_lone_op gemm = tp_lone_gemm(16, 2048, 1024, TP_DTYPE_BF16);
  struct tp_op_rounds rounds = tp_op_rounds(&gemm, 16 << 20, 1e-6, 1e-3);
  ck_assert_int_eq(rounds.copies, 9);
  ck_assert_int_eq(rounds.repeats, 9 * 56); /* 1000 / 9 = 112 rounds are more than 512 repeats */
  rounds = tp_op_rounds(&gemm, 16 << 20, 50e-6, 1e-3);
  ck_assert_int_eq(rounds.repeats, 9 * 3); /* 20 wanted: two rounds are 18 */
  rounds = tp_op_rounds(&gemm, 16 << 20, 1, 1e-3);
  ck_assert_int_eq(rounds.repeats, 9); /* each copy once, however long */
  const struct tp_lone_op half = tp_lone_gemm(16, 2048, 1024, TP_DTYPE_FP8);
  ck_assert_int_eq(tp_op_rounds(&half, 16 << 20, 1, 1e-3).copies, 17);
  const struct tp_lone_op copy = tp_lone_rows(TP_FUNCTION_COPY, (struct tp_row_shape){4, 8});
  ck_assert_int_eq(tp_op_rounds(&copy, 16 << 20, 100e-6, 1e-3).copies, 1);
  ck_assert_int_eq(tp_op_rounds(&copy, 16 << 20, 100e-6, 1e-3).repeats, 10);
  const struct tp_lone_op tiny = tp_lone_gemm(1, 16, 16, TP_DTYPE_BF16);
  ck_assert_int_eq(tp_op_rounds(&tiny, 16 << 20, 1e-6, 1e-3).copies, 256);
}
END_TEST

static const struct tp_attention decode = {.batch = 2,
                                           .query_len = 1,
                                           .kv_len = 8,
                                           .heads = 4,
                                           .kv_heads = 2,
                                           .head_dim = 16,
                                           .dtype = TP_DTYPE_BF16},
                                 prefill = {.batch = 2,
                                            .query_len = 8,
                                            .kv_len = 8,
                                            .heads = 4,
                                            .kv_heads = 2,
                                            .head_dim = 16,
                                            .dtype = TP_DTYPE_BF16};

/* Bytes of a bf16 GEMM 2 x 3 x 5 with two copies: x 20, weight 2 x 30, y 12. */
START_TEST(bytes_by_hand)
{
  struct tp_program program;
  const struct tp_op_rounds two = {.copies = 2, .repeats = 6};
  const struct tp_lone_op gemm = tp_lone_gemm(2, 3, 5, TP_DTYPE_BF16);
  tp_lone_program(&gemm, &two, 1, folder.arena, &program);
  ck_assert_rel(tp_lone_bytes(&program, &two), 20 + 60 + 12, 1e-12);
  ck_assert_int_eq(program.segments[0].repeat, 6);
  /* qkv 2 x (4 + 2*2) * 16 elements, two caches of 2 x 8 rows of 32 in two copies each, lengths,
   * attended 2 x 64 */
  const struct tp_lone_op attention = tp_lone_attention(&decode);
  tp_lone_program(&attention, &two, 1, folder.arena, &program);
  ck_assert_rel(tp_lone_bytes(&program, &two),
                2 * 2 * 128 + 2 * 2 * 2 * 16 * 32 + 2 * 4 + 2 * 2 * 64, 1e-12);
  /* up and gate 2 x 14, their product 2 x 7 */
  const struct tp_lone_op activation =
      tp_lone_rows(TP_FUNCTION_ACTIVATION, (struct tp_row_shape){2, 7});
  tp_lone_program(&activation, &two, 1, folder.arena, &program);
  ck_assert_rel(tp_lone_bytes(&program, &two), 2 * 2 * 14 + 2 * 2 * 7, 1e-12);
  const struct tp_collective gather = {
      .kind = TP_ALL_GATHER, .bytes = 1024, .dtype = TP_DTYPE_BF16};
  const struct tp_lone_op collective = tp_lone_collective(&gather);
  tp_lone_program(&collective, &(struct tp_op_rounds){1, 1}, 4, folder.arena, &program);
  ck_assert_rel(tp_lone_bytes(&program, &two), 256 + 1024, 1e-12);
}
END_TEST

/* Memory ops are counted as the programs of a model count them. */
START_TEST(rows_as_in_a_program)
{
  struct tp_model model;
  struct tp_variant standard;
  struct tp_program program;
  must(tp_model_open(TP_SRCDIR "/models/llama-3.1-8b.json", folder.arena, &model, &error));
  must(tp_variant_parse("standard", folder.arena, &standard, &error));
  const struct tp_request request = {
      .model = &model,
      .mesh = tp_mesh_of_tp(2),
      .batch = tp_batch_decode(3, 9),
      .kv_capacity = 16,
      .dtype = TP_DTYPE_BF16,
      .operands = true,
      .style = {.fused_residual_norm = true, .fused_rope = true, .head_sharded = true}};
  must(tp_variant_build(&standard, &request, folder.arena, &program, &error));
  const struct tp_attention shard = {.heads = 16, .kv_heads = 4, .head_dim = 128};
  const struct tp_lone_op lone[] = {
      tp_lone_rows(TP_FUNCTION_NORM, (struct tp_row_shape){3, 4096}),
      tp_lone_rows(TP_FUNCTION_ADD_NORM, (struct tp_row_shape){3, 4096}),
      tp_lone_rows(TP_FUNCTION_ACTIVATION, (struct tp_row_shape){3, 7168}),
      tp_lone_heads(TP_FUNCTION_ROPE_CACHE, 3, &shard),
      tp_lone_rows(TP_FUNCTION_SAMPLE, (struct tp_row_shape){3, 128256}),
  };
  enum { N = sizeof lone / sizeof lone[0] };
  int met[N] = {0};
  for (size_t s = 0; s < program.n_segments; s++)
    for (size_t i = 0; i < program.segments[s].n_ops; i++)
      for (size_t k = 0; k < N; k++) {
        const struct tp_op *op = &program.segments[s].ops[i], *mine = &lone[k].op;
        if (op->kind != TP_OP_MEMORY || op->memory.function != mine->memory.function)
          continue;
        met[k]++;
        ck_assert_rel(mine->memory.read_bytes, op->memory.read_bytes, 1e-12);
        ck_assert_rel(mine->memory.write_bytes, op->memory.write_bytes, 1e-12);
        ck_assert_int_eq(mine->memory.heads, op->memory.heads);
      }
  for (size_t k = 0; k < N; k++)
    ck_assert_msg(met[k] > 0, "%s is not in the program", lone[k].op.name);
}
END_TEST

/* Every kind of op that is benched can be computed from the operands it is given. */
START_TEST(ops_run)
{
  const struct tp_lone_op lone[] = {
      tp_lone_gemm(3, 32, 16, TP_DTYPE_BF16),
      tp_lone_gemm(3, 32, 16, TP_DTYPE_FP8),
      tp_lone_attention(&decode),
      tp_lone_attention(&prefill),
      tp_lone_rows(TP_FUNCTION_COPY, (struct tp_row_shape){3, 32}),
      tp_lone_rows(TP_FUNCTION_NORM, (struct tp_row_shape){3, 32}),
      tp_lone_rows(TP_FUNCTION_ADD_NORM, (struct tp_row_shape){3, 32}),
      tp_lone_rows(TP_FUNCTION_ACTIVATION, (struct tp_row_shape){3, 32}),
      tp_lone_heads(TP_FUNCTION_ROPE_CACHE, 3, &decode),
      tp_lone_heads(TP_FUNCTION_ROPE_CACHE, 128, &prefill),
      tp_lone_rows(TP_FUNCTION_SAMPLE, (struct tp_row_shape){3, 32}),
  };
  struct tp_machine machine;
  must(tp_rig_machine(&rig, 1, &machine, &error));
  for (size_t i = 0; i < sizeof lone / sizeof lone[0]; i++) {
    struct tp_host *host = tp_host_create(
        &(struct tp_host_options){.ranks = 1, .arithmetic = true, .machine = &machine});
    const struct tp_bench bench = {.calls = tp_host_calls(host, 0)};
    struct tp_lone_run *run;
    struct tp_spread spread;
    must(tp_lone_open(&bench, &machine, &lone[i], &run, &error));
    must(tp_lone_measure(&bench, run, 0, &spread, &error));
    const struct tp_cost cost = tp_cost_op(&machine, true, &lone[i].op);
    ck_assert_msg(fabs(spread.median_s / tp_cost_alone_s(&machine, &cost) - 1) < 1e-9, "%s: %g s",
                  lone[i].op.name, spread.median_s);
    ck_assert_int_eq(spread.n, 5);
    tp_lone_close(run);
    tp_host_free(host);
  }
}
END_TEST

START_TEST(refuses_too_large)
{
  struct tp_rig_device *device;
  struct tp_lone_run *run;
  const struct tp_lone_op gemm = tp_lone_gemm(1, 400000, 400000, TP_DTYPE_BF16);
  must(tp_rig_at(&rig, 1, &device, &error));
  ck_assert_int_eq(tp_lone_open(&device->bench, &device->machine, &gemm, &run, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "gemm: needs 640 GB of 128"));
}
END_TEST

/* Of all: what needs no stand-in first, and odd rows last; of a section its own alone. */
START_TEST(stages_in_order)
{
  struct tp_stage stages[TP_MOST_STAGES];
  size_t n = tp_suite_stages(TP_N_SECTIONS, stages);
  ck_assert_uint_ge(n, 15);
  ck_assert_int_eq(stages[1].table, TP_TABLE_LAYERS);
  ck_assert_int_eq(stages[1].round, 0);
  ck_assert_int_eq(stages[n - 1].round, TP_ROUNDS - 1);
  for (size_t i = 1; i < n; i++)
    ck_assert_int_ge(stages[i].round, stages[i - 1].round);
  n = tp_suite_stages(TP_SECTION_LAYERS, stages);
  ck_assert_uint_eq(n, 3);
  ck_assert_rel(tp_stage_budget_s(stages, n, 0, 60), 60 * 0.06 / 0.4, 1e-9);
  ck_assert_rel(tp_stage_budget_s(stages, n, 1, 50), 50 * 0.18 / 0.34, 1e-9);
  ck_assert_rel(tp_stage_budget_s(stages, n, 2, 33), 33, 1e-9);
}
END_TEST

START_TEST(platform_of_a_gpu)
{
  const char *platform;
  must(tp_platform_like(&dirs, 132, 150.1e9, folder.arena, &platform, &error));
  ck_assert_str_eq(platform, "dgx-h200");
  must(tp_platform_like(&dirs, 132, 85.0e9, folder.arena, &platform, &error));
  ck_assert_str_eq(platform, "dgx-h100");
  ck_assert_int_eq(tp_platform_like(&dirs, 7, 1e9, folder.arena, &platform, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "7 SMs and 1 GB is known; say --platform"));
}
END_TEST

static const int degrees[] = {1, 2};
static const int64_t batches[] = {1, 4};
static struct tp_model model;
static struct tp_variant variants[3];
static struct tp_trace_source source;

static struct tp_suite suite_of(void)
{
  static const char *const names[] = {"standard", "ladder", "kraken"};
  must(tp_model_open(TP_SRCDIR "/models/llama-3.1-8b.json", folder.arena, &model, &error));
  for (int i = 0; i < 3; i++)
    must(tp_variant_parse(names[i], folder.arena, &variants[i], &error));
  source = (struct tp_trace_source){.directory = folder.path,
                                    .device = "host",
                                    .virtual_clock = true,
                                    .version = "0",
                                    .date = "today"};
  const struct tp_point_grid grid = {.models = &model,
                                     .n_models = 1,
                                     .tps = degrees,
                                     .n_tps = 2,
                                     .variants = variants,
                                     .n_variants = 3,
                                     .batches = batches,
                                     .n_batches = 2,
                                     .prompt = 256,
                                     .layers = 2,
                                     .dtype = TP_DTYPE_BF16,
                                     .emulated = true};
  struct tp_suite suite = {.rig = &rig,
                           .source = &source,
                           .shapes = {&model, 1, degrees, 2, variants, 3},
                           .layers = grid,
                           .generate = grid,
                           .ranks = 2,
                           .now_s = now_s};
  suite.generate.generate = 70;
  return suite;
}

static bool launched;

static enum tp_status no_memory(struct tp_device_state *state, size_t bytes, void **memory,
                                struct tp_error *reason)
{
  (void)state;
  (void)memory;
  return tp_fail(reason, TP_E_ENVIRONMENT, "no room for %s", bytes > 0 ? "it" : "nothing");
}

/* What would wait for the others on a GPU. */
static enum tp_status launch_noted(struct tp_device_state *state, const struct tp_bound_op *bound,
                                   struct tp_error *reason)
{
  (void)state;
  (void)bound;
  launched = true;
  return tp_fail(reason, TP_E_CHECK, "launched, though a rank is missing");
}

/* Rank 1 of three has no memory: nobody launches, and all know why; 0: ops, 1: passes. */
START_TEST(one_rank_cannot)
{
  const struct tp_suite suite = suite_of();
  struct tp_team *group;
  struct tp_rig_device *device;
  struct tp_lone_run *run = NULL;
  struct tp_generation *generation = NULL;
  const struct tp_collective sum = {.kind = TP_ALL_REDUCE, .bytes = 1024, .dtype = TP_DTYPE_BF16};
  const struct tp_lone_op lone = tp_lone_collective(&sum);
  const struct tp_generation_point point = {.model = suite.layers.models,
                                            .variant = &suite.layers.variants[0],
                                            .batch = 1,
                                            .prompt = 16,
                                            .generate = 2,
                                            .dtype = TP_DTYPE_BF16};
  must(tp_team_start(3, &group, &error));
  rig.group = group;
  enum tp_status status = tp_rig_at(&rig, 2, &device, &error);
  if (status == TP_OK) {
    device->calls.launch = launch_noted;
    if (tp_team_rank(group) == 1)
      device->calls.allocate = no_memory;
    status = _i == 0 ? tp_lone_open(&device->bench, &device->machine, &lone, &run, &error)
                     : tp_generation_open(device, &point, &generation, &error);
  }
  const bool told = strcmp(error.text, "rank 1: no room for it") == 0;
  if (status == TP_E_ENVIRONMENT && told && !launched)
    status = TP_OK;
  else
    status = TP_E_CHECK;
  ck_assert_msg(tp_team_end(group, status, &error) == TP_OK, "%s", error.text);
  rig.group = NULL;
}
END_TEST

/* What was virtual says so, and a table can be read. */
START_TEST(layers_and_generate)
{
  const struct tp_suite suite = suite_of();
  struct tp_csv csv;
  double ttft_s, tpot_s, e2e_s;
  run_section(&suite, TP_SECTION_LAYERS, 1e9);
  ck_assert_ptr_nonnull(strstr(trace_folder_text(&folder, "layers.csv.json"), "virtual clock"));
  must(tp_csv_open(trace_folder_file(&folder, "layers.csv"), folder.arena, &csv, &error));
  ck_assert_uint_eq(csv.n_rows, 2 + 3 * 2); /* degree 1: standard alone */
  run_section(&suite, TP_SECTION_GENERATE, 1e9);
  must(tp_csv_open(trace_folder_file(&folder, "generate.csv"), folder.arena, &csv, &error));
  ck_assert_uint_eq(csv.n_rows, 8);
  for (size_t row = 0; row < csv.n_rows; row++) {
    must(tp_csv_number(&csv, row, tp_csv_column(&csv, "ttft_s"), &ttft_s, &error));
    must(tp_csv_number(&csv, row, tp_csv_column(&csv, "tpot_s"), &tpot_s, &error));
    must(tp_csv_number(&csv, row, tp_csv_column(&csv, "e2e_s"), &e2e_s, &error));
    ck_assert_rel(e2e_s, ttft_s + 69 * tpot_s, 1e-6);
    ck_assert_double_gt(ttft_s, tpot_s);
    const bool alone = strcmp(tp_csv_cell(&csv, row, tp_csv_column(&csv, "tp")), "1") == 0;
    ck_assert_str_eq(tp_csv_cell(&csv, row, tp_csv_column(&csv, "emulated")), alone ? "0" : "1");
  }
}
END_TEST

/* The virtual clock of a program without overlap is the sum of its ops. */
START_TEST(times_by_the_model)
{
  struct tp_suite suite = suite_of();
  struct tp_csv csv;
  struct tp_machine machine;
  suite.layers.n_variants = suite.layers.n_batches = 1;
  run_section(&suite, TP_SECTION_LAYERS, 1e9);
  must(tp_csv_open(trace_folder_file(&folder, "layers.csv"), folder.arena, &csv, &error));
  ck_assert_uint_eq(csv.n_rows, 2);
  struct tp_model cut = model;
  cut.layers = 2;
  rig.programs = true;
  for (size_t row = 0; row < 2; row++) {
    double tp, ttft_s, tpot_s;
    must(tp_csv_number(&csv, row, tp_csv_column(&csv, "tp"), &tp, &error));
    must(tp_csv_number(&csv, row, tp_csv_column(&csv, "ttft_s"), &ttft_s, &error));
    must(tp_csv_number(&csv, row, tp_csv_column(&csv, "tpot_s"), &tpot_s, &error));
    must(tp_rig_machine(&rig, (int)tp, &machine, &error));
    ck_assert(machine.program && machine.sustained);
    machine.sustained = false; /* the virtual clock does not sink */
    const struct tp_generation_point point = {.model = &cut,
                                              .variant = &variants[0],
                                              .batch = 1,
                                              .prompt = 256,
                                              .generate = 2,
                                              .dtype = TP_DTYPE_BF16};
    struct tp_generation_expected expected;
    must(tp_generation_expect(&machine, &point, &expected, &error));
    ck_assert_rel(ttft_s, expected.prefill_s, 1e-8);
    ck_assert_rel(tpot_s, expected.step_s, 1e-8);
  }
}
END_TEST

/* GPU time that a spy on a device's marks sees go by, and when it rested. */
static struct {
  struct tp_calls calls;
  double done_s, rested_s, rested_at_s;
  int n_rests;
  bool finished;
} load;

static enum tp_status load_seconds(struct tp_device_state *state, int from, int to, double *seconds,
                                   struct tp_error *reason)
{
  const enum tp_status status = load.calls.seconds(state, from, to, seconds, reason);
  load.done_s += *seconds;
  load.finished = false;
  return status;
}

static enum tp_status load_finish(struct tp_device_state *state, struct tp_error *reason)
{
  load.finished = true;
  return load.calls.finish(state, reason);
}

static void rest(double seconds)
{
  ck_assert(load.finished);
  load.n_rests++;
  load.rested_s = seconds;
  load.rested_at_s = load.done_s;
}

/* A budget of 5 s: 1 s of rest, then 4 s without a pause; no clock is virtual and keeps its rate.
 */
START_TEST(sustained_rests_then_runs)
{
  struct tp_rig_device *device;
  struct tp_agenda loaded;
  must(tp_rig_at(&rig, 1, &device, &error));
  load.calls = device->calls;
  device->calls.seconds = load_seconds;
  device->calls.finish = load_finish;
  must(tp_agenda_sustained(&rig, rest, folder.arena, &loaded, &error));
  ck_assert_uint_eq(loaded.n, 4);
  for (size_t i = 0; i < loaded.n; i++) {
    struct tp_trace_row row;
    load.done_s = load.n_rests = 0;
    tp_trace_row_clear(&row, loaded.layout);
    loaded.name(loaded.data, i, &row);
    must(loaded.measure(loaded.data, i, 5, &row, &error));
    ck_assert_int_eq(load.n_rests, 1);
    ck_assert_rel(load.rested_s, 1, 1e-9);
    ck_assert_double_lt(load.rested_at_s, 0.1);
    ck_assert_double_gt(load.done_s, 4);
    ck_assert_double_lt(load.done_s, 5.5);
    ck_assert_str_eq(row.cells[0], "gemm");
    ck_assert_str_eq(row.cells[4], i < 2 ? "bf16" : "fp8");
    ck_assert_rel(strtod(row.cells[5], NULL), strtod(row.cells[6], NULL), 1e-8);
    ck_assert_rel(strtod(row.cells[5], NULL) * 1e-6, loaded.expect_s(loaded.data, i), 1e-8);
  }
}
END_TEST

/* In turn a repetition is both and what streams and events take, hidden it is the kernels. */
START_TEST(crossings_as_the_model_has_them)
{
  struct tp_agenda plan;
  must(tp_agenda_crossings(&rig, folder.arena, &plan, &error));
  ck_assert_uint_eq(plan.n, 10);
  const double crossing_us = 1e6 * rig.setup->device.overlap.crossing_s;
  ck_assert_double_gt(crossing_us, 1);
  int n_hidden = 0;
  for (size_t i = 0; i < plan.n; i++) {
    struct tp_trace_row row;
    tp_trace_row_clear(&row, plan.layout);
    plan.name(plan.data, i, &row);
    must(plan.measure(plan.data, i, 0, &row, &error));
    const double kernels = strtod(row.cells[5], NULL), kernel_us = strtod(row.cells[6], NULL);
    const double collective_us = strtod(row.cells[7], NULL), us = strtod(row.cells[8], NULL);
    ck_assert_str_eq(row.cells[0], "all_reduce");
    ck_assert_str_eq(row.cells[2], i < 5 ? "2" : "8");
    if (kernels > 1) {
      ck_assert_double_lt(1.2 * collective_us, (kernels - 1) * kernel_us);
      ck_assert_rel(us, kernels * kernel_us, 1e-3); /* but for the first one's and the last's */
      n_hidden++;
    } else {
      ck_assert_rel(us, kernel_us + collective_us + crossing_us, 1e-6);
    }
  }
  ck_assert_int_eq(n_hidden, 4);
}
END_TEST

/* What a generation asks of its device: lengths written, graphs captured and replayed. */
static struct {
  struct tp_calls calls;
  const struct tp_graph *graph;
  int32_t length;
  int n_writes, n_captures, n_launched; /* since the last capture */
  bool capturing, finished;
} spied;

static enum tp_status spy_launch(struct tp_device_state *state, const struct tp_bound_op *bound,
                                 struct tp_error *reason)
{
  spied.n_launched += !spied.capturing;
  spied.finished = false;
  return spied.calls.launch(state, bound, reason);
}

static enum tp_status spy_finish(struct tp_device_state *state, struct tp_error *reason)
{
  spied.finished = true;
  return spied.calls.finish(state, reason);
}

/* Libraries make room when they first run, which they cannot in a capture. */
static enum tp_status spy_capture(struct tp_device_state *state, struct tp_error *reason)
{
  ck_assert(spied.n_launched > 0 && spied.finished);
  spied.capturing = true;
  spied.n_captures++;
  return spied.calls.capture(state, reason);
}

static enum tp_status spy_capture_end(struct tp_device_state *state, struct tp_graph **graph,
                                      struct tp_error *reason)
{
  spied.capturing = false;
  spied.n_launched = 0;
  return spied.calls.capture_end(state, graph, reason);
}

static enum tp_status spy_write(struct tp_device_state *state, void *to, const void *from,
                                size_t bytes, struct tp_error *reason)
{
  spied.length = *(const int32_t *)from;
  spied.n_writes++;
  return spied.calls.write(state, to, from, bytes, reason);
}

static enum tp_status spy_replay(struct tp_device_state *state, struct tp_graph *graph,
                                 struct tp_error *reason)
{
  spied.graph = graph;
  return spied.calls.replay(state, graph, reason);
}

/* 70 tokens: prefill, steps 1 to 64 by one graph, 65 to 69 by the next. */
START_TEST(lengths_and_graphs)
{
  const struct tp_suite suite = suite_of();
  struct tp_rig_device *device;
  struct tp_generation *generation;
  const struct tp_graph *graphs[70];
  struct tp_model cut = model;
  cut.layers = 1;
  const struct tp_generation_point point = {.model = &cut,
                                            .variant = &suite.layers.variants[0],
                                            .batch = 3,
                                            .prompt = 32,
                                            .generate = 70,
                                            .dtype = TP_DTYPE_BF16};
  must(tp_rig_at(&rig, 2, &device, &error));
  spied.calls = device->calls;
  device->calls.launch = spy_launch;
  device->calls.finish = spy_finish;
  device->calls.capture = spy_capture;
  device->calls.capture_end = spy_capture_end;
  device->calls.write = spy_write;
  device->calls.replay = spy_replay;
  must(tp_generation_open(device, &point, &generation, &error));
  ck_assert_int_eq(spied.n_captures, 3);
  must(tp_generation_begin_prefill(generation, &error));
  ck_assert_int_eq(spied.length, 32);
  must(tp_generation_prefill(generation, &error));
  graphs[0] = spied.graph;
  for (int step = 1; step <= 69; step++) {
    spied.n_writes = 0;
    must(tp_generation_begin_step(generation, step, &error));
    ck_assert_int_eq(spied.length, 32 + step);
    ck_assert_int_eq(spied.n_writes, 1);
    must(tp_generation_step(generation, step, &error));
    graphs[step] = spied.graph;
  }
  for (int step = 1; step <= 69; step++)
    ck_assert_ptr_eq(graphs[step], graphs[step <= 64 ? 1 : 65]);
  ck_assert_ptr_ne(graphs[0], graphs[1]);
  ck_assert_ptr_ne(graphs[1], graphs[65]);
  tp_generation_close(generation);
}
END_TEST

/* A prompt that does not fit is halved; a model that does not is left out. */
START_TEST(shorter_to_fit)
{
  struct tp_suite suite = suite_of();
  struct tp_agenda plan;
  static const int64_t many[] = {512};
  suite.layers.batches = many;
  suite.layers.n_batches = 1;
  suite.layers.prompt = 8192;
  suite.layers.n_tps = 1;
  must(tp_agenda_points(&rig, &suite.layers, folder.arena, &plan, &error));
  ck_assert_uint_eq(plan.n, 1);
  struct tp_trace_row row;
  tp_trace_row_clear(&row, plan.layout);
  plan.name(plan.data, 0, &row);
  ck_assert_str_eq(row.cells[6], "1024");
  struct tp_device small = setup->device;
  small.datasheet.dram_bytes = 4e9;
  setup->device = small;
  must(tp_agenda_points(&rig, &suite.layers, folder.arena, &plan, &error));
  ck_assert_uint_eq(plan.n, 0);
}
END_TEST

/* A row's shape is that of what was timed, and beside the load it lasts as the model has it. */
static void check_interference(void)
{
  struct tp_csv csv;
  struct tp_machine machine;
  int n_gemms = 0, n_slowed = 0;
  must(tp_rig_machine(&rig, 1, &machine, &error));
  must(tp_csv_open(trace_folder_file(&folder, "interference.csv"), folder.arena, &csv, &error));
  for (size_t row = 0; row < csv.n_rows; row++) {
    enum { N_CELLS = 7 };
    double cells[N_CELLS];
    static const char *const columns[N_CELLS] = {
        "m", "n", "k", "alone_us", "time_us", "held_sms", "copy_bytes_per_s"};
    if (strcmp(tp_csv_cell(&csv, row, tp_csv_column(&csv, "op")), "gemm") != 0)
      continue;
    for (int c = 0; c < N_CELLS; c++)
      must(tp_csv_number(&csv, row, tp_csv_column(&csv, columns[c]), &cells[c], &error));
    const struct tp_lone_op gemm =
        tp_lone_gemm((int64_t)cells[0], (int64_t)cells[1], (int64_t)cells[2], TP_DTYPE_BF16);
    const struct tp_cost cost = tp_cost_bare(&machine, &gemm.op);
    ck_assert_rel(cells[3], 1e6 * tp_cost_alone_s(&machine, &cost), 1e-8);
    const struct tp_interference loaded = {cells[5], cells[6]};
    ck_assert_rel(cells[4], 1e6 * tp_interference_time_s(&machine, &cost, &loaded), 1e-6);
    n_slowed += cells[4] > 1.01 * cells[3];
    n_gemms++;
  }
  ck_assert_int_ge(n_gemms, 12);
  ck_assert_int_ge(n_slowed, 12);
}

START_TEST(shapes_of_shards)
{
  const struct tp_suite suite = suite_of();
  struct tp_shapes shapes;
  tp_shapes_collect(&suite.shapes, folder.arena, &shapes);
  static const int64_t wanted[][2] = {
      {6144, 4096},   {3072, 4096},  {4096, 4096},   {4096, 2048}, /* qkv and out at 1 and 2 */
      {28672, 4096},  {14336, 4096}, {4096, 14336},  {4096, 7168}, /* up and down */
      {128256, 4096}, {64128, 4096}, {16384, 16384},               /* head; powers of two */
  };
  for (size_t w = 0; w < sizeof wanted / sizeof wanted[0]; w++) {
    int met = 0;
    for (size_t i = 0; i < shapes.n_gemms; i++)
      met += shapes.gemms[i].n == wanted[w][0] && shapes.gemms[i].k == wanted[w][1];
    ck_assert_msg(met == 1, "%lld x %lld is there %d times", (long long)wanted[w][0],
                  (long long)wanted[w][1], met);
  }
  ck_assert_uint_ge(shapes.n_attentions, 2); /* 32/8 and 16/4 heads; Kraken's */
  for (size_t i = 1; i < shapes.n_gemms; i++)
    ck_assert_int_le(shapes.gemms[i - 1].n * shapes.gemms[i - 1].k,
                     shapes.gemms[i].n * shapes.gemms[i].k);
}
END_TEST

/* Length of a line's first `n` cells. */
static size_t cells_length(const char *line, int n)
{
  const char *end = line;
  while (*end != '\n' && *end != '\0' && (*end != ',' || --n > 0))
    end++;
  return (size_t)(end - line);
}

/* The same rows in the same order, as far as `part` goes: the last digit of a time depends on when
 * it was read. */
static bool is_begin_of(const char *part, const char *whole, int n_keys)
{
  for (; *part != '\0'; part = strchr(part, '\n') + 1, whole = strchr(whole, '\n') + 1) {
    const size_t length = cells_length(part, n_keys);
    if (cells_length(whole, n_keys) != length || strncmp(part, whole, length) != 0)
      return false;
  }
  return true;
}

/* Little time: the cheap rows; more time: the others, and the same file as at once. */
START_TEST(interference_is_whole_when_interrupted)
{
  struct tp_suite suite = suite_of();
  struct tp_beside beside = tp_beside_host(&load_beside);
  suite.beside = &beside;
  run_section(&suite, TP_SECTION_INTERFERENCE, 1e9);
  check_interference();
  const char *const whole = trace_folder_text(&folder, "interference.csv");
  unlink(trace_folder_file(&folder, "interference.csv"));
  look_s = 100;
  run_section(&suite, TP_SECTION_INTERFERENCE, 1000);
  const char *const part = trace_folder_text(&folder, "interference.csv");
  ck_assert_uint_gt(strlen(part), 0);
  ck_assert_uint_lt(strlen(part), strlen(whole));
  ck_assert(is_begin_of(part, whole, 16));
  look_s = 0;
  run_section(&suite, TP_SECTION_INTERFERENCE, 1e9);
  ck_assert(is_begin_of(whole, trace_folder_text(&folder, "interference.csv"), 16));
  ck_assert(is_begin_of(trace_folder_text(&folder, "interference.csv"), whole, 16));
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("bench on the host");
  TCase *tcase = tcase_create("cases");
  tcase_add_checked_fixture(tcase, open_all, close_all);
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, rounds_by_hand);
  tcase_add_test(tcase, bytes_by_hand);
  tcase_add_test(tcase, rows_as_in_a_program);
  tcase_add_test(tcase, ops_run);
  tcase_add_test(tcase, refuses_too_large);
  tcase_add_loop_test(tcase, one_rank_cannot, 0, 2);
  tcase_add_test(tcase, stages_in_order);
  tcase_add_test(tcase, platform_of_a_gpu);
  tcase_add_test(tcase, layers_and_generate);
  tcase_add_test(tcase, times_by_the_model);
  tcase_add_test(tcase, sustained_rests_then_runs);
  tcase_add_test(tcase, crossings_as_the_model_has_them);
  tcase_add_test(tcase, lengths_and_graphs);
  tcase_add_test(tcase, shorter_to_fit);
  tcase_add_test(tcase, shapes_of_shards);
  tcase_add_test(tcase, interference_is_whole_when_interrupted);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
