#include "plot/rows.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

const char *const tp_plot_inputs[TP_PLOT_N_INPUTS] = {
#define X(name, unit, description) [TP_PLOT_##name] = #name,
    TP_EVERY_INPUT(X, X)
#undef X
        [TP_PLOT_pass] = "pass",
    [TP_PLOT_concurrency] = "concurrency",
    [TP_PLOT_rate] = "rate",
    [TP_PLOT_range_ratio] = "range_ratio",
    [TP_PLOT_requests] = "requests",
    [TP_PLOT_seed] = "seed",
    [TP_PLOT_trace] = "trace"};

enum { MOST_SHOWN = 12 };

const char *tp_plot_row_text(const struct tp_plot_row *row, const char *column)
{
  return tp_csv_cell(row->csv, row->at, tp_csv_column(row->csv, column));
}

enum tp_status tp_plot_row_numbers(const struct tp_plot_row *row, const char *const *columns,
                                   size_t n, double *values, struct tp_error *error)
{
  for (size_t i = 0; i < n; i++) {
    values[i] = (double)NAN;
    if (tp_plot_row_text(row, columns[i])[0] != '\0')
      TP_TRY(
          tp_csv_number(row->csv, row->at, tp_csv_column(row->csv, columns[i]), &values[i], error));
  }
  return TP_OK;
}

enum tp_status tp_plot_row_degree(const struct tp_plot_row *row, double *tp, struct tp_error *error)
{
  TP_TRY(tp_csv_number(row->csv, row->at, tp_csv_column(row->csv, "tp"), tp, error));
  return *tp >= 1 ? TP_OK
                  : tp_fail(error, TP_E_INPUT, "%s:%d: tp %g; a degree is at least 1",
                            row->csv->path, row->csv->lines[row->at], *tp);
}

/* End to end is a first token and the others.  Both come from the same costs, so they are early or
 * late together, and so is their sum. */
enum tp_status tp_plot_row_interval(const struct tp_plot_row *row, double e2e_s, double *low_s,
                                    double *high_s, struct tp_error *error)
{
  static const char *const columns[] = {"ttft_s", "ttft_low_s", "ttft_high_s",
                                        "tpot_s", "tpot_low_s", "tpot_high_s"};
  double is[6];
  TP_TRY(tp_plot_row_numbers(row, columns, 6, is, error));
  const double n_others = (e2e_s - is[0]) / is[3]; /* NAN without either */
  *low_s = is[1] + n_others * is[4];
  *high_s = is[2] + n_others * is[5];
  return TP_OK;
}

/* "does not fit: needs 112 GB ..." is too long for a panel. */
const char *tp_plot_row_refusal(const struct tp_plot_row *row, struct tp_arena *arena)
{
  const char *const status = tp_plot_row_text(row, "status");
  return status[0] == '\0' || strcmp(status, "ok") == 0
             ? NULL
             : tp_arena_printf(arena, "%.*s", (int)strcspn(status, ":;,"), status);
}

bool tp_plot_same(const char *a, const char *b)
{
  double x, y;
  return strcmp(a, b) == 0 || (tp_text_number(a, &x) && tp_text_number(b, &y) && x == y);
}

static bool passes(const struct tp_plot_row *row, const struct tp_plot_filter *filter,
                   enum tp_plot_input input)
{
  for (size_t i = 0; i < filter->n[input]; i++)
    if (tp_plot_same(row->input[input], filter->values[input][i]))
      return true;
  return filter->n[input] == 0;
}

static bool passes_all(const struct tp_plot_row *row, const struct tp_plot_filter *filter)
{
  for (enum tp_plot_input input = 0; input < TP_PLOT_N_INPUTS; input++)
    if (!passes(row, filter, input))
      return false;
  return true;
}

const char **tp_plot_rows_values(const struct tp_plot_rows *rows, enum tp_plot_input input,
                                 struct tp_arena *arena, size_t *n)
{
  const char **values = NULL;
  *n = 0;
  for (size_t i = 0; i < rows->n; i++) {
    size_t at = 0;
    while (at < *n && !tp_plot_same(values[at], rows->items[i].input[input]))
      at++;
    if (at == *n)
      TP_APPEND(arena, values, *n, rows->items[i].input[input]);
  }
  return values;
}

const char *tp_plot_words(const char *const *words, size_t n, struct tp_arena *arena)
{
  const char *text = "";
  for (size_t i = 0; i < n && i < MOST_SHOWN; i++)
    text = tp_arena_printf(arena, "%s%s%.60s", text, i > 0 ? ", " : "",
                           words[i][0] == '\0' ? "none" : words[i]);
  return n > MOST_SHOWN ? tp_arena_printf(arena, "%s, ...", text) : text;
}

/* No row is left: by which input alone, or all together? */
static enum tp_status refuse_empty(const struct tp_plot_rows *rows,
                                   const struct tp_plot_filter *filter, struct tp_arena *arena,
                                   struct tp_error *error)
{
  const char *asked = "";
  for (enum tp_plot_input input = 0; input < TP_PLOT_N_INPUTS; input++) {
    if (filter->n[input] == 0)
      continue;
    size_t n_passing = 0, n;
    for (size_t i = 0; i < rows->n; i++)
      n_passing += passes(&rows->items[i], filter, input);
    const char *const wanted = tp_plot_words(filter->values[input], filter->n[input], arena);
    if (n_passing == 0) {
      const char *const *const there = tp_plot_rows_values(rows, input, arena, &n);
      return tp_fail(error, TP_E_INPUT, "no row has %s %s; there is: %s", tp_plot_inputs[input],
                     wanted, tp_plot_words(there, n, arena));
    }
    asked = tp_arena_printf(arena, "%s%s%s %s", asked, asked[0] == '\0' ? "" : " and ",
                            tp_plot_inputs[input], wanted);
  }
  return asked[0] == '\0' ? tp_fail(error, TP_E_INPUT, "the files have no rows to draw")
                          : tp_fail(error, TP_E_INPUT,
                                    "no row has %s at once, only singly; drop one of them", asked);
}

const char *tp_plot_option(enum tp_plot_input input, struct tp_arena *arena)
{
  char *const name = tp_arena_strdup(arena, tp_plot_inputs[input]);
  for (char *c = name; *c != '\0'; c++)
    *c = *c == '_' ? '-' : *c;
  return name;
}

/* A column that is written only where it is used is empty where it is not. */
static bool may_lack(int input)
{
  for (size_t i = tp_n_usual_columns; i < tp_n_columns; i++)
    if (strcmp(tp_columns[i].name, tp_plot_inputs[input]) == 0)
      return true;
  return false;
}

static enum tp_status check_columns(const struct tp_csv *csv, const char *what, const char *from,
                                    const char *const *columns, const struct tp_plot_filter *filter,
                                    struct tp_arena *arena, struct tp_error *error)
{
  for (; *columns != NULL; columns++)
    if (tp_csv_column(csv, *columns) < 0)
      return tp_fail(error, TP_E_INPUT, "%s:1: no column '%s', which this picture needs%s",
                     csv->path, *columns,
                     from != NULL ? tp_arena_printf(arena, "; its rows are those of `%s`", from)
                                  : tp_text_hint(arena, *columns, csv->columns, csv->n_columns));
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
    if (filter->n[i] > 0 && tp_csv_column(csv, tp_plot_inputs[i]) < 0 && !may_lack(i))
      return tp_fail(error, TP_E_INPUT, "%s have no column '%s' to choose by; drop --%s", what,
                     tp_plot_inputs[i], tp_plot_option((enum tp_plot_input)i, arena));
  return TP_OK;
}

enum tp_status tp_plot_rows_read(const struct tp_csv *tables, size_t n_tables, const char *what,
                                 const char *from, const char *const *columns,
                                 const struct tp_plot_filter *filter, struct tp_arena *arena,
                                 struct tp_plot_rows *rows, struct tp_error *error)
{
  struct tp_plot_rows all = {.n = 0};
  *rows = all;
  for (const struct tp_csv *csv = tables; csv < tables + n_tables; csv++) {
    TP_TRY(check_columns(csv, what, from, columns, filter, arena, error));
    for (size_t at = 0; at < csv->n_rows; at++) {
      struct tp_plot_row row = {.csv = csv, .at = at};
      for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
        row.input[i] = tp_plot_row_text(&row, tp_plot_inputs[i]);
      TP_APPEND(arena, all.items, all.n, row);
      if (passes_all(&row, filter))
        TP_APPEND(arena, rows->items, rows->n, row);
    }
  }
  return rows->n > 0 ? TP_OK : refuse_empty(&all, filter, arena, error);
}
