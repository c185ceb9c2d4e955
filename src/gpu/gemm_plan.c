#include "gpu/gemm_plan.h"

#include "gpu/check.h"

#include <stdlib.h>

static cudaDataType_t type_of(enum tp_dtype dtype)
{
  switch (dtype) {
  case TP_DTYPE_FP16:
    return CUDA_R_16F;
  case TP_DTYPE_BF16:
    return CUDA_R_16BF;
  case TP_DTYPE_FP8:
    return CUDA_R_8F_E4M3;
  default: /* fp32; formats beyond fp8 are refused before */
    break;
  }
  return CUDA_R_32F;
}

uint32_t tp_gemm_alignment(const void *pointer)
{
  const uintptr_t lowest = (uintptr_t)pointer & -(uintptr_t)pointer;
  return lowest == 0 || lowest > TP_GEMM_ALIGNMENT ? TP_GEMM_ALIGNMENT : (uint32_t)lowest;
}

#define SET(plan, attribute, value, error)                                                      \
  TP_CUBLAS(cublasLtMatmulDescSetAttribute((plan)->operation, CUBLASLT_MATMUL_DESC_##attribute, \
                                           &(value), sizeof(value)),                            \
            error)

static enum tp_status set_bias(const struct tp_gemm_plan *plan, const struct tp_operand *bias,
                               struct tp_error *error)
{
  const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
  const int32_t type = (int32_t)type_of(bias->tensor->dtype);
  const enum tp_status status = SET(plan, EPILOGUE, epilogue, error);
  return status == TP_OK ? SET(plan, BIAS_DATA_TYPE, type, error) : status;
}

static enum tp_status set_operation(struct tp_gemm_plan *plan, const struct tp_gemm_call *call,
                                    const float *scale, struct tp_error *error)
{
  /* As inference engines run fp8 GEMMs: partial sums stay in the tensor cores. */
  const int8_t fast = 1;
  const cublasOperation_t transposed = CUBLAS_OP_T;
  enum tp_status status =
      TP_CUBLAS(cublasLtMatmulDescCreate(&plan->operation, CUBLAS_COMPUTE_32F, CUDA_R_32F), error);
  if (status == TP_OK)
    status = SET(plan, TRANSA, transposed, error);
  if (status == TP_OK && call->bias != NULL)
    status = set_bias(plan, call->bias, error);
  if (status == TP_OK && call->weight->tensor->dtype == TP_DTYPE_FP8)
    status = SET(plan, FAST_ACCUM, fast, error);
  return status == TP_OK ? tp_gemm_plan_point(plan, call, scale, error) : status;
}

/* cuBLAS counts by columns.  Rows of ours are columns of its: it sees weight^T [k,n], x^T [k,m] and
 * makes y^T [n,m] = weight x^T, so weight is its first operand, transposed. */
static enum tp_status set_layouts(struct tp_gemm_plan *plan, const struct tp_gemm_call *call,
                                  struct tp_error *error)
{
  const uint64_t m = (uint64_t)call->m, n = (uint64_t)call->n, k = (uint64_t)call->k;
  const bool quantises = tp_gemm_quantises(call);
  const struct {
    cudaDataType_t type;
    uint64_t rows, columns;
    int64_t next;
  } layouts[TP_GEMM_OPERANDS] = {
      [TP_GEMM_WEIGHT] = {type_of(call->weight->tensor->dtype), k, n, call->weight->row_elements},
      [TP_GEMM_X] = {quantises ? CUDA_R_8F_E4M3 : type_of(call->x->tensor->dtype), k, m,
                     quantises ? call->k : call->x->row_elements},
      [TP_GEMM_Y] = {type_of(call->y.tensor->dtype), n, m, call->y.row_elements},
  };
  enum tp_status status = TP_OK;
  for (int i = 0; i < TP_GEMM_OPERANDS && status == TP_OK; i++)
    status =
        TP_CUBLAS(cublasLtMatrixLayoutCreate(&plan->layouts[i], layouts[i].type, layouts[i].rows,
                                             layouts[i].columns, layouts[i].next),
                  error);
  return status;
}

static enum tp_status set_preference(cublasLtMatmulPreference_t preference,
                                     const struct tp_gemm_call *call, struct tp_error *error)
{
  const uint64_t workspace = TP_GEMM_WORKSPACE_BYTES;
  const struct {
    cublasLtMatmulPreferenceAttributes_t attribute;
    uint32_t bytes;
  } alignments[] = {
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, tp_gemm_alignment(call->weight->data)},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
       tp_gemm_quantises(call) ? TP_GEMM_ALIGNMENT : tp_gemm_alignment(call->x->data)},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, tp_gemm_alignment(call->y.data)},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, tp_gemm_alignment(call->y.data)},
  };
  enum tp_status status = TP_CUBLAS(
      cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                           &workspace, sizeof workspace),
      error);
  for (size_t i = 0; i < sizeof alignments / sizeof alignments[0] && status == TP_OK; i++)
    status = TP_CUBLAS(cublasLtMatmulPreferenceSetAttribute(preference, alignments[i].attribute,
                                                            &alignments[i].bytes,
                                                            sizeof alignments[i].bytes),
                       error);
  return status;
}

static enum tp_status choose_algorithm(cublasLtHandle_t handle, struct tp_gemm_plan *plan,
                                       const struct tp_gemm_call *call, struct tp_error *error)
{
  const cublasLtMatrixLayout_t *const layouts = plan->layouts;
  cublasLtMatmulPreference_t preference;
  cublasLtMatmulHeuristicResult_t found = {.workspaceSize = 0};
  int n_found = 0;
  enum tp_status status = TP_CUBLAS(cublasLtMatmulPreferenceCreate(&preference), error);
  if (status != TP_OK)
    return status;
  status = set_preference(preference, call, error);
  cublasStatus_t answer = CUBLAS_STATUS_SUCCESS;
  if (status == TP_OK)
    answer = cublasLtMatmulAlgoGetHeuristic(handle, plan->operation, layouts[TP_GEMM_WEIGHT],
                                            layouts[TP_GEMM_X], layouts[TP_GEMM_Y],
                                            layouts[TP_GEMM_Y], preference, 1, &found, &n_found);
  cublasLtMatmulPreferenceDestroy(preference);
  if (status != TP_OK)
    return status;
  if (answer == CUBLAS_STATUS_SUCCESS && n_found > 0)
    answer = found.state;
  if (answer == CUBLAS_STATUS_NOT_SUPPORTED || (answer == CUBLAS_STATUS_SUCCESS && n_found == 0))
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "cuBLASLt %zu has no kernel for m=%lld n=%lld k=%lld in these types and rows; "
                   "fp8 needs n and k that are multiples of 16",
                   cublasLtGetVersion(), (long long)call->m, (long long)call->n,
                   (long long)call->k);
  plan->algorithm = found.algo;
  return TP_CUBLAS(answer, error);
}

enum tp_status tp_gemm_plan_make(cublasLtHandle_t handle, const struct tp_gemm_call *call,
                                 const float *scale, struct tp_gemm_plan **made,
                                 struct tp_error *error)
{
  struct tp_gemm_plan *const plan = calloc(1, sizeof *plan);
  if (plan == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  enum tp_status status = set_operation(plan, call, scale, error);
  if (status == TP_OK)
    status = set_layouts(plan, call, error);
  if (status == TP_OK)
    status = choose_algorithm(handle, plan, call, error);
  if (status == TP_OK)
    *made = plan;
  else
    tp_gemm_plan_free(plan);
  return status;
}

enum tp_status tp_gemm_plan_point(const struct tp_gemm_plan *plan, const struct tp_gemm_call *call,
                                  const float *scale, struct tp_error *error)
{
  enum tp_status status = TP_OK;
  if (call->bias != NULL)
    status = SET(plan, BIAS_POINTER, call->bias->data, error);
  if (status == TP_OK && tp_gemm_quantises(call))
    status = SET(plan, B_SCALE_POINTER, scale, error);
  return status;
}

void tp_gemm_plan_free(void *memory)
{
  struct tp_gemm_plan *const plan = memory;
  if (plan->operation != NULL)
    cublasLtMatmulDescDestroy(plan->operation);
  for (int i = 0; i < TP_GEMM_OPERANDS; i++)
    if (plan->layouts[i] != NULL)
      cublasLtMatrixLayoutDestroy(plan->layouts[i]);
  free(plan);
}
