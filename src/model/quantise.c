/* Types of weights and cache as the checkpoint has them: `quantization_config` in the file, or
 * hf_quant_config.json beside it (NVIDIA's tools).  A part of the model is asked by the names of
 * its matrices in each layer, which lists of exceptions are matched against; where layers differ,
 * most of them decide and a note says so. */
#include "base/file.h"
#include "model/scheme.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
  case TP_N_PARTS:
    break;
  }
  return false;
}

static bool same_text(const char *a, const char *b)
{
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The type of most layers; how many there are, and how many have it. */
static const char *most_common(struct tp_scheme *scheme, const struct tp_model *model,
                               enum tp_model_part part, struct tp_arena *arena, int64_t counts[2])
{
  const char **const of = TP_NEW(arena, const char *, model->layers), *most = NULL;
  counts[0] = counts[1] = 0;
  for (int64_t layer = 0; layer < model->layers; layer++)
    if (has_part(model, layer, part))
      of[counts[0]++] = tp_scheme_dtype(scheme, part, layer, arena);
  for (int64_t i = 0; i < counts[0]; i++) {
    int64_t alike = 0;
    for (int64_t j = 0; j < counts[0]; j++)
      alike += same_text(of[i], of[j]);
    if (alike > counts[1]) {
      counts[1] = alike;
      most = of[i];
    }
  }
  return most;
}

/* Unless something is met that no GEMM here is. */
static void set_parts(struct tp_reading *reading, struct tp_scheme *scheme)
{
  struct tp_model *const model = &reading->config.model;
  int64_t counts[TP_N_PARTS][2];
  const char *said = "";
  for (int part = 0; part < TP_PART_ROUTER && scheme->unknown == NULL; part++)
    model->dtypes[part] =
        most_common(scheme, model, (enum tp_model_part)part, reading->arena, counts[part]);
  if (scheme->unknown != NULL) {
    memset(model->dtypes, 0, sizeof model->dtypes);
    model->unknown_dtype = tp_arena_printf(reading->arena,
                                           "its weights are quantised as '%.40s' says, which no "
                                           "GEMM here is; give --dtype",
                                           scheme->unknown);
    return;
  }
  for (int part = 0; part < TP_PART_ROUTER; part++) {
    if (model->dtypes[part] != NULL)
      said = tp_arena_printf(reading->arena, "%s%s%s %s", said, said[0] == '\0' ? "" : ", ",
                             tp_part_text((enum tp_model_part)part), model->dtypes[part]);
    if (counts[part][1] < counts[part][0])
      tp_key_note(reading, "",
                  "%s of %" PRId64 " layers in %" PRId64 " is taken to have the type of the others",
                  tp_part_text((enum tp_model_part)part), counts[part][0] - counts[part][1],
                  counts[part][0]);
  }
  if (said[0] != '\0')
    tp_key_note(reading, "", "weights as the checkpoint has them: %s; --dtype overrides", said);
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
    if (is_8 || (json_is_string(value) && strcmp(json_string_value(value), "FP8") == 0))
      return "fp8";
    *unknown = keys[i];
  }
  return NULL;
}

static enum tp_status read_scheme(struct tp_reading *reading, const struct tp_doc *doc,
                                  const char *path)
{
  struct tp_model *const model = &reading->config.model;
  struct tp_scheme scheme = {.doc = doc, .path = path, .beside = reading->config.shares_with_mlp};
  const char *unknown = NULL;
  TP_TRY(tp_scheme_read(reading, &scheme));
  model->kv_dtype = cache_dtype(tp_doc_at(doc, path), &unknown);
  if (model->kv_dtype != NULL)
    tp_key_note(reading, "", "a cache of %s, as the checkpoint says", model->kv_dtype);
  if (unknown != NULL)
    tp_key_note(reading, "", "'%s' says of the cache what is not known, and not used", unknown);
  set_parts(reading, &scheme);
  return TP_OK;
}

/* NVIDIA's file beside config.json: {"quantization": {...}}. */
static enum tp_status read_beside(struct tp_reading *reading, const char *file)
{
  const char *const slash = strrchr(file, '/');
  const char *const path = tp_arena_printf(reading->arena, "%.*shf_quant_config.json",
                                           slash == NULL ? 0 : (int)(slash - file + 1), file);
  if (strcmp(slash == NULL ? file : slash + 1, "config.json") != 0 || access(path, F_OK) != 0)
    return TP_OK;
  struct tp_doc doc;
  TP_TRY(tp_doc_open(path, reading->arena, &doc, reading->error));
  const bool is_there = json_is_object(json_object_get(doc.root, "quantization"));
  enum tp_status status =
      is_there ? TP_OK : tp_doc_fail(&doc, "", reading->error, "'quantization' is missing; add it");
  if (status == TP_OK) {
    tp_key_note(reading, "", "quantised as %s beside it says", "hf_quant_config.json");
    status = read_scheme(reading, &doc, "quantization");
  }
  tp_doc_close(&doc);
  return status;
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

enum tp_status tp_quantise_read(struct tp_reading *reading, const char *file)
{
  static const char key[] = "quantization_config";
  const char *const paths[] = {tp_key_path(reading, key), key};
  read_activations(reading);
  for (int i = 0; i < 2; i++) {
    const json_t *const config = tp_doc_at(reading->doc, paths[i]);
    if (config == NULL || json_is_null(config))
      continue;
    if (!json_is_object(config) || json_object_size(config) == 0)
      return tp_doc_fail(reading->doc, paths[i], reading->error,
                         "must be an object that says how weights are quantised, or null");
    return read_scheme(reading, reading->doc, paths[i]);
  }
  return read_beside(reading, file);
}
