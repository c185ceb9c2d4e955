#ifndef TP_RANKS_APART_H
#define TP_RANKS_APART_H
/* Work in a process of its own.  A process that has touched a GPU must not fork, so this one stays
 * free to fork again; and what dies there takes nothing with it. */
#include "base/error.h"

#include <stddef.h>

/* Returns the status, error text and `bytes` of result that `work` ends with.  TP_E_CHECK where it
 * died, or was killed because it was not done after `most_s`.  The ranks that it forked are killed,
 * too: one may wait on its GPU for another that failed.  Streams of this process are flushed first.
 */
enum tp_status
tp_run_apart(enum tp_status (*work)(void *data, void *result, struct tp_error *error), void *data,
             double most_s, void *result, size_t bytes, struct tp_error *error);
#endif
