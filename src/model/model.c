#include "model/model.h"

#include "base/file.h"
#include "model/family.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The key by which the file spells the field at `offset`: the one present, else the usual one. */
static const char *key_of(const struct tp_reading *reading, size_t offset)
{
  const char *usual = "";
  for (size_t i = reading->n_fields; i-- > 0;) {
    const struct tp_field *const field = &reading->fields[i];
    if (field->offset != offset)
      continue;
    usual = field->key;
    if (tp_key_is_given(reading, field->key))
      return field->key;
  }
  return usual;
}
#define KEY(reading, field) key_of(reading, offsetof(struct tp_config, field))

/* The language model of a file that has other parts, too. */
static void find_object(struct tp_reading *reading)
{
  static const char *const parts[] = {"text_config", "language_config", "llm_config",
                                      "thinker_config.text_config"};
  reading->object = reading->doc->root;
  reading->path = "";
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    const json_t *const part = tp_doc_at(reading->doc, parts[i]);
    if (!json_is_object(part) || json_object_size(part) == 0)
      continue;
    reading->object = part;
    reading->path = parts[i];
    return;
  }
}

static enum tp_status find_family(struct tp_reading *reading)
{
  const char *name = NULL, *key;
  const bool inside = tp_key_is_given(reading, "model_type");
  const char *const path = inside ? tp_key_path(reading, "model_type") : "model_type";
  const struct tp_field field = {.key = "model_type", .type = TP_FIELD_STRING};
  const char *const missing = inside || json_object_get(reading->doc->root, field.key) != NULL
                                  ? NULL
                                  : tp_keys_missing_op(reading, &key);
  if (missing != NULL) /* whatever family it is of */
    return tp_key_fail(reading, key, "asks for %s, which no op here does", missing);
  TP_TRY(tp_doc_read(reading->doc, inside ? reading->path : "", &field, 1, true, &name,
                     reading->arena, reading->error));
  if (!inside && reading->path[0] != '\0')
    name = tp_arena_printf(reading->arena, "%s_text", name);
  const struct tp_family *family;
  for (size_t i = 0; (family = tp_family_at(i)) != NULL; i++)
    if (strcmp(name, family->name) == 0)
      reading->family = family;
  return reading->family != NULL ? TP_OK : tp_family_fail_unknown(reading, path, name);
}

static bool is_zero(const struct tp_reading *reading, const char *key)
{
  const json_t *const value = json_object_get(reading->object, key);
  return json_is_integer(value) && json_integer_value(value) == 0;
}

/* DeepSeek-V2's code has ordinary attention, too: where its file says so, or, as serving engines
 * have it, gives latent keys no width.  What the file says of latents then counts for nothing. */
static bool has_latents(const struct tp_reading *reading)
{
  return reading->family->keys & TP_KEYS_LATENT &&
         !json_is_false(json_object_get(reading->object, "use_mla")) &&
         !(is_zero(reading, "qk_nope_head_dim") && is_zero(reading, "qk_rope_head_dim"));
}

/* A width of latents that is null is none, and not the family's. */
static enum tp_status check_latents(const struct tp_reading *reading)
{
  static const char *const keys[] = {"kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim",
                                     "v_head_dim"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys && has_latents(reading); i++)
    if (json_is_null(json_object_get(reading->object, keys[i])))
      return tp_key_fail(reading, keys[i],
                         "null gives latent attention no width; give it, or 'use_mla' false where "
                         "attention is ordinary");
  return TP_OK;
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
  const unsigned keys = family->keys & ~(has_latents(reading) ? 0U : (unsigned)TP_KEYS_LATENT);
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

/* Layers that `layer_types` lists where no other key counts them, else 0. */
static int64_t counted_layers(const struct tp_reading *reading)
{
  const json_t *const types = json_object_get(reading->object, "layer_types");
  const bool counts = reading->family->keys & TP_KEYS_SHAPE && json_is_array(types) &&
                      !tp_key_is_given(reading, "num_hidden_layers");
  return counts && json_array_size(types) <= 2000 ? (int64_t)json_array_size(types) : 0;
}

static int64_t count_at(const struct tp_config *config, size_t offset)
{
  return *(const int64_t *)(const void *)((const char *)config + offset);
}

static void note_left_out(struct tp_reading *reading, size_t offset)
{
  tp_key_note(reading, "", "'%s' is left out; it is %" PRId64 ", as Hugging Face's %s has it",
              key_of(reading, offset), count_at(&reading->config, offset), reading->family->name);
}

/* Sizes that a file may leave to its class: a number of the class's own, or as many key/value heads
 * as there are heads. */
static void note_absent(struct tp_reading *reading)
{
  const bool has_heads = reading->family->keys & TP_KEYS_SHAPE && !has_latents(reading);
  const bool has_experts = reading->config.model.experts.count > 0;
  const struct {
    size_t offset;
    bool counts;
  } sizes[] = {{offsetof(struct tp_config, model.kv_heads), has_heads},
               {offsetof(struct tp_config, model.head_dim), has_heads},
               {offsetof(struct tp_config, model.experts.count), has_experts},
               {offsetof(struct tp_config, model.experts.top_k), has_experts},
               {offsetof(struct tp_config, model.experts.ffn), has_experts}};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    const bool is_own = i == 0 || count_at(reading->family->defaults, sizes[i].offset) > 0;
    const char *const key = key_of(reading, sizes[i].offset);
    if (sizes[i].counts && is_own &&
        json_object_get(reading->object, key) == NULL) /* null says it */
      note_left_out(reading, sizes[i].offset);
  }
}

/* Sizes that no file does without, and whether they must be there. */
static enum tp_status check_present(struct tp_reading *reading)
{
  const struct tp_config *const config = &reading->config;
  const struct {
    size_t offset;
    bool needed;
  } counts[] = {
      {offsetof(struct tp_config, model.layers), true},
      {offsetof(struct tp_config, model.hidden), true},
      {offsetof(struct tp_config, model.heads), true},
      {offsetof(struct tp_config, model.ffn), !(reading->family->keys & TP_KEYS_BLOCKS)},
      {offsetof(struct tp_config, model.vocab), true},
      {offsetof(struct tp_config, model.latent.kv_rank), has_latents(reading)},
      {offsetof(struct tp_config, model.max_positions),
       config->model.position == TP_POSITION_LEARNED},
      {offsetof(struct tp_config, model.kraken_ways), strcmp(reading->family->name, "kraken") == 0},
  };
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    const int64_t value = count_at(config, counts[i].offset);
    const char *const key = key_of(reading, counts[i].offset);
    const bool is_ffn = counts[i].offset == offsetof(struct tp_config, model.ffn);
    const bool is_vocab = counts[i].offset == offsetof(struct tp_config, model.vocab);
    const bool follows = (is_ffn && (config->ffn_expansion > 0 || key[0] == '\0')) ||
                         (is_vocab && config->embedding_rows > 0);
    const bool is_null = json_is_null(json_object_get(reading->object, key)) && !follows;
    if (!counts[i].needed)
      continue;
    if (value == 0 || is_null)
      return tp_key_fail(reading, "", "'%s' is missing; a %s config.json has it, add it", key,
                         reading->family->name);
    if (!tp_key_is_given(reading, key) && !follows && value != counted_layers(reading))
      note_left_out(reading, counts[i].offset);
  }
  note_absent(reading);
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
  if (counted_layers(reading) > 0)
    model->layers = counted_layers(reading);
  const json_t *const tied = json_object_get(reading->doc->root, "tie_word_embeddings");
  if (reading->path[0] != '\0' && json_is_boolean(tied) &&
      !tp_key_is_given(reading, "tie_word_embeddings"))
    model->tied_head = json_is_true(tied);
  if (config->further_tokens > 0)
    tp_key_note(reading, KEY(reading, further_tokens),
                "layers that predict further tokens are left out");
}

/* Widest heads x head_dim: keeps products with hidden and layers within 64 bits. */
enum { MAX_ATTENTION_WIDTH = 1 << 20 };

static enum tp_status check_heads(const struct tp_reading *reading, struct tp_model *model)
{
  const char *const heads_key = KEY(reading, model.heads);
  if (model->head_dim == 0 && model->hidden % model->heads != 0)
    return tp_key_fail(reading, heads_key,
                       "%" PRId64 " heads do not divide '%s' %" PRId64
                       "; mend one of them, or give the width of a head as 'head_dim'",
                       model->heads, KEY(reading, model.hidden), model->hidden);
  if (model->head_dim == 0)
    model->head_dim = model->hidden / model->heads;
  if (model->heads % model->kv_heads != 0)
    return tp_key_fail(reading, KEY(reading, model.kv_heads),
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
  return tp_key_fail(reading, KEY(reading, embedding_width),
                     "%" PRId64 " differs from '%s' %" PRId64
                     "; models with an embedding projection are not supported",
                     config->embedding_width, KEY(reading, model.hidden), config->model.hidden);
}

static void say_unpriced(struct tp_model *model)
{
  if (model->indexer.heads > 0)
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

/* A part that sees or hears, beside a language model whose keys are the file's own. */
static void note_other_part(struct tp_reading *reading)
{
  static const char *const parts[] = {"vision_config",   "audio_config",    "img_processor",
                                      "audio_processor", "mm_vision_tower", "visual"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (tp_key_is_given(reading, parts[i])) {
      tp_key_note(reading, parts[i], "is left out: the language model alone is read");
      return;
    }
}

static enum tp_status read_config(struct tp_reading *reading, const char *file)
{
  find_object(reading);
  TP_TRY(tp_spelling_unfold(reading));
  TP_TRY(find_family(reading));
  collect_fields(reading);
  reading->config = *reading->family->defaults;
  if (!has_latents(reading))
    memset(&reading->config.model.latent, 0, sizeof reading->config.model.latent);
  if (reading->path[0] != '\0')
    tp_key_note(reading, "", "the language model alone; other parts of the file are left out");
  else
    note_other_part(reading);
  TP_TRY(tp_spelling_settle_lists(reading));
  TP_TRY(tp_doc_read(reading->doc, reading->path, reading->fields, reading->n_fields, true,
                     &reading->config, reading->arena, reading->error));
  TP_TRY(tp_keys_check_ops(reading));
  TP_TRY(tp_keys_check(reading));
  TP_TRY(check_latents(reading));
  TP_TRY(check_spellings(reading));
  derive(reading);
  TP_TRY(check_present(reading));
  TP_TRY(check_heads(reading, &reading->config.model));
  TP_TRY(check_projection(reading));
  TP_TRY(tp_kinds_read(reading));
  TP_TRY(tp_positions_read(reading));
  TP_TRY(tp_quantise_read(reading, file));
  say_unpriced(&reading->config.model);
  return TP_OK;
}

/* Python writes NaN and Infinity, which no JSON has: they become text, which no number may be. */
static const char *without_bare_words(const char *text, struct tp_arena *arena)
{
  static const char *const words[] = {"NaN", "-Infinity", "Infinity"};
  if (strstr(text, "NaN") == NULL && strstr(text, "Infinity") == NULL)
    return text;
  char *const copy = tp_arena_alloc(arena, 3 * strlen(text) + 1, 1), *end = copy;
  bool quoted = false;
  while (*text != '\0') {
    size_t length = 0;
    for (size_t i = 0; i < 3 && !quoted && length == 0; i++)
      if (strncmp(text, words[i], strlen(words[i])) == 0)
        length = strlen(words[i]);
    if (length > 0) {
      end += sprintf(end, "\"%.*s\"", (int)length, text);
      text += length;
      continue;
    }
    if (quoted && *text == '\\' && text[1] != '\0')
      *end++ = *text++;
    else if (*text == '"')
      quoted = !quoted;
    *end++ = *text++;
  }
  *end = '\0';
  return copy;
}

enum tp_status tp_model_open(const char *file, struct tp_arena *arena, struct tp_model *model,
                             struct tp_error *error)
{
  struct tp_doc doc;
  const char *text;
  TP_TRY(tp_file_read(file, arena, &text, error));
  TP_TRY(tp_doc_parse(file, without_bare_words(text, arena), arena, &doc, error));
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
