#ifndef TP_ENGINE_DES_DES_H
#define TP_ENGINE_DES_DES_H
/* The seams inside the DES; outside it only tests and benchmarks look in here.
 *
 *     plan.c, fold.c             simulate.c, actor.c, collective.c     account.c
 *     per stream the op          one actor per (rank, stream)          spans -> result,
 *     instances, each with       walks its instances; SimGrid          timeline
 *     the waits left to do       shares SMs, DRAM and links
 *     -------------------------  ------------------------------------  -----------------
 *     this process               the worker, which knows the plan      this process
 *                                alone and nobody's pointers
 *
 * SimGrid costs 50 ms to load and has one platform a process, so a program of its own keeps it
 * (main.c) and is kept for further passes (worker.c).  Plan and record cross in memory that both
 * share (block.c).
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
  size_t op;                     /* its number in the plan */
  int64_t clock[TP_MAX_STREAMS]; /* ops of each stream known to have ended when it starts */
  bool collective;
  bool alone;  /* no op of another stream can run while it does */
  int n_waits; /* those that the stream's earlier waits do not imply */
  struct tp_des_wait waits[TP_MAX_WAITS];
};

struct tp_des_op {
  struct tp_cost cost;
  double alone_s; /* with nothing beside it */
};

struct tp_des_stream {
  size_t n_items, first; /* `first`: its first item among those of all streams */
  struct tp_des_item *items;
  bool collectives;
  int max_flows; /* of one rank in one phase */
};

/* The flows of a pattern by the rank that drives them. */
struct tp_des_pattern {
  /* Which it is: that of the phases that use it.  The worker compares it and never looks into it.
   */
  const struct tp_pattern_rate *rate;
  size_t n_flows;
  struct tp_flow *flows;
  size_t *first;     /* by rank, and the end */
  int *n_in;         /* by rank: flows that come to it */
  size_t first_sent; /* its first flow in the record's sent_bytes */
};

struct tp_des_plan {
  /* What the worker does not get. */
  const struct tp_run *run;
  const struct tp_op **program_ops; /* by number */
  /* What it gets: copies of everything, down to the values. */
  int n_streams;
  enum tp_detail detail;
  double dram_bytes_per_s;
  size_t n_hosts, names_bytes;
  char *host_names;     /* by vertex, one after another */
  size_t machine_ranks; /* that flows join */
  int *gpus;            /* vertex of each */
  int ranks;            /* simulated: 1 where folded */
  bool folded;          /* rank 0 stands for all */
  size_t n_ops;
  struct tp_des_op *ops; /* segment after segment */
  size_t n_items;
  struct tp_des_stream streams[TP_MAX_STREAMS];
  size_t n_patterns;
  struct tp_des_pattern *patterns; /* those that some phase uses */
  size_t n_sent;                   /* their flows */
  double held_most; /* SM share that the collectives of all streams can hold at once */
  int max_items;    /* messages of one flow in one phase */
};

/* The pattern that the phase uses. */
const struct tp_des_pattern *tp_des_pattern_of(const struct tp_des_plan *plan,
                                               const struct tp_comm_phase *phase);

/* Fails with TP_E_INPUT where an op never ends, or there are too many. */
enum tp_status tp_des_plan_make(const struct tp_run *run, struct tp_arena *arena,
                                struct tp_des_plan *plan, struct tp_error *error);

/* fold.c: of a plan that says the rest. */
bool tp_des_can_fold(const struct tp_des_plan *plan);

/* Messages of a phase that follow one another on a flow, and chunks that each of them is cut in. */
int tp_des_rounds(enum tp_detail detail, const struct tp_comm_phase *phase);
int tp_des_chunks(enum tp_detail detail);

/* When an op ran. */
struct tp_des_span {
  double start_s, end_s;
};

/* Whether every op ended, and what SimGrid was given to simulate. */
struct tp_des_counts {
  bool done;
  int64_t sleeps, executions, messages;
};

/* What the worker answers. */
struct tp_des_record {
  struct tp_des_counts *counts;
  struct tp_des_span *spans; /* ranks x n_items */
  double *sent_bytes;        /* by flow, pattern after pattern */
};

/* The whole run; what the engine's `run` does, with what it planned, whose arrays live in
 * `scratch`, and what the worker answered, whose arrays last until the engine's next run. */
enum tp_status tp_des_run(const struct tp_engine *engine, const struct tp_run *run,
                          struct tp_arena *scratch, struct tp_result *result,
                          struct tp_des_plan *plan, struct tp_des_record *record,
                          struct tp_error *error);

/* Sums the spans of the slowest rank and writes the timeline. */
void tp_des_account(const struct tp_des_plan *plan, const struct tp_des_span *spans,
                    struct tp_arena *scratch, struct tp_result *result);
#endif
