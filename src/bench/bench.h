#ifndef TP_BENCH_BENCH_H
#define TP_BENCH_BENCH_H
/* Timing what a device does again and again, and plans of what to time.
 *
 *     | warm-up | mark sample mark sample mark ... |      all issued at once, read at the end
 *
 * Samples follow each other without a pause, so that the host's issuing hides behind them.
 */
#include "bench/trace.h"
#include "ranks/team.h"
#include "run/calls.h"

/* Median and interquartile range of samples. */
struct tp_spread {
  double median_s, spread_s;
  int n;
};

/* Sorts the samples.  Quantiles interpolate between neighbours (R's type 7). */
struct tp_spread tp_spread_of(double *samples_s, size_t n);
/* Sets time_us, spread_us and repeats. */
void tp_spread_write(const struct tp_spread *spread, struct tp_trace_row *row);

struct tp_sampling {
  double budget_s; /* for all samples */
  double settle_s; /* part of it, for passes before the first sample, under which clocks settle */
  int least, most; /* samples, whatever the budget; below TP_MAX_MARKS */
};

/* After this time a GPU's clocks have settled under a load: its power is averaged over tens of ms.
 */
static const double tp_settle_s = 0.04;

/* How many passes of `once_s` each: those that settle, then samples that fit into what is left. */
struct tp_repeats {
  int settling, samples;
};
struct tp_repeats tp_sampling_repeats(const struct tp_sampling *sampling, double once_s);

/* Who measures. */
struct tp_bench {
  const struct tp_calls *calls;
  struct tp_team *group; /* all its ranks take the same number of samples; NULL: alone */
};

/* All ranks get rank 0's value. */
enum tp_status tp_bench_agree(struct tp_team *group, void *mine, size_t bytes,
                              struct tp_error *error);

/* Called before what only all ranks together can do.  Where one rank has failed, all get its status
 * and text, so that none waits on its device for a rank that never comes. */
enum tp_status tp_bench_settle(struct tp_team *group, enum tp_status status,
                               struct tp_error *error);

/* What one sample issues: nothing in it may wait for the device. */
struct tp_action {
  enum tp_status (*issue)(void *data, struct tp_error *error);
  void *data;
};

/* Passes that warm up; from the last follows how many samples fit. */
enum { TP_WARM_UPS = 2 };

/* Sample i lies between marks i and i + 1. */
enum tp_status tp_bench_sample(const struct tp_bench *bench, const struct tp_sampling *sampling,
                               const struct tp_action *action, struct tp_spread *spread,
                               struct tp_error *error);

/* Rows to measure. */
struct tp_agenda {
  size_t n;
  size_t n_left_out;    /* points that were asked for and have no place here, ... */
  const char *left_out; /* ... and why the last of them has none; NULL: none is */
  const struct tp_trace_layout *layout;
  void *data;
  /* Sets the keys. */
  void (*name)(void *data, size_t item, struct tp_trace_row *row);
  /* Time of one sample as a model sees it. */
  double (*expect_s)(void *data, size_t item);
  /* The item in whose turn this one is measured, because the two are compared: a variant's
   * standard. NULL: every item has its own turn. */
  size_t (*with)(void *data, size_t item);
  /* In which round the item has its turn (bench/suite.h). NULL: there is one, whichever it is. */
  int (*round)(void *data, size_t item);
  /* Sets the other cells.  TP_E_INPUT: the item cannot be measured here, and is left out. */
  enum tp_status (*measure)(void *data, size_t item, double budget_s, struct tp_trace_row *row,
                            struct tp_error *error);
};

/* Items of the round. */
size_t tp_agenda_count(const struct tp_agenda *plan, int round);

/* Orders the items of a round coarse to fine: the one that takes least time, the one that takes
 * most, the one between, those between these, and so on, so that the whole range of sizes is there
 * wherever time runs out.  Items that share a turn follow each other.  `order` has room for plan->n
 * items. */
enum tp_status tp_agenda_order(const struct tp_agenda *plan, int round, size_t *order,
                               struct tp_error *error);

/* Items that failed, in this process or in those before it that measured the same rows: they are
 * not tried again.  A fault of the GPU fails all that its process asks for afterwards. */
enum { TP_MOST_FAILURES = 16 };
struct tp_failures {
  size_t n, items[TP_MOST_FAILURES];
  size_t measured; /* rows, in the last process */
  bool lost;       /* the process is of no more use; another one may go on */
};

struct tp_agenda_run {
  const struct tp_agenda *plan;
  int round;
  struct tp_team *group;  /* rank 0 decides; NULL: alone */
  struct tp_trace *trace; /* rank 0's, NULL on others */
  double budget_s;        /* from now on */
  double most_s;          /* of the budget for one item */
  int warm_ups;           /* times that the first item is measured and dropped: clocks rise */
  double (*now_s)(void *data);
  /* After each item; `refused`: why it was left out, or NULL.  NULL: nobody asks. */
  void (*progress)(void *data, size_t done, size_t n, const char *refused);
  struct tp_failures *failures; /* noted here; NULL: nobody asks */
  void *data;
  /* Results.  left: for another run, no time remained. */
  size_t measured, present, refused, failed, left;
  double beyond_s; /* time that all items together took beyond their budgets */
};

/* Measures the items of the round that the trace lacks, in that order, and divides what time
 * remains among them.  Where an item fails (memory does not hold it) the others still get their
 * turn, unless two fail in a row, which says that the process is lost (the second failed for the
 * first one's sake and may be tried again), or ranks would lose each other.  The first failure is
 * returned at the end. */
enum tp_status tp_agenda_measure(struct tp_agenda_run *run, struct tp_error *error);
#endif
