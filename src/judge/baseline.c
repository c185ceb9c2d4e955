#include "judge/baseline.h"

#include <math.h>

static enum tp_status number_of(const struct tp_known *reference, size_t row, const char *column,
                                double *value, struct tp_error *error)
{
  return tp_csv_number(reference->csv, row, tp_csv_column(reference->csv, column), value, error);
}

static enum tp_status check_row(const struct tp_known *reference, struct tp_catalog *catalog,
                                struct tp_predictor *predictor, size_t row, struct tp_arena *arena,
                                struct tp_checked *out, struct tp_error *error)
{
  const struct tp_csv *csv = reference->csv;
  const char *metric = tp_csv_cell(csv, row, tp_csv_column(csv, "metric"));
  const struct tp_column *column;
  struct tp_prediction prediction;
  TP_TRY(tp_known_metric(reference, row, metric, arena, &column, error));
  TP_TRY(number_of(reference, row, "baseline", &out->baseline, error));
  TP_TRY(number_of(reference, row, "tolerance", &out->tolerance, error));
  TP_TRY(tp_known_predict(reference, catalog, predictor, row, &prediction, error));
  if (out->tolerance < 0)
    return tp_fail(error, TP_E_INPUT, "%s:%d: column 'tolerance': %g is negative; take 0 or more",
                   csv->path, csv->lines[row], out->tolerance);
  out->line = csv->lines[row];
  out->name = tp_arena_printf(arena, "%s %s %s %s tp %g batch %g %s: %s", prediction.model,
                              prediction.platform, prediction.stack, prediction.variant,
                              prediction.tp, prediction.batch, prediction.engine, metric);
  out->predicted = tp_prediction_number(&prediction, column);
  out->status = tp_arena_strdup(arena, prediction.status);
  out->passed = fabs(out->predicted - out->baseline) <= out->tolerance; /* false for NAN */
  return TP_OK;
}

enum tp_status tp_baseline_check(const char *file, struct tp_catalog *catalog,
                                 struct tp_arena *arena, struct tp_checked **rows, size_t *n_rows,
                                 struct tp_error *error)
{
  static const char *const required[] = {"metric", "baseline", "tolerance"};
  struct tp_known reference;
  enum tp_status status =
      tp_known_open(file, required, sizeof required / sizeof required[0], arena, &reference, error);
  if (status != TP_OK)
    return status;
  *n_rows = reference.csv->n_rows;
  *rows = TP_NEW(arena, struct tp_checked, *n_rows);
  struct tp_predictor *predictor = tp_predictor_create();
  for (size_t row = 0; row < *n_rows && status == TP_OK; row++)
    status = check_row(&reference, catalog, predictor, row, arena, &(*rows)[row], error);
  tp_predictor_free(predictor);
  return status;
}

static void put_xml(const char *text, FILE *out)
{
  for (; *text != '\0'; text++) {
    if (*text == '&')
      fputs("&amp;", out);
    else if (*text == '<')
      fputs("&lt;", out);
    else if (*text == '"')
      fputs("&quot;", out);
    else
      putc(*text, out);
  }
}

void tp_baseline_write_junit(const struct tp_checked *rows, size_t n_rows, FILE *out)
{
  size_t failures = 0;
  for (size_t i = 0; i < n_rows; i++)
    failures += !rows[i].passed;
  fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  fprintf(out, "<testsuite name=\"tpsim check\" tests=\"%zu\" failures=\"%zu\">\n", n_rows,
          failures);
  for (size_t i = 0; i < n_rows; i++) {
    fputs("  <testcase classname=\"baseline\" name=\"", out);
    put_xml(rows[i].name, out);
    if (rows[i].passed) {
      fputs("\"/>\n", out);
      continue;
    }
    fprintf(out, "\">\n    <failure message=\"line %d: %.9g, baseline %.9g +- %.9g; ", rows[i].line,
            rows[i].predicted, rows[i].baseline, rows[i].tolerance);
    put_xml(rows[i].status, out);
    fputs("\"/>\n  </testcase>\n", out);
  }
  fputs("</testsuite>\n", out);
}
