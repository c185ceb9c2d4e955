/* Which layers have a sliding window: Hugging Face's keys, and its configuration classes' defaults.
 */
#include "model/family.h"

#include <inttypes.h>
#include <string.h>

struct windows {
  const struct tp_doc *doc;
  struct tp_config *config;
  struct tp_arena *arena;
  struct tp_error *error;
};

static enum tp_status read_type(const struct windows *windows, size_t layer, const json_t *type,
                                bool *slides)
{
  const char *const path = tp_arena_printf(windows->arena, "layer_types[%zu]", layer);
  const char *const word = json_string_value(type);
  if (word == NULL)
    return tp_doc_fail(windows->doc, path, windows->error,
                       "must be \"full_attention\" or \"sliding_attention\"");
  *slides = strcmp(word, "sliding_attention") == 0;
  if (!*slides && strcmp(word, "full_attention") != 0)
    return tp_doc_fail(windows->doc, path, windows->error,
                       "unknown kind of layer '%.60s'; full_attention and sliding_attention are "
                       "known",
                       word);
  return TP_OK;
}

/* `slides` by layer becomes what the file lists. */
static enum tp_status read_types(const struct windows *windows, bool *slides)
{
  const json_t *const types = json_object_get(windows->doc->root, "layer_types");
  const int64_t layers = windows->config->model.layers;
  if (!json_is_array(types))
    return tp_doc_fail(windows->doc, "layer_types", windows->error,
                       "must be a list of one kind a layer");
  if ((int64_t)json_array_size(types) != layers)
    return tp_doc_fail(windows->doc, "layer_types", windows->error,
                       "lists %zu layers of %" PRId64 "; name each", json_array_size(types),
                       layers);
  for (size_t layer = 0; layer < json_array_size(types); layer++)
    TP_TRY(read_type(windows, layer, json_array_get(types, layer), &slides[layer]));
  return TP_OK;
}

/* What the other keys say of a layer, or the family where they say nothing. */
static bool slides_by_rule(const struct tp_config *config, int64_t layer)
{
  if (config->window_pattern > 0)
    return (layer + 1) % config->window_pattern != 0;
  switch (config->sliding) {
  case TP_SLIDING_NEVER:
  case TP_SLIDING_LISTED:
    return false;
  case TP_SLIDING_ALL:
    return config->window > 0;
  case TP_SLIDING_FROM:
    return config->use_window && layer >= config->max_window_layers;
  }
  return false;
}

/* A list beside another key that says which layers slide must not say something else. */
static enum tp_status check_list(const struct windows *windows, const bool *slides)
{
  const struct tp_config *config = windows->config;
  const bool by_number = config->sliding == TP_SLIDING_FROM && config->use_window &&
                         tp_key_is_given(windows->doc, "max_window_layers");
  const char *const rule = config->window_pattern > 0 ? "sliding_window_pattern"
                           : by_number                ? "max_window_layers"
                                                      : NULL;
  for (int64_t layer = 0; layer < config->model.layers && rule != NULL; layer++)
    if (slides[layer] != slides_by_rule(config, layer))
      return tp_doc_fail(windows->doc,
                         tp_arena_printf(windows->arena, "layer_types[%" PRId64 "]", layer),
                         windows->error, "contradicts '%s'; keep one of them", rule);
  return TP_OK;
}

static enum tp_status check_window(const struct windows *windows, bool listed)
{
  const struct tp_config *config = windows->config;
  const char *const key = listed                       ? "layer_types"
                          : config->window_pattern > 0 ? "sliding_window_pattern"
                                                       : "use_sliding_window";
  if (config->sliding == TP_SLIDING_FROM && !config->use_window)
    return tp_doc_fail(windows->doc, key, windows->error,
                       "makes layers slide, but 'use_sliding_window' is false; mend one of them");
  if (config->window == 0)
    return tp_doc_fail(windows->doc, key, windows->error,
                       "makes layers slide, but 'sliding_window' does not say how many tokens they "
                       "see; add it");
  return TP_OK;
}

/* The first layer is of kind 0. */
static void set_kinds(const struct windows *windows, const bool *slides, int64_t n_sliding)
{
  struct tp_model *const model = &windows->config->model;
  const int64_t window = windows->config->window;
  model->kinds[0].window = slides[0] ? window : 0;
  if (n_sliding == 0 || n_sliding == model->layers)
    return;
  unsigned char *const kind_of = TP_NEW(windows->arena, unsigned char, model->layers);
  for (int64_t layer = 0; layer < model->layers; layer++)
    kind_of[layer] = slides[layer] != slides[0];
  model->n_kinds = 2;
  model->kinds[1].window = slides[0] ? 0 : window;
  model->kind_of = kind_of;
}

enum tp_status tp_windows_read(const struct tp_doc *doc, struct tp_config *config,
                               struct tp_arena *arena, struct tp_error *error)
{
  const struct windows windows = {.doc = doc, .config = config, .arena = arena, .error = error};
  const int64_t layers = config->model.layers;
  if (config->sliding == TP_SLIDING_NEVER)
    return TP_OK;
  if (json_is_null(json_object_get(doc->root, "sliding_window")))
    config->window = 0; /* absent means the family's default, null none */
  const bool listed = tp_key_is_given(doc, "layer_types");
  bool *const slides = TP_NEW(arena, bool, layers);
  if (listed) {
    TP_TRY(read_types(&windows, slides));
    TP_TRY(check_list(&windows, slides));
  }
  int64_t n_sliding = 0;
  for (int64_t layer = 0; layer < layers; layer++) {
    if (!listed)
      slides[layer] = slides_by_rule(config, layer);
    n_sliding += slides[layer];
  }
  if (n_sliding > 0)
    TP_TRY(check_window(&windows, listed));
  set_kinds(&windows, slides, n_sliding);
  return TP_OK;
}
