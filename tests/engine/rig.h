#ifndef TP_TESTS_RIG_H
#define TP_TESTS_RIG_H
/* Programs with costs of a real size, built by hand, on the platforms that are shipped. */
#include "engine/des/des.h"

#include "../des.h"
#include "../toy.h"
#include "../toy_program.h"

struct rig {
  struct tp_arena *arena;
  struct tp_platform platform;
  struct tp_device device;
  struct toy toy;
};

/* A shipped platform; the memory gives 2e12 bytes/s. */
static inline void rig_open(struct rig *rig, const char *platform, int ranks)
{
  struct tp_error error = {{0}};
  memset(rig, 0, sizeof *rig);
  rig->arena = tp_arena_create();
  rig->platform = toy_setup(platform, NULL, "ideal", rig->arena)->platform;
  rig->device.datasheet.dram_bytes_per_s = 2e12;
  toy_init(&rig->toy);
  ck_assert_msg(tp_machine_make(&rig->platform, &rig->device, NULL, ranks, &rig->toy.machine,
                                &error) == TP_OK,
                "%s", error.text);
  rig->toy.program.mesh = tp_mesh_of_tp(ranks);
  rig->toy.program.n_streams = 2;
}

static inline void rig_close(struct rig *rig)
{
  tp_arena_free(rig->arena);
}

static inline const struct tp_pattern_rate *rig_rate(const struct rig *rig, enum tp_pattern pattern)
{
  return tp_communicator_rate(tp_fabric_communicator(rig->toy.machine.fabric, rig->toy.group),
                              pattern);
}

static inline struct tp_run rig_run_of(const struct rig *rig, enum tp_detail detail, bool no_fold)
{
  return (struct tp_run){.program = &rig->toy.program,
                         .machine = &rig->toy.machine,
                         .costs = rig->toy.rows,
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
