#include "plot/plot.h"
#include "program/variant.h"

#include <string.h>

/* Okabe and Ito's colour-blind-safe palette (2008), standard in black, then Tol's muted one. */
static const char *const colours[] = {
    "#000000", "#0072B2", "#D55E00", "#56B4E9", "#009E73", "#CC79A7", "#7F7F7F",
    "#E69F00", "#882255", "#999933", "#332288", "#44AA99", "#AA4499", "#117733",
};
static const int marks[] = {7, 5, 9, 11, 13, 4, 6, 8, 10, 12}; /* filled, then open */
enum { N_COLOURS = sizeof colours / sizeof colours[0], N_MARKS = sizeof marks / sizeof marks[0] };

static size_t place_of_transform(const struct tp_transform *transform,
                                 const struct tp_transform *const *table)
{
  size_t i = 0;
  while (table[i] != NULL && table[i] != transform)
    i++;
  return i;
}

/* An algorithm of collectives: colours from the end, as wires stand beside it; what the stack takes
 * is a dashed black line. */
static struct tp_plot_style style_of_algorithm(const char *name)
{
  static const char *const names[] = {
#define X(value, text) text,
      TP_ALGORITHMS(X)
#undef X
  };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(name, names[i]) == 0)
      return (struct tp_plot_style){.colour = colours[N_COLOURS - 1 - i % N_COLOURS],
                                    .mark = marks[i % N_MARKS]};
  if (strcmp(name, "stack") == 0)
    return (struct tp_plot_style){.colour = colours[0], .mark = marks[0], .dashed = true};
  return (struct tp_plot_style){.colour = "#8C510A", .mark = marks[0]};
}

struct tp_plot_style tp_plot_style_of(const char *variant, struct tp_arena *arena)
{
  struct tp_variant parsed;
  if (tp_variant_parse(variant, arena, &parsed, NULL) != TP_OK)
    return style_of_algorithm(variant);
  size_t n_architectures = 0, n_overlaps = 0, architecture = 0;
  for (; tp_architectures[n_architectures] != NULL; n_architectures++)
    if (tp_architectures[n_architectures] == parsed.architecture)
      architecture = n_architectures;
  while (tp_overlaps[n_overlaps] != NULL)
    n_overlaps++;
  /* The architecture gives the colour; standard's transforms have colours of their own. */
  size_t place = architecture;
  if (architecture == 0 && parsed.overlap != NULL)
    place = n_architectures + place_of_transform(parsed.overlap, tp_overlaps);
  else if (architecture == 0 && parsed.wire != NULL)
    place = n_architectures + n_overlaps + place_of_transform(parsed.wire, tp_wires);
  const int parts = (architecture != 0) + (parsed.overlap != NULL) + (parsed.wire != NULL);
  const size_t shift =
      (parsed.overlap != NULL ? 1 + place_of_transform(parsed.overlap, tp_overlaps) : 0) +
      (parsed.wire != NULL ? 1 + n_overlaps + place_of_transform(parsed.wire, tp_wires) : 0);
  return (struct tp_plot_style){.colour = colours[place % N_COLOURS],
                                .mark = marks[(place + (parts > 1 ? shift : 0)) % N_MARKS],
                                .dashed = parts > 1};
}
