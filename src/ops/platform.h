#ifndef TP_OPS_PLATFORM_H
#define TP_OPS_PLATFORM_H
/* Where single collectives of a device may run: the shipped platforms that have it. */
#include "base/datadir.h"
#include "platform/platform.h"

struct tp_op_platform {
  const char *name;
  int awkwardness; /* lower is better: one node before several, a switch before a mesh */
  int n_gpus;
};

/* Platforms with the device of that name: best first, then fewest GPUs, then by name.
 * Arena-owned; none is no error. */
enum tp_status tp_op_platforms(const struct tp_datadir *dirs, const char *device,
                               struct tp_arena *arena, struct tp_op_platform **platforms, size_t *n,
                               struct tp_error *error);
#endif
