#include "cli/table.h"

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
  tp_words_add(&table->cells, tp_arena_strdup(table->arena, cell), table->arena);
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
