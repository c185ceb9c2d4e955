#ifndef TP_PLOT_TEXT_H
#define TP_PLOT_TEXT_H
/* Names of users in a picture: data to gnuplot, to SVG and to the eye, whatever stands in them. */
#include "base/arena.h"

#include <stdio.h>

#define TP_PLOT_ELLIPSIS "\xe2\x80\xa6"

struct tp_plot_text {
  const char **lines;
  size_t n;
  int width; /* of the longest line, in columns: East Asian characters and symbols take two */
};

/* Broken at commas, else at spaces, into lines of at most `width` columns; a longer word is cut.
 * Well formed UTF-8 without control characters whatever comes in. */
struct tp_plot_text tp_plot_wrap(const char *text, int width, struct tp_arena *arena);
/* One line, cut where it is longer. */
struct tp_plot_text tp_plot_cut(const char *text, int width, struct tp_arena *arena);
/* The same of names that stand beside one another: those that differ do so when they are cut. */
struct tp_plot_text *tp_plot_wrap_all(const char *const *names, size_t n, int width,
                                      struct tp_arena *arena);
struct tp_plot_text *tp_plot_cut_all(const char *const *names, size_t n, int width,
                                     struct tp_arena *arena);

/* columns.c: bytes of the well-formed UTF-8 character (RFC 3629) that `s` begins with; 0: none. */
size_t tp_plot_character(const unsigned char *s);
/* Of well formed UTF-8: bytes of the characters that fit into `width` columns, of at most `n`
 * bytes, and the columns taken; the columns of a whole line. */
size_t tp_plot_fit(const char *text, size_t n, int width, int *taken);
int tp_plot_columns(const char *line);
/* shorten.c: cut to `width` columns, with an ellipsis at either end that is cut. */
const char **tp_plot_shorten(const char *const *names, size_t n, int width, struct tp_arena *arena);

/* As an expression of gnuplot's: 'one line'."\n".'the next' */
void tp_plot_put_text(struct tp_plot_text text, FILE *out);
/* The same as the label of a tic, which gnuplot takes for a format of its place. */
void tp_plot_put_tic(struct tp_plot_text text, FILE *out);
#endif
