#include "judge/oracle.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

struct tp_oracle tp_oracle_open(const struct tp_known *known, struct tp_catalog *catalog)
{
  return (struct tp_oracle){.known = known, .catalog = catalog, .predictor = tp_predictor_create()};
}

void tp_oracle_close(struct tp_oracle *oracle)
{
  tp_predictor_free(oracle->predictor);
  tp_serve_free(oracle->server);
}

static bool same_inputs(const struct tp_csv *inputs, size_t a, size_t b)
{
  for (size_t c = 0; c < inputs->n_columns; c++)
    if (strcmp(tp_csv_cell(inputs, a, (int)c), tp_csv_cell(inputs, b, (int)c)) != 0)
      return false;
  return true;
}

static enum tp_status foretell(struct tp_oracle *oracle, size_t row, struct tp_foretold *foretold,
                               struct tp_error *error)
{
  static const struct tp_loads unsaid = {.trace = NULL};
  const struct tp_csv *const csv = oracle->known->csv;
  struct tp_served_load *loads;
  struct tp_point point;
  size_t n;
  foretold->is_served = tp_loads_has(csv, row);
  if (!foretold->is_served)
    return tp_known_predict(oracle->known, oracle->catalog, oracle->predictor, row,
                            &foretold->alone, error);
  TP_TRY(tp_loads_of_row(&unsaid, csv, row, oracle->catalog->arena, &loads, &n, error));
  TP_TRY(tp_grid_point(&oracle->known->grid, oracle->catalog, row, &point, error));
  if (oracle->server == NULL)
    oracle->server = tp_serve_create();
  return tp_serve(oracle->server, &point, &loads[0], &foretold->served, error);
}

enum tp_status tp_oracle_ask(struct tp_oracle *oracle, size_t row, struct tp_foretold *foretold,
                             struct tp_error *error)
{
  if (!oracle->has_last || !same_inputs(&oracle->known->inputs, oracle->last_row, row)) {
    oracle->has_last = false;
    TP_TRY(foretell(oracle, row, &oracle->last, error));
    oracle->has_last = true;
    oracle->last_row = row;
  }
  *foretold = oracle->last;
  return TP_OK;
}

const struct tp_prediction *tp_foretold_point(const struct tp_foretold *foretold)
{
  return foretold->is_served ? &foretold->served.point : &foretold->alone;
}

static const struct tp_column *column_of(const char *name)
{
  for (size_t i = 0; i < tp_n_columns; i++)
    if (!tp_columns[i].is_input && !tp_columns[i].is_text && strcmp(tp_columns[i].name, name) == 0)
      return &tp_columns[i];
  return NULL;
}

static const struct tp_served_column *served_column_of(const char *name)
{
  for (size_t i = 0; i < tp_n_served_columns; i++)
    if (!tp_served_columns[i].is_input && !tp_served_columns[i].is_text &&
        strcmp(tp_served_columns[i].name, name) == 0)
      return &tp_served_columns[i];
  return NULL;
}

double tp_foretold_figure(const struct tp_foretold *foretold, const char *column)
{
  const struct tp_served_column *const served = served_column_of(column);
  const struct tp_column *const alone = column_of(column);
  if (foretold->is_served)
    return served == NULL ? (double)NAN : tp_served_number(&foretold->served, served);
  return alone == NULL ? (double)NAN : tp_prediction_number(&foretold->alone, alone);
}

enum tp_status tp_foretold_metric(const char *name, size_t length, struct tp_arena *arena,
                                  const char **metric, struct tp_error *error)
{
  const char *const given = tp_arena_printf(arena, "%.*s", (int)length, name);
  const char **names = NULL;
  size_t n = 0;
  for (size_t i = 0; i < tp_n_columns; i++)
    if (column_of(tp_columns[i].name) != NULL)
      TP_APPEND(arena, names, n, tp_columns[i].name);
  for (size_t i = 0; i < tp_n_served_columns; i++)
    if (served_column_of(tp_served_columns[i].name) != NULL)
      TP_APPEND(arena, names, n, tp_served_columns[i].name);
  for (size_t i = 0; i < n; i++)
    if (strcmp(names[i], given) == 0) {
      *metric = names[i];
      return TP_OK;
    }
  return tp_fail(error, TP_E_INPUT, "no figure '%s'%s", given,
                 tp_text_hint(arena, given, names, n));
}

enum tp_status tp_oracle_check(const struct tp_known *known, size_t row, const char *name,
                               struct tp_arena *arena, struct tp_error *error)
{
  const char **names = NULL;
  size_t n = 0;
  if (!tp_loads_has(known->csv, row)) {
    const struct tp_column *column;
    return tp_known_metric(known, row, name, arena, &column, error);
  }
  if (served_column_of(name) != NULL)
    return TP_OK;
  for (size_t i = 0; i < tp_n_served_columns; i++)
    if (served_column_of(tp_served_columns[i].name) != NULL)
      TP_APPEND(arena, names, n, tp_served_columns[i].name);
  return tp_fail(error, TP_E_INPUT, "%s:%d: column 'metric': no figure '%s' of a server%s",
                 known->csv->path, known->csv->lines[row], name,
                 tp_text_hint(arena, name, names, n));
}
