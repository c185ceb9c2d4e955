#ifndef TP_JUDGE_KNOWN_H
#define TP_JUDGE_KNOWN_H
/* A CSV whose rows are points with something known about each: published figures, a baseline.
 *
 * Input columns carry the names of the result CSV; all other columns belong to the reader.
 */
#include "judge/unread.h"
#include "sweep/grid.h"

struct tp_known {
  const struct tp_csv *csv;
  struct tp_csv inputs; /* the input columns alone */
  struct tp_grid grid;  /* one point a row */
};

/* Whether the column is an input, of a point or of a load. */
bool tp_known_is_input(const char *name);

/* Reads FILE, which must have every column of `required`. */
enum tp_status tp_known_open(const char *file, const char *const *required, size_t n_required,
                             struct tp_arena *arena, struct tp_known *reference,
                             struct tp_error *error);

/* The same from a table at hand. */
enum tp_status tp_known_take(const struct tp_csv *csv, const char *const *required,
                             size_t n_required, struct tp_arena *arena, struct tp_known *reference,
                             struct tp_error *error);

/* Tells which columns nobody reads: neither points nor `own` (ended by NULL), the reader's.  Fails
 * on one that should have been an input.  `more` is said in the same note. */
enum tp_status tp_known_tell(const struct tp_known *reference, const char *const *own,
                             const char *more, struct tp_catalog *catalog, struct tp_error *error);

/* Predicts the point of a row.  One that cannot run is TP_OK with its reason in `status`. */
enum tp_status tp_known_predict(const struct tp_known *reference, struct tp_catalog *catalog,
                                struct tp_predictor *predictor, size_t row,
                                struct tp_prediction *prediction, struct tp_error *error);

/* Column of the prediction that `name` means; fails with FILE:LINE where it is no output number. */
enum tp_status tp_known_metric(const struct tp_known *reference, size_t row, const char *name,
                               struct tp_arena *arena, const struct tp_column **column,
                               struct tp_error *error);
#endif
