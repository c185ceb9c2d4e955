/* What ran when and how well, from the rows of `--timeline FILE.csv`: one layer as a Gantt chart,
 * and every op with products under the roof of its GPU. */
#include "plot/plot.h"

#include <math.h>
#include <string.h>

static const char *title_of(const struct tp_plot_row *row, struct tp_arena *arena)
{
  const char *const pass = row->input[TP_PLOT_pass];
  return tp_arena_printf(arena, "%s, %s, TP %s%s%s", row->input[TP_PLOT_model],
                         row->input[TP_PLOT_variant], row->input[TP_PLOT_tp],
                         pass[0] == '\0' ? "" : ": ", pass);
}

static double number(const struct tp_plot_row *row, const char *column)
{
  double value;
  return tp_plot_row_numbers(row, &column, 1, &value, NULL) == TP_OK ? value : (double)NAN;
}

static bool is_of(const struct tp_plot_row *row, const struct tp_plot_row *other)
{
  static const enum tp_plot_input which[] = {TP_PLOT_model, TP_PLOT_variant, TP_PLOT_tp,
                                             TP_PLOT_pass};
  for (size_t i = 0; i < sizeof which / sizeof *which; i++)
    if (strcmp(row->input[which[i]], other->input[which[i]]) != 0)
      return false;
  return true;
}

/* When rank 0 began the op of row `first`, then and each time later. */
static size_t find_begins(const struct tp_plot_rows *rows, size_t first, double *begins_us)
{
  const struct tp_plot_row *const of = &rows->items[first];
  size_t n = 0;
  for (size_t i = first; i < rows->n; i++) {
    const struct tp_plot_row *const row = &rows->items[i];
    if (is_of(row, of) && !(number(row, "rank") > 0) &&
        strcmp(tp_plot_row_text(row, "stream"), "compute") == 0 &&
        strcmp(tp_plot_row_text(row, "op"), tp_plot_row_text(of, "op")) == 0)
      begins_us[n++] = number(row, "start_us");
  }
  return n;
}

/* The first op of rank 0 that comes again is a layer's first; the layer shown is the middle one. */
static bool find_layer(const struct tp_plot_rows *rows, const struct tp_plot_row *of,
                       struct tp_arena *arena, double *begin_us, double *end_us)
{
  double *const begins_us = TP_NEW(arena, double, rows->n);
  for (size_t i = 0; i < rows->n; i++) {
    const size_t n = is_of(&rows->items[i], of) ? find_begins(rows, i, begins_us) : 0;
    if (n < 2)
      continue;
    *begin_us = begins_us[(n - 1) / 2];
    *end_us = begins_us[(n - 1) / 2 + 1];
    return true;
  }
  return false;
}

/* Panels with the layer that each shows, before the ops. */
static enum tp_status begin_gantt(struct tp_plot *plot, const struct tp_plot_rows *rows,
                                  struct tp_arena *arena, struct tp_error *error)
{
  for (size_t i = 0; i < rows->n; i++) {
    const struct tp_plot_row *const row = &rows->items[i];
    const size_t before = plot->n_panels;
    struct tp_plot_panel *const panel = tp_plot_panel_of(plot, title_of(row, arena), arena);
    if (plot->n_panels > before && !find_layer(rows, row, arena, &panel->left, &panel->right))
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: no op of %s comes twice, so it has no layer to show", row->csv->path,
                     row->csv->lines[row->at], panel->title);
  }
  return TP_OK;
}

static size_t lane_of(struct tp_plot *plot, const char *name, struct tp_arena *arena)
{
  for (size_t i = 0; i < plot->n_y_names; i++)
    if (strcmp(plot->y_names[i], name) == 0)
      return i;
  TP_APPEND(arena, plot->y_names, plot->n_y_names, name);
  return plot->n_y_names - 1;
}

static enum tp_status add_span(struct tp_plot *plot, const struct tp_plot_row *row,
                               struct tp_arena *arena, struct tp_error *error)
{
  static const char *const columns[] = {"start_us", "end_us", "rank"};
  double is[3];
  TP_TRY(tp_plot_row_numbers(row, columns, 3, is, error));
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, title_of(row, arena), arena);
  if (!(is[1] > panel->left && is[0] < panel->right))
    return TP_OK;
  const char *const stream = tp_plot_row_text(row, "stream");
  const char *const lane = is[2] > 0 ? tp_arena_printf(arena, "rank %g %s", is[2], stream) : stream;
  const struct tp_plot_point span = {.x = fmax(is[0], panel->left) - panel->left,
                                     .top = fmin(is[1], panel->right) - panel->left,
                                     .y = (double)lane_of(plot, lane, arena),
                                     .label = tp_plot_row_text(row, "op")};
  return tp_plot_add(plot, panel, tp_plot_row_text(row, "kind"), span, row, arena, error);
}

static enum tp_status finish_gantt(struct tp_plot *plot, const struct tp_plot_rows *rows,
                                   struct tp_arena *arena, struct tp_error *error)
{
  (void)error;
  bool others = false;
  for (size_t i = 0; i < rows->n; i++)
    others = others || number(&rows->items[i], "rank") > 0;
  for (size_t i = 0; i < plot->n_y_names && others; i++)
    if (strncmp(plot->y_names[i], "rank ", 5) != 0)
      plot->y_names[i] = tp_arena_printf(arena, "rank 0 %s", plot->y_names[i]);
  double longest = 0; /* one axis: panels compare */
  for (size_t i = 0; i < plot->n_panels; i++)
    longest = fmax(longest, plot->panels[i].right - plot->panels[i].left);
  for (size_t i = 0; i < plot->n_panels; i++) {
    const double own = plot->panels[i].right - plot->panels[i].left;
    plot->panels[i].low = 0;
    plot->panels[i].high = own * 4 < longest ? own : longest;
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_gantt = {
    .name = "gantt",
    .rows_are = "spans",
    .columns = {"model", "variant", "tp", "rank", "stream", "op", "start_us"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp) | TP_PLOT_BIT(pass),
    .frame = {.form = TP_PLOT_GANTT, .title = "One layer", .x_label = "us", .y_label = ""},
    .begin = begin_gantt,
    .add = add_span,
    .finish = finish_gantt,
};

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
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, title_of(row, arena), arena);
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
    .columns = {"model", "variant", "tp", "op", "flops", "dram_bytes", "peak_flops_per_s"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp) | TP_PLOT_BIT(pass),
    .frame = {.form = TP_PLOT_ROOF,
              .title = "Ops under the roof of the GPU",
              .x_label = "flops a byte of memory traffic",
              .y_label = "Tflop/s"},
    .add = add_op,
    .finish = finish_roof,
};
