#include "gpu/sdpa.h"

#include "gpu/check.h"
#include "gpu/cudnn.h"
#include "gpu/nvrtc.h"
#include "gpu/sdpa_plan.h"
#include "run/keep.h"
#include "run/operand.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { ALIGNMENT = 256 };

struct tp_gpu_sdpa {
  cudnnHandle_t handle;
  struct tp_keep *plans;
};

/* A plan is of a stream: kernels of different streams share no workspace. */
struct plan {
  struct tp_sdpa_plan kernel;
  unsigned char *memory; /* workspace, then lengths of the queries */
  void *query_lengths;
  float scale, lowest;
  int32_t context, window;
};

static void free_plan(void *memory)
{
  struct plan *const plan = memory;
  tp_sdpa_plan_free(&plan->kernel);
  cudaFree(plan->memory);
  free(plan);
}

/* Lengths of sequences that decode are known when it runs.  One query of a prompt that is cut has
 * the program's, for more of its sequence follow. */
static bool is_padded(const struct tp_bound_op *bound)
{
  return tp_attention_decodes(&bound->op->attention) && tp_rows_of(bound).runs[0].later == 0;
}

static struct tp_sdpa_shape shape_of(const struct tp_bound_op *bound)
{
  const struct tp_attention *const a = &bound->op->attention;
  return (struct tp_sdpa_shape){
      .padded = is_padded(bound),
      .window = a->window,
      .dtype = a->dtype,
      .batch = a->batch,
      .query_len = a->query_len,
      .kv_len = a->kv_len,
      .heads = a->heads,
      .kv_heads = a->kv_heads,
      .head_dim = a->head_dim,
      .capacity = bound->in[1].rows / a->batch,
      .q_row = bound->in[0].row_elements,
      .keys_row = bound->in[1].row_elements,
      .values_row = bound->in[2].row_elements,
      .row = bound->out[0].row_elements,
  };
}

static enum tp_status check_operands(const struct tp_bound_op *bound, const struct tp_sdpa_shape *s,
                                     struct tp_error *error)
{
  const int64_t rows = s->batch * s->query_len;
  if (s->dtype != TP_DTYPE_FP16 && s->dtype != TP_DTYPE_BF16)
    return tp_fail(error, TP_E_INPUT, "flash attention is in fp16 or bf16 only");
  if (bound->in[0].rows != rows || bound->out[0].rows != rows || s->capacity < s->kv_len ||
      s->kv_heads < 1 || s->heads % s->kv_heads != 0)
    return tp_fail(error, TP_E_INPUT,
                   "attention of %lld x %lld queries on %lld keys does not fit %lld rows of qkv "
                   "and %lld of keys",
                   (long long)s->batch, (long long)s->query_len, (long long)s->kv_len,
                   (long long)bound->in[0].rows, (long long)bound->in[1].rows);
  return TP_OK;
}

static struct tp_keep_key key_of(const struct tp_sdpa_shape *s, cudaStream_t stream)
{
  return (struct tp_keep_key){{
      s->padded,
      s->window,
      s->dtype,
      s->batch,
      s->query_len,
      s->kv_len,
      s->heads,
      s->kv_heads,
      s->head_dim,
      s->capacity,
      s->q_row,
      s->keys_row,
      s->values_row,
      s->row,
      (int64_t)(intptr_t)stream,
  }};
}

/* cuDNN wants to be told that a sequence has one query. */
static enum tp_status write_query_lengths(const struct plan *plan, int64_t batch,
                                          cudaStream_t stream, struct tp_error *error)
{
  int32_t *const ones = calloc((size_t)batch, sizeof *ones);
  if (ones == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  for (int64_t i = 0; i < batch; i++)
    ones[i] = 1;
  const enum tp_status status =
      TP_CUDA(cudaMemcpyAsync(plan->query_lengths, ones, (size_t)batch * sizeof *ones,
                              cudaMemcpyHostToDevice, stream),
              error);
  free(ones); /* a copy from memory that is not pinned has read it when it returns */
  return status;
}

static enum tp_status find_memory(struct plan *plan, const struct tp_sdpa_shape *shape,
                                  cudaStream_t stream, struct tp_error *error)
{
  const size_t workspace =
      ((size_t)plan->kernel.workspace_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  void *memory = NULL;
  const enum tp_status status =
      TP_CUDA(cudaMalloc(&memory, workspace + (size_t)shape->batch * sizeof(int32_t)), error);
  if (status != TP_OK)
    return status;
  plan->memory = memory;
  plan->query_lengths = plan->memory + workspace;
  return write_query_lengths(plan, shape->batch, stream, error);
}

static enum tp_status make_plan(const struct tp_gpu_sdpa *sdpa, const struct tp_sdpa_shape *shape,
                                cudaStream_t stream, struct plan **made, struct tp_error *error)
{
  struct plan *const plan = calloc(1, sizeof *plan);
  if (plan == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  plan->scale = 1 / sqrtf((float)shape->head_dim);
  plan->lowest = -FLT_MAX;
  plan->context = (int32_t)(shape->kv_len - shape->query_len);
  plan->window = (int32_t)shape->window;
  const struct tp_sdpa_target here = {.handle = sdpa->handle};
  enum tp_status status = tp_sdpa_plan_make(&here, shape, &plan->kernel, error);
  if (status == TP_OK)
    status = find_memory(plan, shape, stream, error);
  if (status == TP_OK)
    *made = plan;
  else
    free_plan(plan);
  return status;
}

static enum tp_status find_plan(const struct tp_gpu_sdpa *sdpa, const struct tp_sdpa_shape *shape,
                                cudaStream_t stream, bool capturing, struct plan **plan,
                                struct tp_error *error)
{
  const struct tp_keep_key key = key_of(shape, stream);
  *plan = tp_keep_find(sdpa->plans, &key);
  if (*plan != NULL)
    return TP_OK;
  if (capturing)
    return tp_fail(error, TP_E_INPUT,
                   "attention of this shape is new and already captured; run the pass once before");
  const enum tp_status status = make_plan(sdpa, shape, stream, plan, error);
  if (status != TP_OK || tp_keep_add(sdpa->plans, &key, *plan))
    return status;
  free_plan(*plan);
  return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
}

/* Which pointers the plan runs with: the tensors that its graph has. */
struct pointers {
  int64_t n, ids[TP_SDPA_INNER];
  void *of[TP_SDPA_INNER];
};

static void add(struct pointers *pointers, enum tp_sdpa_tensor id, void *memory)
{
  pointers->ids[pointers->n] = id;
  pointers->of[pointers->n++] = memory;
}

static struct pointers pointers_of(const struct tp_bound_op *bound, struct plan *plan)
{
  const bool padded = is_padded(bound);
  struct pointers pointers = {.n = 0};
  add(&pointers, TP_SDPA_Q, bound->in[0].data);
  add(&pointers, TP_SDPA_KEYS, bound->in[1].data);
  add(&pointers, TP_SDPA_VALUES, bound->in[2].data);
  add(&pointers, TP_SDPA_OUT, bound->out[0].data);
  add(&pointers, TP_SDPA_SCALE, &plan->scale);
  add(&pointers, TP_SDPA_LOWEST, &plan->lowest);
  if (!padded && plan->context > 0)
    add(&pointers, TP_SDPA_CONTEXT, &plan->context);
  if (plan->window > 0)
    add(&pointers, TP_SDPA_WINDOW, &plan->window);
  if (padded) {
    add(&pointers, TP_SDPA_QUERY_LENGTHS, plan->query_lengths);
    add(&pointers, TP_SDPA_KEY_LENGTHS, bound->in[3].data);
  }
  return pointers;
}

static enum tp_status fill_pack(cudnnBackendDescriptor_t pack, const struct tp_bound_op *bound,
                                struct plan *plan, struct tp_error *error)
{
  const struct pointers pointers = pointers_of(bound, plan);
  void *workspace = plan->memory;
  enum tp_status status =
      TP_CUDNN(cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64,
                                        pointers.n, pointers.ids),
               error);
  if (status == TP_OK)
    status = TP_CUDNN(cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS,
                                               CUDNN_TYPE_VOID_PTR, pointers.n, pointers.of),
                      error);
  if (status == TP_OK)
    status = TP_CUDNN(cudnnBackendSetAttribute(pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE,
                                               CUDNN_TYPE_VOID_PTR, 1, &workspace),
                      error);
  return status == TP_OK ? TP_CUDNN(cudnnBackendFinalize(pack), error) : status;
}

enum tp_status tp_gpu_sdpa_run(struct tp_gpu_sdpa *sdpa, const struct tp_bound_op *bound,
                               cudaStream_t stream, bool capturing, struct tp_error *error)
{
  const struct tp_sdpa_shape shape = shape_of(bound);
  struct plan *plan = NULL;
  cudnnBackendDescriptor_t pack = NULL;
  enum tp_status status = check_operands(bound, &shape, error);
  if (status == TP_OK)
    status = find_plan(sdpa, &shape, stream, capturing, &plan, error);
  if (status == TP_OK)
    status = TP_CUDNN(cudnnSetStream(sdpa->handle, stream), error);
  if (status == TP_OK)
    status =
        TP_CUDNN(cudnnBackendCreateDescriptor(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, &pack), error);
  if (status != TP_OK)
    return status;
  status = fill_pack(pack, bound, plan, error);
  if (status == TP_OK)
    status = TP_CUDNN(cudnnBackendExecute(sdpa->handle, plan->kernel.plan, pack), error);
  cudnnBackendDestroyDescriptor(pack);
  return status;
}

enum tp_status tp_gpu_sdpa_open(struct tp_gpu_sdpa **sdpa, struct tp_error *error)
{
  struct tp_gpu_sdpa *const made = calloc(1, sizeof *made);
  if (made == NULL || (made->plans = tp_keep_create()) == NULL) {
    free(made);
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  }
  tp_nvrtc_load();
  enum tp_status status = TP_CUDNN(cudnnCreate(&made->handle), error);
  if (status == TP_OK)
    *sdpa = made;
  else
    tp_gpu_sdpa_close(made);
  return status;
}

void tp_gpu_sdpa_close(struct tp_gpu_sdpa *sdpa)
{
  if (sdpa == NULL)
    return;
  tp_keep_free(sdpa->plans, free_plan);
  if (sdpa->handle != NULL)
    cudnnDestroy(sdpa->handle);
  free(sdpa);
}
