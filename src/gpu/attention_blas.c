/* Attention with its scores in memory, which stacks without a fused kernel ask for: gpt-fast's,
 * materialised in prefill, expanded in decode.  For sequence b and head h, in rows:
 *
 *     S = Q K' / sqrt(d)   [query_len, kv_len]      P = softmax(S), causal      O = P V
 *
 * Both products are batched GEMMs over lists of addresses, which a kernel writes first: heads stand
 * side by side in rows of qkv and of the caches, and query heads share KV heads.  cuBLAS counts by
 * columns, so that it is asked for S' = K Q' and O' = V' P'. */
#include "gpu/attention_blas.h"
#include "gpu/check.h"
#include "gpu/kernels/launchers.h"
#include "run/operand.h"

#include <cublas_v2.h>
#include <math.h>
#include <stdlib.h>

enum { WORKSPACE_BYTES = 32 << 20, ALIGNMENT_BYTES = 256 };

/* Scores and addresses of one op at a time; graphs keep what they were captured with. */
struct room {
  struct room *next;
  size_t bytes;
  unsigned char *memory;
};

struct tp_gpu_products {
  cublasHandle_t blas;
  void *workspace;
  struct room *rooms;
};

/* The matrices of an op in a room. */
struct plan {
  const struct tp_attention *shape;
  int64_t later; /* tokens of a sequence that follow those of the op */
  enum tp_dtype dtype;
  int64_t element_bytes, capacity;
  int64_t score_columns; /* kv_len, rows at multiples of 16 bytes */
  struct tp_row_view q, keys, values, scores, out;
  struct tp_row_view all_keys, all_values; /* expanded: a KV head for every query head */
  void **lists[TP_POINTER_LISTS];
};

static enum tp_status blas_check(cublasStatus_t result, const char *what, struct tp_error *error)
{
  if (result == CUBLAS_STATUS_SUCCESS)
    return TP_OK;
  return tp_fail(error, TP_E_ENVIRONMENT, "cuBLAS, %s: %s", what, cublasGetStatusString(result));
}

enum tp_status tp_gpu_products_open(struct tp_gpu_products **products, struct tp_error *error)
{
  struct tp_gpu_products *opened = calloc(1, sizeof *opened);
  if (opened == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "attention: out of memory");
  enum tp_status status = blas_check(cublasCreate(&opened->blas), "opening it", error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMalloc(&opened->workspace, WORKSPACE_BYTES), error);
  if (status != TP_OK) {
    tp_gpu_products_close(opened);
    return status;
  }
  *products = opened;
  return TP_OK;
}

void tp_gpu_products_close(struct tp_gpu_products *products)
{
  if (products == NULL)
    return;
  while (products->rooms != NULL) {
    struct room *room = products->rooms;
    products->rooms = room->next;
    cudaFree(room->memory);
    free(room);
  }
  cudaFree(products->workspace);
  if (products->blas != NULL)
    cublasDestroy(products->blas);
  free(products);
}

static enum tp_status find_room(struct tp_gpu_products *products, const struct tp_op *op,
                                size_t bytes, bool capturing, unsigned char **memory,
                                struct tp_error *error)
{
  for (struct room *room = products->rooms; room != NULL; room = room->next)
    if (room->bytes >= bytes) {
      *memory = room->memory;
      return TP_OK;
    }
  if (capturing)
    return tp_fail(error, TP_E_INPUT,
                   "op '%s' has no room for its scores yet: run the pass once before capturing it",
                   op->name);
  struct room *room = calloc(1, sizeof *room);
  if (room == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "attention: out of memory");
  void *found = NULL;
  const enum tp_status status = TP_CUDA(cudaMalloc(&found, bytes), error);
  if (status != TP_OK) {
    free(room);
    return status;
  }
  *room = (struct room){.next = products->rooms, .bytes = bytes, .memory = found};
  products->rooms = room;
  *memory = found;
  return TP_OK;
}

/* Takes `bytes` of a room at `*offset`; with memory NULL only counts. */
static void *take(unsigned char *memory, size_t *offset, int64_t bytes)
{
  void *taken = memory == NULL ? NULL : memory + *offset;
  *offset += ((size_t)bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
  return taken;
}

static size_t lay_out(struct plan *plan, unsigned char *memory)
{
  const struct tp_attention *shape = plan->shape;
  const int64_t matrices = shape->batch * shape->heads;
  size_t offset = 0;
  for (int list = 0; list < TP_POINTER_LISTS; list++)
    plan->lists[list] = take(memory, &offset, matrices * (int64_t)sizeof(void *));
  plan->scores.row_elements = plan->score_columns;
  plan->scores.data = take(memory, &offset,
                           matrices * shape->query_len * plan->score_columns * plan->element_bytes);
  if (shape->style == TP_ATTENTION_EXPANDED) {
    const int64_t columns = shape->heads * shape->head_dim;
    const int64_t bytes = shape->batch * shape->kv_len * columns * plan->element_bytes;
    plan->all_keys = (struct tp_row_view){take(memory, &offset, bytes), columns};
    plan->all_values = (struct tp_row_view){take(memory, &offset, bytes), columns};
  }
  return offset;
}

static struct plan plan_of(const struct tp_bound_op *bound)
{
  const struct tp_attention *shape = &bound->op->attention;
  struct plan plan = {.shape = shape,
                      .later = tp_rows_of(bound).runs[0].later,
                      .dtype = bound->in[0].tensor->dtype};
  const struct tp_row_view rows[] = {{bound->in[0].data, bound->in[0].row_elements},
                                     {bound->in[1].data, bound->in[1].row_elements},
                                     {bound->in[2].data, bound->in[2].row_elements},
                                     {bound->out[0].data, bound->out[0].row_elements}};
  plan.q = rows[0];
  plan.keys = rows[1];
  plan.values = rows[2];
  plan.out = rows[3];
  plan.element_bytes = (int64_t)tp_tensor_element_bytes(bound->in[0].tensor);
  plan.capacity = bound->in[1].rows / shape->batch;
  plan.score_columns = (shape->kv_len + 7) / 8 * 8;
  return plan;
}

/* From here on keys and values are those of every query head. */
static enum tp_status expand(struct plan *plan, const int32_t *lengths, cudaStream_t stream,
                             struct tp_error *error)
{
  const struct tp_attention *shape = plan->shape;
  struct tp_repeat repeat = {.dtype = plan->dtype,
                             .batch = shape->batch,
                             .kv_len = shape->kv_len,
                             .capacity = plan->capacity,
                             .lengths = lengths,
                             .heads = (int)shape->heads,
                             .kv_heads = (int)shape->kv_heads,
                             .head_dim = (int)shape->head_dim,
                             .from = plan->keys,
                             .to = plan->all_keys};
  enum tp_status status = TP_CUDA(tp_launch_repeat(&repeat, stream), error);
  repeat.from = plan->values;
  repeat.to = plan->all_values;
  if (status == TP_OK)
    status = TP_CUDA(tp_launch_repeat(&repeat, stream), error);
  plan->keys = plan->all_keys;
  plan->values = plan->all_values;
  plan->capacity = shape->kv_len;
  return status;
}

enum { LIST_KEYS, LIST_QUERIES, LIST_SCORES, LIST_VALUES, LIST_OUT };

static enum tp_status address(const struct plan *plan, cudaStream_t stream, struct tp_error *error)
{
  const struct tp_attention *shape = plan->shape;
  const int64_t bytes = plan->element_bytes, head_bytes = shape->head_dim * bytes;
  const int shared =
      shape->style == TP_ATTENTION_EXPANDED ? 1 : (int)(shape->heads / shape->kv_heads);
  const int64_t scores_bytes = shape->query_len * plan->score_columns * bytes;
  const struct tp_pointers lists[TP_POINTER_LISTS] = {
      [LIST_KEYS] = {plan->keys.data, plan->capacity * plan->keys.row_elements * bytes, head_bytes,
                     shared},
      [LIST_QUERIES] = {plan->q.data, shape->query_len * plan->q.row_elements * bytes, head_bytes,
                        1},
      [LIST_SCORES] = {plan->scores.data, shape->heads * scores_bytes, scores_bytes, 1},
      [LIST_VALUES] = {plan->values.data, plan->capacity * plan->values.row_elements * bytes,
                       head_bytes, shared},
      [LIST_OUT] = {plan->out.data, shape->query_len * plan->out.row_elements * bytes, head_bytes,
                    1},
  };
  return TP_CUDA(tp_launch_pointers(lists, shape->batch, (int)shape->heads, plan->lists, stream),
                 error);
}

static cudaDataType_t type_of(enum tp_dtype dtype)
{
  return dtype == TP_DTYPE_FP16 ? CUDA_R_16F : dtype == TP_DTYPE_BF16 ? CUDA_R_16BF : CUDA_R_32F;
}

/* S' [kv_len, query_len] = K Q', or O' [head_dim, query_len] = V' P'. */
static enum tp_status multiply(struct tp_gpu_products *products, const struct plan *plan,
                               bool scores, struct tp_error *error)
{
  const struct tp_attention *shape = plan->shape;
  const cudaDataType_t type = type_of(plan->dtype);
  const float scale = scores ? 1.0f / sqrtf((float)shape->head_dim) : 1.0f, zero = 0;
  const int kv_len = (int)shape->kv_len, head_dim = (int)shape->head_dim;
  const struct tp_row_view *a = scores ? &plan->keys : &plan->values;
  const struct tp_row_view *b = scores ? &plan->q : &plan->scores;
  const struct tp_row_view *c = scores ? &plan->scores : &plan->out;
  void **const a_list = plan->lists[scores ? LIST_KEYS : LIST_VALUES];
  void **const b_list = plan->lists[scores ? LIST_QUERIES : LIST_SCORES];
  void **const c_list = plan->lists[scores ? LIST_SCORES : LIST_OUT];
  return blas_check(
      cublasGemmBatchedEx(
          products->blas, scores ? CUBLAS_OP_T : CUBLAS_OP_N, CUBLAS_OP_N,
          scores ? kv_len : head_dim, (int)shape->query_len, scores ? head_dim : kv_len, &scale,
          (const void *const *)a_list, type, (int)a->row_elements, (const void *const *)b_list,
          type, (int)b->row_elements, &zero, c_list, type, (int)c->row_elements,
          (int)(shape->batch * shape->heads), CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
      scores ? "scores" : "values", error);
}

static enum tp_status run(struct tp_gpu_products *products, struct plan *plan,
                          const int32_t *lengths, cudaStream_t stream, struct tp_error *error)
{
  const struct tp_attention *shape = plan->shape;
  /* A new stream takes the workspace away. */
  enum tp_status status = blas_check(cublasSetStream(products->blas, stream), "stream", error);
  if (status == TP_OK)
    status = blas_check(cublasSetWorkspace(products->blas, products->workspace, WORKSPACE_BYTES),
                        "workspace", error);
  if (status == TP_OK && shape->style == TP_ATTENTION_EXPANDED)
    status = expand(plan, lengths, stream, error);
  if (status == TP_OK)
    status = address(plan, stream, error);
  if (status == TP_OK)
    status = multiply(products, plan, true, error);
  const struct tp_scores scores = {
      .extent = {plan->dtype, shape->batch * shape->heads * shape->query_len, shape->kv_len},
      .scores = plan->scores,
      .lengths = lengths,
      .query_len = shape->query_len,
      .later = plan->later,
      .heads = shape->heads,
      .window = shape->window};
  if (status == TP_OK)
    status = TP_CUDA(tp_launch_softmax(&scores, stream), error);
  return status == TP_OK ? multiply(products, plan, false, error) : status;
}

enum tp_status tp_gpu_products_run(struct tp_gpu_products *products,
                                   const struct tp_bound_op *bound, cudaStream_t stream,
                                   bool capturing, struct tp_error *error)
{
  struct plan plan = plan_of(bound);
  unsigned char *memory = NULL;
  const size_t bytes = lay_out(&plan, NULL);
  const enum tp_status status = find_room(products, bound->op, bytes, capturing, &memory, error);
  if (status != TP_OK)
    return status;
  lay_out(&plan, memory);
  return run(products, &plan, bound->in[3].data, stream, error);
}
