/* A baseline from the result of a sweep. */
#include "judge/baseline.h"

#include <math.h>
#include <string.h>

struct making {
  const struct tp_baseline_request *request;
  const struct tp_csv *csv;
  FILE *out;
  struct tp_error *error;
  size_t n_written;
};

static void put_header(const struct making *self)
{
  for (size_t c = 0; c < self->csv->n_columns; c++)
    if (tp_known_is_input(self->csv->columns[c]))
      fprintf(self->out, "%s,", self->csv->columns[c]);
  fputs("metric,baseline,tolerance,tolerance_ratio\n", self->out);
}

static const struct tp_baseline_tolerance *tolerance_of(const struct making *self,
                                                        const char *metric)
{
  const struct tp_baseline_tolerance *of_all = NULL;
  for (size_t i = 0; i < self->request->n_tolerances; i++) {
    const struct tp_baseline_tolerance *const tolerance = &self->request->tolerances[i];
    if (tolerance->metric != NULL && strcmp(tolerance->metric, metric) == 0)
      return tolerance;
    if (tolerance->metric == NULL && of_all == NULL)
      of_all = tolerance;
  }
  return of_all;
}

/* Whose requests stand in a file that nobody names to `check`. */
static bool is_of_a_trace(const struct tp_csv *csv, size_t row)
{
  return tp_csv_cell(csv, row, tp_csv_column(csv, "trace"))[0] != '\0';
}

/* A metric that the row does not have (a training step's ttft_s) is no figure to hold. */
static enum tp_status put_figure(struct making *self, size_t row, const char *metric)
{
  const struct tp_csv *const csv = self->csv;
  const int column = tp_csv_column(csv, metric);
  double value;
  if (tp_csv_cell(csv, row, column)[0] == '\0')
    return TP_OK;
  TP_TRY(tp_csv_number(csv, row, column, &value, self->error));
  for (size_t c = 0; c < csv->n_columns; c++) {
    if (!tp_known_is_input(csv->columns[c]))
      continue;
    tp_csv_put_text(self->out, tp_csv_cell(csv, row, (int)c));
    putc(',', self->out);
  }
  const struct tp_baseline_tolerance *const tolerance = tolerance_of(self, metric);
  fprintf(self->out, "%s,", metric);
  tp_csv_put_number(self->out, value);
  fputs(tolerance->is_ratio ? ",," : ",", self->out);
  tp_csv_put_number(self->out, tolerance->value);
  fputs(tolerance->is_ratio ? "\n" : ",\n", self->out);
  self->n_written++;
  return TP_OK;
}

enum tp_status tp_baseline_make(const char *result, const struct tp_baseline_request *request,
                                struct tp_arena *arena, FILE *out, size_t *n_left_out,
                                struct tp_error *error)
{
  static const char *const required[] = {"model", "platform", "status"};
  struct tp_csv csv;
  TP_TRY(tp_csv_open(result, arena, &csv, error));
  TP_TRY(tp_csv_require(&csv, required, sizeof required / sizeof required[0], error));
  struct making self = {.request = request, .csv = &csv, .out = out, .error = error};
  *n_left_out = 0;
  put_header(&self);
  for (size_t row = 0; row < csv.n_rows; row++) {
    const bool ran = strcmp(tp_csv_cell(&csv, row, tp_csv_column(&csv, "status")), "ok") == 0;
    *n_left_out += !ran;
    if (is_of_a_trace(&csv, row))
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: column 'trace': a baseline has no place for its requests; make one of "
                     "rows with a concurrency or a rate",
                     result, csv.lines[row]);
    for (size_t m = 0; ran && m < request->n_metrics; m++)
      TP_TRY(put_figure(&self, row, request->metrics[m]));
  }
  if (self.n_written > 0)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "%s:1: no row that ran has one of the figures; sweep again",
                 result);
}
