#ifndef TP_FIT_TRACES_H
#define TP_FIT_TRACES_H
/* A folder of traces, as `tpsim-cuda bench` writes it: traces/README.md.
 *
 *     h200-sxm/gemm.csv attention.csv memory.csv quantise.csv collectives.csv       single ops
 *              interference.csv sustained.csv                                       ops under load
 *              crossings.csv                                            kernels and collectives
 *              starts.csv                                               stand-ins amid kernels
 *              layers.csv generate.csv                                              points
 *              gemm.csv.json ...                                                    who measured
 *              device.json                                                          tpsim calibrate
 */
#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define TP_TRACES(X)              \
  X(GEMM, "gemm")                 \
  X(ATTENTION, "attention")       \
  X(MEMORY, "memory")             \
  X(QUANTISE, "quantise")         \
  X(COLLECTIVES, "collectives")   \
  X(INTERFERENCE, "interference") \
  X(SUSTAINED, "sustained")       \
  X(CROSSINGS, "crossings")       \
  X(STARTS, "starts")             \
  X(LAYERS, "layers")             \
  X(GENERATE, "generate")
enum tp_trace_kind {
#define X(name, text) TP_TRACE_##name,
  TP_TRACES(X)
#undef X
      TP_N_TRACES
};

struct tp_trace_file {
  const char *path; /* NULL: the folder has none of the kind */
  const char *name; /* "h200-sxm/gemm.csv" */
  bool has_sidecar;
  /* Its device's own name; the program's version, the clock that it took, cuBLASLt's version; NULL:
   * nobody says. */
  const char *machine, *tpsim, *clock, *libraries;
  const char *origin;       /* "NVIDIA H200, driver 580.65.06, 2026-11-21" */
  char hash[TP_HASH_CHARS]; /* of the text */
  bool is_torn;             /* its last line does not end */
};

struct tp_datadir;

struct tp_traces {
  const char *folder, *device; /* device: the folder's own name */
  const char *fitted;          /* where the device file fitted to it stands, or will */
  bool is_fitted;              /* it is there */
  bool has_virtual_clock;      /* times are of a cost model's clock */
  bool has_standins;           /* points of one rank beside stand-ins for collectives */
  bool holds_most;             /* stand-ins held as many SMs for few bytes as for many */
  struct tp_trace_file files[TP_N_TRACES];
};

bool tp_traces_is_folder(const char *path);

/* Finds the files and reads their sidecars, where there are any.  TP_E_INPUT where there is no file
 * of a known name, or a CSV of an unknown one, or where two devices measured.  Everything lives in
 * `arena`. */
enum tp_status tp_traces_open(const char *folder, struct tp_arena *arena, struct tp_traces *traces,
                              struct tp_error *error);

/* Notes what sidecars would have told and is taken for granted, and what may be torn. */
void tp_traces_tell(const struct tp_traces *traces, struct tp_arena *arena, struct tp_notes *notes);

/* Fails, and says what to do, where no device is named as the folder is. */
enum tp_status tp_traces_check_device(const struct tp_traces *traces, const struct tp_datadir *dirs,
                                      struct tp_arena *arena, struct tp_error *error);

/* What a device file says of a group fitted to the file: its origin, its hash and the share of its
 * shapes that was held out. */
const char *tp_trace_source(const struct tp_trace_file *file, double hold_out_ratio,
                            struct tp_arena *arena);
/* That share, read back from a group's source; NAN where the group was fitted to something else,
 * or to the file before it changed. */
double tp_trace_held_out(const struct tp_trace_file *file, const char *source);
/* Whether the group was fitted to the file of this name and origin, as it is or as it was. */
bool tp_trace_was_fitted(const struct tp_trace_file *file, const char *source);
#endif
