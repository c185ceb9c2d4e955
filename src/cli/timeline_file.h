#ifndef TP_CLI_TIMELINE_FILE_H
#define TP_CLI_TIMELINE_FILE_H
/* --timeline of predict and compare: what ran when, of every point of a grid, in one file. */
#include "cli/points.h"

#define TP_TIMELINE_OPTION(args)                                                       \
  {                                                                                    \
    "timeline", '\0', TP_OPTION_TEXT, offsetof(struct args, timeline), "FILE",         \
        "write prefill and one decode step: trace events (Perfetto), or rows to .csv " \
        "(plot gantt, roofline)"                                                       \
  }

/* FILE ends in .csv: rows, each with the inputs of its point; else trace events.  A point that
 * cannot run has no spans. */
enum tp_status tp_timeline_file_write(struct tp_session *session, const char *file,
                                      const struct tp_grid *grid, struct tp_catalog *catalog,
                                      struct tp_error *error);
#endif
