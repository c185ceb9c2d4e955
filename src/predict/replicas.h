#ifndef TP_PREDICT_REPLICAS_H
#define TP_PREDICT_REPLICAS_H
/* Sums of gradients over replicas, which run under the backward passes of the last micro-batch and
 * behind them.
 *
 *     compute   B3 of stage 2 | B3 of stage 0
 *     sums         s s s s s s s | s s s s s s s     those of a rank's stages one after another
 *
 * Nothing in the pipeline waits for them, but they take links and SMs from the passes.
 */
#include "predict/pipeline.h"
#include "predict/steps.h"

/* The backward pass of a stage's last micro-batch. */
struct tp_last_pass {
  double rest_s;  /* when all but the sums have ended */
  double sums_s;  /* the sums, start to end, added up */
  double total_s; /* when both have ended */
};

/* `result` is that of the whole pass. */
enum tp_status tp_replicas_time(struct tp_steps *steps, struct tp_stage_pass which,
                                const struct tp_batch *batch, struct tp_last_pass *last,
                                struct tp_result *result, struct tp_error *error);

/* When all sums of a step have ended, whose passes start as the slots say; `*exposed_s`: what of
 * the ranks' sums runs behind all of their passes, added up. */
double tp_replicas_end_s(const struct tp_pipeline *pipeline, const struct tp_pipeline_slot *slots,
                         size_t n, const struct tp_last_pass *last, struct tp_arena *scratch,
                         double *exposed_s);
#endif
