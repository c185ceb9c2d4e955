#include "cuda/gpu_gemm.h"

#include "cuda/gpu_check.h"
#include "cuda/gpu_kernels.h"
#include "cuda/plans.h"

#include <stdlib.h>

/* cuBLAS asks for 32 MiB on Hopper and newer (cublasSetWorkspace). */
enum { WORKSPACE_BYTES = 32 << 20, SCALE_BYTES = 256, FP8_CAPABILITY = 89, MOST_SCRATCHES = 64 };

/* Memory of a stream: workspace, then the scale of an x made fp8, then that x.  A captured graph
 * may use it for ever, so it is not freed when a larger one is needed. */
struct scratch {
  cudaStream_t stream;
  size_t bytes;
  unsigned char *memory;
};

struct tp_gpu_gemm {
  cublasLtHandle_t handle;
  int capability;
  struct tp_plans *plans;
  int n_scratches;
  struct scratch scratches[MOST_SCRATCHES];
};

/* What cuBLASLt needs for a shape. */
struct plan {
  cublasLtMatmulDesc_t operation;
  cublasLtMatrixLayout_t weight, x, y;
  cublasLtMatmulAlgo_t algorithm;
  bool quantises; /* x is made fp8 first */
  unsigned char *scratch;
};

/* One call's operands. */
struct call {
  const struct tp_gemm *gemm;
  const struct tp_operand *x, *weight, *bias, *y; /* bias NULL: none */
  cudaStream_t stream;
};

static cudaDataType_t type_of(enum tp_dtype dtype)
{
  switch (dtype) {
  case TP_DTYPE_FP16:
    return CUDA_R_16F;
  case TP_DTYPE_BF16:
    return CUDA_R_16BF;
  case TP_DTYPE_FP8:
    return CUDA_R_8F_E4M3;
  case TP_DTYPE_FP32:
    break;
  }
  return CUDA_R_32F;
}

static bool quantises(const struct call *call)
{
  return call->weight->tensor->dtype == TP_DTYPE_FP8 && call->x->tensor->dtype != TP_DTYPE_FP8;
}

static bool has_size(const struct tp_operand *operand, int64_t rows, int64_t columns)
{
  return operand->rows == rows && operand->columns == columns;
}

static enum tp_status read_call(const struct tp_gpu_gemm *gemm, const struct tp_bound_op *bound,
                                cudaStream_t stream, struct call *call, struct tp_error *error)
{
  const struct tp_gemm *const g = &bound->op->gemm;
  *call = (struct call){.gemm = g,
                        .x = &bound->in[0],
                        .weight = &bound->in[1],
                        .bias = bound->in[2].data != NULL ? &bound->in[2] : NULL,
                        .y = &bound->out[0],
                        .stream = stream};
  if (!has_size(call->x, g->m, g->k) || !has_size(call->weight, g->n, g->k) ||
      !has_size(call->y, g->m, g->n))
    return tp_fail(error, TP_E_INPUT,
                   "operands of %lld x %lld and %lld x %lld do not make a GEMM of m=%lld n=%lld "
                   "k=%lld",
                   (long long)call->x->rows, (long long)call->x->columns,
                   (long long)call->weight->rows, (long long)call->weight->columns, (long long)g->m,
                   (long long)g->n, (long long)g->k);
  if (call->weight->tensor->dtype == TP_DTYPE_FP8 && gemm->capability < FP8_CAPABILITY)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "this GPU (compute capability %d.%d) has no fp8; take bf16 or fp16",
                   gemm->capability / 10, gemm->capability % 10);
  return TP_OK;
}

/* Heuristics promise kernels for pointers that are multiples of so many bytes. */
static uint32_t alignment_of(const void *pointer)
{
  enum { MOST = 256 };
  const uintptr_t lowest = (uintptr_t)pointer & -(uintptr_t)pointer;
  return lowest == 0 || lowest > MOST ? MOST : (uint32_t)lowest;
}

static struct tp_plan_key key_of(const struct call *call)
{
  const struct tp_operand *const bias = call->bias;
  return (struct tp_plan_key){{
      call->gemm->m,
      call->gemm->n,
      call->gemm->k,
      call->x->row_elements,
      call->weight->row_elements,
      call->y->row_elements,
      call->x->tensor->dtype,
      call->weight->tensor->dtype,
      call->y->tensor->dtype,
      bias == NULL ? -1 : (int64_t)bias->tensor->dtype,
      alignment_of(call->x->data),
      alignment_of(call->weight->data),
      alignment_of(call->y->data),
      (int64_t)(intptr_t)call->stream,
  }};
}

static enum tp_status find_scratch(struct tp_gpu_gemm *gemm, cudaStream_t stream, size_t bytes,
                                   unsigned char **memory, struct tp_error *error)
{
  for (int i = 0; i < gemm->n_scratches; i++) {
    const struct scratch *const scratch = &gemm->scratches[i];
    if (scratch->stream == stream && scratch->bytes >= bytes) {
      *memory = scratch->memory;
      return TP_OK;
    }
  }
  if (gemm->n_scratches == MOST_SCRATCHES)
    return tp_fail(error, TP_E_ENVIRONMENT, "more than %d sizes of GEMM workspaces",
                   MOST_SCRATCHES);
  void *fresh = NULL;
  const enum tp_status status = TP_CUDA(cudaMalloc(&fresh, bytes), error);
  if (status != TP_OK)
    return status;
  gemm->scratches[gemm->n_scratches++] = (struct scratch){stream, bytes, fresh};
  *memory = fresh;
  return TP_OK;
}

static void free_plan(void *memory)
{
  struct plan *const plan = memory;
  if (plan->operation != NULL)
    cublasLtMatmulDescDestroy(plan->operation);
  for (cublasLtMatrixLayout_t *layout = &plan->weight; layout <= &plan->y; layout++)
    if (*layout != NULL)
      cublasLtMatrixLayoutDestroy(*layout);
  free(plan);
}

#define SET(plan, attribute, value, error)                                                      \
  TP_CUBLAS(cublasLtMatmulDescSetAttribute((plan)->operation, CUBLASLT_MATMUL_DESC_##attribute, \
                                           &(value), sizeof(value)),                            \
            error)

static enum tp_status set_bias(const struct plan *plan, const struct tp_operand *bias,
                               struct tp_error *error)
{
  const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
  const int32_t type = (int32_t)type_of(bias->tensor->dtype);
  const void *const data = bias->data;
  enum tp_status status = SET(plan, EPILOGUE, epilogue, error);
  if (status == TP_OK)
    status = SET(plan, BIAS_DATA_TYPE, type, error);
  if (status == TP_OK)
    status = SET(plan, BIAS_POINTER, data, error);
  return status;
}

/* Fast accumulation as inference engines run fp8 GEMMs: partial sums stay in the tensor cores. */
static enum tp_status set_fp8(const struct plan *plan, struct tp_error *error)
{
  const int8_t fast = 1;
  const float *const scale = (const float *)(const void *)(plan->scratch + WORKSPACE_BYTES);
  enum tp_status status = SET(plan, FAST_ACCUM, fast, error);
  if (status == TP_OK && plan->quantises)
    status = SET(plan, B_SCALE_POINTER, scale, error);
  return status;
}

static enum tp_status set_operation(struct plan *plan, const struct call *call,
                                    struct tp_error *error)
{
  const cublasOperation_t transposed = CUBLAS_OP_T;
  enum tp_status status =
      TP_CUBLAS(cublasLtMatmulDescCreate(&plan->operation, CUBLAS_COMPUTE_32F, CUDA_R_32F), error);
  if (status == TP_OK)
    status = SET(plan, TRANSA, transposed, error);
  if (status == TP_OK && call->bias != NULL)
    status = set_bias(plan, call->bias, error);
  if (status == TP_OK && call->weight->tensor->dtype == TP_DTYPE_FP8)
    status = set_fp8(plan, error);
  return status;
}

/* cuBLAS counts by columns.  Rows of ours are columns of its: it sees weight^T [k,n], x^T [k,m] and
 * makes y^T [n,m] = weight x^T, so weight is its first operand, transposed. */
static enum tp_status set_layouts(struct plan *plan, const struct call *call,
                                  struct tp_error *error)
{
  const uint64_t m = (uint64_t)call->gemm->m, n = (uint64_t)call->gemm->n,
                 k = (uint64_t)call->gemm->k;
  const cudaDataType_t weight = type_of(call->weight->tensor->dtype);
  const cudaDataType_t x = plan->quantises ? CUDA_R_8F_E4M3 : type_of(call->x->tensor->dtype);
  const int64_t x_row = plan->quantises ? call->gemm->k : call->x->row_elements;
  enum tp_status status = TP_CUBLAS(
      cublasLtMatrixLayoutCreate(&plan->weight, weight, k, n, call->weight->row_elements), error);
  if (status == TP_OK)
    status = TP_CUBLAS(cublasLtMatrixLayoutCreate(&plan->x, x, k, m, x_row), error);
  if (status == TP_OK)
    status = TP_CUBLAS(cublasLtMatrixLayoutCreate(&plan->y, type_of(call->y->tensor->dtype), n, m,
                                                  call->y->row_elements),
                       error);
  return status;
}

static enum tp_status set_preference(cublasLtMatmulPreference_t preference, const struct plan *plan,
                                     const struct call *call, struct tp_error *error)
{
  const uint64_t workspace = WORKSPACE_BYTES;
  const struct {
    cublasLtMatmulPreferenceAttributes_t attribute;
    uint32_t bytes;
  } alignments[] = {
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(call->weight->data)},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
       plan->quantises ? SCALE_BYTES : alignment_of(call->x->data)},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(call->y->data)},
      {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(call->y->data)},
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

static enum tp_status choose_algorithm(const struct tp_gpu_gemm *gemm, struct plan *plan,
                                       const struct call *call, struct tp_error *error)
{
  cublasLtMatmulPreference_t preference;
  cublasLtMatmulHeuristicResult_t found = {.workspaceSize = 0};
  int n_found = 0;
  enum tp_status status = TP_CUBLAS(cublasLtMatmulPreferenceCreate(&preference), error);
  if (status != TP_OK)
    return status;
  status = set_preference(preference, plan, call, error);
  if (status == TP_OK)
    status = TP_CUBLAS(cublasLtMatmulAlgoGetHeuristic(gemm->handle, plan->operation, plan->weight,
                                                      plan->x, plan->y, plan->y, preference, 1,
                                                      &found, &n_found),
                       error);
  cublasLtMatmulPreferenceDestroy(preference);
  if (status == TP_OK && n_found == 0)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "cuBLASLt %zu has no kernel for m=%lld n=%lld k=%lld in these types and rows; "
                   "fp8 needs n and k that are multiples of 16",
                   cublasLtGetVersion(), (long long)call->gemm->m, (long long)call->gemm->n,
                   (long long)call->gemm->k);
  plan->algorithm = found.algo;
  return status;
}

static enum tp_status make_plan(struct tp_gpu_gemm *gemm, const struct call *call,
                                struct plan **made, struct tp_error *error)
{
  struct plan *const plan = calloc(1, sizeof *plan);
  if (plan == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  plan->quantises = quantises(call);
  const size_t x_bytes = plan->quantises ? (size_t)(call->gemm->m * call->gemm->k) : 0;
  enum tp_status status = find_scratch(gemm, call->stream, WORKSPACE_BYTES + SCALE_BYTES + x_bytes,
                                       &plan->scratch, error);
  if (status == TP_OK)
    status = set_operation(plan, call, error);
  if (status == TP_OK)
    status = set_layouts(plan, call, error);
  if (status == TP_OK)
    status = choose_algorithm(gemm, plan, call, error);
  if (status == TP_OK)
    *made = plan;
  else
    free_plan(plan);
  return status;
}

static enum tp_status find_plan(struct tp_gpu_gemm *gemm, const struct call *call, bool capturing,
                                struct plan **plan, struct tp_error *error)
{
  const struct tp_plan_key key = key_of(call);
  *plan = tp_plans_find(gemm->plans, &key);
  if (*plan != NULL)
    return TP_OK;
  if (capturing)
    return tp_fail(error, TP_E_INPUT,
                   "m=%lld n=%lld k=%lld is new and captured; run the pass once before it is",
                   (long long)call->gemm->m, (long long)call->gemm->n, (long long)call->gemm->k);
  const enum tp_status status = make_plan(gemm, call, plan, error);
  if (status != TP_OK || tp_plans_add(gemm->plans, &key, *plan))
    return status;
  free_plan(*plan);
  return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
}

enum tp_status tp_gpu_gemm_run(struct tp_gpu_gemm *gemm, const struct tp_bound_op *bound,
                               cudaStream_t stream, bool capturing, struct tp_error *error)
{
  struct call call;
  struct plan *plan = NULL;
  enum tp_status status = read_call(gemm, bound, stream, &call, error);
  if (status == TP_OK)
    status = find_plan(gemm, &call, capturing, &plan, error);
  if (status == TP_OK && call.bias != NULL)
    status = SET(plan, BIAS_POINTER, call.bias->data, error);
  if (status != TP_OK)
    return status;
  const void *x = call.x->data;
  if (plan->quantises) {
    unsigned char *const scale = plan->scratch + WORKSPACE_BYTES;
    status = TP_CUDA(
        tp_kernel_quantise(call.x, scale + SCALE_BYTES, (float *)(void *)scale, stream), error);
    x = scale + SCALE_BYTES;
  }
  const float one = 1, zero = 0;
  if (status == TP_OK)
    status = TP_CUBLAS(cublasLtMatmul(gemm->handle, plan->operation, &one, call.weight->data,
                                      plan->weight, x, plan->x, &zero, call.y->data, plan->y,
                                      call.y->data, plan->y, &plan->algorithm, plan->scratch,
                                      WORKSPACE_BYTES, stream),
                       error);
  return status;
}

enum tp_status tp_gpu_gemm_open(int capability, struct tp_gpu_gemm **gemm, struct tp_error *error)
{
  struct tp_gpu_gemm *const made = calloc(1, sizeof *made);
  if (made == NULL || (made->plans = tp_plans_create()) == NULL) {
    free(made);
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  }
  made->capability = capability;
  const enum tp_status status = TP_CUBLAS(cublasLtCreate(&made->handle), error);
  if (status == TP_OK)
    *gemm = made;
  else
    tp_gpu_gemm_close(made);
  return status;
}

void tp_gpu_gemm_close(struct tp_gpu_gemm *gemm)
{
  if (gemm == NULL)
    return;
  tp_plans_free(gemm->plans, free_plan);
  for (int i = 0; i < gemm->n_scratches; i++)
    cudaFree(gemm->scratches[i].memory);
  if (gemm->handle != NULL)
    cublasLtDestroy(gemm->handle);
  free(gemm);
}
