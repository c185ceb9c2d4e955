#ifndef TP_PLOT_PANEL_H
#define TP_PLOT_PANEL_H
#include "plot/plot.h"

enum { TP_PLOT_NAME = 24 }; /* columns that the name of a series may take */

/* How large a panel is, in columns and lines of text, and which axes it writes out. */
struct tp_plot_space {
  double width, height;
  bool named; /* the axis of the values; bars: their names */
};

/* panel_more.c: axes and series of the forms that have x axes of their own. */
void tp_plot_put_more_axes(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                           const struct tp_plot_space *space, struct tp_arena *arena, FILE *out);
void tp_plot_put_more_before(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                             const struct tp_plot_space *space, struct tp_arena *arena, FILE *out);
void tp_plot_put_more(const struct tp_plot *plot, const struct tp_plot_panel *panel, FILE *out);

/* values.c: an axis of values from `low` to `high`, its figures `figure` of the units of `length`
 * apart. */
struct tp_plot_span {
  double low, high;
  bool logarithmic;
};
void tp_plot_put_values(char axis, struct tp_plot_span span, double length, double figure,
                        FILE *out);

/* The commands that draw one panel into its place, the key of the picture with it or not; the last
 * is not ended. */
void tp_plot_put_panel(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                       const struct tp_plot_space *space, bool with_key, struct tp_arena *arena,
                       FILE *out);
#endif
