/* Which layers have experts, and how wide everything is there. */
#include "model/family.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_given_null(const struct tp_reading *reading, const char *key)
{
  return json_is_null(json_object_get(reading->object, key));
}

/* Widths that follow from others. */
static enum tp_status settle_experts(struct tp_reading *reading)
{
  struct tp_config *const config = &reading->config;
  struct tp_expert_shape *const experts = &config->model.experts;
  if (config->shares_with_mlp && !config->enable_experts)
    experts->count = 0;
  if (experts->count == 0)
    return TP_OK;
  if (config->experts_take_ffn && experts->ffn == 0)
    experts->ffn = config->model.ffn;
  if (config->shares_with_mlp)
    experts->shared_ffn = config->model.ffn;
  if (experts->shared_ffn == 0 && !is_given_null(reading, "n_shared_experts"))
    experts->shared_ffn = config->n_shared * experts->ffn;
  if (config->dense_ffn > 0)
    config->model.ffn = config->dense_ffn;
  if (experts->ffn == 0)
    return tp_key_fail(reading, "", "'moe_intermediate_size' is missing; add it");
  if (experts->top_k == 0)
    return tp_key_fail(reading, "", "'num_experts_per_tok' is missing; add it");
  if (experts->top_k > experts->count)
    return tp_key_fail(reading, "", "%" PRId64 " experts a token of %" PRId64 "; mend one of them",
                       experts->top_k, experts->count);
  return TP_OK;
}

static bool has_by_rule(const struct tp_config *config, int64_t layer)
{
  const int64_t step = config->mixture_step > 0 ? config->mixture_step : 1;
  return layer >= config->first_dense && (layer + config->mixture_phase) % step == 0;
}

/* A list of 0 and 1, or of "dense" and "sparse", a layer. */
static enum tp_status read_list(struct tp_reading *reading, const char *key,
                                struct tp_layer_kind *layers)
{
  const json_t *const list = json_object_get(reading->object, key);
  const int64_t n = reading->config.model.layers;
  if ((int64_t)json_array_size(list) != n)
    return tp_key_fail(reading, key, "lists %zu layers of %" PRId64 "; name each",
                       json_array_size(list), n);
  for (int64_t layer = 0; layer < n; layer++) {
    const json_t *const item = json_array_get(list, (size_t)layer);
    const char *const word = json_string_value(item);
    const bool known = word != NULL ? strcmp(word, "dense") == 0 || strcmp(word, "sparse") == 0
                                    : json_is_integer(item);
    if (!known)
      return tp_key_fail(reading, tp_arena_printf(reading->arena, "%s[%" PRId64 "]", key, layer),
                         "must be 0 or 1, \"dense\" or \"sparse\"");
    layers[layer].mixture =
        word != NULL ? strcmp(word, "sparse") == 0 : json_integer_value(item) != 0;
  }
  return TP_OK;
}

/* Layers that a list takes out; those that a text "3,4,5" names; those past a last one. */
static enum tp_status read_exceptions(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  const json_t *const dense = json_object_get(reading->object, "mlp_only_layers");
  const json_t *const end = json_object_get(reading->object, "moe_layer_end_index");
  const int64_t n = reading->config.model.layers;
  for (size_t i = 0; json_is_array(dense) && i < json_array_size(dense); i++) {
    const json_int_t layer = json_integer_value(json_array_get(dense, i));
    if (layer < 0 || layer >= n)
      return tp_key_fail(reading, "mlp_only_layers", "names no layer of %" PRId64, n);
    layers[layer].mixture = false;
  }
  if (json_is_integer(end) && json_integer_value(end) >= 0)
    for (int64_t layer = json_integer_value(end) + 1; layer < n; layer++)
      layers[layer].mixture = false;
  const char *named = json_string_value(json_object_get(reading->object, "moe_layers_enum"));
  if (named == NULL)
    return TP_OK;
  for (int64_t layer = 0; layer < n; layer++)
    layers[layer].mixture = false;
  for (char *next; *named != '\0'; named = *next == ',' ? next + 1 : next) {
    const long layer = strtol(named, &next, 10);
    if (next == named || layer < 0 || layer >= n)
      return tp_key_fail(reading, "moe_layers_enum", "names no layer of %" PRId64, n);
    layers[layer].mixture = true;
  }
  return TP_OK;
}

enum tp_status tp_mixtures_read(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  static const char *const lists[] = {"mlp_layer_types", "moe_layer_freq"};
  struct tp_config *const config = &reading->config;
  TP_TRY(settle_experts(reading));
  if (config->model.experts.count == 0)
    return TP_OK;
  const json_t *const step = json_object_get(reading->object, "moe_layer_freq");
  if (json_is_integer(step) && json_integer_value(step) >= 1)
    config->mixture_step = json_integer_value(step);
  for (int64_t layer = 0; layer < config->model.layers; layer++)
    layers[layer].mixture = has_by_rule(config, layer);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (json_is_array(json_object_get(reading->object, lists[i])))
      TP_TRY(read_list(reading, lists[i], layers));
  return read_exceptions(reading, layers);
}
