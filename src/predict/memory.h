#ifndef TP_PREDICT_MEMORY_H
#define TP_PREDICT_MEMORY_H
/* Whether a point fits the memory of its GPUs. */
#include "predict/steps.h"

/* Of the stage that needs most: weights, the cache of all sequences at its full length, activations
 * of the largest step. */
enum tp_status tp_memory_need(struct tp_steps *steps, struct tp_footprint *most,
                              struct tp_error *error);
double tp_memory_bytes(const struct tp_footprint *need);

/* Of a GPU's memory, what the stack leaves free. */
double tp_memory_reserve_bytes(const struct tp_point *point);

/* That a point does not fit, in words: seven printed numbers, often those of the variant before. */
struct tp_misfit {
  struct tp_footprint need;
  double capacity_bytes, reserve_bytes;
  struct tp_error error; /* text "": none yet */
};

/* TP_E_INPUT where it does not, with the parts; `last` is remembered for the next call. */
enum tp_status tp_memory_check(const struct tp_point *point, const struct tp_footprint *need,
                               struct tp_misfit *last, struct tp_error *error);
#endif
