/* Time in two parts, a bar a variant, a panel a model, degree and phase. */
#include "plot/plot.h"

#include <math.h>
#include <string.h>

static struct tp_plot_panel *find_panel(struct tp_plot *plot, const char *title, size_t n_variants,
                                        struct tp_arena *arena)
{
  for (size_t i = 0; i < plot->n_panels; i++)
    if (strcmp(plot->panels[i].title, title) == 0)
      return &plot->panels[i];
  struct tp_plot_panel *const panel = &plot->panels[plot->n_panels++];
  *panel = (struct tp_plot_panel){.title = title,
                                  .series = TP_NEW(arena, struct tp_plot_series, n_variants)};
  return panel;
}

static enum tp_status add_bar(struct tp_plot_panel *panel, const struct tp_plot_row *row,
                              struct tp_arena *arena, struct tp_error *error)
{
  const char *const variant = row->input[TP_PLOT_VARIANT];
  for (size_t i = 0; i < panel->n_series; i++)
    if (strcmp(panel->series[i].name, variant) == 0)
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: a second row for model %s, variant %s, tp %g; give each point once",
                     row->file, row->line, row->input[TP_PLOT_MODEL], variant, row->tp);
  struct tp_plot_point *const point = TP_NEW(arena, struct tp_plot_point, 1);
  *point = (struct tp_plot_point){
      .x = (double)panel->n_series, .y = row->e2e_s - row->comm_exposed_s, .top = row->e2e_s};
  panel->series[panel->n_series++] = (struct tp_plot_series){variant, 1, point};
  panel->high = fmax(panel->high, row->e2e_s);
  return TP_OK;
}

static double highest(const struct tp_plot *plot)
{
  double high = 0;
  for (size_t i = 0; i < plot->n_panels; i++)
    high = fmax(high, plot->panels[i].high);
  return high;
}

static enum tp_status fill(struct tp_plot *plot, const struct tp_plot_rows *rows,
                           struct tp_arena *arena, struct tp_error *error)
{
  size_t n_models, n_variants, n_phases;
  tp_plot_rows_values(rows, TP_PLOT_PHASE, arena, &n_phases);
  tp_plot_rows_values(rows, TP_PLOT_MODEL, arena, &n_models);
  tp_plot_rows_values(rows, TP_PLOT_VARIANT, arena, &n_variants);
  plot->panels = TP_NEW(arena, struct tp_plot_panel, rows->n);
  for (size_t i = 0; i < rows->n; i++) {
    const struct tp_plot_row *const row = &rows->items[i];
    const char *const phase = row->input[TP_PLOT_PHASE];
    const bool whole = phase[0] == '\0' || strcmp(phase, "inference") == 0;
    const char *const title = tp_arena_printf(arena, "%s, TP %g%s%s", row->input[TP_PLOT_MODEL],
                                              row->tp, whole ? "" : ", ", whole ? "" : phase);
    struct tp_plot_panel *const panel = find_panel(plot, title, n_variants, arena);
    const bool drawn =
        strcmp(row->status, "ok") == 0 && !isnan(row->e2e_s) && !isnan(row->comm_exposed_s);
    const enum tp_status status = drawn ? add_bar(panel, row, arena, error) : TP_OK;
    if (status != TP_OK)
      return status;
    if (!drawn && panel->empty == NULL)
      panel->empty = tp_arena_printf(arena, "%.*s", (int)strcspn(row->status, ":;,"), row->status);
  }
  const double high = highest(plot);
  for (size_t i = 0; i < plot->n_panels; i++) {
    struct tp_plot_panel *const panel = &plot->panels[i];
    if (panel->n_series > 0)
      panel->empty = NULL;
    /* One model's degrees compare on one axis; two models may differ a hundredfold. */
    panel->high = (n_models == 1 && n_phases == 1) || panel->high <= 0 ? high : panel->high;
  }
  return TP_OK;
}

/* Times of passes and sub-layers read better in milliseconds. */
static void show_milliseconds(struct tp_plot *plot)
{
  for (size_t i = 0; i < plot->n_panels; i++) {
    struct tp_plot_panel *const panel = &plot->panels[i];
    panel->high *= 1e3;
    for (size_t b = 0; b < panel->n_series; b++) {
      panel->series[b].points->y *= 1e3;
      panel->series[b].points->top *= 1e3;
    }
  }
  plot->y_label = "time (ms)";
}

static enum tp_status shape(const struct tp_csv *tables, size_t n_tables,
                            const struct tp_plot_filter *filter, struct tp_arena *arena,
                            struct tp_plot *plot, struct tp_error *error)
{
  struct tp_plot_rows rows;
  struct tp_plot result = {
      .form = TP_PLOT_BARS, .title = "Where the time goes", .x_label = "", .y_label = "time (s)"};
  enum tp_status status = tp_plot_rows_open(tables, n_tables, "comm_exposed_s", filter, arena,
                                            &rows, &result.caption, error);
  if (status == TP_OK)
    status = fill(&result, &rows, arena, error);
  if (status == TP_OK && highest(&result) < 0.5)
    show_milliseconds(&result);
  if (status == TP_OK)
    status = tp_plot_finish(&result, arena, error);
  if (status == TP_OK)
    *plot = result;
  return status;
}

const struct tp_plot_kind tp_plot_breakdown = {
    "breakdown", "compute and exposed communication, a bar a variant, a panel a degree", shape};
