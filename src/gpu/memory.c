/* Memory ops and weights: what an op says, in the words of the launchers. */
#include "gpu/kernels/kernels.h"
#include "gpu/kernels/launchers.h"
#include "run/operand.h"

static struct tp_row_view rows_of(const struct tp_operand *operand)
{
  return (struct tp_row_view){operand->data, operand->row_elements};
}

static struct tp_extent extent_of(const struct tp_operand *operand)
{
  return (struct tp_extent){operand->tensor->dtype, operand->rows, operand->columns};
}

static const int32_t *indices(const struct tp_operand *operand)
{
  return operand->data;
}

/* add, add_share, copy */
static cudaError_t add(const struct tp_bound_op *bound, cudaStream_t stream)
{
  const struct tp_operand *x = &bound->in[0], *y = &bound->out[0];
  const enum tp_function function = bound->op->memory.function;
  if (function == TP_FUNCTION_COPY)
    return tp_launch_copy(extent_of(y), rows_of(x), rows_of(y), stream);
  const int ranks = function == TP_FUNCTION_ADD_SHARE ? bound->program->mesh.tp : 1;
  return tp_launch_add(extent_of(y), rows_of(x), 1.0f / (float)ranks, rows_of(&bound->in[1]),
                       rows_of(y), stream);
}

/* norm, add_norm, add_sum_norm: gain and bias come last. */
static cudaError_t norm(const struct tp_bound_op *bound, cudaStream_t stream)
{
  const enum tp_function function = bound->op->memory.function;
  const int summands = function == TP_FUNCTION_NORM ? 1 : function == TP_FUNCTION_ADD_NORM ? 2 : 3;
  struct tp_norm_rows rows = {
      .extent = extent_of(&bound->in[0]),
      .x = rows_of(&bound->in[0]),
      .normed = rows_of(&bound->out[summands > 1 ? 1 : 0]),
      .gain = bound->in[summands].data,
      .bias = bound->op->n_in > summands + 1 ? bound->in[summands + 1].data : NULL,
  };
  if (summands > 1) {
    rows.h = rows_of(&bound->in[1]);
    rows.x_plus_h = rows_of(&bound->out[0]);
  }
  if (summands > 2)
    rows.sum = rows_of(&bound->in[2]);
  return tp_launch_norm(&rows, stream);
}

/* From a row of an operand on. */
static struct tp_row_view rows_from(const struct tp_operand *operand, int64_t row)
{
  const int64_t bytes = (int64_t)tp_tensor_element_bytes(operand->tensor);
  return (struct tp_row_view){(char *)operand->data + row * operand->row_elements * bytes,
                              operand->row_elements};
}

static struct tp_head_rows heads_of(const struct tp_bound_op *bound, const struct tp_run *run)
{
  const struct tp_memory *memory = &bound->op->memory;
  const struct tp_operand *qkv = &bound->in[0];
  return (struct tp_head_rows){.dtype = qkv->tensor->dtype,
                               .qkv = rows_from(qkv, run->first_row),
                               .rows = run->sequences * run->tokens,
                               .batch = run->sequences,
                               .later = run->later,
                               .heads = memory->heads,
                               .kv_heads = memory->kv_heads,
                               .head_dim = memory->head_dim};
}

static cudaError_t qk_norm(const struct tp_bound_op *bound, cudaStream_t stream)
{
  const struct tp_run all = {.sequences = 1, .tokens = bound->in[0].rows};
  const struct tp_head_rows heads = heads_of(bound, &all);
  return tp_launch_qk_norm(&heads, bound->in[1].data, bound->in[2].data, stream);
}

static cudaError_t rope_cache(const struct tp_bound_op *bound, const struct tp_run *run,
                              cudaStream_t stream)
{
  const enum tp_function function = bound->op->memory.function;
  const struct tp_head_rows heads = heads_of(bound, run);
  struct tp_row_view keys = {NULL, 0}, values = {NULL, 0};
  int64_t capacity = 0;
  if (function != TP_FUNCTION_ROPE) {
    const struct tp_operand *to = &bound->out[function == TP_FUNCTION_ROPE_CACHE ? 1 : 0];
    capacity = to->rows / bound->in[1].rows;
    keys = rows_from(&to[0], run->first_sequence * capacity);
    values = rows_from(&to[1], run->first_sequence * capacity);
  }
  return tp_launch_rope_cache(&heads, function != TP_FUNCTION_CACHE,
                              indices(&bound->in[1]) + run->first_sequence, keys, values, capacity,
                              stream);
}

/* Of the rows that are looked up here those of the run. */
static cudaError_t embed(const struct tp_bound_op *bound, const struct tp_run *run, int rank,
                         cudaStream_t stream)
{
  const struct tp_operand *table = &bound->in[2], *positions = &bound->in[3], *x = &bound->out[0];
  const struct tp_piece *piece = &table->tensor->pieces[0];
  const int64_t here = tp_embedded_from(bound, rank),
                run_end = run->first_row + run->sequences * run->tokens;
  const int64_t first = run->first_row > here ? run->first_row : here;
  const int64_t end = run_end < here + x->rows ? run_end : here + x->rows;
  if (end <= first)
    return cudaSuccess;
  const struct tp_embedding embedding = {
      .extent = {x->tensor->dtype, end - first, x->columns},
      .tokens = indices(&bound->in[0]) + run->first_row,
      .lengths = indices(&bound->in[1]) + run->first_sequence,
      .query_len = run->tokens,
      .first_token = first - run->first_row,
      .table = rows_of(table),
      .table_rows = table->rows,
      .first_row = table->tensor->n_pieces > 0 ? tp_piece_first_row(piece, rank) : 0,
      .positions = bound->op->n_in > 3 ? rows_of(positions) : (struct tp_row_view){NULL, 0},
      .position_rows = bound->op->n_in > 3 ? positions->rows : 0,
      .x = rows_from(x, first - here),
  };
  return tp_launch_embed(&embedding, stream);
}

static cudaError_t sample(const struct tp_bound_op *bound, const struct tp_rows *rows,
                          const struct tp_run *run, cudaStream_t stream)
{
  const struct tp_operand *operand = &bound->in[0];
  const struct tp_logits logits = tp_logits_of(bound);
  const bool all = logits.rows != tp_rows_sequences(rows);
  const struct tp_vocabulary vocabulary = {
      .dtype = operand->tensor->dtype,
      .blocks = logits.blocks,
      .rows = logits.rows,
      .rows_each = all ? run->tokens : 1,
      .columns = logits.columns,
      .words = logits.words,
      .logits = rows_from(operand, all ? run->first_row : run->first_sequence)};
  return tp_launch_sample(&vocabulary, run->sequences,
                          (int32_t *)bound->out[0].data + run->first_sequence, stream);
}

/* A kernel a chunk of the step. */
static cudaError_t launch_runs(const struct tp_bound_op *bound, int rank, cudaStream_t stream)
{
  const struct tp_rows rows = tp_rows_of(bound);
  cudaError_t result = cudaSuccess;
  for (int i = 0; i < rows.n && result == cudaSuccess; i++) {
    const struct tp_run *const run = &rows.runs[i];
    switch (bound->op->memory.function) {
    case TP_FUNCTION_EMBED:
      result = embed(bound, run, rank, stream);
      break;
    case TP_FUNCTION_SAMPLE:
      result = sample(bound, &rows, run, stream);
      break;
    default:
      result = rope_cache(bound, run, stream);
      break;
    }
  }
  return result;
}

static cudaError_t launch(const struct tp_bound_op *bound, int rank, cudaStream_t stream)
{
  switch (bound->op->memory.function) {
  case TP_FUNCTION_UNNAMED:
  case TP_FUNCTION_TOP_K:
    return cudaErrorNotSupported;
  case TP_FUNCTION_NORM:
  case TP_FUNCTION_ADD_NORM:
  case TP_FUNCTION_ADD_SUM_NORM:
    return norm(bound, stream);
  case TP_FUNCTION_ADD:
  case TP_FUNCTION_ADD_SHARE:
  case TP_FUNCTION_COPY:
    return add(bound, stream);
  case TP_FUNCTION_QK_NORM:
    return qk_norm(bound, stream);
  case TP_FUNCTION_EMBED:
  case TP_FUNCTION_ROPE:
  case TP_FUNCTION_CACHE:
  case TP_FUNCTION_ROPE_CACHE:
  case TP_FUNCTION_SAMPLE:
    return launch_runs(bound, rank, stream);
  case TP_FUNCTION_ACTIVATION:
    return tp_kernel_activate(&bound->in[0], &bound->out[0], stream);
  }
  return cudaErrorNotSupported;
}

enum tp_status tp_kernel_memory(const struct tp_bound_op *bound, int rank, cudaStream_t stream,
                                struct tp_error *error)
{
  const enum tp_function function = bound->op->memory.function;
  if (function == TP_FUNCTION_UNNAMED)
    return tp_fail(error, TP_E_INPUT, "op '%s' does not say what it computes: no kernel can",
                   bound->op->name);
  if (function == TP_FUNCTION_TOP_K)
    return tp_fail(error, TP_E_INPUT,
                   "op '%s': no kernel here chooses experts; take a dense model, or the device "
                   "'host'",
                   bound->op->name);
  const cudaError_t result = launch(bound, rank, stream);
  if (result == cudaSuccess)
    return TP_OK;
  return tp_fail(error, TP_E_ENVIRONMENT, "kernel of op '%s' (%s): %s (%s)", bound->op->name,
                 tp_function_text(function), cudaGetErrorString(result), cudaGetErrorName(result));
}

cudaError_t tp_kernel_activate(const struct tp_operand *x, const struct tp_operand *y,
                               cudaStream_t stream)
{
  return tp_launch_activate(extent_of(y), x->columns == 2 * y->columns, rows_of(x), rows_of(y),
                            stream);
}

cudaError_t tp_kernel_fill(void *memory, const struct tp_fill *fill, cudaStream_t stream)
{
  const struct tp_random random = {.extent = {fill->dtype, fill->rows, fill->columns},
                                   .key = fill->key,
                                   .first_row = fill->first_row,
                                   .first_column = fill->first_column,
                                   .mean = (float)fill->mean,
                                   .spread = (float)fill->spread};
  return tp_launch_fill(&random, memory, stream);
}

_Static_assert((int)TP_SCALE_FLOATS == 1 + (int)TP_AMAX_PARTS, "room at a scale");

cudaError_t tp_kernel_quantise(const struct tp_operand *x, void *to, float *scale,
                               cudaStream_t stream)
{
  return tp_launch_quantise(extent_of(x), rows_of(x), to, scale, stream);
}
