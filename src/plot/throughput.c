/* Throughput against batch or requests at once, a line a variant with its interval as a band; and
 * what a GPU yields against the time a token takes, of each variant the points that none of its own
 * betters. */
#include "plot/plot.h"

#include <math.h>

/* Whose rows it shows: "llama-3.1-8b, TP 8". */
static struct tp_plot_panel *panel_of(struct tp_plot *plot, const struct tp_plot_row *row,
                                      bool with_degree, struct tp_arena *arena)
{
  const char *const model = row->input[TP_PLOT_model];
  return tp_plot_panel_of(
      plot,
      with_degree ? tp_arena_printf(arena, "%s, TP %s", model, row->input[TP_PLOT_tp]) : model,
      arena);
}

static bool is_refused(const struct tp_plot_row *row, struct tp_plot_panel *panel, double figure,
                       struct tp_arena *arena)
{
  const char *refusal = tp_plot_row_refusal(row, arena);
  if (refusal == NULL && !(figure > 0))
    refusal = "no time given";
  panel->empty = panel->empty != NULL ? panel->empty : refusal;
  return refusal != NULL;
}

static enum tp_status add_batch(struct tp_plot *plot, const struct tp_plot_row *row,
                                struct tp_arena *arena, struct tp_error *error)
{
  double is[4], low_s, high_s; /* batch, tokens a second, end to end, requests at once */
  TP_TRY(tp_plot_row_numbers(row, (const char *[]){"batch", "tokens_per_s", "e2e_s", "concurrency"},
                             4, is, error));
  is[0] = isnan(is[3]) ? is[0] : is[3]; /* of a server the batch is a limit */
  struct tp_plot_panel *const panel = panel_of(plot, row, true, arena);
  if (is_refused(row, panel, is[1], arena))
    return TP_OK;
  if (!(is[0] >= 1))
    return tp_fail(error, TP_E_INPUT,
                   "%s:%d: column 'batch': must be at least 1 to be drawn; `plot pareto` draws "
                   "rows of a rate",
                   row->csv->path, row->csv->lines[row->at]);
  TP_TRY(tp_plot_row_interval(row, is[2], &low_s, &high_s, error));
  const struct tp_plot_point point = {
      .x = is[0], .y = is[1], .low = is[1] * is[2] / high_s, .high = is[1] * is[2] / low_s};
  return tp_plot_add(plot, panel, row->input[TP_PLOT_variant], point, row, arena, error);
}

/* One range a model would do, but one picture is often one model. */
static enum tp_status finish_batch(struct tp_plot *plot, const struct tp_plot_rows *rows,
                                   struct tp_arena *arena, struct tp_error *error)
{
  (void)rows, (void)arena, (void)error;
  double low = HUGE_VAL, high = 0;
  for (size_t i = 0; i < plot->n_panels; i++) {
    low = fmin(low, plot->panels[i].low);
    high = fmax(high, plot->panels[i].high);
  }
  for (size_t i = 0; i < plot->n_panels; i++) {
    plot->panels[i].logarithmic = true;
    plot->panels[i].low = low / 1.2;
    plot->panels[i].high = high * 1.2;
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_batch = {
    .name = "batch",
    .rows_are = "results",
    .columns = {"model", "variant", "tp", "batch", "tokens_per_s", "e2e_s"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp) | TP_PLOT_BIT(batch) |
             TP_PLOT_BIT(concurrency),
    .frame = {.form = TP_PLOT_LINES,
              .title = "Throughput by batch",
              .x_label = "sequences at once",
              .y_label = "tokens/s"},
    .add = add_batch,
    .finish = finish_batch,
};

static enum tp_status add_point(struct tp_plot *plot, const struct tp_plot_row *row,
                                struct tp_arena *arena, struct tp_error *error)
{
  double tp, is[4]; /* tokens a second, seconds a token, stages, replicas */
  TP_TRY(tp_plot_row_degree(row, &tp, error));
  TP_TRY(tp_plot_row_numbers(row, (const char *[]){"tokens_per_s", "tpot_s", "pp", "dp"}, 4, is,
                             error));
  struct tp_plot_panel *const panel = panel_of(plot, row, false, arena);
  if (is_refused(row, panel, fmin(is[0], is[1]), arena))
    return TP_OK;
  const double gpus = tp * (isnan(is[2]) ? 1 : is[2]) * (isnan(is[3]) ? 1 : is[3]);
  return tp_plot_add(plot, panel, row->input[TP_PLOT_variant],
                     (struct tp_plot_point){.x = is[0] / gpus, .y = 1e3 * is[1]}, row, arena,
                     error);
}

/* From the fastest token on, what yields more than all before it; `top` tells it from the others.
 */
static void find_front(struct tp_plot_series *series)
{
  double least = HUGE_VAL;
  for (size_t i = series->n; i-- > 0;) {
    series->points[i].top = series->points[i].y < least ? 1 : 0;
    least = fmin(least, series->points[i].y);
  }
}

static enum tp_status finish_front(struct tp_plot *plot, const struct tp_plot_rows *rows,
                                   struct tp_arena *arena, struct tp_error *error)
{
  (void)rows, (void)arena, (void)error;
  for (size_t i = 0; i < plot->n_panels; i++) {
    struct tp_plot_panel *const panel = &plot->panels[i];
    panel->logarithmic = true;
    if (panel->n_series == 0) { /* says why it is empty; gnuplot wants axes nonetheless */
      panel->left = panel->low = 1;
      panel->right = panel->high = 10;
      continue;
    }
    panel->left = HUGE_VAL;
    panel->low /= 1.2;
    panel->high *= 1.2;
    for (size_t s = 0; s < panel->n_series; s++) {
      const struct tp_plot_series *const series = &panel->series[s];
      find_front(&panel->series[s]);
      panel->left = fmin(panel->left, series->points[0].x / 1.2);
      panel->right = fmax(panel->right, series->points[series->n - 1].x * 1.2);
    }
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_pareto = {
    .name = "pareto",
    .rows_are = "results",
    .columns = {"model", "variant", "tp", "batch", "tokens_per_s", "tpot_s"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp) | TP_PLOT_BIT(batch) |
             TP_PLOT_BIT(pp) | TP_PLOT_BIT(dp) | TP_PLOT_BIT(ep) | TP_PLOT_BIT(nodes) |
             TP_PLOT_BIT(concurrency) | TP_PLOT_BIT(rate),
    .frame = {.form = TP_PLOT_FRONT,
              .title = "Time per token against throughput",
              .x_label = "tokens/s a GPU, over all loads and degrees",
              .y_label = "ms a token"},
    .add = add_point,
    .finish = finish_front,
};
