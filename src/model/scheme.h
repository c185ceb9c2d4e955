#ifndef TP_MODEL_SCHEME_H
#define TP_MODEL_SCHEME_H
/* How a text or an object of a checkpoint says what is quantised, and to what. */
#include "model/family.h"

struct tp_scheme {
  const struct tp_doc *doc; /* that says so, ... */
  const char *path;         /* ... there */
  const char *dtype;        /* of what is quantised; NULL: by `layers` or `groups` alone */
  const char *unknown;      /* a kind of quantising that no op here does; NULL: none was met */
  const json_t *exceptions; /* names that are not */
  const json_t *layers;     /* name -> {"quant_algo": ...} */
  const json_t *groups;     /* compressed-tensors: several groups with targets of their own */
  bool beside;              /* the experts stand beside an MLP */
};

/* Reads the object at the scheme's path, whose `doc`, `path` and `beside` are set. */
enum tp_status tp_scheme_read(struct tp_reading *reading, struct tp_scheme *scheme);
/* NULL: not quantised.  Sets `unknown` where it meets it. */
const char *tp_scheme_dtype(struct tp_scheme *scheme, enum tp_model_part part, int64_t layer,
                            struct tp_arena *arena);
/* The text at a key; "" where there is none. */
const char *tp_scheme_text(const json_t *object, const char *key);

/* matrix_names.c: how checkpoints name one matrix of a part in a layer; `beside` as above. */
enum { TP_MATRIX_SPELLINGS = 8 };
struct tp_matrix_names {
  const char *of[TP_MATRIX_SPELLINGS];
};
void tp_matrix_spell(struct tp_matrix_names *names, enum tp_model_part part, bool beside,
                     int64_t layer, struct tp_arena *arena);
/* Whether a name, pattern or regular expression is the matrix's; whether one of a list is. */
bool tp_matrix_is_named(const struct tp_matrix_names *names, const char *pattern,
                        struct tp_arena *arena);
bool tp_matrix_is_listed(const struct tp_matrix_names *names, const json_t *list,
                         struct tp_arena *arena);
#endif
