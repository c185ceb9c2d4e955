#ifndef TP_PLOT_TEXT_H
#define TP_PLOT_TEXT_H
/* Names of users in a picture: data to gnuplot, to SVG and to the eye, whatever stands in them. */
#include "base/arena.h"

#include <stdio.h>

struct tp_plot_text {
  const char **lines;
  size_t n;
  int width; /* of the longest line, in columns: East Asian characters and symbols take two */
};

/* Broken at commas, else at spaces, into lines of at most `width` columns; a longer word ends in an
 * ellipsis.  Well formed UTF-8 without control characters whatever comes in. */
struct tp_plot_text tp_plot_wrap(const char *text, int width, struct tp_arena *arena);
/* One line, cut where it is longer. */
struct tp_plot_text tp_plot_cut(const char *text, int width, struct tp_arena *arena);

/* As an expression of gnuplot's: 'one line'."\n".'the next' */
void tp_plot_put_text(struct tp_plot_text text, FILE *out);
#endif
