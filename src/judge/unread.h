#ifndef TP_JUDGE_UNREAD_H
#define TP_JUDGE_UNREAD_H
/* Columns of a user's table that nobody reads.  One that is a slip of the pen for an input that the
 * table lacks would leave that input at its default, and is refused; others are told, once a file.
 */
#include "predict/catalog.h"

/* Columns by name. */
struct tp_column_names {
  const char **names;
  size_t n;
};

struct tp_readable {
  struct tp_column_names inputs; /* change what is predicted */
  struct tp_column_names others; /* are read, too, or nobody expects them to be */
};

/* All of `readable` is in `arena`. */
void tp_readable_add(struct tp_column_names *names, const char *name, struct tp_arena *arena);
void tp_readable_add_all(struct tp_column_names *names, const char *const *list, /* NULL-ended */
                         struct tp_arena *arena);

/* What tables of points and of ops are read by, and what stands beside in those that this program
 * and benchmarks write. */
struct tp_readable tp_readable_points(struct tp_arena *arena);
struct tp_readable tp_readable_ops(struct tp_arena *arena);

/* Refuses a slip of the pen for an input that the table lacks, in words; other columns are nobody's
 * fault. */
enum tp_status tp_unread_refuse_slips(const struct tp_csv *csv, const struct tp_readable *readable,
                                      struct tp_error *error);

/* `more`, where it is not "", is said in the same note. */
enum tp_status tp_unread_tell(const struct tp_csv *csv, const struct tp_readable *readable,
                              const char *more, struct tp_catalog *catalog, struct tp_error *error);

/* "tp 1, prompt 1024 where the file has no such column", of those of `axes` (ended by TP_N_AXES)
 * that it lacks; "" where it has all. */
const char *tp_unread_defaults(const struct tp_csv *csv, const int *axes, struct tp_arena *arena);
#endif
