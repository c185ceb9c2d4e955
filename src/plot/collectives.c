/* All-reduces by size, both axes logarithmic: bus bandwidth and time, two panels a machine; reads
 * what `tpsim compare --collectives --format csv` writes. */
#include "plot/plot.h"

#include <math.h>
#include <string.h>

static const char *const columns[] = {"platform", "stack",         "tp", "bytes", "algorithm",
                                      "time_us",  "busbw_gb_per_s"};
enum { PLATFORM, STACK, TP, BYTES, ALGORITHM, TIME, BUSBW, N_COLUMNS };

/* Which column an input of the filter is, or -1. */
static int column_of(enum tp_plot_input input)
{
  for (int c = PLATFORM; c <= TP; c++)
    if (strcmp(columns[c], tp_plot_inputs[input]) == 0)
      return c;
  return -1;
}

static enum tp_status check_filter(const struct tp_plot_filter *filter, struct tp_error *error)
{
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
    if (filter->n[i] > 0 && column_of((enum tp_plot_input)i) < 0)
      return tp_fail(error, TP_E_INPUT, "all-reduces have no column '%s' to choose by; drop --%s",
                     tp_plot_inputs[i], tp_plot_inputs[i]);
  return TP_OK;
}

static bool passes(const struct tp_plot_filter *filter, const char *const *cells)
{
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++) {
    bool found = filter->n[i] == 0;
    for (size_t v = 0; v < filter->n[i] && !found; v++)
      found = strcmp(filter->values[i][v], cells[column_of((enum tp_plot_input)i)]) == 0;
    if (!found)
      return false;
  }
  return true;
}

static void add_point(struct tp_plot *plot, const char *title, const char *name, double x, double y,
                      size_t most, struct tp_arena *arena)
{
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, title, most, arena);
  panel->logarithmic = true;
  tp_plot_add(panel, tp_plot_series_of(panel, name, most, arena), x, y);
}

static enum tp_status add_row(struct tp_plot *plot, const struct tp_csv *csv, size_t row,
                              const struct tp_plot_filter *filter, size_t most,
                              struct tp_arena *arena, struct tp_error *error)
{
  const char *cells[N_COLUMNS];
  double numbers[N_COLUMNS];
  for (int c = 0; c < N_COLUMNS; c++)
    cells[c] = tp_csv_cell(csv, row, tp_csv_column(csv, columns[c]));
  if (!passes(filter, cells))
    return TP_OK;
  static const int wanted[] = {BYTES, TIME, BUSBW};
  for (int i = 0; i < 3; i++) {
    const enum tp_status status =
        tp_csv_number(csv, row, tp_csv_column(csv, columns[wanted[i]]), &numbers[wanted[i]], error);
    if (status != TP_OK)
      return status;
    if (numbers[wanted[i]] <= 0)
      return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s': must be above zero to be drawn",
                     csv->path, csv->lines[row], columns[wanted[i]]);
  }
  const char *machine =
      tp_arena_printf(arena, "%s, %s, %s ranks", cells[PLATFORM], cells[STACK], cells[TP]);
  add_point(plot, tp_arena_printf(arena, "%s: bus GB/s", machine), cells[ALGORITHM], numbers[BYTES],
            numbers[BUSBW], most, arena);
  add_point(plot, tp_arena_printf(arena, "%s: us", machine), cells[ALGORITHM], numbers[BYTES],
            numbers[TIME], most, arena);
  return TP_OK;
}

static enum tp_status shape(const struct tp_csv *tables, size_t n_tables,
                            const struct tp_plot_filter *filter, struct tp_arena *arena,
                            struct tp_plot *plot, struct tp_error *error)
{
  size_t most = 0;
  for (size_t i = 0; i < n_tables; i++)
    most += tables[i].n_rows;
  struct tp_plot result = {.form = TP_PLOT_CURVES,
                           .title = "All-reduces by size",
                           .caption = "stack: what the stack would take",
                           .x_label = "bytes of a rank",
                           .y_label = "",
                           .panels = TP_NEW(arena, struct tp_plot_panel, 2 * most)};
  enum tp_status status = check_filter(filter, error);
  for (size_t i = 0; i < n_tables && status == TP_OK; i++) {
    status = tp_plot_require(&tables[i], columns, N_COLUMNS, arena, error);
    for (size_t row = 0; row < tables[i].n_rows && status == TP_OK; row++)
      status = add_row(&result, &tables[i], row, filter, most, arena, error);
  }
  if (status != TP_OK)
    return status;
  if (result.n_panels == 0)
    return tp_fail(error, TP_E_INPUT,
                   "no row is of that machine; see `tpsim compare --collectives`");
  status = tp_plot_finish(&result, arena, error);
  if (status == TP_OK)
    *plot = result;
  return status;
}

const struct tp_plot_kind tp_plot_collectives = {
    "collectives", "all-reduces by size, from `tpsim compare --collectives --format csv`", shape};
