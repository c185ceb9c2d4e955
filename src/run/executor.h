#ifndef TP_RUN_EXECUTOR_H
#define TP_RUN_EXECUTOR_H
/* Runs a program on a device: issues its ops in issue order, each on its stream, with the waits and
 * records it names.  Knows nothing of models or variants, and nothing of what a device is.
 */
#include "run/store.h"

/* Can devices here compute it?  TP_E_INPUT names an op that needs hardware which is not there
 * (T3's), or that is of a kind, a collective or a wire unknown here: it is never computed as
 * something else. (Of functions of memory each device refuses what it does not know.) */
enum tp_status tp_execute_check(const struct tp_program *program, struct tp_error *error);

/* Issues one pass, all segments and repetitions; returns when it is issued, not done.  Waits for
 * events that this pass has not recorded are left out, for in CUDA they would wait for nothing.
 * Between passes the caller joins the streams (calls->join), if they are not captured.  TP_E_INPUT
 * as tp_execute_check, before anything is issued. */
enum tp_status tp_execute(const struct tp_calls *calls, const struct tp_binding *binding,
                          struct tp_error *error);

/* The same, captured as a graph. */
enum tp_status tp_execute_capture(const struct tp_calls *calls, const struct tp_binding *binding,
                                  struct tp_graph **graph, struct tp_error *error);

/* Runs the pass once and waits for it, so that libraries load and make room for their work, which
 * a capture forbids; then captures it.  Asking for plans and room op by op would not do: CUDA loads
 * a kernel when it is first launched, and libraries offer no other way to have theirs loaded. */
enum tp_status tp_execute_prepared(const struct tp_calls *calls, const struct tp_binding *binding,
                                   struct tp_graph **graph, struct tp_error *error);
#endif
