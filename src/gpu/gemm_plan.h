#ifndef TP_GPU_GEMM_PLAN_H
#define TP_GPU_GEMM_PLAN_H
/* What cuBLASLt needs for GEMMs of a shape: descriptors, and the algorithm its heuristics name. */
#include "run/calls.h"

#include <cublasLt.h>
#include <cuda_runtime_api.h>

/* cuBLAS takes 32 MiB on Hopper and newer (cublasSetWorkspace). */
enum { TP_GEMM_WORKSPACE_BYTES = 32 << 20, TP_GEMM_ALIGNMENT = 256 };

/* y = x weight^T (+ bias), one call of cuBLASLt. */
struct tp_gemm_call {
  int64_t m, n, k;
  const struct tp_operand *x, *weight, *bias; /* bias NULL: none */
  struct tp_operand y;
};

/* Whether x has to be made fp8 first, in rows without gaps: the weight is fp8 and x is not. */
static inline bool tp_gemm_quantises(const struct tp_gemm_call *call)
{
  return call->weight->tensor->dtype == TP_DTYPE_FP8 && call->x->tensor->dtype != TP_DTYPE_FP8;
}

enum { TP_GEMM_WEIGHT, TP_GEMM_X, TP_GEMM_Y, TP_GEMM_OPERANDS };

struct tp_gemm_plan {
  cublasLtMatmulDesc_t operation;
  cublasLtMatrixLayout_t layouts[TP_GEMM_OPERANDS];
  cublasLtMatmulAlgo_t algorithm;
};

/* Asks the heuristics.  `scale`, in device memory, is the scale of an x that was made fp8.
 * TP_E_ENVIRONMENT where cuBLASLt has no kernel for the shape. */
enum tp_status tp_gemm_plan_make(cublasLtHandle_t handle, const struct tp_gemm_call *call,
                                 const float *scale, struct tp_gemm_plan **made,
                                 struct tp_error *error);
void tp_gemm_plan_free(void *plan);

/* Tells the plan where the next call finds its bias and its scale, if it has them. */
enum tp_status tp_gemm_plan_point(const struct tp_gemm_plan *plan, const struct tp_gemm_call *call,
                                  const float *scale, struct tp_error *error);

/* The largest power of two, at most TP_GEMM_ALIGNMENT, of which the pointer is a multiple;
 * heuristics count on it. */
uint32_t tp_gemm_alignment(const void *pointer);
#endif
