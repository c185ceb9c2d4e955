/* The host device and the analytic engine agree: the same ops at the same times, for every
 * architecture and overlap that software does; on every rank where nothing slows anything else, on
 * a lone one that is told so also where ops contend. */
#include "cost/style.h"
#include "engine/engine.h"
#include "host/host.h"
#include "run/executor.h"

#include "../cost/machines.h"
#include "../program/builds.h"
#include "computed.h"

enum { N_DEGREES = 2, N_PHASES = 2, N_STACKS = 2 };

/* No software cost; and the launch gaps and collectives in place of an engine as it is. */
static const char *const stacks[N_STACKS] = {"ideal", "gpt-fast-compile"};

static struct tp_error error;

static void must(enum tp_status status)
{
  ck_assert_msg(status == TP_OK, "%s", error.text);
}

/* Collectives take nothing from kernels, and last as long as by themselves. */
static void set_apart(const struct tp_machine *machine, struct tp_cost *cost)
{
  cost->work_s = fmax(cost->work_s, cost->dram_bytes / machine->dram_bytes_per_s);
  cost->dram_bytes = cost->sm_share = cost->late_share = cost->queue_accesses = cost->crowding = 0;
}

static const struct tp_cost *price(const struct tp_machine *machine, struct tp_arena *arena,
                                   const struct tp_program *program, size_t s, bool contends)
{
  const struct tp_segment *segment = &program->segments[s];
  struct tp_cost *costs = TP_NEW(arena, struct tp_cost, segment->n_ops);
  for (size_t i = 0; i < segment->n_ops; i++) {
    struct tp_cost *cost = &costs[i];
    *cost = tp_cost_op(machine, tp_batch_decodes(&program->batch), &segment->ops[i]);
    if (!contends && segment->ops[i].kind == TP_OP_COLLECTIVE)
      set_apart(machine, cost);
  }
  return costs;
}

static struct tp_timeline simulate(const struct bench *bench, const struct tp_program *program,
                                   bool contends, double *total_s)
{
  struct tp_timeline timeline = {.arena = bench->arena, .stream_names = program->stream_names};
  const struct tp_cost *costs[TP_MAX_SEGMENTS];
  for (size_t s = 0; s < program->n_segments; s++)
    costs[s] = price(&bench->machine, bench->arena, program, s, contends);
  const struct tp_run run = {
      .program = program, .machine = &bench->machine, .costs = costs, .timeline = &timeline};
  struct tp_result result;
  must(tp_engine_analytic.run(&tp_engine_analytic, &run, bench->arena, &result, &error));
  *total_s = result.total_s;
  return timeline;
}

static void execute(struct tp_host *host, const struct tp_program *program, int ranks,
                    struct tp_arena *arena)
{
  for (int r = 0; r < ranks; r++) {
    const struct tp_calls *calls = tp_host_calls(host, r);
    struct tp_store *store = tp_store_create(calls, 1, 1);
    struct tp_binding *binding;
    must(tp_store_bind(store, program, arena, &binding, &error));
    must(tp_execute(calls, binding, &error));
    tp_store_free(store); /* nothing there is looked at */
  }
  must(tp_host_run(host, &error));
}

/* Spans of a stream in the order they began, of the engine and of a rank of the host. */
static size_t of_stream(const struct tp_timeline *timeline, int stream,
                        const struct tp_span **spans)
{
  size_t n = 0;
  for (size_t i = 0; i < timeline->n_spans; i++)
    if (timeline->spans[i].stream == stream && timeline->spans[i].rank == 0)
      spans[n++] = &timeline->spans[i];
  for (size_t i = 1; i < n; i++)
    for (size_t j = i; j > 0 && spans[j]->start_s < spans[j - 1]->start_s; j--) {
      const struct tp_span *later = spans[j - 1];
      spans[j - 1] = spans[j];
      spans[j] = later;
    }
  return n;
}

static void compare(const struct bench *bench, const struct tp_host *host,
                    const struct tp_timeline *timeline, double total_s, int rank, const char *what)
{
  const struct tp_host_done *done;
  const size_t n_done = tp_host_log(host, &done);
  const struct tp_span **spans = TP_NEW(bench->arena, const struct tp_span *, timeline->n_spans);
  double last_s = 0;
  for (int stream = 0; stream < TP_MAX_STREAMS; stream++) {
    const size_t n = of_stream(timeline, stream, spans);
    size_t i = 0;
    for (size_t d = 0; d < n_done; d++) {
      if (done[d].rank != rank || done[d].op->stream != stream)
        continue;
      ck_assert_msg(i < n, "%s: '%s' is one too many", what, done[d].op->name);
      ck_assert_msg(strcmp(done[d].op->name, spans[i]->name) == 0, "%s: %s where %s should be",
                    what, done[d].op->name, spans[i]->name);
      ck_assert_msg(fabs(done[d].start_s - spans[i]->start_s) <= 1e-9 * total_s &&
                        fabs(done[d].end_s - spans[i]->end_s) <= 1e-9 * total_s,
                    "%s: '%s' at %.12g to %.12g, not %.12g to %.12g", what, done[d].op->name,
                    done[d].start_s, done[d].end_s, spans[i]->start_s, spans[i]->end_s);
      last_s = fmax(last_s, done[d].end_s);
      i++;
    }
    ck_assert_msg(i == n, "%s: %zu of %zu ops on stream %d", what, i, n, stream);
  }
  ck_assert_rel(last_s, total_s, 1e-9);
}

static void compare_all(int i, bool contends)
{
  const int tp = i % N_DEGREES == 0 ? 2 : 4;
  const int ranks = contends ? 1 : tp;
  const bool decode = i / N_DEGREES % N_PHASES == 1;
  const char *stack = stacks[i / N_DEGREES / N_PHASES % N_STACKS];
  const char *variant = computed_name(i / N_DEGREES / N_PHASES / N_STACKS);
  struct bench *bench = bench_make("dgx-h100", stack, tp);
  bench->machine.program = bench->machine.sustained = true;
  struct tp_model model = contends ? llama_70b() : toy_model(5);
  model.layers = 5;
  struct tp_request request = decode ? decode_request(&model, tp) : prefill_request(&model, tp);
  if (contends) { /* kernels of all SMs */
    request.batch = decode ? tp_batch_decode(16, 2000) : tp_batch_prefill(3, 512);
    request.kv_capacity = 2048;
  }
  request.operands = true;
  request.style = tp_style_of(&bench->stack, tp);
  const struct tp_program program = build_program(variant, &request, bench->arena);
  const char *what = tp_arena_printf(bench->arena, "%s %s tp %d %s", stack, variant, tp,
                                     tp_batch_decodes(&program.batch) ? "decode" : "prefill");
  double total_s;
  const struct tp_timeline timeline = simulate(bench, &program, contends, &total_s);
  struct tp_host *host = tp_host_create(&(struct tp_host_options){.ranks = ranks,
                                                                  .contends = contends,
                                                                  .seed = (uint64_t)i,
                                                                  .machine = &bench->machine,
                                                                  .logs = true});
  execute(host, &program, ranks, bench->arena);
  for (int rank = 0; rank < ranks; rank++)
    compare(bench, host, &timeline, total_s, rank, what);
  tp_host_free(host);
  bench_free(bench);
}

START_TEST(agrees_with_the_engine)
{
  compare_all(_i, false);
}
END_TEST

START_TEST(agrees_where_ops_contend)
{
  compare_all(_i, true);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("host_clock");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 60);
  tcase_add_loop_test(cases, agrees_with_the_engine, 0,
                      n_computed() * N_DEGREES * N_PHASES * N_STACKS);
  tcase_add_loop_test(cases, agrees_where_ops_contend, 0,
                      n_computed() * N_DEGREES * N_PHASES * N_STACKS);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
