#ifndef TP_TESTS_TOY_PROGRAM_H
#define TP_TESTS_TOY_PROGRAM_H
/* Programs and costs built by hand: in seconds, on a machine of round numbers; or of a real size,
 * on one with a fabric. */
#include "engine/engine.h"
#include "suite.h"

#include <string.h>

enum { TOY_MAX_OPS = 64 };

struct toy {
  struct tp_machine machine; /* DRAM 1000 bytes/s, no fabric, until a test has others */
  struct tp_group group;     /* of the collectives added next, on a fabric; 0: all ranks */
  struct tp_program program;
  struct tp_op ops[TP_MAX_SEGMENTS][TOY_MAX_OPS];
  struct tp_cost costs[TP_MAX_SEGMENTS][TOY_MAX_OPS];
  const struct tp_cost *rows[TP_MAX_SEGMENTS];
};

/* Every pattern: 100 bytes/s, latency 0. */
#define TOY_RATE(name, text) {.pattern = (name)},
static const struct tp_pattern_rate toy_rates[] = {TP_PATTERNS(TOY_RATE)};
#undef TOY_RATE

static inline struct tp_comm_phase toy_phase(enum tp_pattern pattern, int steps, double hop_s,
                                             double flow_bytes)
{
  return (struct tp_comm_phase){.rate = &toy_rates[pattern],
                                .steps = steps,
                                .hop_s = hop_s,
                                .flow_bytes = flow_bytes,
                                .flow_bytes_per_s = 100};
}

static inline void toy_init(struct toy *toy)
{
  memset(toy, 0, sizeof *toy);
  toy->machine.dram_bytes_per_s = 1000;
  toy->program = (struct tp_program){.title = "toy",
                                     .mesh = tp_mesh_of_tp(2),
                                     .n_streams = TP_MAX_STREAMS,
                                     .n_events = TP_MAX_EVENTS,
                                     .stream_names = {"compute", "comm", "third", "fourth"}};
}

/* The ops added next belong to it. */
static inline void toy_segment(struct toy *toy, int64_t repeat)
{
  const size_t s = toy->program.n_segments++;
  toy->program.segments[s] =
      (struct tp_segment){.name = "segment", .repeat = repeat, .ops = toy->ops[s]};
  toy->rows[s] = toy->costs[s];
}

/* On a fabric phases go at the rates of the group's pattern. */
static inline void toy_find_rates(const struct toy *toy, struct tp_cost *cost)
{
  for (int p = 0; p < cost->n_phases && toy->machine.fabric != NULL; p++) {
    struct tp_comm_phase *const phase = &cost->phases[p];
    const double hop_s = phase->hop_s;
    const struct tp_communicator *const group =
        tp_fabric_communicator(toy->machine.fabric, toy->group);
    *phase = tp_comm_phase_of(tp_communicator_rate(group, phase->rate->pattern), phase->steps,
                              phase->flow_bytes);
    phase->hop_s = hop_s;
  }
}

/* Adds an op; `wait` and `records` may be TP_NO_EVENT. */
static inline struct tp_op *toy_op(struct toy *toy, enum tp_op_kind kind, int stream, int wait,
                                   int records, struct tp_cost cost)
{
  const size_t s = toy->program.n_segments - 1;
  const size_t i = toy->program.segments[s].n_ops++;
  toy->ops[s][i] = (struct tp_op){.name = kind == TP_OP_COLLECTIVE ? "collective" : "kernel",
                                  .kind = kind,
                                  .stream = stream,
                                  .n_waits = wait == TP_NO_EVENT ? 0 : 1,
                                  .waits = {wait},
                                  .records = records};
  toy_find_rates(toy, &cost);
  toy->costs[s][i] = cost;
  return &toy->ops[s][i];
}

static inline struct tp_op *toy_kernel(struct toy *toy, int wait, int records, struct tp_cost cost)
{
  return toy_op(toy, TP_OP_GEMM, TP_STREAM_COMPUTE, wait, records, cost);
}

static inline struct tp_op *toy_collective(struct toy *toy, int wait, int records,
                                           struct tp_cost cost)
{
  return toy_op(toy, TP_OP_COLLECTIVE, TP_STREAM_COMM, wait, records, cost);
}

/* Costs: nothing but time; time on `share` of the SMs; bytes; a ring of one step. */
static inline struct tp_cost toy_work(double work_s)
{
  return (struct tp_cost){.work_s = work_s};
}

static inline struct tp_cost toy_compute(double compute_s, double share)
{
  return (struct tp_cost){.compute_s = compute_s, .sm_share = share};
}

static inline struct tp_cost toy_bytes(double bytes)
{
  return (struct tp_cost){.dram_bytes = bytes};
}

static inline struct tp_cost toy_ring(double delay_s, double flow_bytes, double held_share)
{
  return (struct tp_cost){.sm_share = held_share,
                          .n_phases = 1,
                          .phases = {toy_phase(TP_PATTERN_RING, 1, delay_s, flow_bytes)}};
}

/* A collective of one phase that holds `held` of the SMs. */
static inline struct tp_cost toy_comm(enum tp_pattern pattern, int steps, double hop_s,
                                      double flow_bytes, double held)
{
  return (struct tp_cost){.sm_share = held,
                          .link_bytes = flow_bytes,
                          .sigma = 0.05,
                          .n_phases = 1,
                          .phases = {toy_phase(pattern, steps, hop_s, flow_bytes)}};
}

/* With a timeline every repetition is run, without one the steady state is counted. */
static inline struct tp_result toy_run(const struct toy *toy, struct tp_timeline *timeline)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error = {{0}};
  struct tp_result result = {0};
  const struct tp_run run = {
      .program = &toy->program, .machine = &toy->machine, .costs = toy->rows, .timeline = timeline};
  const enum tp_status status =
      tp_engine_analytic.run(&tp_engine_analytic, &run, arena, &result, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  tp_arena_free(arena);
  return result;
}

static inline struct tp_result toy_run_in_full(const struct toy *toy)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_timeline timeline = {.arena = arena, .stream_names = toy->program.stream_names};
  const struct tp_result result = toy_run(toy, &timeline);
  tp_arena_free(arena);
  return result;
}
#endif
