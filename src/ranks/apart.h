#ifndef TP_RANKS_APART_H
#define TP_RANKS_APART_H
/* Work in a process of its own: what touches a GPU there leaves this process free to fork again,
 * and what dies there takes nothing with it. */
#include "base/error.h"

#include <stddef.h>

/* The status, error text and `bytes` of result that `work` ends with; TP_E_CHECK where it died, or
 * was not done after `most_s` and was killed, and with it the ranks that it forked: one may wait on
 * its GPU for another that failed.  Streams of this process are flushed first. */
enum tp_status
tp_run_apart(enum tp_status (*work)(void *data, void *result, struct tp_error *error), void *data,
             double most_s, void *result, size_t bytes, struct tp_error *error);
#endif
