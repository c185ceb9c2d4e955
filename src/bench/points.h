#ifndef TP_BENCH_POINTS_H
#define TP_BENCH_POINTS_H
/* layers.csv and generate.csv: passes of models, as `tpsim validate` reads points.
 *
 *     layers     prefill, and the first decode step, again and again, of a model cut to few layers
 *     generate   whole generations: prefill and every decode step
 */
#include "bench/generation.h"

/* Every model at every degree with every variant and batch. */
struct tp_point_grid {
  const struct tp_model *models;
  size_t n_models;
  const int *tps;
  size_t n_tps;
  const struct tp_variant *variants; /* at degree 1 the first only: all are alike */
  size_t n_variants;
  const int64_t *batches;
  size_t n_batches;
  int64_t prompt;   /* halved until a point fits into memory */
  int64_t generate; /* 0: `layers` */
  int64_t layers;   /* to which models are cut; 0: none is cut */
  enum tp_dtype dtype;
  bool emulated;
};

/* A plan, in `arena`, of the points that the rig's platform has memory for. */
enum tp_status tp_agenda_points(struct tp_rig *rig, const struct tp_point_grid *grid,
                                struct tp_arena *arena, struct tp_agenda *plan,
                                struct tp_error *error);

/* The table that the grid's points go to. */
const struct tp_trace_layout *tp_points_layout(const struct tp_point_grid *grid);

/* TP_E_INPUT where that table stands in the directory and has rows of several ranks that were
 * emulated where the grid's are not, or the other way round: nobody could tell what to make of it.
 */
enum tp_status tp_points_check_kind(const char *directory, const struct tp_point_grid *grid,
                                    struct tp_error *error);
#endif
