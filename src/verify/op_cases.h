#ifndef TP_VERIFY_OP_CASES_H
#define TP_VERIFY_OP_CASES_H
/* Ops of every kind in odd shapes, as programs of their own for verify/op_check.h.  They ask of a
 * device what a model's program may ask, and no more. */
#include "program/program.h"

/* A few ops with their operands; everything in `arena`. */
struct tp_op_case {
  const char *name; /* "gemm fp8 33x48x160 bias silu" */
  struct tp_program program;
  enum tp_dtype dtype;
};

/* Cases of one rank, or the collectives of several.  The array is in the arena. */
size_t tp_op_cases(struct tp_arena *arena, int ranks, const struct tp_op_case **cases);

/* The largest relative error (Euclidean) of what two right devices compute of it. */
double tp_op_case_bound(const struct tp_op_case *item);
#endif
