/* Memory of one rank: what decides whether a run fits. */
#include "program/block.h"

static double max(double a, double b)
{
  return a > b ? a : b;
}

/* Matrices of one block in the GEMM type, vectors in the activation type. */
static double block_weight_bytes(const struct tp_pass *pass)
{
  const struct tp_block *b = &pass->block;
  const double hidden = (double)b->hidden, ffn = (double)b->ffn, dim = (double)b->head_dim;
  const double q = (double)b->heads * dim, kv = (double)b->kv_heads * dim;
  const int ups = b->gated ? 2 : 1;
  const double matrices = hidden * (q + 2 * kv) + q * hidden + hidden * ffn * (ups + 1);
  const int norms = pass->request->model->shared_norm ? 1 : 2;
  double vectors = norms * hidden * (b->norm == TP_NORM_LAYER ? 2 : 1);
  vectors += b->qkv_bias ? q + 2 * kv : 0;
  vectors += b->out_bias ? hidden : 0;
  vectors += b->mlp_bias ? ups * ffn + hidden : 0;
  vectors += b->qk_norm ? 2 * dim : 0;
  return matrices * tp_dtype_bytes(pass->request->dtype) + vectors * tp_dtype_bytes(pass->wide);
}

/* Embedding, positions, head and final norm; a tied head is a view of the embedding, or the other
 * way round, so the larger of the two is held. */
static double table_weight_bytes(const struct tp_pass *pass)
{
  const struct tp_model *model = pass->request->model;
  const int64_t tp = pass->request->mesh.tp;
  const double hidden = (double)pass->block.hidden;
  const int64_t embedding_rows =
      pass->request->style.embedding_sharded ? (model->vocab + tp - 1) / tp : model->vocab;
  const double embedding = (double)embedding_rows * hidden;
  const double head = (double)tp_block_vocab(pass) * hidden;
  const double positions = (double)model->max_positions * hidden;
  const double norms =
      hidden * (pass->block.norm == TP_NORM_LAYER ? 2 : 1) * (model->embedding_norm ? 2 : 1);
  const double tables = model->tied_head ? max(embedding, head) : embedding + head;
  return (tables + positions + norms) * tp_dtype_bytes(pass->wide);
}

/* Live at once at the widest point of a pass: residual, normalised copy and two outputs in flight;
 * the inner tensors of the larger module; the score matrix where it is materialised; logits. */
static double activation_bytes(const struct tp_pass *pass)
{
  const struct tp_block *b = &pass->block;
  const struct tp_request *request = pass->request;
  const double tokens = (double)pass->tokens;
  const double attention = tokens * (double)(2 * b->heads + 2 * b->kv_heads) * (double)b->head_dim;
  const double mlp = tokens * (double)b->ffn * (b->gated ? 3 : 2);
  double scores = 0; /* scores and probabilities of the largest chunk whose kernel keeps them */
  for (int i = 0; i < request->batch.n; i++) {
    const struct tp_chunk *chunk = &request->batch.chunks[i];
    if (tp_style_attention(&request->style, chunk) == TP_ATTENTION_MATERIALISED)
      scores = max(scores, 2 * (double)(chunk->sequences * chunk->tokens) * (double)b->heads *
                               (double)(chunk->context + chunk->tokens));
  }
  const double logits = (double)tp_block_head_rows(pass) * (double)request->model->vocab;
  const double outer = 4 * tokens * (double)b->hidden * b->copies;
  return (outer + max(max(attention + scores, mlp), logits)) * tp_dtype_bytes(pass->wide);
}

void tp_pass_footprint(const struct tp_pass *pass, struct tp_program *program)
{
  const struct tp_block *b = &pass->block;
  const struct tp_request *request = pass->request;
  const double blocks = (double)request->model->layers * b->copies;
  program->weight_bytes = blocks * block_weight_bytes(pass) + table_weight_bytes(pass);
  program->kv_token_bytes = blocks * 2 * (double)pass->sequences * (double)b->kv_heads *
                            (double)b->head_dim * tp_dtype_bytes(pass->wide);
  program->kv_capacity = request->kv_capacity;
  program->activation_bytes = activation_bytes(pass);
}
