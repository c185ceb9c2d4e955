#ifndef TP_CLI_TRACE_INPUT_H
#define TP_CLI_TRACE_INPUT_H
/* A trace of requests as a file that a user gives. */
#include "predict/catalog.h"
#include "serve/arrivals.h"

/* Reads it and notes the columns that nobody reads, but those that published traces have beside
 * their requests. */
enum tp_status tp_trace_input(const char *file, struct tp_catalog *catalog, struct tp_arena *arena,
                              struct tp_arrivals *visits, struct tp_error *error);
#endif
