#ifndef TP_CLI_PROGRAM_ROWS_H
#define TP_CLI_PROGRAM_ROWS_H
/* The ops of programs as rows: what `tpsim cost` reads of a row, and where in its program it is. */
#include "command/table.h"
#include "program/program.h"

/* A table without rows; the arena outlives it. */
struct tp_table tp_program_rows_begin(struct tp_arena *arena);
/* One row an op, in issue order.  The program may go afterwards. */
void tp_program_rows_add(struct tp_table *table, const struct tp_program *program);
#endif
