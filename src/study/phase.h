#ifndef TP_STUDY_PHASE_H
#define TP_STUDY_PHASE_H
/* The column `phase` of a result: "inference", or a training step and how it is arranged:
 * "train[+recompute][+sequence-parallel][+async-reduce]", parts in any order. */
#include "base/error.h"
#include "program/variant.h"

struct tp_workload {
  bool train; /* false: prefill and decode */
  struct tp_training training;
};

/* Unknown parts and parts that stand twice are TP_E_INPUT. */
enum tp_status tp_workload_parse(const char *text, struct tp_workload *workload,
                                 struct tp_error *error);
/* Parts in the order above; a literal. */
const char *tp_workload_text(const struct tp_workload *workload);
bool tp_workload_same(const struct tp_workload *a, const struct tp_workload *b);
#endif
