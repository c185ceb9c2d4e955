#ifndef TP_BENCH_TRACE_FOLDER_H
#define TP_BENCH_TRACE_FOLDER_H
/* A folder of traces, held by one bench from before its first table to after its last.
 *
 * Who measures reads what is there and appends what is missing: two at once would measure the same
 * rows, and whoever starts a table would drop those of the other.  The hold is the system's, of the
 * process and of those it forks: it ends with them, however they end.
 */
#include "base/error.h"

#include <stdbool.h>

struct tp_trace_folder {
  const char *path; /* borrowed */
  int lock;         /* the open folder */
  bool made;        /* was not there before */
};

/* Makes the folder where it is not there.  TP_E_ENVIRONMENT where it cannot, or where another bench
 * holds it; nothing is held then. */
enum tp_status tp_trace_folder_take(const char *path, struct tp_trace_folder *folder,
                                    struct tp_error *error);

/* A folder that was made and into which nothing was written is removed. */
void tp_trace_folder_leave(struct tp_trace_folder *folder);
#endif
