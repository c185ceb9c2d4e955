#include "judge/known.h"

#include "base/text.h"
#include "serve/loads.h"

#include <string.h>

bool tp_known_is_input(const char *name)
{
  for (size_t i = 0; i < tp_n_columns; i++)
    if (tp_columns[i].is_input && strcmp(tp_columns[i].name, name) == 0)
      return true;
  for (size_t i = 0; i < tp_n_served_columns; i++)
    if (tp_served_columns[i].is_input && strcmp(tp_served_columns[i].name, name) == 0)
      return true;
  return false;
}

/* The table without the columns that are not inputs; cells are shared. */
static struct tp_csv inputs_of(const struct tp_csv *csv, struct tp_arena *arena)
{
  struct tp_csv inputs = *csv;
  inputs.columns = TP_NEW(arena, const char *, csv->n_columns);
  inputs.cells = TP_NEW(arena, const char *, csv->n_columns * csv->n_rows);
  inputs.n_columns = 0;
  for (size_t c = 0; c < csv->n_columns; c++)
    if (tp_known_is_input(csv->columns[c]))
      inputs.columns[inputs.n_columns++] = csv->columns[c];
  for (size_t row = 0; row < csv->n_rows; row++)
    for (size_t c = 0; c < inputs.n_columns; c++)
      inputs.cells[row * inputs.n_columns + c] =
          tp_csv_cell(csv, row, tp_csv_column(csv, inputs.columns[c]));
  return inputs;
}

enum tp_status tp_known_take(const struct tp_csv *csv, const char *const *required,
                             size_t n_required, struct tp_arena *arena, struct tp_known *reference,
                             struct tp_error *error)
{
  TP_TRY(tp_csv_require(csv, required, n_required, error));
  reference->csv = csv;
  reference->inputs = inputs_of(csv, arena);
  tp_grid_clear(&reference->grid);
  return tp_grid_take_points(&reference->grid, &reference->inputs, tp_loads_columns(arena), arena,
                             error);
}

enum tp_status tp_known_open(const char *file, const char *const *required, size_t n_required,
                             struct tp_arena *arena, struct tp_known *reference,
                             struct tp_error *error)
{
  struct tp_csv *csv = TP_NEW(arena, struct tp_csv, 1);
  TP_TRY(tp_csv_open(file, arena, csv, error));
  return tp_known_take(csv, required, n_required, arena, reference, error);
}

enum tp_status tp_known_tell(const struct tp_known *reference, const char *const *own,
                             const char *more, struct tp_catalog *catalog, struct tp_error *error)
{
  struct tp_readable readable = tp_readable_points(catalog->arena);
  tp_readable_add_all(&readable.others, own, catalog->arena);
  TP_TRY(tp_grid_check_device(reference->csv, error));
  return tp_unread_tell(reference->csv, &readable, more, catalog, error);
}

enum tp_status tp_known_predict(const struct tp_known *reference, struct tp_catalog *catalog,
                                struct tp_predictor *predictor, size_t row,
                                struct tp_prediction *prediction, struct tp_error *error)
{
  struct tp_point point;
  TP_TRY(tp_grid_point(&reference->grid, catalog, row, &point, error));
  return tp_predict(predictor, &point, prediction, error);
}

enum tp_status tp_known_metric(const struct tp_known *reference, size_t row, const char *name,
                               struct tp_arena *arena, const struct tp_column **column,
                               struct tp_error *error)
{
  const char **names = TP_NEW(arena, const char *, tp_n_columns);
  size_t n_names = 0;
  for (size_t i = 0; i < tp_n_columns; i++) {
    if (tp_columns[i].is_input || tp_columns[i].is_text)
      continue;
    if (strcmp(tp_columns[i].name, name) == 0) {
      *column = &tp_columns[i];
      return TP_OK;
    }
    names[n_names++] = tp_columns[i].name;
  }
  return tp_fail(error, TP_E_INPUT, "%s:%d: column 'metric': no figure '%s'%s",
                 reference->csv->path, reference->csv->lines[row], name,
                 tp_text_hint(arena, name, names, n_names));
}
