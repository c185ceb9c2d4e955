#ifndef TP_PREDICT_STEPS_H
#define TP_PREDICT_STEPS_H
/* The steps of a point: the program of a batch is built on the point's machine, priced and run.
 *
 * Programs, their costs and their last result are remembered by what they depend on, for whichever
 * point comes next: of a sweep over lengths the prefill is built and run once, and a decode step is
 * built once and run at other contexts.
 */
#include "predict/point.h"
#include "predict/timing.h"

struct tp_step_memo;
struct tp_step_entry;
struct tp_step_memo *tp_step_memo_create(void);
void tp_step_memo_free(struct tp_step_memo *memo); /* NULL is fine */

/* The first four are the caller's, and borrowed. */
struct tp_steps {
  const struct tp_point *point;
  struct tp_timer *timer;
  struct tp_step_memo *memo;
  struct tp_arena *scratch; /* of a point: the caller resets it before tp_steps_begin, not after */
  struct tp_timing timing;  /* a timeline may be set before a run */
  struct tp_step_entry
      *last[2]; /* of the memo, found for the last step that decodes not, and does */
};

/* What one rank of a stage needs of its memory while it works on a batch, the cache at its full
 * capacity; and what a forward pass of training leaves there for its backward. */
struct tp_footprint {
  double weight_bytes, state_bytes, kv_bytes, activation_bytes, kept_bytes;
};

/* What a stage does: of a training step over stages one of its passes, else all of it. */
struct tp_stage_pass {
  int stage;
  enum tp_training_pass pass;
};

/* Makes the machine; TP_E_INPUT where the point cannot run on it. */
enum tp_status tp_steps_begin(struct tp_steps *steps, struct tp_error *error);

/* TP_E_INPUT where the variant refuses the step. */
enum tp_status tp_steps_footprint(struct tp_steps *steps, struct tp_stage_pass which,
                                  const struct tp_batch *batch, struct tp_footprint *footprint,
                                  struct tp_error *error);

/* The program of it; of one that is not priced its numbers, until the next call. */
enum tp_status tp_steps_program(struct tp_steps *steps, struct tp_stage_pass which,
                                const struct tp_batch *batch, const struct tp_program **program,
                                struct tp_error *error);

/* A stage's part of a step. */
enum tp_status tp_steps_run_stage(struct tp_steps *steps, struct tp_stage_pass which,
                                  const struct tp_batch *batch, struct tp_result *result,
                                  struct tp_error *error);

/* One step, through all stages one after another, with the host's time of it where it is of an
 * inference; of a training point forward and backward, of a sub-layer that alone. */
enum tp_status tp_steps_run(struct tp_steps *steps, const struct tp_batch *batch,
                            struct tp_result *result, struct tp_error *error);
#endif
