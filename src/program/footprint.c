/* Memory of one rank: what decides whether a run fits. */
#include "model/pattern.h"
#include "program/block.h"
#include "program/stage.h"

#include <string.h>

static double max(double a, double b)
{
  return a > b ? a : b;
}

/* Of a weight: where the checkpoint's own type is asked for, with as many scales as it has. */
static double element_bytes(const struct tp_pass *pass, enum tp_model_part part)
{
  const struct tp_model *const model = pass->request->model;
  const enum tp_dtype dtype = tp_request_dtype(pass->request, part);
  const bool own =
      model->dtypes[part] != NULL && strcmp(model->dtypes[part], tp_dtype_text(dtype)) == 0;
  return own && model->element_bytes[part] > 0 ? model->element_bytes[part] : tp_dtype_bytes(dtype);
}

/* Matrices in the GEMM type of their part, vectors in the activation type. */
double tp_pass_layer_bytes(const struct tp_pass *pass, const struct tp_layer *layer)
{
  double bytes = (double)tp_layer_vector_elements(layer) * tp_dtype_bytes(pass->wide);
  for (int part = 0; part < TP_N_PARTS; part++)
    bytes += (double)tp_layer_part_elements(layer, (enum tp_model_part)part) *
             element_bytes(pass, (enum tp_model_part)part);
  return bytes;
}

static double head_elements(const struct tp_pass *pass)
{
  const bool ends = tp_request_ends(pass->request);
  return ends ? (double)tp_pass_vocab(pass) * (double)pass->block.hidden : 0;
}

/* Embedding, positions, head and final norm, of the stages that use them; in one stage a tied head
 * is a view of the embedding, or the other way round, so the larger of the two is held. */
static double table_elements(const struct tp_pass *pass)
{
  const struct tp_request *request = pass->request;
  const struct tp_model *model = request->model;
  const int64_t tp = request->mesh.tp;
  const bool begins = request->stage == 0, ends = tp_request_ends(request);
  const double hidden = (double)pass->block.hidden;
  const int64_t embedding_rows =
      request->style.embedding_sharded ? (model->vocab + tp - 1) / tp : model->vocab;
  const double embedding = begins ? (double)embedding_rows * hidden : 0;
  const double head = head_elements(pass);
  const double positions = begins ? (double)model->max_positions * hidden : 0;
  const int n_norms = (begins && model->embedding_norm) + ends;
  const double norms = (double)(tp_norm_elements(pass->block.norm, pass->block.hidden) * n_norms);
  const double tables = model->tied_head ? max(embedding, head) : embedding + head;
  return tables + positions + norms;
}

/* A head that is quantised shares nothing with the embedding. */
static double table_bytes(const struct tp_pass *pass)
{
  const double wide = tp_dtype_bytes(pass->wide);
  const bool own = !pass->request->model->tied_head;
  return table_elements(pass) * wide +
         (own ? head_elements(pass) * (element_bytes(pass, TP_PART_HEAD) - wide) : 0);
}

static double blocks_of(const struct tp_pass *pass, int kind)
{
  const struct tp_model *model = pass->request->model;
  const struct tp_stage stage = tp_stage_of(pass->request);
  return (double)(tp_model_layers_of(model, kind, stage.first, stage.count) *
                  pass->kinds[kind].block.copies);
}

double tp_pass_parameters(const struct tp_pass *pass)
{
  double parameters = table_elements(pass);
  for (int kind = 0; kind < tp_model_n_kinds(pass->request->model); kind++)
    parameters += blocks_of(pass, kind) * (double)(tp_layer_matrix_elements(&pass->kinds[kind]) +
                                                   tp_layer_vector_elements(&pass->kinds[kind]));
  return parameters;
}

/* Of the feed-forward that all tokens meet. */
static int64_t dense_width(const struct tp_block *block)
{
  if (block->experts.count == 0)
    return block->ffn;
  return block->experts.count == 1 ? block->experts.ffn : block->experts.shared_ffn;
}

/* Rows that the experts of the rank work on, in and out, and their inner tensors; gathered tokens.
 */
static double experts_elements(const struct tp_pass *pass, const struct tp_block *block)
{
  const struct tp_mesh *const mesh = &pass->request->mesh;
  const struct tp_expert_shape *const all = &pass->request->model->experts;
  const double tokens = (double)pass->tokens * mesh->dp, hidden = (double)block->hidden;
  if (block->experts.count == 0 || all->count <= 1)
    return 0;
  const double rows = tokens * (double)all->top_k / mesh->ep;
  return rows * (2 * hidden + 3 * (double)all->ffn / tp_mesh_expert_parts(mesh)) +
         (mesh->dp > 1 ? 2 * tokens * hidden : 0);
}

/* Latents, and queries, keys and values of the heads; of decode queries as wide as the latent. */
static double latent_elements(const struct tp_pass *pass, const struct tp_block *block)
{
  const struct tp_latent_shape *const latent = &block->latent;
  double elements = 0;
  if (latent->kv_rank == 0)
    return 0;
  for (int i = 0; i < pass->request->batch.n; i++) {
    const struct tp_chunk *const chunk = &pass->request->batch.chunks[i];
    const int64_t wide = tp_chunk_decodes(chunk)
                             ? 2 * (latent->kv_rank + latent->rope_dim)
                             : 2 * (latent->nope_dim + latent->rope_dim + latent->value_dim);
    elements +=
        (double)(chunk->sequences * (chunk->context * !tp_chunk_decodes(chunk) + chunk->tokens) *
                 block->heads * wide);
  }
  return elements + (double)(pass->tokens * (latent->q_rank + latent->kv_rank));
}

/* Scores and probabilities of the largest chunk whose kernel keeps them. */
static double score_elements(const struct tp_pass *pass, const struct tp_block *block)
{
  const struct tp_request *const request = pass->request;
  double scores = 0;
  for (int i = 0; i < request->batch.n; i++) {
    const struct tp_chunk *const chunk = &request->batch.chunks[i];
    if (tp_style_attention(&request->style, chunk) == TP_ATTENTION_MATERIALISED)
      scores = max(scores, 2 * (double)(chunk->sequences * chunk->tokens) * (double)block->heads *
                               (double)(chunk->context + chunk->tokens));
  }
  return scores;
}

/* The inner tensors of the larger module of a block. */
static double inner_elements(const struct tp_pass *pass, const struct tp_block *block)
{
  const double tokens = (double)pass->tokens;
  const double attention =
      tokens * (double)(2 * block->heads + 2 * block->kv_heads) * (double)block->head_dim;
  const double mlp = tokens * (double)dense_width(block) * (block->gated ? 3 : 2);
  return max(max(attention + score_elements(pass, block), latent_elements(pass, block)),
             max(mlp, experts_elements(pass, block)));
}

/* Live at once at the widest point of a pass: residual, normalised copy and two outputs in flight;
 * the inner tensors of the widest of the stage's layers; logits where the stage ends the pass. */
static double activation_bytes(const struct tp_pass *pass)
{
  const struct tp_request *const request = pass->request;
  double inner = 0;
  for (int kind = 0; kind < tp_model_n_kinds(request->model); kind++)
    if (blocks_of(pass, kind) > 0)
      inner = max(inner, inner_elements(pass, &pass->kinds[kind].block));
  const double logits = tp_request_ends(request)
                            ? (double)tp_pass_head_rows(pass) * (double)request->model->vocab
                            : 0;
  const double outer =
      4 * (double)pass->tokens * (double)pass->block.hidden * (double)pass->block.copies;
  return (outer + max(inner, logits)) * tp_dtype_bytes(pass->wide);
}

void tp_pass_footprint(const struct tp_pass *pass, struct tp_program *program)
{
  const struct tp_model *model = pass->request->model;
  program->weight_bytes = table_bytes(pass);
  program->n_caches = tp_model_n_kinds(model);
  for (int kind = 0; kind < program->n_caches; kind++) {
    const struct tp_layer *layer = &pass->kinds[kind];
    const double blocks = blocks_of(pass, kind);
    program->weight_bytes += blocks * tp_pass_layer_bytes(pass, layer);
    program->caches[kind] = (struct tp_program_cache){
        .token_bytes = blocks * (double)pass->sequences * (double)tp_layer_cache_elements(layer) *
                       tp_kv_dtype_bytes(pass->request->kv_dtype, pass->wide),
        .window = layer->block.window};
  }
  program->kv_capacity = pass->request->kv_capacity;
  program->activation_bytes = activation_bytes(pass);
}
