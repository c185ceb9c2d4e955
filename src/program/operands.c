#include "program/block.h"
#include "program/operand_rows.h"

#include <assert.h>

static const char *const value_names[] = {
#define X(name, text) text,
    TP_VALUES(X)
#undef X
};

void tp_operands_begin(struct tp_pass *pass, bool said)
{
  struct tp_operands *operands = &pass->operands;
  operands->said = said;
  operands->n = 0;
  operands->joined = false;
  operands->chunk = -1;
  if (!said)
    return;
  const bool parts = tp_pass_splits(pass) || pass->request->batch.n > 1;
  operands->tensors = TP_NEW(pass->arena, struct tp_tensor, parts ? TP_MAX_TENSORS : TP_N_VALUES);
  for (int value = 0; value < TP_N_VALUES; value++) {
    for (int half = 0; half < 3; half++)
      operands->of[half][value] = TP_NO_TENSOR;
    operands->names[value] = value_names[value];
  }
  tp_operands_unbind(pass);
}

void tp_operands_unbind(struct tp_pass *pass)
{
  for (int value = 0; pass->operands.said && value < TP_N_VALUES; value++)
    pass->operands.bound[value] = (enum tp_value)value;
}

void tp_operands_bind(struct tp_pass *pass, enum tp_value name, enum tp_value value)
{
  pass->operands.bound[name] = value;
}

void tp_operands_chunk(struct tp_pass *pass, int which)
{
  pass->operands.chunk = which;
}

void tp_operands_name(struct tp_pass *pass, enum tp_value value, const char *name)
{
  pass->operands.names[value] = name;
}

void tp_operands_join_input(struct tp_pass *pass)
{
  pass->operands.joined = true;
}

static int find(struct tp_pass *pass, enum tp_value value);

static struct tp_tensor activation(const struct tp_pass *pass, int64_t rows, int64_t columns)
{
  return (struct tp_tensor){
      .kind = TP_TENSOR_ACTIVATION, .dtype = pass->wide, .rows = rows, .columns = columns};
}

static struct tp_tensor index_of(int64_t rows)
{
  return (struct tp_tensor){.kind = TP_TENSOR_INDEX, .rows = rows, .columns = 1};
}

/* `columns` of another value from `first_column` on. */
static struct tp_tensor part(struct tp_pass *pass, enum tp_value of, int64_t first_column,
                             int64_t columns)
{
  struct tp_tensor tensor = activation(pass, pass->tokens, columns);
  tensor.view_of = find(pass, of);
  tensor.first_column = first_column;
  tensor.row_step = 1;
  return tensor;
}

static struct tp_tensor last_tokens(struct tp_pass *pass)
{
  const int64_t query_len = pass->tokens / pass->sequences;
  struct tp_tensor tensor = activation(pass, pass->sequences, pass->block.hidden);
  tensor.view_of = find(pass, TP_VALUE_NORMED);
  tensor.first_row = query_len - 1;
  tensor.row_step = query_len;
  return tensor;
}

static struct tp_tensor cache(const struct tp_pass *pass)
{
  const struct tp_request *request = pass->request;
  struct tp_tensor tensor = activation(pass, pass->sequences * request->kv_capacity,
                                       pass->block.kv_heads * pass->block.head_dim);
  tensor.kind = TP_TENSOR_CACHE;
  tensor.layers = (int)request->model->layers;
  return tensor;
}

/* Keys of chunks that do not decode. */
static int64_t expanded_rows(const struct tp_batch *batch)
{
  int64_t rows = 0;
  for (int i = 0; i < batch->n; i++) {
    const struct tp_chunk *const chunk = &batch->chunks[i];
    rows += tp_chunk_decodes(chunk) ? 0 : chunk->sequences * (chunk->context + chunk->tokens);
  }
  return rows;
}

/* Of attention over a latent; no executor computes it, and its weights are left unsaid. */
static struct tp_tensor latent(const struct tp_pass *pass, enum tp_value value)
{
  const struct tp_latent_shape *const shape = &pass->block.latent;
  const int64_t tokens = pass->tokens, heads = pass->block.heads;
  const int64_t row = shape->kv_rank + shape->rope_dim;
  struct tp_tensor tensor;
  switch (value) {
  case TP_VALUE_LATENTS:
    return activation(pass, tokens, shape->q_rank + row);
  case TP_VALUE_CACHED_LATENTS:
    tensor = activation(pass, pass->sequences * pass->request->kv_capacity, row);
    tensor.kind = TP_TENSOR_CACHE;
    tensor.layers = (int)pass->request->model->layers;
    return tensor;
  case TP_VALUE_QUERIES:
    return activation(pass, tokens, heads * (shape->nope_dim + shape->rope_dim));
  case TP_VALUE_EXPANDED:
    return activation(pass, expanded_rows(&pass->request->batch),
                      heads * (shape->nope_dim + shape->value_dim));
  case TP_VALUE_ABSORBED:
    return activation(pass, tokens, heads * row);
  default:
    return activation(pass, tokens, heads * shape->kv_rank);
  }
}

/* Of a mixture; the same holds. */
static struct tp_tensor mixture(const struct tp_pass *pass, enum tp_value value)
{
  const struct tp_expert_shape *const all = &pass->request->model->experts;
  const struct tp_block *const block = &pass->block;
  const int64_t tokens = pass->tokens;
  const int64_t inner = all->count == 1 ? block->experts.ffn : block->experts.shared_ffn;
  switch (value) {
  case TP_VALUE_SCORES:
    return activation(pass, tokens, all->count);
  case TP_VALUE_CHOICE:
    return (struct tp_tensor){.kind = TP_TENSOR_INDEX, .rows = tokens, .columns = all->top_k};
  case TP_VALUE_CHOICE_WEIGHTS:
    return activation(pass, tokens, all->top_k);
  case TP_VALUE_DISPATCHED:
    return activation(pass, tokens * pass->request->mesh.dp, block->hidden);
  case TP_VALUE_SHARED_UP:
    return activation(pass, tokens, inner * (block->gated ? 2 : 1));
  case TP_VALUE_SHARED_INNER:
    return activation(pass, tokens, inner);
  default:
    return activation(pass, tokens, block->hidden);
  }
}

static struct tp_tensor describe(struct tp_pass *pass, enum tp_value value)
{
  const struct tp_block *block = &pass->block;
  const int64_t tokens = pass->tokens, batch = pass->sequences;
  const int64_t qkv = tp_layer_outputs(pass->shape, TP_PROJECTION_QKV);
  const int64_t up = tp_layer_outputs(pass->shape, TP_PROJECTION_UP);
  const bool joined = pass->operands.joined;
  switch (value) {
  case TP_VALUE_TOKENS:
    return index_of(tokens);
  case TP_VALUE_LENGTHS:
  case TP_VALUE_NEXT:
    return index_of(batch);
  case TP_VALUE_RESIDUAL:
  case TP_VALUE_NORMED:
  case TP_VALUE_ATTENTION_OUT:
  case TP_VALUE_MLP_OUT:
  case TP_VALUE_EXCHANGE:
  case TP_VALUE_EXCHANGED:
  case TP_VALUE_SUMMED:
  case TP_VALUE_COMBINED:
  case TP_VALUE_WIRED_1:
  case TP_VALUE_WIRED_2:
  case TP_VALUE_WIRED_3:
  case TP_VALUE_WIRED_4:
  case TP_VALUE_WIRED_5:
  case TP_VALUE_WIRED_6:
  case TP_VALUE_WIRED_7:
  case TP_VALUE_WIRED_8:
  case TP_VALUE_WIRED_9:
  case TP_VALUE_WIRED_10:
  case TP_VALUE_WIRED_11:
  case TP_VALUE_WIRED_12:
  case TP_VALUE_WIRED_13:
  case TP_VALUE_WIRED_14:
  case TP_VALUE_WIRED_15:
    return activation(pass, tokens, block->hidden);
  case TP_VALUE_LATENTS:
  case TP_VALUE_CACHED_LATENTS:
  case TP_VALUE_QUERIES:
  case TP_VALUE_EXPANDED:
  case TP_VALUE_ABSORBED:
  case TP_VALUE_ATTENDED_LATENTS:
    return latent(pass, value);
  case TP_VALUE_SCORES:
  case TP_VALUE_CHOICE:
  case TP_VALUE_CHOICE_WEIGHTS:
  case TP_VALUE_DISPATCHED:
  case TP_VALUE_SHARED_UP:
  case TP_VALUE_SHARED_INNER:
  case TP_VALUE_SHARED_OUT:
    return mixture(pass, value);
  case TP_VALUE_SHARE_1:
  case TP_VALUE_SHARE_2:
  case TP_VALUE_SHARE_3:
  case TP_VALUE_SHARE_4:
  case TP_VALUE_SHARE_5:
  case TP_VALUE_SHARE_6:
  case TP_VALUE_SHARE_7:
  case TP_VALUE_SHARE_8:
    return activation(pass, tp_pass_share_tokens(pass), block->hidden);
  case TP_VALUE_LAST:
    return last_tokens(pass);
  case TP_VALUE_INPUT:
    return activation(pass, tokens, qkv + up);
  case TP_VALUE_QKV:
    return joined ? part(pass, TP_VALUE_INPUT, 0, qkv) : activation(pass, tokens, qkv);
  case TP_VALUE_UP:
    return joined ? part(pass, TP_VALUE_INPUT, qkv, up) : activation(pass, tokens, up);
  case TP_VALUE_INNER:
    return activation(pass, tokens, block->ffn);
  case TP_VALUE_ATTENDED:
    return activation(pass, tokens, tp_layer_inputs(pass->shape, TP_PROJECTION_OUT));
  case TP_VALUE_KEYS:
  case TP_VALUE_CACHED_VALUES:
    return cache(pass);
  case TP_VALUE_LOGITS:
    return activation(pass, tp_pass_head_rows(pass), tp_pass_vocab(pass));
  case TP_VALUE_GATHERED:
    return activation(pass, tp_pass_head_rows(pass) * pass->request->mesh.tp, tp_pass_vocab(pass));
  default:
    return tp_operands_weight(pass, value);
  }
}

static int append(struct tp_operands *operands, struct tp_tensor tensor)
{
  if (tensor.row_step == 0)
    tensor.view_of = TP_NO_TENSOR;
  if (tensor.layers == 0)
    tensor.layers = 1;
  operands->tensors[operands->n] = tensor;
  return operands->n++;
}

static int find_whole(struct tp_pass *pass, enum tp_value value)
{
  struct tp_operands *operands = &pass->operands;
  if (operands->of[0][value] != TP_NO_TENSOR)
    return operands->of[0][value];
  struct tp_tensor tensor = describe(pass, value); /* a view finds its base first */
  tensor.name = operands->names[value];
  return operands->of[0][value] = append(operands, tensor);
}

static int find_half(struct tp_pass *pass, enum tp_value value)
{
  struct tp_operands *operands = &pass->operands;
  const int half = pass->half;
  if (operands->of[half][value] != TP_NO_TENSOR)
    return operands->of[half][value];
  if (half == 0)
    return find_whole(pass, value);
  tp_pass_half(pass, 0); /* a half is a view of the whole */
  const int whole = find_whole(pass, value);
  tp_pass_half(pass, half);
  if (operands->tensors[whole].kind == TP_TENSOR_WEIGHT)
    return operands->of[half][value] = whole;
  struct tp_tensor tensor = tp_operand_half(pass, whole, value);
  tensor.name = tp_arena_printf(pass->arena, "%s@%d", operands->tensors[whole].name, half);
  return operands->of[half][value] = append(operands, tensor);
}

/* The view if there is one, or a new one. */
static int find_view(struct tp_operands *operands, struct tp_tensor view)
{
  for (int i = view.view_of + 1; i < operands->n; i++) {
    const struct tp_tensor *const other = &operands->tensors[i];
    if (other->view_of == view.view_of && other->first_row == view.first_row &&
        other->rows == view.rows && other->first_column == view.first_column &&
        other->columns == view.columns && other->row_step == view.row_step)
      return i;
  }
  return append(operands, view);
}

static int find(struct tp_pass *pass, enum tp_value name)
{
  struct tp_operands *operands = &pass->operands;
  const enum tp_value value = operands->bound[name];
  const int all = find_half(pass, value);
  if (operands->chunk < 0 || pass->part.n == 1)
    return all;
  struct tp_tensor view = tp_operand_chunk(pass, all, value);
  view.name = tp_arena_printf(pass->arena, "%s[%d]", operands->tensors[all].name, operands->chunk);
  return find_view(operands, view);
}

static int found(const struct tp_pass *pass, enum tp_value value)
{
  return pass->operands.said ? pass->operands.of[0][value] : TP_NO_TENSOR;
}

void tp_operands_read(struct tp_pass *pass, const enum tp_value *values)
{
  if (!pass->operands.said)
    return;
  struct tp_op *op = tp_pass_last(pass);
  for (; *values <= TP_N_VALUES; values++)
    if (*values != TP_VALUE_NONE) {
      assert(op->n_in < TP_MAX_INPUTS);
      op->in[op->n_in++] = find(pass, *values);
    }
}

void tp_operands_write(struct tp_pass *pass, const enum tp_value *values)
{
  if (!pass->operands.said)
    return;
  struct tp_op *op = tp_pass_last(pass);
  for (; *values <= TP_N_VALUES; values++)
    if (*values != TP_VALUE_NONE) {
      assert(op->n_out < TP_MAX_OUTPUTS);
      op->out[op->n_out++] = find(pass, *values);
    }
}

void tp_operands_end(struct tp_pass *pass)
{
  struct tp_program *program = pass->program;
  program->n_tensors = pass->operands.n;
  program->tensors = pass->operands.tensors;
  program->tokens = found(pass, TP_VALUE_TOKENS);
  program->lengths = found(pass, TP_VALUE_LENGTHS);
  program->logits = found(pass, tp_pass_gathers_logits(pass) ? TP_VALUE_GATHERED : TP_VALUE_LOGITS);
  program->next = found(pass, TP_VALUE_NEXT);
}
