#ifndef TP_PLOT_PLOT_H
#define TP_PLOT_PLOT_H
/* Pictures: what stands where, in which colour; and the gnuplot script that draws it.
 *
 *     title, caption
 *     legend
 *     panel panel panel      one range a row of panels or one for all: the shaper's choice
 *     panel panel panel
 */
#include "plot/rows.h"

enum tp_plot_form { TP_PLOT_LINES, TP_PLOT_BARS, TP_PLOT_SCATTER, TP_PLOT_CURVES };

struct tp_plot_point {
  double x, y;
  double top; /* bars only: the second part reaches from y to here */
};

struct tp_plot_series {
  const char *name;
  size_t n;
  struct tp_plot_point *points;
};

struct tp_plot_panel {
  const char *title;
  const char *empty; /* why there are no points; NULL where there are */
  size_t n_series;
  struct tp_plot_series *series;
  double low, high; /* y range; scatter: of both axes; curves: of the points */
  bool logarithmic; /* scatter: both axes */
};

struct tp_plot {
  enum tp_plot_form form;
  const char *title, *caption, *x_label, *y_label;
  size_t n_panels;
  struct tp_plot_panel *panels;
  const double *ticks; /* lines: degrees on the x axis, rising */
  size_t n_ticks;
  const char **legend; /* names of series, in order of appearance */
  size_t n_legend;
};

/* A kind of picture: the columns it reads and what it makes of the tables. */
struct tp_plot_kind {
  const char *name, *summary;
  enum tp_status (*shape)(const struct tp_csv *tables, size_t n_tables,
                          const struct tp_plot_filter *filter, struct tp_arena *arena,
                          struct tp_plot *plot, struct tp_error *error);
};

extern const struct tp_plot_kind tp_plot_speedup, tp_plot_breakdown, tp_plot_published,
    tp_plot_collectives;
extern const struct tp_plot_kind *const tp_plot_kinds[]; /* NULL-terminated; first: default */

/* Result CSVs read, filtered and settled; `required` beside model, variant and tp. */
enum tp_status tp_plot_rows_open(const struct tp_csv *tables, size_t n_tables, const char *required,
                                 const struct tp_plot_filter *filter, struct tp_arena *arena,
                                 struct tp_plot_rows *rows, const char **caption,
                                 struct tp_error *error);

/* The panel with this title, the series with this name: opened at the end, with room for `most`
 * series or points, where there is none. */
struct tp_plot_panel *tp_plot_panel_of(struct tp_plot *plot, const char *title, size_t most,
                                       struct tp_arena *arena);
struct tp_plot_series *tp_plot_series_of(struct tp_plot_panel *panel, const char *name, size_t most,
                                         struct tp_arena *arena);
/* At the end of the series; widens the panel's y range. */
void tp_plot_add(struct tp_plot_panel *panel, struct tp_plot_series *series, double x, double y);

/* Fills n_legend and legend from the panels; fails where there are too many panels to read. */
enum tp_status tp_plot_finish(struct tp_plot *plot, struct tp_arena *arena, struct tp_error *error);

/* How a variant, or an algorithm, looks in every picture: arrangements that differ look different.
 */
struct tp_plot_style {
  const char *colour; /* "#rrggbb" */
  int mark;           /* gnuplot's point type */
  bool dashed;        /* an arrangement with more than one part */
};
struct tp_plot_style tp_plot_style_of(const char *variant, struct tp_arena *arena);

/* gnuplot's script for `terminal` ("png", "svg" or "pdf") on its standard output. */
void tp_plot_write(const struct tp_plot *plot, const char *terminal, struct tp_arena *arena,
                   FILE *out);
#endif
