/* Memory of one rank: what decides whether a run fits. */
#include "model/pattern.h"
#include "program/block.h"

static double max(double a, double b)
{
  return a > b ? a : b;
}

/* Matrices in the GEMM type, vectors in the activation type. */
static double block_weight_bytes(const struct tp_pass *pass, const struct tp_layer *layer)
{
  return (double)tp_layer_matrix_elements(layer) * tp_dtype_bytes(pass->request->dtype) +
         (double)tp_layer_vector_elements(layer) * tp_dtype_bytes(pass->wide);
}

static double block_cache_bytes(const struct tp_pass *pass, const struct tp_layer *layer)
{
  const int64_t tokens =
      pass->request->batch * tp_layer_cache_tokens(layer, pass->request->kv_capacity);
  return (double)tokens * (double)tp_layer_cache_elements(layer) * tp_dtype_bytes(pass->wide);
}

/* Embedding, positions, head and final norm; a tied head is a view of the embedding, or the other
 * way round, so the larger of the two is held. */
static double table_weight_bytes(const struct tp_pass *pass)
{
  const struct tp_model *model = pass->request->model;
  const int64_t tp = pass->request->tp;
  const double hidden = (double)pass->block.hidden;
  const int64_t embedding_rows =
      pass->request->style.embedding_sharded ? (model->vocab + tp - 1) / tp : model->vocab;
  const double embedding = (double)embedding_rows * hidden;
  const double head = (double)tp_block_vocab(pass) * hidden;
  const double positions = (double)model->max_positions * hidden;
  const double norms = (double)tp_norm_elements(pass->block.norm, pass->block.hidden) *
                       (model->embedding_norm ? 2 : 1);
  const double tables = model->tied_head ? max(embedding, head) : embedding + head;
  return (tables + positions + norms) * tp_dtype_bytes(pass->wide);
}

/* Live at once at the widest point of a pass: residual, normalised copy and two outputs in flight;
 * the inner tensors of the larger module; the score matrix where it is materialised; logits. */
static double activation_bytes(const struct tp_pass *pass)
{
  const struct tp_block *b = &pass->block;
  const struct tp_request *request = pass->request;
  const bool decode = request->phase == TP_DECODE;
  const double tokens = (double)pass->tokens;
  const double attention = tokens * (double)(2 * b->heads + 2 * b->kv_heads) * (double)b->head_dim;
  const double mlp = tokens * (double)b->ffn * (b->gated ? 3 : 2);
  const enum tp_attention_style style =
      decode ? request->style.attention_decode : request->style.attention_prefill;
  double scores = 0;
  if (style == TP_ATTENTION_MATERIALISED) /* scores and probabilities */
    scores = 2 * tokens * (double)b->heads * (double)(decode ? request->kv_len : request->prompt);
  const double logits = (double)tp_block_head_rows(pass) * (double)request->model->vocab;
  const double outer = 4 * tokens * (double)b->hidden * (double)b->copies;
  return (outer + max(max(attention + scores, mlp), logits)) * tp_dtype_bytes(pass->wide);
}

void tp_pass_footprint(const struct tp_pass *pass, struct tp_program *program)
{
  const struct tp_model *model = pass->request->model;
  program->weight_bytes = table_weight_bytes(pass);
  program->kv_bytes = 0;
  for (int kind = 0; kind < tp_model_n_kinds(model); kind++) {
    const struct tp_layer *layer = &pass->kinds[kind];
    const double blocks = (double)(tp_model_layers_of(model, kind) * layer->block.copies);
    program->weight_bytes += blocks * block_weight_bytes(pass, layer);
    program->kv_bytes += blocks * block_cache_bytes(pass, layer);
  }
  program->activation_bytes = activation_bytes(pass);
}
