#include "cli/served_rows.h"

#include "base/csv.h"
#include "base/decimal.h"
#include "command/fold.h"

#include <math.h>
#include <string.h>

static const char *cell_of(const struct tp_served *row, const struct tp_served_column *column,
                           struct tp_arena *arena)
{
  char number[TP_DECIMAL_CHARS];
  if (column->is_text)
    return tp_served_text(row, column);
  tp_csv_write_number(tp_served_number(row, column), number);
  return tp_arena_strdup(arena, number);
}

/* All columns, for programs. */
static void print_whole(const struct tp_served *rows, size_t n, enum tp_format format,
                        struct tp_arena *arena, FILE *out)
{
  const char **const headers = TP_NEW(arena, const char *, tp_n_served_columns);
  bool *const is_text = TP_NEW(arena, bool, tp_n_served_columns);
  struct tp_table table = {
      .arena = arena, .n_columns = tp_n_served_columns, .headers = headers, .is_text = is_text};
  for (size_t c = 0; c < tp_n_served_columns; c++) {
    headers[c] = tp_served_columns[c].name;
    is_text[c] = tp_served_columns[c].is_text;
  }
  for (size_t i = 0; i < n * tp_n_served_columns; i++)
    tp_table_add(&table, cell_of(&rows[i / tp_n_served_columns],
                                 &tp_served_columns[i % tp_n_served_columns], arena));
  tp_table_write(&table, format, out);
}

static bool same_in_all(const struct tp_served *rows, size_t n,
                        const struct tp_served_column *column, struct tp_arena *arena)
{
  for (size_t i = 1; i < n; i++)
    if (strcmp(cell_of(&rows[0], column, arena), cell_of(&rows[i], column, arena)) != 0)
      return false;
  return strcmp(column->name, "variant") != 0;
}

/* What a table shows of the results: scaled for eyes. */
struct shown {
  const char *header;
  int digits;
  double scale;
  size_t offset; /* in struct tp_served */
};
static const struct shown shown[] = {
    {"TTFT ms", 1, 1e3, offsetof(struct tp_served, ttft_s)},
    {"its p99", 1, 1e3, offsetof(struct tp_served, ttft_p99_s)},
    {"TPOT ms", 2, 1e3, offsetof(struct tp_served, tpot_s)},
    {"its p99", 2, 1e3, offsetof(struct tp_served, tpot_p99_s)},
    {"end to end s", 3, 1, offsetof(struct tp_served, e2e_s)},
    {"tokens/s", 1, 1, offsetof(struct tp_served, tokens_per_s)},
    {"a GPU", 1, 1, offsetof(struct tp_served, tokens_per_s_per_gpu)},
    {"speedup", 3, 1, offsetof(struct tp_served, speedup)},
};
enum { N_SHOWN = sizeof shown / sizeof shown[0] };

static void add_results(struct tp_table *table, const struct tp_served *row)
{
  for (size_t i = 0; i < N_SHOWN; i++) {
    double value;
    memcpy(&value, (const char *)row + shown[i].offset, sizeof value);
    tp_table_add(table, isnan(value) ? ""
                                     : tp_arena_printf(table->arena, "%.*f", shown[i].digits,
                                                       value * shown[i].scale));
  }
  tp_table_add(table, row->point.status);
}

static void print_table(const struct tp_served *rows, size_t n, struct tp_arena *arena, FILE *out)
{
  const char **const headers = TP_NEW(arena, const char *, tp_n_served_columns + N_SHOWN + 1);
  bool *const is_text = TP_NEW(arena, bool, tp_n_served_columns + N_SHOWN + 1);
  const struct tp_served_column **const columns =
      TP_NEW(arena, const struct tp_served_column *, tp_n_served_columns);
  struct tp_table table = {.arena = arena, .headers = headers, .is_text = is_text};
  size_t n_inputs = 0;
  const char *gap = "";
  for (size_t c = 0; c < tp_n_served_columns && tp_served_columns[c].is_input; c++) {
    const struct tp_served_column *const column = &tp_served_columns[c];
    const char *const first = cell_of(&rows[0], column, arena);
    if (!same_in_all(rows, n, column, arena)) {
      columns[n_inputs] = column;
      is_text[n_inputs] = column->is_text;
      headers[n_inputs++] = column->name;
    } else if (first[0] != '\0') {
      fprintf(out, "%s%s ", gap, column->name);
      tp_fold_put(first, strlen(first), out);
      gap = ", ";
    }
  }
  fputs("\n\n", out);
  for (size_t i = 0; i < N_SHOWN; i++)
    headers[n_inputs + i] = shown[i].header;
  headers[n_inputs + N_SHOWN] = "status";
  is_text[n_inputs + N_SHOWN] = true;
  table.n_columns = n_inputs + N_SHOWN + 1;
  for (size_t r = 0; r < n; r++) {
    for (size_t c = 0; c < n_inputs; c++)
      tp_table_add(&table, cell_of(&rows[r], columns[c], arena));
    add_results(&table, &rows[r]);
  }
  tp_table_print(&table, out);
}

void tp_served_rows_print(const struct tp_served *rows, size_t n, enum tp_format format,
                          struct tp_arena *arena, FILE *out)
{
  if (format == TP_FORMAT_TABLE)
    print_table(rows, n, arena, out);
  else
    print_whole(rows, n, format, arena, out);
}
