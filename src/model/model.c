#include "model/model.h"

#include "base/text.h"
#include "model/family.h"

#include <inttypes.h>
#include <string.h>

struct reading {
  const struct tp_doc *doc;
  const struct tp_family *family;
  struct tp_arena *arena;
  struct tp_error *error;
};

/* The key by which the file spells the field at `offset`: the one present, else the usual one. */
static const char *key_of(const struct reading *reading, size_t offset)
{
  const char *usual = "";
  for (size_t i = reading->family->n_fields; i-- > 0;) {
    const struct tp_field *const field = &reading->family->fields[i];
    if (field->offset != offset)
      continue;
    usual = field->key;
    if (tp_key_is_given(reading->doc, field->key))
      return field->key;
  }
  return usual;
}
#define KEY(reading, field) key_of(reading, offsetof(struct tp_config, field))

static enum tp_status find_family(struct reading *reading)
{
  const char *name = NULL;
  const struct tp_field field = {.key = "model_type", .type = TP_FIELD_STRING};
  TP_TRY(tp_doc_read(reading->doc, "", &field, 1, true, &name, reading->arena, reading->error));
  const char **const names = TP_NEW(reading->arena, const char *, tp_n_families);
  for (size_t i = 0; i < tp_n_families; i++) {
    names[i] = tp_families[i].name;
    if (strcmp(name, names[i]) == 0)
      reading->family = &tp_families[i];
  }
  if (reading->family == NULL)
    return tp_doc_fail(reading->doc, "model_type", reading->error, "unknown family '%.60s'%s", name,
                       tp_text_hint(reading->arena, name, names, tp_n_families));
  return TP_OK;
}

/* Two spellings of one field must say the same. */
static enum tp_status check_spellings(const struct reading *reading)
{
  const struct tp_family *const family = reading->family;
  for (size_t i = 0; i < family->n_fields; i++)
    for (size_t j = 0; j < i; j++) {
      const char *const key = family->fields[i].key, *const other = family->fields[j].key;
      if (family->fields[i].offset == family->fields[j].offset &&
          tp_key_is_given(reading->doc, key) && tp_key_is_given(reading->doc, other) &&
          !json_equal(json_object_get(reading->doc->root, key),
                      json_object_get(reading->doc->root, other)))
        return tp_doc_fail(reading->doc, key, reading->error,
                           "contradicts '%s', which means the same; keep one", other);
    }
  return TP_OK;
}

static enum tp_status check_present(const struct reading *reading, const struct tp_config *config)
{
  const struct {
    size_t offset;
    bool needed;
  } counts[] = {
      {offsetof(struct tp_config, model.layers), true},
      {offsetof(struct tp_config, model.hidden), true},
      {offsetof(struct tp_config, model.heads), true},
      {offsetof(struct tp_config, model.ffn), true},
      {offsetof(struct tp_config, model.vocab), true},
      {offsetof(struct tp_config, model.max_positions),
       config->model.position == TP_POSITION_LEARNED},
      {offsetof(struct tp_config, model.kraken_ways), strcmp(reading->family->name, "kraken") == 0},
  };
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    const int64_t *const value =
        (const int64_t *)(const void *)((const char *)config + counts[i].offset);
    if (counts[i].needed && *value == 0)
      return tp_doc_fail(reading->doc, "", reading->error,
                         "'%s' is missing; a %s config.json has it, add it",
                         key_of(reading, counts[i].offset), reading->family->name);
  }
  return TP_OK;
}

/* Fills in what follows from other fields. */
static void derive(const struct reading *reading, struct tp_config *config)
{
  struct tp_model *const model = &config->model;
  if (reading->family->settle != NULL)
    reading->family->settle(config);
  if (model->kv_heads == 0)
    model->kv_heads = model->heads;
  if (model->ffn == 0)
    model->ffn = config->ffn_expansion * model->hidden;
}

/* Widest heads x head_dim: keeps products with hidden and layers within 64 bits. */
enum { MAX_ATTENTION_WIDTH = 1 << 20 };

static enum tp_status check_heads(const struct reading *reading, struct tp_model *model)
{
  const char *const heads_key = KEY(reading, model.heads);
  if (model->head_dim == 0 && model->hidden % model->heads != 0)
    return tp_doc_fail(reading->doc, heads_key, reading->error,
                       "%" PRId64 " heads do not divide '%s' %" PRId64
                       "; mend one of them, or give the width of a head as 'head_dim'",
                       model->heads, KEY(reading, model.hidden), model->hidden);
  if (model->head_dim == 0)
    model->head_dim = model->hidden / model->heads;
  if (model->heads % model->kv_heads != 0)
    return tp_doc_fail(reading->doc, KEY(reading, model.kv_heads), reading->error,
                       "%" PRId64 " key/value heads do not divide the %" PRId64
                       " query heads of '%s'; each must serve equally many",
                       model->kv_heads, model->heads, heads_key);
  if (model->heads * model->head_dim > MAX_ATTENTION_WIDTH)
    return tp_doc_fail(reading->doc, heads_key, reading->error,
                       "%" PRId64 " heads of %" PRId64 " are wider than %d; mend one of them",
                       model->heads, model->head_dim, MAX_ATTENTION_WIDTH);
  return TP_OK;
}

static enum tp_status check_projection(const struct reading *reading,
                                       const struct tp_config *config)
{
  if (config->embedding_width == 0 || config->embedding_width == config->model.hidden)
    return TP_OK;
  return tp_doc_fail(reading->doc, KEY(reading, embedding_width), reading->error,
                     "%" PRId64 " differs from '%s' %" PRId64
                     "; models with an embedding projection are not supported",
                     config->embedding_width, KEY(reading, model.hidden), config->model.hidden);
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

static enum tp_status read_config(struct reading *reading, struct tp_config *config)
{
  TP_TRY(find_family(reading));
  const struct tp_family *const family = reading->family;
  *config = *family->defaults;
  TP_TRY(tp_doc_read(reading->doc, "", family->fields, family->n_fields, true, config,
                     reading->arena, reading->error));
  TP_TRY(check_spellings(reading));
  derive(reading, config);
  TP_TRY(check_present(reading, config));
  TP_TRY(check_heads(reading, &config->model));
  TP_TRY(check_projection(reading, config));
  return tp_windows_read(reading->doc, config, reading->arena, reading->error);
}

enum tp_status tp_model_open(const char *file, struct tp_arena *arena, struct tp_model *model,
                             struct tp_error *error)
{
  struct tp_doc doc;
  enum tp_status status = tp_doc_open(file, arena, &doc, error);
  if (status != TP_OK)
    return status;
  struct reading reading = {.doc = &doc, .arena = arena, .error = error};
  struct tp_config config;
  status = read_config(&reading, &config);
  if (status == TP_OK) {
    *model = config.model;
    model->name = model_name(file, arena);
    model->family = reading.family->name;
  }
  tp_doc_close(&doc);
  return status;
}
