#ifndef TP_STUDY_PREDICT_H
#define TP_STUDY_PREDICT_H
/* One point of the result table: a model on a machine with its software, predicted.
 *
 *     training step           e2e_s          or
 *     prefill pass            ttft_s
 *     generate-1 decode steps tpot_s = their time / (generate-1)
 *
 * Intervals: ln(time) is taken as normal; its variance is that of the passes (every op's fit) plus
 * the stack's end-to-end spread, squared; low and high are the 10 % and 90 % quantiles.
 */
#include "engine/engine.h"
#include "program/variant.h"
#include "study/phase.h"
#include "study/prediction.h"

/* Everything borrowed, and the same pointer means the same thing as long as the predictor lives:
 * machines are remembered by platform, device and stack. */
struct tp_case {
  const struct tp_model *model;
  const struct tp_platform *platform;
  const struct tp_device *device;
  const struct tp_stack *stack;
  const struct tp_variant *variant;
  int tp, pp;
  int nodes; /* 0: as many as the ranks need */
  int64_t batch, prompt, generate;
  int64_t layers; /* that `model` was cut to; 0: it is whole */
  enum tp_dtype dtype;
  const struct tp_engine *engine;
  enum tp_detail detail;
  enum tp_algorithm collective; /* that runs the all-reduces; AUTO: as the stack chooses */
  struct tp_workload workload;  /* zeros: inference; training knows no `generate` */
};

/* Caches and scratch memory; one a process. */
struct tp_predictor;
struct tp_predictor *tp_predictor_create(void);
void tp_predictor_free(struct tp_predictor *predictor); /* NULL is fine */

/* Predicts the case, and the standard variant at the same point for the speedup.  A point that
 * cannot run is TP_OK with its reason in `status`; TP_E_ENVIRONMENT is returned. */
enum tp_status tp_predict(struct tp_predictor *predictor, const struct tp_case *point,
                          struct tp_prediction *prediction, struct tp_error *error);

/* Fills the timeline with the prefill pass and, after it, the first decode step, or with the
 * training step.  Here a point
 * that cannot run fails. */
enum tp_status tp_predict_timeline(struct tp_predictor *predictor, const struct tp_case *point,
                                   struct tp_timeline *timeline, struct tp_error *error);

/* Fills the input columns. */
void tp_case_describe(const struct tp_case *point, struct tp_prediction *prediction);

/* The pass to build for a case, TP_TRAIN with its arrangement: `kv_len` matters in decode. */
struct tp_request tp_case_request(const struct tp_case *point, enum tp_phase phase, int64_t kv_len);
/* Tokens that the first decode step attends. */
int64_t tp_case_first_kv_len(const struct tp_case *point);
#endif
