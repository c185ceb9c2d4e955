#ifndef TP_CLI_REPORT_PAGE_H
#define TP_CLI_REPORT_PAGE_H
/* The parts of a report: one page of HTML that needs nothing beside it. */
#include "base/csv.h"
#include "base/datadir.h"

#include <stdio.h>

/* Text as data, whatever stands in it: well-formed UTF-8, no markup. */
void tp_report_put_text(const char *text, struct tp_arena *arena, FILE *out);

void tp_report_put_begin(const char *title, struct tp_arena *arena, FILE *out);
void tp_report_put_end(FILE *out);

/* All rows; a click on a column's name sorts by it, and so does "#sort=NAME" behind the address. */
void tp_report_put_table(const struct tp_csv *csv, struct tp_arena *arena, FILE *out);

/* A picture of every kind whose columns the rows have, or why there is none.  TP_E_ENVIRONMENT where there is
 * no gnuplot. */
enum tp_status tp_report_put_pictures(const struct tp_csv *csv, struct tp_arena *arena, FILE *out,
                                      struct tp_error *error);

/* What made the result, from its sidecar: command, files and hashes; and of these files, which of
 * their parts were held against measurements, and how well.  Without a sidecar the page says so. */
void tp_report_put_origin(const char *sidecar, const struct tp_datadir *dirs,
                          struct tp_arena *arena, FILE *out);
#endif
