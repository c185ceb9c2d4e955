/* Heat maps: axes of names, cells with their figures, and the scale of colours where cells have
 * none. */
#include "plot/panel.h"

#include "plot/text.h"

#include <math.h>

/* Light to dark, told apart by the colour-blind and in grey (a cut of matplotlib's "viridis"). */
static const char palette[] =
    "set palette defined (0 '#fde725', 0.25 '#7ad151', 0.5 '#22a884', 0.75 '#2a788e', 1 '#414487')";
static const double dark_from = 0.45;   /* where white text reads better than black */
static const double figure_width = 0.9; /* of a label's column in columns, air included */
static const double figure_height = 0.9, least_parted = 1;

bool tp_plot_cells_are_labelled(const struct tp_plot *plot, double width, double height,
                                struct tp_arena *arena)
{
  const double room = width / (double)plot->n_x_names;
  if (height / (double)plot->n_y_names < figure_height)
    return false;
  for (size_t i = 0; i < plot->n_panels; i++)
    for (size_t s = 0; s < plot->panels[i].n_series; s++)
      for (size_t k = 0; k < plot->panels[i].series[s].n; k++) {
        const char *const label = plot->panels[i].series[s].points[k].label;
        if (tp_plot_cut(label, TP_PLOT_NAME, arena).width * figure_width > room)
          return false;
      }
  return true;
}

void tp_plot_put_cell_axes(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                           const struct tp_plot_space *space, struct tp_arena *arena, FILE *out)
{
  tp_plot_put_names_across(plot->x_names, plot->n_x_names, space->width, arena, out);
  tp_plot_put_names_down(plot->y_names, plot->n_y_names, space->height, space->named, arena, out);
  fprintf(out, "%s; set cbrange [%.9g:%.9g]%s\n", palette, panel->low, panel->high,
          tp_plot_cells_are_labelled(plot, space->width, space->height, arena) ? "; unset colorbox"
                                                                               : "");
}

/* Figures in all cells or in none: a cell without one would look as if it had no value. */
void tp_plot_put_cell_labels(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                             const struct tp_plot_space *space, struct tp_arena *arena, FILE *out)
{
  if (!tp_plot_cells_are_labelled(plot, space->width, space->height, arena))
    return;
  for (size_t s = 0; s < panel->n_series; s++)
    for (size_t i = 0; i < panel->series[s].n; i++) {
      const struct tp_plot_point *const point = &panel->series[s].points[i];
      const double shade = (point->top - panel->low) / (panel->high - panel->low);
      fputs("set label ", out);
      tp_plot_put_text(tp_plot_cut(point->label, TP_PLOT_NAME, arena), out);
      fprintf(out, " at first %.9g,%.9g center front font ',5' tc rgb '%s'\n", point->x, point->y,
              shade >= dark_from ? "white" : "black");
    }
}

/* Air between cells, but for narrow ones: coordinates of SVG are rounded, and it would stand
 * between some of them alone. */
void tp_plot_put_cells(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                       const struct tp_plot_space *space, FILE *out)
{
  const double across = space->width / (double)plot->n_x_names < least_parted ? 0.5 : 0.48;
  const double down = space->height / (double)plot->n_y_names < least_parted ? 0.5 : 0.46;
  for (size_t s = 0; s < panel->n_series; s++)
    fprintf(out,
            ", $data index %zu using 1:2:($1-%g):($1+%g):($2-%g):($2+%g):3 with boxxyerror "
            "fs solid 1 noborder lc palette",
            s, across, across, down, down);
}

void tp_plot_put_scale(const struct tp_plot *plot, const struct tp_plot_panel *panel,
                       const struct tp_plot_box *box, struct tp_arena *arena, FILE *out)
{
  const struct tp_plot_span colours = {panel->low, panel->high, false};
  fprintf(out,
          "set colorbox horizontal user origin screen %.5f,%.5f size screen %.5f,%.5f noborder\n",
          box->left, box->bottom, box->width, box->height);
  tp_plot_put_values("cb", colours, box->columns, 4, out);
  fputs("set cbtics scale 0.4 font ',6' offset 0,0.5; set format cb '%g'\nset label ", out);
  tp_plot_put_text(tp_plot_cut(plot->heat.value, TP_PLOT_NAME, arena), out);
  fprintf(out, " at screen %.5f,%.5f right font ',6'\n", box->left - 0.02,
          box->bottom + box->height / 2);
}
