#ifndef TP_PREDICT_PASSES_H
#define TP_PREDICT_PASSES_H
/* The passes of a case: a prefill and the decode steps after it, a training step, or a sub-layer;
 * built on the case's machine, priced and run.
 */
#include "predict/decode.h"
#include "predict/point.h"
#include "predict/timing.h"

/* The first four are the caller's, and borrowed. */
struct tp_passes {
  const struct tp_point *point;
  struct tp_timer *timer;
  const struct tp_quadrature *quadrature;
  struct tp_arena *scratch;          /* holds programs and costs */
  struct tp_timing timing;           /* a timeline may be set before a run */
  struct tp_program prefill, decode; /* prefill: or the one pass there is; decode has no segments
                                        where nothing is decoded */
  struct tp_priced priced_decode;    /* program NULL: not yet */
};

/* TP_E_INPUT where the case cannot run. */
enum tp_status tp_passes_build(struct tp_passes *passes, struct tp_error *error);

/* What a rank needs. */
double tp_passes_memory_bytes(const struct tp_passes *passes);

enum tp_status tp_passes_run_prefill(struct tp_passes *passes, struct tp_result *result,
                                     struct tp_error *error);
/* The decode step that attends `kv_len` tokens. */
enum tp_status tp_passes_run_step(struct tp_passes *passes, int64_t kv_len,
                                  struct tp_result *result, struct tp_error *error);
/* Adds all decode steps; none is fine. */
enum tp_status tp_passes_run_decode(struct tp_passes *passes, struct tp_sum *sum,
                                    struct tp_error *error);
#endif
