#ifndef TP_MODEL_SCHEME_H
#define TP_MODEL_SCHEME_H
/* How a text or an object of a checkpoint says what is quantised, and to what. */
#include "model/family.h"
#include "model/name_pattern.h"
#include "model/scheme_types.h"

/* What its pattern fits is of a type; not quantised where that has neither name nor words. */
struct tp_scheme_rule {
  struct tp_name_pattern pattern;
  struct tp_scheme_type type;
};

struct tp_scheme {
  const struct tp_doc *doc;     /* that says so, ... */
  const char *path;             /* ... there */
  const char *family;           /* the model's */
  bool beside;                  /* the experts stand beside an MLP */
  struct tp_scheme_rule *rules; /* the first that fits a matrix decides, ... */
  size_t n_rules;
  struct tp_scheme_type rest; /* ... and where none does, this */
  const char *unknown;        /* why what was asked for is of no type here; NULL: all was */
  int64_t group; /* of its integers of 4 bits that share a scale; 0: not said; -1: a channel */
  bool zeros;    /* the group has a zero point, too */
  bool head;     /* the head is quantised as the rest is */
};

/* beside.c: the file that a tool wrote beside `file`, to be closed where its name is not NULL; the
 * first where there are several, `other` being another one. */
struct tp_beside {
  struct tp_doc doc;
  const char *name, *file, *other;
  const char *path; /* in the document; "": all of it */
  char hash[TP_HASH_CHARS];
};
enum tp_status tp_beside_open(const struct tp_reading *reading, const char *file,
                              struct tp_beside *found);

/* Where below the scheme's path a key stands, which begins with a dot. */
const char *tp_scheme_path(const struct tp_scheme *scheme, const char *below,
                           struct tp_arena *arena);
/* Reads the object at the scheme's path, whose first four fields are set; to be closed
 * however that ends. */
enum tp_status tp_scheme_read(struct tp_reading *reading, struct tp_scheme *scheme);
void tp_scheme_close(struct tp_scheme *scheme);
/* Whether one layer's matrix may be of another type than the next one's. */
bool tp_scheme_tells_layers(const struct tp_scheme *scheme);
/* NULL: not quantised.  Sets `unknown` where it meets it. */
const char *tp_scheme_dtype(struct tp_scheme *scheme, const struct tp_matrix_names *names);
/* The same of the head. */
const char *tp_scheme_head_dtype(struct tp_scheme *scheme);
/* scheme_rules.c: the rules of lists of names that are not quantised, of what tools say of single
 * modules, and of groups and layers with types of their own.  A pattern that cannot be read here
 * sets `unknown`. */
void tp_scheme_except(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *config);
void tp_scheme_modules(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *config);
void tp_scheme_groups(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *groups);
void tp_scheme_layers(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *layers);
void tp_scheme_rule_add(struct tp_reading *reading, struct tp_scheme *scheme, const char *text,
                        bool regular, struct tp_scheme_rule rule);
/* A name of NVIDIA's; "": not quantised. */
struct tp_scheme_type tp_scheme_algorithm(const char *name, struct tp_arena *arena);
/* scheme_quark.c: what Quark's file says of matrices, but for its lists of names; the type of the
 * cache, NULL where it says none, `unknown` then being the key that says another. */
void tp_scheme_quark(struct tp_reading *reading, struct tp_scheme *scheme, const json_t *config);
const char *tp_scheme_quark_cache(const json_t *config, const char **unknown);
#endif
