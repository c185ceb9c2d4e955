/* What all shapers share. */
#include "plot/plot.h"

#include <math.h>
#include <string.h>

enum { MOST_PANELS = 12 };

const struct tp_plot_kind *const tp_plot_kinds[] = {&tp_plot_speedup, &tp_plot_breakdown,
                                                    &tp_plot_published, &tp_plot_collectives, NULL};

enum tp_status tp_plot_rows_open(const struct tp_csv *tables, size_t n_tables, const char *required,
                                 const struct tp_plot_filter *filter, struct tp_arena *arena,
                                 struct tp_plot_rows *rows, const char **caption,
                                 struct tp_error *error)
{
  const char *const columns[] = {"model", "variant", "tp", required};
  *rows = (struct tp_plot_rows){.n = 0};
  for (size_t i = 0; i < n_tables; i++) {
    enum tp_status status = tp_plot_require(&tables[i], columns, 4, arena, error);
    if (status == TP_OK)
      status = tp_plot_rows_add(rows, &tables[i], arena, error);
    if (status != TP_OK)
      return status;
  }
  const enum tp_status status = tp_plot_rows_filter(rows, filter, arena, error);
  return status == TP_OK ? tp_plot_rows_settle(rows, arena, caption, error) : status;
}

struct tp_plot_panel *tp_plot_panel_of(struct tp_plot *plot, const char *title, size_t most,
                                       struct tp_arena *arena)
{
  for (size_t i = 0; i < plot->n_panels; i++)
    if (strcmp(plot->panels[i].title, title) == 0)
      return &plot->panels[i];
  struct tp_plot_panel *const panel = &plot->panels[plot->n_panels++];
  *panel = (struct tp_plot_panel){.title = title,
                                  .series = TP_NEW(arena, struct tp_plot_series, most),
                                  .low = (double)INFINITY};
  return panel;
}

struct tp_plot_series *tp_plot_series_of(struct tp_plot_panel *panel, const char *name, size_t most,
                                         struct tp_arena *arena)
{
  for (size_t i = 0; i < panel->n_series; i++)
    if (strcmp(panel->series[i].name, name) == 0)
      return &panel->series[i];
  struct tp_plot_series *const series = &panel->series[panel->n_series++];
  *series =
      (struct tp_plot_series){.name = name, .points = TP_NEW(arena, struct tp_plot_point, most)};
  return series;
}

void tp_plot_add(struct tp_plot_panel *panel, struct tp_plot_series *series, double x, double y)
{
  series->points[series->n++] = (struct tp_plot_point){.x = x, .y = y};
  panel->low = fmin(panel->low, y);
  panel->high = fmax(panel->high, y);
}

static size_t count_series(const struct tp_plot *plot)
{
  size_t n = 0;
  for (size_t i = 0; i < plot->n_panels; i++)
    n += plot->panels[i].n_series;
  return n;
}

enum tp_status tp_plot_finish(struct tp_plot *plot, struct tp_arena *arena, struct tp_error *error)
{
  if (plot->n_panels > MOST_PANELS)
    return tp_fail(error, TP_E_INPUT,
                   "%zu panels in one picture, more than %d; choose with --model or --tp",
                   plot->n_panels, MOST_PANELS);
  plot->legend = TP_NEW(arena, const char *, count_series(plot));
  plot->n_legend = 0;
  for (size_t i = 0; i < plot->n_panels; i++)
    for (size_t k = 0; k < plot->panels[i].n_series; k++) {
      const char *const name = plot->panels[i].series[k].name;
      size_t at = 0;
      while (at < plot->n_legend && strcmp(plot->legend[at], name) != 0)
        at++;
      if (at == plot->n_legend)
        plot->legend[plot->n_legend++] = name;
    }
  for (size_t i = 0; i < plot->n_panels; i++)
    if (plot->panels[i].empty == NULL)
      return TP_OK;
  return tp_fail(error, TP_E_INPUT, "none of the rows chosen has a figure to draw: %s: %s",
                 plot->panels[0].title, plot->panels[0].empty);
}
