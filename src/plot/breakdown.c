/* Time in two parts, or three where stages wait for one another, a bar a variant, a panel a model,
 * degree and phase. */
#include "plot/plot.h"

#include <math.h>
#include <string.h>

static const char *title_of(const struct tp_plot_row *row, double tp, struct tp_arena *arena)
{
  const char *const phase = row->input[TP_PLOT_phase];
  const bool whole = phase[0] == '\0' || strcmp(phase, "inference") == 0;
  return tp_arena_printf(arena, "%s, TP %g%s%s", row->input[TP_PLOT_model], tp, whole ? "" : ", ",
                         whole ? "" : phase);
}

/* Sums of such rows are of one GPU, which works in turns. */
static bool fills_stages(const struct tp_plot_row *row)
{
  const bool staged = row->input[TP_PLOT_pp][0] != '\0' && strcmp(row->input[TP_PLOT_pp], "1") != 0;
  const bool trains = strncmp(row->input[TP_PLOT_phase], "train", 5) == 0;
  return staged && (trains || row->input[TP_PLOT_micro_batch][0] != '\0');
}

static enum tp_status add(struct tp_plot *plot, const struct tp_plot_row *row,
                          struct tp_arena *arena, struct tp_error *error)
{
  double tp, times_s[3]; /* end to end, exposed, kernels */
  TP_TRY(tp_plot_row_degree(row, &tp, error));
  TP_TRY(tp_plot_row_numbers(row, (const char *[]){"e2e_s", "comm_exposed_s", "compute_s"}, 3,
                             times_s, error));
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, title_of(row, tp, arena), arena);
  const char *const variant = row->input[TP_PLOT_variant];
  const size_t place = tp_plot_place_of(plot, variant, arena);
  const char *refusal = tp_plot_row_refusal(row, arena);
  if (refusal == NULL && (isnan(times_s[0]) || isnan(times_s[1])))
    refusal = "no time given";
  if (refusal != NULL) {
    panel->empty = panel->empty != NULL ? panel->empty : refusal;
    TP_APPEND(arena, panel->gaps, panel->n_gaps, (struct tp_plot_gap){place, refusal});
    return TP_OK;
  }
  struct tp_plot_point bar = {.x = (double)place, .y = times_s[0] - times_s[1], .top = times_s[0]};
  TP_TRY(tp_plot_row_interval(row, bar.top, &bar.low, &bar.high, error));
  if (fills_stages(row) && !isnan(times_s[2])) {
    bar.end = bar.top;
    bar.y = times_s[2];
    bar.top = times_s[2] + times_s[1];
    panel->high = fmax(panel->high, bar.end);
  }
  return tp_plot_add(plot, panel, variant, bar, row, arena, error);
}

static void scale(struct tp_plot *plot, double factor)
{
  for (size_t i = 0; i < plot->n_panels; i++) {
    struct tp_plot_panel *const panel = &plot->panels[i];
    panel->high *= factor;
    for (size_t s = 0; s < panel->n_series; s++) {
      struct tp_plot_point *const bar = panel->series[s].points;
      *bar = (struct tp_plot_point){.x = bar->x,
                                    .y = factor * bar->y,
                                    .top = factor * bar->top,
                                    .end = factor * bar->end,
                                    .low = factor * bar->low,
                                    .high = factor * bar->high};
    }
  }
}

/* One model's degrees compare on one axis; two models may differ a hundredfold.  Times of passes
 * and sub-layers read better in milliseconds. */
static enum tp_status finish(struct tp_plot *plot, const struct tp_plot_rows *rows,
                             struct tp_arena *arena, struct tp_error *error)
{
  (void)error;
  size_t n_models, n_phases;
  tp_plot_rows_values(rows, TP_PLOT_model, arena, &n_models);
  tp_plot_rows_values(rows, TP_PLOT_phase, arena, &n_phases);
  double high = 0;
  for (size_t i = 0; i < plot->n_panels; i++)
    high = fmax(high, plot->panels[i].high);
  for (size_t i = 0; i < plot->n_panels; i++) {
    struct tp_plot_panel *const panel = &plot->panels[i];
    panel->low = 0;
    panel->high = (n_models == 1 && n_phases == 1) || panel->high <= 0 ? high : panel->high;
  }
  if (high < 0.5) {
    scale(plot, 1e3);
    plot->x_label = "time (ms)";
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_breakdown = {
    .name = "breakdown",
    .rows_are = "results",
    .columns = {"model", "variant", "tp", "comm_exposed_s"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp) | TP_PLOT_BIT(phase),
    .frame = {.form = TP_PLOT_BARS,
              .title = "Where the time goes",
              .x_label = "time (s)",
              .y_label = ""},
    .add = add,
    .finish = finish,
};
