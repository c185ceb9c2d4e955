/* Every op with products under the roof of its GPU, from the rows of `--timeline FILE.csv`. */
#include "plot/spans.h"

#include <math.h>
#include <string.h>

/* Repetitions of an op are alike, and so are those of a kind of layer: one mark is their mean. */
static enum tp_status add_op(struct tp_plot *plot, const struct tp_plot_row *row,
                             struct tp_arena *arena, struct tp_error *error)
{
  static const char *const columns[] = {"flops",  "dram_bytes",       "start_us",
                                        "end_us", "peak_flops_per_s", "peak_dram_bytes_per_s",
                                        "rank"};
  enum { FLOPS, BYTES, START, END, PEAK, RATE, RANK, N };
  double is[N];
  TP_TRY(tp_plot_row_numbers(row, columns, N, is, error));
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, tp_plot_span_title(row, arena), arena);
  panel->peak = is[PEAK];
  panel->slope = is[RATE];
  if (!(is[FLOPS] > 0) || !(is[BYTES] > 0) || !(is[END] > is[START]) || is[RANK] > 0)
    return TP_OK;
  const char *const name = tp_plot_row_text(row, "op");
  const struct tp_plot_point op = {.x = is[FLOPS] / is[BYTES],
                                   .y = is[FLOPS] / (is[END] - is[START]) * 1e6};
  for (size_t s = 0; s < panel->n_series; s++) {
    struct tp_plot_series *const series = &panel->series[s];
    for (size_t k = 0; k < series->n && strcmp(series->name, name) == 0; k++)
      if (fabs(series->points[k].x / op.x - 1) < 1e-6) {
        series->points[k].y += (op.y - series->points[k].y) / ++series->points[k].top;
        return TP_OK;
      }
  }
  return tp_plot_add(plot, panel, name, (struct tp_plot_point){.x = op.x, .y = op.y, .top = 1}, row,
                     arena, error);
}

static enum tp_status finish_roof(struct tp_plot *plot, const struct tp_plot_rows *rows,
                                  struct tp_arena *arena, struct tp_error *error)
{
  (void)rows, (void)arena, (void)error;
  double left = HUGE_VAL, right = 0, low = HUGE_VAL, high = 0;
  for (size_t i = 0; i < plot->n_panels; i++) {
    const struct tp_plot_panel *const panel = &plot->panels[i];
    high = fmax(high, panel->peak);
    right = fmax(right, 4 * panel->peak / panel->slope);
    for (size_t s = 0; s < panel->n_series; s++)
      for (size_t k = 0; k < panel->series[s].n; k++) {
        left = fmin(left, panel->series[s].points[k].x);
        right = fmax(right, panel->series[s].points[k].x);
        low = fmin(low, panel->series[s].points[k].y);
      }
  }
  for (size_t i = 0; i < plot->n_panels; i++) {
    struct tp_plot_panel *const panel = &plot->panels[i];
    panel->logarithmic = true;
    panel->left = left / 2;
    panel->right = right * 2;
    panel->low = fmin(low, panel->slope * left) / 3 * 1e-12;
    panel->high = high * 2 * 1e-12;
    panel->peak *= 1e-12;
    panel->slope *= 1e-12;
    for (size_t s = 0; s < panel->n_series; s++)
      for (size_t k = 0; k < panel->series[s].n; k++)
        panel->series[s].points[k].y *= 1e-12;
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_roofline = {
    .name = "roofline",
    .rows_are = "spans",
    .rows_from = "tpsim predict --timeline FILE.csv",
    .columns = {"model", "variant", "tp", "op", "flops", "dram_bytes", "peak_flops_per_s"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp) | TP_PLOT_BIT(pass),
    .frame = {.form = TP_PLOT_ROOF,
              .title = "Ops under the roof of the GPU",
              .x_label = "flops a byte of memory traffic",
              .y_label = "Tflop/s"},
    .choose = tp_plot_first_micro_batch,
    .add = add_op,
    .finish = finish_roof,
};
