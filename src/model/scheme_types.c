/* Which type here has the kernels of what a checkpoint is quantised to, and what is said where none
 * has: the bits, and the type whose weights take as many. */
#include "model/scheme_types.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { AS_WIDE = 16, GROUP_MX = 32, GROUP_NV = 16 };

const char *tp_scheme_text(const json_t *object, const char *key)
{
  const char *const text = json_string_value(json_object_get(object, key));
  return text != NULL ? text : "";
}

/* The first number is the bits: that of "fp8_e4m3" is followed by those of its exponent. */
struct tp_numbers tp_numbers_of(const char *word)
{
  const long bits = strtol(word + strcspn(word, "0123456789"), NULL, 10);
  struct tp_numbers made = {.bits = bits < AS_WIDE ? (int)bits : 0};
  if (strstr(word, "fp") != NULL || strstr(word, "float") != NULL)
    made.kind = TP_NUMBER_FLOAT;
  if (made.bits == 0)
    return (struct tp_numbers){.bits = 0};
  return made;
}

static bool are(const struct tp_numbers *numbers, int bits, enum tp_number_kind kind)
{
  return numbers->bits == bits && numbers->kind == kind;
}

/* Floats of 4 bits are what their groups make them: of 16 under a scale in fp8 (NVFP4), of 32 under
 * a power of 2 (MXFP4).  So are floats of 8 bits in groups of 32 (MXFP8). */
static const char *dtype_of(const struct tp_products *products)
{
  const struct tp_numbers *const weights = &products->weights, *const inputs = &products->inputs;
  const bool mx = weights->group == GROUP_MX;
  if (products->other)
    return NULL;
  if (inputs->bits == 0 && are(weights, 4, TP_NUMBER_INTEGER))
    return "w4a16";
  if (inputs->bits == 0 && are(weights, 4, TP_NUMBER_FLOAT) && mx)
    return "w4a16-mxfp4";
  if (are(inputs, 8, TP_NUMBER_FLOAT) && are(weights, 4, TP_NUMBER_FLOAT) && mx &&
      inputs->group == GROUP_MX)
    return "w4a8-mxfp4";
  if (are(inputs, 4, TP_NUMBER_FLOAT) && are(weights, 4, TP_NUMBER_FLOAT) &&
      (weights->group == GROUP_NV || weights->group == 0))
    return "nvfp4";
  if (are(inputs, 8, TP_NUMBER_FLOAT) && are(weights, 8, TP_NUMBER_FLOAT) && weights->group <= 0)
    return products->block ? "fp8-block" : "fp8";
  return NULL;
}

static const char *mend_of(const struct tp_numbers *weights)
{
  if (weights->bits == 8)
    return "--dtype fp8 has weights of as many bits";
  if (are(weights, 4, TP_NUMBER_FLOAT) && weights->group == GROUP_MX)
    return "--dtype w4a16-mxfp4 has weights of as many bits";
  if (are(weights, 4, TP_NUMBER_FLOAT) && weights->group == GROUP_NV)
    return "--dtype nvfp4 has weights of as many bits";
  if (weights->bits == 4)
    return "--dtype w4a16 has weights of as many bits";
  return "no --dtype has weights of so many: w4a16 has 4, fp8 has 8";
}

static const char *numbers_text(const struct tp_numbers *numbers, struct tp_arena *arena)
{
  static const char *const kinds[] = {
      [TP_NUMBER_INTEGER] = "integers", [TP_NUMBER_FLOAT] = "floats", [TP_NUMBER_CODE] = "codes"};
  const bool grouped = numbers->kind == TP_NUMBER_FLOAT && numbers->group > 0;
  return grouped ? tp_arena_printf(arena, "%d-bit floats in groups of %d", numbers->bits,
                                   (int)numbers->group)
                 : tp_arena_printf(arena, "%d-bit %s", numbers->bits, kinds[numbers->kind]);
}

static const char *inputs_text(const struct tp_products *products, struct tp_arena *arena)
{
  const struct tp_numbers *const inputs = &products->inputs;
  if (inputs->bits == 0)
    return "activations of 16 bits";
  if (are(&products->weights, inputs->bits, inputs->kind))
    return "activations too";
  return tp_arena_printf(arena, "activations %s", numbers_text(inputs, arena));
}

struct tp_scheme_type tp_products_type(const struct tp_products *products, const char *said,
                                       struct tp_arena *arena)
{
  const struct tp_numbers *const weights = &products->weights;
  const char *const dtype = dtype_of(products);
  if (dtype != NULL)
    return (struct tp_scheme_type){.dtype = dtype};
  if (weights->bits == 0)
    return (struct tp_scheme_type){
        .unknown = tp_arena_printf(
            arena, "quantised as '%.40s' says, which no GEMM here is; give --dtype", said)};
  return (struct tp_scheme_type){
      .unknown = tp_arena_printf(
          arena, "%s, %s, as '%.40s' says, which no GEMM here multiplies; %s",
          numbers_text(weights, arena), inputs_text(products, arena), said, mend_of(weights))};
}
