#ifndef TP_MODEL_SCHEME_H
#define TP_MODEL_SCHEME_H
/* How a text or an object of a checkpoint says what is quantised, and to what. */
#include "model/family.h"
#include "model/name_pattern.h"

/* What its pattern fits is of a type, or not quantised: NULL; `unknown` as below. */
struct tp_scheme_rule {
  struct tp_name_pattern pattern;
  const char *dtype, *unknown;
};

struct tp_scheme {
  const struct tp_doc *doc; /* that says so, ... */
  const char *path;         /* ... there */
  const char *family;       /* the model's */
  bool beside;              /* the experts stand beside an MLP */
  struct tp_scheme_rule *rules; /* the first that fits a matrix decides, ... */
  size_t n_rules;
  const char *dtype;           /* ... and where none does, this; NULL: not quantised */
  const char *unknown_rest;    /* instead of it, as: */
  const char *unknown;         /* a kind of quantising that no op here does; NULL: none was met */
};

/* Reads the object at the scheme's path, whose first four fields are set; to be closed
 * however that ends. */
enum tp_status tp_scheme_read(struct tp_reading *reading, struct tp_scheme *scheme);
void tp_scheme_close(struct tp_scheme *scheme);
/* Whether one layer's matrix may be of another type than the next one's. */
bool tp_scheme_tells_layers(const struct tp_scheme *scheme);
/* NULL: not quantised.  Sets `unknown` where it meets it. */
const char *tp_scheme_dtype(struct tp_scheme *scheme, const struct tp_matrix_names *names);
/* scheme_rules.c: the rules of lists of names that are not quantised, of what tools say of single
 * modules, and of groups and layers with types of their own.  Fail where a pattern cannot be read
 * here. */
enum tp_status tp_scheme_except(struct tp_reading *reading, struct tp_scheme *scheme,
                                const json_t *config);
enum tp_status tp_scheme_modules(struct tp_reading *reading, struct tp_scheme *scheme,
                                 const json_t *config);
enum tp_status tp_scheme_groups(struct tp_reading *reading, struct tp_scheme *scheme,
                                const json_t *groups);
enum tp_status tp_scheme_layers(struct tp_reading *reading, struct tp_scheme *scheme,
                                const json_t *layers);
/* scheme_types.c: the text at a key, "" where there is none; what a name of NVIDIA's and a group of
 * compressed-tensors are, NULL: no type here. */
const char *tp_scheme_text(const json_t *object, const char *key);
const char *tp_scheme_algorithm(const char *name);
const char *tp_scheme_group(const json_t *group);
#endif
