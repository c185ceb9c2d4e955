#include "command/table.h"

#include "base/csv.h"
#include "base/json.h"
#include "base/text.h"
#include "command/fold.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum tp_status tp_format_parse(const char *name, struct tp_arena *arena, enum tp_format *format,
                               struct tp_error *error)
{
  static const char *const names[] = {"table", "csv", "json"};
  enum { N_FORMATS = sizeof names / sizeof names[0] };
  if (name == NULL) {
    *format = isatty(STDOUT_FILENO) ? TP_FORMAT_TABLE : TP_FORMAT_CSV;
    return TP_OK;
  }
  for (int i = 0; i < N_FORMATS; i++)
    if (strcmp(name, names[i]) == 0) {
      *format = (enum tp_format)i;
      return TP_OK;
    }
  return tp_fail(error, TP_E_INPUT, "no format '%s'%s", name,
                 tp_text_hint(arena, name, names, N_FORMATS));
}

void tp_table_add(struct tp_table *table, const char *cell)
{
  TP_APPEND(table->arena, table->cells.items, table->cells.n, tp_arena_strdup(table->arena, cell));
}

static bool is_constant(const struct tp_table *table, size_t column)
{
  for (size_t i = column; i < table->cells.n; i += table->n_columns)
    if (strcmp(table->cells.items[i], table->cells.items[column]) != 0)
      return false;
  return true;
}

bool *tp_table_constant(const struct tp_table *table, const char *never)
{
  bool *const constant = TP_NEW(table->arena, bool, table->n_columns);
  for (size_t c = 0; c < table->n_columns; c++)
    constant[c] = strcmp(table->headers[c], never) != 0 && is_constant(table, c);
  return constant;
}

void tp_table_add_row(struct tp_table *table, const struct tp_table *from, size_t row,
                      const bool *left_out)
{
  for (size_t c = 0; c < from->n_columns; c++)
    if (!left_out[c])
      tp_table_add(table, from->cells.items[row * from->n_columns + c]);
}

void tp_table_put_constant(const struct tp_table *table, const bool *constant, const char *title,
                           FILE *out)
{
  const char *gap = title[0] == '\0' ? "" : "; ", *words = title;
  for (size_t c = 0; c < table->n_columns; c++) {
    const char *const cell = table->cells.items[c];
    if (!constant[c] || cell[0] == '\0')
      continue;
    words = tp_arena_printf(table->arena, "%s%s%s %s", words, gap, table->headers[c],
                            tp_fold_plain(cell, table->arena));
    gap = ", ";
  }
  tp_fold_print(words, 0, tp_fold_width(out, SIZE_MAX), out);
  putc('\n', out);
}

static size_t columns_of(const char *text)
{
  return tp_fold_columns(text, strlen(text));
}

static size_t width_of(const struct tp_table *table, size_t column)
{
  size_t width = columns_of(table->headers[column]);
  for (size_t i = column; i < table->cells.n; i += table->n_columns) {
    const size_t length = columns_of(table->cells.items[i]);
    width = length > width ? length : width;
  }
  return width;
}

/* Narrows the widest columns of text until the table fits, where it can. */
static void fit(const struct tp_table *table, size_t *widths, size_t width)
{
  enum { LEAST = 16 };
  size_t total = 2 * (table->n_columns - 1);
  for (size_t c = 0; c < table->n_columns; c++)
    total += widths[c];
  while (total > width) {
    size_t widest = table->n_columns;
    for (size_t c = 0; c < table->n_columns; c++)
      if (table->is_text[c] && widths[c] > LEAST &&
          (widest == table->n_columns || widths[c] > widths[widest]))
        widest = c;
    if (widest == table->n_columns)
      return;
    widths[widest]--;
    total--;
  }
}

static void put_cell(const char *text, size_t bytes, size_t width, bool is_text, bool last,
                     FILE *out)
{
  const size_t columns = tp_fold_columns(text, bytes), pad = width > columns ? width - columns : 0;
  if (!is_text)
    fprintf(out, "%*s", (int)pad, "");
  tp_fold_put(text, bytes, out);
  if (is_text && !last)
    fprintf(out, "%*s", (int)pad, "");
}

/* One line, or more where a cell is wider than its column. */
static void print_row(const struct tp_table *table, const char *const *cells, const size_t *widths,
                      FILE *out)
{
  const char **rest = TP_NEW(table->arena, const char *, table->n_columns);
  memcpy(rest, cells, table->n_columns * sizeof *rest);
  for (bool more = true; more;) {
    more = false;
    for (size_t c = 0; c < table->n_columns; c++) {
      size_t next;
      const size_t bytes = tp_fold_line(rest[c], widths[c], &next);
      fputs(c > 0 ? "  " : "", out);
      put_cell(rest[c], bytes, widths[c], table->is_text[c], c + 1 == table->n_columns, out);
      rest[c] += next;
      more = more || *rest[c] != '\0';
    }
    putc('\n', out);
  }
}

void tp_table_print(const struct tp_table *table, FILE *out)
{
  size_t *widths = TP_NEW(table->arena, size_t, table->n_columns);
  for (size_t c = 0; c < table->n_columns; c++)
    widths[c] = width_of(table, c);
  fit(table, widths, tp_fold_width(out, SIZE_MAX));
  print_row(table, table->headers, widths, out);
  for (size_t i = 0; i < table->cells.n; i += table->n_columns)
    print_row(table, table->cells.items + i, widths, out);
}

const char *tp_table_number(const struct tp_table *table, double number)
{
  const bool is_long = fabs(number) >= 1000 && fabs(number) < 1e18;
  return tp_arena_printf(table->arena, is_long ? "%.0f" : "%.4g", number);
}

static void write_csv(const struct tp_table *table, FILE *out)
{
  for (size_t c = 0; c < table->n_columns; c++) {
    tp_csv_put_text(out, table->headers[c]);
    putc(c + 1 < table->n_columns ? ',' : '\n', out);
  }
  for (size_t i = 0; i < table->cells.n; i++) {
    tp_csv_put_text(out, table->cells.items[i]);
    putc((i + 1) % table->n_columns == 0 ? '\n' : ',', out);
  }
}

static void put_json_cell(const char *cell, bool is_text, FILE *out)
{
  double number;
  if (!is_text && (cell[0] == '\0' || tp_text_number(cell, &number)))
    fputs(cell[0] == '\0' ? "null" : cell, out);
  else
    tp_json_put_text(cell, out);
}

static void write_json(const struct tp_table *table, FILE *out)
{
  const size_t n_columns = table->n_columns;
  fputs("[", out);
  for (size_t i = 0; i < table->cells.n; i++) {
    const size_t c = i % n_columns;
    fputs(c > 0 ? ", " : i > 0 ? ",\n {" : "\n {", out);
    tp_json_put_text(table->headers[c], out);
    fputs(": ", out);
    put_json_cell(table->cells.items[i], table->is_text[c], out);
    if (c + 1 == n_columns)
      putc('}', out);
  }
  fputs("\n]\n", out);
}

void tp_table_write(const struct tp_table *table, enum tp_format format, FILE *out)
{
  switch (format) {
  case TP_FORMAT_TABLE:
    tp_table_print(table, out);
    return;
  case TP_FORMAT_CSV:
    write_csv(table, out);
    return;
  case TP_FORMAT_JSON:
    write_json(table, out);
    return;
  }
}
