#include "judge/validator.h"

#include "judge/oracle.h"

#include <string.h>
#include <strings.h>

/* Measured columns, and the one predicted that each is held against; "": what follows the first
 * token. */
static const struct {
  const char *name, *predicted;
} metrics[] = {{"ttft_s", "ttft_s"}, {"prefill_s", "ttft_s"}, {"tpot_s", "tpot_s"},
               {"decode_s", ""},     {"e2e_s", "e2e_s"},      {"tokens_per_s", "tokens_per_s"}};
enum { N_METRICS = sizeof metrics / sizeof metrics[0] };

static double figure_of(const struct tp_foretold *foretold, const char *column)
{
  if (column[0] != '\0')
    return tp_foretold_figure(foretold, column);
  return tp_foretold_figure(foretold, "e2e_s") - tp_foretold_figure(foretold, "ttft_s");
}

/* "ttft_s" -> "ttft_late_s" */
static const char *late_column(const char *metric, struct tp_arena *arena)
{
  return tp_arena_printf(arena, "%.*slate_s", (int)(strrchr(metric, '_') - metric) + 1, metric);
}

/* Stand-ins for collectives began late by more than a twentieth of the pass, all together
 * (traces/README.md): what was measured is not what such a program does. */
static enum tp_status is_late(const struct tp_validator *self, size_t row, const char *metric,
                              double measured, bool *late)
{
  static const double most_ratio = 0.05;
  const int column = tp_csv_column(&self->csv, late_column(metric, self->arena));
  double late_s = 0;
  *late = false;
  if (tp_csv_cell(&self->csv, row, column)[0] == '\0')
    return TP_OK;
  TP_TRY(tp_csv_number(&self->csv, row, column, &late_s, self->error));
  if (late_s < 0)
    return tp_fail(self->error, TP_E_INPUT, "%s:%d: column '%s': %g is below 0", self->csv.path,
                   self->csv.lines[row], self->csv.columns[column], late_s);
  *late = late_s > most_ratio * measured;
  self->validation->n_late += *late;
  return TP_OK;
}

static enum tp_status compare_point(struct tp_validator *self, size_t row,
                                    const struct tp_foretold *foretold)
{
  for (size_t i = 0; i < N_METRICS; i++) {
    const int column = tp_csv_column(&self->csv, metrics[i].name);
    double measured;
    if (tp_csv_cell(&self->csv, row, column)[0] == '\0')
      continue;
    bool late;
    TP_TRY(tp_measured_number(&self->csv, row, column, &measured, self->error));
    TP_TRY(is_late(self, row, metrics[i].name, measured, &late));
    if (late)
      continue;
    const double predicted = figure_of(foretold, metrics[i].predicted);
    if (!(predicted > 0))
      return tp_fail(self->error, TP_E_INPUT, "%s:%d: nothing predicted for %s: %s", self->csv.path,
                     self->csv.lines[row], metrics[i].name, tp_foretold_point(foretold)->status);
    tp_validator_add(self, row, metrics[i].name, metrics[i].name, measured, predicted);
  }
  return TP_OK;
}

static enum tp_status fail_unmeasured(const struct tp_validator *self)
{
  return tp_fail(self->error, TP_E_INPUT,
                 "%s:1: nothing measured; add a column time_us (ops), or ttft_s, tpot_s, e2e_s or "
                 "tokens_per_s (points)",
                 self->csv.path);
}

/* A table without a measured column asks for nothing else before it has one: neither for a model
 * nor for a device. */
static enum tp_status check_measured(const struct tp_validator *self)
{
  for (size_t i = 0; i < N_METRICS; i++)
    if (tp_csv_column(&self->csv, metrics[i].name) >= 0)
      return TP_OK;
  for (size_t i = 0; i < self->csv.n_columns; i++)
    if (strncasecmp(self->csv.columns[i], "time", 4) == 0)
      return tp_fail(self->error, TP_E_INPUT,
                     "%s:1: no column 'time_us'; times of ops are in microseconds and under that "
                     "name, not '%.32s'",
                     self->csv.path, self->csv.columns[i]);
  return fail_unmeasured(self);
}

/* The sizes that a table of points is expected to say: of a batch where no load does, of what is
 * generated where that took time. */
static const char *defaults_of(const struct tp_validator *self)
{
  static const char *const of_tokens[] = {"tpot_s", "decode_s", "e2e_s", "tokens_per_s"};
  const struct tp_csv *const csv = &self->csv;
  const bool loaded = tp_csv_column(csv, "concurrency") >= 0 || tp_csv_column(csv, "rate") >= 0;
  bool generates = false;
  for (size_t i = 0; i < sizeof of_tokens / sizeof *of_tokens; i++)
    generates = generates || tp_csv_column(csv, of_tokens[i]) >= 0;
  generates = generates && tp_csv_column(csv, "phase") < 0;
  int axes[5], n = 0;
  axes[n++] = TP_AXIS_tp;
  if (!loaded)
    axes[n++] = TP_AXIS_batch;
  axes[n++] = TP_AXIS_prompt;
  if (generates)
    axes[n++] = TP_AXIS_generate;
  axes[n] = TP_N_AXES;
  return tp_unread_defaults(csv, axes, self->arena);
}

static enum tp_status tell(const struct tp_validator *self)
{
  struct tp_readable readable = tp_readable_points(self->arena);
  for (size_t i = 0; i < N_METRICS; i++) {
    tp_readable_add(&readable.others, metrics[i].name, self->arena);
    tp_readable_add(&readable.inputs, late_column(metrics[i].name, self->arena), self->arena);
  }
  TP_TRY(tp_grid_check_device(&self->csv, self->error));
  return tp_validator_tell(self, readable, defaults_of(self));
}

static enum tp_status run_points(struct tp_validator *self)
{
  struct tp_known known;
  TP_TRY(check_measured(self));
  TP_TRY(tell(self));
  TP_TRY(tp_known_take(&self->csv, NULL, 0, self->arena, &known, self->error));
  self->validation->figures =
      TP_NEW(self->arena, struct tp_validated, self->csv.n_rows * N_METRICS);
  struct tp_oracle oracle = tp_oracle_open(&known, self->catalog);
  enum tp_status status = TP_OK;
  for (size_t row = 0; row < self->csv.n_rows && status == TP_OK; row++) {
    struct tp_foretold foretold;
    status = tp_oracle_ask(&oracle, row, &foretold, self->error);
    if (status == TP_OK)
      status = compare_point(self, row, &foretold);
  }
  tp_oracle_close(&oracle);
  if (status == TP_OK && self->validation->n_figures == 0)
    status = fail_unmeasured(self);
  return status;
}

enum tp_status tp_validate(const char *file, const struct tp_validate_request *request,
                           struct tp_catalog *catalog, struct tp_validation *validation,
                           struct tp_error *error)
{
  struct tp_validator self = {.request = request,
                              .catalog = catalog,
                              .arena = catalog->arena,
                              .error = error,
                              .validation = validation};
  *validation = (struct tp_validation){0};
  TP_TRY(tp_measured_open(file, &request->where, self.arena, &self.csv, error));
  if (self.csv.n_rows == 0)
    return TP_OK;
  if (tp_csv_column(&self.csv, "op") >= 0 && !tp_measured_is_ops(&self.csv))
    return tp_fail(error, TP_E_INPUT, "%s:1: ops, and no column 'time_us'; add it", file);
  TP_TRY(tp_measured_is_ops(&self.csv) ? tp_validator_run_ops(&self) : run_points(&self));
  TP_TRY(tp_validator_check_column(&self));
  tp_validator_summarise(&self);
  return TP_OK;
}
