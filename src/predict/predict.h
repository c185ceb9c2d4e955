#ifndef TP_PREDICT_PREDICT_H
#define TP_PREDICT_PREDICT_H
/* One point of the result table: a model on a machine with its software, predicted.
 *
 *     training step           e2e_s          or
 *     prefill pass            ttft_s
 *     generate-1 decode steps tpot_s = their time / (generate-1)
 *
 * Intervals: ln(time) is taken as normal; its variance is that of the passes (every op's fit) plus
 * the stack's end-to-end spread, squared; low and high are the 10 % and 90 % quantiles.
 */
#include "predict/point.h"

/* Caches and scratch memory; one a process. */
struct tp_predictor;
struct tp_predictor *tp_predictor_create(void);
void tp_predictor_free(struct tp_predictor *predictor); /* NULL is fine */

/* Predicts the case, and the standard variant at the same point for the speedup.  A point that
 * cannot run is TP_OK with its reason in `status`; TP_E_ENVIRONMENT is returned. */
enum tp_status tp_predict(struct tp_predictor *predictor, const struct tp_point *point,
                          struct tp_prediction *prediction, struct tp_error *error);

/* Fills the timeline with the prefill pass and, after it, the first decode step, or with the
 * training step.  Here a point that cannot run fails. */
enum tp_status tp_predict_timeline(struct tp_predictor *predictor, const struct tp_point *point,
                                   struct tp_timeline *timeline, struct tp_error *error);
#endif
