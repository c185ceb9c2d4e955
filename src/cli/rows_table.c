/* Predictions as tables for eyes. */
#include "cli/rows.h"

#include <math.h>
#include <string.h>

static const char *cell_text(const struct tp_prediction *row, const struct tp_column *column,
                             struct tp_arena *arena)
{
  if (column->is_text)
    return tp_prediction_text(row, column);
  const double number = tp_prediction_number(row, column);
  return isnan(number) ? "" : tp_arena_printf(arena, "%.9g", number);
}

/* All inputs of all rows. */
static struct tp_table inputs_of(const struct tp_prediction *rows, size_t n, struct tp_arena *arena)
{
  const char **const headers = TP_NEW(arena, const char *, tp_n_columns);
  bool *const is_text = TP_NEW(arena, bool, tp_n_columns);
  struct tp_table inputs = {.arena = arena, .headers = headers, .is_text = is_text};
  for (size_t c = 0; c < tp_n_columns; c++)
    if (tp_columns[c].is_input) {
      headers[inputs.n_columns] = tp_columns[c].name;
      is_text[inputs.n_columns++] = tp_columns[c].is_text;
    }
  for (size_t r = 0; r < n; r++)
    for (size_t c = 0; c < tp_n_columns; c++)
      if (tp_columns[c].is_input)
        tp_table_add(&inputs, cell_text(&rows[r], &tp_columns[c], arena));
  return inputs;
}

/* What a table shows of the results: scaled for eyes. */
struct shown {
  const char *header;
  int digits;
  double (*value)(const struct tp_prediction *row);
};

static double ttft_ms(const struct tp_prediction *row)
{
  return row->ttft_s * 1e3;
}
static double tpot_ms(const struct tp_prediction *row)
{
  return row->tpot_s * 1e3;
}
static double e2e_s(const struct tp_prediction *row)
{
  return row->e2e_s;
}
static double tokens_per_s(const struct tp_prediction *row)
{
  return row->tokens_per_s;
}
static double speedup(const struct tp_prediction *row)
{
  return row->speedup;
}
static double exposed_percent(const struct tp_prediction *row)
{
  return 100 * row->comm_exposed_s / row->e2e_s;
}
static double memory_gb(const struct tp_prediction *row)
{
  return row->memory_bytes * 1e-9;
}

static const struct shown shown[] = {
    {"TTFT ms", 2, ttft_ms},       {"TPOT ms", 3, tpot_ms}, {"end to end s", 3, e2e_s},
    {"tokens/s", 2, tokens_per_s}, {"speedup", 3, speedup}, {"exposed %", 1, exposed_percent},
    {"memory GB", 1, memory_gb},
};
enum { N_SHOWN = sizeof shown / sizeof shown[0] };

static void add_results(struct tp_table *table, const struct tp_prediction *row)
{
  for (size_t i = 0; i < N_SHOWN; i++) {
    const double value = shown[i].value(row);
    tp_table_add(table,
                 isnan(value) ? "" : tp_arena_printf(table->arena, "%.*f", shown[i].digits, value));
  }
  tp_table_add(table, row->status);
}

void tp_rows_print_table(const struct tp_prediction *rows, size_t n, struct tp_arena *arena,
                         FILE *out)
{
  const struct tp_table inputs = inputs_of(rows, n, arena);
  const bool *const constant = tp_table_constant(&inputs, "variant");
  const char **headers = TP_NEW(arena, const char *, inputs.n_columns + N_SHOWN + 1);
  bool *is_text = TP_NEW(arena, bool, inputs.n_columns + N_SHOWN + 1);
  size_t n_columns = 0;
  for (size_t c = 0; c < inputs.n_columns; c++) {
    if (constant[c])
      continue;
    headers[n_columns] = inputs.headers[c];
    is_text[n_columns++] = inputs.is_text[c];
  }
  for (size_t i = 0; i < N_SHOWN; i++)
    headers[n_columns++] = shown[i].header;
  headers[n_columns] = "status";
  is_text[n_columns++] = true;

  struct tp_table table = {
      .arena = arena, .n_columns = n_columns, .headers = headers, .is_text = is_text};
  for (size_t r = 0; r < n; r++) {
    tp_table_add_row(&table, &inputs, r, constant);
    add_results(&table, &rows[r]);
  }
  tp_table_put_constant(&inputs, constant, "", out);
  tp_table_print(&table, out);
}

/* A point's rows stand together, one a variant. */
static void add_point(struct tp_table *table, const struct tp_prediction *rows, size_t n_variants,
                      bool with_reason)
{
  const char *reason = "";
  double standard_tokens_per_s = (double)NAN;
  for (size_t v = 0; v < n_variants; v++) {
    if (!isnan(rows[v].speedup))
      standard_tokens_per_s = rows[v].tokens_per_s / rows[v].speedup;
    if (strcmp(rows[v].status, "ok") != 0 && reason[0] == '\0')
      reason = tp_arena_printf(table->arena, "%s: %s", rows[v].variant, rows[v].status);
  }
  tp_table_add(table, isnan(standard_tokens_per_s)
                          ? ""
                          : tp_arena_printf(table->arena, "%.2f", standard_tokens_per_s));
  for (size_t v = 0; v < n_variants; v++)
    if (strcmp(rows[v].variant, "standard") != 0)
      tp_table_add(table, isnan(rows[v].speedup)
                              ? "-"
                              : tp_arena_printf(table->arena, "%.3f", rows[v].speedup));
  if (with_reason)
    tp_table_add(table, reason);
}

static bool all_ran(const struct tp_prediction *rows, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(rows[i].status, "ok") != 0)
      return false;
  return true;
}

void tp_rows_print_side_by_side(const struct tp_prediction *rows, size_t n, size_t n_variants,
                                struct tp_arena *arena, FILE *out)
{
  const struct tp_table inputs = inputs_of(rows, n, arena);
  const bool *const constant = tp_table_constant(&inputs, "variant");
  const char **headers = TP_NEW(arena, const char *, inputs.n_columns + n_variants + 2);
  bool *is_text = TP_NEW(arena, bool, inputs.n_columns + n_variants + 2);
  bool *left_out = TP_NEW(arena, bool, inputs.n_columns); /* variants stand side by side */
  size_t n_columns = 0;
  for (size_t c = 0; c < inputs.n_columns; c++) {
    left_out[c] = constant[c] || strcmp(inputs.headers[c], "variant") == 0;
    if (left_out[c])
      continue;
    headers[n_columns] = inputs.headers[c];
    is_text[n_columns++] = inputs.is_text[c];
  }
  headers[n_columns++] = "standard tokens/s";
  for (size_t v = 0; v < n_variants; v++)
    if (strcmp(rows[v].variant, "standard") != 0)
      headers[n_columns++] = rows[v].variant;
  const bool with_reason = !all_ran(rows, n);
  if (with_reason) {
    headers[n_columns] = "cannot run";
    is_text[n_columns++] = true;
  }

  struct tp_table table = {
      .arena = arena, .n_columns = n_columns, .headers = headers, .is_text = is_text};
  for (size_t r = 0; r + n_variants <= n; r += n_variants) {
    tp_table_add_row(&table, &inputs, r, left_out);
    add_point(&table, rows + r, n_variants, with_reason);
  }
  tp_table_put_constant(&inputs, constant, "speedup over standard, end to end", out);
  tp_table_print(&table, out);
}
