/* Speedup over standard against the tensor-parallel degree: a line a variant, a panel a model. */
#include "plot/plot.h"

#include <math.h>

static enum tp_status add(struct tp_plot *plot, const struct tp_plot_row *row,
                          struct tp_arena *arena, struct tp_error *error)
{
  double tp, speedup;
  TP_TRY(tp_plot_row_degree(row, &tp, error));
  TP_TRY(tp_plot_row_numbers(row, (const char *[]){"speedup"}, 1, &speedup, error));
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, row->input[TP_PLOT_model], arena);
  const char *const refusal = tp_plot_row_refusal(row, arena);
  if (refusal == NULL && !isnan(speedup))
    return tp_plot_add(plot, panel, row->input[TP_PLOT_variant],
                       (struct tp_plot_point){.x = tp, .y = speedup}, row, arena, error);
  panel->empty = refusal != NULL ? refusal : "no speedup: standard is missing";
  return TP_OK;
}

/* One range for all panels, so that models compare; 1 is always in it. */
static enum tp_status finish(struct tp_plot *plot, const struct tp_plot_rows *rows,
                             struct tp_arena *arena, struct tp_error *error)
{
  (void)rows, (void)arena, (void)error;
  double low = 1, high = 1;
  for (size_t i = 0; i < plot->n_panels; i++) {
    low = fmin(low, plot->panels[i].low);
    high = fmax(high, plot->panels[i].high);
  }
  const double margin = fmax(0.05 * (high - low), 0.02);
  for (size_t i = 0; i < plot->n_panels; i++) {
    plot->panels[i].low = low - margin;
    plot->panels[i].high = high + margin;
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_speedup = {
    .name = "speedup",
    .rows_are = "results",
    .columns = {"model", "variant", "tp", "speedup"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp),
    .frame = {.form = TP_PLOT_LINES,
              .title = "End-to-end speedup over standard",
              .x_label = "tensor-parallel degree (GPUs)",
              .y_label = "speedup"},
    .add = add,
    .finish = finish,
};
