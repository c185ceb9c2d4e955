#ifndef TP_PREDICT_CATALOG_H
#define TP_PREDICT_CATALOG_H
/* Names to objects, each opened once: a sweep of 10,000 points reads each file once.
 *
 * Objects live in the catalog's arena; the same name gives the same pointer.  Open all before
 * forking workers.
 */
#include "base/datadir.h"
#include "platform/open.h"
#include "predict/precision.h"
#include "predict/predict.h"

/* A file that took part, for the sidecar of a result. */
struct tp_input_file {
  const char *name; /* below the data directory, or as the user gave it */
  char hash[TP_HASH_CHARS];
};

struct tp_catalog {
  struct tp_arena *arena;
  const struct tp_datadir *dirs;
  const struct tp_engine *const *engines; /* NULL-terminated */
  const char *device;                     /* in place of every platform's; NULL: its own */
  const char *const *sets;                /* "KEY=VALUE" of --set */
  size_t n_sets;
  void (*note)(const char *text); /* told what of a model's file is not used; NULL: nobody is */
  struct tp_catalog_entry *models, *variants; /* opened so far */
  struct tp_catalog_precision *precisions;    /* of models, where a run does not say */
  struct tp_catalog_cut *cuts;
  struct tp_catalog_setup *setups;
  struct tp_catalog_told *told;
  struct tp_input_file *inputs;
  size_t n_inputs, inputs_capacity;
};

enum tp_status tp_catalog_model(struct tp_catalog *catalog, const char *name,
                                const struct tp_model **model, struct tp_error *error);
/* Replaces the model, which is the catalog's, by itself with its first `layers` layers alone. */
enum tp_status tp_catalog_cut(struct tp_catalog *catalog, int64_t layers,
                              const struct tp_model **model, struct tp_error *error);
/* Platform, its device and stack, with the overrides applied. */
enum tp_status tp_catalog_setup(struct tp_catalog *catalog, const char *platform, const char *stack,
                                const struct tp_setup **setup, struct tp_error *error);
enum tp_status tp_catalog_variant(struct tp_catalog *catalog, const char *text,
                                  const struct tp_variant **variant, struct tp_error *error);
enum tp_status tp_catalog_engine(struct tp_catalog *catalog, const char *name,
                                 const struct tp_engine **engine, struct tp_error *error);
/* Fills in the point's types: as `name` says, "auto" being as the checkpoint has them; NULL: auto
 * where that is quantised, else fp16. */
enum tp_status tp_catalog_precision(struct tp_catalog *catalog, const char *name,
                                    struct tp_point *point, struct tp_error *error);
enum tp_status tp_catalog_kv_dtype(struct tp_catalog *catalog, const char *name,
                                   enum tp_kv_dtype *kv_dtype, struct tp_error *error);
enum tp_status tp_catalog_dtype(struct tp_catalog *catalog, const char *name, enum tp_dtype *dtype,
                                struct tp_error *error);

/* Whether somebody is to be told about a thing, of which nobody was before: what it is does not
 * matter, only where it stands. */
bool tp_catalog_is_news(struct tp_catalog *catalog, const void *about);

/* Records a file for the sidecar (the catalog records those it opens). */
void tp_catalog_add_input(struct tp_catalog *catalog, const char *path, const char *hash);
#endif
