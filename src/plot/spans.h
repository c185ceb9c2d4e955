#ifndef TP_PLOT_SPANS_H
#define TP_PLOT_SPANS_H
/* What the pictures of `--timeline FILE.csv` share. */
#include "plot/plot.h"

/* Of a panel: what ran, and in which pass. */
const char *tp_plot_span_title(const struct tp_plot_row *row, struct tp_arena *arena);
#endif
