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

/* matrix_names.c: whether a list of names, patterns and regular expressions has the part's matrix
 * in a layer; and one alone. */
bool tp_matrix_is_listed(const json_t *list, enum tp_model_part part, bool beside, int64_t layer,
                         struct tp_arena *arena);
bool tp_matrix_is_named(const char *pattern, enum tp_model_part part, bool beside, int64_t layer,
                        struct tp_arena *arena);
#endif
