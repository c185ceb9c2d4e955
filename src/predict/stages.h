#ifndef TP_PREDICT_STAGES_H
#define TP_PREDICT_STAGES_H
/* Points whose batch goes through the stages in micro-batches, which fill the pipeline; and
 * training steps over stages, whose whole batch may be the one micro-batch.
 *
 * Of an inference every step of a prefill enters the first stage when the step before has left it;
 * a decode step of all micro-batches takes as long as the slowest stage needs for all of them, or
 * as one needs for the way through all stages, whichever is more: its next token comes out of the
 * last. The host's time of a step keeps the first stage waiting.  Sums are those of the mean GPU.
 */
#include "predict/decode.h"
#include "predict/pipeline.h"
#include "predict/steps.h"

/* Whether a point is of these. */
bool tp_stages_are_filled(const struct tp_point *point);

/* TP_E_INPUT where micro-batches or interleaved stages have no meaning. */
enum tp_status tp_stages_check(const struct tp_point *point, struct tp_error *error);

/* The schedule of its passes, whose times are still to be filled in. */
struct tp_pipeline tp_stages_pipeline(const struct tp_point *point);
/* Passes that all stages did, as the mean of so many ranks, where all take total_s; they err alike,
 * so that it errs as they do together. */
struct tp_result tp_stages_mean(const struct tp_sum *passes, int ranks, double total_s);

/* stages_train.c.  Of a rank, which may have several stages of a training step, all micro-batches
 * that are with it.
 */
enum tp_status tp_stages_train_footprint(struct tp_steps *steps, int rank,
                                         struct tp_footprint *footprint, struct tp_error *error);

enum tp_status tp_stages_train(struct tp_steps *steps, struct tp_result *result,
                               struct tp_error *error);

/* The prefill of all micro-batches; a decode step of all at contexts of kv_len. */
enum tp_status tp_stages_prefill(struct tp_steps *steps, struct tp_result *result,
                                 struct tp_error *error);
enum tp_status tp_stages_decode(struct tp_steps *steps, int64_t kv_len, struct tp_result *result,
                                struct tp_error *error);
#endif
