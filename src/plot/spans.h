#ifndef TP_PLOT_SPANS_H
#define TP_PLOT_SPANS_H
/* What the pictures of `--timeline FILE.csv` share. */
#include "plot/plot.h"

/* Of a panel: what ran, and in which pass. */
const char *tp_plot_span_title(const struct tp_plot_row *row, struct tp_arena *arena);

/* Which pass of a micro-batch the row is of, "forward", "backward", "prefill", "decode step", and of
 * which: "3", or interleaved "3 stage 5".  False where it is of none. */
bool tp_plot_pass_read(const struct tp_plot_row *row, const char **name, const char **micro_batch);
/* Leaves the first micro-batch that is there: the others do the same; and not the optimiser's pass,
 * which is one op. */
void tp_plot_first_micro_batch(struct tp_plot_rows *rows);

/* The place of a lane; a new one at the end. */
size_t tp_plot_lane_of(struct tp_plot *plot, const char *name, struct tp_arena *arena);
#endif
