#ifndef TP_BASE_CSV_H
#define TP_BASE_CSV_H
/* CSV tables in memory, and CSV writing that gives the same bytes everywhere.
 *
 * Reading: RFC 4180 quotes, LF or CRLF, first line is the header; blank lines, rows of empty cells
 * and the header again (files joined by `cat`) are skipped; every row has as many cells as the
 * header.  Numbers use the C locale.
 */
#include "base/arena.h"
#include "base/decimal.h"
#include "base/error.h"

#include <stddef.h>
#include <stdio.h>

struct tp_csv {
  const char *path;
  size_t n_columns, n_rows;
  const char **columns; /* n_columns */
  const char **cells;   /* n_rows x n_columns, row-major */
  int *lines;           /* n_rows: file line of each row */
};

/* FILE "-" is standard input.  Everything lives in `arena`. */
enum tp_status tp_csv_open(const char *file, struct tp_arena *arena, struct tp_csv *csv,
                           struct tp_error *error);
enum tp_status tp_csv_parse(const char *name, const char *text, struct tp_arena *arena,
                            struct tp_csv *csv, struct tp_error *error);

/* Column index of `name`, or -1. */
int tp_csv_column(const struct tp_csv *csv, const char *name);
/* TP_E_INPUT where a column is missing; the error names the first that is. */
enum tp_status tp_csv_require(const struct tp_csv *csv, const char *const *names, size_t n,
                              struct tp_error *error);
/* Cell; "" where `column` is -1. */
const char *tp_csv_cell(const struct tp_csv *csv, size_t row, int column);
/* Puts the row in the place of another that is not needed any more. */
void tp_csv_move_row(struct tp_csv *csv, size_t from, size_t to);
/* Reads a finite number.  TP_E_INPUT where the cell holds none; the error names file, line and
 * column. */
enum tp_status tp_csv_number(const struct tp_csv *csv, size_t row, int column, double *value,
                             struct tp_error *error);

/* Writes one cell, quoted if it must be; numbers as %.9g, NAN as an empty cell.  Text that is a
 * formula to a spreadsheet ("=1+1") gets an apostrophe, which reading takes off again. */
void tp_csv_put_text(FILE *out, const char *text);
void tp_csv_put_number(FILE *out, double value);

/* The same number in memory; returns its end, a NUL. */
char *tp_csv_write_number(double value, char to[TP_DECIMAL_CHARS]);
/* The same text in memory, without a NUL, in at most tp_csv_text_room bytes; returns its end. */
size_t tp_csv_text_room(const char *text);
char *tp_csv_write_text(const char *text, char *to);
#endif
