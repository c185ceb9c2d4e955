/* AMD's Quark: one object for all matrices, others for names and classes, and the cache as the
 * outputs of the matrices that make its keys and values. */
#include "model/scheme.h"

#include <string.h>

/* {"dtype": "fp8_e4m3", "qscheme": "per_tensor", ...}; of several, one upon the other, the
 * narrowest is what is stored. */
static struct tp_numbers numbers_of(const json_t *spec)
{
  struct tp_numbers made = {.bits = 0};
  for (size_t i = 0; i < json_array_size(spec); i++) {
    const struct tp_numbers one = numbers_of(json_array_get(spec, i));
    if (made.bits == 0 || (one.bits > 0 && one.bits < made.bits))
      made = one;
  }
  if (json_is_array(spec))
    return made;
  const char *const scheme = tp_scheme_text(spec, "qscheme");
  made = tp_numbers_of(tp_scheme_text(spec, "dtype"));
  if (strcmp(scheme, "per_channel") == 0)
    made.group = -1;
  else if (strcmp(scheme, "per_group") == 0)
    made.group = json_integer_value(json_object_get(spec, "group_size"));
  return made;
}

/* {"weight": {...}, "input_tensors": {...} or null}; without weights nothing is quantised. */
static struct tp_scheme_type type_of(const json_t *config, const char *said, struct tp_arena *arena)
{
  const json_t *const weight = json_object_get(config, "weight");
  const struct tp_products products = {.weights = numbers_of(weight),
                                       .inputs =
                                           numbers_of(json_object_get(config, "input_tensors"))};
  if (weight == NULL || json_is_null(weight))
    return (struct tp_scheme_type){.dtype = NULL};
  return tp_products_type(&products, said, arena);
}

/* A class whose matrices no name tells. */
static void note_classes(struct tp_reading *reading, const struct tp_scheme *scheme,
                         const json_t *classes)
{
  const char *name;
  json_t *one;
  json_object_foreach ((json_t *)(uintptr_t)classes, name, one)
    if (strcmp(name, "Linear") != 0 && strcmp(name, "Embedding") != 0)
      tp_key_note(reading, "",
                  "'%s.layer_type_quant_config' names '%.40s', a class whose matrices are not "
                  "known here, and not used",
                  scheme->path, name);
}

void tp_scheme_quark(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *config)
{
  static const char all[] = "global_quant_config", by_class[] = "layer_type_quant_config.Linear";
  const json_t *const classes = json_object_get(config, "layer_type_quant_config");
  const json_t *const linear = json_object_get(classes, "Linear");
  const json_t *const global = json_object_get(config, all);
  const char *name;
  json_t *one;
  json_object_foreach (json_object_get(config, "layer_quant_config"), name, one)
    tp_scheme_rule_add(reading, scheme, name, false,
                       (struct tp_scheme_rule){.type = type_of(one, name, reading->arena)});
  note_classes(reading, scheme, classes);
  scheme->rest = linear != NULL ? type_of(linear, by_class, reading->arena)
                                : type_of(global, all, reading->arena);
}

/* "fp8" or NULL; sets `unknown` where the outputs of a matrix are of another type. */
static const char *cache_of(const json_t *config, const char *key, const char **unknown)
{
  const json_t *const outputs = json_object_get(config, "output_tensors");
  const struct tp_numbers numbers = numbers_of(outputs);
  if (outputs == NULL || json_is_null(outputs))
    return NULL;
  if (numbers.bits == 8 && numbers.kind == TP_NUMBER_FLOAT)
    return "fp8";
  *unknown = numbers.bits > 0 ? key : NULL;
  return NULL;
}

const char *tp_scheme_quark_cache(const json_t *config, const char **unknown)
{
  static const char own[] = "kv_cache_quant_config", layers[] = "layer_quant_config";
  const json_t *const group = json_object_get(json_object_get(config, "export"), "kv_cache_group");
  const char *name, *dtype = NULL;
  json_t *one;
  json_object_foreach (json_object_get(config, own), name, one)
    if (dtype == NULL)
      dtype = cache_of(one, own, unknown);
  for (size_t i = 0; i < json_array_size(group) && dtype == NULL; i++) {
    name = json_string_value(json_array_get(group, i));
    if (name != NULL)
      dtype = cache_of(json_object_get(json_object_get(config, layers), name), layers, unknown);
  }
  return dtype;
}
