#ifndef TP_FIT_TRACE_KIND_H
#define TP_FIT_TRACE_KIND_H
/* What a file of a folder of traces holds, by its text.  What is no table is told when it is read.
 */
#include "fit/traces.h"

/* Which table its columns are of; TP_N_TRACES where nothing tells.  Layers and generate have the
 * same columns, and are TP_TRACE_LAYERS. */
enum tp_trace_kind tp_trace_kind_of(const char *text, struct tp_arena *arena);

/* Whether ranks beside the one that was measured were stand-ins. */
bool tp_trace_has_standins(const char *text, struct tp_arena *arena);
#endif
