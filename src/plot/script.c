/* The gnuplot script: what stands around the panels, and where they stand. */
#include "plot/panel.h"
#include "plot/style.h"
#include "plot/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A picture is as wide as a column of a paper; its text, 7 points high, is counted in columns and
 * lines. */
enum { FONT = 7, SMALL = 6, COLUMNS = 64, DOTS_PER_INCH = 300 };
enum { OWN_AXIS = 8, SAMPLE = 5 }; /* columns of a panel's own figures, of a line in the key */
static const double width_inches = 3.5, line_inches = 1.25 * FONT / 72;

/* Across in columns, down in lines. */
struct layout {
  int columns, rows; /* of panels */
  bool shared;       /* figures and names at the first panel of a row serve the others */
  double left, right, gap, panel_width;
  double top, bottom, gap_below, panel_height, height;
  int key_rows;
  struct tp_plot_text caption;
};

static bool one_range(const struct tp_plot *plot)
{
  for (size_t i = 1; i < plot->n_panels; i++)
    if (plot->panels[i].low != plot->panels[0].low || plot->panels[i].high != plot->panels[0].high)
      return false;
  return true;
}

static struct tp_plot_text title_of(const struct tp_plot *plot, size_t panel,
                                    const struct layout *it, struct tp_arena *arena)
{
  return tp_plot_wrap(plot->panels[panel].title, (int)(it->panel_width + it->gap) - 1, arena);
}

static int rows_of(size_t n, int columns)
{
  return ((int)n + columns - 1) / columns;
}

static struct layout lay_out(const struct tp_plot *plot, struct tp_arena *arena)
{
  const bool bars = plot->form == TP_PLOT_BARS;
  int name = 0, lane = 0;
  for (size_t i = 0; i < plot->n_legend; i++)
    name = (int)fmax(name, tp_plot_cut(plot->legend[i], TP_PLOT_NAME, arena).width);
  struct layout it = {.caption = tp_plot_wrap(plot->caption, COLUMNS * FONT / SMALL - 4, arena)};
  const bool wide = plot->form == TP_PLOT_GANTT;
  it.shared = bars || (!wide && one_range(plot));
  it.rows = rows_of(plot->n_panels, wide                                               ? 1
                                    : it.shared && !bars && plot->form != TP_PLOT_HEAT ? 3
                                                                                       : 2);
  it.columns = rows_of(plot->n_panels, it.rows);
  for (size_t i = 0; i < plot->n_y_names; i++)
    lane = (int)fmax(lane, tp_plot_cut(plot->y_names[i], TP_PLOT_NAME, arena).width);
  it.left = bars                         ? name + 2
            : wide                       ? lane + 1
            : plot->form == TP_PLOT_HEAT ? lane + 5
            : plot->y_label[0] != '\0'   ? 8.5
                                         : 7;
  it.right = 2;
  it.gap = it.shared ? 2.5 : OWN_AXIS;
  it.panel_width = (COLUMNS - it.left - it.right - (it.columns - 1) * it.gap) / it.columns;
  const double square = it.panel_width / COLUMNS * width_inches / line_inches;
  it.panel_height = bars                            ? 1.15 * (double)plot->n_legend + 0.3
                    : plot->form == TP_PLOT_SCATTER ? square
                    : lane > 0                      ? 1.8 * (double)plot->n_y_names + 0.3
                                                    : 5 + 0.45 * square;
  size_t titles = 1;
  for (size_t i = 0; i < plot->n_panels; i++)
    titles = (size_t)fmax((double)titles, (double)title_of(plot, i, &it, arena).n);
  it.key_rows = bars ? 2
                : plot->form == TP_PLOT_HEAT
                    ? 0
                    : rows_of(plot->n_legend, COLUMNS / (name * SMALL / FONT + SAMPLE + 1));
  it.top = 2.1 + (double)(it.caption.n + titles) + it.key_rows;
  it.bottom = 3;
  it.gap_below = 1.8 + (double)titles;
  it.height = it.top + it.rows * it.panel_height + (it.rows - 1) * it.gap_below + it.bottom;
  return it;
}

static void put_terminal(const struct layout *it, const char *terminal, FILE *out)
{
  const double height_inches = it->height * line_inches;
  if (strcmp(terminal, "png") == 0) /* its dots are a 96th of an inch */
    fprintf(out,
            "set terminal pngcairo noenhanced background 'white' font 'Sans,%d' size %.0f,%.0f "
            "fontscale %g linewidth 2 pointscale 3\n",
            FONT, DOTS_PER_INCH * width_inches, DOTS_PER_INCH * height_inches,
            DOTS_PER_INCH / 96.0);
  else if (strcmp(terminal, "pdf") == 0)
    fprintf(out, "set terminal pdfcairo noenhanced font 'Sans,%d' fontscale 0.75 size %gin,%gin\n",
            FONT, width_inches, height_inches);
  else /* its fonts are measured in pixels, and thought narrower than they are */
    fprintf(out,
            "set terminal svg noenhanced background 'white' font 'Sans,%d' fontscale %.4f "
            "linewidth 0.65 size %.0f,%.0f dynamic\nset key width 2\n",
            FONT, 96 / 72.0, 96 * width_inches, 96 * height_inches);
}

static void put_styles(const struct tp_plot *plot, struct tp_arena *arena, FILE *out)
{
  struct tp_plot_style *const styles = TP_NEW(arena, struct tp_plot_style, plot->n_legend);
  tp_plot_styles(plot->legend, plot->n_legend, styles);
  for (size_t i = 0; i < plot->n_legend; i++)
    if (plot->reference != NULL && strcmp(plot->reference, plot->legend[i]) == 0)
      fprintf(out, "set style line %zu lc rgb '#c0c0c0' lw 4 pt 0\n", i + 1);
    else
      fprintf(out, "set style line %zu lc rgb '%s' dt %d pt %d ps 0.45*mark lw 1.2\n", i + 1,
              styles[i].colour, styles[i].dash, styles[i].mark);
}

static void put_label(struct tp_plot_text text, double column, double line, const struct layout *it,
                      int font, FILE *out)
{
  fputs("set label ", out);
  tp_plot_put_text(text, out);
  fprintf(out, " at screen %.5f,%.5f center font ',%d'\n", column / COLUMNS, 1 - line / it->height,
          font);
}

/* Words and key of the whole picture go with its first panel. */
static void put_frame(const struct tp_plot *plot, const struct layout *it, struct tp_arena *arena,
                      FILE *out)
{
  put_label(tp_plot_cut(plot->title, COLUMNS, arena), COLUMNS / 2.0, 1, it, FONT + 1, out);
  put_label(it->caption, COLUMNS / 2.0, 2.2, it, SMALL, out);
  put_label(tp_plot_cut(plot->x_label, COLUMNS, arena), (it->left + COLUMNS - it->right) / 2,
            it->height - 0.8, it, FONT, out);
  fprintf(out,
          "set key at screen 0.5,%.5f center top noautotitle Left reverse vertical maxrows %d "
          "samplen 1.7 font ',%d'\n",
          1 - (1.9 + (double)it->caption.n) / it->height, it->key_rows, SMALL);
}

void tp_plot_write(const struct tp_plot *plot, const char *terminal, struct tp_arena *arena,
                   FILE *out)
{
  const struct layout it = lay_out(plot, arena);
  fputs("set encoding utf8\n", out);
  fprintf(out, "mark = %g\n", strcmp(terminal, "svg") == 0 ? 1.7 : 1); /* SVG scales no points */
  put_terminal(&it, terminal, out);
  put_styles(plot, arena, out);
  fprintf(out,
          "set border 3 lc rgb '#444444' lw 0.6; set tics scale 0.4 nomirror font ',%d'\n"
          "set bars small; set samples 200\n"
          "set multiplot layout %d,%d margins screen %.5f,%.5f,%.5f,%.5f spacing screen "
          "%.5f,%.5f\n",
          SMALL, it.rows, it.columns, it.left / COLUMNS, 1 - it.right / COLUMNS,
          it.bottom / it.height, 1 - it.top / it.height, it.gap / COLUMNS,
          it.gap_below / it.height);
  put_frame(plot, &it, arena, out);
  for (size_t i = 0; i < plot->n_panels; i++) {
    const bool first = i % (size_t)it.columns == 0;
    fputs("set title ", out);
    tp_plot_put_text(title_of(plot, i, &it, arena), out);
    fputs(" offset 0,-0.6\nset label ", out);
    tp_plot_put_text(tp_plot_cut(first ? plot->y_label : "", COLUMNS, arena), out);
    fputs(" at screen 0.03, graph 0.5 center rotate by 90\n", out);
    const struct tp_plot_space space = {it.panel_width, it.panel_height, first || !it.shared};
    tp_plot_put_panel(plot, &plot->panels[i], &space, i == 0, arena, out);
    fputs("\nunset label; unset key\n", out);
  }
  fputs("unset multiplot\n", out);
}
