#ifndef TP_CLI_COLLECTIVES_TABLE_H
#define TP_CLI_COLLECTIVES_TABLE_H
/* `tpsim compare --collectives`: all-reduces by size, 1 KiB to 1 GiB, side by side. */
#include "cli/points.h"
#include "command/table.h"

/* Of each platform, stack and tp of `points`; low-bit wires are those of its variants, else
 * flash-int8 and flash-int4.  Table: a row a size, microseconds, then bus GB/s; CSV and JSON: a row
 * a size and contender. */
enum tp_status tp_collectives_print(struct tp_session *session, const struct tp_points *points,
                                    enum tp_format format, struct tp_error *error);
#endif
