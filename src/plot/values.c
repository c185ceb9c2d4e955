/* An axis of values: its range, and figures where there is room for them. */
#include "plot/panel.h"

#include <math.h>

/* Steps of 1, 2 or 5 times a power of ten that leave figures the given room, in the units of the
 * axis' length. */
static void put_steps(char axis, struct tp_plot_span span, double length, double figure, FILE *out)
{
  const double step = (span.high - span.low) / fmax(length / figure, 1);
  const double power = pow(10, floor(log10(step))), digits = step / power;
  fprintf(out, "unset logscale %c; set %ctics %.9g\n", axis, axis,
          power * (digits > 5   ? 10
                   : digits > 2 ? 5
                   : digits > 1 ? 2
                                : 1));
}

/* As many digits of each decade as leave figures their room. */
static void put_decades(char axis, struct tp_plot_span span, double length, double figure,
                        FILE *out)
{
  static const double digits[][6] = {{1, 1.5, 2, 3, 5, 7}, {1, 2, 3, 5}, {1, 2, 5}, {1, 3}, {1}};
  static const double nearest[] = {1.33, 1.5, 2, 3, 10};
  const double decades = log10(span.high / span.low);
  int set = 0;
  while (set < 4 && log10(nearest[set]) / decades * length < figure)
    set++;
  fprintf(out, "set logscale %c 10; set %ctics (", axis, axis);
  const char *between = "";
  for (double power = pow(10, floor(log10(span.low))); power < span.high; power *= 10)
    for (int i = 0; i < 6 && digits[set][i] > 0; i++, between = ", ")
      fprintf(out, "%s%.9g", between, power * digits[set][i]);
  fputs(")\n", out);
}

void tp_plot_put_values(char axis, struct tp_plot_span span, double length, double figure,
                        FILE *out)
{
  fprintf(out, "set %crange [%.9g:%.9g]\n", axis, span.low, span.high);
  (span.logarithmic ? put_decades : put_steps)(axis, span, length, figure, out);
}
