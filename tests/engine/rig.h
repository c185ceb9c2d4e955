#ifndef TP_TESTS_RIG_H
#define TP_TESTS_RIG_H
/* Programs with costs of a real size, built by hand, on the platforms that are shipped. */
#include "engine/des/des.h"

#include "../des.h"
#include "../suite.h"

#include <string.h>

enum { RIG_MAX_OPS = 64 };

struct rig {
  struct tp_arena *arena;
  struct tp_platform platform;
  struct tp_device device;
  struct tp_machine machine;
  struct tp_group group; /* of the collectives added next; 0: all ranks */
  struct tp_program program;
  struct tp_op ops[TP_MAX_SEGMENTS][RIG_MAX_OPS];
  struct tp_cost costs[TP_MAX_SEGMENTS][RIG_MAX_OPS];
  const struct tp_cost *rows[TP_MAX_SEGMENTS];
};

/* Reads platforms/NAME.json; the memory gives 2e12 bytes/s. */
static inline void rig_open(struct rig *rig, const char *platform, int ranks)
{
  memset(rig, 0, sizeof *rig);
  rig->arena = tp_arena_create();
  struct tp_error error = {{0}};
  struct tp_doc doc;
  const char *file = tp_arena_printf(rig->arena, TP_SRCDIR "/platforms/%s.json", platform);
  rig->device.datasheet.dram_bytes_per_s = 2e12;
  enum tp_status status = tp_doc_open(file, rig->arena, &doc, &error);
  if (status == TP_OK) {
    status = tp_platform_read(&doc, rig->arena, &rig->platform, &error);
    tp_doc_close(&doc);
  }
  if (status == TP_OK)
    status = tp_machine_make(&rig->platform, &rig->device, NULL, ranks, &rig->machine, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  rig->program = (struct tp_program){.title = "rig",
                                     .mesh = tp_mesh_of_tp(ranks),
                                     .n_streams = 2,
                                     .n_events = TP_MAX_EVENTS,
                                     .stream_names = {"compute", "comm", "third", "fourth"}};
}

static inline void rig_close(struct rig *rig)
{
  tp_arena_free(rig->arena);
}

/* A phase that the op that gets it finds its machine's rate for. */
static inline struct tp_comm_phase rig_comm_phase(enum tp_pattern pattern, int steps, double hop_s,
                                                  double flow_bytes)
{
#define ASKED(name, text) {.pattern = (name)},
  static const struct tp_pattern_rate asked[] = {TP_PATTERNS(ASKED)};
#undef ASKED
  return (struct tp_comm_phase){
      .rate = &asked[pattern], .steps = steps, .hop_s = hop_s, .flow_bytes = flow_bytes};
}

static inline const struct tp_pattern_rate *rig_rate(const struct rig *rig, enum tp_pattern pattern)
{
  return tp_communicator_rate(tp_fabric_communicator(rig->machine.fabric, rig->group), pattern);
}

/* The ops added next belong to it. */
static inline void rig_segment(struct rig *rig, int64_t repeat)
{
  const size_t s = rig->program.n_segments++;
  rig->program.segments[s] =
      (struct tp_segment){.name = "segment", .repeat = repeat, .ops = rig->ops[s]};
  rig->rows[s] = rig->costs[s];
}

/* `wait` and `records` may be TP_NO_EVENT. */
static inline struct tp_op *rig_op(struct rig *rig, enum tp_op_kind kind, int stream, int wait,
                                   int records, struct tp_cost cost)
{
  const size_t s = rig->program.n_segments - 1;
  const size_t i = rig->program.segments[s].n_ops++;
  rig->ops[s][i] = (struct tp_op){.name = kind == TP_OP_COLLECTIVE ? "collective" : "kernel",
                                  .kind = kind,
                                  .stream = stream,
                                  .n_waits = wait == TP_NO_EVENT ? 0 : 1,
                                  .waits = {wait},
                                  .records = records};
  for (int p = 0; p < cost.n_phases; p++) {
    struct tp_comm_phase *phase = &cost.phases[p];
    const double hop_s = phase->hop_s;
    *phase = tp_comm_phase_of(rig_rate(rig, phase->rate->pattern), phase->steps, phase->flow_bytes);
    phase->hop_s = hop_s;
  }
  rig->costs[s][i] = cost;
  return &rig->ops[s][i];
}

static inline struct tp_op *rig_kernel(struct rig *rig, int wait, int records, struct tp_cost cost)
{
  return rig_op(rig, TP_OP_GEMM, TP_STREAM_COMPUTE, wait, records, cost);
}

static inline struct tp_op *rig_collective(struct rig *rig, int wait, int records,
                                           struct tp_cost cost)
{
  return rig_op(rig, TP_OP_COLLECTIVE, TP_STREAM_COMM, wait, records, cost);
}

/* Costs: nothing but time; time on `share` of the SMs; bytes. */
static inline struct tp_cost rig_work(double work_s)
{
  return (struct tp_cost){.work_s = work_s};
}

static inline struct tp_cost rig_compute(double compute_s, double share)
{
  return (struct tp_cost){.compute_s = compute_s, .sm_share = share};
}

static inline struct tp_cost rig_dram(double bytes)
{
  return (struct tp_cost){.dram_bytes = bytes};
}

/* A collective of one phase that holds `held` of the SMs. */
static inline struct tp_cost rig_phase(enum tp_pattern pattern, int steps, double hop_s,
                                       double flow_bytes, double held)
{
  return (struct tp_cost){.sm_share = held,
                          .link_bytes = flow_bytes,
                          .sigma = 0.05,
                          .n_phases = 1,
                          .phases = {rig_comm_phase(pattern, steps, hop_s, flow_bytes)}};
}

static inline struct tp_run rig_run_of(const struct rig *rig, enum tp_detail detail, bool no_fold)
{
  return (struct tp_run){.program = &rig->program,
                         .machine = &rig->machine,
                         .costs = rig->rows,
                         .detail = detail,
                         .no_fold = no_fold};
}

static inline struct tp_result rig_analytic(const struct rig *rig)
{
  struct tp_error error = {{0}};
  struct tp_result result = {0};
  const struct tp_run run = rig_run_of(rig, TP_DETAIL_FLOW, false);
  const enum tp_status status =
      tp_engine_analytic.run(&tp_engine_analytic, &run, rig->arena, &result, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  return result;
}

/* What was sent over real links, and by whom. */
struct rig_record {
  int ranks;          /* simulated */
  double *link_bytes; /* by directed link: 2 * n_links */
};

static inline struct rig_record rig_record_of(const struct rig *rig, const struct tp_des_plan *plan,
                                              const struct tp_des_record *record)
{
  struct rig_record made = {plan->ranks, TP_NEW(rig->arena, double, 2 * rig->platform.n_links)};
  for (size_t p = 0; p < plan->n_patterns; p++)
    for (size_t i = 0; i < plan->patterns[p].n_flows; i++) {
      const struct tp_flow *flow = &plan->patterns[p].flows[i];
      const struct tp_route route = tp_platform_route(&rig->platform, flow->src, flow->dst);
      for (int h = 0; h < route.n_hops; h++)
        made.link_bytes[route.hops[h]] += record->sent_bytes[plan->patterns[p].first_sent + i];
    }
  return made;
}

/* `record` may be NULL. */
static inline struct tp_result rig_des(const struct rig *rig, enum tp_detail detail, bool no_fold,
                                       struct rig_record *record)
{
  struct tp_error error = {{0}};
  struct tp_result result = {0};
  struct tp_des_plan plan;
  struct tp_des_record kept;
  const struct tp_run run = rig_run_of(rig, detail, no_fold);
  const enum tp_status status =
      tp_des_run(test_des(), &run, rig->arena, &result, &plan, &kept, &error);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  if (record != NULL)
    *record = rig_record_of(rig, &plan, &kept);
  return result;
}
#endif
