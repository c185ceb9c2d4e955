#ifndef TP_JUDGE_VALIDATE_H
#define TP_JUDGE_VALIDATE_H
/* Predictions against measurements that took no part in them.
 *
 * A table of ops has the columns of ops/costs.h and time_us; a table of points has the input
 * columns of the result CSV and any of ttft_s, prefill_s (the same), tpot_s, decode_s (all steps
 * after the first token), e2e_s, tokens_per_s; a row with concurrency or rate is served under that
 * load.  Figures may be grouped by any other column.  An
 * empty cell was not measured.
 *
 * A table of ops that also has alone_us is one of interference or, without columns of what ran
 * beside, of steady load: its figure is the slow-down, time_us over alone_us.  Shapes that the
 * device was fitted to (its source says so, by the hash of the file) count in the first group only,
 * for a fit is not its own test.
 */
#include "fit/measured.h"
#include "fit/traces.h"
#include "judge/known.h"
#include "ops/costs.h"

struct tp_validate_request {
  struct tp_op_costs_request ops; /* its device NULL: none was given */
  const char *op;                 /* op of a table without that column; NULL: told by its columns */
  struct tp_where where;
  const char *by;                    /* column to group by; NULL: the usual ones */
  const struct tp_trace_file *trace; /* what FILE is in a folder of traces; NULL: no such file */
};

/* One figure. */
struct tp_validated {
  size_t row;         /* of the table */
  const char *name;   /* "FILE:LINE: all_reduce", "FILE:LINE: tpot_s" */
  const char *metric; /* "time_us", "tpot_s" */
  double measured, predicted;
  double error; /* predicted / measured - 1; of a speedup: predicted - measured */
  bool fitted;  /* the device was fitted to it */
};

struct tp_validated_group {
  const char *by, *value; /* "ranks", "8"; all figures: "all", "" */
  size_t n;
  double mape, bias; /* means of |error| and of error */
  const struct tp_validated *worst;
};

enum { TP_WORST_FIGURES = 5 };

struct tp_validation {
  struct tp_validated *figures; /* in the file's order */
  size_t n_figures;
  size_t n_late; /* left out: stand-ins began late by more than a twentieth of the pass */
  struct tp_validated_group *groups; /* all figures first */
  size_t n_groups;
  const struct tp_validated_group *judged; /* all figures, or those not fitted to */
  /* Points only: each variant's speedups over standard at the same point, by metric.  mape and bias
   * are means of differences. */
  struct tp_validated_group *speedups;
  size_t n_speedups;
  const struct tp_validated *worst[TP_WORST_FIGURES]; /* the worst first */
  size_t n_worst;
};

/* Everything lives in the catalog's arena.  A row that cannot be predicted is TP_E_INPUT with its
 * line and reason. */
enum tp_status tp_validate(const char *file, const struct tp_validate_request *request,
                           struct tp_catalog *catalog, struct tp_validation *validation,
                           struct tp_error *error);
#endif
