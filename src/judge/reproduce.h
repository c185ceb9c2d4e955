#ifndef TP_JUDGE_REPRODUCE_H
#define TP_JUDGE_REPRODUCE_H
/* Published figures against predicted ones, row by row.
 *
 * Columns beside the inputs: paper, case, metric (an output column of the result CSV), unit,
 * published (may be empty), aggregate.  A row with `aggregate` has no point of its own: it is the
 * geomean, min or max of the same metric over the rows above it that are not aggregates.  A row
 * with `op` is a single all-reduce: judge/reproduce_collective.h.
 */
#include "judge/known.h"

struct tp_reproduced {
  const char *paper, *label, *metric, *unit; /* label: column `case` */
  const char *group;                         /* "" where the table has none */
  bool aggregate;
  double published, predicted; /* NAN: not given; cannot run */
  double error_abs, error_rel; /* predicted - published; the same over published */
  const char *status;          /* "ok" or why the point cannot run */
};

/* Rows in file order, in `arena`. */
enum tp_status tp_reproduce(const char *file, struct tp_catalog *catalog, struct tp_arena *arena,
                            struct tp_reproduced **rows, size_t *n_rows, struct tp_error *error);
#endif
