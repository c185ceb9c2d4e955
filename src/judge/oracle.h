#ifndef TP_JUDGE_ORACLE_H
#define TP_JUDGE_ORACLE_H
/* What is predicted of known points: of each by itself or, where its row says a load, under that.
 */
#include "judge/known.h"
#include "serve/loads.h"

/* Of one row. */
struct tp_foretold {
  bool is_served;
  struct tp_prediction alone;
  struct tp_served served;
};

struct tp_oracle {
  const struct tp_known *known;
  struct tp_catalog *catalog;
  struct tp_predictor *predictor;
  struct tp_serve *server; /* NULL: no row has needed it yet */
  bool has_last;           /* figures of one point stand in rows one after another */
  size_t last_row;
  struct tp_foretold last;
};

/* Both are borrowed. */
struct tp_oracle tp_oracle_open(const struct tp_known *known, struct tp_catalog *catalog);
void tp_oracle_close(struct tp_oracle *oracle);

/* One that cannot run is TP_OK with its reason in the status. */
enum tp_status tp_oracle_ask(struct tp_oracle *oracle, size_t row, struct tp_foretold *foretold,
                             struct tp_error *error);

/* The inputs and the status. */
const struct tp_prediction *tp_foretold_point(const struct tp_foretold *foretold);
/* The figure of that column; NAN where there is none. */
double tp_foretold_figure(const struct tp_foretold *foretold, const char *column);

/* The column of that name, which begins `name`, that points or servers have a figure in; fails with
 * a hint where none is. */
enum tp_status tp_foretold_metric(const char *name, size_t length, struct tp_arena *arena,
                                  const char **metric, struct tp_error *error);

/* Fails with FILE:LINE where `name` is no figure of such a row. */
enum tp_status tp_oracle_check(const struct tp_known *known, size_t row, const char *name,
                               struct tp_arena *arena, struct tp_error *error);
#endif
