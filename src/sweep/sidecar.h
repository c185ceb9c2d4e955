#ifndef TP_SWEEP_SIDECAR_H
#define TP_SWEEP_SIDECAR_H
/* RESULT.csv.json: what made RESULT.csv.  No times, no host: the same run gives the same bytes. */
#include "sweep/sweep.h"

/* {"tpsim": version, "command": [...], "inputs": [{"file", "fnv1a64"}]}; arena-owned. */
char *tp_sidecar_text(const struct tp_catalog *catalog, const struct tp_sweep_file *target,
                      struct tp_arena *arena);
#endif
