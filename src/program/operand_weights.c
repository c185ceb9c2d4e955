/* Weights of a pass: their shapes, and how ranks share the matrices of the model. */
#include "program/block.h"

/* One layer's, of `dtype`; add_piece fills it. */
static struct tp_tensor weight(struct tp_pass *pass, enum tp_dtype dtype, int pieces)
{
  return (struct tp_tensor){.kind = TP_TENSOR_WEIGHT,
                            .dtype = dtype,
                            .layers = (int)pass->request->model->layers,
                            .pieces = TP_NEW(pass->arena, struct tp_piece, pieces)};
}

/* Sub-layers of Kraken have all of their own weights, each rank another's. */
static void add_piece(const struct tp_pass *pass, struct tp_tensor *tensor, const char *of,
                      enum tp_role role, enum tp_split split, int64_t rows, int64_t columns)
{
  tensor->pieces[tensor->n_pieces++] =
      (struct tp_piece){.of = of,
                        .role = role,
                        .split = pass->block.own ? TP_SPLIT_OWN : split,
                        .rows = rows,
                        .columns = columns,
                        .sharers = 1};
  tensor->rows += rows;
  tensor->columns = columns;
}

static struct tp_tensor vector(struct tp_pass *pass, const char *of, enum tp_role role,
                               enum tp_split split, int64_t elements)
{
  struct tp_tensor tensor = weight(pass, pass->wide, 1);
  add_piece(pass, &tensor, of, role, split, elements, 1);
  return tensor;
}

/* The same for all ranks and layers. */
static struct tp_tensor table(struct tp_pass *pass, const char *of, enum tp_role role,
                              enum tp_split split, int64_t rows, int64_t columns)
{
  struct tp_tensor tensor = weight(pass, pass->wide, 1);
  add_piece(pass, &tensor, of, role, split, rows, columns);
  tensor.pieces[0].split = split;
  tensor.layers = 1;
  return tensor;
}

static struct tp_tensor norm_vector(struct tp_pass *pass, enum tp_value value)
{
  const int64_t hidden = pass->block.hidden;
  struct tp_tensor tensor;
  switch (value) {
  case TP_VALUE_EMBED_GAIN:
    return table(pass, "embed.gain", TP_ROLE_GAIN, TP_SPLIT_WHOLE, hidden, 1);
  case TP_VALUE_EMBED_BIAS:
    return table(pass, "embed.bias", TP_ROLE_BIAS, TP_SPLIT_WHOLE, hidden, 1);
  case TP_VALUE_FINAL_GAIN:
    return table(pass, "final.gain", TP_ROLE_GAIN, TP_SPLIT_WHOLE, hidden, 1);
  case TP_VALUE_FINAL_BIAS:
    return table(pass, "final.bias", TP_ROLE_BIAS, TP_SPLIT_WHOLE, hidden, 1);
  case TP_VALUE_MLP_GAIN:
    return vector(pass, "mlp.gain", TP_ROLE_GAIN, TP_SPLIT_WHOLE, hidden);
  case TP_VALUE_MLP_BIAS:
    return vector(pass, "mlp.bias", TP_ROLE_BIAS, TP_SPLIT_WHOLE, hidden);
  case TP_VALUE_ATTENTION_GAIN:
    tensor = vector(pass, "attn.gain", TP_ROLE_GAIN, TP_SPLIT_WHOLE, hidden);
    break;
  default:
    tensor = vector(pass, "attn.bias", TP_ROLE_BIAS, TP_SPLIT_WHOLE, hidden);
    break;
  }
  tensor.layers++;
  return tensor;
}

/* Ranks beyond the KV heads share them. */
static int kv_sharers(const struct tp_pass *pass)
{
  const int64_t kv_heads = pass->request->model->kv_heads;
  return pass->request->mesh.tp > kv_heads ? (int)(pass->request->mesh.tp / kv_heads) : 1;
}

static enum tp_role role_of(bool bias, bool present)
{
  if (!bias)
    return TP_ROLE_MATRIX;
  return present ? TP_ROLE_BIAS : TP_ROLE_ZERO;
}

static void add_qkv(const struct tp_pass *pass, struct tp_tensor *tensor, bool bias)
{
  const struct tp_block *block = &pass->block;
  const enum tp_role role = role_of(bias, block->qkv_bias);
  const int64_t q = block->heads * block->head_dim, kv = block->kv_heads * block->head_dim;
  const int64_t columns = bias ? 1 : block->hidden;
  add_piece(pass, tensor, bias ? "attn.q.bias" : "attn.q", role, TP_SPLIT_ROWS, q, columns);
  add_piece(pass, tensor, bias ? "attn.k.bias" : "attn.k", role, TP_SPLIT_ROWS, kv, columns);
  add_piece(pass, tensor, bias ? "attn.v.bias" : "attn.v", role, TP_SPLIT_ROWS, kv, columns);
  tensor->pieces[1].sharers = tensor->pieces[2].sharers = kv_sharers(pass);
}

static void add_up(const struct tp_pass *pass, struct tp_tensor *tensor, bool bias)
{
  const struct tp_block *block = &pass->block;
  const enum tp_role role = role_of(bias, block->mlp_bias);
  const int64_t columns = bias ? 1 : block->hidden;
  add_piece(pass, tensor, bias ? "mlp.up.bias" : "mlp.up", role, TP_SPLIT_ROWS, block->ffn,
            columns);
  if (block->gated)
    add_piece(pass, tensor, bias ? "mlp.gate.bias" : "mlp.gate", role, TP_SPLIT_ROWS, block->ffn,
              columns);
}

/* qkv, up, or both: what reads the norm. */
static struct tp_tensor input_weight(struct tp_pass *pass, bool qkv, bool up, bool bias)
{
  struct tp_tensor tensor = weight(pass, bias ? pass->wide : pass->request->dtype, 5);
  if (qkv)
    add_qkv(pass, &tensor, bias);
  if (up)
    add_up(pass, &tensor, bias);
  return tensor;
}

/* What is summed over ranks: each has some of the columns. */
static struct tp_tensor output_weight(struct tp_pass *pass, const char *of, int64_t width)
{
  struct tp_tensor tensor = weight(pass, pass->request->dtype, 1);
  add_piece(pass, &tensor, of, TP_ROLE_MATRIX, TP_SPLIT_COLUMNS, pass->block.hidden, width);
  return tensor;
}

static struct tp_tensor combine_weight(struct tp_pass *pass)
{
  struct tp_tensor tensor = output_weight(pass, "combine", pass->block.hidden);
  tensor.pieces[0].split = TP_SPLIT_COLUMNS;
  tensor.layers = 1;
  return tensor;
}

static struct tp_tensor head_weight(struct tp_pass *pass)
{
  const bool tied = pass->request->model->tied_head;
  const enum tp_split split = pass->request->style.head_sharded ? TP_SPLIT_ROWS : TP_SPLIT_WHOLE;
  return table(pass, tied ? "embedding" : "head", TP_ROLE_MATRIX, split, tp_block_vocab(pass),
               pass->block.hidden);
}

static struct tp_tensor embedding(struct tp_pass *pass)
{
  const struct tp_request *request = pass->request;
  const int64_t vocab = request->model->vocab, tp = request->mesh.tp;
  const bool sharded = request->style.embedding_sharded;
  return table(pass, "embedding", TP_ROLE_MATRIX, sharded ? TP_SPLIT_ROWS : TP_SPLIT_WHOLE,
               sharded ? (vocab + tp - 1) / tp : vocab, pass->block.hidden);
}

struct tp_tensor tp_operands_weight(struct tp_pass *pass, enum tp_value value)
{
  const struct tp_block *block = &pass->block;
  const int64_t hidden = block->hidden;
  switch (value) {
  case TP_VALUE_EMBEDDING:
    return embedding(pass);
  case TP_VALUE_POSITIONS:
    return table(pass, "positions", TP_ROLE_MATRIX, TP_SPLIT_WHOLE,
                 pass->request->model->max_positions, hidden);
  case TP_VALUE_Q_GAIN:
    return vector(pass, "attn.q.gain", TP_ROLE_GAIN, TP_SPLIT_WHOLE, block->head_dim);
  case TP_VALUE_K_GAIN:
    return vector(pass, "attn.k.gain", TP_ROLE_GAIN, TP_SPLIT_WHOLE, block->head_dim);
  case TP_VALUE_QKV_WEIGHT:
  case TP_VALUE_QKV_SHIFT:
    return input_weight(pass, true, false, value == TP_VALUE_QKV_SHIFT);
  case TP_VALUE_UP_WEIGHT:
  case TP_VALUE_UP_SHIFT:
    return input_weight(pass, false, true, value == TP_VALUE_UP_SHIFT);
  case TP_VALUE_INPUT_WEIGHT:
  case TP_VALUE_INPUT_SHIFT:
    return input_weight(pass, true, true, value == TP_VALUE_INPUT_SHIFT);
  case TP_VALUE_OUT_WEIGHT:
    return output_weight(pass, "attn.out", block->heads * block->head_dim);
  case TP_VALUE_OUT_SHIFT:
    return vector(pass, "attn.out.bias", TP_ROLE_BIAS, TP_SPLIT_FIRST, hidden);
  case TP_VALUE_DOWN_WEIGHT:
    return output_weight(pass, "mlp.down", block->ffn);
  case TP_VALUE_DOWN_SHIFT:
    return vector(pass, "mlp.down.bias", TP_ROLE_BIAS, TP_SPLIT_FIRST, hidden);
  case TP_VALUE_COMBINE_WEIGHT:
    return combine_weight(pass);
  case TP_VALUE_HEAD_WEIGHT:
    return head_weight(pass);
  default:
    return norm_vector(pass, value);
  }
}
