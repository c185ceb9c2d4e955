#ifndef TP_FIT_OP_TABLE_H
#define TP_FIT_OP_TABLE_H
/* Tables of measured ops for a fit. */
#include "fit/measured.h"

/* As tp_measured_open; also refuses slips of the pen for a column that changes a cost, and notes
 * columns that nobody reads and rows that repeat others. */
enum tp_status tp_op_table_open(const char *file, const struct tp_where *where,
                                struct tp_arena *arena, struct tp_csv *csv, struct tp_error *error);
#endif
