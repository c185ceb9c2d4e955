#ifndef TP_PLOT_SPANS_H
#define TP_PLOT_SPANS_H
/* What the pictures of `--timeline FILE.csv` share. */
#include "plot/plot.h"

/* Of a panel: what ran, and in which pass. */
const char *tp_plot_span_title(const struct tp_plot_row *row, struct tp_arena *arena);

/* Of a training step over stages: which pass the row is of, "forward" or "backward", and of which
 * micro-batch.  False where it is of none. */
bool tp_plot_pass_read(const struct tp_plot_row *row, const char **name, const char **micro_batch);
/* Whether it repeats what the first micro-batch did, so that pictures of ops leave it out. */
bool tp_plot_span_repeats(const struct tp_plot_row *row);

/* The place of a lane; a new one at the end. */
size_t tp_plot_lane_of(struct tp_plot *plot, const char *name, struct tp_arena *arena);
#endif
