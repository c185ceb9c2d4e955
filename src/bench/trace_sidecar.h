#ifndef TP_BENCH_TRACE_SIDECAR_H
#define TP_BENCH_TRACE_SIDECAR_H
/* FILE.csv.json of a trace: the machine, and each run that added rows. */
#include "bench/trace.h"

struct tp_trace_sidecar;

/* Borrows the source. */
struct tp_trace_sidecar *tp_trace_sidecar_create(const struct tp_trace_source *source);
void tp_trace_sidecar_free(struct tp_trace_sidecar *sidecar); /* NULL is fine */

/* The runs of the file at `path`.  TP_E_INPUT where the rows of `table` are another machine's,
 * naming what differs, or where it says of none. */
enum tp_status tp_trace_sidecar_take(struct tp_trace_sidecar *sidecar, const char *path,
                                     const char *table, struct tp_error *error);

/* This run, with the clocks as it begins; the clocks as it ends. */
enum tp_status tp_trace_sidecar_begin(struct tp_trace_sidecar *sidecar, struct tp_error *error);
enum tp_status tp_trace_sidecar_end(struct tp_trace_sidecar *sidecar, struct tp_error *error);

enum tp_status tp_trace_sidecar_write(const struct tp_trace_sidecar *sidecar, const char *path,
                                      struct tp_error *error);
#endif
