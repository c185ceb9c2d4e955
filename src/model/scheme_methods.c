/* The methods of Hugging Face's `quant_method`, those of transformers, vLLM and sglang, as numbers
 * of weights and of activations. */
#include "model/scheme_types.h"

#include <string.h>
#include <strings.h>

/* Weights' bits where no key says them; 0: one has to. */
static const struct {
  const char *name;
  struct tp_products products;
} methods[] = {
    {"fp8", TP_PRODUCTS(TP_FLOATS(8, 0), TP_FLOATS(8, 0))},
    {"fbgemm_fp8", TP_PRODUCTS(TP_FLOATS(8, -1), TP_FLOATS(8, 0))},
    {"w8a8_fp8", TP_PRODUCTS(TP_FLOATS(8, -1), TP_FLOATS(8, 0))},
    {"mxfp8", TP_PRODUCTS(TP_FLOATS(8, 32), TP_FLOATS(8, 32))},
    {"mxfp4", TP_PRODUCTS(TP_FLOATS(4, 32), TP_WIDE)},
    {"awq", TP_PRODUCTS(TP_INTEGERS(4), TP_WIDE)},
    {"awq_marlin", TP_PRODUCTS(TP_INTEGERS(4), TP_WIDE)},
    {"gptq", TP_PRODUCTS(TP_WIDE, TP_WIDE)},
    {"gptq_marlin", TP_PRODUCTS(TP_WIDE, TP_WIDE)},
    {"auto_gptq", TP_PRODUCTS(TP_WIDE, TP_WIDE)},
    {"marlin", TP_PRODUCTS(TP_INTEGERS(4), TP_WIDE)},
    {"moe_wna16", TP_PRODUCTS(TP_WIDE, TP_WIDE)},
    /* Formats with kernels of their own. */
    {"gptq_marlin_24", TP_OTHER_PRODUCTS(TP_WIDE, TP_WIDE)}, /* half of them left out */
    {"bitblas", TP_OTHER_PRODUCTS(TP_WIDE, TP_WIDE)},
    {"gptq_bitblas", TP_OTHER_PRODUCTS(TP_WIDE, TP_WIDE)},
    {"ipex", TP_OTHER_PRODUCTS(TP_WIDE, TP_WIDE)},
    {"spqr", TP_OTHER_PRODUCTS(TP_INTEGERS(3), TP_WIDE)},
    {"higgs", TP_OTHER_PRODUCTS(TP_CODES(4), TP_WIDE)},
    {"vptq", TP_OTHER_PRODUCTS(TP_CODES(0), TP_WIDE)},
    {"quip", TP_OTHER_PRODUCTS(TP_CODES(2), TP_WIDE)},
    {"deepspeedfp", TP_OTHER_PRODUCTS(TP_FLOATS(8, 0), TP_WIDE)},
    {"eetq", TP_PRODUCTS(TP_INTEGERS(8), TP_WIDE)},
    {"experts_int8", TP_PRODUCTS(TP_INTEGERS(8), TP_WIDE)},
    {"tpu_int8", TP_PRODUCTS(TP_INTEGERS(8), TP_WIDE)},
    {"w8a8_int8", TP_PRODUCTS(TP_INTEGERS(8), TP_INTEGERS(8))},
    {"blockwise_int8", TP_PRODUCTS(TP_INTEGERS(8), TP_INTEGERS(8))},
    {"qqq", TP_PRODUCTS(TP_INTEGERS(4), TP_INTEGERS(8))},
    {"qoq", TP_PRODUCTS(TP_INTEGERS(4), TP_INTEGERS(8))},
    {"w4afp8", TP_PRODUCTS(TP_INTEGERS(4), TP_FLOATS(8, 0))},
    {"bitnet", TP_PRODUCTS(TP_INTEGERS(2), TP_INTEGERS(8))},
};

/* A number above 0 that a key says; as wide ones as nobody packs are not said. */
static int number_or(const json_t *config, const char *key, int unsaid)
{
  enum { MOST = 1024 };
  const json_int_t value = json_integer_value(json_object_get(config, key));
  return value > 0 && value <= MOST ? (int)value : unsaid;
}

/* "bits", or as AWQ's own tool has it. */
static int bits_of(const json_t *config, int unsaid)
{
  return number_or(config, "bits", number_or(config, "w_bit", unsaid));
}

/* AutoRound's packs any type: integers where it says nothing. */
static bool is_auto_round(const char *method)
{
  static const char *const names[] = {"auto-round", "auto_round", "autoround", "intel/auto-round",
                                      "inc"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcasecmp(method, names[i]) == 0)
      return true;
  return false;
}

static struct tp_products auto_round(const json_t *config)
{
  const int inputs = number_or(config, "act_bits", 0);
  const char *const type = tp_scheme_text(config, "data_type");
  const char *const inputs_type = tp_scheme_text(config, "act_data_type");
  const int64_t group = json_integer_value(json_object_get(config, "group_size"));
  const bool is_float = strstr(type, "fp") != NULL;
  const bool inputs_float =
      strstr(inputs_type, "fp") != NULL || (inputs_type[0] == '\0' && is_float);
  struct tp_products made = {
      .weights = {bits_of(config, 4), is_float ? TP_NUMBER_FLOAT : TP_NUMBER_INTEGER, group}};
  if (inputs > 0 && inputs < 16)
    made.inputs =
        (struct tp_numbers){inputs, inputs_float ? TP_NUMBER_FLOAT : TP_NUMBER_INTEGER, group};
  return made;
}

/* Its 8 bits multiply activations of 8 and a few channels of 16; its 4 bits are looked up. */
static struct tp_products bitsandbytes(const json_t *config)
{
  const bool by_4 = json_is_true(json_object_get(config, "load_in_4bit")) ||
                    json_is_true(json_object_get(config, "_load_in_4bit"));
  const bool nf = strcmp(tp_scheme_text(config, "bnb_4bit_quant_type"), "nf4") == 0;
  return by_4 ? (struct tp_products){.weights = {.bits = 4,
                                                 .kind = nf ? TP_NUMBER_CODE : TP_NUMBER_FLOAT},
                                     .other = true}
              : (struct tp_products){.weights = {.bits = 8}, .inputs = {.bits = 8}};
}

/* {"quant_config": {"weight_quant_params": {"nbits": 4, ...}}}; zero points are no integers. */
static struct tp_products hqq(const json_t *config)
{
  const json_t *const params =
      json_object_get(json_object_get(config, "quant_config"), "weight_quant_params");
  return (struct tp_products){.weights = {.bits = number_or(params, "nbits", 0)}, .other = true};
}

/* A code of so many bits from each codebook for a row of so many weights. */
static struct tp_products aqlm(const json_t *config)
{
  const int row = number_or(config, "in_group_size", 8) * number_or(config, "out_group_size", 1);
  const int bits =
      number_or(config, "num_codebooks", 1) * number_or(config, "nbits_per_codebook", 16);
  return (struct tp_products){.weights = TP_CODES(bits / row), .other = true};
}

/* Hadamard products of the activations go before its GEMMs. */
static struct tp_products fp_quant(const json_t *config)
{
  const bool nv = strcmp(tp_scheme_text(config, "forward_dtype"), "nvfp4") == 0;
  const struct tp_numbers numbers = TP_FLOATS(4, nv ? 16 : 32);
  return (struct tp_products){.weights = numbers, .inputs = numbers, .other = true};
}

static struct tp_products quanto(const json_t *config)
{
  return (struct tp_products){.weights = tp_numbers_of(tp_scheme_text(config, "weights")),
                              .inputs = tp_numbers_of(tp_scheme_text(config, "activations")),
                              .other = true};
}

static const struct {
  const char *name;
  struct tp_products (*read)(const json_t *config);
} own[] = {{"bitsandbytes", bitsandbytes}, {"hqq", hqq},       {"aqlm", aqlm},
           {"fp_quant", fp_quant},         {"quanto", quanto}, {"torchao", tp_products_of_torchao}};

/* MLX' files name no method: {"group_size": 64, "bits": 4, "mode": "affine"}, where another mode is
 * of floats.  Its kernels are Apple's. */
static struct tp_products mlx(const json_t *config)
{
  const char *const mode = tp_scheme_text(config, "mode");
  const bool is_float = strstr(mode, "fp") != NULL;
  const int64_t group = json_integer_value(json_object_get(config, "group_size"));
  return (struct tp_products){
      .weights = {bits_of(config, 0), is_float ? TP_NUMBER_FLOAT : TP_NUMBER_INTEGER, group},
      .other = true};
}

void tp_products_of_method(const json_t *config, struct tp_products *products)
{
  const char *const name = tp_scheme_text(config, "quant_method");
  const json_t *const block = json_object_get(config, "weight_block_size");
  if (is_auto_round(name)) {
    *products = auto_round(config);
    return;
  }
  if (name[0] == '\0') {
    *products = mlx(config);
    return;
  }
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strcasecmp(name, own[i].name) == 0) {
      *products = own[i].read(config);
      return;
    }
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcasecmp(name, methods[i].name) == 0) {
      *products = methods[i].products;
      products->block = block != NULL && !json_is_null(block);
      products->weights.bits = bits_of(config, products->weights.bits);
      return;
    }
}
