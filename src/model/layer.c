#include "model/layer.h"

#include <string.h>

static void add_matrix(struct tp_layer *layer, struct tp_matrix matrix)
{
  matrix.sharers = 1;
  if (matrix.copies == 0)
    matrix.copies = 1;
  if (layer->block.own)
    matrix.split = TP_SPLIT_OWN;
  layer->matrices[layer->n_matrices++] = matrix;
}
#define ADD_MATRIX(layer, of, ...) \
  add_matrix((layer), (struct tp_matrix){.name = of, .bias_name = of ".bias", __VA_ARGS__})

/* Megatron's cut: by rows on the way into heads and the MLP's width, by columns on the way out. */
static void add_head_matrices(struct tp_layer *layer, const struct tp_model *model,
                              bool keys_as_values)
{
  const struct tp_block *b = &layer->block;
  const int64_t hidden = b->hidden;
  ADD_MATRIX(layer, "attn.q", .projection = TP_PROJECTION_QKV, .unit = TP_UNIT_HEAD,
             .split = TP_SPLIT_ROWS, .rows = b->heads * b->head_dim, .columns = hidden,
             .biased = model->qkv_bias);
  ADD_MATRIX(layer, "attn.k", .projection = TP_PROJECTION_QKV, .unit = TP_UNIT_KV_HEAD,
             .split = TP_SPLIT_ROWS, .rows = b->kv_heads * b->head_dim, .columns = hidden,
             .biased = model->qkv_bias);
  if (!keys_as_values)
    ADD_MATRIX(layer, "attn.v", .projection = TP_PROJECTION_QKV, .unit = TP_UNIT_KV_HEAD,
               .split = TP_SPLIT_ROWS, .rows = b->kv_heads * b->value_dim, .columns = hidden,
               .biased = model->qkv_bias);
}

/* Down to latent vectors, which every rank has, and up to the heads of the rank. */
static void add_latent_matrices(struct tp_layer *layer, const struct tp_model *model)
{
  const struct tp_block *b = &layer->block;
  const struct tp_latent_shape *latent = &model->latent;
  const int64_t q = b->heads * (latent->nope_dim + latent->rope_dim);
  const bool compressed = latent->q_rank > 0;
  if (compressed)
    ADD_MATRIX(layer, "attn.q.down", .projection = TP_PROJECTION_LATENT, .unit = TP_UNIT_NONE,
               .split = TP_SPLIT_WHOLE, .rows = latent->q_rank, .columns = b->hidden,
               .biased = model->qkv_bias);
  else
    ADD_MATRIX(layer, "attn.q", .projection = TP_PROJECTION_LATENT, .unit = TP_UNIT_HEAD,
               .split = TP_SPLIT_ROWS, .rows = q, .columns = b->hidden);
  ADD_MATRIX(layer, "attn.kv.down", .projection = TP_PROJECTION_LATENT, .unit = TP_UNIT_NONE,
             .split = TP_SPLIT_WHOLE, .rows = latent->kv_rank + latent->rope_dim,
             .columns = b->hidden, .biased = model->qkv_bias);
  if (compressed)
    ADD_MATRIX(layer, "attn.q.up", .projection = TP_PROJECTION_Q_UP, .unit = TP_UNIT_HEAD,
               .split = TP_SPLIT_ROWS, .rows = q, .columns = latent->q_rank);
  ADD_MATRIX(layer, "attn.kv.up", .projection = TP_PROJECTION_KV_UP, .unit = TP_UNIT_HEAD,
             .split = TP_SPLIT_ROWS, .rows = b->heads * (latent->nope_dim + latent->value_dim),
             .columns = latent->kv_rank);
}

/* DeepSeek-V3.2's: queries from the latent, one key a token, a weight a head. */
static void add_indexer_matrices(struct tp_layer *layer, const struct tp_model *model)
{
  const struct tp_indexer_shape *indexer = &model->indexer;
  const int64_t hidden = model->hidden;
  ADD_MATRIX(layer, "indexer.q", .projection = TP_PROJECTION_INDEXER_Q, .unit = TP_UNIT_NONE,
             .split = TP_SPLIT_WHOLE, .rows = indexer->heads * indexer->dim,
             .columns = model->latent.q_rank);
  ADD_MATRIX(layer, "indexer.k", .projection = TP_PROJECTION_INDEXER, .unit = TP_UNIT_NONE,
             .split = TP_SPLIT_WHOLE, .rows = indexer->dim, .columns = hidden);
  ADD_MATRIX(layer, "indexer.weights", .projection = TP_PROJECTION_INDEXER, .unit = TP_UNIT_NONE,
             .split = TP_SPLIT_WHOLE, .rows = indexer->heads, .columns = hidden);
}

static void add_attention(struct tp_layer *layer, const struct tp_model *model,
                          const struct tp_layer_kind *kind)
{
  const struct tp_block *b = &layer->block;
  if (model->latent.kv_rank > 0)
    add_latent_matrices(layer, model);
  else
    add_head_matrices(layer, model, kind->keys_as_values);
  if (kind->indexer)
    add_indexer_matrices(layer, model);
  ADD_MATRIX(layer, "attn.out", .projection = TP_PROJECTION_OUT, .unit = TP_UNIT_HEAD,
             .split = TP_SPLIT_COLUMNS, .rows = b->hidden, .columns = b->heads * b->value_dim,
             .biased = model->out_bias);
}

/* `name` "mlp": a dense feed-forward of width `ffn`, or what a mixture shows every token. */
#define ADD_MLP(layer, name, of, in, out, width, with_bias)                                    \
  do {                                                                                         \
    ADD_MATRIX(layer, name ".up", .projection = (in), .part = (of), .unit = TP_UNIT_INNER,     \
               .split = TP_SPLIT_ROWS, .rows = (width), .columns = (layer)->block.hidden,      \
               .biased = (with_bias));                                                         \
    if ((layer)->block.gated)                                                                  \
      ADD_MATRIX(layer, name ".gate", .projection = (in), .part = (of), .unit = TP_UNIT_INNER, \
                 .split = TP_SPLIT_ROWS, .rows = (width), .columns = (layer)->block.hidden,    \
                 .biased = (with_bias));                                                       \
    ADD_MATRIX(layer, name ".down", .projection = (out), .part = (of), .unit = TP_UNIT_INNER,  \
               .split = TP_SPLIT_COLUMNS, .rows = (layer)->block.hidden, .columns = (width),   \
               .biased = (with_bias));                                                         \
  } while (0)

static void add_experts(struct tp_layer *layer)
{
  const struct tp_expert_shape *experts = &layer->block.experts;
  const int64_t hidden = layer->block.hidden;
  if (experts->count > 1)
    ADD_MATRIX(layer, "router", .projection = TP_PROJECTION_ROUTER, .part = TP_PART_ROUTER,
               .unit = TP_UNIT_NONE, .split = TP_SPLIT_WHOLE, .rows = experts->count,
               .columns = hidden, .biased = experts->router_biased);
  if (experts->shared_gate)
    ADD_MATRIX(layer, "shared.score", .projection = TP_PROJECTION_ROUTER, .part = TP_PART_ROUTER,
               .unit = TP_UNIT_NONE, .split = TP_SPLIT_WHOLE, .rows = 1, .columns = hidden);
  ADD_MATRIX(layer, "expert.up", .projection = TP_PROJECTION_EXPERT_UP, .part = TP_PART_EXPERTS,
             .unit = TP_UNIT_EXPERT_INNER, .split = TP_SPLIT_ROWS, .rows = experts->ffn,
             .columns = hidden, .copies = experts->count, .biased = experts->biased);
  if (layer->block.gated)
    ADD_MATRIX(layer, "expert.gate", .projection = TP_PROJECTION_EXPERT_UP, .part = TP_PART_EXPERTS,
               .unit = TP_UNIT_EXPERT_INNER, .split = TP_SPLIT_ROWS, .rows = experts->ffn,
               .columns = hidden, .copies = experts->count, .biased = experts->biased);
  ADD_MATRIX(layer, "expert.down", .projection = TP_PROJECTION_EXPERT_DOWN, .part = TP_PART_EXPERTS,
             .unit = TP_UNIT_EXPERT_INNER, .split = TP_SPLIT_COLUMNS, .rows = hidden,
             .columns = experts->ffn, .copies = experts->count, .biased = experts->biased);
  if (experts->shared_ffn > 0)
    ADD_MLP(layer, "shared", TP_PART_SHARED, TP_PROJECTION_SHARED_UP, TP_PROJECTION_SHARED_DOWN,
            experts->shared_ffn, false);
}

static void add_matrices(struct tp_layer *layer, const struct tp_model *model,
                         const struct tp_layer_kind *kind)
{
  const struct tp_block *b = &layer->block;
  if (b->attends)
    add_attention(layer, model, kind);
  if (b->experts.count > 0)
    add_experts(layer);
  else if (b->feeds)
    ADD_MLP(layer, "mlp", TP_PART_MLP, TP_PROJECTION_UP, TP_PROJECTION_DOWN, b->ffn,
            model->mlp_bias);
}

static void add_vector(struct tp_layer *layer, const char *name, enum tp_role role,
                       int64_t elements)
{
  layer->vectors[layer->n_vectors++] =
      (struct tp_layer_vector){.name = name,
                               .role = role,
                               .split = layer->block.own ? TP_SPLIT_OWN : TP_SPLIT_WHOLE,
                               .elements = elements};
}

static void add_norm(struct tp_layer *layer, const char *gain, const char *bias)
{
  if (layer->block.norm == TP_NORM_PLAIN)
    return;
  add_vector(layer, gain, TP_ROLE_GAIN, layer->block.hidden);
  if (layer->block.norm == TP_NORM_LAYER)
    add_vector(layer, bias, TP_ROLE_BIAS, layer->block.hidden);
}

static void add_qk_vectors(struct tp_layer *layer, const struct tp_model *model)
{
  const struct tp_block *b = &layer->block;
  if (model->latent.kv_rank > 0) {
    if (model->latent.q_rank > 0)
      add_vector(layer, "attn.q.gain", TP_ROLE_GAIN, model->latent.q_rank);
    add_vector(layer, "attn.kv.gain", TP_ROLE_GAIN, model->latent.kv_rank);
  } else if (model->qk_norm != TP_QK_NORM_NONE && model->qk_norm != TP_QK_NORM_PLAIN) {
    const bool whole = model->qk_norm == TP_QK_NORM_WHOLE;
    add_vector(layer, "attn.q.gain", TP_ROLE_GAIN, (whole ? b->heads : 1) * b->head_dim);
    add_vector(layer, "attn.k.gain", TP_ROLE_GAIN, (whole ? b->kv_heads : 1) * b->head_dim);
  }
  if (model->sinks)
    add_vector(layer, "attn.sinks", TP_ROLE_BIAS, b->heads);
}

static void add_vectors(struct tp_layer *layer, const struct tp_model *model)
{
  const struct tp_block *b = &layer->block;
  if (b->attends)
    add_norm(layer, "attn.gain", "attn.bias");
  if (!model->shared_norm && b->feeds)
    add_norm(layer, "mlp.gain", "mlp.bias");
  if (b->post_norms) {
    add_norm(layer, "attn.post.gain", "attn.post.bias");
    add_norm(layer, "mlp.post.gain", "mlp.post.bias");
  }
  if (b->attends)
    add_qk_vectors(layer, model);
}

static void add_cache(struct tp_layer *layer, const char *name, enum tp_unit unit, int64_t elements)
{
  layer->caches[layer->n_caches++] =
      (struct tp_cache){.name = name, .unit = unit, .elements = elements};
}

static void add_caches(struct tp_layer *layer, const struct tp_model *model,
                       const struct tp_layer_kind *kind)
{
  const struct tp_block *b = &layer->block;
  if (!b->attends)
    return;
  if (b->latent.kv_rank > 0) {
    add_cache(layer, "latent", TP_UNIT_NONE, b->latent.kv_rank + b->latent.rope_dim);
  } else {
    add_cache(layer, "keys", TP_UNIT_KV_HEAD, b->kv_heads * b->head_dim);
    add_cache(layer, "values", TP_UNIT_KV_HEAD, b->kv_heads * b->value_dim);
  }
  if (kind->indexer)
    add_cache(layer, "indexer.keys", TP_UNIT_NONE, model->indexer.dim);
}

static int64_t given(int64_t own, int64_t otherwise)
{
  return own > 0 ? own : otherwise;
}

static struct tp_block block_of(const struct tp_model *model, const struct tp_layer_kind *kind)
{
  const bool own = model->kraken_ways > 0;
  struct tp_block block = {.hidden = model->hidden,
                           .heads = given(kind->heads, model->heads),
                           .kv_heads = given(kind->kv_heads, model->kv_heads),
                           .head_dim = given(kind->head_dim, model->head_dim),
                           .ffn = given(kind->ffn, model->ffn),
                           .window = kind->window,
                           .copies = own ? model->kraken_ways : 1,
                           .own = own,
                           .norm = model->norm,
                           .gated = model->gated_mlp,
                           .rotary = model->position == TP_POSITION_ROTARY,
                           .qk_norm = model->qk_norm,
                           .attends = !kind->no_attention,
                           .feeds = !kind->no_mlp,
                           .post_norms = model->post_norms,
                           .latent = model->latent};
  block.value_dim = given(given(kind->value_dim, model->value_dim), block.head_dim);
  if (model->latent.kv_rank > 0)
    block.value_dim = model->latent.value_dim;
  if (kind->mixture)
    block.experts = model->experts;
  return block;
}

struct tp_layer tp_layer_make(const struct tp_model *model, int index)
{
  const struct tp_layer_kind *kind = &model->kinds[index];
  struct tp_layer layer = {.block = block_of(model, kind)};
  add_matrices(&layer, model, kind);
  add_vectors(&layer, model);
  add_caches(&layer, model, kind);
  return layer;
}

/* Where the block counts them; NULL where it is not shared out in such units. */
static int64_t *units_of(struct tp_block *block, enum tp_unit unit)
{
  switch (unit) {
  case TP_UNIT_HEAD:
    return block->own || !block->attends ? NULL : &block->heads;
  case TP_UNIT_INNER:
    if (block->experts.count > 0)
      return block->experts.shared_ffn > 0 ? &block->experts.shared_ffn : NULL;
    return block->own || !block->feeds ? NULL : &block->ffn;
  case TP_UNIT_KV_HEAD:
    return block->own || !block->attends || block->latent.kv_rank > 0 ? NULL : &block->kv_heads;
  case TP_UNIT_COPY:
    return block->own ? &block->copies : NULL;
  case TP_UNIT_EXPERT:
    return block->experts.count > 0 ? &block->experts.count : NULL;
  case TP_UNIT_EXPERT_INNER:
    return block->experts.count > 0 ? &block->experts.ffn : NULL;
  case TP_N_UNITS:
    break;
  }
  return NULL;
}

int64_t tp_layer_units(const struct tp_layer *layer, enum tp_unit unit)
{
  struct tp_block block = layer->block;
  const int64_t *units = units_of(&block, unit);
  return units != NULL ? *units : 0;
}

static bool is_of_experts(enum tp_unit unit)
{
  return unit == TP_UNIT_EXPERT || unit == TP_UNIT_EXPERT_INNER;
}

/* Into how many parts a unit is cut; fewer than asked where ranks share the last ones. */
static void cut_units(struct tp_block *block, const int asked[TP_N_UNITS + 1],
                      int64_t parts[TP_N_UNITS + 1])
{
  parts[TP_UNIT_NONE] = 1;
  for (int unit = 0; unit < TP_N_UNITS; unit++) {
    int64_t *units = units_of(block, (enum tp_unit)unit);
    parts[unit] = units == NULL ? 1 : *units < asked[unit] ? *units : asked[unit];
    if (units != NULL)
      *units /= parts[unit];
  }
}

static void share(struct tp_layer *layer, const int asked[TP_N_UNITS + 1], bool of_experts)
{
  int64_t parts[TP_N_UNITS + 1];
  cut_units(&layer->block, asked, parts);
  for (int i = 0; i < layer->n_matrices; i++) {
    struct tp_matrix *matrix = &layer->matrices[i];
    if (is_of_experts(matrix->unit) != of_experts)
      continue;
    matrix->copies /= of_experts ? parts[TP_UNIT_EXPERT] : 1;
    matrix->rows /= matrix->split == TP_SPLIT_ROWS ? parts[matrix->unit] : 1;
    matrix->columns /= matrix->split == TP_SPLIT_COLUMNS ? parts[matrix->unit] : 1;
    if (matrix->split != TP_SPLIT_OWN && matrix->unit != TP_UNIT_NONE)
      matrix->sharers = asked[matrix->unit] / (int)parts[matrix->unit];
  }
  for (int i = 0; i < layer->n_caches && !of_experts; i++)
    layer->caches[i].elements /= parts[layer->caches[i].unit];
}

void tp_layer_share(struct tp_layer *layer, int tp)
{
  int asked[TP_N_UNITS + 1];
  for (int unit = 0; unit <= TP_N_UNITS; unit++)
    asked[unit] = is_of_experts((enum tp_unit)unit) ? 1 : tp;
  share(layer, asked, false);
}

void tp_layer_share_experts(struct tp_layer *layer, int ep, int etp)
{
  int asked[TP_N_UNITS + 1];
  for (int unit = 0; unit <= TP_N_UNITS; unit++)
    asked[unit] = 1;
  asked[TP_UNIT_EXPERT] = ep;
  asked[TP_UNIT_EXPERT_INNER] = etp;
  share(layer, asked, true);
}

int64_t tp_layer_outputs(const struct tp_layer *layer, unsigned projections)
{
  int64_t rows = 0;
  for (int i = 0; i < layer->n_matrices; i++)
    if (layer->matrices[i].projection & projections)
      rows += layer->matrices[i].rows;
  return rows;
}

int64_t tp_layer_inputs(const struct tp_layer *layer, unsigned projections)
{
  for (int i = 0; i < layer->n_matrices; i++)
    if (layer->matrices[i].projection & projections)
      return layer->matrices[i].columns;
  return 0;
}

enum tp_model_part tp_layer_part(const struct tp_layer *layer, unsigned projections)
{
  for (int i = 0; i < layer->n_matrices; i++)
    if (layer->matrices[i].projection & projections)
      return layer->matrices[i].part;
  return TP_PART_ATTENTION;
}

bool tp_layer_is_biased(const struct tp_layer *layer, unsigned projections)
{
  bool biased = false;
  for (int i = 0; i < layer->n_matrices; i++)
    biased |= layer->matrices[i].projection & projections && layer->matrices[i].biased;
  return biased;
}

int64_t tp_layer_part_elements(const struct tp_layer *layer, enum tp_model_part part)
{
  int64_t elements = 0;
  for (int i = 0; i < layer->n_matrices; i++)
    if (layer->matrices[i].part == part)
      elements += layer->matrices[i].rows * layer->matrices[i].columns * layer->matrices[i].copies;
  return elements;
}

int64_t tp_layer_matrix_elements(const struct tp_layer *layer)
{
  int64_t elements = 0;
  for (int part = 0; part < TP_N_PARTS; part++)
    elements += tp_layer_part_elements(layer, (enum tp_model_part)part);
  return elements;
}

int64_t tp_layer_idle_elements(const struct tp_layer *layer, int64_t top_k)
{
  int64_t elements = 0;
  for (int i = 0; i < layer->n_matrices; i++) {
    const struct tp_matrix *matrix = &layer->matrices[i];
    const int64_t idle = matrix->copies > top_k ? matrix->copies - top_k : 0;
    elements += idle * matrix->rows * (matrix->columns + (matrix->biased ? 1 : 0));
  }
  return elements;
}

int64_t tp_layer_vector_elements(const struct tp_layer *layer)
{
  int64_t elements = 0;
  for (int i = 0; i < layer->n_matrices; i++)
    elements += layer->matrices[i].biased ? layer->matrices[i].rows * layer->matrices[i].copies : 0;
  for (int i = 0; i < layer->n_vectors; i++)
    elements += layer->vectors[i].elements;
  return elements;
}

int64_t tp_layer_cache_elements(const struct tp_layer *layer)
{
  int64_t elements = 0;
  for (int i = 0; i < layer->n_caches; i++)
    elements += layer->caches[i].elements;
  return elements;
}

const struct tp_matrix *tp_layer_matrix(const struct tp_layer *layer, const char *name)
{
  for (int i = 0; i < layer->n_matrices; i++)
    if (strcmp(layer->matrices[i].name, name) == 0)
      return &layer->matrices[i];
  return NULL;
}
