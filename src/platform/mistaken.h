#ifndef TP_PLATFORM_MISTAKEN_H
#define TP_PLATFORM_MISTAKEN_H
/* A GPU's name where a machine's is asked for, and the other way round. */
#include "base/arena.h"
#include "base/datadir.h"
#include "base/error.h"

/* Of a name that no platform (device) has: says, in the place of `error`, that it is a device's
 * (platform's), if it is, and what has it. */
void tp_mistaken_platform(const struct tp_datadir *dirs, const char *name, struct tp_arena *arena,
                          struct tp_error *error);
void tp_mistaken_device(const struct tp_datadir *dirs, const char *name, struct tp_arena *arena,
                        struct tp_error *error);
#endif
