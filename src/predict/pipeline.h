#ifndef TP_PREDICT_PIPELINE_H
#define TP_PREDICT_PIPELINE_H
/* When the stages of a pipeline take which micro-batch of a training step: 1F1B (arXiv 2104.04473,
 * figure 4).
 *
 * `ranks` stand in a row, each with `interleave` stages: rank r has stages r, r + ranks ...  A
 * micro-batch passes all stages in order and comes back through them.  A rank does one thing at a
 * time, in an order that is fixed beforehand: as many forward passes as there are ranks behind it,
 * one forward and one backward by turns, the backward passes that are left.
 *
 *     rank 0   F0 F1 F2    ..    B0 F3 B1 ..
 *     rank 1      F0 F1 .. B0 F2 B1 F3 ..
 *     rank 2         F0 B0 F1 B1 F2 B2 ..
 *
 * Interleaved, `ranks` micro-batches go through one stage of the rank, then through its next, as
 * Megatron-LM has them.  Each pass starts as soon as what it needs has arrived; its time has the
 * send to the next stage in it.
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct tp_pipeline {
  int ranks, interleave;                /* at least 1 */
  int64_t micro_batches;                /* interleaved: a multiple of ranks */
  const double *forward_s, *backward_s; /* of a stage: ranks * interleave */
  const double *last_backward_s;        /* of the last micro-batch; NULL: as of others */
};

/* One pass of one micro-batch through one stage. */
struct tp_pipeline_slot {
  int stage;
  int64_t micro_batch;
  bool backward;
  double start_s;
};

/* What a rank keeps at most of micro-batches whose forward pass has begun and whose backward pass
 * has not ended, where a stage keeps kept[stage] of each (arXiv 2205.05198, section 4.2.3: of
 * interleaved stages alike ranks * interleave + ranks - 1 on the first rank). */
double tp_pipeline_most_kept(const struct tp_pipeline *pipeline, int rank, const double *kept);

/* All passes. */
int64_t tp_pipeline_slots(const struct tp_pipeline *pipeline);

/* The time of the step.  `slots`: NULL, or room for all passes, which are left there in the order
 * of their starts. */
double tp_pipeline_run(const struct tp_pipeline *pipeline, struct tp_arena *scratch,
                       struct tp_pipeline_slot *slots);
#endif
