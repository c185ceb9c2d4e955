#ifndef TP_ENGINE_ENGINE_H
#define TP_ENGINE_ENGINE_H
/* Executors: run a program whose ops have costs and say when what ran.
 *
 * An engine knows ops, streams, events and costs; nothing of models or variants.
 *
 * The rule that both engines follow.  Where they can differ (routes that share links) the
 * difference is the DES's own result; everywhere else they agree to rounding.
 *
 * Order.  A stream runs its ops one at a time in issue order: segment after segment, each
 * repetition after the one before.  Different streams may be in different repetitions or segments
 * at once.  An op starts at the later of: the end of the op before it on its stream; the ends of
 * the ops that made the latest record, in issue order, before it of each event it waits for.
 * Nothing else holds an op back: a collective does not wait for SMs.
 *
 * An op, from its start on:
 *   a. For fixed_s nothing but time passes, and nothing can stretch it.
 *   b. Then its components begin together and go on independently; those of size 0 are absent:
 *      work     work_s, at rate 1; of kernels at rate
 *               1 / (stall_ratio * q + (1 + memory_share * ((1 + c)^4 - 1))^(1/4)), q being the
 *               lesser of queue_limit and the sum of the queue_accesses, c the sum of the crowding,
 *               of the collectives that are at that moment between their start (fixed_s included)
 *               and their end.
 *      compute  kernels only, like the others after a wait for SMs (Late, below): compute_s at rate
 *               min(1, share / sm_share), share being what the op has of the SMs at that moment
 *               (below); rate 1 where sm_share is 0.
 *      DRAM     dram_bytes, at what the op has of machine.dram_bytes_per_s at that moment.
 *      phases   collectives only, one after the other; in each first a delay of
 *               steps * (hop_s + latency_s), then flow_bytes at flow_bytes_per_s, shared equally
 *               by the collectives of this rank that are at that moment in the flow part of a phase
 *               with the same rate entry.
 *   c. It ends when the last component ends, or at the end of fixed_s if it has none; then its
 *      event is recorded.
 * A collective is an op of kind TP_OP_COLLECTIVE, whatever its n_phases; its compute_s is not
 * looked at, a kernel's phases neither.
 *
 * Sharing, worked out anew whenever something below begins or ends:
 *   SMs   Every collective between its start (fixed_s included) and its end holds its sm_share.
 *         capacity = max(TP_SM_FLOOR, 1 - sum of those).  Kernels whose compute component runs
 *         share the capacity max-min fairly, none getting more than its own sm_share.  A kernel
 *         whose compute component has not begun, waits or has ended uses none.
 *   Late  A kernel with a block on every SM has blocks that find no place while SMs are held: these
 *         go on when SMs are free, or when the other blocks have ended.  A kernel has room while
 *         sm_share <= 1 - the largest late_share of the collectives that began before that moment
 *         and have not ended.  One that has none at the end of fixed_s ends later than its last
 *         component by
 *             late_s * min(1, t / block_s),
 *             late_s = max(0, wave_s * (stretch(largest late_share) - stretch(held))
 *                             - held * max(0, work_s - stretch(held) * compute_s)),
 *             block_s = wave_s * max(1, work_s / compute_s),
 *             stretch(taken) = max(1, sm_share / max(TP_SM_FLOOR, 1 - taken)),
 *             t: from the end of fixed_s to the first end of a collective that leaves room, or to
 *             the end of its last component,
 *             held: sum of their sm_share, as that and late_share are at the end of fixed_s.
 *         Late blocks take a wave at most, however many the kernel has, and their bytes are late,
 *         too, which leaves more of the DRAM to the others'.  Those with a place take block_s: a
 *         block that begins after a part of that is behind by as much of its own time, for it makes
 *         up for it when the others have ended.  So a kernel of one wave beside a collective that
 *         outlasts it takes compute_s times stretch(max(late_share, sm_share)).  A collective that
 *         begins while it computes takes its sm_share from it, no more.
 *   DRAM  Every running DRAM component, of kernels and collectives alike, gets of
 *         machine.dram_bytes_per_s its weight over the sum of theirs: 1, but for collectives with a
 *         dram_weight that.  No component has a cap of its own.
 *   Link  As in b.: the same pattern of the same groups is one entry.  Two entries never slow each
 *         other down here; in the DES they do where their real routes meet.
 *
 * All ranks do the same at the same time here; the DES may let them differ.
 */
#include "base/error.h"
#include "cost/cost.h"
#include "engine/timeline.h"
#include "program/program.h"

/* Kernels always get on, however many SMs collectives hold: one SM of a thousand. */
#define TP_SM_FLOOR 1e-3

/* How the DES sends a flow of a phase: as one message; as one a step, each when the step before has
 * come in; or each of these in chunks that go on as they come in.  The bytes are the same; the
 * first two take the same time where ranks are alike, chunks hide delays behind one another. */
enum tp_detail { TP_DETAIL_FLOW, TP_DETAIL_STEP, TP_DETAIL_CHUNK };
#define TP_DETAIL_NAMES           \
  {                               \
    "flow", "step", "chunk", NULL \
  }

/* What an engine works out of a program before it looks at costs. */
struct tp_plan;

struct tp_run {
  const struct tp_program *program;
  const struct tp_plan *plan; /* the engine's of this program; NULL: made in the run */
  const struct tp_machine *machine;
  const struct tp_cost *const *costs; /* [segment][op], from tp_cost_op */
  const double *const *alone_s;       /* tp_engine_alone_s of these; NULL: found in the run */
  enum tp_detail detail;              /* DES only */
  bool no_fold;                 /* DES: simulate every rank and op even where folding is exact */
  struct tp_timeline *timeline; /* NULL, or filled with what ran */
};

/* One pass of rank 0 (the slowest rank where ranks differ). */
struct tp_result {
  double total_s;                       /* end of the last op of any stream */
  double compute_s;                     /* kernels on TP_STREAM_COMPUTE, start to end, summed */
  double comm_s;                        /* collectives of all streams, start to end, summed */
  double comm_exposed_s;                /* a collective runs and no kernel on TP_STREAM_COMPUTE */
  double flops, dram_bytes, link_bytes; /* one rank: sums of the costs */
  /* Of total_s, s^2.  Repetitions of an op err alike, and so do ops that are alike
   * (program/alike.h); others independently: the sum, over the ops of all segments that err alike
   * together, of (sigma * time in all repetitions)^2, the time of a kernel being its start to end,
   * that of a collective its exposed part. */
  double variance;
};

struct tp_engine {
  const char *name, *summary;
  /* To be given to each run of the program; NULL where the engine has none.  It borrows the
   * program, of which only sizes of ops may change, and lives in `arena`. */
  const struct tp_plan *(*plan)(const struct tp_program *program, struct tp_arena *arena);
  enum tp_status (*run)(const struct tp_engine *engine, const struct tp_run *run,
                        struct tp_arena *scratch, struct tp_result *result, struct tp_error *error);
  void *kept; /* from run to run: the engine's own */
};

/* How long the op lasts with nothing beside it, by the rule above. */
double tp_engine_alone_s(const struct tp_machine *machine, const struct tp_cost *cost,
                         bool collective);

extern const struct tp_engine tp_engine_analytic;

/* The DES, "des".  SimGrid is in a program of its own, tpsim-des, which the first run starts: in
 * the build tree, where the calling program lies there, else as installed; without it a run is
 * TP_E_ENVIRONMENT.  It is kept for further runs and dies with this process.  One thread at a time;
 * a fork of this process gets a worker of its own. */
struct tp_engine tp_des_open(void);
void tp_des_close(struct tp_engine *engine);
#endif
