#ifndef TP_JUDGE_BASELINE_H
#define TP_JUDGE_BASELINE_H
/* Predicted figures against a baseline: has one moved?
 *
 * Columns beside the inputs: metric (an output column of the result CSV), baseline, and tolerance
 * (absolute, in the metric's unit), tolerance_ratio (a share of the baseline) or both, of which the
 * wider counts.
 */
#include "judge/known.h"

struct tp_checked {
  int line;         /* in the baseline file */
  const char *name; /* "llama-3.1-70b dgx-h100 gpt-fast-compile ladder tp 8 batch 1: speedup" */
  double baseline, tolerance, predicted; /* tolerance: absolute; predicted NAN: the point is lost */
  bool passed;
  const char *lost; /* why there is no prediction; NULL: there is one */
};

struct tp_baseline {
  const char *path;
  struct tp_csv csv; /* the whole file */
  struct tp_checked *rows;
  size_t n_rows;
};

/* Predicts every row of FILE, with what no column tells as in `untold` (the rest of the grid is not
 * read).  TP_OK whether or not rows passed; a point that cannot run, or whose
 * inputs are gone, is a row that did not. */
enum tp_status tp_baseline_check(const char *file, const struct tp_grid *untold,
                                 struct tp_catalog *catalog, struct tp_arena *arena,
                                 struct tp_baseline *baseline, struct tp_error *error);

/* "moved: 1.2, baseline 1.1 +- 0.05", or why the point is lost. */
const char *tp_checked_verdict(const struct tp_checked *row, struct tp_arena *arena);

/* The file with what was predicted in place of each baseline that moved. */
void tp_baseline_write_renewed(const struct tp_baseline *baseline, FILE *out);

/* Which figures a new baseline holds and how far they may move. */
struct tp_baseline_tolerance {
  const char *metric; /* NULL: all that are not named */
  double value;
  bool is_ratio;
};
struct tp_baseline_request {
  const char *const *metrics;
  size_t n_metrics;
  const struct tp_baseline_tolerance *tolerances; /* the first that fits counts */
  size_t n_tolerances;
};

/* Makes a baseline from a result CSV: of each row that is "ok" every metric that it has.  Fails
 * where none is; *n_left_out rows could not run. */
enum tp_status tp_baseline_make(const char *result, const struct tp_baseline_request *request,
                                struct tp_arena *arena, FILE *out, size_t *n_left_out,
                                struct tp_error *error);

/* JUnit XML: one test case a row; `fault`, where it is not NULL, is why there are none. */
void tp_baseline_write_junit(const struct tp_baseline *baseline, const char *fault,
                             struct tp_arena *arena, FILE *out);

/* What GitHub Actions shows beside the file: an error a row that did not pass. */
void tp_baseline_write_annotations(const struct tp_baseline *baseline, struct tp_arena *arena,
                                   FILE *out);
#endif
