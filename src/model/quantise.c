/* Types of weights and cache as the checkpoint has them: `quantization_config` in the file, of
 * older ones `compression_config`, of MLX' `quantization`, or a file beside it (beside.c).  A part
 * of the model is asked by the names of its matrices in each layer, which lists of exceptions are
 * matched against; where layers differ, most of them decide and a note says so. */
#include "model/scheme.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool has_part(const struct tp_model *model, int64_t layer, enum tp_model_part part)
{
  const struct tp_layer_kind *const kind = &model->kinds[tp_model_kind_of(model, layer)];
  switch (part) {
  case TP_PART_ATTENTION:
    return !kind->no_attention;
  case TP_PART_MLP:
    return !kind->mixture && !kind->no_mlp;
  case TP_PART_EXPERTS:
    return kind->mixture;
  case TP_PART_SHARED:
    return kind->mixture && model->experts.shared_ffn > 0;
  case TP_PART_ROUTER:
  case TP_PART_HEAD:
  case TP_N_PARTS:
    break;
  }
  return false;
}

static bool same_text(const char *a, const char *b)
{
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

enum { MOST_TYPES = 8 };

/* Types, each with how much has it. */
struct tally {
  int n;
  const char *types[MOST_TYPES];
  double amounts[MOST_TYPES];
};

static void count(struct tally *tally, const char *type, double amount)
{
  int i = 0;
  while (i < tally->n && !same_text(tally->types[i], type))
    i++;
  if (i == MOST_TYPES)
    return; /* tools write no more than three */
  if (i == tally->n) {
    tally->types[tally->n] = type;
    tally->amounts[tally->n++] = 0;
  }
  tally->amounts[i] += amount;
}

static const char *most_of(const struct tally *tally)
{
  int most = 0;
  for (int i = 1; i < tally->n; i++)
    if (tally->amounts[i] > tally->amounts[most])
      most = i;
  return tally->n > 0 ? tally->types[most] : NULL;
}

/* The type of a part: that of most of its elements in most layers. */
struct part_type {
  const char *dtype;
  int64_t layers, alike; /* that have the part; that have this type */
  const char *odd;       /* ", "-joined matrices that differ from the rest of their layer */
};

/* What most elements of a layer have; which of its matrices do not, as bits. */
static const char *type_in_layer(struct tp_scheme *scheme, enum tp_model_part part,
                                 const struct tp_part_matrices *matrices, int64_t layer,
                                 struct tp_arena *arena, unsigned *odd)
{
  const char *types[TP_MOST_PART_MATRICES];
  struct tally tally = {.n = 0};
  for (int m = 0; m < matrices->n; m++) {
    struct tp_matrix_names names = {.n = 0};
    if (scheme->n_rules > 0)
      tp_matrix_spell(scheme->family, part, matrices->names[m], scheme->beside, layer, arena,
                      &names);
    types[m] = tp_scheme_dtype(scheme, &names);
    count(&tally, types[m], matrices->elements[m]);
  }
  const char *const most = most_of(&tally);
  for (int m = 0; m < matrices->n; m++)
    if (!same_text(types[m], most))
      *odd |= 1u << m;
  return most;
}

static struct part_type type_of_part(struct tp_scheme *scheme, const struct tp_model *model,
                                     enum tp_model_part part, struct tp_arena *arena)
{
  const struct tp_part_matrices matrices = tp_part_matrices(model, part);
  struct tp_arena *const scratch = tp_arena_create();
  struct part_type made = {.odd = ""};
  struct tally tally = {.n = 0};
  unsigned odd = 0;
  const bool told = tp_scheme_tells_layers(scheme);
  const char *type = NULL;
  for (int64_t layer = 0; layer < model->layers; layer++) {
    if (!has_part(model, layer, part))
      continue;
    if (told || made.layers == 0) {
      tp_arena_reset(scratch);
      type = type_in_layer(scheme, part, &matrices, layer, scratch, &odd);
    }
    count(&tally, type, 1);
    made.layers++;
  }
  made.dtype = most_of(&tally);
  for (int i = 0; i < tally.n; i++)
    if (same_text(tally.types[i], made.dtype))
      made.alike = (int64_t)tally.amounts[i];
  for (int m = 0; m < matrices.n; m++)
    if (odd & 1u << m)
      made.odd = tp_arena_printf(arena, "%s%s%s", made.odd, made.odd[0] == '\0' ? "" : ", ",
                                 matrices.names[m]);
  tp_arena_free(scratch);
  return made;
}

/* Integers of 4 bits, each group of them with a scale of 16, and 4 for its zero point. */
static void set_bytes(struct tp_model *model, const struct tp_scheme *scheme)
{
  const double group_bytes = 2 + (scheme->zeros ? 0.5 : 0);
  for (int part = 0; part < TP_N_PARTS && scheme->group != 0; part++)
    if (same_text(model->dtypes[part], "w4a16"))
      model->element_bytes[part] =
          0.5 + (scheme->group > 0 ? group_bytes / (double)scheme->group : 0);
}

/* Unless something is met that no GEMM here is. */
static void set_parts(struct tp_reading *reading, struct tp_scheme *scheme)
{
  struct tp_model *const model = &reading->config.model;
  struct part_type types[TP_N_PARTS];
  const char *said = "";
  for (int part = 0; part < TP_PART_ROUTER && scheme->unknown == NULL; part++) {
    types[part] = type_of_part(scheme, model, (enum tp_model_part)part, reading->arena);
    model->dtypes[part] = types[part].dtype;
  }
  if (scheme->unknown == NULL && !model->tied_head && !model->headless)
    model->dtypes[TP_PART_HEAD] = tp_scheme_head_dtype(scheme);
  if (scheme->unknown != NULL) {
    memset(model->dtypes, 0, sizeof model->dtypes);
    model->unknown_dtype = tp_arena_printf(reading->arena, "its weights are %s", scheme->unknown);
    return;
  }
  set_bytes(model, scheme);
  for (int part = 0; part < TP_N_PARTS; part++)
    if (model->dtypes[part] != NULL)
      said = tp_arena_printf(reading->arena, "%s%s%s %s", said, said[0] == '\0' ? "" : ", ",
                             tp_part_text((enum tp_model_part)part), model->dtypes[part]);
  for (int part = 0; part < TP_PART_ROUTER; part++) {
    const char *const text = tp_part_text((enum tp_model_part)part);
    if (types[part].alike < types[part].layers)
      tp_key_note(reading, "",
                  "%s of %" PRId64 " layers in %" PRId64 " is taken to have the type of the others",
                  text, types[part].layers - types[part].alike, types[part].layers);
    if (types[part].odd[0] != '\0')
      tp_key_note(reading, "", "%s: %s taken to have the type of the rest of it", text,
                  types[part].odd);
  }
  if (said[0] != '\0')
    tp_key_note(reading, "", "weights of the checkpoint: %s; --dtype overrides", said);
  else if (model->kv_dtype == NULL)
    tp_key_note(reading, "", "'%s' quantises no weights that a layer has", scheme->path);
}

/* "FP8", or {"num_bits": 8, "type": "float"}; NULL: as the activations. */
static const char *cache_dtype(const json_t *config, const char **unknown)
{
  static const char *const keys[] = {"kv_cache_quant_algo", "kv_cache_scheme"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const json_t *const value = json_object_get(config, keys[i]);
    if (value == NULL || json_is_null(value))
      continue;
    const bool is_8 = json_integer_value(json_object_get(value, "num_bits")) == 8 &&
                      strcmp(tp_scheme_text(value, "type"), "float") == 0;
    if (is_8 || (json_is_string(value) && strcasecmp(json_string_value(value), "FP8") == 0))
      return "fp8";
    *unknown = keys[i];
  }
  return *unknown == NULL ? tp_scheme_quark_cache(config, unknown) : NULL;
}

static enum tp_status read_scheme(struct tp_reading *reading, const struct tp_doc *doc,
                                  const char *path)
{
  struct tp_model *const model = &reading->config.model;
  struct tp_scheme scheme = {.doc = doc,
                             .path = path,
                             .family = reading->family->name,
                             .beside = reading->config.shares_with_mlp};
  const char *unknown = NULL;
  const enum tp_status status = tp_scheme_read(reading, &scheme);
  if (status != TP_OK) {
    tp_scheme_close(&scheme);
    return status;
  }
  model->kv_dtype = cache_dtype(tp_doc_at(doc, path), &unknown);
  if (model->kv_dtype != NULL)
    tp_key_note(reading, "", "a cache of %s, as the checkpoint says", model->kv_dtype);
  if (unknown != NULL)
    tp_key_note(reading, "", "'%s' says of the cache what is not known, and not used", unknown);
  set_parts(reading, &scheme);
  tp_scheme_close(&scheme);
  return TP_OK;
}

/* Of a file that says nothing of types itself. */
static enum tp_status read_beside(struct tp_reading *reading, const char *file)
{
  struct tp_beside beside;
  TP_TRY(tp_beside_open(reading, file, &beside));
  if (beside.name == NULL)
    return TP_OK;
  reading->config.model.beside = beside.file;
  memcpy(reading->config.model.beside_hash, beside.hash, sizeof beside.hash);
  tp_key_note(reading, "", "quantised as %s beside it says", beside.name);
  if (beside.other != NULL)
    tp_key_note(reading, "", "%s stands there, too, and is not used", beside.other);
  const enum tp_status status = read_scheme(reading, &beside.doc, beside.path);
  tp_doc_close(&beside.doc);
  return status;
}

static bool same_types(const struct tp_model *a, const struct tp_model *b)
{
  bool same = same_text(a->kv_dtype, b->kv_dtype) &&
              (a->unknown_dtype == NULL) == (b->unknown_dtype == NULL);
  for (int part = 0; part < TP_N_PARTS; part++)
    same = same && same_text(a->dtypes[part], b->dtypes[part]) &&
           fabs(a->element_bytes[part] - b->element_bytes[part]) < 1e-9;
  return same;
}

/* What stands beside a file that says its types is not used, and said where it says others.  It is
 * read as if the file said nothing. */
static void compare_beside(struct tp_reading *reading, const char *file, const char *said)
{
  struct tp_error error;
  struct tp_reading other = *reading;
  struct tp_model *const model = &other.config.model;
  struct tp_beside beside;
  other.error = &error;
  other.notes = NULL;
  other.n_notes = 0;
  memset(model->dtypes, 0, sizeof model->dtypes);
  memset(model->element_bytes, 0, sizeof model->element_bytes);
  model->kv_dtype = model->unknown_dtype = NULL;
  if (tp_beside_open(&other, file, &beside) != TP_OK) {
    tp_key_note(reading, "", "what stands beside it is not used, nor can be read: %.150s",
                error.text);
    return;
  }
  if (beside.name == NULL)
    return;
  if (read_scheme(&other, &beside.doc, beside.path) != TP_OK)
    tp_key_note(reading, "", "what stands beside it is not used, nor can be read: %.150s",
                error.text);
  else if (!same_types(model, &reading->config.model))
    tp_key_note(reading, "", "%s beside it says other types than '%s', which is used", beside.name,
                said);
  tp_doc_close(&beside.doc);
}

/* Of activations. */
static const char *dtype_of_word(const char *word)
{
  static const char *const types[][2] = {
      {"bfloat16", "bf16"}, {"float16", "fp16"}, {"float32", "fp32"}, {"half", "fp16"}};
  word += strncmp(word, "torch.", 6) == 0 ? 6 : 0;
  for (size_t t = 0; t < sizeof types / sizeof *types; t++)
    if (strcmp(word, types[t][0]) == 0)
      return types[t][1];
  return NULL;
}

static void read_activations(struct tp_reading *reading)
{
  static const char *const keys[] = {"torch_dtype", "dtype"};
  const json_t *const roots[] = {reading->object, reading->doc->root};
  struct tp_model *const model = &reading->config.model;
  const char *odd = NULL;
  for (int i = 0; i < 4 && model->dtype == NULL; i++) {
    const json_t *const value = json_object_get(roots[i / 2], keys[i % 2]);
    if (value == NULL || json_is_null(value))
      continue;
    model->dtype = json_is_string(value) ? dtype_of_word(json_string_value(value)) : NULL;
    odd = odd == NULL ? keys[i % 2] : odd;
  }
  if (model->dtype == NULL && odd != NULL)
    tp_key_note(reading, odd, "is none of bfloat16, float16 and float32, and not used");
}

/* ChatGLM's: so many bits, by a kernel of its own. */
static void read_bits(struct tp_reading *reading)
{
  enum { WIDE = 16 };
  static const char key[] = "quantization_bit";
  const json_int_t bits = json_integer_value(json_object_get(reading->object, key));
  const struct tp_products products = {.weights = {.bits = (int)bits}, .other = true};
  if (bits > 0 && bits < WIDE)
    reading->config.model.unknown_dtype =
        tp_arena_printf(reading->arena, "its weights are %s",
                        tp_products_type(&products, key, reading->arena).unknown);
}

enum tp_status tp_quantise_read(struct tp_reading *reading, const char *file)
{
  /* The usual word, an older one, and that of MLX. */
  static const char *const keys[] = {"quantization_config", "compression_config", "quantization"};
  read_activations(reading);
  read_bits(reading);
  for (size_t i = 0; i < 2 * sizeof keys / sizeof *keys; i++) {
    const char *const path = i % 2 == 0 ? tp_key_path(reading, keys[i / 2]) : keys[i / 2];
    const json_t *const config = tp_doc_at(reading->doc, path);
    if (config == NULL || json_is_null(config))
      continue;
    if (!json_is_object(config) || json_object_size(config) == 0)
      return tp_doc_fail(reading->doc, path, reading->error,
                         "must be an object that says how weights are quantised, or null");
    TP_TRY(read_scheme(reading, reading->doc, path));
    compare_beside(reading, file, path);
    return TP_OK;
  }
  return read_beside(reading, file);
}
