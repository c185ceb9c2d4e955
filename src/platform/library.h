#ifndef TP_PLATFORM_LIBRARY_H
#define TP_PLATFORM_LIBRARY_H
/* Collective libraries by version: platforms/libraries/NAME.json.
 *
 *     "collectives": {...}                        what it has, and up to which size: keys of a
 * stack's "devices": {"h100-sxm": {"peer_kernels": {...}, "nccl": {...}, "collectives": {...}},
 *                 "h200-sxm": "h100-sxm"}         what its kernels take there: keys of a device's
 *
 * A stack names its libraries in the order in which it tries them.  Of what several say, the first
 * is heard, after the stack itself; of a device, a library before the device's own file.
 */
#include "base/datadir.h"
#include "base/json.h"

enum { TP_MAX_LIBRARIES = 8 };

struct tp_library_file {
  const char *path, *text;
};

struct tp_library_files {
  int n;
  struct tp_library_file items[TP_MAX_LIBRARIES];
};

/* Writes what the stack's libraries say into its document and into the device's (NULL: into none),
 * as if it stood there.  `files`: those that were read; their texts live in `arena`. */
enum tp_status tp_libraries_apply(const struct tp_datadir *dirs, struct tp_doc *stack,
                                  struct tp_doc *device, struct tp_arena *arena,
                                  struct tp_library_files *files, struct tp_error *error);

/* The version that the library's file names, arena-owned. */
enum tp_status tp_library_version(const struct tp_doc *doc, struct tp_arena *arena,
                                  const char **version, struct tp_error *error);
#endif
