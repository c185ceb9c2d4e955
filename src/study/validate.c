#include "study/validate.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

struct validator {
  const struct tp_validate_request *request;
  struct tp_catalog *catalog;
  struct tp_arena *arena;
  struct tp_error *error;
  struct tp_csv csv;
  struct tp_validation *validation;
};

static void add_figure(struct validator *self, size_t row, const char *metric, const char *what,
                       double measured, double predicted)
{
  struct tp_validated *figure = &self->validation->figures[self->validation->n_figures++];
  *figure = (struct tp_validated){
      .row = row,
      .name = tp_arena_printf(self->arena, "%s:%d: %s", self->csv.path, self->csv.lines[row], what),
      .metric = metric,
      .measured = measured,
      .predicted = predicted,
      .error = predicted / measured - 1};
}

static enum tp_status run_ops(struct validator *self)
{
  struct tp_op_time *times;
  if (self->request->ops.device == NULL)
    return tp_fail(self->error, TP_E_INPUT, "%s: holds single ops; say whose with --device",
                   self->csv.path);
  enum tp_status status =
      tp_measured_name_ops(&self->csv, self->request->op, self->arena, self->error);
  if (status == TP_OK)
    status = tp_op_costs(self->catalog->dirs, &self->request->ops, &self->csv, self->arena, &times,
                         self->error);
  const int time_column = tp_csv_column(&self->csv, "time_us");
  const int op_column = tp_csv_column(&self->csv, "op");
  self->validation->figures = TP_NEW(self->arena, struct tp_validated, self->csv.n_rows);
  for (size_t row = 0; row < self->csv.n_rows && status == TP_OK; row++) {
    double measured_us;
    status = tp_measured_number(&self->csv, row, time_column, &measured_us, self->error);
    if (status == TP_OK)
      add_figure(self, row, "time_us", tp_csv_cell(&self->csv, row, op_column), measured_us,
                 times[row].predicted_us);
  }
  return status;
}

static double ttft_s(const struct tp_prediction *prediction)
{
  return prediction->ttft_s;
}
static double tpot_s(const struct tp_prediction *prediction)
{
  return prediction->tpot_s;
}
static double decode_s(const struct tp_prediction *prediction)
{
  return prediction->e2e_s - prediction->ttft_s;
}
static double e2e_s(const struct tp_prediction *prediction)
{
  return prediction->e2e_s;
}
static double tokens_per_s(const struct tp_prediction *prediction)
{
  return prediction->tokens_per_s;
}

static const struct {
  const char *name;
  double (*predicted)(const struct tp_prediction *prediction);
} metrics[] = {{"ttft_s", ttft_s},     {"prefill_s", ttft_s}, {"tpot_s", tpot_s},
               {"decode_s", decode_s}, {"e2e_s", e2e_s},      {"tokens_per_s", tokens_per_s}};
enum { N_METRICS = sizeof metrics / sizeof metrics[0] };

static enum tp_status compare_point(struct validator *self, size_t row,
                                    const struct tp_prediction *prediction)
{
  for (size_t i = 0; i < N_METRICS; i++) {
    const int column = tp_csv_column(&self->csv, metrics[i].name);
    double measured;
    if (tp_csv_cell(&self->csv, row, column)[0] == '\0')
      continue;
    const enum tp_status status =
        tp_measured_number(&self->csv, row, column, &measured, self->error);
    if (status != TP_OK)
      return status;
    const double predicted = metrics[i].predicted(prediction);
    if (!(predicted > 0))
      return tp_fail(self->error, TP_E_INPUT, "%s:%d: nothing predicted for %s: %s", self->csv.path,
                     self->csv.lines[row], metrics[i].name, prediction->status);
    add_figure(self, row, metrics[i].name, metrics[i].name, measured, predicted);
  }
  return TP_OK;
}

static enum tp_status run_points(struct validator *self)
{
  struct tp_reference reference;
  enum tp_status status =
      tp_reference_take(&self->csv, NULL, 0, self->arena, &reference, self->error);
  self->validation->figures =
      TP_NEW(self->arena, struct tp_validated, self->csv.n_rows * N_METRICS);
  struct tp_predictor *predictor = tp_predictor_create();
  for (size_t row = 0; row < self->csv.n_rows && status == TP_OK; row++) {
    struct tp_prediction prediction;
    status =
        tp_reference_predict(&reference, self->catalog, predictor, row, &prediction, self->error);
    if (status == TP_OK)
      status = compare_point(self, row, &prediction);
  }
  tp_predictor_free(predictor);
  if (status == TP_OK && self->validation->n_figures == 0)
    status = tp_fail(self->error, TP_E_INPUT,
                     "%s:1: nothing measured; add a column time_us (ops), or ttft_s, tpot_s, e2e_s "
                     "or tokens_per_s (points)",
                     self->csv.path);
  return status;
}

static bool is_worse(const struct tp_validated *a, const struct tp_validated *b)
{
  return b == NULL || fabs(a->error) > fabs(b->error);
}

static void add_to_group(struct tp_validated_group *group, const struct tp_validated *figure)
{
  group->n++;
  group->mape += (fabs(figure->error) - group->mape) / (double)group->n;
  group->bias += (figure->error - group->bias) / (double)group->n;
  if (is_worse(figure, group->worst))
    group->worst = figure;
}

/* The value of a figure in the grouping column; "metric" is one, too. */
static const char *value_of(const struct validator *self, const char *by,
                            const struct tp_validated *figure)
{
  const int column = tp_csv_column(&self->csv, by);
  return column < 0 && strcmp(by, "metric") == 0 ? figure->metric
                                                 : tp_csv_cell(&self->csv, figure->row, column);
}

/* Adds the groups of one column, in the order in which their values come. */
static void group_by(struct validator *self, const char *by)
{
  struct tp_validation *validation = self->validation;
  const size_t first = validation->n_groups;
  for (size_t i = 0; i < validation->n_figures; i++) {
    const struct tp_validated *figure = &validation->figures[i];
    const char *const value = value_of(self, by, figure);
    size_t g = first;
    while (g < validation->n_groups && strcmp(validation->groups[g].value, value) != 0)
      g++;
    if (g == validation->n_groups)
      validation->groups[validation->n_groups++] =
          (struct tp_validated_group){.by = by, .value = value};
    add_to_group(&validation->groups[g], figure);
  }
}

static const char *const usual[] = {"op",       "dtype", "ranks",   "metric",
                                    "platform", "stack", "variant", "tp"};
enum { N_USUAL = sizeof usual / sizeof usual[0] };

/* By the columns that tell rows apart. */
static void group_as_usual(struct validator *self)
{
  for (size_t i = 0; i < N_USUAL; i++) {
    const size_t before = self->validation->n_groups;
    if (strcmp(usual[i], "metric") != 0 && tp_csv_column(&self->csv, usual[i]) < 0)
      continue;
    group_by(self, usual[i]);
    if (self->validation->n_groups == before + 1)
      self->validation->n_groups = before;
  }
}

static enum tp_status check_column(const struct validator *self)
{
  const char *const by = self->request->by;
  if (by == NULL || tp_csv_column(&self->csv, by) >= 0 || strcmp(by, "metric") == 0)
    return TP_OK;
  return tp_fail(self->error, TP_E_INPUT, "--by: %s has no column '%.32s'%s", self->csv.path, by,
                 tp_text_hint(self->arena, by, self->csv.columns, self->csv.n_columns));
}

static void find_worst(struct tp_validation *validation)
{
  for (size_t i = 0; i < validation->n_figures; i++) {
    const struct tp_validated *figure = &validation->figures[i];
    size_t at = validation->n_worst;
    for (; at > 0 && is_worse(figure, validation->worst[at - 1]); at--)
      if (at < TP_WORST_FIGURES)
        validation->worst[at] = validation->worst[at - 1];
    if (at < TP_WORST_FIGURES)
      validation->worst[at] = figure;
    validation->n_worst += validation->n_worst < TP_WORST_FIGURES;
  }
}

static void summarise(struct validator *self)
{
  struct tp_validation *validation = self->validation;
  validation->groups =
      TP_NEW(self->arena, struct tp_validated_group, 1 + N_USUAL * validation->n_figures);
  validation->groups[0] = (struct tp_validated_group){.by = "all", .value = ""};
  validation->n_groups = 1;
  for (size_t i = 0; i < validation->n_figures; i++)
    add_to_group(&validation->groups[0], &validation->figures[i]);
  if (self->request->by != NULL)
    group_by(self, self->request->by);
  else
    group_as_usual(self);
  find_worst(validation);
}

enum tp_status tp_validate(const char *file, const struct tp_validate_request *request,
                           struct tp_catalog *catalog, struct tp_validation *validation,
                           struct tp_error *error)
{
  struct validator self = {.request = request,
                           .catalog = catalog,
                           .arena = catalog->arena,
                           .error = error,
                           .validation = validation};
  *validation = (struct tp_validation){0};
  enum tp_status status = tp_measured_open(file, &request->where, self.arena, &self.csv, error);
  if (status == TP_OK)
    status = tp_measured_is_ops(&self.csv) ? run_ops(&self) : run_points(&self);
  if (status == TP_OK)
    status = check_column(&self);
  if (status == TP_OK)
    summarise(&self);
  return status;
}
