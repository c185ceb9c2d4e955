#ifndef TP_PREDICT_NAME_H
#define TP_PREDICT_NAME_H
/* How a result row calls a file that it was made from. */
#include "base/arena.h"

/* The name as it was asked for: a shipped one, or a path, which the '/' or extension tells from it.
 * Given back it means the same file.  Only where a config.json or a folder says nothing of its
 * model ("./config.json", a snapshot called by its hash) the folder's whole path takes its place.
 */
const char *tp_row_name(const char *asked, struct tp_arena *arena);
#endif
