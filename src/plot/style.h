#ifndef TP_PLOT_STYLE_H
#define TP_PLOT_STYLE_H
#include <stddef.h>

/* How a series looks. */
struct tp_plot_style {
  const char *colour; /* "#rrggbb" */
  int mark, dash;     /* gnuplot's point and dash types */
};

/* Styles for the names of one picture, no two alike up to 300 of them, and no two of one colour up
 * to twelve.  A name looks the same in every picture in which no other has taken its colour;
 * architectures come first. */
void tp_plot_styles(const char *const *names, size_t n, struct tp_plot_style *styles);
#endif
