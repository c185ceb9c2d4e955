#ifndef TP_COMMAND_TABLE_H
#define TP_COMMAND_TABLE_H
/* Tables for eyes: columns as wide as their widest cell, numbers to the right; text is folded where
 * a terminal is narrower. */
#include "base/arena.h"
#include "base/error.h"
#include "command/options.h"

#include <stdio.h>

enum tp_format { TP_FORMAT_TABLE, TP_FORMAT_CSV, TP_FORMAT_JSON };

/* Row for the option table of a command whose values struct has `const char *format`. */
#define TP_FORMAT_OPTION(args)                                         \
  {                                                                    \
    "format", 'f', TP_OPTION_TEXT, offsetof(struct args, format), "F", \
        "table, csv or json [a table on a terminal, else csv]"         \
  }

/* The same of a command that prints text and, asked for them, rows. */
#define TP_ROWS_OPTION(args, text)                                     \
  {                                                                    \
    "format", 'f', TP_OPTION_TEXT, offsetof(struct args, format), "F", \
        "table, csv or json [" text "]"                                \
  }

/* `name` NULL: a table on a terminal, else CSV. */
enum tp_status tp_format_parse(const char *name, struct tp_arena *arena, enum tp_format *format,
                               struct tp_error *error);

struct tp_table {
  struct tp_arena *arena;
  size_t n_columns;
  const char *const *headers;
  const bool *is_text; /* n_columns; aligned to the left */
  struct tp_words cells;
};

/* The text is copied. */
void tp_table_add(struct tp_table *table, const char *cell);
/* Four digits for eyes, and no exponent that hides a whole number. */
const char *tp_table_number(const struct tp_table *table, double number);
/* Of a table with a line at least: which columns say the same in all lines, but the one of that
 * name; in the arena of the table. */
bool *tp_table_constant(const struct tp_table *table, const char *never);
/* Adds the cells of a line of another table but those of the columns that are left out. */
void tp_table_add_row(struct tp_table *table, const struct tp_table *from, size_t row,
                      const bool *left_out);
/* "TITLE; tp 8, prompt 1024": what these columns say, empty cells left out, folded, and an empty
 * line; the title may be "". */
void tp_table_put_constant(const struct tp_table *table, const bool *constant, const char *title,
                           FILE *out);
void tp_table_print(const struct tp_table *table, FILE *out);
/* In any format: CSV cells as they are; JSON an array of objects,
 * numbers bare, empty ones null. */
void tp_table_write(const struct tp_table *table, enum tp_format format, FILE *out);
#endif
