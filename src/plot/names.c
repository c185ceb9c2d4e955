/* An axis of names: all of them where there is room, else numbers at even steps and words turned.
 */
#include "plot/panel.h"

#include "base/text.h"
#include "plot/text.h"

#include <math.h>
#include <string.h>

/* The font of names is smaller than the one that columns and lines are of. */
static const double figures_in_column = 1.05, small = 6.0 / 7;
static const double line_in_columns = 2.2; /* how wide a line is that stands upright */

enum { LEAST_NAME = 4 };

/* Whether the names are numbers, one step apart. */
static bool in_steps(const char *const *names, size_t n, double *step)
{
  double first, last, value;
  if (n < 2 || !tp_text_number(names[0], &first) || !tp_text_number(names[1], &last))
    return false;
  *step = last - first;
  for (size_t i = 2; i < n; i++, last = value)
    if (!tp_text_number(names[i], &value) || fabs(value - last - *step) > 1e-6 * fabs(*step))
      return false;
  return *step > 0;
}

static bool are_numbers(const char *const *names, size_t n)
{
  double value;
  for (size_t i = 0; i < n; i++)
    if (!tp_text_number(names[i], &value))
      return false;
  return true;
}

/* 1, 2 or 5 times a power of ten. */
static size_t round_up(double least)
{
  size_t power = 1;
  while (least > 10 * (double)power)
    power *= 10;
  const size_t digits[] = {1, 2, 5, 10};
  size_t i = 0;
  while ((double)(digits[i] * power) < least)
    i++;
  return digits[i] * power;
}

/* The first name and the last, and between them multiples of a round number, or what stands at
 * even distances, so far apart that each has the room it needs. */
static bool *choose(const char *const *names, size_t n, double room, double needed,
                    struct tp_arena *arena)
{
  bool *const chosen = TP_NEW(arena, bool, n);
  const size_t stride = round_up(needed / room);
  double step, value;
  const bool even = in_steps(names, n, &step);
  size_t last = 0;
  for (size_t i = 0; i < n; i++) {
    const double multiple = even && tp_text_number(names[i], &value)
                                ? value / (step * (double)stride)
                                : (double)i / (double)stride;
    const bool wanted = fabs(multiple - round(multiple)) < 1e-6 || i + 1 == n;
    chosen[i] = i == 0 || (wanted && (double)(i - last) * room >= needed);
    last = chosen[i] ? i : last;
  }
  return chosen;
}

static void put_chosen(char axis, const struct tp_plot_text *texts, const bool *chosen, size_t n,
                       const char *turn, FILE *out)
{
  fprintf(out, "set format %c '%%s'; set %ctics scale 0 font ',6'%s (", axis, axis, turn);
  for (size_t i = 0, put = 0; i < n; i++) {
    if (chosen != NULL && !chosen[i])
      continue;
    fputs(put++ > 0 ? ", " : "", out);
    tp_plot_put_tic(texts[i], out);
    fprintf(out, " %zu", i);
  }
  fputs(")\n", out);
}

static int widest(const struct tp_plot_text *texts, size_t n)
{
  int width = 0;
  for (size_t i = 0; i < n; i++)
    width = texts[i].width > width ? texts[i].width : width;
  return width;
}

/* Columns that a name may take beside others. */
static int straight_width(size_t n, double length)
{
  return (int)fmax(1, length / (double)n * figures_in_column);
}

/* A character that the font lacks is a box with its number, which Pango draws all over the picture
 * where it is turned: so of letters that fonts may lack, no name is. */
static bool can_turn(const struct tp_plot_text *texts, size_t n)
{
  for (size_t i = 0; i < n; i++)
    for (const unsigned char *c = (const unsigned char *)texts[i].lines[0]; *c != '\0'; c++)
      if (*c >= 0xe0 && memcmp(c, TP_PLOT_ELLIPSIS, sizeof TP_PLOT_ELLIPSIS - 1) != 0)
        return false;
  return true;
}

double tp_plot_turned_columns(const char *const *names, size_t n, double length,
                              struct tp_arena *arena)
{
  const struct tp_plot_text *const texts = tp_plot_cut_all(names, n, TP_PLOT_NAME, arena);
  return straight_width(n, length) >= widest(texts, n) || are_numbers(names, n) ||
                 !can_turn(texts, n)
             ? 0
             : widest(texts, n) * small;
}

void tp_plot_put_names_across(const char *const *names, size_t n, double length,
                              struct tp_arena *arena, FILE *out)
{
  const double room = length / (double)n;
  const bool turned = tp_plot_turned_columns(names, n, length, arena) > 0;
  const int straight = straight_width(n, length);
  const int width = turned || are_numbers(names, n) ? TP_PLOT_NAME
                    : straight > LEAST_NAME         ? straight
                                                    : LEAST_NAME;
  const struct tp_plot_text *const texts = tp_plot_cut_all(names, n, width, arena);
  const double needed = small * (turned ? line_in_columns : widest(texts, n) + 1);
  const bool *const chosen =
      turned || straight < widest(texts, n) ? choose(names, n, room, needed, arena) : NULL;
  fprintf(out, "set xrange [-0.5:%zu.5]; unset logscale x; unset xtics\n", n - 1);
  put_chosen('x', texts, chosen, n, turned ? " rotate by 90 right" : "", out);
}

void tp_plot_put_names_down(const char *const *names, size_t n, double length, bool shown,
                            struct tp_arena *arena, FILE *out)
{
  fprintf(out, "set yrange [%zu.5:-0.5]; unset logscale y; unset ytics\n", n - 1);
  if (!shown)
    return;
  const struct tp_plot_text *const texts = tp_plot_cut_all(names, n, TP_PLOT_NAME, arena);
  const double room = length / (double)n;
  put_chosen('y', texts, room < small ? choose(names, n, room, small, arena) : NULL, n, "", out);
}
