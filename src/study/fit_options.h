#ifndef TP_STUDY_FIT_OPTIONS_H
#define TP_STUDY_FIT_OPTIONS_H
/* What every fit to measurements lets its caller choose. */
#include <stdbool.h>
#include <stddef.h>

struct tp_fit_options {
  double hold_out_ratio; /* share of the rows that only judge, in [0, 1) */
  void (*progress)(void *data, size_t done, size_t total); /* NULL: none */
  void *progress_data;
};

static const double tp_fit_usual_hold_out_ratio = 1.0 / 3;

/* Is the row at `place` held out?  By a hash: regular grids would line up with every third.  A
 * row held out at one ratio is held out at every greater one. */
bool tp_fit_is_held_out(size_t place, double hold_out_ratio);

void tp_fit_progress(const struct tp_fit_options *options, size_t done, size_t total);
#endif
