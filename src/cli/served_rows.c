#include "cli/served_rows.h"

#include "base/csv.h"
#include "base/decimal.h"
#include "base/output.h"
#include "cli/result_file.h"

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

/* The first `n_columns` of all rows. */
static struct tp_table table_of(const struct tp_served *rows, size_t n, size_t n_columns,
                                struct tp_arena *arena)
{
  const char **const headers = TP_NEW(arena, const char *, n_columns);
  bool *const is_text = TP_NEW(arena, bool, n_columns);
  struct tp_table table = {
      .arena = arena, .n_columns = n_columns, .headers = headers, .is_text = is_text};
  for (size_t c = 0; c < n_columns; c++) {
    headers[c] = tp_served_columns[c].name;
    is_text[c] = tp_served_columns[c].is_text;
  }
  for (size_t i = 0; i < n * n_columns; i++)
    tp_table_add(&table, cell_of(&rows[i / n_columns], &tp_served_columns[i % n_columns], arena));
  return table;
}

/* Inputs stand first. */
static size_t count_inputs(void)
{
  size_t n = 0;
  while (tp_served_columns[n].is_input)
    n++;
  return n;
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
  const struct tp_table inputs = table_of(rows, n, count_inputs(), arena);
  const bool *const constant = tp_table_constant(&inputs, "variant");
  const char **const headers = TP_NEW(arena, const char *, inputs.n_columns + N_SHOWN + 1);
  bool *const is_text = TP_NEW(arena, bool, inputs.n_columns + N_SHOWN + 1);
  struct tp_table table = {.arena = arena, .headers = headers, .is_text = is_text};
  for (size_t c = 0; c < inputs.n_columns; c++) {
    if (constant[c])
      continue;
    headers[table.n_columns] = inputs.headers[c];
    is_text[table.n_columns++] = inputs.is_text[c];
  }
  for (size_t i = 0; i < N_SHOWN; i++)
    headers[table.n_columns++] = shown[i].header;
  headers[table.n_columns] = "status";
  is_text[table.n_columns++] = true;
  for (size_t r = 0; r < n; r++) {
    tp_table_add_row(&table, &inputs, r, constant);
    add_results(&table, &rows[r]);
  }
  tp_table_put_constant(&inputs, constant, "", out);
  tp_table_print(&table, out);
}

void tp_served_rows_print(const struct tp_served *rows, size_t n, enum tp_format format,
                          struct tp_arena *arena, FILE *out)
{
  if (format == TP_FORMAT_TABLE) {
    print_table(rows, n, arena, out);
    return;
  }
  const struct tp_table whole = table_of(rows, n, tp_n_served_columns, arena);
  tp_table_write(&whole, format, out);
}

static enum tp_status write_sidecar(const struct tp_session *session,
                                    const struct tp_catalog *catalog, const char *out,
                                    struct tp_error *error)
{
  struct tp_arena *const arena = session->arena;
  const struct tp_sweep_file target = tp_result_target(session, out);
  struct tp_output output;
  TP_TRY(tp_output_open(tp_arena_printf(arena, "%s.json", out), arena, &output, error));
  fputs(tp_sidecar_text(catalog, &target, arena), output.stream);
  return tp_output_commit(&output, error);
}

/* The result goes last: it never stands without its sidecar. */
enum tp_status tp_served_rows_write(const struct tp_served *rows, size_t n,
                                    const struct tp_session *session,
                                    const struct tp_catalog *catalog, const char *out,
                                    struct tp_error *error)
{
  struct tp_output output;
  TP_TRY(tp_output_open(out, session->arena, &output, error));
  tp_served_rows_print(rows, n, TP_FORMAT_CSV, session->arena, output.stream);
  const bool is_file = output.temporary != NULL; /* beside a pipe there is no place */
  const enum tp_status status = is_file ? write_sidecar(session, catalog, out, error) : TP_OK;
  if (status != TP_OK) {
    tp_output_abort(&output);
    return status;
  }
  return tp_output_commit(&output, error);
}
