#ifndef TP_SWEEP_SWEEP_H
#define TP_SWEEP_SWEEP_H
/* All points of a grid to CSV rows, by worker processes, in the grid's order.
 *
 *     worker 0   points  0..15      32..47     ...  -- pipe --\
 *     worker 1        16..31     48..63        ...  -- pipe ----> parent writes row after row
 *
 * The bytes do not depend on the number of workers.
 */
#include "sweep/grid.h"

struct tp_sweep {
  const struct tp_grid *grid; /* checked */
  struct tp_catalog *catalog;
  int workers;                               /* 1: no process is forked */
  size_t first;                              /* points before are not run */
  void (*progress)(void *data, size_t done); /* NULL: none; counts from the grid's first point */
  void *progress_data;
};

/* Writes the rows of the points from `first` on, flushed in whole rows.  TP_E_ENVIRONMENT where
 * `out` cannot be written or a worker dies. */
enum tp_status tp_sweep_run(const struct tp_sweep *sweep, FILE *out, struct tp_error *error);

/* The sweep into FILE, with its sidecar FILE.json.
 *
 * Rows go to FILE.part, whole rows at a time; when all are there it becomes FILE.  With `resume`,
 * the rows of FILE.part, or of FILE where that is missing, are kept after a check that they are
 * this sweep's; a last line that is not whole is dropped. */
struct tp_sweep_file {
  const char *file;
  bool resume;
  const char *version, *build; /* of the program */
  const char *const *command;  /* what made it: without what cannot change a byte of it */
  size_t n_command;
};
enum tp_status tp_sweep_write(struct tp_sweep *sweep, const struct tp_sweep_file *target,
                              struct tp_error *error);
#endif
