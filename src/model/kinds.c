/* Layers that are alike become kinds; the first layer is of kind 0. */
#include "model/family.h"

#include <inttypes.h>
#include <string.h>

static bool same_kind(const struct tp_layer_kind *a, const struct tp_layer_kind *b)
{
  return a->window == b->window && a->heads == b->heads && a->kv_heads == b->kv_heads &&
         a->head_dim == b->head_dim && a->value_dim == b->value_dim && a->ffn == b->ffn &&
         a->mixture == b->mixture && a->no_attention == b->no_attention && a->no_mlp == b->no_mlp &&
         a->keys_as_values == b->keys_as_values && a->indexer == b->indexer;
}

static enum tp_status set_kinds(struct tp_reading *reading, const struct tp_layer_kind *layers)
{
  struct tp_model *const model = &reading->config.model;
  unsigned char *const kind_of = TP_NEW(reading->arena, unsigned char, model->layers);
  int n = 0;
  for (int64_t layer = 0; layer < model->layers; layer++) {
    int kind = 0;
    while (kind < n && !same_kind(&model->kinds[kind], &layers[layer]))
      kind++;
    if (kind == TP_MAX_LAYER_KINDS)
      return tp_key_fail(reading, "", "more than %d kinds of layers", TP_MAX_LAYER_KINDS);
    if (kind == n)
      model->kinds[n++] = layers[layer];
    kind_of[layer] = (unsigned char)kind;
  }
  if (n > 1) {
    model->n_kinds = n;
    model->kind_of = kind_of;
  }
  return TP_OK;
}

/* "full": an indexer of its own; "shared": what the one before it has chosen. */
static enum tp_status read_indexers(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  const struct tp_model *const model = &reading->config.model;
  const json_t *const types = json_object_get(reading->object, "indexer_types");
  const bool listed = json_is_array(types);
  if (listed && (int64_t)json_array_size(types) != model->layers)
    return tp_key_fail(reading, "indexer_types", "lists %zu layers of %" PRId64 "; name each",
                       json_array_size(types), model->layers);
  for (int64_t layer = 0; layer < model->layers && model->indexer.heads > 0; layer++) {
    const char *const word =
        listed ? json_string_value(json_array_get(types, (size_t)layer)) : "full";
    if (word == NULL || (strcmp(word, "full") != 0 && strcmp(word, "shared") != 0))
      return tp_key_fail(reading, "indexer_types", "must be \"full\" or \"shared\", by layer");
    layers[layer].indexer = strcmp(word, "full") == 0;
  }
  return TP_OK;
}

/* One part of a block of nemotron-nas: whether it is there, and what else it is, which no op does.
 */
static enum tp_status read_block_part(struct tp_reading *reading, const char *path,
                                      const json_t *part, bool *missing)
{
  static const char *const odd[] = {"replace_with_linear", "num_sink_tokens", "sparsify",
                                    "unshifted_sink", "window_length"};
  if (!json_is_object(part))
    return tp_key_fail(reading, path, "must be an object");
  *missing = json_is_true(json_object_get(part, "no_op"));
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    const json_t *const value = json_object_get(part, odd[i]);
    if (value != NULL && !json_is_null(value) && !json_is_false(value))
      return tp_key_fail(reading, tp_arena_printf(reading->arena, "%s.%s", path, odd[i]),
                         "asks for another kind of layer, which no op here does");
  }
  return TP_OK;
}

/* DeciLM's rule: the width is two thirds of the multiple, rounded up to 256. */
static int64_t multiple_ffn(double multiple, int64_t hidden)
{
  const int64_t width = (int64_t)(2 * multiple * (double)hidden / 3);
  return (width + 255) / 256 * 256;
}

static enum tp_status read_block(struct tp_reading *reading, const json_t *block, int64_t layer,
                                 struct tp_layer_kind *kind)
{
  const struct tp_model *const model = &reading->config.model;
  const char *const path = tp_arena_printf(reading->arena, "block_configs[%" PRId64 "]", layer);
  const json_t *const attention = json_object_get(block, "attention");
  const json_t *const ffn = json_object_get(block, "ffn");
  TP_TRY(read_block_part(reading, tp_arena_printf(reading->arena, "%s.attention", path), attention,
                         &kind->no_attention));
  TP_TRY(read_block_part(reading, tp_arena_printf(reading->arena, "%s.ffn", path), ffn,
                         &kind->no_mlp));
  if (!kind->no_attention) {
    const json_int_t group = json_integer_value(json_object_get(attention, "n_heads_in_group"));
    if (group < 1 || group > model->heads || model->heads % group != 0)
      return tp_key_fail(reading, path, "'n_heads_in_group' must divide the %" PRId64 " heads",
                         model->heads);
    kind->kv_heads = model->heads / group;
  }
  if (!kind->no_mlp) {
    const double multiple = json_number_value(json_object_get(ffn, "ffn_mult"));
    if (!(multiple > 0 && multiple <= 64))
      return tp_key_fail(reading, path, "'ffn_mult' must be a number from 0 to 64");
    kind->ffn = multiple_ffn(multiple, model->hidden);
  }
  return TP_OK;
}

static enum tp_status read_blocks(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  struct tp_model *const model = &reading->config.model;
  const json_t *const blocks = json_object_get(reading->object, "block_configs");
  if (!json_is_array(blocks) || (int64_t)json_array_size(blocks) != model->layers)
    return tp_key_fail(reading, "block_configs", "must be a list of one block a layer");
  for (int64_t layer = 0; layer < model->layers; layer++) {
    TP_TRY(read_block(reading, json_array_get(blocks, (size_t)layer), layer, &layers[layer]));
    if (model->ffn < layers[layer].ffn)
      model->ffn = layers[layer].ffn;
    if (layers[layer].kv_heads > 0)
      model->kv_heads = layers[layer].kv_heads;
  }
  return TP_OK;
}

/* deci: each layer's own number of key/value heads. */
static enum tp_status read_kv_heads(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  static const char key[] = "num_key_value_heads_per_layer";
  struct tp_model *const model = &reading->config.model;
  const json_t *const list = json_object_get(reading->object, key);
  if (reading->family->keys == 0 || !tp_key_is_given(reading, key))
    return TP_OK;
  if ((int64_t)json_array_size(list) != model->layers)
    return tp_key_fail(reading, key, "must be a list of one number a layer");
  for (int64_t layer = 0; layer < model->layers; layer++) {
    const json_int_t n = json_integer_value(json_array_get(list, (size_t)layer));
    if (n < 1 || n > model->heads || model->heads % n != 0)
      return tp_key_fail(reading, key, "must be numbers that divide the %" PRId64 " heads",
                         model->heads);
    layers[layer].kv_heads = model->kv_heads = n;
  }
  return TP_OK;
}

/* In doubles, since the products of an absurd file pass 64 bits. */
static enum tp_status check_size(struct tp_reading *reading)
{
  const struct tp_model *const m = &reading->config.model;
  const double experts =
      (double)m->experts.count * (double)m->experts.ffn + (double)m->experts.shared_ffn;
  const double latent = (double)(m->latent.kv_rank + m->latent.q_rank) *
                        (double)(m->hidden + m->heads * (m->head_dim + m->latent.value_dim));
  const double layer = 3 * (double)m->hidden * ((double)m->ffn + experts) + latent;
  if ((double)m->layers * layer > 1e17 || m->latent.value_dim * m->heads > 1 << 24 ||
      m->value_dim * m->heads > 1 << 24)
    return tp_key_fail(reading, "", "more parameters than can be counted; mend its sizes");
  return TP_OK;
}

enum tp_status tp_kinds_read(struct tp_reading *reading)
{
  struct tp_layer_kind *const layers =
      TP_NEW(reading->arena, struct tp_layer_kind, reading->config.model.layers);
  TP_TRY(tp_windows_read(reading, layers));
  TP_TRY(tp_mixtures_read(reading, layers));
  TP_TRY(check_size(reading));
  TP_TRY(read_indexers(reading, layers));
  TP_TRY(read_kv_heads(reading, layers));
  if (reading->family->keys & TP_KEYS_BLOCKS)
    TP_TRY(read_blocks(reading, layers));
  return set_kinds(reading, layers);
}
