#ifndef TP_PLOT_LAYOUT_H
#define TP_PLOT_LAYOUT_H
#include "plot/plot.h"
#include "plot/text.h"

/* A picture is as wide as a column of a paper; its text, 7 points high, is counted in columns and
 * lines. */
enum { TP_PLOT_FONT = 7, TP_PLOT_SMALL = 6, TP_PLOT_COLUMNS = 64 };
extern const double tp_plot_width_inches, tp_plot_line_inches;

/* Across in columns, down in lines. */
struct tp_plot_layout {
  int columns, rows; /* of panels */
  bool shared;       /* figures and names at the first panel of a row serve the others */
  bool key_apart;    /* the key has no room within the height of a panel */
  bool scaled;       /* a scale of colours stands in place of the key */
  double left, right, gap, panel_width;
  double top, bottom, gap_below, panel_height, height;
  int key_rows;
  struct tp_plot_text caption;
  const struct tp_plot_text *titles; /* of panels */
};

struct tp_plot_layout tp_plot_lay_out(const struct tp_plot *plot, struct tp_arena *arena);
#endif
