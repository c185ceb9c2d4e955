/* What ran when, from the rows of `--timeline FILE.csv`: one layer as a Gantt chart, of each stage
 * of a pipeline one of its own. */
#include "plot/spans.h"

#include <math.h>
#include <string.h>

static double number(const struct tp_plot_row *row, const char *column)
{
  double value;
  return tp_plot_row_numbers(row, &column, 1, &value, NULL) == TP_OK ? value : (double)NAN;
}

/* Which stage the row's rank is of, from 0: each has TP x DP ranks. */
static size_t stage_of(const struct tp_plot_row *row)
{
  const double rank = number(row, "rank"), tp = number(row, "tp"), dp = number(row, "dp");
  const double ranks = tp * (dp >= 1 ? dp : 1);
  return number(row, "pp") > 1 && rank >= ranks ? (size_t)(rank / ranks) : 0;
}

/* Of one panel and stage. */
static bool is_of(const struct tp_plot_row *row, const struct tp_plot_row *other)
{
  static const enum tp_plot_input which[] = {TP_PLOT_model, TP_PLOT_variant, TP_PLOT_tp,
                                             TP_PLOT_pass};
  for (size_t i = 0; i < sizeof which / sizeof *which; i++)
    if (strcmp(row->input[which[i]], other->input[which[i]]) != 0)
      return false;
  return stage_of(row) == stage_of(other);
}

/* When the rank of row `first` began its op, then and each time later. */
static size_t find_begins(const struct tp_plot_rows *rows, size_t first, double *begins_us)
{
  const struct tp_plot_row *const of = &rows->items[first];
  size_t n = 0;
  for (size_t i = first; i < rows->n; i++) {
    const struct tp_plot_row *const row = &rows->items[i];
    if (strcmp(tp_plot_row_text(row, "op"), tp_plot_row_text(of, "op")) == 0 &&
        strcmp(tp_plot_row_text(row, "rank"), tp_plot_row_text(of, "rank")) == 0 &&
        strcmp(tp_plot_row_text(row, "stream"), "compute") == 0 && is_of(row, of))
      begins_us[n++] = number(row, "start_us");
  }
  return n;
}

/* The shortest time from one of so many begins to the next. */
static double shortest_us(const double *begins_us, size_t n)
{
  double shortest = HUGE_VAL;
  for (size_t i = 0; i + 1 < n; i++)
    shortest = fmin(shortest, begins_us[i + 1] - begins_us[i]);
  return shortest;
}

/* Ops of a layer come again with the next one, those before and behind the layers with the next
 * step or not at all: a layer begins with the first of those that come again soonest, among the
 * first of a stage's ops.  The layer shown is the middle one, or the next that is no step's last.
 */
static bool find_layer(const struct tp_plot_rows *rows, const struct tp_plot_row *of,
                       struct tp_arena *arena, struct tp_plot_window *window)
{
  enum { FIRST = 64 };
  static const double alike = 1.01;
  double *const begins_us = TP_NEW(arena, double, rows->n + 1);
  double soonest_us = HUGE_VAL;
  int seen = 0;
  for (size_t i = 0; i < rows->n && seen < FIRST; i++) {
    if (!is_of(&rows->items[i], of))
      continue;
    seen++;
    const size_t n = find_begins(rows, i, begins_us);
    const double own_us = shortest_us(begins_us, n);
    if (!(own_us * alike < soonest_us))
      continue;
    size_t at = (n - 1) / 2;
    while (at + 2 < n && begins_us[at + 1] - begins_us[at] > own_us * alike)
      at++;
    soonest_us = own_us;
    *window = (struct tp_plot_window){begins_us[at], begins_us[at + 1]};
  }
  return soonest_us < HUGE_VAL;
}

/* Panels with the layer that each shows of each stage, before the ops. */
static enum tp_status begin_gantt(struct tp_plot *plot, const struct tp_plot_rows *rows,
                                  struct tp_arena *arena, struct tp_error *error)
{
  for (size_t i = 0; i < rows->n; i++) {
    const struct tp_plot_row *const row = &rows->items[i];
    struct tp_plot_panel *const panel =
        tp_plot_panel_of(plot, tp_plot_span_title(row, arena), arena);
    const size_t stage = stage_of(row);
    if (stage > 0)
      plot->title = "One layer of each stage";
    while (panel->n_windows <= stage)
      TP_APPEND(arena, panel->windows, panel->n_windows, (struct tp_plot_window){0, 0});
    if (panel->windows[stage].right > 0)
      continue;
    if (!find_layer(rows, row, arena, &panel->windows[stage]))
      return tp_fail(
          error, TP_E_INPUT, "%s:%d: no op of %s%s comes twice, so it has no layer to show",
          row->csv->path, row->csv->lines[row->at], panel->title,
          stage == 0 ? "" : tp_arena_printf(arena, ", stage %zu of the pipeline", stage + 1));
    panel->right = fmax(panel->right, panel->windows[stage].right - panel->windows[stage].left);
  }
  return TP_OK;
}

static enum tp_status add_span(struct tp_plot *plot, const struct tp_plot_row *row,
                               struct tp_arena *arena, struct tp_error *error)
{
  static const char *const columns[] = {"start_us", "end_us", "rank"};
  double is[3];
  TP_TRY(tp_plot_row_numbers(row, columns, 3, is, error));
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, tp_plot_span_title(row, arena), arena);
  const struct tp_plot_window shown = panel->windows[stage_of(row)];
  if (!(is[1] > shown.left && is[0] < shown.right))
    return TP_OK;
  const char *const stream = tp_plot_row_text(row, "stream");
  const char *const lane = is[2] > 0 ? tp_arena_printf(arena, "rank %g %s", is[2], stream) : stream;
  const struct tp_plot_point span = {.x = fmax(is[0], shown.left) - shown.left,
                                     .top = fmin(is[1], shown.right) - shown.left,
                                     .y = (double)tp_plot_lane_of(plot, lane, arena),
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
    longest = fmax(longest, plot->panels[i].right);
  for (size_t i = 0; i < plot->n_panels; i++) {
    const double own = plot->panels[i].right;
    plot->panels[i].low = 0;
    plot->panels[i].high = own * 4 < longest ? own : longest;
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_gantt = {
    .name = "gantt",
    .rows_are = "spans",
    .rows_from = "tpsim predict --timeline FILE.csv",
    .columns = {"model", "variant", "tp", "rank", "stream", "op", "start_us"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp) | TP_PLOT_BIT(pass),
    .frame = {.form = TP_PLOT_GANTT, .title = "One layer", .x_label = "us", .y_label = ""},
    .choose = tp_plot_first_micro_batch,
    .begin = begin_gantt,
    .add = add_span,
    .finish = finish_gantt,
};
