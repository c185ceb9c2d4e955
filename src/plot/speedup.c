/* Speedup over standard against the tensor-parallel degree: a line a variant, a panel a model. */
#include "plot/plot.h"

#include <math.h>
#include <string.h>

static bool drawn(const struct tp_plot_row *row)
{
  return strcmp(row->status, "ok") == 0 && !isnan(row->speedup);
}

/* Inserts by rising x; two rows for one place are a mistake of the caller's. */
static enum tp_status add_point(struct tp_plot_series *line, const struct tp_plot_row *row,
                                struct tp_error *error)
{
  size_t at = line->n;
  while (at > 0 && line->points[at - 1].x > row->tp)
    at--;
  if (at > 0 && line->points[at - 1].x == row->tp)
    return tp_fail(error, TP_E_INPUT,
                   "%s:%d: a second row for model %s, variant %s, tp %g; give each point once",
                   row->file, row->line, row->input[TP_PLOT_MODEL], line->name, row->tp);
  memmove(&line->points[at + 1], &line->points[at], (line->n - at) * sizeof *line->points);
  line->points[at] = (struct tp_plot_point){.x = row->tp, .y = row->speedup};
  line->n++;
  return TP_OK;
}

/* "does not fit: needs 112 GB ..." is too long for a panel. */
static const char *short_reason(const char *status, struct tp_arena *arena)
{
  if (strcmp(status, "ok") == 0)
    return "no speedup: standard is missing";
  return tp_arena_printf(arena, "%.*s", (int)strcspn(status, ":;,"), status);
}

static enum tp_status fill_panel(const struct tp_plot_rows *rows, const char *model,
                                 size_t n_variants, size_t n_degrees, struct tp_arena *arena,
                                 struct tp_plot_panel *panel, struct tp_error *error)
{
  panel->title = model;
  panel->series = TP_NEW(arena, struct tp_plot_series, n_variants);
  for (size_t i = 0; i < rows->n; i++) {
    const struct tp_plot_row *const row = &rows->items[i];
    if (strcmp(row->input[TP_PLOT_MODEL], model) != 0)
      continue;
    if (!drawn(row)) {
      panel->empty = short_reason(row->status, arena);
      continue;
    }
    const char *const variant = row->input[TP_PLOT_VARIANT];
    const enum tp_status status =
        add_point(tp_plot_series_of(panel, variant, n_degrees, arena), row, error);
    if (status != TP_OK)
      return status;
  }
  if (panel->n_series > 0)
    panel->empty = NULL;
  return TP_OK;
}

/* One range for all panels, so that models compare; 1 is always in it. */
static void set_range(struct tp_plot *plot)
{
  double low = 1, high = 1;
  for (size_t p = 0; p < plot->n_panels; p++)
    for (size_t s = 0; s < plot->panels[p].n_series; s++)
      for (size_t i = 0; i < plot->panels[p].series[s].n; i++) {
        low = fmin(low, plot->panels[p].series[s].points[i].y);
        high = fmax(high, plot->panels[p].series[s].points[i].y);
      }
  const double margin = fmax(0.05 * (high - low), 0.02);
  for (size_t p = 0; p < plot->n_panels; p++) {
    plot->panels[p].low = low - margin;
    plot->panels[p].high = high + margin;
  }
}

static void collect_ticks(struct tp_plot *plot, const struct tp_plot_rows *rows, size_t n_degrees,
                          struct tp_arena *arena)
{
  double *const ticks = TP_NEW(arena, double, n_degrees);
  for (size_t i = 0; i < rows->n; i++) {
    const double tp = rows->items[i].tp;
    size_t at = plot->n_ticks;
    while (at > 0 && ticks[at - 1] > tp)
      at--;
    if (at > 0 && ticks[at - 1] == tp)
      continue;
    memmove(&ticks[at + 1], &ticks[at], (plot->n_ticks - at) * sizeof *ticks);
    ticks[at] = tp;
    plot->n_ticks++;
  }
  plot->ticks = ticks;
}

static enum tp_status shape(const struct tp_csv *tables, size_t n_tables,
                            const struct tp_plot_filter *filter, struct tp_arena *arena,
                            struct tp_plot *plot, struct tp_error *error)
{
  struct tp_plot_rows rows;
  struct tp_plot result = {.form = TP_PLOT_LINES,
                           .title = "Speedup over standard",
                           .x_label = "tensor-parallel degree (GPUs)",
                           .y_label = "speedup, end to end"};
  enum tp_status status =
      tp_plot_rows_open(tables, n_tables, "speedup", filter, arena, &rows, &result.caption, error);
  if (status != TP_OK)
    return status;
  size_t n_variants, n_degrees;
  tp_plot_rows_values(&rows, TP_PLOT_VARIANT, arena, &n_variants);
  tp_plot_rows_values(&rows, TP_PLOT_TP, arena, &n_degrees);
  const char *const *const models =
      tp_plot_rows_values(&rows, TP_PLOT_MODEL, arena, &result.n_panels);
  result.panels = TP_NEW(arena, struct tp_plot_panel, result.n_panels);
  for (size_t i = 0; i < result.n_panels && status == TP_OK; i++)
    status = fill_panel(&rows, models[i], n_variants, n_degrees, arena, &result.panels[i], error);
  if (status != TP_OK)
    return status;
  collect_ticks(&result, &rows, n_degrees, arena);
  set_range(&result);
  status = tp_plot_finish(&result, arena, error);
  if (status == TP_OK)
    *plot = result;
  return status;
}

const struct tp_plot_kind tp_plot_speedup = {
    "speedup", "speedup over standard against the degree, a panel a model", shape};
