#include "plot/layout.h"

#include <string.h>

/* Wider pictures are unreadable on a page. */
enum { MOST_WIDTH = 1000 };
/* Means of the font, rounded up: texts are not measured. */
enum { LEGEND_CHARACTER = 8, CAPTION_CHARACTER = 7, SLANTED_CHARACTER = 6, BAR = 30 };

static const char *const parts[] = {"compute", "exposed communication, share above"};

size_t tp_plot_n_entries(const struct tp_plot *plot)
{
  return plot->form == TP_PLOT_BARS ? sizeof parts / sizeof parts[0] : plot->n_legend;
}

const char *tp_plot_entry(const struct tp_plot *plot, size_t index)
{
  return plot->form == TP_PLOT_BARS ? parts[index] : plot->legend[index];
}

static int larger(int a, int b)
{
  return a > b ? a : b;
}

/* Cells by form and number; a picture of one panel is as large as a page is wide. */
static void size_cells(const struct tp_plot *plot, struct tp_plot_layout *it)
{
  static const struct {
    int width_alone, height_alone, width_few, height_few, width, height;
  } sizes[] = {[TP_PLOT_LINES] = {550, 290, 310, 270, 235, 205},
               [TP_PLOT_BARS] = {550, 250, 285, 220, 240, 170},
               [TP_PLOT_SCATTER] = {550, 500, 340, 330, 250, 240},
               [TP_PLOT_CURVES] = {550, 350, 430, 300, 430, 260}};
  const size_t n = plot->n_panels;
  it->cell_width = n == 1   ? sizes[plot->form].width_alone
                   : n <= 4 ? sizes[plot->form].width_few
                            : sizes[plot->form].width;
  it->cell_height = n == 1   ? sizes[plot->form].height_alone
                    : n <= 4 ? sizes[plot->form].height_few
                             : sizes[plot->form].height;
  it->above = 24;
  it->below = 26;
  it->before = plot->form == TP_PLOT_CURVES ? 62 : 46;
  it->after = plot->form == TP_PLOT_CURVES ? 22 : plot->form == TP_PLOT_SCATTER ? 14 : 8;
  if (plot->form != TP_PLOT_BARS)
    return;
  size_t longest = 0; /* names hang below the bars, aslant */
  for (size_t i = 0; i < plot->n_legend; i++)
    longest = strlen(plot->legend[i]) > longest ? strlen(plot->legend[i]) : longest;
  const int names = SLANTED_CHARACTER * (int)longest;
  it->cell_width = larger(it->cell_width, it->before + it->after + BAR * (int)plot->n_legend);
  it->below += names;
  it->cell_height += names;
}

static void size_legend(const struct tp_plot *plot, struct tp_plot_layout *it)
{
  const int n = (int)tp_plot_n_entries(plot);
  int longest = 0;
  for (int i = 0; i < n; i++)
    longest = larger(longest, (int)strlen(tp_plot_entry(plot, (size_t)i)));
  it->entry_width = TP_PLOT_SAMPLE + 26 + LEGEND_CHARACTER * longest;
  const int most = larger(it->width / it->entry_width, 1);
  it->legend_rows = (n + most - 1) / most;
  it->legend_columns = (n + it->legend_rows - 1) / it->legend_rows;
}

struct tp_plot_layout tp_plot_lay_out(const struct tp_plot *plot)
{
  const int n = (int)plot->n_panels;
  struct tp_plot_layout it = {.columns = 0};
  size_cells(plot, &it);
  const int wanted = n <= 3 ? n : n == 4 ? 2 : n <= 6 || n == 9 ? 3 : 4;
  const int most = larger(MOST_WIDTH / it.cell_width, 1);
  it.columns = wanted < most ? wanted : most;
  it.rows = (n + it.columns - 1) / it.columns;
  /* At least as wide as the caption, shared out among the cells. */
  const int caption = CAPTION_CHARACTER * (int)strlen(plot->caption) - TP_PLOT_LABEL;
  it.cell_width = (larger(caption, it.columns * it.cell_width) + it.columns - 1) / it.columns;
  it.width = TP_PLOT_LABEL + it.columns * it.cell_width;
  size_legend(plot, &it);
  it.top = TP_PLOT_TITLE + it.legend_rows * TP_PLOT_LEGEND + 6;
  it.height = it.top + it.rows * it.cell_height + (plot->x_label[0] != '\0' ? TP_PLOT_LABEL : 0);
  return it;
}
