#include "model/layer.h"

#include <string.h>

static void add_matrix(struct tp_layer *layer, struct tp_matrix matrix)
{
  matrix.sharers = 1;
  if (layer->block.own)
    matrix.split = TP_SPLIT_OWN;
  layer->matrices[layer->n_matrices++] = matrix;
}
#define ADD_MATRIX(layer, of, ...) \
  add_matrix((layer), (struct tp_matrix){.name = of, .bias_name = of ".bias", __VA_ARGS__})

/* Megatron's cut: by rows on the way into heads and the MLP's width, by columns on the way out. */
static void add_matrices(struct tp_layer *layer, const struct tp_model *model)
{
  const int64_t hidden = model->hidden;
  const int64_t q = model->heads * model->head_dim, kv = model->kv_heads * model->head_dim;
  ADD_MATRIX(layer, "attn.q", .projection = TP_PROJECTION_QKV, .unit = TP_UNIT_HEAD,
             .split = TP_SPLIT_ROWS, .rows = q, .columns = hidden, .biased = model->qkv_bias);
  ADD_MATRIX(layer, "attn.k", .projection = TP_PROJECTION_QKV, .unit = TP_UNIT_KV_HEAD,
             .split = TP_SPLIT_ROWS, .rows = kv, .columns = hidden, .biased = model->qkv_bias);
  ADD_MATRIX(layer, "attn.v", .projection = TP_PROJECTION_QKV, .unit = TP_UNIT_KV_HEAD,
             .split = TP_SPLIT_ROWS, .rows = kv, .columns = hidden, .biased = model->qkv_bias);
  ADD_MATRIX(layer, "attn.out", .projection = TP_PROJECTION_OUT, .unit = TP_UNIT_HEAD,
             .split = TP_SPLIT_COLUMNS, .rows = hidden, .columns = q, .biased = model->out_bias);
  ADD_MATRIX(layer, "mlp.up", .projection = TP_PROJECTION_UP, .unit = TP_UNIT_INNER,
             .split = TP_SPLIT_ROWS, .rows = model->ffn, .columns = hidden,
             .biased = model->mlp_bias);
  if (model->gated_mlp)
    ADD_MATRIX(layer, "mlp.gate", .projection = TP_PROJECTION_UP, .unit = TP_UNIT_INNER,
               .split = TP_SPLIT_ROWS, .rows = model->ffn, .columns = hidden,
               .biased = model->mlp_bias);
  ADD_MATRIX(layer, "mlp.down", .projection = TP_PROJECTION_DOWN, .unit = TP_UNIT_INNER,
             .split = TP_SPLIT_COLUMNS, .rows = hidden, .columns = model->ffn,
             .biased = model->mlp_bias);
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
  add_vector(layer, gain, TP_ROLE_GAIN, layer->block.hidden);
  if (layer->block.norm == TP_NORM_LAYER)
    add_vector(layer, bias, TP_ROLE_BIAS, layer->block.hidden);
}

static void add_vectors(struct tp_layer *layer, const struct tp_model *model)
{
  add_norm(layer, "attn.gain", "attn.bias");
  if (!model->shared_norm)
    add_norm(layer, "mlp.gain", "mlp.bias");
  if (model->qk_norm) {
    add_vector(layer, "attn.q.gain", TP_ROLE_GAIN, model->head_dim);
    add_vector(layer, "attn.k.gain", TP_ROLE_GAIN, model->head_dim);
  }
}

static void add_cache(struct tp_layer *layer, const char *name)
{
  const struct tp_block *block = &layer->block;
  layer->caches[layer->n_caches++] = (struct tp_cache){
      .name = name, .unit = TP_UNIT_KV_HEAD, .elements = block->kv_heads * block->head_dim};
}

struct tp_layer tp_layer_make(const struct tp_model *model, int kind)
{
  const bool own = model->kraken_ways > 0;
  struct tp_layer layer = {.block = {.hidden = model->hidden,
                                     .heads = model->heads,
                                     .kv_heads = model->kv_heads,
                                     .head_dim = model->head_dim,
                                     .ffn = model->ffn,
                                     .window = model->kinds[kind].window,
                                     .copies = own ? model->kraken_ways : 1,
                                     .own = own,
                                     .norm = model->norm,
                                     .gated = model->gated_mlp,
                                     .rotary = model->position == TP_POSITION_ROTARY,
                                     .qk_norm = model->qk_norm}};
  add_matrices(&layer, model);
  add_vectors(&layer, model);
  add_cache(&layer, "keys");
  add_cache(&layer, "values");
  return layer;
}

/* Where the block counts them; NULL where it is not shared out in such units. */
static int64_t *units_of(struct tp_block *block, enum tp_unit unit)
{
  switch (unit) {
  case TP_UNIT_HEAD:
    return block->own ? NULL : &block->heads;
  case TP_UNIT_INNER:
    return block->own ? NULL : &block->ffn;
  case TP_UNIT_KV_HEAD:
    return block->own ? NULL : &block->kv_heads;
  case TP_UNIT_COPY:
    return block->own ? &block->copies : NULL;
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

void tp_layer_share(struct tp_layer *layer, int tp)
{
  int64_t parts[TP_N_UNITS];
  for (int unit = 0; unit < TP_N_UNITS; unit++) {
    int64_t *units = units_of(&layer->block, (enum tp_unit)unit);
    parts[unit] = units == NULL ? 1 : *units < tp ? *units : tp;
    if (units != NULL)
      *units /= parts[unit];
  }
  for (int i = 0; i < layer->n_matrices; i++) {
    struct tp_matrix *matrix = &layer->matrices[i];
    matrix->rows /= matrix->split == TP_SPLIT_ROWS ? parts[matrix->unit] : 1;
    matrix->columns /= matrix->split == TP_SPLIT_COLUMNS ? parts[matrix->unit] : 1;
    if (matrix->split != TP_SPLIT_OWN)
      matrix->sharers = tp / (int)parts[matrix->unit];
  }
  for (int i = 0; i < layer->n_caches; i++)
    layer->caches[i].elements /= parts[layer->caches[i].unit];
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

bool tp_layer_is_biased(const struct tp_layer *layer, unsigned projections)
{
  bool biased = false;
  for (int i = 0; i < layer->n_matrices; i++)
    biased |= layer->matrices[i].projection & projections && layer->matrices[i].biased;
  return biased;
}

int64_t tp_layer_matrix_elements(const struct tp_layer *layer)
{
  int64_t elements = 0;
  for (int i = 0; i < layer->n_matrices; i++)
    elements += layer->matrices[i].rows * layer->matrices[i].columns;
  return elements;
}

int64_t tp_layer_vector_elements(const struct tp_layer *layer)
{
  int64_t elements = 0;
  for (int i = 0; i < layer->n_matrices; i++)
    elements += layer->matrices[i].biased ? layer->matrices[i].rows : 0;
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
