#ifndef TP_FIT_OP_TABLE_H
#define TP_FIT_OP_TABLE_H
/* Tables of measured ops for a fit. */
#include "base/hash.h"
#include "fit/measured.h"

#include <sys/types.h>

/* Files that were opened, whatever they were called. */
struct tp_op_files {
  struct tp_op_file {
    const char *name;
    dev_t device;
    ino_t node;
    char hash[TP_HASH_CHARS]; /* of the text */
  } * items;
  size_t n;
};

/* As tp_measured_open; also refuses a file, or a copy of it, for the second time and slips of the
 * pen for a column that changes a cost, and notes columns that nobody reads and rows that repeat
 * others. */
enum tp_status tp_op_table_open(struct tp_op_files *files, const char *file,
                                const struct tp_where *where, struct tp_arena *arena,
                                struct tp_csv *csv, struct tp_error *error);
#endif
