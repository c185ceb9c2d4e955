#ifndef TP_BENCH_SUITE_H
#define TP_BENCH_SUITE_H
/* The benchmarks by name, each with its files. */
#include "bench/ops.h"
#include "bench/points.h"

/* X(name, text, share of the time of all, what it does) */
#define TP_SECTIONS(X)                                                                 \
  X(OPS, "ops", 0.45, "GEMMs, attention, memory ops, each alone; GEMMs under load")    \
  X(COLLECTIVES, "collectives", 0.1, "collectives of every size, among several GPUs")  \
  X(INTERFERENCE, "interference", 0.12, "kernels beside held SMs and beside copies")   \
  X(LAYERS, "layers", 0.43, "prefill and a decode step of models cut to a few layers") \
  X(GENERATE, "generate", 0.2, "whole generations")
enum tp_section {
#define X(name, text, share, summary) TP_SECTION_##name,
  TP_SECTIONS(X)
#undef X
      TP_N_SECTIONS
};
const char *tp_section_text(enum tp_section section);

/* Seconds of `left_s` that a section may take if those after it are to run, too.  Time that one
 * leaves goes to the next. */
double tp_section_budget_s(enum tp_section section, double left_s);

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
  struct tp_beside *beside; /* for INTERFERENCE */
  const struct tp_trace_source *source;
  struct tp_shape_request shapes; /* OPS */
  void (*rest)(double seconds);   /* OPS: leaves the device idle; NULL: it has no clocks */
  struct tp_point_grid layers, generate;
  int ranks; /* COLLECTIVES: of the run */
  double (*now_s)(void *data);
  void *data;
  const struct tp_suite_listener *listener; /* NULL: nobody */
};

/* Measures the rows that the section's files lack, as far as the budget goes. */
enum tp_status tp_suite_run(const struct tp_suite *suite, enum tp_section section, double budget_s,
                            struct tp_error *error);
#endif
