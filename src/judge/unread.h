#ifndef TP_JUDGE_UNREAD_H
#define TP_JUDGE_UNREAD_H
/* Columns of a user's table of points, and which of any table nobody reads (ops/readable.h). */
#include "ops/readable.h"
#include "predict/catalog.h"

/* What tables of points are read by, and what stands beside. */
struct tp_readable tp_readable_points(struct tp_arena *arena);

/* Refuses slips, and tells what is not used; `more`, where it is not "", is said in the same note.
 */
enum tp_status tp_unread_tell(const struct tp_csv *csv, const struct tp_readable *readable,
                              const char *more, struct tp_catalog *catalog, struct tp_error *error);

/* "tp 1, prompt 1024 where the file has no such column", of those of `axes` (ended by TP_N_AXES)
 * that it lacks; "" where it has all. */
const char *tp_unread_defaults(const struct tp_csv *csv, const int *axes, struct tp_arena *arena);
#endif
