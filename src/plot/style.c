#include "plot/style.h"

#include "program/variant.h"

#include <stdint.h>
#include <string.h>

/* Okabe and Ito's colour-blind-safe palette (2008), grey for its yellow, which paper swallows; then
 * darker ones of Tol's, and three that fill gaps. */
static const char *const colours[] = {"#000000", "#0072B2", "#D55E00", "#56B4E9", "#009E73",
                                      "#CC79A7", "#7F7F7F", "#E69F00", "#882255", "#999933",
                                      "#332288", "#8C510A", "#17BECF", "#A6D854", "#1B7837"};
static const int marks[] = {7, 5, 9, 11, 13, 4, 6, 8, 10, 12}; /* filled, then open */
enum {
  N_COLOURS = sizeof colours / sizeof colours[0],
  N_MARKS = sizeof marks / sizeof marks[0],
  N_DASHES = 5,
  N_ROUNDS = 25
};

/* Architectures by their place, any other name, of whatever kind, by its letters. */
static size_t preference(const char *name, bool *architecture)
{
  for (size_t i = 0; tp_architectures[i] != NULL; i++)
    if (strcmp(tp_architectures[i]->name, name) == 0) {
      *architecture = true;
      return i % N_COLOURS;
    }
  *architecture = false;
  uint32_t hash = 2166136261; /* FNV-1a */
  for (; *name != '\0'; name++)
    hash = (hash ^ (unsigned char)*name) * 16777619;
  return hash % N_COLOURS;
}

/* The preferred colour or the next one that is free; all taken, all again in other dashes. */
static size_t take(size_t wanted, bool taken[N_ROUNDS][N_COLOURS])
{
  for (size_t round = 0; round < N_ROUNDS; round++)
    for (size_t i = 0; i < N_COLOURS; i++) {
      const size_t colour = (wanted + i) % N_COLOURS;
      if (!taken[round][colour]) {
        taken[round][colour] = true;
        return round * N_COLOURS + colour;
      }
    }
  return wanted;
}

void tp_plot_styles(const char *const *names, size_t n, struct tp_plot_style *styles)
{
  bool taken[N_ROUNDS][N_COLOURS] = {{false}};
  for (int others = 0; others < 2; others++)
    for (size_t i = 0; i < n; i++) {
      bool architecture;
      const size_t wanted = preference(names[i], &architecture);
      if (architecture == (others == 1))
        continue;
      const size_t style = take(wanted, taken), round = style / N_COLOURS;
      styles[i] = (struct tp_plot_style){
          .colour = colours[style % N_COLOURS],
          .mark = marks[(style % N_COLOURS + round + round / N_DASHES) % N_MARKS],
          .dash = 1 + (int)(round % N_DASHES)};
    }
}
