#ifndef TP_JUDGE_BASELINE_H
#define TP_JUDGE_BASELINE_H
/* Predicted figures against a baseline: has one moved?
 *
 * Columns beside the inputs: metric (an output column of the result CSV), baseline, tolerance
 * (absolute, in the metric's unit).
 */
#include "judge/known.h"

struct tp_checked {
  int line;         /* in the baseline file */
  const char *name; /* "llama-3.1-70b dgx-h100 gpt-fast-compile ladder tp 8 batch 1: speedup" */
  double baseline, tolerance, predicted; /* predicted NAN: cannot run */
  bool passed;
  const char *status; /* "ok" or why the point cannot run */
};

/* Rows in file order, in `arena`.  TP_OK whether or not rows passed. */
enum tp_status tp_baseline_check(const char *file, struct tp_catalog *catalog,
                                 struct tp_arena *arena, struct tp_checked **rows, size_t *n_rows,
                                 struct tp_error *error);

/* JUnit XML: one test case a row. */
void tp_baseline_write_junit(const struct tp_checked *rows, size_t n_rows, FILE *out);
#endif
