#ifndef TP_PREDICT_PRECISION_H
#define TP_PREDICT_PRECISION_H
/* Types of a model's GEMMs where the run does not say: as the checkpoint has them. */
#include "program/variant.h"

struct tp_precision {
  enum tp_dtype dtype;         /* of all; of activations where parts differ */
  const enum tp_dtype *dtypes; /* by part; NULL: `dtype` */
  const char *text;            /* that gives the same again: a type, or "auto" */
  const char *refused;         /* a type that no GEMM here is, and the mend; NULL: none */
};

/* Whether a checkpoint is quantised, so that nobody but it can say. */
bool tp_precision_is_own(const struct tp_model *model);

struct tp_precision tp_precision_of(const struct tp_model *model, struct tp_arena *arena);
#endif
