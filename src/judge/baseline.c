#include "judge/baseline.h"

#include "base/text.h"
#include "judge/oracle.h"

#include <math.h>
#include <string.h>

static enum tp_status number_of(const struct tp_known *reference, size_t row, const char *column,
                                double *value, struct tp_error *error)
{
  return tp_csv_number(reference->csv, row, tp_csv_column(reference->csv, column), value, error);
}

/* The wider of both that the row has. */
static enum tp_status read_tolerance(const struct tp_known *reference, size_t row,
                                     struct tp_catalog *catalog, struct tp_checked *out,
                                     struct tp_error *error)
{
  const struct tp_csv *const csv = reference->csv;
  static const char *const columns[] = {"tolerance", "tolerance_ratio"};
  bool given = false;
  for (int i = 0; i < 2; i++) {
    double value;
    if (tp_csv_cell(csv, row, tp_csv_column(csv, columns[i]))[0] == '\0')
      continue;
    TP_TRY(number_of(reference, row, columns[i], &value, error));
    if (value < 0)
      return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s': %g is negative; take 0 or more",
                     csv->path, csv->lines[row], columns[i], value);
    if (i == 1 && value > 1 && tp_catalog_is_news(catalog, columns))
      catalog->note(tp_arena_printf(catalog->arena,
                                    "%s:%d: tolerance_ratio %g lets a figure move by %g %%; it is "
                                    "a share, 0.02 for 2 %%",
                                    csv->path, csv->lines[row], value, 100 * value));
    out->tolerance = fmax(out->tolerance, i == 0 ? value : value * fabs(out->baseline));
    given = true;
  }
  if (given)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:%d: no tolerance; fill in the column 'tolerance' or 'tolerance_ratio'",
                 csv->path, csv->lines[row]);
}

/* Input columns that a name always has, and those in which rows of this file differ. */
static bool is_told(const struct tp_csv *inputs, size_t column)
{
  static const char *const usual[] = {"model", "platform", "stack", "variant",
                                      "tp",    "batch",    "engine"};
  for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
    if (strcmp(inputs->columns[column], usual[i]) == 0)
      return false;
  for (size_t row = 1; row < inputs->n_rows; row++)
    if (strcmp(tp_csv_cell(inputs, row, (int)column), tp_csv_cell(inputs, 0, (int)column)) != 0)
      return true;
  return false;
}

static const char *name_of(const struct tp_known *reference, size_t row,
                           const struct tp_prediction *prediction, const char *metric,
                           struct tp_arena *arena)
{
  const struct tp_csv *const inputs = &reference->inputs;
  const char *more = "";
  for (size_t c = 0; c < inputs->n_columns; c++)
    if (is_told(inputs, c))
      more = tp_arena_printf(arena, "%s %s %s", more, inputs->columns[c],
                             tp_csv_cell(inputs, row, (int)c));
  const char *const batch =
      isnan(prediction->batch) ? "" : tp_arena_printf(arena, " batch %g", prediction->batch);
  return tp_arena_printf(arena, "%s %s %s %s tp %g%s%s %s: %s", prediction->model,
                         prediction->platform, prediction->stack, prediction->variant,
                         prediction->tp, batch, more, prediction->engine, metric);
}

/* Of a point whose inputs are gone: what the row says. */
static const char *name_of_lost(const struct tp_known *reference, size_t row, const char *metric,
                                struct tp_arena *arena)
{
  const char *name = "";
  for (size_t c = 0; c < reference->inputs.n_columns; c++)
    name = tp_arena_printf(arena, "%s%s%s", name, c > 0 ? " " : "",
                           tp_csv_cell(&reference->inputs, row, (int)c));
  return tp_arena_printf(arena, "%s: %s", name, metric);
}

static enum tp_status check_row(const struct tp_known *reference, struct tp_catalog *catalog,
                                struct tp_oracle *oracle, size_t row, struct tp_arena *arena,
                                struct tp_checked *out, struct tp_error *error)
{
  const struct tp_csv *csv = reference->csv;
  const char *metric = tp_csv_cell(csv, row, tp_csv_column(csv, "metric"));
  struct tp_foretold foretold;
  TP_TRY(tp_oracle_check(reference, row, metric, arena, error));
  TP_TRY(number_of(reference, row, "baseline", &out->baseline, error));
  TP_TRY(read_tolerance(reference, row, catalog, out, error));
  out->line = csv->lines[row];
  struct tp_error reason;
  const enum tp_status status = tp_oracle_ask(oracle, row, &foretold, &reason);
  if (status == TP_E_INPUT) {
    out->name = name_of_lost(reference, row, metric, arena);
    out->predicted = (double)NAN;
    out->lost = tp_arena_strdup(arena, reason.text);
    return TP_OK;
  }
  if (status != TP_OK)
    return tp_fail(error, status, "%s", reason.text);
  const struct tp_prediction *const point = tp_foretold_point(&foretold);
  out->name = name_of(reference, row, point, metric, arena);
  out->predicted = tp_foretold_figure(&foretold, metric);
  if (isnan(out->predicted))
    out->lost = strcmp(point->status, "ok") == 0
                    ? tp_arena_printf(arena, "has no %s any more", metric)
                    : tp_arena_strdup(arena, point->status);
  /* What a baseline was made from has no more digits than it; false for NAN. */
  out->passed = fabs(tp_text_as_written(out->predicted) - tp_text_as_written(out->baseline)) <=
                out->tolerance;
  return TP_OK;
}

/* The first thing that a sweep is taken for. */
static enum tp_status refuse_result(const char *file, const struct tp_csv *csv,
                                    struct tp_error *error)
{
  if (tp_csv_column(csv, "metric") >= 0 || tp_csv_column(csv, "status") < 0)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:1: a result and no baseline; make one of it: tpsim check --make %s -o "
                 "BASELINE.csv",
                 file, file);
}

enum tp_status tp_baseline_check(const char *file, const struct tp_grid *untold,
                                 struct tp_catalog *catalog, struct tp_arena *arena,
                                 struct tp_baseline *baseline, struct tp_error *error)
{
  static const char *const required[] = {"metric", "baseline"};
  static const char *const own[] = {"metric", "baseline", "tolerance", "tolerance_ratio", NULL};
  struct tp_known reference;
  *baseline = (struct tp_baseline){.path = file};
  TP_TRY(tp_csv_open(file, arena, &baseline->csv, error));
  TP_TRY(refuse_result(file, &baseline->csv, error));
  TP_TRY(tp_known_take(&baseline->csv, required, sizeof required / sizeof required[0], arena,
                       &reference, error));
  TP_TRY(tp_known_tell(&reference, own, "", catalog, error));
  reference.grid.detail = untold->detail;
  reference.grid.collective = untold->collective;
  baseline->rows = TP_NEW(arena, struct tp_checked, baseline->csv.n_rows);
  struct tp_oracle oracle = tp_oracle_open(&reference, catalog);
  enum tp_status status = TP_OK;
  for (size_t i = 0; i < baseline->csv.n_rows && status == TP_OK; i++) {
    status = check_row(&reference, catalog, &oracle, i, arena, &baseline->rows[i], error);
    baseline->n_rows += status == TP_OK;
  }
  tp_oracle_close(&oracle);
  return status;
}

const char *tp_checked_verdict(const struct tp_checked *row, struct tp_arena *arena)
{
  if (row->passed)
    return "ok";
  return row->lost != NULL ? tp_arena_printf(arena, "lost: %s", row->lost)
                           : tp_arena_printf(arena, "moved: %.9g, baseline %.9g +- %.9g",
                                             row->predicted, row->baseline, row->tolerance);
}

void tp_baseline_write_renewed(const struct tp_baseline *baseline, FILE *out)
{
  const struct tp_csv *const csv = &baseline->csv;
  const int value = tp_csv_column(csv, "baseline");
  for (size_t c = 0; c < csv->n_columns; c++) {
    tp_csv_put_text(out, csv->columns[c]);
    putc(c + 1 < csv->n_columns ? ',' : '\n', out);
  }
  for (size_t row = 0; row < csv->n_rows; row++)
    for (size_t c = 0; c < csv->n_columns; c++) {
      if ((int)c == value && !baseline->rows[row].passed)
        tp_csv_put_number(out, baseline->rows[row].predicted);
      else
        tp_csv_put_text(out, tp_csv_cell(csv, row, (int)c));
      putc(c + 1 < csv->n_columns ? ',' : '\n', out);
    }
}
