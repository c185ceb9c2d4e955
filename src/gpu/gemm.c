#include "gpu/gemm.h"

#include "gpu/check.h"
#include "gpu/gemm_plan.h"
#include "gpu/kernels/kernels.h"
#include "run/keep.h"
#include "run/operand.h"
#include "run/weights.h"

#include <stdlib.h>

enum {
  SCALE_BYTES = 4096, /* TP_SCALE_FLOATS */
  FP8_CAPABILITY = 89,
  MOST_SCRATCHES = 64
};
_Static_assert(SCALE_BYTES >= TP_SCALE_FLOATS * sizeof(float), "room for tp_kernel_quantise");

/* Memory of a stream.  A captured graph may use it for ever, so it is not freed when a larger one
 * is needed. */
struct scratch {
  cudaStream_t stream;
  size_t bytes;
  unsigned char *memory;
};

struct tp_gpu_gemm {
  cublasLtHandle_t handle;
  int capability;
  struct tp_keep *plans;
  int n_scratches;
  struct scratch scratches[MOST_SCRATCHES];
};

/* A scratch cut up. */
struct rooms {
  unsigned char *workspace, *x, *y; /* x made fp8; y that is not an output as it is */
  float *scale;                     /* of x */
};

struct run {
  struct tp_gpu_gemm *gemm;
  const struct tp_bound_op *bound;
  cudaStream_t stream;
  bool capturing;
  struct tp_gemm_call call;
  struct tp_tensor y_tensor; /* of a y in a scratch */
  struct rooms rooms;
  struct tp_gemm_plan *plan;
};

/* Columns go to two outputs, or through an activation: cuBLASLt writes them to a scratch. */
static bool is_direct(const struct tp_op *op)
{
  return op->n_out == 1 && !op->gemm.activates;
}

static size_t rounded(int64_t bytes)
{
  return ((size_t)bytes + TP_GEMM_ALIGNMENT - 1) / TP_GEMM_ALIGNMENT * TP_GEMM_ALIGNMENT;
}

static size_t x_bytes(const struct tp_gemm_call *call)
{
  return tp_gemm_quantises(call) ? rounded(call->m * call->k) : 0;
}

static size_t scratch_bytes(const struct run *run)
{
  const struct tp_gemm_call *const call = &run->call;
  const size_t element_bytes = (size_t)tp_tensor_element_bytes(call->y.tensor);
  const size_t y_bytes =
      is_direct(run->bound->op) ? 0 : (size_t)(call->m * call->n) * element_bytes;
  return TP_GEMM_WORKSPACE_BYTES + SCALE_BYTES + x_bytes(call) + y_bytes;
}

static struct rooms rooms_of(unsigned char *scratch, const struct tp_gemm_call *call)
{
  unsigned char *const scale = scratch + TP_GEMM_WORKSPACE_BYTES;
  unsigned char *const x = scale + SCALE_BYTES;
  return (struct rooms){
      .workspace = scratch, .scale = (float *)(void *)scale, .x = x, .y = x + x_bytes(call)};
}

static enum tp_status is_new(struct tp_error *error)
{
  return tp_fail(error, TP_E_INPUT,
                 "a GEMM of this shape is new and already captured; run the pass once before");
}

static enum tp_status find_scratch(struct tp_gpu_gemm *gemm, cudaStream_t stream, size_t bytes,
                                   bool capturing, unsigned char **memory, struct tp_error *error)
{
  for (int i = 0; i < gemm->n_scratches; i++) {
    const struct scratch *const scratch = &gemm->scratches[i];
    if (scratch->stream == stream && scratch->bytes >= bytes) {
      *memory = scratch->memory;
      return TP_OK;
    }
  }
  if (capturing)
    return is_new(error);
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

static bool has_size(const struct tp_operand *operand, int64_t rows, int64_t columns)
{
  return operand->rows == rows && operand->columns == columns;
}

/* Columns that the outputs take; an activation halves those of the last, or leaves them. */
static bool outputs_fit(const struct tp_bound_op *bound)
{
  const struct tp_op *const op = bound->op;
  int64_t columns = 0;
  for (int i = 0; i < op->n_out; i++)
    columns += bound->out[i].columns;
  const int64_t gated = columns + bound->out[op->n_out - 1].columns;
  return columns == op->gemm.n || (op->gemm.activates && gated == op->gemm.n);
}

static enum tp_status check_operands(const struct tp_bound_op *bound, int capability,
                                     struct tp_error *error)
{
  const struct tp_gemm *const g = &bound->op->gemm;
  const struct tp_operand *const x = &bound->in[0], *const weight = &bound->in[1];
  if (!has_size(weight, g->n, g->k) || x->columns != g->k || x->rows != bound->out[0].rows ||
      !outputs_fit(bound))
    return tp_fail(error, TP_E_INPUT,
                   "x of %lld x %lld and a weight of %lld x %lld do not make its output of n=%lld "
                   "k=%lld",
                   (long long)x->rows, (long long)x->columns, (long long)weight->rows,
                   (long long)weight->columns, (long long)g->n, (long long)g->k);
  if (weight->tensor->dtype == TP_DTYPE_FP8 && capability < FP8_CAPABILITY)
    return tp_fail(error, TP_E_INPUT,
                   "compute capability %d.%d has no fp8 GEMMs (8.9 and newer have); take bf16 or "
                   "fp16",
                   capability / 10, capability % 10);
  return TP_OK;
}

/* `run` stays where it is: the call points into it. */
static enum tp_status prepare(struct run *run, struct tp_error *error)
{
  const struct tp_bound_op *const bound = run->bound;
  struct tp_gemm_call *const call = &run->call;
  unsigned char *scratch = NULL;
  *call = (struct tp_gemm_call){
      .m = bound->in[0].rows,
      .n = bound->op->gemm.n,
      .k = bound->op->gemm.k,
      .x = &bound->in[0],
      .weight = &bound->in[1],
      .bias = bound->op->n_in > 2 ? &bound->in[2] : NULL,
      .y = bound->out[0],
  };
  const enum tp_status status =
      find_scratch(run->gemm, run->stream, scratch_bytes(run), run->capturing, &scratch, error);
  if (status != TP_OK)
    return status;
  run->rooms = rooms_of(scratch, call);
  if (is_direct(bound->op))
    return TP_OK;
  run->y_tensor = *call->y.tensor;
  call->y = (struct tp_operand){.data = run->rooms.y,
                                .tensor = &run->y_tensor,
                                .rows = call->m,
                                .columns = call->n,
                                .row_elements = call->n};
  return TP_OK;
}

static struct tp_keep_key key_of(const struct tp_gemm_call *call)
{
  return (struct tp_keep_key){{
      call->m,
      call->n,
      call->k,
      call->x->row_elements,
      call->weight->row_elements,
      call->y.row_elements,
      call->x->tensor->dtype,
      call->weight->tensor->dtype,
      call->y.tensor->dtype,
      call->bias == NULL ? -1 : (int64_t)call->bias->tensor->dtype,
      tp_gemm_alignment(call->x->data),
      tp_gemm_alignment(call->weight->data),
      tp_gemm_alignment(call->y.data),
  }};
}

static enum tp_status find_plan(struct run *run, struct tp_error *error)
{
  struct tp_gpu_gemm *const gemm = run->gemm;
  const struct tp_keep_key key = key_of(&run->call);
  run->plan = tp_keep_find(gemm->plans, &key);
  if (run->plan != NULL)
    return tp_gemm_plan_point(run->plan, &run->call, run->rooms.scale, error);
  if (run->capturing)
    return is_new(error);
  const enum tp_status status =
      tp_gemm_plan_make(gemm->handle, &run->call, run->rooms.scale, &run->plan, error);
  if (status != TP_OK || tp_keep_add(gemm->plans, &key, run->plan))
    return status;
  tp_gemm_plan_free(run->plan);
  return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
}

static enum tp_status multiply(const struct run *run, struct tp_error *error)
{
  const struct tp_gemm_call *const call = &run->call;
  const struct tp_gemm_plan *const plan = run->plan;
  const cublasLtMatrixLayout_t *const layouts = plan->layouts;
  const float unit = tp_weight_unit(call->weight->tensor->dtype), zero = 0;
  const void *x = call->x->data;
  enum tp_status status = TP_OK;
  if (tp_gemm_quantises(call)) {
    x = run->rooms.x;
    status =
        TP_CUDA(tp_kernel_quantise(call->x, run->rooms.x, run->rooms.scale, run->stream), error);
  }
  if (status != TP_OK)
    return status;
  return TP_CUBLAS(cublasLtMatmul(run->gemm->handle, plan->operation, &unit, call->weight->data,
                                  layouts[TP_GEMM_WEIGHT], x, layouts[TP_GEMM_X], &zero,
                                  call->y.data, layouts[TP_GEMM_Y], call->y.data,
                                  layouts[TP_GEMM_Y], &plan->algorithm, run->rooms.workspace,
                                  TP_GEMM_WORKSPACE_BYTES, run->stream),
                   error);
}

static enum tp_status copy_columns(const struct tp_operand *from, const struct tp_operand *to,
                                   cudaStream_t stream, struct tp_error *error)
{
  const size_t element_bytes = (size_t)tp_tensor_element_bytes(to->tensor);
  return TP_CUDA(cudaMemcpy2DAsync(to->data, (size_t)to->row_elements * element_bytes, from->data,
                                   (size_t)from->row_elements * element_bytes,
                                   (size_t)to->columns * element_bytes, (size_t)to->rows,
                                   cudaMemcpyDeviceToDevice, stream),
                 error);
}

/* The columns of the scratch to the outputs in turn; the last is the activation's if there is one.
 */
static enum tp_status distribute(const struct run *run, struct tp_error *error)
{
  const struct tp_bound_op *const bound = run->bound;
  const int last = bound->op->n_out - 1;
  struct tp_operand rest = run->call.y;
  enum tp_status status = TP_OK;
  for (int i = 0; i < last && status == TP_OK; i++) {
    const int64_t columns = bound->out[i].columns;
    status = copy_columns(&rest, &bound->out[i], run->stream, error);
    rest.data =
        (unsigned char *)rest.data + columns * (int64_t)tp_tensor_element_bytes(rest.tensor);
    rest.columns -= columns;
  }
  if (status != TP_OK)
    return status;
  if (bound->op->gemm.activates)
    return TP_CUDA(tp_kernel_activate(&rest, &bound->out[last], run->stream), error);
  return copy_columns(&rest, &bound->out[last], run->stream, error);
}

static enum tp_status run_one(struct tp_gpu_gemm *gemm, const struct tp_bound_op *bound,
                              cudaStream_t stream, bool capturing, struct tp_error *error)
{
  struct run run = {.gemm = gemm, .bound = bound, .stream = stream, .capturing = capturing};
  enum tp_status status = check_operands(bound, gemm->capability, error);
  if (status == TP_OK)
    status = prepare(&run, error);
  if (status == TP_OK)
    status = find_plan(&run, error);
  if (status == TP_OK)
    status = multiply(&run, error);
  return status == TP_OK && !is_direct(bound->op) ? distribute(&run, error) : status;
}

static struct tp_operand rows_of(struct tp_operand of, int64_t first, int64_t rows, int64_t step)
{
  of.data = (unsigned char *)of.data +
            first * of.row_elements * (int64_t)tp_tensor_element_bytes(of.tensor);
  of.rows = rows;
  of.row_elements *= step;
  return of;
}

/* The last token of every sequence of a step of several chunks: a GEMM a chunk, over rows as far
 * apart as its sequences. */
static enum tp_status run_last_tokens(struct tp_gpu_gemm *gemm, const struct tp_bound_op *bound,
                                      cudaStream_t stream, bool capturing, struct tp_error *error)
{
  const struct tp_rows rows = tp_rows_of(bound);
  enum tp_status status = TP_OK;
  for (int i = 0; i < rows.n && status == TP_OK; i++) {
    const struct tp_run *const run = &rows.runs[i];
    struct tp_bound_op part = *bound;
    part.in[0] =
        rows_of(bound->in[0], run->first_row + run->tokens - 1, run->sequences, run->tokens);
    part.out[0] = rows_of(bound->out[0], run->first_sequence, run->sequences, 1);
    status = run_one(gemm, &part, stream, capturing, error);
  }
  return status;
}

enum tp_status tp_gpu_gemm_run(struct tp_gpu_gemm *gemm, const struct tp_bound_op *bound,
                               cudaStream_t stream, bool capturing, struct tp_error *error)
{
  const struct tp_gemm *const g = &bound->op->gemm;
  const bool last = g->m < bound->in[0].rows && g->m == bound->out[0].rows &&
                    g->m == tp_batch_sequences(&bound->program->batch);
  return last ? run_last_tokens(gemm, bound, stream, capturing, error)
              : run_one(gemm, bound, stream, capturing, error);
}

enum tp_status tp_gpu_gemm_open(int capability, struct tp_gpu_gemm **gemm, struct tp_error *error)
{
  struct tp_gpu_gemm *const made = calloc(1, sizeof *made);
  if (made == NULL || (made->plans = tp_keep_create()) == NULL) {
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
  tp_keep_free(gemm->plans, tp_gemm_plan_free);
  for (int i = 0; i < gemm->n_scratches; i++)
    cudaFree(gemm->scratches[i].memory);
  if (gemm->handle != NULL)
    cublasLtDestroy(gemm->handle);
  free(gemm);
}
