/* The gnuplot script. */
#include "plot/layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double least_share = 0.005; /* less would be written "0 %" */
static const double light = 0.3;         /* density of the second part of a bar */

/* gnuplot's single quotes: a quote is doubled, nothing else has a meaning. */
static void put_quoted(const char *text, FILE *out)
{
  putc('\'', out);
  for (; *text != '\0'; text++) {
    if (*text == '\'')
      putc('\'', out);
    putc((unsigned char)*text < ' ' ? ' ' : *text, out);
  }
  putc('\'', out);
}

static void put_terminal(const struct tp_plot_layout *it, const char *terminal, FILE *out)
{
  if (strcmp(terminal, "png") == 0) /* twice the size: 192 dots an inch */
    fprintf(out,
            "set terminal pngcairo noenhanced background 'white' font 'Sans,%d' size %d,%d "
            "fontscale 2 linewidth 2 pointscale 2\n",
            TP_PLOT_FONT, 2 * it->width, 2 * it->height);
  else if (strcmp(terminal, "pdf") == 0)
    fprintf(out, "set terminal pdfcairo noenhanced font 'Sans,%d' size %gin,%gin\n", TP_PLOT_FONT,
            it->width / 96.0, it->height / 96.0);
  else /* its font sizes are pixels */
    fprintf(out,
            "set terminal svg noenhanced background 'white' font 'Sans,%d' fontscale %.4f "
            "size %d,%d dynamic\n",
            TP_PLOT_FONT, 96 / 72.0, it->width, it->height);
}

static void put_text(const struct tp_plot_layout *it, const char *text, double x, double y,
                     const char *look, FILE *out)
{
  fputs("set label ", out);
  put_quoted(text, out);
  fprintf(out, " at screen %.6f,%.6f %s\n", x / it->width, 1 - y / it->height, look);
}

static void put_box(const struct tp_plot_layout *it, double left, double top, double right,
                    double bottom, FILE *out)
{
  fprintf(out, "set lmargin at screen %.6f; set rmargin at screen %.6f\n", left / it->width,
          right / it->width);
  fprintf(out, "set tmargin at screen %.6f; set bmargin at screen %.6f\n", 1 - top / it->height,
          1 - bottom / it->height);
}

static void put_look(const struct tp_plot_style *style, enum tp_plot_form form, FILE *out)
{
  if (form == TP_PLOT_SCATTER)
    fprintf(out, "with points lc rgb '%s' pt %d ps 0.7", style->colour, style->mark);
  else
    fprintf(out, "with linespoints lc rgb '%s' lw 1.6 dt %d pt %d ps 0.6", style->colour,
            style->dashed ? 2 : 1, style->mark);
}

/* The sample of one entry: a line with its mark, a mark, or a box of the given density. */
static void put_sample(const struct tp_plot_layout *it, const struct tp_plot_style *style,
                       enum tp_plot_form form, double density, double left, double y, FILE *out)
{
  const double begin = left / it->width, end = (left + TP_PLOT_SAMPLE) / it->width;
  const double middle = 1 - y / it->height, half = 5.0 / it->height;
  if (form == TP_PLOT_BARS) {
    fprintf(out,
            "set object rectangle from screen %.6f,%.6f to screen %.6f,%.6f fs solid %g "
            "border lc rgb '%s' fc rgb '%s'\n",
            begin, middle - half, end, middle + half, density, style->colour, style->colour);
    return;
  }
  if (form != TP_PLOT_SCATTER)
    fprintf(out,
            "set arrow from screen %.6f,%.6f to screen %.6f,%.6f nohead lc rgb '%s' lw 1.6 dt %d\n",
            begin, middle, end, middle, style->colour, style->dashed ? 2 : 1);
  fprintf(out, "set label '' at screen %.6f,%.6f point lc rgb '%s' pt %d ps 0.7\n",
          (begin + end) / 2, middle, style->colour, style->mark);
}

/* gnuplot's own key chooses its columns by itself and may outgrow its place. */
static void put_legend(const struct tp_plot *plot, const struct tp_plot_layout *it,
                       struct tp_arena *arena, FILE *out)
{
  const double left = (it->width - it->legend_columns * it->entry_width) / 2.0;
  for (size_t i = 0; i < tp_plot_n_entries(plot); i++) {
    const bool bars = plot->form == TP_PLOT_BARS;
    const struct tp_plot_style style = bars ? (struct tp_plot_style){.colour = "#444444"}
                                            : tp_plot_style_of(plot->legend[i], arena);
    const double x = left + (int)i % it->legend_columns * it->entry_width;
    const double y = TP_PLOT_TITLE + TP_PLOT_LEGEND * ((int)i / it->legend_columns + 0.5);
    put_sample(it, &style, plot->form, i == 0 ? 1 : light, x, y, out);
    put_text(it, tp_plot_entry(plot, i), x + TP_PLOT_SAMPLE + 8, y, "left", out);
  }
}

/* Everything that stands outside the panels, as one empty plot. */
static void put_frame(const struct tp_plot *plot, const struct tp_plot_layout *it,
                      struct tp_arena *arena, FILE *out)
{
  const double middle = it->top + it->rows * it->cell_height / 2.0;
  put_text(it, plot->title, it->width / 2.0, 15, "center font ',13'", out);
  put_text(it, plot->caption, it->width / 2.0, 33, "center font ',10' tc rgb '#444444'", out);
  put_text(it, plot->y_label, 13, middle, "center rotate by 90", out);
  if (plot->x_label[0] != '\0')
    put_text(it, plot->x_label, it->width / 2.0, it->height - 12, "center", out);
  put_legend(plot, it, arena, out);
  put_box(it, 0, 0, it->width, it->height, out);
  fputs("unset border; unset tics; unset key\n"
        "plot [0:1] [0:1] NaN\n"
        "unset label; unset arrow; unset object; set border 3 lc rgb '#444444'\n",
        out);
}

static void put_data(const struct tp_plot_panel *panel, FILE *out)
{
  for (size_t s = 0; s < panel->n_series; s++) {
    fprintf(out, "$s%zu << end\n", s);
    for (size_t i = 0; i < panel->series[s].n; i++)
      fprintf(out, "%.9g %.9g %.9g\n", panel->series[s].points[i].x, panel->series[s].points[i].y,
              panel->series[s].points[i].top);
    fputs("end\n", out);
  }
}

/* 1, 2 or 5 times a power of ten: four to eight ticks in the range. */
static double nice_step(double range)
{
  const double power = pow(10, floor(log10(range / 3.4)));
  const double digits = range / 3.4 / power;
  return power * (digits >= 5 ? 5 : digits >= 2 ? 2 : 1);
}

/* Lines at the ticks of y; without figures they would only cross out what is said instead. */
static void put_ticks(const struct tp_plot_panel *panel, FILE *out)
{
  fprintf(out, "set ytics %.9g nomirror\n", nice_step(panel->high - panel->low));
  fputs(panel->empty != NULL ? "unset grid\n" : "set grid ytics lc rgb '#dddddd' lt 1\n", out);
}

static void put_lines(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                      struct tp_arena *arena, FILE *out)
{
  const double first = plot->ticks[0], last = plot->ticks[plot->n_ticks - 1];
  fprintf(out, "set logscale x 2\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\nset xtics (",
          first / 1.2, last * 1.2, panel->low, panel->high);
  for (size_t i = 0; i < plot->n_ticks; i++)
    fprintf(out, "%s'%g' %g", i > 0 ? ", " : "", plot->ticks[i], plot->ticks[i]);
  fputs(") nomirror\n", out);
  put_ticks(panel, out);
  fputs("plot 1 with lines lc rgb '#444444' lw 0.8 notitle", out);
  for (size_t s = 0; s < panel->n_series; s++) {
    const struct tp_plot_style style = tp_plot_style_of(panel->series[s].name, arena);
    fprintf(out, ", $s%zu using 1:2 ", s);
    put_look(&style, TP_PLOT_LINES, out);
    fputs(" notitle", out);
  }
  fputs("\nunset logscale x\n", out);
}

/* Solid: compute; light: exposed communication, with its share of the whole above. */
static void put_bars(const struct tp_plot_panel *panel, struct tp_arena *arena, FILE *out)
{
  fprintf(out, "set xrange [-0.7:%g]\nset yrange [0:%.9g]\nset xtics (",
          fmax((double)panel->n_series, 1) - 0.3, 1.12 * panel->high);
  for (size_t s = 0; s < panel->n_series; s++) {
    fputs(s > 0 ? ", " : "", out);
    put_quoted(panel->series[s].name, out);
    fprintf(out, " %zu", s);
  }
  fputs(") nomirror rotate by 45 right; set boxwidth 0.75\n", out);
  put_ticks(panel, out);
  fputs(panel->n_series == 0 ? "unset xtics\n" : "", out); /* else gnuplot's own */
  fputs(panel->n_series == 0 ? "plot NaN notitle" : "plot ", out);
  for (size_t s = 0; s < panel->n_series; s++) {
    const char *const colour = tp_plot_style_of(panel->series[s].name, arena).colour;
    const struct tp_plot_point *const bar = panel->series[s].points;
    fprintf(out,
            "%s$s%zu using 1:3 with boxes fs solid %g border rgb '%s' lc rgb '%s' notitle, "
            "$s%zu using 1:2 with boxes fs solid 1 noborder lc rgb '%s' notitle",
            s > 0 ? ", " : "", s, light, colour, colour, s, colour);
    if (bar->top - bar->y >= least_share * bar->top)
      fprintf(out, ", $s%zu using 1:3:('%.0f %%') with labels offset 0,0.6 font ',8' notitle", s,
              100 * (bar->top - bar->y) / bar->top);
  }
  putc('\n', out);
}

static void put_scatter(const struct tp_plot_panel *panel, struct tp_arena *arena, FILE *out)
{
  fputs(panel->logarithmic ? "set logscale xy 10\n" : "unset logscale\n", out);
  fprintf(out,
          "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\nset xtics autofreq nomirror; "
          "set ytics autofreq nomirror\nset grid lc rgb '#eeeeee' lt 1\n",
          panel->low, panel->high, panel->low, panel->high);
  fputs("plot '+' using 1:(0.9*$1):(1.1*$1) with filledcurves lc rgb '#e4e4e4' notitle, "
        "x with lines lc rgb '#444444' lw 0.8 notitle",
        out);
  for (size_t s = 0; s < panel->n_series; s++) {
    const struct tp_plot_style style = tp_plot_style_of(panel->series[s].name, arena);
    fprintf(out, ", $s%zu using 1:2 ", s);
    put_look(&style, TP_PLOT_SCATTER, out);
    fputs(" notitle", out);
  }
  fputs("\nunset logscale\n", out);
}

/* Both axes logarithmic; x in bytes, named every 32 times. */
static void put_curves(const struct tp_plot_panel *panel, struct tp_arena *arena, FILE *out)
{
  double first = (double)INFINITY, last = 0;
  for (size_t s = 0; s < panel->n_series; s++)
    for (size_t i = 0; i < panel->series[s].n; i++) {
      first = fmin(first, panel->series[s].points[i].x);
      last = fmax(last, panel->series[s].points[i].x);
    }
  fprintf(out,
          "set logscale x 2; set logscale y 10\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n"
          "set xtics ('1 KiB' 1024, '32 KiB' 32768, '1 MiB' 1048576, '32 MiB' 33554432, "
          "'1 GiB' 1073741824) nomirror; set ytics autofreq nomirror\n"
          "set grid lc rgb '#dddddd' lt 1\nplot ",
          first / 1.3, last * 1.3, panel->low / 1.3, panel->high * 1.3);
  for (size_t s = 0; s < panel->n_series; s++) {
    const struct tp_plot_style style = tp_plot_style_of(panel->series[s].name, arena);
    fprintf(out, "%s$s%zu using 1:2 ", s > 0 ? ", " : "", s);
    put_look(&style, TP_PLOT_CURVES, out);
    fputs(" notitle", out);
  }
  fputs("\nunset logscale\n", out);
}

static void put_panel(const struct tp_plot *plot, const struct tp_plot_layout *it, size_t index,
                      struct tp_arena *arena, FILE *out)
{
  const struct tp_plot_panel *const panel = &plot->panels[index];
  const double left = TP_PLOT_LABEL + (int)index % it->columns * it->cell_width;
  const double top = it->top + (int)index / it->columns * it->cell_height;
  const double right = left + it->cell_width - it->after;
  put_data(panel, out);
  put_box(it, left + it->before, top + it->above, right, top + it->cell_height - it->below, out);
  const double middle = (left + it->before + right) / 2;
  put_text(it, panel->title, middle, top + 12, "center", out);
  if (panel->empty != NULL)
    put_text(it, panel->empty, middle, top + it->cell_height / 2.0 - 10,
             "center front tc rgb '#777777'", out);
  switch (plot->form) {
  case TP_PLOT_LINES:
    put_lines(plot, panel, arena, out);
    break;
  case TP_PLOT_BARS:
    put_bars(panel, arena, out);
    break;
  case TP_PLOT_SCATTER:
    put_scatter(panel, arena, out);
    break;
  case TP_PLOT_CURVES:
    put_curves(panel, arena, out);
    break;
  }
  fputs("unset label\n", out);
}

void tp_plot_write(const struct tp_plot *plot, const char *terminal, struct tp_arena *arena,
                   FILE *out)
{
  const struct tp_plot_layout it = tp_plot_lay_out(plot);
  fputs("set encoding utf8\n", out);
  put_terminal(&it, terminal, out);
  fputs("set samples 200\nset tics scale 0.5 font ',10'\nset multiplot\n", out);
  put_frame(plot, &it, arena, out);
  for (size_t i = 0; i < plot->n_panels; i++)
    put_panel(plot, &it, i, arena, out);
  fputs("unset multiplot\n", out);
}
