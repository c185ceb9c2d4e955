#ifndef TP_BASE_DATADIR_H
#define TP_BASE_DATADIR_H
/* Finds data files by name: "llama-3.1-70b" -> DIR/models/llama-3.1-70b.json. */
#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>

/* `roots` are searched in order (a source tree, then the installed data); each holds models/,
 * platforms/, platforms/devices/, platforms/stacks/, results/. */
struct tp_datadir {
  const char *const *roots;
  size_t n_roots;
};

/* A name with '/' or ending in `extension` is a path and must exist; else the first root that has
 * FOLDER/NAME+EXTENSION.  Fails with close matches: "no model 'lama-8b'; did you mean ...".
 * `what` is the word for the message ("model").  The path is arena-owned. */
enum tp_status tp_datadir_find(const struct tp_datadir *dirs, const char *what, const char *folder,
                               const char *extension, const char *name, struct tp_arena *arena,
                               const char **path, struct tp_error *error);

/* All names of a folder, sorted, without duplicates and without extensions. */
enum tp_status tp_datadir_list(const struct tp_datadir *dirs, const char *folder,
                               const char *extension, struct tp_arena *arena, const char ***names,
                               size_t *n_names, struct tp_error *error);
#endif
