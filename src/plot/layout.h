#ifndef TP_PLOT_LAYOUT_H
#define TP_PLOT_LAYOUT_H
/* Where everything stands.  Lengths are in pixels of 1/96 inch, counted from the upper left
 * corner. */
#include "plot/plot.h"

enum {
  TP_PLOT_TITLE = 46,  /* title and caption */
  TP_PLOT_LABEL = 26,  /* strip of an axis label */
  TP_PLOT_LEGEND = 18, /* one row of it */
  TP_PLOT_SAMPLE = 24, /* what stands before a name in the legend */
  TP_PLOT_FONT = 11    /* points */
};

struct tp_plot_layout {
  int columns, rows, cell_width, cell_height;
  int above, below, before, after; /* between a cell's edge and its axes */
  int legend_columns, legend_rows, entry_width;
  int top; /* of the first panels */
  int width, height;
};

/* Of bars: what their two parts mean; else the names of the series. */
size_t tp_plot_n_entries(const struct tp_plot *plot);
const char *tp_plot_entry(const struct tp_plot *plot, size_t index);

struct tp_plot_layout tp_plot_lay_out(const struct tp_plot *plot);
#endif
