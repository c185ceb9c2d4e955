/* Predicted against published, a mark a figure, a panel a metric; reads what `reproduce` writes. */
#include "plot/plot.h"
#include "program/variant.h"

#include <math.h>
#include <string.h>

/* A case that ends in a variant's name belongs to that variant, any other to its paper. */
static const char *group_of(const struct tp_plot_row *row, struct tp_arena *arena)
{
  const char *const space = strrchr(tp_plot_row_text(row, "case"), ' ');
  struct tp_variant variant;
  if (space != NULL && tp_variant_parse(space + 1, arena, &variant, NULL) == TP_OK)
    return variant.text;
  return tp_plot_row_text(row, "paper");
}

static const char *title_of(const struct tp_plot_row *row, struct tp_arena *arena)
{
  const char *const metric = tp_plot_row_text(row, "metric"), *const unit =
                                                                  tp_plot_row_text(row, "unit");
  return strcmp(unit, "ratio") == 0 || unit[0] == '\0'
             ? metric
             : tp_arena_printf(arena, "%s (%s)", metric, unit);
}

static enum tp_status add(struct tp_plot *plot, const struct tp_plot_row *row,
                          struct tp_arena *arena, struct tp_error *error)
{
  double is[2];
  TP_TRY(tp_plot_row_numbers(row, (const char *[]){"published", "predicted"}, 2, is, error));
  if (isnan(is[0]) || isnan(is[1]))
    return TP_OK;
  const struct tp_plot_point point = {.x = is[0], .y = is[1]};
  if (point.x <= 0 || point.y <= 0)
    return tp_fail(error, TP_E_INPUT, "%s:%d: figures to compare must be above zero",
                   row->csv->path, row->csv->lines[row->at]);
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, title_of(row, arena), arena);
  panel->low = fmin(panel->low, point.x);
  panel->high = fmax(panel->high, point.x);
  return tp_plot_add(plot, panel, group_of(row, arena), point, row, arena, error);
}

/* Distances to the diagonal are ratios: a wide range asks for logarithms. */
static enum tp_status finish(struct tp_plot *plot, const struct tp_plot_rows *rows,
                             struct tp_arena *arena, struct tp_error *error)
{
  (void)rows, (void)arena;
  for (size_t i = 0; i < plot->n_panels; i++) {
    struct tp_plot_panel *const panel = &plot->panels[i];
    panel->logarithmic = panel->high > 3 * panel->low;
    const double factor = pow(panel->high / panel->low, 0.07) * 1.02;
    const double margin = fmax(0.07 * (panel->high - panel->low), 0.02 * panel->high);
    panel->low = panel->logarithmic ? panel->low / factor : panel->low - margin;
    panel->high = panel->logarithmic ? panel->high * factor : panel->high + margin;
  }
  return plot->n_panels > 0
             ? TP_OK
             : tp_fail(error, TP_E_INPUT, "no row has both a published and a predicted figure");
}

const struct tp_plot_kind tp_plot_published = {
    .name = "published",
    .rows_are = "published figures",
    .rows_from = "tpsim reproduce all --format csv",
    .columns = {"paper", "case", "metric", "published", "predicted"},
    .frame = {.form = TP_PLOT_SCATTER,
              .title = "Predicted against published",
              .caption = "band: within 10 % of the published figure",
              .x_label = "published",
              .y_label = "predicted"},
    .add = add,
    .finish = finish,
};
