/* Which rank is at which micro-batch, from the rows of `--timeline FILE.csv`. */
#include "plot/spans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of one pass of a stage stand one after another. */
static bool same_pass(const struct tp_plot_row *a, const struct tp_plot_row *b)
{
  return a->csv == b->csv && strcmp(a->input[TP_PLOT_pass], b->input[TP_PLOT_pass]) == 0 &&
         strcmp(a->input[TP_PLOT_model], b->input[TP_PLOT_model]) == 0 &&
         strcmp(a->input[TP_PLOT_variant], b->input[TP_PLOT_variant]) == 0 &&
         strcmp(a->input[TP_PLOT_tp], b->input[TP_PLOT_tp]) == 0 &&
         strcmp(tp_plot_row_text(a, "rank"), tp_plot_row_text(b, "rank")) == 0 &&
         strcmp(tp_plot_row_text(a, "stream"), tp_plot_row_text(b, "stream")) == 0;
}

static const char *title_of(const struct tp_plot_row *row, struct tp_arena *arena)
{
  return tp_arena_printf(arena, "%s, %s, TP %s", row->input[TP_PLOT_model],
                         row->input[TP_PLOT_variant], row->input[TP_PLOT_tp]);
}

/* Interleaved, a rank has several stages, chunks of the model to Megatron-LM. */
static const char *series_of(const struct tp_plot_row *row, const char *name,
                             const char *micro_batch, struct tp_arena *arena)
{
  const char *const stage = strstr(micro_batch, " stage ");
  const long pp = strtol(row->input[TP_PLOT_pp], NULL, 10);
  if (stage == NULL || pp < 1)
    return name;
  return tp_arena_printf(arena, "%s, chunk %ld", name,
                         strtol(stage + strlen(" stage "), NULL, 10) / pp + 1);
}

/* A pass, from the first row of its kernels to the last. */
static enum tp_status add_pass(struct tp_plot *plot, const struct tp_plot_row *first,
                               const struct tp_plot_row *last, struct tp_arena *arena,
                               struct tp_error *error)
{
  static const char *const begins[] = {"start_us", "rank"}, *const ends[] = {"end_us"};
  const char *name, *micro_batch;
  double is[2], end_us;
  if (strcmp(tp_plot_row_text(first, "stream"), "compute") != 0 ||
      !tp_plot_pass_read(first, &name, &micro_batch))
    return TP_OK;
  TP_TRY(tp_plot_row_numbers(first, begins, 2, is, error));
  TP_TRY(tp_plot_row_numbers(last, ends, 1, &end_us, error));
  const char *const lane = tp_arena_printf(arena, "rank %g", is[1]);
  struct tp_plot_panel *const panel = tp_plot_panel_of(plot, title_of(first, arena), arena);
  const struct tp_plot_point span = {
      .x = is[0] * 1e-3,
      .top = end_us * 1e-3,
      .y = (double)tp_plot_lane_of(plot, lane, arena),
      .label = tp_arena_printf(arena, "%ld", strtol(micro_batch, NULL, 10))};
  panel->high = fmax(panel->high, span.top);
  return tp_plot_add(plot, panel, series_of(first, name, micro_batch, arena), span, first, arena,
                     error);
}

static enum tp_status begin(struct tp_plot *plot, const struct tp_plot_rows *rows,
                            struct tp_arena *arena, struct tp_error *error)
{
  for (size_t first = 0, i = 1; i <= rows->n; i++)
    if (i == rows->n || !same_pass(&rows->items[first], &rows->items[i])) {
      TP_TRY(add_pass(plot, &rows->items[first], &rows->items[i - 1], arena, error));
      first = i;
    }
  if (plot->n_panels > 0)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:%d: no pass of a micro-batch; give the timeline of a run in "
                 "micro-batches: --pp P --micro-batch N",
                 rows->items[0].csv->path, rows->items[0].csv->lines[rows->items[0].at]);
}

/* All is done. */
static enum tp_status add(struct tp_plot *plot, const struct tp_plot_row *row,
                          struct tp_arena *arena, struct tp_error *error)
{
  (void)plot, (void)row, (void)arena, (void)error;
  return TP_OK;
}

static enum tp_status finish(struct tp_plot *plot, const struct tp_plot_rows *rows,
                             struct tp_arena *arena, struct tp_error *error)
{
  (void)rows, (void)arena, (void)error;
  double longest = 0; /* one axis: panels compare */
  for (size_t i = 0; i < plot->n_panels; i++)
    longest = fmax(longest, plot->panels[i].high);
  for (size_t i = 0; i < plot->n_panels; i++) {
    plot->panels[i].low = 0;
    plot->panels[i].high = longest;
  }
  return TP_OK;
}

const struct tp_plot_kind tp_plot_pipeline = {
    .name = "pipeline",
    .rows_are = "spans",
    .rows_from = "tpsim predict --timeline FILE.csv",
    .columns = {"model", "variant", "tp", "rank", "stream", "op", "start_us"},
    .shows = TP_PLOT_BIT(model) | TP_PLOT_BIT(variant) | TP_PLOT_BIT(tp) | TP_PLOT_BIT(pass),
    .frame = {.form = TP_PLOT_GANTT,
              .title = "Micro-batches by rank",
              .x_label = "ms",
              .y_label = ""},
    .begin = begin,
    .add = add,
    .finish = finish,
};
