/* Where panels stand, and how much room what is around them takes. */
#include "plot/layout.h"

#include "plot/panel.h"

#include <math.h>

enum { OWN_AXIS = 8, SAMPLE = 5 }; /* columns of a panel's own figures, of a line in the key */
enum { SCALE_ROWS = 2, MOST_LINES = 72 }; /* of the scale of colours; of the cells of a heat map */
const double tp_plot_width_inches = 3.5, tp_plot_line_inches = 1.25 * TP_PLOT_FONT / 72;

static bool one_range(const struct tp_plot *plot)
{
  for (size_t i = 1; i < plot->n_panels; i++)
    if (plot->panels[i].low != plot->panels[0].low || plot->panels[i].high != plot->panels[0].high)
      return false;
  return true;
}

/* Titles may be wider than their panels, which they are in the middle of: into the gap, and by as
 * much as the margin of the picture on the right leaves. */
static const struct tp_plot_text *titles_of(const struct tp_plot *plot,
                                            const struct tp_plot_layout *it, struct tp_arena *arena)
{
  const char **const titles = TP_NEW(arena, const char *, plot->n_panels);
  for (size_t i = 0; i < plot->n_panels; i++)
    titles[i] = plot->panels[i].title;
  return tp_plot_wrap_all(titles, plot->n_panels,
                          (int)(it->panel_width + fmin(it->gap, 2 * it->right)) - 1, arena);
}

/* Columns of the longest name. */
static int widest(const char *const *names, size_t n, struct tp_arena *arena)
{
  const struct tp_plot_text *const texts = tp_plot_cut_all(names, n, TP_PLOT_NAME, arena);
  int width = 0;
  for (size_t i = 0; i < n; i++)
    width = texts[i].width > width ? texts[i].width : width;
  return width;
}

static int rows_of(size_t n, int columns)
{
  return ((int)n + columns - 1) / columns;
}

/* Columns as lines: both are lengths. */
static double lines_of(double columns)
{
  return columns / TP_PLOT_COLUMNS * tp_plot_width_inches / tp_plot_line_inches;
}

static void lay_across(const struct tp_plot *plot, int name, int lane, struct tp_plot_layout *it)
{
  const bool bars = plot->form == TP_PLOT_BARS, wide = plot->form == TP_PLOT_GANTT;
  it->shared = bars || (!wide && one_range(plot));
  it->rows = rows_of(plot->n_panels, wide                                                ? 1
                                     : it->shared && !bars && plot->form != TP_PLOT_HEAT ? 3
                                                                                         : 2);
  it->columns = rows_of(plot->n_panels, it->rows);
  it->left = bars                         ? name + 2
             : wide                       ? lane + 1
             : plot->form == TP_PLOT_HEAT ? lane + 5
             : plot->y_label[0] != '\0'   ? 8.5
                                          : 7;
  it->right = 2;
  it->gap = it->shared ? 2.5 : OWN_AXIS;
  it->panel_width =
      (TP_PLOT_COLUMNS - it->left - it->right - (it->columns - 1) * it->gap) / it->columns;
}

static double panel_height(const struct tp_plot *plot, double panel_width)
{
  const double square = lines_of(panel_width);
  const double lanes = 1.8 * (double)plot->n_y_names;
  return plot->form == TP_PLOT_BARS      ? 1.15 * (double)plot->n_legend + 0.3
         : plot->form == TP_PLOT_SCATTER ? square
         : plot->form == TP_PLOT_HEAT    ? fmin(lanes, MOST_LINES) + 0.3
         : plot->n_y_names > 0           ? lanes + 0.3
                                         : 5 + 0.45 * square;
}

static int key_rows(const struct tp_plot *plot, int name, bool scaled)
{
  if (plot->form == TP_PLOT_HEAT)
    return scaled ? SCALE_ROWS : 0;
  return plot->form == TP_PLOT_BARS
             ? 2
             : rows_of(plot->n_legend,
                       TP_PLOT_COLUMNS / (name * TP_PLOT_SMALL / TP_PLOT_FONT + SAMPLE + 1));
}

struct tp_plot_layout tp_plot_lay_out(const struct tp_plot *plot, struct tp_arena *arena)
{
  const int name = widest(plot->legend, plot->n_legend, arena);
  const int lane = widest(plot->y_names, plot->n_y_names, arena);
  const bool heat = plot->form == TP_PLOT_HEAT;
  struct tp_plot_layout it = {
      .caption =
          tp_plot_wrap(plot->caption, TP_PLOT_COLUMNS * TP_PLOT_FONT / TP_PLOT_SMALL - 4, arena)};
  lay_across(plot, name, lane, &it);
  it.panel_height = panel_height(plot, it.panel_width);
  it.titles = titles_of(plot, &it, arena);
  size_t titles = 1;
  for (size_t i = 0; i < plot->n_panels; i++)
    titles = it.titles[i].n > titles ? it.titles[i].n : titles;
  it.scaled = heat && !tp_plot_cells_are_labelled(plot, it.panel_width, it.panel_height, arena);
  it.key_rows = key_rows(plot, name, it.scaled);
  it.key_apart = !heat && it.key_rows > it.panel_height;
  const double turned =
      heat ? lines_of(tp_plot_turned_columns(plot->x_names, plot->n_x_names, it.panel_width, arena))
           : 0;
  const double below = fmax(turned - 1, 0); /* a line of figures has its room */
  it.top = 2.1 + (double)(it.caption.n + titles) + it.key_rows;
  it.bottom = 3 + below;
  it.gap_below = 1.8 + (double)titles + below;
  it.height = it.top + it.rows * it.panel_height + (it.rows - 1) * it.gap_below + it.bottom;
  return it;
}
