#include "plot/rows.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

const char *const tp_plot_inputs[TP_PLOT_N_INPUTS] = {
#define X(id, name) #name,
    TP_PLOT_INPUT_LIST(X)
#undef X
};

enum { MOST_SHOWN = 12 };

enum tp_status tp_plot_require(const struct tp_csv *csv, const char *const *required,
                               size_t n_required, struct tp_arena *arena, struct tp_error *error)
{
  for (size_t i = 0; i < n_required; i++)
    if (tp_csv_column(csv, required[i]) < 0)
      return tp_fail(error, TP_E_INPUT, "%s:1: no column '%s', which this picture needs%s",
                     csv->path, required[i],
                     tp_text_hint(arena, required[i], csv->columns, csv->n_columns));
  return TP_OK;
}

static enum tp_status read_number(const struct tp_csv *csv, size_t row, const char *name,
                                  double *value, struct tp_error *error)
{
  const int column = tp_csv_column(csv, name);
  *value = (double)NAN;
  return tp_csv_cell(csv, row, column)[0] == '\0' ? TP_OK
                                                  : tp_csv_number(csv, row, column, value, error);
}

static enum tp_status read_row(const struct tp_csv *csv, size_t row, struct tp_plot_row *out,
                               struct tp_error *error)
{
  const int status_column = tp_csv_column(csv, "status");
  *out = (struct tp_plot_row){.status =
                                  status_column < 0 ? "ok" : tp_csv_cell(csv, row, status_column),
                              .file = csv->path,
                              .line = csv->lines[row]};
  for (int i = 0; i < TP_PLOT_N_INPUTS; i++)
    out->input[i] = tp_csv_cell(csv, row, tp_csv_column(csv, tp_plot_inputs[i]));
  enum tp_status status = tp_csv_number(csv, row, tp_csv_column(csv, "tp"), &out->tp, error);
  if (status == TP_OK && out->tp < 1)
    status = tp_fail(error, TP_E_INPUT, "%s:%d: tp %g; a degree is at least 1", csv->path,
                     out->line, out->tp);
  if (status == TP_OK)
    status = read_number(csv, row, "speedup", &out->speedup, error);
  if (status == TP_OK)
    status = read_number(csv, row, "e2e_s", &out->e2e_s, error);
  if (status == TP_OK)
    status = read_number(csv, row, "comm_exposed_s", &out->comm_exposed_s, error);
  return status;
}

enum tp_status tp_plot_rows_add(struct tp_plot_rows *rows, const struct tp_csv *csv,
                                struct tp_arena *arena, struct tp_error *error)
{
  for (size_t i = 0; i < csv->n_rows; i++) {
    struct tp_plot_row row;
    TP_TRY(read_row(csv, i, &row, error));
    TP_APPEND(arena, rows->items, rows->n, row);
  }
  return TP_OK;
}

static bool same(const char *a, const char *b)
{
  double x, y;
  return strcmp(a, b) == 0 || (tp_text_number(a, &x) && tp_text_number(b, &y) && x == y);
}

static bool passes(const struct tp_plot_row *row, const struct tp_plot_filter *filter,
                   enum tp_plot_input input)
{
  for (size_t i = 0; i < filter->n[input]; i++)
    if (same(row->input[input], filter->values[input][i]))
      return true;
  return filter->n[input] == 0;
}

const char **tp_plot_rows_values(const struct tp_plot_rows *rows, enum tp_plot_input input,
                                 struct tp_arena *arena, size_t *n)
{
  const char **const values = TP_NEW(arena, const char *, rows->n);
  *n = 0;
  for (size_t i = 0; i < rows->n; i++) {
    size_t at = 0;
    while (at < *n && !same(values[at], rows->items[i].input[input]))
      at++;
    if (at == *n)
      values[(*n)++] = rows->items[i].input[input];
  }
  return values;
}

static const char *joined(const char *const *words, size_t n, struct tp_arena *arena)
{
  const char *text = "";
  for (size_t i = 0; i < n && i < MOST_SHOWN; i++)
    text = tp_arena_printf(arena, "%s%s%.60s", text, i > 0 ? ", " : "", words[i]);
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
    const char *const wanted = joined(filter->values[input], filter->n[input], arena);
    if (n_passing == 0) {
      const char *const *const there = tp_plot_rows_values(rows, input, arena, &n);
      return tp_fail(error, TP_E_INPUT, "no row has %s %s; there is: %s", tp_plot_inputs[input],
                     wanted, joined(there, n, arena));
    }
    asked = tp_arena_printf(arena, "%s%s%s %s", asked, asked[0] == '\0' ? "" : " and ",
                            tp_plot_inputs[input], wanted);
  }
  return asked[0] == '\0' ? tp_fail(error, TP_E_INPUT, "the files have no rows to draw")
                          : tp_fail(error, TP_E_INPUT,
                                    "no row has %s at once, only singly; drop one of them", asked);
}

enum tp_status tp_plot_rows_filter(struct tp_plot_rows *rows, const struct tp_plot_filter *filter,
                                   struct tp_arena *arena, struct tp_error *error)
{
  struct tp_plot_row *const kept = TP_NEW(arena, struct tp_plot_row, rows->n);
  size_t n = 0;
  for (size_t i = 0; i < rows->n; i++) {
    bool keep = true;
    for (enum tp_plot_input input = 0; input < TP_PLOT_N_INPUTS && keep; input++)
      keep = passes(&rows->items[i], filter, input);
    if (keep)
      kept[n++] = rows->items[i];
  }
  if (n == 0)
    return refuse_empty(rows, filter, arena, error);
  *rows = (struct tp_plot_rows){kept, n};
  return TP_OK;
}

/* Keeps the smallest batch; the text says so where there was a choice. */
static const char *take_batch(struct tp_plot_rows *rows, struct tp_arena *arena)
{
  size_t n;
  const char *const *const values = tp_plot_rows_values(rows, TP_PLOT_BATCH, arena, &n);
  double least = 0, value;
  const char *batch = NULL;
  for (size_t i = 0; i < n; i++)
    if (tp_text_number(values[i], &value) && (batch == NULL || value < least)) {
      least = value;
      batch = values[i];
    }
  if (batch == NULL)
    return "";
  size_t kept = 0;
  for (size_t i = 0; i < rows->n; i++)
    if (same(rows->items[i].input[TP_PLOT_BATCH], batch))
      rows->items[kept++] = rows->items[i];
  rows->n = kept;
  return n == 1 ? tp_arena_printf(arena, "batch %s", batch)
                : tp_arena_printf(arena, "batch %s (smallest of %zu)", batch, n);
}

/* "a, b": both where neither is empty. */
static const char *listed(const char *a, const char *b, struct tp_arena *arena)
{
  return tp_arena_printf(arena, "%s%s%s", a, a[0] != '\0' && b[0] != '\0' ? ", " : "", b);
}

enum tp_status tp_plot_rows_settle(struct tp_plot_rows *rows, struct tp_arena *arena,
                                   const char **caption, struct tp_error *error)
{
  static const struct {
    enum tp_plot_input input;
    const char *before, *after;
  } shared[] = {{TP_PLOT_PLATFORM, "", ""},      {TP_PLOT_STACK, "", ""},
                {TP_PLOT_DTYPE, "", ""},         {TP_PLOT_ENGINE, "", " engine"},
                {TP_PLOT_PROMPT, "prompt ", ""}, {TP_PLOT_GENERATE, "generate ", ""}};
  const char *text = "";
  for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
    size_t n;
    const enum tp_plot_input input = shared[i].input;
    const char *const *const values = tp_plot_rows_values(rows, input, arena, &n);
    if (n > 1)
      return tp_fail(error, TP_E_INPUT, "%zu values of %s in one picture: %s; choose with --%s", n,
                     tp_plot_inputs[input], joined(values, n, arena), tp_plot_inputs[input]);
    if (n == 1 && values[0][0] != '\0')
      text = listed(text,
                    tp_arena_printf(arena, "%s%s%s", shared[i].before, values[0], shared[i].after),
                    arena);
  }
  *caption = listed(text, take_batch(rows, arena), arena);
  return TP_OK;
}
