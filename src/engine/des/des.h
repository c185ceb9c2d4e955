#ifndef TP_ENGINE_DES_DES_H
#define TP_ENGINE_DES_DES_H
/* The seams inside the DES; outside it only tests and benchmarks look in here.
 *
 *     plan (parent)               simulation (forked child)            account (parent)
 *     per stream the op           one actor per (rank, stream)         spans -> result,
 *     instances, each with        walks its instances; SimGrid         timeline
 *     the waits left to do        shares SMs, DRAM and links
 *
 * SimGrid has one engine a process, so every run has its own child; what ran when comes back
 * through memory that both share.
 */
#include "cost/fabric/pattern.h"
#include "engine/engine.h"

enum { TP_DES_CHUNKS = 8 }; /* pieces of a step's message at TP_DETAIL_CHUNK */

/* `stream` must have ended `count` ops. */
struct tp_des_wait {
  int64_t count;
  int stream;
};

/* One op of one repetition. */
struct tp_des_item {
  const struct tp_op *op;
  const struct tp_cost *cost;
  size_t segment, index;         /* of the op in the program */
  int64_t clock[TP_MAX_STREAMS]; /* ops of each stream known to have ended when it starts */
  bool collective;
  bool alone;  /* no op of another stream can run while it does */
  int n_waits; /* those that the stream's earlier waits do not imply */
  struct tp_des_wait waits[TP_MAX_WAITS];
};

struct tp_des_stream {
  size_t n_items, first; /* `first`: its first item among those of all streams */
  struct tp_des_item *items;
  bool collectives;
  int max_flows; /* of one rank in one phase */
};

/* The flows of a pattern by the rank that drives them. */
struct tp_des_pattern {
  const struct tp_pattern_rate *rate; /* which it is: that of the phases that use it */
  size_t n_flows;
  struct tp_flow *flows;
  size_t *first; /* by rank, and the end */
  int *n_in;     /* by rank: flows that come to it */
};

struct tp_des_plan {
  const struct tp_run *run;
  int ranks;   /* simulated: 1 where folded */
  bool folded; /* rank 0 stands for all */
  size_t n_items;
  struct tp_des_stream streams[TP_MAX_STREAMS];
  size_t n_patterns;
  struct tp_des_pattern *patterns; /* those that some phase uses */
  double held_most; /* SM share that the collectives of all streams can hold at once */
  int max_items;    /* messages of one flow in one phase */
};

/* The pattern that the phase uses. */
const struct tp_des_pattern *tp_des_pattern_of(const struct tp_des_plan *plan,
                                               const struct tp_comm_phase *phase);

/* Fails with TP_E_INPUT where an op never ends, or there are too many. */
enum tp_status tp_des_plan_make(const struct tp_run *run, struct tp_arena *arena,
                                struct tp_des_plan *plan, struct tp_error *error);

/* Messages of a phase that follow one another on a flow, and chunks that each of them is cut in. */
int tp_des_rounds(enum tp_detail detail, const struct tp_comm_phase *phase);
int tp_des_chunks(enum tp_detail detail);

/* When an op ran. */
struct tp_des_span {
  double start_s, end_s;
};

/* What SimGrid was given to simulate. */
struct tp_des_activities {
  int64_t sleeps, executions, messages;
};

/* What the child leaves behind, in memory shared with the parent. */
struct tp_des_record {
  bool done;
  int ranks; /* simulated */
  struct tp_des_activities activities;
  double *link_bytes;        /* by directed link: 2 * n_links */
  struct tp_des_span *spans; /* ranks x n_items */
};

/* In the child: simulates the plan.  Aborts where SimGrid does. */
void tp_des_simulate(const struct tp_des_plan *plan, struct tp_des_record *record);

/* The whole run; what the engine's `run` does, with the record as it came back.  Its arrays live
 * in `scratch`. */
enum tp_status tp_des_run(const struct tp_run *run, struct tp_arena *scratch,
                          struct tp_result *result, struct tp_des_record *record,
                          struct tp_error *error);

/* Sums the spans of the slowest rank and writes the timeline. */
void tp_des_account(const struct tp_des_plan *plan, const struct tp_des_span *spans,
                    struct tp_arena *scratch, struct tp_result *result);
#endif
