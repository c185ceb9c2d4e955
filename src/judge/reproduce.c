#include "judge/reproduce.h"

#include "judge/reproduce_collective.h"

#include <math.h>
#include <string.h>

/* Of the `n` rows before it. */
struct aggregate {
  const char *name;
  double (*of)(const struct tp_reproduced *rows, size_t n, const struct tp_reproduced *row);
};

static bool counts(const struct tp_reproduced *row, const struct tp_reproduced *aggregate)
{
  return !row->aggregate && strcmp(row->metric, aggregate->metric) == 0 &&
         strcmp(row->group, aggregate->group) == 0 && !isnan(row->predicted);
}

static double geomean(const struct tp_reproduced *rows, size_t n, const struct tp_reproduced *row)
{
  double sum = 0;
  size_t count = 0;
  for (size_t i = 0; i < n; i++)
    if (counts(&rows[i], row)) {
      sum += log(rows[i].predicted);
      count++;
    }
  return exp(sum / (double)count);
}

static double extreme(const struct tp_reproduced *rows, size_t n, const struct tp_reproduced *row,
                      double sign)
{
  double best = (double)NAN;
  for (size_t i = 0; i < n; i++)
    if (counts(&rows[i], row) && (isnan(best) || sign * rows[i].predicted > sign * best))
      best = rows[i].predicted;
  return best;
}

static double least(const struct tp_reproduced *rows, size_t n, const struct tp_reproduced *row)
{
  return extreme(rows, n, row, -1);
}

static double most(const struct tp_reproduced *rows, size_t n, const struct tp_reproduced *row)
{
  return extreme(rows, n, row, 1);
}

static const struct aggregate aggregates[] = {{"geomean", geomean}, {"min", least}, {"max", most}};

static const struct aggregate *aggregate_named(const char *name)
{
  for (size_t i = 0; i < sizeof aggregates / sizeof aggregates[0]; i++)
    if (strcmp(aggregates[i].name, name) == 0)
      return &aggregates[i];
  return NULL;
}

static enum tp_status predict_row(const struct tp_known *reference, struct tp_catalog *catalog,
                                  struct tp_predictor *predictor, size_t row,
                                  struct tp_arena *arena, struct tp_reproduced *out,
                                  struct tp_error *error)
{
  struct tp_prediction prediction;
  const struct tp_column *column;
  TP_TRY(tp_known_metric(reference, row, out->metric, arena, &column, error));
  TP_TRY(tp_known_predict(reference, catalog, predictor, row, &prediction, error));
  out->predicted = tp_prediction_number(&prediction, column);
  out->status = tp_arena_strdup(arena, prediction.status);
  return TP_OK;
}

static enum tp_status reproduce_row(const struct tp_known *reference, struct tp_catalog *catalog,
                                    struct tp_predictor *predictor, size_t row,
                                    struct tp_arena *arena, struct tp_reproduced *rows,
                                    struct tp_error *error)
{
  const struct tp_csv *csv = reference->csv;
  const char *name = tp_csv_cell(csv, row, tp_csv_column(csv, "aggregate"));
  const int published = tp_csv_column(csv, "published"), group = tp_csv_column(csv, "group");
  struct tp_reproduced *out = &rows[row];
  *out = (struct tp_reproduced){.paper = tp_csv_cell(csv, row, tp_csv_column(csv, "paper")),
                                .label = tp_csv_cell(csv, row, tp_csv_column(csv, "case")),
                                .metric = tp_csv_cell(csv, row, tp_csv_column(csv, "metric")),
                                .unit = tp_csv_cell(csv, row, tp_csv_column(csv, "unit")),
                                .group = group < 0 ? "" : tp_csv_cell(csv, row, group),
                                .aggregate = name[0] != '\0',
                                .published = (double)NAN,
                                .status = "ok"};
  if (tp_csv_cell(csv, row, published)[0] != '\0')
    TP_TRY(tp_csv_number(csv, row, published, &out->published, error));
  const struct aggregate *aggregate = aggregate_named(name);
  if (aggregate != NULL)
    out->predicted = aggregate->of(rows, row, out);
  else if (name[0] != '\0')
    return tp_fail(error, TP_E_INPUT,
                   "%s:%d: column 'aggregate': '%s' is not geomean, min, max or empty", csv->path,
                   csv->lines[row], name);
  else if (tp_csv_cell(csv, row, tp_csv_column(csv, "op"))[0] != '\0')
    TP_TRY(tp_reproduce_collective(csv, row, catalog, arena, out, error));
  else
    TP_TRY(predict_row(reference, catalog, predictor, row, arena, out, error));
  out->error_abs = out->predicted - out->published;
  out->error_rel = out->error_abs / out->published;
  return TP_OK;
}

enum tp_status tp_reproduce(const char *file, struct tp_catalog *catalog, struct tp_arena *arena,
                            struct tp_reproduced **rows, size_t *n_rows, struct tp_error *error)
{
  static const char *const required[] = {"paper", "case",      "metric",
                                         "unit",  "published", "aggregate"};
  static const char *const own[] = {"paper",     "case",      "metric", "unit",
                                    "published", "aggregate", "group",  "op",
                                    "bytes",     "algorithm", NULL};
  struct tp_known reference;
  enum tp_status status =
      tp_known_open(file, required, sizeof required / sizeof required[0], arena, &reference, error);
  if (status == TP_OK)
    status = tp_known_tell(&reference, own, "", catalog, error);
  if (status != TP_OK)
    return status;
  *n_rows = reference.csv->n_rows;
  *rows = TP_NEW(arena, struct tp_reproduced, *n_rows);
  struct tp_predictor *predictor = tp_predictor_create();
  for (size_t row = 0; row < *n_rows && status == TP_OK; row++)
    status = reproduce_row(&reference, catalog, predictor, row, arena, *rows, error);
  tp_predictor_free(predictor);
  return status;
}
