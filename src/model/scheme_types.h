#ifndef TP_MODEL_SCHEME_TYPES_H
#define TP_MODEL_SCHEME_TYPES_H
/* What matrices are quantised to, whatever the tool calls it: numbers, and the type here whose
 * kernels multiply them. */
#include "base/json.h"

#include <stdint.h>

enum tp_number_kind { TP_NUMBER_INTEGER, TP_NUMBER_FLOAT, TP_NUMBER_CODE /* of a table */ };

struct tp_numbers {
  int bits; /* 0: as wide as activations are, or not said */
  enum tp_number_kind kind;
  int64_t group; /* of so many a scale; 0: not said; -1: of a channel */
};

struct tp_products {
  struct tp_numbers weights, inputs;
  bool block; /* weights have scales of 128 x 128 */
  bool other; /* kernels of their own multiply them, which no table here is of */
};

/* To write them in tables. */
#define TP_INTEGERS(n)                     \
  {                                        \
    .bits = (n), .kind = TP_NUMBER_INTEGER \
  }
#define TP_FLOATS(n, of_group)                                \
  {                                                           \
    .bits = (n), .kind = TP_NUMBER_FLOAT, .group = (of_group) \
  }
#define TP_CODES(n)                     \
  {                                     \
    .bits = (n), .kind = TP_NUMBER_CODE \
  }
#define TP_WIDE \
  {             \
    .bits = 0   \
  }
#define TP_PRODUCTS(w, a)     \
  {                           \
    .weights = w, .inputs = a \
  }
#define TP_BLOCK_PRODUCTS(w, a)              \
  {                                          \
    .weights = w, .inputs = a, .block = true \
  }
#define TP_OTHER_PRODUCTS(w, a)              \
  {                                          \
    .weights = w, .inputs = a, .other = true \
  }

/* The type of what is quantised so, else NULL and in words why no type is: behind "its weights
 * are". */
struct tp_scheme_type {
  const char *dtype, *unknown;
};

/* `said`: the words of the checkpoint that say so. */
struct tp_scheme_type tp_products_type(const struct tp_products *products, const char *said,
                                       struct tp_arena *arena);
/* "int4", "fp8_e4m3", "float16": 0 bits where it says none, or 16. */
struct tp_numbers tp_numbers_of(const char *word);
/* The text at a key, "" where there is none. */
const char *tp_scheme_text(const json_t *object, const char *key);

/* What tools say.  scheme_names.c: a name of NVIDIA's, false where it is none; one of torchao's. */
bool tp_products_of_algorithm(const char *name, struct tp_products *products);
struct tp_products tp_products_of_torchao(const json_t *config);
/* A group of compressed-tensors. */
struct tp_products tp_products_of_group(const json_t *group);
/* scheme_methods.c: methods of Hugging Face; leaves `products` where the name is none of them. */
void tp_products_of_method(const json_t *config, struct tp_products *products);
#endif
