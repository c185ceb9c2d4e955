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

static void add_piece(struct tp_tensor *tensor, struct tp_piece piece)
{
  tensor->pieces[tensor->n_pieces++] = piece;
  tensor->rows += piece.rows;
  tensor->columns = piece.columns;
}

/* A layer's, whole on every rank.  Not looked up: an architecture may have a norm more than the
 * model. */
static struct tp_tensor vector(struct tp_pass *pass, const char *of, enum tp_role role,
                               int64_t elements)
{
  struct tp_tensor tensor = weight(pass, pass->wide, 1);
  add_piece(&tensor, (struct tp_piece){.of = of,
                                       .role = role,
                                       .split = pass->block.own ? TP_SPLIT_OWN : TP_SPLIT_WHOLE,
                                       .rows = elements,
                                       .columns = 1,
                                       .sharers = 1});
  return tensor;
}

/* The same for all ranks and layers. */
static struct tp_tensor table(struct tp_pass *pass, const char *of, enum tp_role role,
                              enum tp_split split, int64_t rows, int64_t columns)
{
  struct tp_tensor tensor = weight(pass, pass->wide, 1);
  add_piece(
      &tensor,
      (struct tp_piece){
          .of = of, .role = role, .split = split, .rows = rows, .columns = columns, .sharers = 1});
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
    return vector(pass, "mlp.gain", TP_ROLE_GAIN, hidden);
  case TP_VALUE_MLP_BIAS:
    return vector(pass, "mlp.bias", TP_ROLE_BIAS, hidden);
  case TP_VALUE_ATTENTION_GAIN:
    tensor = vector(pass, "attn.gain", TP_ROLE_GAIN, hidden);
    break;
  default:
    tensor = vector(pass, "attn.bias", TP_ROLE_BIAS, hidden);
    break;
  }
  tensor.layers++;
  return tensor;
}

static void add_matrix(struct tp_tensor *tensor, const struct tp_matrix *matrix, const char *name)
{
  add_piece(tensor, (struct tp_piece){.of = name,
                                      .role = TP_ROLE_MATRIX,
                                      .split = matrix->split,
                                      .rows = matrix->rows,
                                      .columns = matrix->columns,
                                      .sharers = matrix->sharers});
}

/* Room for so many of the layer's matrices, of their part's type. */
static struct tp_tensor room_for(struct tp_pass *pass, unsigned projections, int pieces)
{
  const enum tp_model_part part = tp_layer_part(pass->shape, projections);
  return weight(pass, tp_request_dtype(pass->request, part), pieces);
}

/* The layer's matrices of a GEMM, stacked by rows. */
static struct tp_tensor matrices(struct tp_pass *pass, unsigned projections)
{
  struct tp_tensor tensor = room_for(pass, projections, TP_MAX_MATRICES);
  for (int i = 0; i < pass->shape->n_matrices; i++) {
    const struct tp_matrix *matrix = &pass->shape->matrices[i];
    if (matrix->projection & projections)
      add_matrix(&tensor, matrix, matrix->name);
  }
  return tensor;
}

/* Those of every expert, one expert after the other; "expert.up.3" is the fourth's. */
static struct tp_tensor experts(struct tp_pass *pass, unsigned projections)
{
  const int64_t count = pass->block.experts.count;
  struct tp_tensor tensor = room_for(pass, projections, TP_MAX_MATRICES * (int)count);
  for (int64_t expert = 0; expert < count; expert++)
    for (int i = 0; i < pass->shape->n_matrices; i++) {
      const struct tp_matrix *matrix = &pass->shape->matrices[i];
      if (matrix->projection & projections)
        add_matrix(&tensor, matrix,
                   tp_arena_printf(pass->arena, "%s.%d", matrix->name, (int)expert));
    }
  return tensor;
}

/* Their biases.  What is summed over ranks gets its bias once. */
static struct tp_tensor biases(struct tp_pass *pass, unsigned projections)
{
  struct tp_tensor tensor = weight(pass, pass->wide, TP_MAX_MATRICES);
  for (int i = 0; i < pass->shape->n_matrices; i++) {
    const struct tp_matrix *matrix = &pass->shape->matrices[i];
    const bool summed = matrix->split == TP_SPLIT_COLUMNS;
    if (matrix->projection & projections)
      add_piece(&tensor, (struct tp_piece){.of = matrix->bias_name,
                                           .role = matrix->biased ? TP_ROLE_BIAS : TP_ROLE_ZERO,
                                           .split = summed ? TP_SPLIT_FIRST : matrix->split,
                                           .rows = matrix->rows,
                                           .columns = 1,
                                           .sharers = matrix->sharers});
  }
  return tensor;
}

static struct tp_tensor combine_weight(struct tp_pass *pass)
{
  const int64_t hidden = pass->block.hidden;
  struct tp_tensor tensor =
      table(pass, "combine", TP_ROLE_MATRIX, TP_SPLIT_COLUMNS, hidden, hidden);
  tensor.dtype = pass->request->dtype;
  return tensor;
}

static struct tp_tensor head_weight(struct tp_pass *pass)
{
  const bool tied = pass->request->model->tied_head;
  const enum tp_split split = pass->request->style.head_sharded ? TP_SPLIT_ROWS : TP_SPLIT_WHOLE;
  return table(pass, tied ? "embedding" : "head", TP_ROLE_MATRIX, split, tp_pass_vocab(pass),
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
    return vector(pass, "attn.q.gain", TP_ROLE_GAIN, block->head_dim);
  case TP_VALUE_K_GAIN:
    return vector(pass, "attn.k.gain", TP_ROLE_GAIN, block->head_dim);
  case TP_VALUE_QKV_WEIGHT:
    return matrices(pass, TP_PROJECTION_QKV);
  case TP_VALUE_QKV_SHIFT:
    return biases(pass, TP_PROJECTION_QKV);
  case TP_VALUE_UP_WEIGHT:
    return matrices(pass, TP_PROJECTION_UP);
  case TP_VALUE_UP_SHIFT:
    return biases(pass, TP_PROJECTION_UP);
  case TP_VALUE_INPUT_WEIGHT:
    return matrices(pass, TP_PROJECTION_QKV | TP_PROJECTION_UP);
  case TP_VALUE_INPUT_SHIFT:
    return biases(pass, TP_PROJECTION_QKV | TP_PROJECTION_UP);
  case TP_VALUE_OUT_WEIGHT:
    return matrices(pass, TP_PROJECTION_OUT);
  case TP_VALUE_OUT_SHIFT:
    return biases(pass, TP_PROJECTION_OUT);
  case TP_VALUE_DOWN_WEIGHT:
    return matrices(pass, TP_PROJECTION_DOWN);
  case TP_VALUE_DOWN_SHIFT:
    return biases(pass, TP_PROJECTION_DOWN);
  case TP_VALUE_ROUTER_WEIGHT:
    return matrices(pass, TP_PROJECTION_ROUTER);
  case TP_VALUE_ROUTER_SHIFT:
    return biases(pass, TP_PROJECTION_ROUTER);
  case TP_VALUE_EXPERT_UP_WEIGHT:
    return experts(pass, TP_PROJECTION_EXPERT_UP);
  case TP_VALUE_EXPERT_DOWN_WEIGHT:
    return experts(pass, TP_PROJECTION_EXPERT_DOWN);
  case TP_VALUE_SHARED_UP_WEIGHT:
    return matrices(pass, TP_PROJECTION_SHARED_UP);
  case TP_VALUE_SHARED_DOWN_WEIGHT:
    return matrices(pass, TP_PROJECTION_SHARED_DOWN);
  case TP_VALUE_COMBINE_WEIGHT:
    return combine_weight(pass);
  case TP_VALUE_HEAD_WEIGHT:
    return head_weight(pass);
  default:
    return norm_vector(pass, value);
  }
}
