#ifndef TP_PREDICT_TIMING_H
#define TP_PREDICT_TIMING_H
/* Times one program on one machine: costs of its ops, then an engine.
 *
 * Ops recur from point to point of a sweep (variants share their GEMMs), so costs are remembered
 * by what they depend on: machine, launch mode, the op's payload.
 */
#include "engine/engine.h"

struct tp_timer;

struct tp_timer *tp_timer_create(void);
void tp_timer_free(struct tp_timer *timer); /* NULL is fine */

/* A machine, made once for each (platform, device, stack, ranks).  `id` differs between any two
 * machines of this timer's life.  Borrowed until the next call. */
struct tp_timed_machine {
  struct tp_machine machine;
  uint64_t id;
};
enum tp_status tp_timer_machine(struct tp_timer *timer, const struct tp_platform *platform,
                                const struct tp_device *device, const struct tp_stack *stack,
                                int ranks, const struct tp_timed_machine **machine,
                                struct tp_error *error);

/* What an op of a step costs there; NULL where nothing prices it.  Borrowed until the next call. */
const struct tp_cost *tp_timer_cost(struct tp_timer *timer, const struct tp_timed_machine *machine,
                                    bool decodes, const struct tp_op *op);

/* How to run the pass. */
struct tp_timing {
  const struct tp_timed_machine *machine;
  const struct tp_engine *engine;
  enum tp_detail detail;
  struct tp_timeline *timeline; /* NULL, or filled */
};

/* An op's place in a program. */
struct tp_place {
  size_t segment, op;
};

/* A program with the costs of its ops, [segment][op], and what follows from each by itself: a step
 * at another context works out anew what its attention takes, and nothing else. */
struct tp_priced {
  const struct tp_program *program;
  const struct tp_plan *plan; /* NULL, or the engine's, where the program is run several times */
  struct tp_cost *costs[TP_MAX_SEGMENTS];     /* at the clock of unbroken GEMMs */
  struct tp_power_use *uses[TP_MAX_SEGMENTS]; /* of these; NULL: the clock is fixed */
  double clock;                               /* of the last pass; 0: none was run */
  struct tp_cost *placed[TP_MAX_SEGMENTS];    /* at `clock` */
  double *alone_s[TP_MAX_SEGMENTS];           /* tp_engine_alone_s of `placed` */
  size_t n_attending;
  struct tp_place *attending;  /* where tp_op_attends */
  const struct tp_op *refused; /* that nothing prices: it is not run; or NULL */
};
/* All of it lives in `scratch`. */
void tp_timer_price(struct tp_timer *timer, const struct tp_timed_machine *machine,
                    const struct tp_program *program, struct tp_arena *scratch,
                    struct tp_priced *priced);
/* The same program, `priced->program`, at other contexts: tp_program_set_contexts, and the costs
 * that follow from it. */
void tp_timer_reprice(struct tp_timer *timer, const struct tp_timed_machine *machine,
                      struct tp_program *program, const struct tp_batch *batch,
                      struct tp_priced *priced);

/* `scratch` holds what the run needs; the caller resets it. */
enum tp_status tp_timing_run(const struct tp_timing *timing, struct tp_priced *priced,
                             struct tp_arena *scratch, struct tp_result *result,
                             struct tp_error *error);
#endif
