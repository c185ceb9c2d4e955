#ifndef TP_FIT_MEASURED_H
#define TP_FIT_MEASURED_H
/* Tables of measurements: CSV files from many hands, cut down to the rows that are meant, and the
 * output of nccl-tests, which becomes such a table. */
#include "fit/nccl_tests.h"
#include "ops/readable.h"

/* Columns of all tables that were opened. */
struct tp_where_columns {
  const char **names;
  size_t n;
};

/* Rows to take: "COLUMN=VALUE" each.  An empty dtype is the one that its op is read with. */
struct tp_where {
  const char *const *conditions;
  size_t n;
  struct tp_where_columns *columns; /* several tables, of which one without the column is taken
                                       whole, and gets noted here; NULL: every one must have it */
  bool may_be_none;                 /* of several files */
  struct tp_nccl_tests_request nccl_tests;
  bool only_nccl_tests;   /* whatever the text looks like */
  size_t *n_nccl_tests;   /* counts those that were; NULL: not asked */
  struct tp_notes *notes; /* gets what was left out of them; NULL: not asked */
};

/* Opens FILE and keeps the rows that meet all conditions.  Fails where none is left though one must
 * be, and where the columns `system` or `emulated` (0 or 1; of rows with tp above 1) still hold
 * several values, for such runs cannot be compared. */
enum tp_status tp_measured_open(const char *file, const struct tp_where *where,
                                struct tp_arena *arena, struct tp_csv *csv, struct tp_error *error);

/* Adds the columns that opening reads: of the conditions, and those two, which under another name
 * would let such runs pass. */
void tp_measured_readable(const struct tp_where *where, struct tp_arena *arena,
                          struct tp_readable *readable);

/* Fails where no table that was opened has the column of a condition. */
enum tp_status tp_where_check(const struct tp_where *where, struct tp_arena *arena,
                              struct tp_error *error);

/* Is this a table of single ops rather than of points: has it time_us? */
bool tp_measured_is_ops(const struct tp_csv *csv);

/* Adds a column `op` where there is none.  Its cells are `op` or, where that is NULL, the one
 * kernel that has the table's columns. */
enum tp_status tp_measured_name_ops(struct tp_csv *csv, const char *op, struct tp_arena *arena,
                                    struct tp_error *error);

/* Reads a number above 0. */
enum tp_status tp_measured_number(const struct tp_csv *csv, size_t row, int column, double *value,
                                  struct tp_error *error);

/* A row's time under a load over its time without: time_us / alone_us.  Both columns must be there.
 */
enum tp_status tp_measured_slowdown(const struct tp_csv *csv, size_t row, double *slowdown,
                                    struct tp_error *error);
#endif
