#ifndef TP_BENCH_SUITE_H
#define TP_BENCH_SUITE_H
/* The benchmarks by name, each with its files, and in which order a run measures them: what a first
 * run on a machine must bring home comes first, whenever it is stopped.
 *
 *     round 0   passes of one GPU, when stand-ins start, crossings, small GEMMs, decode, held SMs
 *     round 1   emulated passes, large GEMMs, prefill, memory, copies beside, steady clocks
 *     round 2   the rest: fp8, odd heads, other variants and degrees
 */
#include "bench/ops.h"
#include "bench/points.h"

/* X(name, text, what it does) */
#define TP_SECTIONS(X)                                                                     \
  X(OPS, "ops", "GEMMs, attention, memory ops, each alone; GEMMs under load")              \
  X(COLLECTIVES, "collectives", "collectives of every size, among several GPUs")           \
  X(INTERFERENCE, "interference", "kernels beside held SMs and copies; stand-ins' starts") \
  X(LAYERS, "layers", "prefill and a decode step of models cut to a few layers")           \
  X(GENERATE, "generate", "whole generations")
enum tp_section {
#define X(name, text, summary) TP_SECTION_##name,
  TP_SECTIONS(X)
#undef X
      TP_N_SECTIONS
};
const char *tp_section_text(enum tp_section section);

/* X(name, text, section, shares of the time of all, by round), in order within a round. */
#define TP_TABLES(X)                                           \
  X(COLLECTIVES, "collectives", COLLECTIVES, 0.10, 0.00, 0.00) \
  X(LAYERS, "layers", LAYERS, 0.06, 0.18, 0.16)                \
  X(GENERATE, "generate", GENERATE, 0.06, 0.14, 0.00)          \
  X(STARTS, "starts", INTERFERENCE, 0.02, 0.00, 0.00)          \
  X(CROSSINGS, "crossings", INTERFERENCE, 0.02, 0.00, 0.00)    \
  X(GEMM, "gemm", OPS, 0.08, 0.07, 0.06)                       \
  X(ATTENTION, "attention", OPS, 0.05, 0.04, 0.05)             \
  X(INTERFERENCE, "interference", INTERFERENCE, 0.05, 0.03, 0) \
  X(MEMORY, "memory", OPS, 0.00, 0.03, 0.00)                   \
  X(SUSTAINED, "sustained", OPS, 0.00, 0.06, 0.00)
enum tp_table {
#define X(name, text, section, ...) TP_TABLE_##name,
  TP_TABLES(X)
#undef X
      TP_N_TABLES
};
enum { TP_ROUNDS = 3, TP_MOST_STAGES = TP_ROUNDS * TP_N_TABLES };

/* Rows of one table that are measured in one go. */
struct tp_stage {
  enum tp_table table;
  enum tp_section section;
  int round;
  double share;
};

/* The stages of a section, TP_N_SECTIONS: of all, in their order; how many. */
size_t tp_suite_stages(enum tp_section section, struct tp_stage stages[TP_MOST_STAGES]);
/* Those of one table. */
size_t tp_suite_stages_of(enum tp_table table, struct tp_stage stages[TP_MOST_STAGES]);
const char *tp_table_text(enum tp_table table); /* "gemm" */

/* Seconds of `left_s` that stage `which` may take if those after it are to run, too.  Time that one
 * leaves goes to the next. */
double tp_stage_budget_s(const struct tp_stage *stages, size_t n, size_t which, double left_s);

/* Who is told of progress. */
struct tp_suite_listener {
  void (*begin)(void *data, const char *file, size_t n);
  void (*step)(void *data, size_t done);
  /* `refused`: the reason of the last item that was refused; NULL: none was. */
  void (*end)(void *data, const char *file, const struct tp_agenda_run *run, const char *refused);
  void *data;
};

struct tp_suite {
  struct tp_rig *rig;
  struct tp_beside *beside; /* for INTERFERENCE and STARTS */
  const struct tp_trace_source *source;
  struct tp_shape_request shapes; /* OPS */
  void (*rest)(double seconds);   /* OPS: leaves the device idle; NULL: it has no clocks */
  struct tp_point_grid layers, generate;
  int ranks; /* COLLECTIVES: of the run */
  double (*now_s)(void *data);
  void *data;
  const struct tp_suite_listener *listener; /* NULL: nobody */
};

/* Measures the rows of the stage that the file lacks, as far as the budget goes.  `failures`: see
 * bench.h. */
enum tp_status tp_suite_run_stage(const struct tp_suite *suite, const struct tp_stage *stage,
                                  double budget_s, struct tp_failures *failures,
                                  struct tp_error *error);
#endif
