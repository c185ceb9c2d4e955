/* The forms whose two axes are the panel's own: fronts, roofs, heat maps, Gantt charts. */
#include "plot/panel.h"

#include "plot/text.h"

#include <math.h>
#include <string.h>

/* Light to dark, told apart by the colour-blind and in grey (a cut of matplotlib's "viridis"). */
static const char palette[] =
    "set palette defined (0 '#fde725', 0.25 '#7ad151', 0.5 '#22a884', 0.75 '#2a788e', 1 '#414487')";
static const double dark_from = 0.45;         /* where white text reads better than black */
static const double figures_in_column = 1.05; /* their font is smaller */

static void put_names(char axis, const char *const *names, size_t n, int width, bool shown,
                      struct tp_arena *arena, FILE *out)
{
  fprintf(out, axis == 'x' ? "set xrange [-0.5:%zu.5]" : "set yrange [%zu.5:-0.5]", n - 1);
  fprintf(out, "; unset logscale %c; unset %ctics\n", axis, axis);
  if (!shown)
    return;
  fprintf(out, "set format %c '%%s'; set %ctics scale 0 font ',6' (", axis, axis);
  for (size_t i = 0; i < n; i++) {
    fputs(i > 0 ? ", " : "", out);
    tp_plot_put_text(tp_plot_cut(names[i], width, arena), out);
    fprintf(out, " %zu", i);
  }
  fputs(")\n", out);
}

void tp_plot_put_more_axes(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                           const struct tp_plot_space *space, struct tp_arena *arena, FILE *out)
{
  const struct tp_plot_span y = {panel->low, panel->high, true};
  if (plot->form == TP_PLOT_HEAT) {
    const int width = (int)(space->width / (double)plot->n_x_names * figures_in_column);
    put_names('x', plot->x_names, plot->n_x_names, width > 1 ? width : 1, true, arena, out);
    put_names('y', plot->y_names, plot->n_y_names, TP_PLOT_NAME, space->named, arena, out);
    fprintf(out, "%s; set cbrange [%.9g:%.9g]; unset colorbox\n", palette, panel->low, panel->high);
  } else if (plot->form == TP_PLOT_GANTT) {
    const struct tp_plot_span x = {0, panel->high, false};
    tp_plot_put_values('x', x, space->width, 6, out);
    fputs("set format x '%g'\n", out);
    put_names('y', plot->y_names, plot->n_y_names, TP_PLOT_NAME, true, arena, out);
  } else {
    const struct tp_plot_span x = {panel->left, panel->right, true};
    tp_plot_put_values('x', x, space->width, 5, out);
    tp_plot_put_values('y', y, space->height, 1.4, out);
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
static void put_labels(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                       const struct tp_plot_space *space, struct tp_arena *arena, FILE *out)
{
  for (size_t s = 0; s < panel->n_series; s++)
    for (size_t i = 0; i < panel->series[s].n; i++) {
      const struct tp_plot_point *const point = &panel->series[s].points[i];
      const bool heat = plot->form == TP_PLOT_HEAT;
      const double width = heat ? space->width / (double)plot->n_x_names
                                : (point->top - point->x) / panel->high * space->width;
      const double shade = (point->top - panel->low) / (panel->high - panel->low);
      const char *const dot = strrchr(point->label, '.'); /* "mlp.all_reduce" */
      const struct tp_plot_text text =
          tp_plot_cut(heat || dot == NULL ? point->label : dot + 1, TP_PLOT_NAME, arena);
      if ((double)text.width * 0.9 > width)
        continue;
      fputs("set label ", out);
      tp_plot_put_text(text, out);
      fprintf(out, " at first %.9g,%.9g center front font ',5' tc rgb '%s'\n",
              heat ? point->x : (point->x + point->top) / 2, point->y,
              heat && shade >= dark_from ? "white" : "black");
    }
}

static void put_cells(const struct tp_plot_panel *panel, FILE *out)
{
  for (size_t s = 0; s < panel->n_series; s++)
    fprintf(out,
            ", $data index %zu using 1:2:($1-0.48):($1+0.48):($2-0.46):($2+0.46):3 with boxxyerror "
            "fs solid 1 noborder lc palette",
            s);
}

static void put_spans(const struct tp_plot_panel *panel, FILE *out)
{
  for (size_t s = 0; s < panel->n_series; s++)
    fprintf(out,
            ", $data index %zu using 1:2:1:3:($2-0.4):($2+0.4) with boxxyerror fs solid 0.5 "
            "border lc rgb '#444444' lw 0.3 fc ls %zu",
            s, panel->series[s].place + 1);
}

void tp_plot_put_more_before(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                             const struct tp_plot_space *space, struct tp_arena *arena, FILE *out)
{
  if (plot->form == TP_PLOT_FRONT)
    put_front_data(panel, out);
  if (plot->form == TP_PLOT_HEAT || plot->form == TP_PLOT_GANTT)
    put_labels(plot, panel, space, arena, out);
}

void tp_plot_put_more(const struct tp_plot *plot, const struct tp_plot_panel *panel, FILE *out)
{
  if (plot->form == TP_PLOT_FRONT)
    put_fronts(panel, out);
  else if (plot->form == TP_PLOT_ROOF)
    put_roof(panel, out);
  else if (plot->form == TP_PLOT_HEAT)
    put_cells(panel, out);
  else
    put_spans(panel, out);
}
