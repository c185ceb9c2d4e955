#define _XOPEN_SOURCE 700
#include "sweep/resume_row.h"

#include "base/text.h"
#include "predict/row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* `nodes` is no input where the point leaves it open. */
static bool same_inputs(const struct tp_csv *csv, const struct tp_prediction *want)
{
  for (size_t c = 0; c < csv->n_columns; c++) {
    if (!tp_columns[c].is_input)
      continue;
    const char *const cell = tp_csv_cell(csv, 0, (int)c);
    double number;
    if (tp_columns[c].is_text) {
      if (strcmp(cell, tp_prediction_text(want, &tp_columns[c])) != 0)
        return false;
    } else {
      const double wanted = tp_prediction_number(want, &tp_columns[c]);
      if (!isnan(wanted) && !(tp_text_number(cell, &number) && number == wanted))
        return false;
    }
  }
  return true;
}

static enum tp_status fail_altered(const struct tp_kept_reader *reader,
                                   const struct tp_kept_row *row, const char *what,
                                   struct tp_error *error)
{
  return tp_fail(error, TP_E_INPUT,
                 "%s:%d: %s: altered since it was written; take the line and those below out, or "
                 "drop --resume",
                 reader->path, row->line, what);
}

static enum tp_status check_inputs(const struct tp_kept_reader *reader,
                                   const struct tp_kept_row *row, const struct tp_point *point,
                                   struct tp_error *error)
{
  struct tp_prediction want;
  struct tp_csv csv;
  tp_arena_reset(reader->scratch);
  const char *const text = tp_arena_printf(reader->scratch, "%s%s", reader->header, row->text);
  TP_TRY(tp_csv_parse(reader->path, text, reader->scratch, &csv, error));
  tp_point_describe(point, &want);
  if (csv.n_rows == 1 && same_inputs(&csv, &want))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:%d: not point %zu of this sweep; give another -o or drop --resume",
                 reader->path, row->line, row->index + 1);
}

/* The engine that takes microseconds says all of a row again. */
static enum tp_status predict_again(const struct tp_kept_reader *reader,
                                    const struct tp_kept_row *row, const struct tp_point *point,
                                    bool *same, struct tp_error *error)
{
  struct tp_prediction prediction;
  char *text = NULL;
  size_t size = 0;
  *same = false;
  if (point->engine != &tp_engine_analytic)
    return TP_OK;
  TP_TRY(tp_predict(reader->predictor, point, &prediction, error));
  FILE *const out = open_memstream(&text, &size);
  if (out == NULL)
    tp_out_of_memory(); /* as arenas do */
  tp_row_write(&prediction, tp_grid_columns(reader->sweep->grid), out);
  fclose(out);
  *same = strcmp(text, row->text) == 0;
  free(text);
  return TP_OK;
}

static bool is_written_number(const char *cell, size_t length)
{
  char text[TP_DECIMAL_CHARS] = "", again[TP_DECIMAL_CHARS];
  double number = (double)NAN;
  if (length < sizeof text)
    memcpy(text, cell, length);
  if (text[0] == '\0' || !tp_text_number(text, &number))
    return false;
  tp_csv_write_number(number, again);
  return strcmp(text, again) == 0;
}

static bool has_letters_of_number(const char *cell, size_t length)
{
  size_t i = 0;
  while (i < length && ((cell[i] >= '0' && cell[i] <= '9') || cell[i] == '.' || cell[i] == 'e' ||
                        cell[i] == '-' || cell[i] == '+'))
    i++;
  return i == length;
}

/* Numbers stand as this program writes them, which of a row that is not looked at closely only
 * their letters say; and a row that is "ok" has its time. */
static enum tp_status check_cells(const struct tp_kept_reader *reader,
                                  const struct tp_kept_row *row, bool closely,
                                  struct tp_error *error)
{
  bool ran = false, timed = false;
  const char *at = row->text;
  for (size_t c = 0; c < tp_grid_columns(reader->sweep->grid); c++) {
    const struct tp_column *const column = &tp_columns[c];
    const bool quoted = *at == '"';
    const char *const cell = at;
    for (at += quoted;
         *at != '\0' && (quoted ? at[0] != '"' || at[1] == '"' : *at != ',' && *at != '\n');)
      at += quoted && *at == '"' ? 2 : 1;
    at += quoted && *at == '"';
    const size_t length = (size_t)(at - cell);
    at += *at != '\0';
    if (c == TP_COLUMN_status)
      ran = length == 2 && memcmp(cell, "ok", 2) == 0;
    if (c == TP_COLUMN_e2e_s)
      timed = length > 0;
    if (!column->is_text && length > 0 &&
        !(closely ? is_written_number : has_letters_of_number)(cell, length))
      return fail_altered(
          reader, row,
          tp_arena_printf(reader->arena, "column '%s' is no number of this program", column->name),
          error);
  }
  return ran == timed ? TP_OK
                      : fail_altered(reader, row, "a time without status ok, or none", error);
}

bool tp_kept_is_looked_at(const struct tp_grid *grid, size_t index)
{
  enum { FIRST_ROWS = 100000, EVERY = 64 };
  return index < FIRST_ROWS || index % EVERY == 0 || tp_grid_is_first(grid, index);
}

/* What is wrong with a row that is not what its point gives is said in words of its cells. */
enum tp_status tp_kept_check_row(const struct tp_kept_reader *reader, const struct tp_kept_row *row,
                                 bool closely, struct tp_error *error)
{
  struct tp_point point;
  bool same = false;
  if (!closely)
    return check_cells(reader, row, false, error);
  TP_TRY(tp_grid_point(reader->sweep->grid, reader->sweep->catalog, row->index, &point, error));
  TP_TRY(predict_again(reader, row, &point, &same, error));
  if (same)
    return TP_OK;
  TP_TRY(check_inputs(reader, row, &point, error));
  TP_TRY(check_cells(reader, row, true, error));
  return point.engine == &tp_engine_analytic
             ? fail_altered(reader, row, "not what its point gives", error)
             : TP_OK;
}
