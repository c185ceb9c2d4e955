/* Predicted against published, a mark a figure, a panel a metric; reads what `reproduce` writes. */
#include "plot/plot.h"
#include "program/variant.h"

#include <math.h>
#include <string.h>

static const char *const columns[] = {"paper", "case", "metric", "published", "predicted"};
enum { PAPER, CASE, METRIC, PUBLISHED, PREDICTED, N_COLUMNS };

/* A case that ends in a variant's name belongs to that variant, any other to its paper. */
static const char *group_of(const char *label, const char *paper, struct tp_arena *arena)
{
  const char *const space = strrchr(label, ' ');
  struct tp_variant variant;
  if (space != NULL && tp_variant_parse(space + 1, arena, &variant, NULL) == TP_OK)
    return variant.text;
  return paper;
}

static const char *title_of(const char *metric, const char *unit, struct tp_arena *arena)
{
  return strcmp(unit, "ratio") == 0 || unit[0] == '\0'
             ? metric
             : tp_arena_printf(arena, "%s (%s)", metric, unit);
}

/* One range for both axes. */
static void add_mark(struct tp_plot_panel *panel, const char *name, double published,
                     double predicted, size_t most, struct tp_arena *arena)
{
  tp_plot_add(panel, tp_plot_series_of(panel, name, most, arena), published, predicted);
  panel->low = fmin(panel->low, published);
  panel->high = fmax(panel->high, published);
}

static enum tp_status add_table(struct tp_plot *plot, const struct tp_csv *csv, size_t most,
                                struct tp_arena *arena, struct tp_error *error)
{
  enum tp_status status = tp_plot_require(csv, columns, N_COLUMNS, arena, error);
  if (status != TP_OK)
    return status;
  int at[N_COLUMNS];
  for (int i = 0; i < N_COLUMNS; i++)
    at[i] = tp_csv_column(csv, columns[i]);
  for (size_t row = 0; row < csv->n_rows; row++) {
    double published, predicted;
    if (tp_csv_cell(csv, row, at[PUBLISHED])[0] == '\0' ||
        tp_csv_cell(csv, row, at[PREDICTED])[0] == '\0')
      continue;
    status = tp_csv_number(csv, row, at[PUBLISHED], &published, error);
    if (status == TP_OK)
      status = tp_csv_number(csv, row, at[PREDICTED], &predicted, error);
    if (status != TP_OK)
      return status;
    if (published <= 0 || predicted <= 0)
      return tp_fail(error, TP_E_INPUT, "%s:%d: figures to compare must be above zero", csv->path,
                     csv->lines[row]);
    const char *const title = title_of(tp_csv_cell(csv, row, at[METRIC]),
                                       tp_csv_cell(csv, row, tp_csv_column(csv, "unit")), arena);
    struct tp_plot_panel *const panel = tp_plot_panel_of(plot, title, most, arena);
    const char *const group =
        group_of(tp_csv_cell(csv, row, at[CASE]), tp_csv_cell(csv, row, at[PAPER]), arena);
    add_mark(panel, group, published, predicted, most, arena);
  }
  return TP_OK;
}

/* A decade or more asks for logarithms. */
static void set_ranges(struct tp_plot *plot)
{
  for (size_t i = 0; i < plot->n_panels; i++) {
    struct tp_plot_panel *const panel = &plot->panels[i];
    panel->logarithmic = panel->high > 8 * panel->low;
    if (panel->logarithmic) {
      panel->low /= 1.3;
      panel->high *= 1.3;
    } else {
      const double margin = fmax(0.07 * (panel->high - panel->low), 0.02 * panel->high);
      panel->low -= margin;
      panel->high += margin;
    }
  }
}

static enum tp_status shape(const struct tp_csv *tables, size_t n_tables,
                            const struct tp_plot_filter *filter, struct tp_arena *arena,
                            struct tp_plot *plot, struct tp_error *error)
{
  size_t most = 0;
  for (size_t i = 0; i < n_tables; i++)
    most += tables[i].n_rows;
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
    if (filter->n[i] > 0)
      return tp_fail(error, TP_E_INPUT,
                     "published figures have no column '%s' to choose by; drop --%s",
                     tp_plot_inputs[i], tp_plot_inputs[i]);
  struct tp_plot result = {.form = TP_PLOT_SCATTER,
                           .title = "Predicted against published",
                           .caption = "band: within 10 % of the published figure",
                           .x_label = "published",
                           .y_label = "predicted",
                           .panels = TP_NEW(arena, struct tp_plot_panel, most)};
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < n_tables && status == TP_OK; i++)
    status = add_table(&result, &tables[i], most, arena, error);
  if (status != TP_OK)
    return status;
  if (result.n_panels == 0)
    return tp_fail(error, TP_E_INPUT, "no row has both a published and a predicted figure");
  set_ranges(&result);
  status = tp_plot_finish(&result, arena, error);
  if (status == TP_OK)
    *plot = result;
  return status;
}

const struct tp_plot_kind tp_plot_published = {
    "published", "predicted against published, from `tpsim reproduce --format csv`", shape};
