#include "model/model.h"

#include "base/file.h"
#include "model/family.h"

#include <inttypes.h>
#include <string.h>

static enum tp_status find_family(struct tp_reading *reading)
{
  const char *name = NULL, *key;
  const bool inside = tp_key_is_given(reading, "model_type");
  const char *const path = inside ? tp_key_path(reading, "model_type") : "model_type";
  const struct tp_field field = {.key = "model_type", .type = TP_FIELD_STRING};
  const bool said = inside || json_object_get(reading->doc->root, field.key) != NULL;
  if (!said)
    TP_TRY(tp_family_check_file(reading));
  const char *const missing = said ? NULL : tp_keys_missing_op(reading, &key);
  if (missing != NULL) /* whatever family it is of */
    return tp_key_fail(reading, key, "asks for %s, which no op here does", missing);
  TP_TRY(tp_doc_read(reading->doc, inside ? reading->path : "", &field, 1, true, &name,
                     reading->arena, reading->error));
  if (!inside && reading->path[0] != '\0')
    name = tp_part_family(reading, name);
  const struct tp_family *family;
  for (size_t i = 0; (family = tp_family_at(i)) != NULL; i++)
    if (strcmp(name, family->name) == 0)
      reading->family = family;
  return reading->family != NULL ? TP_OK : tp_family_fail_unknown(reading, path, name);
}

/* A pattern of windows in letters, which windows.c reads. */
static bool is_lettered(const struct tp_reading *reading, const struct tp_field *field)
{
  return field->offset == offsetof(struct tp_config, window_pattern) &&
         json_is_string(json_object_get(reading->object, field->key));
}

/* All rows of the family: its own, and those of its groups. */
static void collect_fields(struct tp_reading *reading)
{
  const struct tp_family *const family = reading->family;
  const unsigned keys = family->keys & ~(tp_has_latents(reading) ? 0U : (unsigned)TP_KEYS_LATENT);
  struct tp_field *fields = NULL;
  for (size_t i = 0; i < family->n_fields; i++)
    TP_APPEND(reading->arena, fields, reading->n_fields, family->fields[i]);
  for (size_t t = 0; t < tp_n_key_tables; t++)
    for (size_t i = 0; keys & tp_key_tables[t].group && i < tp_key_tables[t].n; i++)
      if (!is_lettered(reading, &tp_key_tables[t].fields[i]))
        TP_APPEND(reading->arena, fields, reading->n_fields, tp_key_tables[t].fields[i]);
  reading->fields = fields;
}

/* Two spellings of one field must say the same. */
static enum tp_status check_spellings(const struct tp_reading *reading)
{
  for (size_t i = 0; i < reading->n_fields; i++)
    for (size_t j = 0; j < i; j++) {
      const char *const key = reading->fields[i].key, *const other = reading->fields[j].key;
      if (reading->fields[i].offset == reading->fields[j].offset &&
          reading->fields[i].offset != offsetof(struct tp_config, further_tokens) &&
          tp_key_is_given(reading, key) && tp_key_is_given(reading, other) &&
          !json_equal(json_object_get(reading->object, key),
                      json_object_get(reading->object, other)))
        return tp_key_fail(reading, key, "contradicts '%s', which means the same; keep one", other);
    }
  return TP_OK;
}

/* Fills in what follows from other fields. */
static void derive(struct tp_reading *reading)
{
  struct tp_config *const config = &reading->config;
  struct tp_model *const model = &config->model;
  if (reading->family->settle != NULL)
    reading->family->settle(config);
  if (config->use_qk_norm)
    model->qk_norm =
        config->qk_norm_form != TP_QK_NORM_NONE ? config->qk_norm_form : TP_QK_NORM_HEAD;
  if (json_is_null(json_object_get(reading->object, "q_lora_rank")))
    model->latent.q_rank = 0;
  if (model->latent.kv_rank > 0) {
    model->head_dim = model->latent.nope_dim + model->latent.rope_dim;
    model->kv_heads = model->heads;
  }
  /* A class may have a number of its own where the key is absent; null is as many as heads. */
  if (reading->family->keys & TP_KEYS_SHAPE &&
      json_is_null(json_object_get(reading->object, "num_key_value_heads")))
    model->kv_heads = 0;
  if (model->kv_heads == 0)
    model->kv_heads = model->heads;
  if (model->ffn == 0)
    model->ffn = config->ffn_expansion * model->hidden;
  if (tp_counted_layers(reading) > 0)
    model->layers = tp_counted_layers(reading);
  const json_t *const tied = json_object_get(reading->doc->root, "tie_word_embeddings");
  if (reading->path[0] != '\0' && json_is_boolean(tied) &&
      !tp_key_is_given(reading, "tie_word_embeddings"))
    model->tied_head = json_is_true(tied);
  if (config->further_tokens > 0)
    tp_key_note(reading, TP_KEY(reading, further_tokens), TP_FURTHER_TOKENS);
}

/* Widest heads x head_dim: keeps products with hidden and layers within 64 bits. */
enum { MAX_ATTENTION_WIDTH = 1 << 20 };

static enum tp_status check_heads(const struct tp_reading *reading, struct tp_model *model)
{
  const char *const heads_key = TP_KEY(reading, model.heads);
  const char *const kv_key = TP_KEY(reading, model.kv_heads);
  if (model->head_dim == 0 && model->hidden % model->heads != 0)
    return tp_key_fail(reading, heads_key,
                       "%" PRId64 " heads do not divide '%s' %" PRId64
                       "; mend one of them, or give the width of a head as 'head_dim'",
                       model->heads, TP_KEY(reading, model.hidden), model->hidden);
  if (model->head_dim == 0)
    model->head_dim = model->hidden / model->heads;
  if (model->heads % model->kv_heads != 0 && !tp_key_is_given(reading, kv_key))
    return tp_key_fail(reading, "",
                       "'%s' is left out, and Hugging Face's %s has %" PRId64
                       ", which do not divide the %" PRId64 " query heads of '%s'; add it",
                       kv_key, reading->family->name, model->kv_heads, model->heads, heads_key);
  if (model->heads % model->kv_heads != 0)
    return tp_key_fail(reading, kv_key,
                       "%" PRId64 " key/value heads do not divide the %" PRId64
                       " query heads of '%s'; each must serve equally many",
                       model->kv_heads, model->heads, heads_key);
  if (model->heads * model->head_dim > MAX_ATTENTION_WIDTH)
    return tp_key_fail(reading, heads_key,
                       "%" PRId64 " heads of %" PRId64 " are wider than %d; mend one of them",
                       model->heads, model->head_dim, MAX_ATTENTION_WIDTH);
  return TP_OK;
}

static enum tp_status check_projection(const struct tp_reading *reading)
{
  const struct tp_config *const config = &reading->config;
  if (config->embedding_width == 0 || config->embedding_width == config->model.hidden)
    return TP_OK;
  return tp_key_fail(reading, TP_KEY(reading, embedding_width),
                     "%" PRId64 " differs from '%s' %" PRId64
                     "; models with an embedding projection are not supported",
                     config->embedding_width, TP_KEY(reading, model.hidden), config->model.hidden);
}

static void say_unpriced(struct tp_model *model)
{
  if (model->indexer.heads > 0 && model->unpriced == NULL)
    model->unpriced = "its indexer scores all keys and lets attention see the best of them, which "
                      "no op here does; show-model shows its sizes";
}

/* "DIR/llama-3.1-8b.json" is "llama-3.1-8b", "Llama-3.1-8B/config.json" is "Llama-3.1-8B". */
static const char *model_name(const char *file, struct tp_arena *arena)
{
  char *const path = tp_arena_strdup(arena, file);
  char *slash = strrchr(path, '/');
  if (slash != NULL && slash != path && strcmp(slash, "/config.json") == 0) {
    *slash = '\0';
    slash = strrchr(path, '/');
  }
  char *const name = slash == NULL ? path : slash + 1;
  char *const extension = strrchr(name, '.');
  if (extension != NULL && extension != name && strcmp(extension, ".json") == 0)
    *extension = '\0';
  return name;
}

static enum tp_status read_config(struct tp_reading *reading, const char *file)
{
  tp_part_find(reading);
  TP_TRY(tp_spelling_unfold(reading));
  TP_TRY(find_family(reading));
  TP_TRY(tp_sizes_check(reading));
  collect_fields(reading);
  reading->config = *reading->family->defaults;
  if (!tp_has_latents(reading))
    memset(&reading->config.model.latent, 0, sizeof reading->config.model.latent);
  tp_part_note(reading);
  TP_TRY(tp_spelling_settle_lists(reading));
  TP_TRY(tp_doc_read(reading->doc, reading->path, reading->fields, reading->n_fields, true,
                     &reading->config, reading->arena, reading->error));
  TP_TRY(tp_keys_check_ops(reading));
  TP_TRY(tp_keys_check(reading));
  TP_TRY(tp_latents_check(reading));
  TP_TRY(check_spellings(reading));
  derive(reading);
  tp_architectures_read(reading);
  TP_TRY(tp_absent_check(reading));
  TP_TRY(check_heads(reading, &reading->config.model));
  TP_TRY(check_projection(reading));
  TP_TRY(tp_kinds_read(reading));
  tp_absent_note(reading);
  TP_TRY(tp_positions_read(reading));
  TP_TRY(tp_quantise_read(reading, file));
  say_unpriced(&reading->config.model);
  return TP_OK;
}

enum tp_status tp_model_open(const char *file, struct tp_arena *arena, struct tp_model *model,
                             struct tp_error *error)
{
  struct tp_doc doc;
  const char *text;
  TP_TRY(tp_file_read(file, arena, &text, error));
  TP_TRY(tp_python_json_parse(file, text, arena, &doc, error));
  struct tp_reading *const reading = TP_NEW(arena, struct tp_reading, 1);
  reading->doc = &doc;
  reading->arena = arena;
  reading->error = error;
  const enum tp_status status = read_config(reading, file);
  if (status == TP_OK) {
    *model = reading->config.model;
    tp_hash_text(text, model->hash);
    model->name = model_name(file, arena);
    model->family = reading->family->name;
    model->notes = reading->notes;
    model->n_notes = reading->n_notes;
  }
  tp_doc_close(&doc);
  return status;
}
