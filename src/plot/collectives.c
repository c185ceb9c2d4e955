/* All-reduces by size, both axes logarithmic: bus bandwidth and time, two panels a machine; reads
 * what `tpsim compare --collectives --format csv` writes. */
#include "plot/plot.h"

#include <math.h>

static enum tp_status add_point(struct tp_plot *plot, const struct tp_plot_row *row,
                                const char *what, struct tp_plot_point point,
                                struct tp_arena *arena, struct tp_error *error)
{
  const char *const title =
      tp_arena_printf(arena, "%s, %s, %s ranks: %s", row->input[TP_PLOT_platform],
                      row->input[TP_PLOT_stack], row->input[TP_PLOT_tp], what);
  return tp_plot_add(plot, tp_plot_panel_of(plot, title, arena), tp_plot_row_text(row, "algorithm"),
                     point, row, arena, error);
}

static enum tp_status add(struct tp_plot *plot, const struct tp_plot_row *row,
                          struct tp_arena *arena, struct tp_error *error)
{
  static const char *const columns[] = {"bytes", "time_us", "busbw_gb_per_s", "low_us", "high_us"};
  enum { BYTES, TIME, BUSBW, LOW, HIGH, N };
  double is[N];
  TP_TRY(tp_plot_row_numbers(row, columns, N, is, error));
  for (int i = BYTES; i < N; i++)
    if (is[i] <= 0 || (i < LOW && isnan(is[i])))
      return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s': must be above zero to be drawn",
                     row->csv->path, row->csv->lines[row->at], columns[i]);
  const struct tp_plot_point time = {
      .x = is[BYTES], .y = is[TIME], .low = is[LOW], .high = is[HIGH]};
  const struct tp_plot_point rate = {.x = is[BYTES],
                                     .y = is[BUSBW],
                                     .low = is[BUSBW] * is[TIME] / is[HIGH],
                                     .high = is[BUSBW] * is[TIME] / is[LOW]};
  TP_TRY(add_point(plot, row, "bus GB/s", rate, arena, error));
  return add_point(plot, row, "us", time, arena, error);
}

static enum tp_status finish(struct tp_plot *plot, const struct tp_plot_rows *rows,
                             struct tp_arena *arena, struct tp_error *error)
{
  (void)rows, (void)arena, (void)error;
  for (size_t i = 0; i < plot->n_panels; i++) {
    plot->panels[i].logarithmic = true;
    plot->panels[i].low /= 1.3;
    plot->panels[i].high *= 1.3;
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_collectives = {
    .name = "collectives",
    .rows_are = "all-reduces",
    .rows_from = "tpsim compare --collectives --format csv",
    .columns = {"platform", "stack", "tp", "bytes", "algorithm", "time_us", "busbw_gb_per_s"},
    .shows = TP_PLOT_BIT(platform) | TP_PLOT_BIT(stack) | TP_PLOT_BIT(tp),
    .frame = {.form = TP_PLOT_LINES,
              .title = "All-reduces by size",
              .caption = "stack: what the stack would take",
              .x_label = "bytes of a rank",
              .y_label = "",
              .x_bytes = true,
              .reference = "stack"},
    .add = add,
    .finish = finish,
};
