/* One panel as gnuplot commands: data, axes, series. */
#include "plot/panel.h"

#include "plot/text.h"

#include <math.h>
#include <string.h>

static const double least_share = 0.005; /* less would be written "0 %" */
static const double room_for_share = 1.22;
enum { MOST_MARKS = 12, MANY_MARKS = 60 };

static bool has_end(const struct tp_plot_series *series)
{
  return series->n > 0 && series->points[0].end > 0;
}

static void put_data(const struct tp_plot_panel *panel, FILE *out)
{
  fputs("$data << EOD\n", out);
  for (size_t s = 0; s < panel->n_series; s++) {
    for (size_t i = 0; i < panel->series[s].n; i++) {
      const struct tp_plot_point *const point = &panel->series[s].points[i];
      fprintf(out, "%.9g %.9g %.9g %.9g %.9g", point->x, point->y, point->top, point->low,
              point->high);
      if (has_end(&panel->series[s]))
        fprintf(out, " %.9g", point->end);
      putc('\n', out);
    }
    fputs("\n\n", out);
  }
  fputs("EOD\n", out);
}

static const char *tick_text(const struct tp_plot *plot, double x, struct tp_arena *arena)
{
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  for (; plot->x_bytes && x >= 1024 && unit < 4; unit++)
    x /= 1024;
  return plot->x_bytes ? tp_arena_printf(arena, "%.4g %s", x, units[unit])
                       : tp_arena_printf(arena, "%.6g", x);
}

/* Doublings of the first: few of many ticks that have text are round, then. */
static bool is_doubling(double x, double first)
{
  const double doublings = log2(x / first);
  return fabs(doublings - round(doublings)) < 1e-9;
}

static bool any_doubling(const struct tp_plot *plot)
{
  size_t n = 0;
  for (size_t i = 0; i < plot->n_ticks; i++)
    n += is_doubling(plot->ticks[i], plot->ticks[0]);
  return n > 2 && plot->n_ticks > MOST_MARKS;
}

/* A tick at every x, text where there is room. */
static void put_ticks(const struct tp_plot *plot, double length, struct tp_arena *arena, FILE *out)
{
  const double low = plot->ticks[0] / 1.2, high = plot->ticks[plot->n_ticks - 1] * 1.2;
  const bool doublings = any_doubling(plot);
  double longest = 0, end = -length;
  for (size_t i = 0; i < plot->n_ticks; i++)
    longest = fmax(longest, (double)strlen(tick_text(plot, plot->ticks[i], arena)));
  fprintf(out, "set logscale x 2; set xrange [%.9g:%.9g]; set xtics (", low, high);
  for (size_t i = 0; i < plot->n_ticks; i++) {
    const double x = plot->ticks[i], at = length * log(x / low) / log(high / low);
    const bool room = at >= end && at + longest / 2 < length + 2 &&
                      (!doublings || is_doubling(x, plot->ticks[0]));
    end = room ? at + longest + 1 : end;
    fprintf(out, "%s'%s' %.9g %d", i > 0 ? ", " : "", room ? tick_text(plot, x, arena) : "", x,
            room ? 0 : 1);
  }
  fputs(")\n", out);
}

static bool has_intervals(const struct tp_plot_series *series)
{
  for (size_t i = 0; i < series->n; i++)
    if (!(series->points[i].low < series->points[i].high))
      return false;
  return true;
}

static void put_lines(const struct tp_plot_panel *panel, FILE *out)
{
  for (size_t s = 0; s < panel->n_series; s++)
    if (has_intervals(&panel->series[s]))
      fprintf(out, ", $data index %zu using 1:4:5 with filledcurves ls %zu fs solid 0.2 noborder",
              s, panel->series[s].place + 1);
  for (size_t s = 0; s < panel->n_series; s++)
    fprintf(out, ", $data index %zu using 1:2 with linespoints ls %zu pi %zu", s,
            panel->series[s].place + 1, (panel->series[s].n + MOST_MARKS - 1) / MOST_MARKS);
}

/* Solid: compute; light: exposed communication, with its share of the whole behind; empty: what a
 * rank waits for others. */
static void put_bars(const struct tp_plot_panel *panel, FILE *out)
{
  for (size_t s = 0; s < panel->n_series; s++) {
    const struct tp_plot_point *const bar = panel->series[s].points;
    const size_t style = panel->series[s].place + 1;
    const bool interval = has_intervals(&panel->series[s]), waits = has_end(&panel->series[s]);
    const double end = waits ? bar->end : bar->top, share = (bar->top - bar->y) / end;
    if (waits)
      fprintf(out,
              ", $data index %zu using (0):1:3:6:($1-0.36):($1+0.36) with boxxyerror fs empty "
              "border ls %zu",
              s, style);
    fprintf(out,
            ", $data index %zu using (0):1:(0):3:($1-0.36):($1+0.36) with boxxyerror fs solid 0.3 "
            "border ls %zu, '' index %zu using (0):1:(0):2:($1-0.36):($1+0.36) with boxxyerror fs "
            "solid 1 noborder ls %zu",
            s, style, s, style);
    if (interval)
      fprintf(out,
              ", '' index %zu using %d:1:4:5 with xerrorbars lc rgb 'white' lw 1.6 pt 0, '' index "
              "%zu using %d:1:4:5 with xerrorbars lc rgb 'black' lw 0.6 pt 0",
              s, waits ? 6 : 3, s, waits ? 6 : 3);
    if (share >= least_share)
      fprintf(out,
              ", '' index %zu using (%.9g):1:('%.0f %%') with labels left offset 0.5,0 font ',6'",
              s, interval ? bar->high : end, 100 * share);
  }
}

static void put_marks(const struct tp_plot_panel *panel, FILE *out)
{
  size_t n = 0;
  for (size_t s = 0; s < panel->n_series; s++)
    n += panel->series[s].n;
  fputs(", '+' using 1:(0.9*$1):(1.1*$1) with filledcurves lc rgb '#e4e4e4', x with lines lc rgb "
        "'#444444' lw 0.6",
        out);
  for (size_t s = 0; s < panel->n_series; s++)
    fprintf(out, ", $data index %zu using 1:2 with points ls %zu ps %g*mark", s,
            panel->series[s].place + 1, n > MANY_MARKS ? 0.3 : 0.45);
}

/* The names of bars, and why some are not there. */
static void put_names(const struct tp_plot *plot, const struct tp_plot_panel *panel, bool named,
                      struct tp_arena *arena, FILE *out)
{
  const struct tp_plot_text *const names =
      tp_plot_cut_all(plot->legend, plot->n_legend, TP_PLOT_NAME, arena);
  for (size_t i = 0; i < plot->n_legend && named; i++) {
    fputs("set label ", out);
    tp_plot_put_text(names[i], out);
    fprintf(out, " at graph 0, first %zu right offset -0.7,0 font ',6'\n", i);
  }
  for (size_t i = 0; i < panel->n_gaps; i++) {
    fputs("set label ", out);
    tp_plot_put_text(tp_plot_cut(panel->gaps[i].reason, TP_PLOT_NAME, arena), out);
    fprintf(out, " at graph 0, first %zu left offset 0.7,0 font ',6' tc rgb '#777777'\n",
            panel->gaps[i].place);
  }
}

static bool any(const struct tp_plot *plot, bool (*has)(const struct tp_plot_series *series))
{
  for (size_t i = 0; i < plot->n_panels; i++)
    for (size_t s = 0; s < plot->panels[i].n_series; s++)
      if (has(&plot->panels[i].series[s]))
        return true;
  return false;
}

void tp_plot_put_key(const struct tp_plot *plot, struct tp_arena *arena, FILE *out)
{
  if (plot->form == TP_PLOT_BARS)
    fputs(", keyentry with boxes fs solid 1 lc rgb '#444444' title 'compute', keyentry with boxes "
          "fs solid 0.3 border rgb '#444444' lc rgb '#444444' title 'exposed communication, %'",
          out);
  if (plot->form == TP_PLOT_BARS && any(plot, has_end))
    fputs(", keyentry with boxes fs empty border rgb '#444444' lc rgb '#444444' title 'waiting for "
          "other stages'",
          out);
  if (plot->form == TP_PLOT_BARS && any(plot, has_intervals))
    fputs(", keyentry with lines lc rgb 'black' lw 0.6 title '10 to 90 % quantile'", out);
  static const char *const samples[] = {[TP_PLOT_LINES] = "linespoints",
                                        [TP_PLOT_SCATTER] = "points",
                                        [TP_PLOT_FRONT] = "linespoints",
                                        [TP_PLOT_GANTT] = "boxes fs solid 0.5",
                                        [TP_PLOT_ROOF] = "points"};
  const struct tp_plot_text *const names =
      tp_plot_cut_all(plot->legend, plot->n_legend, TP_PLOT_NAME, arena);
  for (size_t i = 0; i < plot->n_legend && plot->form != TP_PLOT_BARS && plot->form != TP_PLOT_HEAT;
       i++) {
    fprintf(out, ", keyentry with %s ls %zu title ", samples[plot->form], i + 1);
    tp_plot_put_text(names[i], out);
  }
}

static void put_axes(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                     const struct tp_plot_space *space, struct tp_arena *arena, FILE *out)
{
  const struct tp_plot_span values = {panel->low, panel->high, panel->logarithmic};
  switch (plot->form) {
  case TP_PLOT_LINES:
    tp_plot_put_values("y", values, space->height, 1.4, out);
    put_ticks(plot, space->width, arena, out);
    break;
  case TP_PLOT_BARS:
    tp_plot_put_values("x", values, space->width, 5, out);
    fprintf(out, "set xrange [0:%.9g]\n", room_for_share * panel->high);
    fprintf(out, "unset ytics; set yrange [%zu.5:-0.5]\n", plot->n_legend - 1);
    put_names(plot, panel, space->named, arena, out);
    break;
  case TP_PLOT_SCATTER:
    tp_plot_put_values("x", values, space->width, 4.5, out);
    tp_plot_put_values("y", values, space->width, 4.5, out);
    break;
  case TP_PLOT_FRONT:
  case TP_PLOT_HEAT:
  case TP_PLOT_GANTT:
  case TP_PLOT_ROOF:
    tp_plot_put_more_axes(plot, panel, space, arena, out);
    return;
  }
  fprintf(out, "set format x '%%g'; set format y '%s'\n", space->named ? "%g" : "");
}

void tp_plot_put_panel(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                       const struct tp_plot_space *space, bool with_key, struct tp_arena *arena,
                       FILE *out)
{
  put_data(panel, out);
  put_axes(plot, panel, space, arena, out);
  fputs(panel->empty != NULL ? "unset grid\n" : "set grid lc rgb '#dddddd' lt 1 lw 0.5\n", out);
  if (panel->empty != NULL && panel->n_gaps == 0) {
    fputs("set label ", out);
    tp_plot_put_text(tp_plot_wrap(panel->empty, (int)space->width - 2, arena), out);
    fputs(" at graph 0.5,0.5 center tc rgb '#777777'\n", out);
  }
  tp_plot_put_more_before(plot, panel, space, arena, out);
  fputs("plot NaN", out);
  switch (plot->form) {
  case TP_PLOT_LINES:
    put_lines(panel, out);
    break;
  case TP_PLOT_BARS:
    put_bars(panel, out);
    break;
  case TP_PLOT_SCATTER:
    put_marks(panel, out);
    break;
  case TP_PLOT_FRONT:
  case TP_PLOT_HEAT:
  case TP_PLOT_GANTT:
  case TP_PLOT_ROOF:
    tp_plot_put_more(plot, panel, space, out);
    break;
  }
  if (with_key)
    tp_plot_put_key(plot, arena, out);
}
