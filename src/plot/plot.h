#ifndef TP_PLOT_PLOT_H
#define TP_PLOT_PLOT_H
/* Pictures: which points stand in which panel; and the gnuplot script that draws them.
 *
 *     title, caption
 *     key
 *     panel panel panel      one range a panel or one for all: the kind's choice
 *     panel panel panel
 */
#include "plot/rows.h"

enum tp_plot_form {
  TP_PLOT_LINES,   /* x logarithmic to base 2 */
  TP_PLOT_BARS,    /* lying, x the place of each from above */
  TP_PLOT_SCATTER, /* y against x, one range for both */
  TP_PLOT_FRONT,   /* y against x, both logarithmic; a line through what none betters */
  TP_PLOT_HEAT,    /* a cell a point, coloured by `top` */
  TP_PLOT_GANTT,   /* from x to top, at place y */
  TP_PLOT_ROOF     /* y against x, both logarithmic, under min(peak, slope * x) */
};

struct tp_plot_point {
  double x, y;
  double top;       /* bars: the second part reaches from y to here, ... */
  double end;       /* ... and a third, which is left empty, to here; 0: there is none */
  double low, high; /* 10 and 90 % quantiles; not drawn unless low < high */
  const char *label;
};

struct tp_plot_series {
  const char *name;
  size_t place; /* in the legend */
  size_t n;
  struct tp_plot_point *points;
};

/* Bars: why there is none at a place. */
struct tp_plot_gap {
  size_t place;
  const char *reason;
};

/* Of time, in us. */
struct tp_plot_window {
  double left, right;
};

struct tp_plot_panel {
  const char *title;
  const char *empty; /* why there are no points; NULL where there are */
  size_t n_series, n_gaps;
  struct tp_plot_series *series;
  struct tp_plot_gap *gaps;
  double low, high;   /* range of the values; scatter: of both axes */
  double left, right; /* of x, where that is neither ticks nor places */
  double peak, slope; /* roof */
  size_t n_windows;   /* Gantt: a stage each, the layer that is shown of it */
  struct tp_plot_window *windows;
  bool logarithmic; /* the axis of the values; scatter: both axes */
};

/* Of a heat map: the inputs over which it shows a column. */
struct tp_plot_axes {
  enum tp_plot_input across, down;
  const char *value;
};

struct tp_plot {
  enum tp_plot_form form;
  const char *title, *caption, *x_label, *y_label;
  bool x_bytes;          /* lines: x is a size */
  const char *reference; /* lines: the series that the others are held against */
  size_t n_panels, n_ticks, n_legend;
  struct tp_plot_panel *panels;
  struct tp_plot_axes heat;
  size_t n_x_names, n_y_names;
  const char **x_names, **y_names; /* heat: of columns and lines; Gantt: of lanes */
  double *ticks;                   /* lines: all x, rising */
  const char **legend;             /* names of series, in order of appearance */
};

/* A kind of picture: the columns it reads and what it makes of each row. */
struct tp_plot_kind {
  const char *name;
  const char *rows_are;   /* in messages: "results" */
  const char *rows_from;  /* in messages, the command that writes them; NULL: any of points */
  const char *columns[8]; /* that must be there; NULL-terminated */
  unsigned shows;         /* bits of inputs: what titles, series and axes tell apart */
  struct tp_plot frame;   /* words and form; without a caption, it is what all rows share */
  /* Leaves out rows that say nothing new; NULL: none do. */
  void (*choose)(struct tp_plot_rows *rows);
  /* Before the first row; NULL: nothing to do. */
  enum tp_status (*begin)(struct tp_plot *plot, const struct tp_plot_rows *rows,
                          struct tp_arena *arena, struct tp_error *error);
  enum tp_status (*add)(struct tp_plot *plot, const struct tp_plot_row *row, struct tp_arena *arena,
                        struct tp_error *error);
  /* Units and ranges, when all rows are in. */
  enum tp_status (*finish)(struct tp_plot *plot, const struct tp_plot_rows *rows,
                           struct tp_arena *arena, struct tp_error *error);
};

extern const struct tp_plot_kind tp_plot_speedup, tp_plot_breakdown, tp_plot_published,
    tp_plot_collectives, tp_plot_batch, tp_plot_pareto, tp_plot_heatmap, tp_plot_gantt,
    tp_plot_pipeline, tp_plot_roofline;
extern const struct tp_plot_kind *const tp_plot_kinds[]; /* NULL-terminated; first: default */

/* What `kind` makes of the tables, which must outlive the picture; `heat` has other axes for a heat
 * map, or is NULL. */
enum tp_status tp_plot_shape(const struct tp_plot_kind *kind, const struct tp_csv *tables,
                             size_t n_tables, const struct tp_plot_filter *filter,
                             const struct tp_plot_axes *heat, struct tp_arena *arena,
                             struct tp_plot *plot, struct tp_error *error);

/* gnuplot's script for `terminal` ("png", "svg" or "pdf") on its standard output. */
void tp_plot_write(const struct tp_plot *plot, const char *terminal, struct tp_arena *arena,
                   FILE *out);

/* For `add`: the panel with this title, the place of a name in the legend; new ones at the end. */
struct tp_plot_panel *tp_plot_panel_of(struct tp_plot *plot, const char *title,
                                       struct tp_arena *arena);
size_t tp_plot_place_of(struct tp_plot *plot, const char *name, struct tp_arena *arena);
/* Puts a point into the series with this name, by rising x, and widens the panel's range.  Two at
 * one x are refused, naming the row, but in a scatter. */
enum tp_status tp_plot_add(struct tp_plot *plot, struct tp_plot_panel *panel, const char *name,
                           struct tp_plot_point point, const struct tp_plot_row *row,
                           struct tp_arena *arena, struct tp_error *error);
#endif
