/* What all kinds share: from rows to panels, series and points. */
#include "plot/plot.h"

#include <math.h>
#include <string.h>

enum { MOST_PANELS = 12 };

struct tp_plot_panel *tp_plot_panel_of(struct tp_plot *plot, const char *title,
                                       struct tp_arena *arena)
{
  for (size_t i = 0; i < plot->n_panels; i++)
    if (strcmp(plot->panels[i].title, title) == 0)
      return &plot->panels[i];
  TP_APPEND(arena, plot->panels, plot->n_panels,
            (struct tp_plot_panel){.title = title, .low = HUGE_VAL});
  return &plot->panels[plot->n_panels - 1];
}

size_t tp_plot_place_of(struct tp_plot *plot, const char *name, struct tp_arena *arena)
{
  for (size_t i = 0; i < plot->n_legend; i++)
    if (strcmp(plot->legend[i], name) == 0)
      return i;
  TP_APPEND(arena, plot->legend, plot->n_legend, name);
  return plot->n_legend - 1;
}

static struct tp_plot_series *series_of(struct tp_plot_panel *panel, const char *name, size_t place,
                                        struct tp_arena *arena)
{
  for (size_t i = 0; i < panel->n_series; i++)
    if (panel->series[i].place == place)
      return &panel->series[i];
  TP_APPEND(arena, panel->series, panel->n_series,
            (struct tp_plot_series){.name = name, .place = place});
  return &panel->series[panel->n_series - 1];
}

/* "model m, variant ladder, tp 8" */
static const char *inputs_of(const struct tp_plot_row *row, struct tp_arena *arena)
{
  const char *text = "";
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
    if (row->input[i][0] != '\0')
      text = tp_arena_printf(arena, "%s%s%s %s", text, text[0] == '\0' ? "" : ", ",
                             tp_plot_inputs[i], row->input[i]);
  return text;
}

enum tp_status tp_plot_add(struct tp_plot *plot, struct tp_plot_panel *panel, const char *name,
                           struct tp_plot_point point, const struct tp_plot_row *row,
                           struct tp_arena *arena, struct tp_error *error)
{
  struct tp_plot_series *const series =
      series_of(panel, name, tp_plot_place_of(plot, name, arena), arena);
  size_t at = series->n;
  const bool once =
      plot->form == TP_PLOT_LINES || plot->form == TP_PLOT_BARS || plot->form == TP_PLOT_HEAT;
  if (once || plot->form == TP_PLOT_FRONT)
    while (at > 0 && series->points[at - 1].x >= point.x)
      at--;
  if (once && at < series->n && series->points[at].x == point.x)
    return tp_fail(error, TP_E_INPUT, "%s:%d: a second row for %s; give each point once",
                   row->csv->path, row->csv->lines[row->at], inputs_of(row, arena));
  TP_APPEND(arena, series->points, series->n, point);
  memmove(&series->points[at + 1], &series->points[at], (series->n - 1 - at) * sizeof point);
  series->points[at] = point;
  const bool interval = point.low < point.high;
  panel->low = fmin(panel->low, interval ? fmin(point.low, point.y) : point.y);
  panel->high = fmax(panel->high, fmax(interval ? point.high : point.y, fmax(point.y, point.top)));
  return TP_OK;
}

static void add_tick(struct tp_plot *plot, double x, struct tp_arena *arena)
{
  size_t at = plot->n_ticks;
  while (at > 0 && plot->ticks[at - 1] >= x)
    at--;
  if (at < plot->n_ticks && plot->ticks[at] == x)
    return;
  TP_APPEND(arena, plot->ticks, plot->n_ticks, x);
  memmove(&plot->ticks[at + 1], &plot->ticks[at], (plot->n_ticks - 1 - at) * sizeof x);
  plot->ticks[at] = x;
}

/* The options that choose among panels: of inputs that have several values and are neither axes nor
 * series. */
static const char *ways_to_choose(const struct tp_plot *plot, const struct tp_plot_rows *rows,
                                  unsigned shown, struct tp_arena *arena)
{
  const bool own = plot->form == TP_PLOT_LINES || plot->form == TP_PLOT_BARS ||
                   plot->form == TP_PLOT_FRONT; /* series of variants */
  const unsigned elsewhere =
      plot->form == TP_PLOT_HEAT ? 1u << plot->heat.across | 1u << plot->heat.down
      : own ? TP_PLOT_BIT(variant) | TP_PLOT_BIT(batch) | TP_PLOT_BIT(concurrency)
            : 0;
  const char *text = "";
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++) {
    size_t n;
    if (!(shown & ~elsewhere & 1u << i))
      continue;
    tp_plot_rows_values(rows, (enum tp_plot_input)i, arena, &n);
    if (n > 1)
      text = tp_arena_printf(arena, "%s%s--%s", text, text[0] == '\0' ? "" : " or ",
                             tp_plot_option((enum tp_plot_input)i, arena));
  }
  return text[0] == '\0' ? "fewer rows" : text;
}

static enum tp_status check_panels(const struct tp_plot *plot, const char *ways,
                                   struct tp_error *error)
{
  if (plot->n_panels > MOST_PANELS)
    return tp_fail(error, TP_E_INPUT, "%zu panels in one picture, more than %d; choose with %s",
                   plot->n_panels, MOST_PANELS, ways);
  for (size_t i = 0; i < plot->n_panels; i++)
    if (plot->panels[i].n_series > 0)
      return TP_OK;
  return tp_fail(error, TP_E_INPUT, "none of the rows chosen has a figure to draw: %s: %s",
                 plot->panels[0].title, plot->panels[0].empty);
}

/* Whether x is how many requests are under way: the batch is a limit then, and no axis. */
static bool of_a_server(const struct tp_plot_rows *rows)
{
  for (size_t i = 0; i < rows->n; i++)
    if (rows->items[i].input[TP_PLOT_concurrency][0] != '\0')
      return true;
  return false;
}

enum tp_status tp_plot_shape(const struct tp_plot_kind *kind, const struct tp_csv *tables,
                             size_t n_tables, const struct tp_plot_filter *filter,
                             const struct tp_plot_axes *heat, struct tp_arena *arena,
                             struct tp_plot *plot, struct tp_error *error)
{
  struct tp_plot_rows rows;
  *plot = kind->frame;
  TP_TRY(tp_plot_rows_read(tables, n_tables, kind->rows_are, kind->rows_from, kind->columns, filter,
                           arena, &rows, error));
  unsigned shows = kind->shows;
  if (plot->form == TP_PLOT_LINES && of_a_server(&rows))
    shows &= ~TP_PLOT_BIT(batch);
  if (plot->form == TP_PLOT_HEAT) {
    if (heat != NULL)
      plot->heat = *heat;
    shows |= 1u << plot->heat.across | 1u << plot->heat.down;
  }
  const char *shared;
  TP_TRY(tp_plot_rows_settle(&rows, shows, arena, &shared, error));
  plot->caption = plot->caption == NULL ? shared : plot->caption;
  if (kind->choose != NULL)
    kind->choose(&rows);
  if (kind->begin != NULL)
    TP_TRY(kind->begin(plot, &rows, arena, error));
  for (size_t i = 0; i < rows.n; i++)
    TP_TRY(kind->add(plot, &rows.items[i], arena, error));
  TP_TRY(kind->finish(plot, &rows, arena, error));
  for (struct tp_plot_panel *panel = plot->panels; panel < plot->panels + plot->n_panels; panel++) {
    if (panel->n_series > 0)
      panel->empty = NULL;
    for (size_t s = 0; s < panel->n_series; s++)
      for (size_t i = 0; i < panel->series[s].n; i++)
        add_tick(plot, panel->series[s].points[i].x, arena);
  }
  return check_panels(plot, ways_to_choose(plot, &rows, shows, arena), error);
}
