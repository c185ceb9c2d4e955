#ifndef TP_CLI_SERVED_ROWS_H
#define TP_CLI_SERVED_ROWS_H
/* What was served, in the format asked for. */
#include "command/table.h"
#include "serve/served.h"

/* Table: what is the same in all rows stands once above it. */
void tp_served_rows_print(const struct tp_served *rows, size_t n, enum tp_format format,
                          struct tp_arena *arena, FILE *out);
#endif
