/* A figure over two inputs: a panel a model and variant, a cell a point. */
#include "plot/plot.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Numbers by size, words as they come. */
static void sort_names(const char **names, size_t n)
{
  for (size_t i = 1; i < n; i++) {
    const char *const name = names[i];
    double here, before;
    size_t at = i;
    for (; at > 0 && tp_text_number(name, &here) && tp_text_number(names[at - 1], &before) &&
           here < before;
         at--)
      names[at] = names[at - 1];
    names[at] = name;
  }
}

static double place_of(const char *const *names, size_t n, const char *name)
{
  size_t i = 0;
  while (i < n && !tp_plot_same(names[i], name))
    i++;
  return (double)i;
}

static const char *title_of(const struct tp_plot *plot, const struct tp_plot_row *row,
                            struct tp_arena *arena)
{
  static const enum tp_plot_input parts[] = {TP_PLOT_model, TP_PLOT_variant, TP_PLOT_tp,
                                             TP_PLOT_phase};
  const char *title = "";
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    const char *const text = row->input[parts[i]];
    if (parts[i] == plot->heat.across || parts[i] == plot->heat.down || text[0] == '\0' ||
        strcmp(text, "inference") == 0)
      continue;
    title = tp_arena_printf(arena, "%s%s%s%s", title, title[0] == '\0' ? "" : ", ",
                            parts[i] == TP_PLOT_tp ? "TP " : "", text);
  }
  return title;
}

static enum tp_status add(struct tp_plot *plot, const struct tp_plot_row *row,
                          struct tp_arena *arena, struct tp_error *error)
{
  double value;
  TP_TRY(tp_plot_row_numbers(row, &plot->heat.value, 1, &value, error));
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, title_of(plot, row, arena), arena);
  const char *const refusal = tp_plot_row_refusal(row, arena);
  if (refusal != NULL || isnan(value)) {
    panel->empty = refusal != NULL ? refusal : "no figure given";
    return TP_OK;
  }
  /* A series a line of cells: two in one cell are refused then. */
  const struct tp_plot_point cell = {
      .x = place_of(plot->x_names, plot->n_x_names, row->input[plot->heat.across]),
      .y = place_of(plot->y_names, plot->n_y_names, row->input[plot->heat.down]),
      .top = value};
  return tp_plot_add(plot, panel, row->input[plot->heat.down], cell, row, arena, error);
}

static enum tp_status begin(struct tp_plot *plot, const struct tp_plot_rows *rows,
                            struct tp_arena *arena, struct tp_error *error)
{
  if (plot->heat.across == plot->heat.down)
    return tp_fail(error, TP_E_INPUT, "both axes are %s; give --x and --y two inputs",
                   tp_plot_inputs[plot->heat.across]);
  for (size_t i = 0; i < rows->n; i++) {
    const struct tp_csv *const csv = rows->items[i].csv;
    if (tp_csv_column(csv, plot->heat.value) < 0)
      return tp_fail(error, TP_E_INPUT, "%s:1: no column '%s' to show%s", csv->path,
                     plot->heat.value,
                     tp_text_hint(arena, plot->heat.value, csv->columns, csv->n_columns));
  }
  plot->x_names = tp_plot_rows_values(rows, plot->heat.across, arena, &plot->n_x_names);
  plot->y_names = tp_plot_rows_values(rows, plot->heat.down, arena, &plot->n_y_names);
  sort_names(plot->x_names, plot->n_x_names);
  sort_names(plot->y_names, plot->n_y_names);
  plot->x_label = tp_plot_inputs[plot->heat.across];
  plot->y_label = tp_plot_inputs[plot->heat.down];
  plot->title =
      tp_arena_printf(arena, "%s by %s and %s", plot->heat.value, plot->x_label, plot->y_label);
  return TP_OK;
}

/* Why cells among others are blank, where there is one reason; NULL: none is. */
static const char *why_blank(const struct tp_plot *plot)
{
  const char *why = NULL;
  for (size_t i = 0; i < plot->n_panels; i++) {
    const struct tp_plot_panel *const panel = &plot->panels[i];
    if (panel->empty != NULL && panel->n_series > 0)
      why = why == NULL || strcmp(why, panel->empty) == 0 ? panel->empty : "cannot run";
  }
  return why;
}

/* Three digits, but as few decimals below 1 as above it: 0.99 beside 1.01. */
static const char *label_of(double value, double high, struct tp_arena *arena)
{
  const char *const format = value >= 1000 && value < 1e6             ? "%.0f"
                             : value >= 0.1 && value < 1 && high >= 1 ? "%.2g"
                                                                      : "%.3g";
  return tp_arena_printf(arena, format, value);
}

/* One scale for all panels: their colours compare. */
static enum tp_status finish(struct tp_plot *plot, const struct tp_plot_rows *rows,
                             struct tp_arena *arena, struct tp_error *error)
{
  (void)rows, (void)error;
  const char *const blank = why_blank(plot);
  if (blank != NULL)
    plot->caption = tp_arena_printf(arena, "%s; blank: %s", plot->caption, blank);
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (size_t i = 0; i < plot->n_panels; i++)
    for (size_t s = 0; s < plot->panels[i].n_series; s++)
      for (size_t k = 0; k < plot->panels[i].series[s].n; k++) {
        low = fmin(low, plot->panels[i].series[s].points[k].top);
        high = fmax(high, plot->panels[i].series[s].points[k].top);
      }
  for (size_t i = 0; i < plot->n_panels; i++) {
    plot->panels[i].low = low;
    plot->panels[i].high = high > low ? high : low + 1;
    for (size_t s = 0; s < plot->panels[i].n_series; s++)
      for (size_t k = 0; k < plot->panels[i].series[s].n; k++) {
        struct tp_plot_point *const cell = &plot->panels[i].series[s].points[k];
        cell->label = label_of(cell->top, high, arena);
      }
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_heatmap = {
    .name = "heatmap",
    .rows_are = "results",
    .columns = {"model", "variant", "tp"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp) | TP_PLOT_BIT(phase),
    .frame = {.form = TP_PLOT_HEAT,
              .heat = {.across = TP_PLOT_batch, .down = TP_PLOT_tp, .value = "speedup"}},
    .begin = begin,
    .add = add,
    .finish = finish,
};
