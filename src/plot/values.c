/* An axis of values: its range, and figures where there is room for them. */
#include "plot/panel.h"

#include <math.h>

/* The least of 1, 2 or 5 times a power of ten that is not below `least`. */
static double round_step(double least)
{
  const double power = pow(10, floor(log10(least))), digits = least / power;
  return power * (digits > 5 ? 10 : digits > 2 ? 5 : digits > 1 ? 2 : 1);
}

/* Steps that leave figures the given room, in the units of the axis' length. */
static void put_steps(const char *axis, struct tp_plot_span span, double length, double figure,
                      FILE *out)
{
  fprintf(out, "unset logscale %s; set %stics %.9g\n", axis, axis,
          round_step((span.high - span.low) / fmax(length / figure, 1)));
}

/* Figures in even steps on an axis that spans a part of a decade: the last two stand closest. */
static void put_part(struct tp_plot_span span, double length, double figure, FILE *out)
{
  const double apart = pow(span.high / span.low, fmin(figure / length, 1)); /* as a ratio */
  const double step = round_step(span.high * (1 - 1 / apart));
  const char *between = "";
  for (double k = ceil(span.low / step); k * step <= span.high; k++, between = ", ")
    fprintf(out, "%s%.9g", between, k * step);
}

/* As many digits of each decade as leave figures their room. */
static void put_decades(const char *axis, struct tp_plot_span span, double length, double figure,
                        FILE *out)
{
  static const double digits[][6] = {{1, 1.5, 2, 3, 5, 7}, {1, 2, 3, 5}, {1, 2, 5}, {1, 3}, {1}};
  static const double nearest[] = {1.33, 1.5, 2, 3, 10};
  const double decades = log10(span.high / span.low);
  int set = 0, n_seen = 0;
  while (set < 4 && log10(nearest[set]) / decades * length < figure)
    set++;
  const double first = pow(10, floor(log10(span.low)));
  for (double power = first; power < span.high; power *= 10)
    for (int i = 0; i < 6 && digits[set][i] > 0; i++)
      n_seen += power * digits[set][i] >= span.low && power * digits[set][i] <= span.high;
  fprintf(out, "set logscale %s 10; set %stics (", axis, axis);
  const char *between = "";
  for (double power = first; n_seen >= 2 && power < span.high; power *= 10)
    for (int i = 0; i < 6 && digits[set][i] > 0; i++, between = ", ")
      fprintf(out, "%s%.9g", between, power * digits[set][i]);
  if (n_seen < 2) /* one figure tells no scale */
    put_part(span, length, figure, out);
  fputs(")\n", out);
}

void tp_plot_put_values(const char *axis, struct tp_plot_span span, double length, double figure,
                        FILE *out)
{
  fprintf(out, "set %srange [%.9g:%.9g]\n", axis, span.low, span.high);
  (span.logarithmic ? put_decades : put_steps)(axis, span, length, figure, out);
}
