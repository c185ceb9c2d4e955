/* The gnuplot script: what stands around the panels, and where they stand. */
#include "plot/layout.h"
#include "plot/panel.h"
#include "plot/style.h"

#include <string.h>

enum { DOTS_PER_INCH = 300 };

static void put_terminal(const struct tp_plot_layout *it, const char *terminal, FILE *out)
{
  const double height_inches = it->height * tp_plot_line_inches;
  if (strcmp(terminal, "png") == 0) /* its dots are a 96th of an inch */
    fprintf(out,
            "set terminal pngcairo noenhanced background 'white' font 'Sans,%d' size %.0f,%.0f "
            "fontscale %g linewidth 2 pointscale 3\n",
            TP_PLOT_FONT, DOTS_PER_INCH * tp_plot_width_inches, DOTS_PER_INCH * height_inches,
            DOTS_PER_INCH / 96.0);
  else if (strcmp(terminal, "pdf") == 0)
    fprintf(out, "set terminal pdfcairo noenhanced font 'Sans,%d' fontscale 0.75 size %gin,%gin\n",
            TP_PLOT_FONT, tp_plot_width_inches, height_inches);
  else /* its fonts are measured in pixels, and thought narrower than they are */
    fprintf(out,
            "set terminal svg noenhanced background 'white' font 'Sans,%d' fontscale %.4f "
            "linewidth 0.65 size %.0f,%.0f dynamic\nset key width 2\n",
            TP_PLOT_FONT, 96 / 72.0, 96 * tp_plot_width_inches, 96 * height_inches);
}

/* Dashes are of lines: they would fray the edges of bars, which have their names beside them. */
static void put_styles(const struct tp_plot *plot, struct tp_arena *arena, FILE *out)
{
  struct tp_plot_style *const styles = TP_NEW(arena, struct tp_plot_style, plot->n_legend);
  tp_plot_styles(plot->legend, plot->n_legend, styles);
  for (size_t i = 0; i < plot->n_legend; i++)
    if (plot->reference != NULL && strcmp(plot->reference, plot->legend[i]) == 0)
      fprintf(out, "set style line %zu lc rgb '#c0c0c0' lw 4 pt 0\n", i + 1);
    else
      fprintf(out, "set style line %zu lc rgb '%s' dt %d pt %d ps 0.45*mark lw 1.2\n", i + 1,
              styles[i].colour, plot->form == TP_PLOT_BARS ? 1 : styles[i].dash, styles[i].mark);
}

static void put_label(struct tp_plot_text text, double column, double line,
                      const struct tp_plot_layout *it, int font, FILE *out)
{
  fputs("set label ", out);
  tp_plot_put_text(text, out);
  fprintf(out, " at screen %.5f,%.5f center font ',%d'\n", column / TP_PLOT_COLUMNS,
          1 - line / it->height, font);
}

/* Words and key of the whole picture go with its first panel. */
static void put_frame(const struct tp_plot *plot, const struct tp_plot_layout *it,
                      struct tp_arena *arena, FILE *out)
{
  put_label(tp_plot_cut(plot->title, TP_PLOT_COLUMNS, arena), TP_PLOT_COLUMNS / 2.0, 1, it,
            TP_PLOT_FONT + 1, out);
  put_label(it->caption, TP_PLOT_COLUMNS / 2.0, 2.2, it, TP_PLOT_SMALL, out);
  put_label(tp_plot_cut(plot->x_label, TP_PLOT_COLUMNS, arena),
            (it->left + TP_PLOT_COLUMNS - it->right) / 2, it->height - 0.8, it, TP_PLOT_FONT, out);
  fprintf(out,
          "set key at screen 0.5,%.5f center top noautotitle Left reverse vertical maxrows %d "
          "samplen 1.7 font ',%d'\n",
          1 - (1.9 + (double)it->caption.n) / it->height, it->key_rows, TP_PLOT_SMALL);
}

/* gnuplot leaves out rows of a key that is higher than its panel: such a one is drawn over the
 * whole picture, before the panels, and its place among them is taken back. */
static void put_key_apart(const struct tp_plot *plot, struct tp_arena *arena, FILE *out)
{
  fputs("set lmargin at screen 0; set rmargin at screen 1; set bmargin at screen 0; set tmargin at "
        "screen 1\nset xrange [0:1]; set yrange [0:1]; unset border; unset tics\nplot NaN",
        out);
  tp_plot_put_key(plot, arena, out);
  fprintf(out,
          "\nunset label; unset key; set multiplot previous\n"
          "set border 3; set xtics nomirror; set ytics nomirror; set tics scale 0.4 font ',%d'\n",
          TP_PLOT_SMALL);
}

/* The scale of colours goes with the first panel that has any. */
static bool has_scale(const struct tp_plot *plot, const struct tp_plot_layout *it, size_t panel)
{
  size_t first = 0;
  while (first < plot->n_panels && plot->panels[first].n_series == 0)
    first++;
  return it->scaled && panel == first;
}

static void put_scale(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                      const struct tp_plot_layout *it, struct tp_arena *arena, FILE *out)
{
  const struct tp_plot_box box = {.left = 0.4,
                                  .bottom = 1 - (2.8 + (double)it->caption.n) / it->height,
                                  .width = 0.45,
                                  .height = 0.7 / it->height,
                                  .columns = 0.45 * TP_PLOT_COLUMNS};
  tp_plot_put_scale(plot, panel, &box, arena, out);
}

void tp_plot_write(const struct tp_plot *plot, const char *terminal, struct tp_arena *arena,
                   FILE *out)
{
  const struct tp_plot_layout it = tp_plot_lay_out(plot, arena);
  fputs("set encoding utf8\n", out);
  fprintf(out, "mark = %g\n", strcmp(terminal, "svg") == 0 ? 1.7 : 1); /* SVG scales no points */
  put_terminal(&it, terminal, out);
  put_styles(plot, arena, out);
  fprintf(out,
          "set border 3 lc rgb '#444444' lw 0.6; set tics scale 0.4 nomirror font ',%d'\n"
          "set bars small; set samples 200\n"
          "set multiplot layout %d,%d margins screen %.5f,%.5f,%.5f,%.5f spacing screen "
          "%.5f,%.5f\n",
          TP_PLOT_SMALL, it.rows, it.columns, it.left / TP_PLOT_COLUMNS,
          1 - it.right / TP_PLOT_COLUMNS, it.bottom / it.height, 1 - it.top / it.height,
          it.gap / TP_PLOT_COLUMNS, it.gap_below / it.height);
  put_frame(plot, &it, arena, out);
  if (it.key_apart)
    put_key_apart(plot, arena, out);
  for (size_t i = 0; i < plot->n_panels; i++) {
    const bool first = i % (size_t)it.columns == 0;
    fputs("set title ", out);
    tp_plot_put_text(it.titles[i], out);
    fputs(" offset 0,-0.6\nset label ", out);
    tp_plot_put_text(tp_plot_cut(first ? plot->y_label : "", TP_PLOT_COLUMNS, arena), out);
    fputs(" at screen 0.03, graph 0.5 center rotate by 90\n", out);
    const struct tp_plot_space space = {it.panel_width, it.panel_height, first || !it.shared};
    if (has_scale(plot, &it, i))
      put_scale(plot, &plot->panels[i], &it, arena, out);
    tp_plot_put_panel(plot, &plot->panels[i], &space, i == 0 && !it.key_apart, arena, out);
    fputs("\nunset label; unset key\n", out);
    if (has_scale(plot, &it, i))
      fputs("unset colorbox\n", out);
  }
  fputs("unset multiplot\n", out);
}
