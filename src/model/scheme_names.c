/* The words of NVIDIA's, torchao's and compressed-tensors' files for what is quantised, as numbers
 * of weights and of activations. */
#include "model/scheme_types.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Names in any case; one that ends with '_' is of all that begin so. */
bool tp_products_of_algorithm(const char *name, struct tp_products *products)
{
  static const struct {
    const char *name;
    struct tp_products products;
  } names[] = {
      {"FP8", TP_PRODUCTS(TP_FLOATS(8, 0), TP_FLOATS(8, 0))},
      {"FP8_PER_TENSOR", TP_PRODUCTS(TP_FLOATS(8, 0), TP_FLOATS(8, 0))},
      {"FP8_PER_CHANNEL_PER_TOKEN", TP_PRODUCTS(TP_FLOATS(8, -1), TP_FLOATS(8, 0))},
      {"FP8_PB_WO", TP_BLOCK_PRODUCTS(TP_FLOATS(8, 0), TP_FLOATS(8, 0))},
      {"FP8_BLOCK", TP_BLOCK_PRODUCTS(TP_FLOATS(8, 0), TP_FLOATS(8, 0))},
      {"FP8_BLOCK_SCALES", TP_BLOCK_PRODUCTS(TP_FLOATS(8, 0), TP_FLOATS(8, 0))},
      {"MXFP8", TP_PRODUCTS(TP_FLOATS(8, 32), TP_FLOATS(8, 32))},
      {"NVFP4", TP_PRODUCTS(TP_FLOATS(4, 16), TP_FLOATS(4, 16))},
      /* A product by channel goes before it, which some fold into the norm and others do not. */
      {"NVFP4_AWQ", TP_OTHER_PRODUCTS(TP_FLOATS(4, 16), TP_FLOATS(4, 16))},
      {"W4A16_NVFP4", TP_PRODUCTS(TP_FLOATS(4, 16), TP_WIDE)},
      {"W4A8_NVFP4_FP8", TP_PRODUCTS(TP_FLOATS(4, 16), TP_FLOATS(8, 0))},
      {"W4A16_MXFP4", TP_PRODUCTS(TP_FLOATS(4, 32), TP_WIDE)},
      {"W4A8_MXFP4_MXFP8", TP_PRODUCTS(TP_FLOATS(4, 32), TP_FLOATS(8, 32))},
      {"W4A8_MXFP4_FP8", TP_PRODUCTS(TP_FLOATS(4, 32), TP_FLOATS(8, 0))},
      {"W4A16", TP_PRODUCTS(TP_INTEGERS(4), TP_WIDE)},
      {"W4A16_AWQ", TP_PRODUCTS(TP_INTEGERS(4), TP_WIDE)},
      {"W4A16_GPTQ", TP_PRODUCTS(TP_INTEGERS(4), TP_WIDE)},
      {"INT4_AWQ", TP_PRODUCTS(TP_INTEGERS(4), TP_WIDE)},
      {"W4A8_AWQ", TP_PRODUCTS(TP_INTEGERS(4), TP_FLOATS(8, 0))},
      {"W4A8_QSERVE_", TP_PRODUCTS(TP_INTEGERS(4), TP_INTEGERS(8))},
      {"W8A16", TP_PRODUCTS(TP_INTEGERS(8), TP_WIDE)},
      {"W8A16_GPTQ", TP_PRODUCTS(TP_INTEGERS(8), TP_WIDE)},
      {"W8A8_SQ_", TP_PRODUCTS(TP_INTEGERS(8), TP_INTEGERS(8))},
      {"INT8_SQ", TP_PRODUCTS(TP_INTEGERS(8), TP_INTEGERS(8))},
      {"INT8", TP_PRODUCTS(TP_INTEGERS(8), TP_INTEGERS(8))},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const size_t length = strlen(names[i].name);
    if (names[i].name[length - 1] == '_' ? strncasecmp(name, names[i].name, length) == 0
                                         : strcasecmp(name, names[i].name) == 0) {
      *products = names[i].products;
      return true;
    }
  }
  return false;
}

/* "int8_dynamic_activation_int4_weight", or the class of the same name as it is written since. */
struct tp_products tp_products_of_torchao(const json_t *config)
{
  enum { MOST = 80 };
  const json_t *const type = json_object_get(config, "quant_type");
  const char *name = tp_scheme_text(json_object_get(type, "default"), "_type");
  char plain[MOST];
  size_t n = 0;
  if (json_is_string(type))
    name = json_string_value(type);
  for (; *name != '\0' && n < MOST - 1; name++)
    if (*name != '_')
      plain[n++] = (char)tolower((unsigned char)*name);
  plain[n] = '\0';
  const char *const activation = strstr(plain, "activation");
  struct tp_products made = {.weights = tp_numbers_of(activation != NULL ? activation : plain)};
  if (activation != NULL)
    made.inputs = tp_numbers_of(plain);
  if (strncmp(plain, "nvfp4", 5) == 0) {
    made.weights.group = 16;
    made.inputs = strstr(plain, "weightonly") != NULL ? made.inputs : made.weights;
  }
  /* The floats of 8 bits go to cuBLAS as everybody's do; kernels of torchao multiply the rest. */
  made.other = made.weights.bits != 8;
  return made;
}

/* {"num_bits": 8, "type": "float", ...}, where `like` says what stands where nothing does. */
static struct tp_numbers numbers_of_args(const json_t *args, const struct tp_numbers *like)
{
  const json_t *const bits = json_object_get(args, "num_bits");
  const json_t *const group = json_object_get(args, "group_size");
  const char *const type = tp_scheme_text(args, "type");
  struct tp_numbers made = *like;
  if (bits != NULL)
    made.bits = (int)json_integer_value(bits);
  if (type[0] != '\0')
    made.kind = strcmp(type, "float") == 0 ? TP_NUMBER_FLOAT : TP_NUMBER_INTEGER;
  made.group = json_integer_value(group);
  if (made.bits < 0 || made.bits >= 16)
    made.bits = 0;
  return made;
}

/* {"weights": {...}, "input_activations": {...} or null} */
struct tp_products tp_products_of_group(const json_t *group)
{
  static const struct tp_numbers unsaid = {.bits = 0};
  const json_t *const weights = json_object_get(group, "weights");
  const json_t *const inputs = json_object_get(group, "input_activations");
  struct tp_products made = {.weights = numbers_of_args(weights, &unsaid)};
  if (json_is_object(inputs))
    made.inputs = numbers_of_args(inputs, &made.weights);
  made.block = strcmp(tp_scheme_text(weights, "strategy"), "block") == 0;
  return made;
}
