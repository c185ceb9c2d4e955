#ifndef TP_SWEEP_RESUME_ROW_H
#define TP_SWEEP_RESUME_ROW_H
/* Whether a row of a part is that of its point. */
#include "sweep/sweep.h"

#include <stdio.h>

struct tp_kept_reader {
  const struct tp_sweep *sweep;
  const char *path;
  FILE *in;
  const char *header; /* with its line end */
  struct tp_arena *arena, *scratch;
  struct tp_predictor *predictor;
  struct tp_error *error;
};

/* A row of the file, with its line end, and on which line. */
struct tp_kept_row {
  size_t index;
  const char *text;
  int line;
};

/* The first rows, which take a second or two, each that shows a value for the first time, and one
 * of many of the others. */
bool tp_kept_is_looked_at(const struct tp_grid *grid, size_t index);

/* `closely`: whether it is what its point gives; else only whether it can be. */
enum tp_status tp_kept_check_row(const struct tp_kept_reader *reader, const struct tp_kept_row *row,
                                 bool closely, struct tp_error *error);
#endif
