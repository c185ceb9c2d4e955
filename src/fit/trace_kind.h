#ifndef TP_FIT_TRACE_KIND_H
#define TP_FIT_TRACE_KIND_H
/* Which table of a folder of traces the columns of a file are of. */
#include "fit/traces.h"

/* `text`: the file's.  TP_N_TRACES where nothing tells.  Layers and generate have the same columns,
 * and are TP_TRACE_LAYERS. */
enum tp_trace_kind tp_trace_kind_of(const char *text, struct tp_arena *arena);
#endif
