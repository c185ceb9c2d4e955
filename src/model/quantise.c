/* Types of weights and cache as the checkpoint has them: `quantization_config` in the file, or
 * hf_quant_config.json beside it (NVIDIA's tools).  A part of the model is asked by the names of
 * its matrices in each layer, which lists of exceptions are matched against; where layers differ,
 * most of them decide and a note says so. */
#include "base/file.h"
#include "model/family.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What a text or an object says of types. */
struct scheme {
  const char *dtype;        /* of what is quantised; NULL: by `layers` alone */
  const char *unknown;      /* a kind of quantising that no op here does */
  const json_t *exceptions; /* names that are not */
  const json_t *layers;     /* name -> {"quant_algo": ...} */
  bool beside;              /* the experts stand beside an MLP */
  const json_t *groups;     /* compressed-tensors: several groups with targets of their own */
};

static const char *text_at(const json_t *object, const char *key)
{
  const char *const text = json_string_value(json_object_get(object, key));
  return text != NULL ? text : "";
}

/* NVIDIA's names. */
static const char *dtype_of_algorithm(const char *name)
{
  static const char *const names[][2] = {{"FP8", "fp8"},
                                         {"FP8_PER_TENSOR", "fp8"},
                                         {"FP8_PER_CHANNEL_PER_TOKEN", "fp8"},
                                         {"FP8_PB_WO", "fp8-block"},
                                         {"FP8_BLOCK", "fp8-block"},
                                         {"NVFP4", "nvfp4"},
                                         {"W4A16_AWQ", "w4a16"},
                                         {"INT4_AWQ", "w4a16"},
                                         {"W4A16_GPTQ", "w4a16"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i][0]) == 0)
      return names[i][1];
  return NULL;
}

/* A group of compressed-tensors: {"weights": {...}, "input_activations": {...} or null}. */
static const char *dtype_of_group(const json_t *group)
{
  const json_t *const weights = json_object_get(group, "weights");
  const json_t *const inputs = json_object_get(group, "input_activations");
  const json_int_t bits = json_integer_value(json_object_get(weights, "num_bits"));
  const bool is_float = strcmp(text_at(weights, "type"), "float") == 0;
  const bool inputs_too = json_is_object(inputs);
  if (bits == 4 && !inputs_too)
    return is_float ? NULL : "w4a16";
  if (bits == 4 && is_float && json_integer_value(json_object_get(inputs, "num_bits")) == 4)
    return "nvfp4";
  if (bits == 8 && is_float && inputs_too)
    return strcmp(text_at(weights, "strategy"), "block") == 0 ? "fp8-block" : "fp8";
  return NULL;
}

static void read_groups(const json_t *groups, struct scheme *scheme)
{
  const char *name;
  json_t *group;
  if (json_object_size(groups) == 1)
    json_object_foreach ((json_t *)(uintptr_t)groups, name, group) {
      scheme->dtype = dtype_of_group(group);
      scheme->unknown = scheme->dtype == NULL ? name : NULL;
    }
  else
    scheme->groups = groups;
}

/* Whether its method is one of those whose weights have 4 bits and its inputs none. */
static bool is_weight_only(const char *method)
{
  static const char *const methods[] = {"awq",        "gptq",        "auto-round",
                                        "awq_marlin", "gptq_marlin", "auto_gptq"};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(method, methods[i]) == 0)
      return true;
  return false;
}

static void read_by_method(const json_t *config, struct scheme *scheme)
{
  const char *const method = text_at(config, "quant_method");
  const json_int_t bits = json_integer_value(json_object_get(config, "bits"));
  if (strcmp(method, "fp8") == 0)
    scheme->dtype =
        json_is_array(json_object_get(config, "weight_block_size")) ? "fp8-block" : "fp8";
  else if (strcmp(method, "fbgemm_fp8") == 0)
    scheme->dtype = "fp8";
  else if (strcmp(method, "mxfp4") == 0)
    scheme->dtype = "w4a16-mxfp4";
  else if (is_weight_only(method) && bits == 4)
    scheme->dtype = "w4a16";
  else
    scheme->unknown = method[0] != '\0' ? method : "quantization_config";
}

static struct scheme scheme_of(const json_t *config)
{
  static const char *const lists[] = {"ignore", "modules_to_not_convert", "exclude_modules",
                                      "ignored_layers"};
  struct scheme scheme = {0};
  const char *const algorithm = text_at(config, "quant_algo");
  const json_t *const groups = json_object_get(config, "config_groups");
  for (size_t i = 0; i < sizeof lists / sizeof *lists && scheme.exceptions == NULL; i++)
    if (json_is_array(json_object_get(config, lists[i])))
      scheme.exceptions = json_object_get(config, lists[i]);
  if (json_is_object(json_object_get(config, "quantized_layers")))
    scheme.layers = json_object_get(config, "quantized_layers");
  else if (algorithm[0] != '\0') {
    scheme.dtype = dtype_of_algorithm(algorithm);
    scheme.unknown = scheme.dtype == NULL ? algorithm : NULL;
  } else if (json_is_object(groups))
    read_groups(groups, &scheme);
  else
    read_by_method(config, &scheme);
  return scheme;
}

/* "re:..." is a regular expression from the name's beginning, '*' stands for anything, and a plain
 * name for itself and for what is below it, wherever it begins. */
static bool name_matches(const char *name, const char *pattern, struct tp_arena *arena)
{
  if (strncmp(pattern, "re:", 3) == 0) {
    regex_t regex;
    if (regcomp(&regex, tp_arena_printf(arena, "^%s", pattern + 3), REG_EXTENDED | REG_NOSUB) != 0)
      return false;
    const bool found = regexec(&regex, name, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
  }
  if (strpbrk(pattern, "*?") != NULL)
    return fnmatch(pattern, name, 0) == 0 ||
           fnmatch(tp_arena_printf(arena, "%s.*", pattern), name, 0) == 0 ||
           fnmatch(tp_arena_printf(arena, "*.%s", pattern), name, 0) == 0;
  const size_t length = strlen(pattern);
  for (const char *at = strstr(name, pattern); length > 0 && at != NULL;
       at = strstr(at + 1, pattern))
    if ((at == name || at[-1] == '.') && (at[length] == '\0' || at[length] == '.'))
      return true;
  return false;
}

/* How checkpoints name one matrix of the part in a layer; NULL past the last spelling.  gemma4's
 * experts stand beside its MLP, not inside. */
static const char *matrix_name(enum tp_model_part part, bool beside, int64_t layer, int spelling,
                               struct tp_arena *arena)
{
  static const char *const prefixes[] = {"model.layers", "language_model.model.layers",
                                         "model.language_model.layers", "layers"};
  static const char *const matrices[TP_N_PARTS][2] = {
      [TP_PART_ATTENTION] = {"self_attn.o_proj", "attn.o_proj"},
      [TP_PART_MLP] = {"mlp.up_proj", "ffn.up_proj"},
      [TP_PART_EXPERTS] = {"mlp.experts.0.up_proj", "ffn.experts.0.up_proj"},
      [TP_PART_SHARED] = {"mlp.shared_experts.up_proj", "ffn.shared_experts.up_proj"},
      [TP_PART_ROUTER] = {"mlp.gate", "ffn.gate"}};
  const int n_prefixes = sizeof prefixes / sizeof *prefixes;
  if (spelling >= 2 * n_prefixes)
    return NULL;
  const char *matrix = matrices[part][spelling / n_prefixes];
  if (beside && part == TP_PART_EXPERTS)
    matrix = "experts.0.up_proj";
  else if (beside && part == TP_PART_SHARED)
    matrix = "mlp.up_proj";
  return tp_arena_printf(arena, "%s.%" PRId64 ".%s", prefixes[spelling % n_prefixes], layer,
                         matrix);
}

static bool is_named(const json_t *list, enum tp_model_part part, bool beside, int64_t layer,
                     struct tp_arena *arena)
{
  const char *name;
  for (int spelling = 0; (name = matrix_name(part, beside, layer, spelling, arena)) != NULL;
       spelling++)
    for (size_t i = 0; i < json_array_size(list); i++) {
      const char *const pattern = json_string_value(json_array_get(list, i));
      if (pattern != NULL && name_matches(name, pattern, arena))
        return true;
    }
  return false;
}

static const char *dtype_by_layers(const json_t *layers, enum tp_model_part part, bool beside,
                                   int64_t layer, struct tp_arena *arena)
{
  const char *name, *key;
  json_t *value;
  json_object_foreach ((json_t *)(uintptr_t)layers, key, value)
    for (int spelling = 0; (name = matrix_name(part, beside, layer, spelling, arena)) != NULL;
         spelling++)
      if (name_matches(name, key, arena))
        return dtype_of_algorithm(text_at(value, "quant_algo"));
  return NULL;
}

static const char *dtype_by_groups(const json_t *groups, enum tp_model_part part, bool beside,
                                   int64_t layer, struct tp_arena *arena)
{
  const char *name;
  json_t *group;
  json_object_foreach ((json_t *)(uintptr_t)groups, name, group)
    if (is_named(json_object_get(group, "targets"), part, beside, layer, arena))
      return dtype_of_group(group);
  return NULL;
}

/* NULL: not quantised. */
static const char *dtype_in(const struct scheme *scheme, enum tp_model_part part, int64_t layer,
                            struct tp_arena *arena)
{
  if (scheme->layers != NULL)
    return dtype_by_layers(scheme->layers, part, scheme->beside, layer, arena);
  if (scheme->exceptions != NULL &&
      is_named(scheme->exceptions, part, scheme->beside, layer, arena))
    return NULL;
  if (scheme->groups != NULL)
    return dtype_by_groups(scheme->groups, part, scheme->beside, layer, arena);
  return scheme->dtype;
}

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
static const char *most_common(const struct scheme *scheme, const struct tp_model *model,
                               enum tp_model_part part, struct tp_arena *arena, int64_t counts[2])
{
  const char **const of = TP_NEW(arena, const char *, model->layers), *most = NULL;
  counts[0] = counts[1] = 0;
  for (int64_t layer = 0; layer < model->layers; layer++)
    if (has_part(model, layer, part))
      of[counts[0]++] = dtype_in(scheme, part, layer, arena);
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

static void set_parts(struct tp_reading *reading, const struct scheme *scheme)
{
  struct tp_model *const model = &reading->config.model;
  const char *said = "";
  for (int part = 0; part < TP_PART_ROUTER; part++) {
    int64_t counts[2];
    const char *const dtype =
        most_common(scheme, model, (enum tp_model_part)part, reading->arena, counts);
    model->dtypes[part] = dtype;
    if (dtype != NULL)
      said = tp_arena_printf(reading->arena, "%s%s%s %s", said, said[0] == '\0' ? "" : ", ",
                             tp_part_text((enum tp_model_part)part), dtype);
    if (counts[1] < counts[0])
      tp_key_note(reading, "",
                  "%s of %" PRId64 " layers in %" PRId64 " is taken to have the type of the others",
                  tp_part_text((enum tp_model_part)part), counts[0] - counts[1], counts[0]);
  }
  if (said[0] != '\0')
    tp_key_note(reading, "", "weights as the checkpoint has them: %s; --dtype overrides", said);
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
                      strcmp(text_at(value, "type"), "float") == 0;
    if (is_8 || (json_is_string(value) && strcmp(json_string_value(value), "FP8") == 0))
      return "fp8";
    *unknown = keys[i];
  }
  return NULL;
}

static void read_scheme(struct tp_reading *reading, const json_t *config)
{
  struct tp_model *const model = &reading->config.model;
  struct scheme scheme = scheme_of(config);
  scheme.beside = reading->config.shares_with_mlp;
  const char *unknown = NULL;
  model->kv_dtype = cache_dtype(config, &unknown);
  if (model->kv_dtype != NULL)
    tp_key_note(reading, "", "a cache of %s, as the checkpoint says", model->kv_dtype);
  if (unknown != NULL)
    tp_key_note(reading, "", "'%s' says of the cache what is not known, and not used", unknown);
  if (scheme.unknown != NULL)
    model->unknown_dtype = tp_arena_printf(reading->arena,
                                           "its weights are quantised as '%.40s' says, which no "
                                           "GEMM here is; give --dtype",
                                           scheme.unknown);
  else
    set_parts(reading, &scheme);
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
  const json_t *const config = json_object_get(doc.root, "quantization");
  const enum tp_status status =
      json_is_object(config)
          ? TP_OK
          : tp_doc_fail(&doc, "", reading->error, "'quantization' is missing; add it");
  if (status == TP_OK) {
    tp_key_note(reading, "", "quantised as %s beside it says", "hf_quant_config.json");
    read_scheme(reading, config);
  }
  tp_doc_close(&doc);
  return status;
}

enum tp_status tp_quantise_read(struct tp_reading *reading, const char *file)
{
  static const char *const keys[] = {"torch_dtype", "dtype"};
  static const char *const types[][2] = {
      {"bfloat16", "bf16"}, {"float16", "fp16"}, {"float32", "fp32"}, {"half", "fp16"}};
  struct tp_model *const model = &reading->config.model;
  const json_t *const roots[] = {reading->object, reading->doc->root};
  const json_t *config = NULL;
  for (int r = 0; r < 2; r++) {
    for (int k = 0; k < 2 && model->dtype == NULL; k++)
      for (size_t t = 0; t < sizeof types / sizeof *types; t++)
        if (strcmp(text_at(roots[r], keys[k]), types[t][0]) == 0)
          model->dtype = types[t][1];
    if (config == NULL && json_is_object(json_object_get(roots[r], "quantization_config")))
      config = json_object_get(roots[r], "quantization_config");
  }
  if (config == NULL)
    return read_beside(reading, file);
  read_scheme(reading, config);
  return TP_OK;
}
