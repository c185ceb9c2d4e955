#ifndef TP_CLI_SERVED_ROWS_H
#define TP_CLI_SERVED_ROWS_H
/* What was served, in the format asked for. */
#include "cli/command.h"
#include "command/table.h"
#include "serve/served.h"

/* Table: what is the same in all rows stands once above it. */
void tp_served_rows_print(const struct tp_served *rows, size_t n, enum tp_format format,
                          struct tp_arena *arena, FILE *out);

/* As OUT.csv with its sidecar. */
enum tp_status tp_served_rows_write(const struct tp_served *rows, size_t n,
                                    const struct tp_session *session,
                                    const struct tp_catalog *catalog, const char *out,
                                    struct tp_error *error);
#endif
