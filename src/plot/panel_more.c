/* The forms whose two axes are the panel's own: fronts, roofs, Gantt charts; heat maps are in
 * cells.c. */
#include "plot/panel.h"

#include "plot/text.h"

#include <math.h>
#include <string.h>

/* In columns: boxes that are narrower on the average would be all border. */
static const double least_bordered = 0.6;

void tp_plot_put_more_axes(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                           const struct tp_plot_space *space, struct tp_arena *arena, FILE *out)
{
  const struct tp_plot_span y = {panel->low, panel->high, true};
  if (plot->form == TP_PLOT_HEAT) {
    tp_plot_put_cell_axes(plot, panel, space, arena, out);
  } else if (plot->form == TP_PLOT_GANTT) {
    const struct tp_plot_span x = {0, panel->high, false};
    tp_plot_put_values("x", x, space->width, 6, out);
    fputs("set format x '%g'\n", out);
    tp_plot_put_names_down(plot->y_names, plot->n_y_names, space->height, true, arena, out);
  } else {
    const struct tp_plot_span x = {panel->left, panel->right, true};
    tp_plot_put_values("x", x, space->width, 5, out);
    tp_plot_put_values("y", y, space->height, 1.4, out);
    fprintf(out, "set format x '%%g'; set format y '%s'\n", space->named ? "%g" : "");
  }
}

static void put_fronts(const struct tp_plot_panel *panel, FILE *out)
{
  for (size_t s = 0; s < panel->n_series; s++)
    fprintf(out, ", $data index %zu using 1:($3 > 0 ? NaN : $2) with points ls %zu ps 0.2*mark", s,
            panel->series[s].place + 1);
  for (size_t s = 0; s < panel->n_series; s++)
    fprintf(out, ", $front index %zu using 1:2 with linespoints ls %zu", s,
            panel->series[s].place + 1);
}

static void put_front_data(const struct tp_plot_panel *panel, FILE *out)
{
  fputs("$front << EOD\n", out);
  for (size_t s = 0; s < panel->n_series; s++) {
    for (size_t i = 0; i < panel->series[s].n; i++)
      if (panel->series[s].points[i].top > 0)
        fprintf(out, "%.9g %.9g\n", panel->series[s].points[i].x, panel->series[s].points[i].y);
    fputs("\n\n", out);
  }
  fputs("EOD\n", out);
}

static void put_roof(const struct tp_plot_panel *panel, FILE *out)
{
  fprintf(out, ", (x * %.9g < %.9g ? x * %.9g : %.9g) with lines lc rgb '#444444' lw 1.2",
          panel->slope, panel->peak, panel->slope, panel->peak);
  for (size_t s = 0; s < panel->n_series; s++)
    fprintf(out, ", $data index %zu using 1:2 with points ls %zu ps 0.6*mark", s,
            panel->series[s].place + 1);
}

/* Names within boxes that are wide enough for them. */
static void put_labels(const struct tp_plot_panel *panel, const struct tp_plot_space *space,
                       struct tp_arena *arena, FILE *out)
{
  for (size_t s = 0; s < panel->n_series; s++)
    for (size_t i = 0; i < panel->series[s].n; i++) {
      const struct tp_plot_point *const point = &panel->series[s].points[i];
      const char *const dot = strrchr(point->label, '.'); /* "mlp.all_reduce" */
      const struct tp_plot_text text =
          tp_plot_cut(dot == NULL ? point->label : dot + 1, TP_PLOT_NAME, arena);
      if ((double)text.width * 0.9 > (point->top - point->x) / panel->high * space->width)
        continue;
      fputs("set label ", out);
      tp_plot_put_text(text, out);
      fprintf(out, " at first %.9g,%.9g center front font ',5' tc rgb 'black'\n",
              (point->x + point->top) / 2, point->y);
    }
}

static bool is_bordered(const struct tp_plot_panel *panel, const struct tp_plot_space *space)
{
  double sum = 0, n = 0;
  for (size_t s = 0; s < panel->n_series; s++)
    for (size_t i = 0; i < panel->series[s].n; i++, n++)
      sum += panel->series[s].points[i].top - panel->series[s].points[i].x;
  return sum / panel->high * space->width >= least_bordered * n;
}

static void put_spans(const struct tp_plot_panel *panel, const struct tp_plot_space *space,
                      FILE *out)
{
  const char *const border =
      is_bordered(panel, space) ? "border lc rgb '#444444' lw 0.3" : "noborder";
  for (size_t s = 0; s < panel->n_series; s++)
    fprintf(out,
            ", $data index %zu using 1:2:1:3:($2-0.4):($2+0.4) with boxxyerror fs solid 0.5 "
            "%s fc ls %zu",
            s, border, panel->series[s].place + 1);
}

void tp_plot_put_more_before(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                             const struct tp_plot_space *space, struct tp_arena *arena, FILE *out)
{
  if (plot->form == TP_PLOT_FRONT)
    put_front_data(panel, out);
  if (plot->form == TP_PLOT_HEAT)
    tp_plot_put_cell_labels(plot, panel, space, arena, out);
  if (plot->form == TP_PLOT_GANTT)
    put_labels(panel, space, arena, out);
}

void tp_plot_put_more(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                      const struct tp_plot_space *space, FILE *out)
{
  if (plot->form == TP_PLOT_FRONT)
    put_fronts(panel, out);
  else if (plot->form == TP_PLOT_ROOF)
    put_roof(panel, out);
  else if (plot->form == TP_PLOT_HEAT)
    tp_plot_put_cells(plot, panel, space, out);
  else
    put_spans(panel, space, out);
}
