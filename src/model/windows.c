/* Which layers have a sliding window: Hugging Face's keys, and its configuration classes' defaults.
 */
#include "model/family.h"

#include <inttypes.h>
#include <string.h>

/* Kinds of layers that the file lists.  Chunked attention is full up to the length of a chunk. */
static enum tp_status read_type(const struct tp_reading *reading, size_t layer, const json_t *type,
                                bool *slides)
{
  const char *const path = tp_arena_printf(reading->arena, "layer_types[%zu]", layer);
  if (!json_is_string(type))
    return tp_key_fail(reading, path, "must be \"full_attention\" or \"sliding_attention\"");
  *slides = tp_is_word(type, "sliding_attention");
  if (*slides || tp_is_word(type, "full_attention") || tp_is_word(type, "attention") ||
      tp_is_word(type, "chunked_attention"))
    return TP_OK;
  return tp_key_fail(reading, path,
                     "'%.60s' is a kind of layer that no op here does; full_attention, "
                     "sliding_attention and chunked_attention are known",
                     json_string_value(type));
}

/* `slides` by layer becomes what the file lists. */
static enum tp_status read_types(const struct tp_reading *reading, bool *slides)
{
  const json_t *const types = json_object_get(reading->object, "layer_types");
  const int64_t layers = reading->config.model.layers;
  if (!json_is_array(types))
    return tp_key_fail(reading, "layer_types", "must be a list of one kind a layer");
  if ((int64_t)json_array_size(types) != layers)
    return tp_key_fail(reading, "layer_types", "lists %zu layers of %" PRId64 "; name each",
                       json_array_size(types), layers);
  for (size_t layer = 0; layer < json_array_size(types); layer++)
    TP_TRY(read_type(reading, layer, json_array_get(types, layer), &slides[layer]));
  return TP_OK;
}

/* mimo_v2: 1 slides. */
static enum tp_status read_pattern(const struct tp_reading *reading, bool *slides)
{
  static const char key[] = "hybrid_layer_pattern";
  const json_t *const pattern = json_object_get(reading->object, key);
  const int64_t layers = reading->config.model.layers;
  if (!json_is_array(pattern) || (int64_t)json_array_size(pattern) != layers)
    return tp_key_fail(reading, key, "must be a list of 0 and 1, one a layer");
  for (int64_t layer = 0; layer < layers; layer++)
    slides[layer] = json_integer_value(json_array_get(pattern, (size_t)layer)) == 1;
  return TP_OK;
}

/* Letters in the place of a number, as EXAONE's files have them. */
static enum tp_status read_letters(struct tp_reading *reading)
{
  static const char key[] = "sliding_window_pattern";
  const char *const letters = json_string_value(json_object_get(reading->object, key));
  if (letters == NULL || reading->config.sliding == TP_SLIDING_NEVER)
    return TP_OK;
  if (letters[0] == '\0' || strspn(letters, "LG") != strlen(letters))
    return tp_key_fail(
        reading, key,
        "must be a whole number from 1 to 2000, or letters: L of a layer that slides, "
        "G of one that does not, as \"LLLG\"");
  reading->config.window_letters = tp_arena_strdup(reading->arena, letters);
  return TP_OK;
}

/* What the other keys say of a layer, or the family where they say nothing. */
static bool slides_by_rule(const struct tp_config *config, int64_t layer)
{
  if (config->window_letters != NULL)
    return config->window > 0 && layer != config->model.layers - 1 &&
           config->window_letters[(size_t)layer % strlen(config->window_letters)] == 'L';
  if (config->in_turns)
    return layer % 2 == 1;
  if (config->window_pattern > 0)
    return (layer + 1) % config->window_pattern != 0;
  switch (config->sliding) {
  case TP_SLIDING_NEVER:
  case TP_SLIDING_LISTED:
  case TP_SLIDING_UNTURNED:
    return false;
  case TP_SLIDING_ALL:
    return config->window > 0;
  case TP_SLIDING_FROM:
    return config->use_window && layer >= config->max_window_layers;
  }
  return false;
}

bool tp_windows_are_by_class(const struct tp_reading *reading)
{
  const int64_t usual = reading->family->defaults->window_pattern;
  return usual > 0 && reading->config.window_pattern == usual &&
         !tp_key_is_given(reading, "layer_types") &&
         !tp_key_is_given(reading, TP_KEY(reading, window_pattern));
}

/* A list beside another key that says which layers slide must not say something else. */
static enum tp_status check_list(const struct tp_reading *reading, const bool *slides)
{
  const struct tp_config *const config = &reading->config;
  const bool by_number = config->sliding == TP_SLIDING_FROM && config->use_window &&
                         tp_key_is_given(reading, "max_window_layers");
  const char *const rule = tp_key_is_given(reading, "sliding_window_pattern")
                               ? "sliding_window_pattern"
                           : by_number ? "max_window_layers"
                                       : NULL;
  for (int64_t layer = 0; layer < config->model.layers && rule != NULL; layer++)
    if (slides[layer] != slides_by_rule(config, layer))
      return tp_key_fail(reading,
                         tp_arena_printf(reading->arena, "layer_types[%" PRId64 "]", layer),
                         "contradicts '%s'; keep one of them", rule);
  return TP_OK;
}

/* What makes layers slide. */
static const char *sliding_key(const struct tp_reading *reading)
{
  static const char *const lists[] = {"hybrid_layer_pattern", "layer_types"};
  const struct tp_config *const config = &reading->config;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (tp_key_is_given(reading, lists[i]))
      return lists[i];
  return config->window_pattern > 0 || config->window_letters != NULL ? "sliding_window_pattern"
                                                                      : "use_sliding_window";
}

static enum tp_status check_window(const struct tp_reading *reading)
{
  const struct tp_config *const config = &reading->config;
  const char *const key = sliding_key(reading);
  if (!(reading->family->keys & TP_KEYS_WINDOWS))
    return tp_key_fail(reading, key,
                       "makes layers slide, and attention of family '%s' has no windows; mend one "
                       "of them",
                       reading->family->name);
  const bool by_use = config->sliding == TP_SLIDING_FROM || config->sliding == TP_SLIDING_UNTURNED;
  if (by_use && !config->use_window)
    return tp_key_fail(reading, key,
                       "makes layers slide, but 'use_sliding_window' is false; mend one of them");
  if (config->window == 0)
    return tp_key_fail(reading, key,
                       "makes layers slide, but 'sliding_window' does not say how many tokens they "
                       "see; add it");
  return TP_OK;
}

static void set_layer(const struct tp_config *config, bool slides, struct tp_layer_kind *layer)
{
  const struct tp_widths *const widths = slides ? &config->sliding_widths : &config->full_widths;
  layer->window = slides ? config->window : 0;
  layer->heads = widths->heads;
  layer->kv_heads = widths->kv_heads;
  layer->head_dim = widths->head_dim;
  layer->value_dim = widths->value_dim;
  layer->keys_as_values = config->full_keys_as_values && !slides;
}

static enum tp_status check_widths(const struct tp_reading *reading)
{
  const struct tp_config *const config = &reading->config;
  const struct tp_widths *const all[] = {&config->sliding_widths, &config->full_widths};
  for (int i = 0; i < 2; i++) {
    const int64_t heads = all[i]->heads > 0 ? all[i]->heads : config->model.heads;
    const int64_t kv_heads = all[i]->kv_heads > 0 ? all[i]->kv_heads : config->model.kv_heads;
    if (heads % kv_heads != 0)
      return tp_key_fail(reading, "",
                         "%" PRId64 " key/value heads of some layers do not divide their %" PRId64
                         " query heads",
                         kv_heads, heads);
  }
  return TP_OK;
}

enum tp_status tp_windows_read(struct tp_reading *reading, struct tp_layer_kind *layers)
{
  struct tp_config *const config = &reading->config;
  const int64_t n_layers = config->model.layers;
  const bool listed = tp_key_is_given(reading, "layer_types");
  bool *const slides = TP_NEW(reading->arena, bool, n_layers);
  if (reading->family->keys == 0)
    return TP_OK;
  if (config->unless_listed != NULL && !listed && !tp_key_is_given(reading, "attn_type_list"))
    return tp_key_fail(reading, "",
                       "'layer_types' is missing: %s, whose scan over a state no op here does",
                       config->unless_listed);
  if (json_is_null(json_object_get(reading->object, "sliding_window")) || config->window < 0)
    config->window = 0; /* absent means the family's default, null none */
  TP_TRY(read_letters(reading));
  if (listed) {
    TP_TRY(read_types(reading, slides));
    TP_TRY(check_list(reading, slides));
  }
  int64_t n_sliding = 0;
  for (int64_t layer = 0; layer < n_layers && !listed; layer++)
    slides[layer] = slides_by_rule(config, layer);
  if (tp_key_is_given(reading, "hybrid_layer_pattern"))
    TP_TRY(read_pattern(reading, slides));
  TP_TRY(tp_turns_read(reading, slides));
  if (config->sliding == TP_SLIDING_UNTURNED && config->use_window && config->window > 0 && !listed)
    TP_TRY(tp_unturned_read(reading, slides));
  for (int64_t layer = 0; layer < n_layers; layer++)
    n_sliding += slides[layer];
  if (n_sliding > 0)
    TP_TRY(check_window(reading));
  else if ((config->sliding == TP_SLIDING_LISTED || config->sliding == TP_SLIDING_UNTURNED) &&
           tp_key_is_given(reading, "sliding_window"))
    tp_key_note(reading, "sliding_window", "is not used: no layer slides");
  TP_TRY(check_widths(reading));
  for (int64_t layer = 0; layer < n_layers; layer++)
    set_layer(config, slides[layer], &layers[layer]);
  return TP_OK;
}
