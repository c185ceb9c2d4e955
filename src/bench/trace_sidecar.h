#ifndef TP_BENCH_TRACE_SIDECAR_H
#define TP_BENCH_TRACE_SIDECAR_H
/* FILE.csv.json of a trace: the machine, and each run that added rows. */
#include "bench/trace.h"

struct tp_trace_sidecar;

/* Borrows the source. */
struct tp_trace_sidecar *tp_trace_sidecar_create(const struct tp_trace_source *source);
void tp_trace_sidecar_free(struct tp_trace_sidecar *sidecar); /* NULL is fine */

/* Takes over the runs of the file at `path`.  TP_E_INPUT where it names another machine than this
 * one for the rows of `table` (the error says what differs), or names none. */
enum tp_status tp_trace_sidecar_take(struct tp_trace_sidecar *sidecar, const char *path,
                                     const char *table, struct tp_error *error);

/* Whether all sidecars of the source's folder, if there are any, name this machine: rows go on
 * there.
 */
bool tp_trace_sidecars_agree(const struct tp_trace_source *source);

/* Adds this run with the clocks at its beginning; notes the clocks at its end. */
enum tp_status tp_trace_sidecar_begin(struct tp_trace_sidecar *sidecar, struct tp_error *error);
enum tp_status tp_trace_sidecar_end(struct tp_trace_sidecar *sidecar, struct tp_error *error);

enum tp_status tp_trace_sidecar_write(const struct tp_trace_sidecar *sidecar, const char *path,
                                      struct tp_error *error);
#endif
