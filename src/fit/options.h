#ifndef TP_FIT_OPTIONS_H
#define TP_FIT_OPTIONS_H
/* What every fit to measurements lets its caller choose. */
#include "base/error.h"
#include "ops/interference.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tp_fit_options {
  double hold_out_ratio; /* share of the rows that only judge, in [0, 1) */
  void (*progress)(void *data, size_t done, size_t total); /* NULL: none */
  void *progress_data;
};

static const double tp_fit_usual_hold_out_ratio = 1.0 / 3;
static const double tp_fit_folder_hold_out_ratio = 0.5;

/* A number that all rows of one shape have: op, sizes, dtype, ranks and what ran beside it.  So the
 * same shapes are held out of a table however its rows stand, and a later reader can tell which. */
uint64_t tp_fit_shape(const struct tp_op *op, int ranks, const struct tp_interference *beside);

/* Is the shape held out?  One held out at a ratio is held out at every greater one. */
bool tp_fit_is_held_out(uint64_t shape, double hold_out_ratio);

/* TP_E_INPUT where the residuals of ln(measured / predicted) scatter more than a device file may
 * say: an absurd time among the rows. */
enum tp_status tp_fit_check_spread(const char *group, double spread_ratio, struct tp_error *error);

void tp_fit_progress(const struct tp_fit_options *options, size_t done, size_t total);
#endif
