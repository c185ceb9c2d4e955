#ifndef TP_ENGINE_ENGINE_H
#define TP_ENGINE_ENGINE_H
/* Executors: run a program whose ops have costs and say when what ran.
 *
 * An engine knows ops, streams, events and costs; nothing of models or variants.
 */
#include "base/error.h"
#include "cost/cost.h"
#include "engine/timeline.h"
#include "program/program.h"

enum tp_detail { TP_DETAIL_FLOW, TP_DETAIL_STEP, TP_DETAIL_CHUNK };
#define TP_DETAIL_NAMES           \
  {                               \
    "flow", "step", "chunk", NULL \
  }

struct tp_run {
  const struct tp_program *program;
  const struct tp_machine *machine;
  const struct tp_cost *const *costs; /* [segment][op], from tp_cost_op */
  enum tp_detail detail;              /* DES only */
  bool no_fold;                 /* DES: simulate every rank and op even where folding is exact */
  struct tp_timeline *timeline; /* NULL, or filled with what ran */
};

/* One pass of rank 0 (the slowest rank where ranks differ). */
struct tp_result {
  double total_s;
  double compute_s;                     /* compute stream busy */
  double comm_s;                        /* collectives, each from start to end, summed */
  double comm_exposed_s;                /* compute stream idle because it waits for a collective */
  double flops, dram_bytes, link_bytes; /* one rank */
  double variance;                      /* of total_s, from each op's sigma: s^2 */
};

struct tp_engine {
  const char *name, *summary;
  enum tp_status (*run)(const struct tp_run *run, struct tp_arena *scratch,
                        struct tp_result *result, struct tp_error *error);
};

extern const struct tp_engine tp_engine_analytic;
extern const struct tp_engine tp_engine_des;
#endif
