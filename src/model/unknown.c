/* What is said of a file whose family is unknown: the op that is missing, or the name that was
 * meant.  A hint is followed, so it stands only for a slip of the hand: a family with a name of its
 * own computes something else, whatever letters it shares with one of ours. */
#include "model/family.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

/* Families that nothing here reads, whose name is two letters or fewer from one that is, its first
 * letter the same; others of them are known by what they compute (refused.c). */
static const char *const others[] = {"glm4v_moe", "internvl", "mimi", "mistral3"};

static bool is_other(const char *name)
{
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(name, others[i]) == 0)
      return true;
  return false;
}

/* A number in a name is a generation, and a generation is another family: qwen4 is no qwen3. */
static bool same_generation(const char *a, const char *b)
{
  for (;;) {
    while (*a != '\0' && !isdigit((unsigned char)*a))
      a++;
    while (*b != '\0' && !isdigit((unsigned char)*b))
      b++;
    if (*a != *b)
      return false;
    if (*a == '\0')
      return true;
    a++;
    b++;
  }
}

/* "nemotron_h", "glm4v": what derives from a family appends to its name. */
static bool derives(const char *name, const char *family)
{
  return strncmp(name, family, strlen(family)) == 0;
}

/* Whether a key of the file fills the field at `offset`. */
static bool gives(const struct tp_reading *reading, const struct tp_field *fields, size_t n,
                  size_t offset)
{
  for (size_t i = 0; i < n; i++)
    if (fields[i].offset == offset && tp_key_is_given(reading, fields[i].key))
      return true;
  return false;
}

static bool gives_of_group(const struct tp_reading *reading, unsigned group, size_t offset)
{
  for (size_t t = 0; t < tp_n_key_tables; t++)
    if (tp_key_tables[t].group == group &&
        gives(reading, tp_key_tables[t].fields, tp_key_tables[t].n, offset))
      return true;
  return false;
}

/* Whether the family's defaults would fill in what the file says nothing of: its sizes, its experts
 * or its latent attention.  The file is then hardly one of the family's. */
static bool fills_in(const struct tp_reading *reading, const struct tp_family *family)
{
  static const size_t sizes[] = {
      offsetof(struct tp_config, model.layers), offsetof(struct tp_config, model.hidden),
      offsetof(struct tp_config, model.heads), offsetof(struct tp_config, model.vocab)};
  const struct tp_model *const model = &family->defaults->model;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    if (!gives(reading, family->fields, family->n_fields, sizes[i]) &&
        !(family->keys & TP_KEYS_SHAPE && gives_of_group(reading, TP_KEYS_SHAPE, sizes[i])))
      return true;
  return (family->keys & TP_KEYS_LATENT &&
          !gives_of_group(reading, TP_KEYS_LATENT,
                          offsetof(struct tp_config, model.latent.kv_rank))) ||
         (model->experts.count > 0 &&
          !gives_of_group(reading, TP_KEYS_EXPERTS,
                          offsetof(struct tp_config, model.experts.count)));
}

/* A slip of the hand keeps the first letter: "plamo3" is no "olmo3", nor "molmo2" an "olmo2". */
static bool begin_alike(const char *a, const char *b)
{
  return tolower((unsigned char)a[0]) == tolower((unsigned char)b[0]);
}

static bool was_meant(const struct tp_reading *reading, const char *name,
                      const struct tp_family *family)
{
  const size_t most = strlen(name) < 4 ? 0 : 2; /* "Yi" is no slip of "phi" */
  return begin_alike(name, family->name) && tp_text_distance(name, family->name) <= most &&
         same_generation(name, family->name) && !derives(name, family->name) &&
         tp_keys_suit(reading, family) && !fills_in(reading, family);
}

/* Files of other tools that have no family. */
static const struct {
  const char *keys[3], *what; /* all that the file has */
} other_files[] = {
    {{"dim", "n_layers", "n_heads"},
     "is a params.json, in Meta's and Mistral's own words; give the config.json that transformers "
     "has of the same model"},
    {{"peft_type"},
     "is PEFT's file of an adapter, which has no shape; give the config.json of the model that "
     "'base_model_name_or_path' names"},
    {{"producer", "architecture"},
     "is TensorRT-LLM's file of a checkpoint; give the config.json of the model that it was made "
     "from"},
    {{"pretrained_config", "build_config"},
     "is TensorRT-LLM's file of an engine; give the config.json of the model that it was made "
     "from"},
    {{"weight_map"}, "is an index of weights; give the config.json beside it"},
};

enum tp_status tp_family_check_file(const struct tp_reading *reading)
{
  for (size_t i = 0; i < sizeof other_files / sizeof *other_files; i++) {
    const char *const *const keys = other_files[i].keys;
    size_t n = 0;
    while (n < 3 && keys[n] != NULL && tp_key_is_given(reading, keys[n]))
      n++;
    if (n == 3 || keys[n] == NULL)
      return tp_key_fail(reading, "", "%s", other_files[i].what);
  }
  return TP_OK;
}

enum tp_status tp_family_fail_unknown(struct tp_reading *reading, const char *path,
                                      const char *name)
{
  enum { MOST_OF_A_STUB = 3 };
  const char *key, **names = NULL;
  const char *const missing = tp_keys_missing_op(reading, &key);
  if (missing != NULL)
    return tp_key_fail(reading, key, "asks for %s, which no op here does (family '%.60s')", missing,
                       name);
  const bool unsaid = reading->path[0] != '\0' && !tp_key_is_given(reading, "model_type");
  const char *const op = tp_refused_op(name);
  const char *const mend = unsaid ? NULL : tp_refused_mend(name);
  if (op != NULL)
    return tp_doc_fail(reading->doc, path, reading->error,
                       "family '%.60s' has %s, which no op here does", name, op);
  if (mend != NULL)
    return tp_doc_fail(reading->doc, path, reading->error, "family '%.60s' %s", name, mend);
  if (json_object_size(reading->doc->root) <= MOST_OF_A_STUB)
    TP_TRY(tp_sizes_check(reading));
  const struct tp_family *family;
  size_t n = 0, nearest = strlen(name);
  for (size_t i = 0; (family = tp_family_at(i)) != NULL && !is_other(name); i++)
    if (was_meant(reading, name, family)) {
      const size_t distance = tp_text_distance(name, family->name);
      n = distance < nearest ? 0 : n; /* the nearest alone */
      if (distance <= nearest)
        TP_APPEND(reading->arena, names, n, family->name);
      nearest = distance < nearest ? distance : nearest;
    }
  if (n == 0 && unsaid)
    return tp_key_fail(reading, "",
                       "its family is not known: it has no 'model_type'; add it, as the name of "
                       "the language model's family");
  return tp_doc_fail(reading->doc, path, reading->error, "unknown family '%.60s'%s", name,
                     n > 0 ? tp_text_hint(reading->arena, name, names, n)
                           : "; models/README.md lists those that are read: where its layers "
                             "compute what one of theirs do, write that name here");
}
