/* The types that tools name. */
#include "model/scheme.h"

#include <string.h>

const char *tp_scheme_text(const json_t *object, const char *key)
{
  const char *const text = json_string_value(json_object_get(object, key));
  return text != NULL ? text : "";
}

/* NVIDIA's names. */
const char *tp_scheme_algorithm(const char *name)
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
const char *tp_scheme_group(const json_t *group)
{
  const json_t *const weights = json_object_get(group, "weights");
  const json_t *const inputs = json_object_get(group, "input_activations");
  const json_int_t bits = json_integer_value(json_object_get(weights, "num_bits"));
  const bool is_float = strcmp(tp_scheme_text(weights, "type"), "float") == 0;
  const bool inputs_too = json_is_object(inputs);
  if (bits == 4 && !inputs_too)
    return is_float ? NULL : "w4a16";
  if (bits == 4 && is_float && json_integer_value(json_object_get(inputs, "num_bits")) == 4)
    return "nvfp4";
  if (bits == 8 && is_float && inputs_too)
    return strcmp(tp_scheme_text(weights, "strategy"), "block") == 0 ? "fp8-block" : "fp8";
  return NULL;
}
