#ifndef TP_SWEEP_SIDECAR_H
#define TP_SWEEP_SIDECAR_H
/* RESULT.csv.json: what made RESULT.csv.  No times, no host: the same run gives the same bytes. */
#include "base/text.h"
#include "sweep/sweep.h"

/* Options that change numbers and stand in no column: what stands for the value, and help.  Command
 * lines are made from this list, and whether one of them is missing now. */
#define TP_UNTOLD_LIST(TEXT, SETTINGS)                                                       \
  TEXT(device, "device", "D", "GPU in place of the one that a platform names: name or file") \
  TEXT(detail, "collective-detail", "D", "des: flow, step or chunk [flow]")                  \
  TEXT(collective, "collective", "C",                                                        \
       "all-reduces by stack, auto (the fastest), ring, tree, nvls ... [stack]")             \
  SETTINGS(sets, "set", "KEY=VALUE", "change one value of platform, device or stack for this run")

/* {"tpsim": version, "build": id, "command": [...], "inputs": [{"file", "fnv1a64"}]}; arena-owned.
 */
char *tp_sidecar_text(const struct tp_catalog *catalog, const struct tp_sweep_file *target,
                      struct tp_arena *arena);

/* Why the rows of RESULT, asked again, may give other numbers than it holds: a file that is another
 * one behind its name, an option that no column tells and that `command` lacks.  One sentence each;
 * none where RESULT has no sidecar.  All files must be open in the catalog. */
struct tp_notes tp_sidecar_differences(const char *result, const struct tp_catalog *catalog,
                                       const char *const *command, size_t n_command,
                                       struct tp_arena *arena);

/* " --device=D --set=K=V": the options of the list above that RESULT was made with and that
 * `command` lacks; "" where none is, or RESULT has no sidecar. */
const char *tp_sidecar_missing(const char *result, const char *const *command, size_t n_command,
                               struct tp_arena *arena);
#endif
