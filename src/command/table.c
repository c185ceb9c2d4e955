#include "command/table.h"

#include "base/csv.h"
#include "base/json.h"
#include "base/text.h"

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

static int width_of(const struct tp_table *table, size_t column)
{
  size_t width = strlen(table->headers[column]);
  for (size_t i = column; i < table->cells.n; i += table->n_columns) {
    const size_t length = strlen(table->cells.items[i]);
    width = length > width ? length : width;
  }
  return (int)width;
}

static void print_row(const struct tp_table *table, const char *const *cells, const int *widths,
                      FILE *out)
{
  for (size_t c = 0; c < table->n_columns; c++) {
    const char *const gap = c > 0 ? "  " : "";
    const bool last = c + 1 == table->n_columns;
    if (!table->is_text[c])
      fprintf(out, "%s%*s", gap, widths[c], cells[c]);
    else
      fprintf(out, "%s%-*s", gap, last ? 0 : widths[c], cells[c]);
  }
  putc('\n', out);
}

void tp_table_print(const struct tp_table *table, FILE *out)
{
  int *widths = TP_NEW(table->arena, int, table->n_columns);
  for (size_t c = 0; c < table->n_columns; c++)
    widths[c] = width_of(table, c);
  print_row(table, table->headers, widths, out);
  for (size_t i = 0; i < table->cells.n; i += table->n_columns)
    print_row(table, table->cells.items + i, widths, out);
}

static void write_csv(const struct tp_table *table, FILE *out)
{
  for (size_t c = 0; c < table->n_columns; c++)
    fprintf(out, "%s%s", table->headers[c], c + 1 < table->n_columns ? "," : "\n");
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
