/* Which layers have experts, and how wide everything is there. */
#include "model/family.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Of the experts that all tokens see, where the file does not give it: so many, each as wide as the
 * others unless it has a width of its own.  Null is none, whatever the class has. */
static int64_t shared_ffn(const struct tp_reading *reading)
{
  const struct tp_config *const config = &reading->config;
  const size_t count = offsetof(struct tp_config, n_shared);
  const bool counted = tp_key_is_given(reading, tp_key_of(reading, count));
  if (tp_key_is_null(reading, count))
    return 0;
  if (config->shared_width > 0)
    return (counted || config->n_shared > 0 ? config->n_shared : 1) * config->shared_width;
  return config->n_shared * config->model.experts.ffn;
}

/* Widths that follow from others. */
static enum tp_status settle_experts(struct tp_reading *reading)
{
  struct tp_config *const config = &reading->config;
  struct tp_expert_shape *const experts = &config->model.experts;
  if (config->shares_with_mlp && !config->enable_experts)
    experts->count = 0;
  if (experts->count == 0) {
    config->model.ffn = config->dense_ffn > 0 ? config->dense_ffn : config->model.ffn;
    return TP_OK;
  }
  if (config->experts_take_ffn && experts->ffn == 0)
    experts->ffn = config->model.ffn;
  if (config->shares_with_mlp)
    experts->shared_ffn = config->model.ffn;
  if (experts->shared_ffn == 0)
    experts->shared_ffn = shared_ffn(reading);
  if (config->dense_ffn > 0)
    config->model.ffn = config->dense_ffn;
  if (experts->ffn == 0)
    return tp_key_fail(reading, "", "'moe_intermediate_size' is missing; add it");
  if (experts->top_k == 0)
    return tp_key_fail(reading, "", "'num_experts_per_tok' is missing, or 0; give it");
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
                                    : json_is_integer(item) || json_is_boolean(item);
    if (!known)
      return tp_key_fail(reading, tp_arena_printf(reading->arena, "%s[%" PRId64 "]", key, layer),
                         "must be 0 or 1, \"dense\" or \"sparse\"");
    layers[layer].mixture = word != NULL ? strcmp(word, "sparse") == 0
                                         : json_is_true(item) || json_integer_value(item) != 0;
  }
  return TP_OK;
}

/* A list of places of layers that have none. */
static enum tp_status take_out(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  static const char key[] = "mlp_only_layers";
  const json_t *const dense = json_object_get(reading->object, key);
  const int64_t n = reading->config.model.layers;
  if (tp_key_is_given(reading, key) && !json_is_array(dense))
    return tp_key_fail(reading, key, "must be a list of layers, from 0 on");
  for (size_t i = 0; i < json_array_size(dense); i++) {
    const json_t *const item = json_array_get(dense, i);
    const json_int_t layer = json_integer_value(item);
    if (!json_is_integer(item) || layer < 0 || layer >= n)
      return tp_key_fail(reading, tp_arena_printf(reading->arena, "%s[%zu]", key, i),
                         "names no layer of %" PRId64, n);
    layers[layer].mixture = false;
  }
  return TP_OK;
}

/* The last layer that has experts; below 0: the model's last. */
static enum tp_status cut_off(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  static const char key[] = "moe_layer_end_index";
  const json_t *const end = json_object_get(reading->object, key);
  if (!tp_key_is_given(reading, key))
    return TP_OK;
  if (!json_is_integer(end))
    return tp_key_fail(reading, key, "must be the place of a layer, from 0 on");
  for (int64_t layer = json_integer_value(end) + 1;
       json_integer_value(end) >= 0 && layer < reading->config.model.layers; layer++)
    layers[layer].mixture = false;
  return TP_OK;
}

/* A text "3,4,5" of those that have experts. */
static enum tp_status take_named(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  static const char key[] = "moe_layers_enum";
  const char *named = json_string_value(json_object_get(reading->object, key));
  const int64_t n = reading->config.model.layers;
  if (!tp_key_is_given(reading, key))
    return TP_OK;
  if (named == NULL)
    return tp_key_fail(reading, key, "must be a text that names layers, as \"3,4,5\"");
  for (int64_t layer = 0; layer < n; layer++)
    layers[layer].mixture = false;
  for (char *next; *named != '\0'; named = *next == ',' ? next + 1 : next) {
    const long layer = strtol(named, &next, 10);
    if (next == named || layer < 0 || layer >= n)
      return tp_key_fail(reading, key, "names no layer of %" PRId64, n);
    layers[layer].mixture = true;
  }
  return TP_OK;
}

/* llama4: a list of the places of those that have experts, whatever rule stands beside it. */
static enum tp_status take_listed(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  static const char key[] = "moe_layers";
  const json_t *const listed = json_object_get(reading->object, key);
  const int64_t n = reading->config.model.layers;
  if (!tp_key_is_given(reading, key))
    return TP_OK;
  if (!json_is_array(listed))
    return tp_key_fail(reading, key, "must be a list of layers, from 0 on");
  for (int64_t layer = 0; layer < n; layer++)
    layers[layer].mixture = false;
  for (size_t i = 0; i < json_array_size(listed); i++) {
    const json_t *const item = json_array_get(listed, i);
    if (!json_is_integer(item) || json_integer_value(item) < 0 || json_integer_value(item) >= n)
      return tp_key_fail(reading, tp_arena_printf(reading->arena, "%s[%zu]", key, i),
                         "names no layer of %" PRId64, n);
    layers[json_integer_value(item)].mixture = true;
  }
  return TP_OK;
}

/* Every so many-th layer, or a list. */
static enum tp_status read_frequency(struct tp_reading *reading)
{
  static const char key[] = "moe_layer_freq";
  const json_t *const step = json_object_get(reading->object, key);
  if (!tp_key_is_given(reading, key) || json_is_array(step))
    return TP_OK;
  if (!json_is_integer(step) || json_integer_value(step) < 1)
    return tp_key_fail(reading, key, "must be a whole number of layers from 1 on, or a list");
  reading->config.mixture_step = json_integer_value(step);
  return TP_OK;
}

static const char *const lists[] = {"mlp_layer_types", "moe_layer_freq", "is_moe_layer"};

bool tp_mixtures_are_listed(const struct tp_reading *reading)
{
  bool listed = tp_key_is_given(reading, "moe_layers");
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    listed = listed || json_is_array(json_object_get(reading->object, lists[i]));
  return listed;
}

enum tp_status tp_mixtures_read(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  struct tp_config *const config = &reading->config;
  TP_TRY(settle_experts(reading));
  if (config->model.experts.count == 0)
    return TP_OK;
  if (tp_key_is_given(reading, lists[0]) &&
      !json_is_array(json_object_get(reading->object, lists[0])))
    return tp_key_fail(reading, lists[0], "must be a list, a word a layer");
  TP_TRY(read_frequency(reading));
  for (int64_t layer = 0; layer < config->model.layers; layer++)
    layers[layer].mixture = has_by_rule(config, layer);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (json_is_array(json_object_get(reading->object, lists[i])))
      TP_TRY(read_list(reading, lists[i], layers));
  TP_TRY(take_listed(reading, layers));
  TP_TRY(take_out(reading, layers));
  TP_TRY(cut_off(reading, layers));
  return take_named(reading, layers);
}
