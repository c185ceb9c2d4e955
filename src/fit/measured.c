#include "fit/measured.h"

#include "base/file.h"
#include "fit/repeats.h"
#include "ops/rows.h"

#include <string.h>

static enum tp_status split(const char *condition, struct tp_arena *arena, const char **column,
                            const char **value, struct tp_error *error)
{
  const char *const equals = strchr(condition, '=');
  if (equals == NULL || equals == condition)
    return tp_fail(error, TP_E_INPUT, "--where: '%.64s' is not COLUMN=VALUE", condition);
  char *name = tp_arena_strdup(arena, condition);
  name[equals - condition] = '\0';
  *column = name;
  *value = equals + 1;
  return TP_OK;
}

void tp_measured_readable(const struct tp_where *where, struct tp_arena *arena,
                          struct tp_readable *readable)
{
  static const char *const never_mixed[] = {"system", "emulated", NULL};
  tp_readable_add_all(&readable->inputs, never_mixed, arena);
  for (size_t i = 0; i < where->n; i++) {
    const char *const condition = where->conditions[i];
    tp_readable_add(&readable->others,
                    tp_arena_printf(arena, "%.*s", (int)strcspn(condition, "="), condition), arena);
  }
}

static bool is_usual_dtype(const struct tp_csv *csv, const char *name)
{
  return strcmp(name, "dtype") == 0 && tp_measured_is_ops(csv);
}

static const char *guess_op(const struct tp_csv *csv)
{
  if (tp_csv_column(csv, "m") >= 0 && tp_csv_column(csv, "k") >= 0)
    return tp_csv_column(csv, "n") >= 0 ? "gemm" : "quantise";
  if (tp_csv_column(csv, "seq_len") >= 0)
    return "attention_prefill";
  return tp_csv_column(csv, "kv_len") >= 0 ? "attention_decode" : NULL;
}

/* The cell, or of ops the dtype that is read where it is empty. */
static const char *value_of(const struct tp_csv *csv, size_t row, const char *name)
{
  const int op = tp_csv_column(csv, "op");
  const char *const cell = tp_csv_cell(csv, row, tp_csv_column(csv, name));
  if (cell[0] != '\0' || !is_usual_dtype(csv, name))
    return cell;
  const char *const usual =
      tp_op_row_usual_dtype(op >= 0 ? tp_csv_cell(csv, row, op) : guess_op(csv));
  return usual != NULL ? usual : cell;
}

/* All rows where the table says nothing of the column. */
static void keep(struct tp_csv *csv, const char *name, const char *value)
{
  const bool absent = tp_csv_column(csv, name) < 0;
  size_t n_kept = 0;
  for (size_t row = 0; row < csv->n_rows; row++) {
    const char *const here = value_of(csv, row, name);
    if (strcmp(here, value) != 0 && !(absent && here[0] == '\0'))
      continue;
    tp_csv_move_row(csv, row, n_kept++);
  }
  csv->n_rows = n_kept;
}

static bool has_column(const struct tp_where_columns *columns, const char *name)
{
  return tp_text_is_among(name, columns->names, columns->n);
}

static void note_column(const char *name, struct tp_arena *arena, struct tp_where_columns *columns)
{
  if (!has_column(columns, name))
    TP_APPEND(arena, columns->names, columns->n, name);
}

static void note_columns(const struct tp_csv *csv, struct tp_arena *arena,
                         struct tp_where_columns *columns)
{
  for (size_t i = 0; i < csv->n_columns; i++)
    note_column(csv->columns[i], arena, columns);
  if (is_usual_dtype(csv, "dtype"))
    note_column("dtype", arena, columns);
}

/* `place`: where they should stand. */
static enum tp_status check_columns(const struct tp_where *where,
                                    const struct tp_where_columns *columns, const char *place,
                                    struct tp_arena *arena, struct tp_error *error)
{
  for (size_t i = 0; i < where->n; i++) {
    const char *column = "", *value = "";
    TP_TRY(split(where->conditions[i], arena, &column, &value, error));
    if (!has_column(columns, column))
      return tp_fail(error, TP_E_INPUT, "%s: no column '%.64s'%s", place, column,
                     tp_text_hint(arena, column, columns->names, columns->n));
  }
  return TP_OK;
}

enum tp_status tp_where_check(const struct tp_where *where, struct tp_arena *arena,
                              struct tp_error *error)
{
  return where->columns == NULL || where->columns->n == 0
             ? TP_OK
             : check_columns(where, where->columns, "--where, in none of the tables", arena, error);
}

/* Says the same in all rows but those where `skip_column` holds `skipped`; -1: no such column. */
static enum tp_status check_one(const struct tp_csv *csv, const char *name, int skip_column,
                                const char *skipped, struct tp_error *error)
{
  const int column = tp_csv_column(csv, name);
  const char *first = NULL;
  for (size_t row = 0; row < csv->n_rows; row++) {
    const char *const here = tp_csv_cell(csv, row, column);
    if (skip_column >= 0 && strcmp(tp_csv_cell(csv, row, skip_column), skipped) == 0)
      continue;
    if (first != NULL && strcmp(first, here) != 0)
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: %s '%.32s' after '%.32s'; choose one with --where %s=%.32s", csv->path,
                     csv->lines[row], name, here, first, name, first);
    first = here;
  }
  return TP_OK;
}

/* One GPU needs no stand-ins: its rows go with either. */
static enum tp_status check_emulated(const struct tp_csv *csv, struct tp_error *error)
{
  const int column = tp_csv_column(csv, "emulated");
  for (size_t row = 0; column >= 0 && row < csv->n_rows; row++) {
    const char *const cell = tp_csv_cell(csv, row, column);
    if (strcmp(cell, "0") != 0 && strcmp(cell, "1") != 0)
      return tp_fail(error, TP_E_INPUT, "%s:%d: column 'emulated': '%.32s'; give 0 or 1", csv->path,
                     csv->lines[row], cell);
  }
  return check_one(csv, "emulated", tp_csv_column(csv, "tp"), "1", error);
}

static enum tp_status open_table(const char *file, const struct tp_where *where,
                                 struct tp_arena *arena, struct tp_csv *csv, struct tp_error *error)
{
  struct tp_notes unasked = {.n = 0};
  struct tp_notes *const notes = where->notes != NULL ? where->notes : &unasked;
  const char *const name = strcmp(file, "-") == 0 ? "standard input" : file;
  const char *text;
  TP_TRY(tp_file_read(file, arena, &text, error));
  if (!where->only_nccl_tests && !tp_nccl_tests_is(text))
    return tp_csv_parse(name, text, arena, csv, error);
  if (where->n_nccl_tests != NULL)
    ++*where->n_nccl_tests;
  return tp_nccl_tests_parse(name, text, &where->nccl_tests, arena, csv, notes, error);
}

enum tp_status tp_measured_open(const char *file, const struct tp_where *where,
                                struct tp_arena *arena, struct tp_csv *csv, struct tp_error *error)
{
  struct tp_where_columns own = {.n = 0};
  TP_TRY(open_table(file, where, arena, csv, error));
  note_columns(csv, arena, where->columns != NULL ? where->columns : &own);
  if (where->columns == NULL)
    TP_TRY(check_columns(where, &own, tp_arena_printf(arena, "%s:1", csv->path), arena, error));
  for (size_t i = 0; i < where->n; i++) {
    const char *column = "", *value = "";
    TP_TRY(split(where->conditions[i], arena, &column, &value, error));
    keep(csv, column, value);
  }
  if (csv->n_rows == 0 && where->n > 0 && where->may_be_none)
    return TP_OK;
  if (csv->n_rows == 0)
    return tp_fail(error, TP_E_INPUT, "%s:1: no row%s; give measurements", csv->path,
                   where->n > 0 ? " meets --where" : " below the header");
  tp_copies_drop(csv, arena, where->notes);
  TP_TRY(check_one(csv, "system", -1, "", error));
  return check_emulated(csv, error);
}

bool tp_measured_is_ops(const struct tp_csv *csv)
{
  return tp_csv_column(csv, "time_us") >= 0;
}

enum tp_status tp_measured_name_ops(struct tp_csv *csv, const char *op, struct tp_arena *arena,
                                    struct tp_error *error)
{
  if (tp_csv_column(csv, "op") >= 0)
    return TP_OK;
  if (op == NULL)
    op = guess_op(csv);
  if (op == NULL)
    return tp_fail(error, TP_E_INPUT, "%s:1: no column 'op'; it names the op of each row",
                   csv->path);
  const size_t n = csv->n_columns;
  const char **columns = TP_NEW(arena, const char *, n + 1);
  const char **cells = TP_NEW(arena, const char *, (n + 1) * csv->n_rows);
  memcpy(columns, csv->columns, n * sizeof *columns);
  columns[n] = "op";
  for (size_t row = 0; row < csv->n_rows; row++) {
    memcpy(cells + row * (n + 1), csv->cells + row * n, n * sizeof *cells);
    cells[row * (n + 1) + n] = op;
  }
  csv->columns = columns;
  csv->cells = cells;
  csv->n_columns = n + 1;
  return TP_OK;
}

enum tp_status tp_measured_number(const struct tp_csv *csv, size_t row, int column, double *value,
                                  struct tp_error *error)
{
  const enum tp_status status = tp_csv_number(csv, row, column, value, error);
  if (status != TP_OK || *value > 0)
    return status;
  return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s': %g is not above 0", csv->path,
                 csv->lines[row], csv->columns[column], *value);
}

enum tp_status tp_measured_slowdown(const struct tp_csv *csv, size_t row, double *slowdown,
                                    struct tp_error *error)
{
  double alone_us, time_us;
  TP_TRY(tp_measured_number(csv, row, tp_csv_column(csv, "alone_us"), &alone_us, error));
  TP_TRY(tp_measured_number(csv, row, tp_csv_column(csv, "time_us"), &time_us, error));
  *slowdown = time_us / alone_us;
  return TP_OK;
}
