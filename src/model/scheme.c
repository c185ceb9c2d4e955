/* What tools write about quantised weights: NVIDIA's, compressed-tensors, Quark, and the methods of
 * Hugging Face. */
#include "model/scheme.h"

#include <math.h>
#include <string.h>
#include <strings.h>

const char *tp_scheme_path(const struct tp_scheme *scheme, const char *below,
                           struct tp_arena *arena)
{
  return tp_arena_printf(arena, "%s%s", scheme->path, scheme->path[0] == '\0' ? below + 1 : below);
}

/* Elements that share a scale in the ops of a type; 0: as many as there are. */
static int64_t group_of(const char *dtype)
{
  static const struct {
    const char *dtype;
    int64_t elements;
  } groups[] = {{"w4a16", 128}, {"w4a16-mxfp4", 32}, {"nvfp4", 16}};
  for (size_t i = 0; dtype != NULL && i < sizeof groups / sizeof *groups; i++)
    if (strcmp(dtype, groups[i].dtype) == 0)
      return groups[i].elements;
  return 0;
}

/* -1 is a scale a channel.  What integers of 4 bits have is kept: it makes up to an eighth of their
 * bytes. */
static enum tp_status check_group_size(struct tp_reading *reading, struct tp_scheme *scheme,
                                       const char *below, const json_t *object, const char *dtype)
{
  const char *const key =
      json_object_get(object, "q_group_size") != NULL ? "q_group_size" : "group_size";
  const json_t *const size = json_object_get(object, key);
  const int64_t priced = group_of(dtype);
  if (size == NULL || json_is_null(size))
    return TP_OK;
  const char *const path =
      tp_scheme_path(scheme, tp_arena_printf(reading->arena, "%s.%s", below, key), reading->arena);
  if (!json_is_integer(size) || json_integer_value(size) < -1 || json_integer_value(size) == 0)
    return tp_doc_fail(scheme->doc, path, reading->error,
                       "must be a whole number of elements above 0, or -1: a scale a channel");
  const bool counts = dtype != NULL && strcmp(dtype, "w4a16") == 0;
  if (counts)
    scheme->group = json_integer_value(size);
  if (priced > 0 && json_integer_value(size) != priced)
    tp_key_note(reading, "", "'%s' is %" JSON_INTEGER_FORMAT ": priced as %s in groups of %d%s",
                path, json_integer_value(size), dtype, (int)priced,
                counts ? ", but for the memory of weights" : "");
  return TP_OK;
}

/* The block of fp8 weights that shares a scale: two whole numbers; 128 x 128 is what is priced. */
static enum tp_status check_block(struct tp_reading *reading, const struct tp_scheme *scheme,
                                  const char *below, const json_t *block)
{
  bool usual = true;
  if (block == NULL || json_is_null(block))
    return TP_OK;
  const char *const path = tp_scheme_path(scheme, below, reading->arena);
  for (size_t i = 0; i < 2; i++) {
    const json_int_t side = json_integer_value(json_array_get(block, i));
    if (json_array_size(block) != 2 || side < 1)
      return tp_doc_fail(scheme->doc, path, reading->error,
                         "must be two whole numbers above 0, as [128, 128]");
    usual = usual && side == 128;
  }
  if (!usual)
    tp_key_note(reading, "", "'%s' is another block than 128 x 128, as which it is priced", path);
  return TP_OK;
}

static enum tp_status read_groups(struct tp_reading *reading, struct tp_scheme *scheme,
                                  const json_t *groups)
{
  const char *name;
  json_t *group;
  if (json_object_size(groups) == 0)
    return tp_doc_fail(scheme->doc,
                       tp_arena_printf(reading->arena, "%s.config_groups", scheme->path),
                       reading->error,
                       "has no group that says what is quantised; add one, or take "
                       "the quantization away");
  json_object_foreach ((json_t *)(uintptr_t)groups, name, group) {
    const char *const below = tp_arena_printf(reading->arena, ".config_groups.%s.weights", name);
    const json_t *const weights = json_object_get(group, "weights");
    const struct tp_products products = tp_products_of_group(group);
    const char *const dtype = tp_products_type(&products, name, reading->arena).dtype;
    TP_TRY(check_group_size(reading, scheme, below, weights, dtype));
    scheme->zeros = scheme->zeros || json_is_false(json_object_get(weights, "symmetric"));
    TP_TRY(check_block(reading, scheme,
                       tp_arena_printf(reading->arena, "%s.block_structure", below),
                       json_object_get(weights, "block_structure")));
  }
  tp_scheme_groups(reading, scheme, groups);
  return TP_OK;
}

/* NVIDIA's {"quant_algo": null, "kv_cache_quant_algo": "FP8"}, or null; compressed-tensors' that
 * have a scheme of the cache alone. */
static bool keeps_weights(const json_t *config, const char *method)
{
  if (strcasecmp(method, "compressed-tensors") == 0)
    return json_is_object(json_object_get(config, "kv_cache_scheme"));
  return json_is_null(json_object_get(config, "quant_algo")) &&
         (method[0] == '\0' || strncasecmp(method, "modelopt", 8) == 0);
}

/* Zero points that are kept: AWQ's unless it says not, others' where they say that they are not
 * symmetric. */
static bool has_zeros(const json_t *config, const char *method)
{
  const json_t *const zero_point = json_object_get(config, "zero_point");
  if (strncasecmp(method, "awq", 3) == 0)
    return zero_point == NULL || json_is_true(zero_point);
  return json_is_false(json_object_get(config, "sym"));
}

static enum tp_status read_quark(struct tp_reading *reading, struct tp_scheme *scheme,
                                 const json_t *config)
{
  const json_t *const weight =
      json_object_get(json_object_get(config, "global_quant_config"), "weight");
  tp_scheme_quark(reading, scheme, config);
  if (strcmp(tp_scheme_text(weight, "qscheme"), "per_group") != 0)
    return TP_OK;
  return check_group_size(reading, scheme, ".global_quant_config.weight", weight,
                          scheme->rest.dtype);
}

static enum tp_status read_method(struct tp_reading *reading, struct tp_scheme *scheme,
                                  const json_t *config)
{
  const char *const method = tp_scheme_text(config, "quant_method");
  struct tp_products products = {.weights = {.bits = 0}};
  if (strcasecmp(method, "quark") == 0)
    return read_quark(reading, scheme, config);
  if (keeps_weights(config, method))
    return TP_OK;
  tp_products_of_method(config, &products);
  scheme->rest =
      tp_products_type(&products, method[0] != '\0' ? method : scheme->path, reading->arena);
  scheme->zeros = has_zeros(config, method);
  return check_block(reading, scheme, ".weight_block_size",
                     json_object_get(config, "weight_block_size"));
}

static enum tp_status read_layers(struct tp_reading *reading, struct tp_scheme *scheme,
                                  const json_t *layers)
{
  const char *name;
  json_t *layer;
  json_object_foreach ((json_t *)(uintptr_t)layers, name, layer)
    TP_TRY(check_group_size(
        reading, scheme, ".quantized_layers", layer,
        tp_scheme_algorithm(tp_scheme_text(layer, "quant_algo"), reading->arena).dtype));
  tp_scheme_layers(reading, scheme, layers);
  return TP_OK;
}

/* What else stands there and changes what weights take. */
static void note_rest(struct tp_reading *reading, const struct tp_scheme *scheme,
                      const json_t *config)
{
  const json_t *const sparsity = json_object_get(config, "sparsity_config");
  const char *const format = tp_scheme_text(sparsity, "format");
  if (format[0] != '\0' && strcmp(format, "dense") != 0)
    tp_key_note(reading, "", "'%s.sparsity_config' leaves weights out: priced as if all were there",
                scheme->path);
  if (json_object_size(json_object_get(config, "transform_config")) > 0)
    tp_key_note(reading, "", "'%s.transform_config' turns what goes into GEMMs: not counted",
                scheme->path);
}

/* Two of every four weights are left out: kernels of their own multiply what is left, whatever it
 * is packed as. */
static const char *sparse_key(const json_t *config)
{
  static const struct {
    const char *in, *key, *word; /* in: an object; NULL: the whole */
  } words[] = {{NULL, "format", "marlin-24"},
               {NULL, "checkpoint_format", "marlin_24"},
               {"sparsity_config", "format", "sparse-24-bitmask"},
               {"sparsity_config", "sparsity_structure", "2:4"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    const json_t *const in = words[i].in == NULL ? config : json_object_get(config, words[i].in);
    if (strcmp(tp_scheme_text(in, words[i].key), words[i].word) == 0)
      return words[i].in == NULL ? words[i].key : words[i].in;
  }
  return NULL;
}

enum tp_status tp_scheme_read(struct tp_reading *reading, struct tp_scheme *scheme)
{
  const json_t *const config = tp_doc_at(scheme->doc, scheme->path);
  const char *const algorithm = tp_scheme_text(config, "quant_algo");
  const json_t *const groups = json_object_get(config, "config_groups");
  const json_t *const layers = json_object_get(config, "quantized_layers");
  const char *const sparse = sparse_key(config);
  if (sparse != NULL) {
    scheme->unknown = tp_arena_printf(
        reading->arena,
        "left out, two of every four (2:4 sparsity), as '%s.%s' says, which no GEMM here "
        "multiplies; give --dtype, which has them all",
        scheme->path, sparse);
    return TP_OK;
  }
  note_rest(reading, scheme, config);
  scheme->head = json_is_true(json_object_get(config, "lm_head"));
  if (json_is_object(layers))
    return read_layers(reading, scheme, layers);
  tp_scheme_except(reading, scheme, config);
  if (algorithm[0] != '\0') {
    scheme->rest = tp_scheme_algorithm(algorithm, reading->arena);
  } else if (json_is_object(groups) &&
             (json_object_size(groups) > 0 ||
              !keeps_weights(config, tp_scheme_text(config, "quant_method"))))
    TP_TRY(read_groups(reading, scheme, groups));
  else
    TP_TRY(read_method(reading, scheme, config));
  TP_TRY(check_group_size(reading, scheme, "", config, scheme->rest.dtype));
  tp_scheme_modules(reading, scheme, config);
  return TP_OK;
}

void tp_scheme_close(struct tp_scheme *scheme)
{
  for (size_t i = 0; i < scheme->n_rules; i++)
    tp_name_pattern_free(&scheme->rules[i].pattern);
  scheme->n_rules = 0;
}

bool tp_scheme_tells_layers(const struct tp_scheme *scheme)
{
  for (size_t i = 0; i < scheme->n_rules; i++)
    if (scheme->rules[i].pattern.tells_layers)
      return true;
  return false;
}

static const char *dtype_of(struct tp_scheme *scheme, const struct tp_scheme_type *type)
{
  if (type->unknown != NULL)
    scheme->unknown = type->unknown;
  return type->dtype;
}

const char *tp_scheme_dtype(struct tp_scheme *scheme, const struct tp_matrix_names *names)
{
  for (size_t i = 0; i < scheme->n_rules; i++)
    if (tp_name_pattern_fits(&scheme->rules[i].pattern, names))
      return dtype_of(scheme, &scheme->rules[i].type);
  return dtype_of(scheme, &scheme->rest);
}

/* Tools quantise it where they are told to: by a key of its own, or by a rule with its name.  What
 * they say of all matrices is of those of layers. */
const char *tp_scheme_head_dtype(struct tp_scheme *scheme)
{
  static const char name[] = "lm_head";
  static const struct tp_matrix_names names = {.layer = -1, .n = 1, .of = {name}};
  for (size_t i = 0; i < scheme->n_rules; i++) {
    const struct tp_scheme_rule *const rule = &scheme->rules[i];
    if ((scheme->head || strstr(rule->pattern.text, name) != NULL) &&
        tp_name_pattern_fits(&rule->pattern, &names))
      return dtype_of(scheme, &rule->type);
  }
  return scheme->head ? dtype_of(scheme, &scheme->rest) : NULL;
}
