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
void tp_plot_put_more(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                      const struct tp_plot_space *space, FILE *out);

/* cells.c: heat maps.  Whether every cell of a panel so large has room for its figure. */
bool tp_plot_cells_are_labelled(const struct tp_plot *plot, double width, double height,
                                struct tp_arena *arena);
void tp_plot_put_cell_axes(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                           const struct tp_plot_space *space, struct tp_arena *arena, FILE *out);
void tp_plot_put_cell_labels(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                             const struct tp_plot_space *space, struct tp_arena *arena, FILE *out);
void tp_plot_put_cells(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                       const struct tp_plot_space *space, FILE *out);

/* The scale of a panel's colours, in parts of the picture; `columns` is its width in columns. */
struct tp_plot_box {
  double left, bottom, width, height, columns;
};
void tp_plot_put_scale(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                       const struct tp_plot_box *box, struct tp_arena *arena, FILE *out);

/* names.c: an axis of names, `length` long.  Columns that the longest takes below the axis where
 * they are turned upright; 0: they are not. */
double tp_plot_turned_columns(const char *const *names, size_t n, double length,
                              struct tp_arena *arena);
void tp_plot_put_names_across(const char *const *names, size_t n, double length,
                              struct tp_arena *arena, FILE *out);
void tp_plot_put_names_down(const char *const *names, size_t n, double length, bool shown,
                            struct tp_arena *arena, FILE *out);

/* values.c: an axis of values, "x", "y" or "cb", from `low` to `high`, its figures `figure` of the
 * units of `length` apart. */
struct tp_plot_span {
  double low, high;
  bool logarithmic;
};
void tp_plot_put_values(const char *axis, struct tp_plot_span span, double length, double figure,
                        FILE *out);

/* The commands that draw one panel into its place, the key of the picture with it or not; the last
 * is not ended. */
void tp_plot_put_panel(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                       const struct tp_plot_space *space, bool with_key, struct tp_arena *arena,
                       FILE *out);

/* The entries of the key, after others of a `plot` command. */
void tp_plot_put_key(const struct tp_plot *plot, struct tp_arena *arena, FILE *out);
#endif
