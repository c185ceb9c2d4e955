#ifndef TP_OPS_READABLE_H
#define TP_OPS_READABLE_H
/* Columns of a user's table that nobody reads.  One that is a slip of the pen for an input that the
 * table lacks would leave that input at its default, and is refused; others are told, once a file.
 */
#include "base/csv.h"

#include <stdbool.h>

/* Columns by name. */
struct tp_column_names {
  const char **names;
  size_t n;
};

struct tp_readable {
  struct tp_column_names inputs; /* change what is predicted */
  struct tp_column_names marks;  /* tell rows apart, too */
  struct tp_column_names others; /* are read, too, or nobody expects them to be */
};

/* All of `readable` is in `arena`. */
void tp_readable_add(struct tp_column_names *names, const char *name, struct tp_arena *arena);
void tp_readable_add_all(struct tp_column_names *names, const char *const *list, /* NULL-ended */
                         struct tp_arena *arena);

/* What tables of ops are read by, and what stands beside in those that this program and benchmarks
 * write; the latter of tables of points, too. */
struct tp_readable tp_readable_ops(struct tp_arena *arena);
extern const char *const tp_readable_of_tables[];

/* Whether rows that differ in the column measure different things. */
bool tp_readable_tells_apart(const struct tp_readable *readable, const char *column);

/* Refuses a slip of the pen for an input that the table lacks, in words; other columns are nobody's
 * fault. */
enum tp_status tp_unread_refuse_slips(const struct tp_csv *csv, const struct tp_readable *readable,
                                      struct tp_error *error);

/* "columns not used: a, b"; "" where all are. */
const char *tp_unread_columns(const struct tp_csv *csv, const struct tp_readable *readable,
                              struct tp_arena *arena);
#endif
