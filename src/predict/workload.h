#ifndef TP_PREDICT_WORKLOAD_H
#define TP_PREDICT_WORKLOAD_H
/* The column `phase` of a result: "inference"; or a training step and how it is arranged,
 * "train[+recompute|+selective-recompute][+sequence-parallel][+async-reduce]", parts in any order;
 * or one sub-layer alone, "op", "fc-2", "fc-1" or "ip" (program/sublayer.h). */
#include "base/error.h"
#include "program/sublayer.h"
#include "program/variant.h"

struct tp_workload {
  bool train; /* neither this nor `alone`: prefill and decode */
  struct tp_training training;
  bool alone; /* one sub-layer of batch * prompt tokens */
  enum tp_sublayer sublayer;
};

/* Unknown parts and parts that stand twice are TP_E_INPUT. */
enum tp_status tp_workload_parse(const char *text, struct tp_workload *workload,
                                 struct tp_error *error);
/* Parts in the order above; a literal. */
const char *tp_workload_text(const struct tp_workload *workload);
bool tp_workload_same(const struct tp_workload *a, const struct tp_workload *b);
#endif
