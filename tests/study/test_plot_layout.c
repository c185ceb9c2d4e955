/* Where panels stand: a picture is 64 columns wide; what is left of and between panels, and above
 * and below them, holds the text that goes there. */
#include "plot/layout.h"

#include "../suite.h"

#include <string.h>

static struct tp_arena *arena;

static void set_up(void)
{
  arena = tp_arena_create();
}

static void tear_down(void)
{
  tp_arena_free(arena);
}

/* Panels of one range, or each of its own. */
static struct tp_plot_layout laid_out(struct tp_plot plot, size_t n_panels, bool one_range)
{
  plot.n_panels = n_panels;
  plot.panels = TP_NEW(arena, struct tp_plot_panel, n_panels);
  for (size_t i = 0; i < n_panels; i++)
    plot.panels[i] = (struct tp_plot_panel){.title = "panel", .high = one_range ? 1 : (double)i};
  plot.title = "title";
  plot.caption = "caption";
  if (plot.y_label == NULL)
    plot.y_label = "";
  return tp_plot_lay_out(&plot, arena);
}

/* Columns and the lines that are as long: 7-point text, a line each 1.25 of them, 3.5 inches. */
static double lines_of(double columns)
{
  return columns / 64 * 3.5 / (1.25 * 7 / 72);
}

static void assert_across(const struct tp_plot_layout *it, int rows, int columns, double left,
                          double gap)
{
  ck_assert_int_eq(it->rows, rows);
  ck_assert_int_eq(it->columns, columns);
  ck_assert_double_eq(it->left, left);
  ck_assert_double_eq(it->right, 2);
  ck_assert_rel(it->panel_width * columns, 64 - left - 2 - gap * (columns - 1), 1e-12);
}

/* Lines of a caption, a title a panel, `key` rows of a key and what is between them. */
static void assert_down(const struct tp_plot_layout *it, int key, double panel_height)
{
  ck_assert_int_eq(it->key_rows, key);
  ck_assert_rel(it->panel_height, panel_height, 1e-12);
  ck_assert_rel(it->top, 2.1 + 1 + 1 + key, 1e-12);
  ck_assert_rel(it->height, it->top + it->rows * panel_height + (it->rows - 1) * 2.8 + 3, 1e-12);
}

static const char *series[] = {"standard", "b", "c", "d", "e", "f"};
static const char *lanes[] = {"compute", "send"};

/* Three rows of panels of one range at most, which share the figures of the first; two of others.
 */
START_TEST(lines)
{
  const struct tp_plot plot = {
      .form = TP_PLOT_LINES, .y_label = "speedup", .legend = series, .n_legend = 6};
  struct tp_plot_layout it = laid_out(plot, 4, true);
  ck_assert(it.shared);
  assert_across(&it, 2, 2, 8.5, 2.5);
  /* A name of 8 columns is 6 of smaller text, and a line before it another 6: five in 64. */
  assert_down(&it, 2, 5 + 0.45 * lines_of(25.5));
  it = laid_out((struct tp_plot){.form = TP_PLOT_LINES, .legend = series, .n_legend = 5}, 4, false);
  ck_assert(!it.shared);
  assert_across(&it, 2, 2, 7, 8);
  assert_down(&it, 1, 5 + 0.45 * lines_of(23.5));
  it = laid_out(plot, 7, true);
  assert_across(&it, 3, 3, 8.5, 2.5);
}
END_TEST

/* Names of bars stand left of them, two columns apart. */
START_TEST(bars)
{
  const struct tp_plot plot = {.form = TP_PLOT_BARS, .legend = series, .n_legend = 6};
  const struct tp_plot_layout it = laid_out(plot, 3, false);
  ck_assert(it.shared);
  assert_across(&it, 2, 2, 8 + 2, 2.5);
  assert_down(&it, 2, 1.15 * 6 + 0.3);
}
END_TEST

/* A panel is as wide as the picture, beside the names of its lanes. */
START_TEST(gantt)
{
  const struct tp_plot plot = {
      .form = TP_PLOT_GANTT, .legend = series, .n_legend = 3, .y_names = lanes, .n_y_names = 2};
  const struct tp_plot_layout it = laid_out(plot, 2, true);
  assert_across(&it, 2, 1, 7 + 1, 8);
  assert_down(&it, 1, 1.8 * 2 + 0.3);
}
END_TEST

/* A scatter has squares; a heat map's lines have names, and a label and figures beside them. */
START_TEST(squares_and_cells)
{
  struct tp_plot_layout it = laid_out(
      (struct tp_plot){.form = TP_PLOT_SCATTER, .y_label = "y", .legend = series, .n_legend = 1}, 2,
      true);
  assert_across(&it, 1, 2, 8.5, 2.5);
  assert_down(&it, 1, lines_of(it.panel_width));
  it = laid_out((struct tp_plot){.form = TP_PLOT_HEAT,
                                 .heat.value = "speedup",
                                 .x_names = series,
                                 .n_x_names = 2,
                                 .y_names = lanes,
                                 .n_y_names = 2},
                2, false);
  assert_across(&it, 1, 2, 7 + 5, 8);
  assert_down(&it, it.scaled ? 2 : 0, 1.8 * 2 + 0.3);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("plot layout");
  TCase *const t = tcase_create("forms");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_test(t, lines);
  tcase_add_test(t, bars);
  tcase_add_test(t, gantt);
  tcase_add_test(t, squares_and_cells);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
