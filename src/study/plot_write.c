/* The gnuplot script.  Lengths are in points of 1/72 inch, counted from the upper left corner. */
#include "study/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
  TITLE = 46,  /* title and caption */
  LABEL = 26,  /* strip of an axis label */
  LEGEND = 18, /* one row of it */
  FONT = 11
};

struct layout {
  int columns, rows, cell_width, cell_height;
  int above, below, before, after; /* between a cell's edge and its axes */
  int legend_columns, legend_rows;
  int width, height;
};

static struct layout lay_out(const struct tp_plot *plot)
{
  const int n = (int)plot->n_panels;
  struct layout it = {.above = 24, .below = 26, .before = 40, .after = 8};
  it.columns = n <= 3 ? n : n == 4 ? 2 : n <= 6 || n == 9 ? 3 : 4;
  it.rows = (n + it.columns - 1) / it.columns;
  it.cell_width = n == 1 ? 460 : n <= 3 ? 300 : 230;
  it.cell_height = n <= 3 ? 270 : 205;
  size_t longest = 26; /* "exposed communication" */
  if (plot->form == TP_PLOT_BARS) {
    it.cell_width += 40;
    it.cell_height += 70;
    it.below = 92;
    it.legend_columns = 2;
  } else {
    if (plot->form == TP_PLOT_SCATTER) {
      it.cell_width = it.cell_height = n == 1 ? 420 : 340;
      it.before = 46;
      it.after = 14;
    }
    longest = 4;
    for (size_t i = 0; i < plot->n_legend; i++)
      longest = strlen(plot->legend[i]) > longest ? strlen(plot->legend[i]) : longest;
  }
  it.width = LABEL + it.columns * it.cell_width;
  const int wanted = plot->form == TP_PLOT_BARS ? 2 : (int)plot->n_legend;
  const int most = (it.width - LABEL) / (50 + 7 * (int)longest);
  it.legend_columns = most < 1 ? 1 : most < wanted ? most : wanted;
  it.legend_rows = (wanted + it.legend_columns - 1) / it.legend_columns;
  it.height = TITLE + it.legend_rows * LEGEND + 6 + it.rows * it.cell_height +
              (plot->x_label[0] != '\0' ? LABEL : 0);
  return it;
}

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

static void put_terminal(const struct layout *it, const char *terminal, FILE *out)
{
  if (strcmp(terminal, "png") == 0) /* twice the size: 144 dots an inch */
    fprintf(out,
            "set terminal pngcairo noenhanced background 'white' font 'Sans,%d' size %d,%d "
            "fontscale 2 linewidth 2 pointscale 2\n",
            FONT, 2 * it->width, 2 * it->height);
  else if (strcmp(terminal, "pdf") == 0)
    fprintf(out, "set terminal pdfcairo noenhanced font 'Sans,%d' size %gin,%gin\n", FONT,
            it->width / 72.0, it->height / 72.0);
  else
    fprintf(out,
            "set terminal svg noenhanced background 'white' font 'Sans,%d' size %d,%d dynamic\n",
            FONT, it->width, it->height);
}

static void put_text(const struct layout *it, const char *text, double x, double y,
                     const char *look, FILE *out)
{
  fputs("set label ", out);
  put_quoted(text, out);
  fprintf(out, " at screen %.6f,%.6f %s\n", x / it->width, 1 - y / it->height, look);
}

static void put_box(const struct layout *it, double left, double top, double right, double bottom,
                    FILE *out)
{
  fprintf(out, "set lmargin at screen %.6f; set rmargin at screen %.6f\n", left / it->width,
          right / it->width);
  fprintf(out, "set tmargin at screen %.6f; set bmargin at screen %.6f\n", 1 - top / it->height,
          1 - bottom / it->height);
}

static void put_look(const struct tp_plot_style *style, enum tp_plot_form form, FILE *out)
{
  if (form == TP_PLOT_SCATTER)
    fprintf(out, "with points lc rgb '%s' pt %d ps 0.6", style->colour, style->mark);
  else
    fprintf(out, "with linespoints lc rgb '%s' lw 1.6 dt %d pt %d ps 0.6", style->colour,
            style->dashed ? 2 : 1, style->mark);
}

/* The legend and everything else that stands outside the panels, as one empty plot. */
static void put_frame(const struct tp_plot *plot, const struct layout *it, struct tp_arena *arena,
                      FILE *out)
{
  const double top = TITLE + it->legend_rows * LEGEND + 6;
  put_text(it, plot->title, it->width / 2.0, 15, "center font ',13'", out);
  put_text(it, plot->caption, it->width / 2.0, 33, "center font ',10' tc rgb '#444444'", out);
  put_text(it, plot->y_label, 13, top + it->rows * it->cell_height / 2.0, "center rotate by 90",
           out);
  if (plot->x_label[0] != '\0')
    put_text(it, plot->x_label, it->width / 2.0, it->height - 12, "center", out);
  put_box(it, 0, TITLE - 4, it->width, top, out);
  fputs("unset border; unset tics\n", out);
  fprintf(out, "set key center center horizontal maxcols %d samplen 2 spacing 1.1\n",
          it->legend_columns);
  fputs("plot [0:1] [0:1] ", out);
  if (plot->form == TP_PLOT_BARS)
    fputs("NaN with boxes fs solid 1 noborder lc rgb '#444444' title 'compute', "
          "NaN with boxes fs solid 0.3 border rgb '#444444' lc rgb '#444444' "
          "title 'exposed communication'",
          out);
  for (size_t i = 0; i < plot->n_legend && plot->form != TP_PLOT_BARS; i++) {
    const struct tp_plot_style style = tp_plot_style_of(plot->legend[i], arena);
    fputs(i > 0 ? ", NaN " : "NaN ", out);
    put_look(&style, plot->form, out);
    fputs(" title ", out);
    put_quoted(plot->legend[i], out);
  }
  fputs("\nunset label; unset key; set border 3 lc rgb '#444444'\n", out);
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

static void put_lines(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                      struct tp_arena *arena, FILE *out)
{
  const double first = plot->ticks[0], last = plot->ticks[plot->n_ticks - 1];
  fprintf(out, "set logscale x 2\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\nset xtics (",
          first / 1.2, last * 1.2, panel->low, panel->high);
  for (size_t i = 0; i < plot->n_ticks; i++)
    fprintf(out, "%s'%g' %g", i > 0 ? ", " : "", plot->ticks[i], plot->ticks[i]);
  fputs(") nomirror; set ytics nomirror; set grid ytics lc rgb '#dddddd' lt 1\n", out);
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
  fputs(") nomirror rotate by 45 right; set ytics nomirror\n"
        "set grid ytics lc rgb '#dddddd' lt 1; set boxwidth 0.75\n",
        out);
  fputs(panel->n_series == 0 ? "plot NaN notitle" : "plot ", out);
  for (size_t s = 0; s < panel->n_series; s++) {
    const char *const colour = tp_plot_style_of(panel->series[s].name, arena).colour;
    const struct tp_plot_point *const bar = panel->series[s].points;
    fprintf(out,
            "%s$s%zu using 1:3 with boxes fs solid 0.3 border rgb '%s' lc rgb '%s' notitle, "
            "$s%zu using 1:2 with boxes fs solid 1 noborder lc rgb '%s' notitle",
            s > 0 ? ", " : "", s, colour, colour, s, colour);
    if (bar->top > bar->y)
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

static void put_panel(const struct tp_plot *plot, const struct layout *it, size_t index,
                      struct tp_arena *arena, FILE *out)
{
  const struct tp_plot_panel *const panel = &plot->panels[index];
  const double left = LABEL + (int)index % it->columns * it->cell_width;
  const double top =
      TITLE + it->legend_rows * LEGEND + 6 + (int)index / it->columns * it->cell_height;
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
  }
  fputs("unset label\n", out);
}

void tp_plot_write(const struct tp_plot *plot, const char *terminal, struct tp_arena *arena,
                   FILE *out)
{
  const struct layout it = lay_out(plot);
  fputs("set encoding utf8\n", out);
  put_terminal(&it, terminal, out);
  fputs("set samples 200\nset tics scale 0.5 font ',10'\nset multiplot\n", out);
  put_frame(plot, &it, arena, out);
  for (size_t i = 0; i < plot->n_panels; i++)
    put_panel(plot, &it, i, arena, out);
  fputs("unset multiplot\n", out);
}
