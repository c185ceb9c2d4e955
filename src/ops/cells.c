#include "ops/cells.h"

#include "base/text.h"
#include "program/op.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum tp_status tp_op_row_fail(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *text)
{
  return tp_fail(reader->error, TP_E_INPUT, "%s:%d: %s", reader->csv->path,
                 reader->csv->lines[row->index], text);
}

/* "; rename 'M'" where the column is there in other letters. */
static const char *in_capitals(const struct tp_op_reader *reader, const char *column)
{
  const struct tp_csv *const csv = reader->csv;
  for (size_t i = 0; i < csv->n_columns; i++)
    if (strcasecmp(csv->columns[i], column) == 0)
      return tp_arena_printf(reader->arena, "; rename '%s'", csv->columns[i]);
  return "";
}

enum tp_status tp_cell_number(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *column, double *number)
{
  const int index = tp_csv_column(reader->csv, column);
  if (index < 0)
    return tp_op_row_fail(reader, row,
                          tp_arena_printf(reader->arena, "%s needs a column '%s'%s", row->op,
                                          column, in_capitals(reader, column)));
  TP_TRY(tp_csv_number(reader->csv, row->index, index, number, reader->error));
  return *number > 0
             ? TP_OK
             : tp_op_row_fail(reader, row,
                              tp_arena_printf(reader->arena, "column '%s': %g is not above 0",
                                              column, *number));
}

static enum tp_status check_whole(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                  const char *column, double number)
{
  static const double most = 1e12;
  if (number == floor(number) && number <= most)
    return TP_OK;
  return tp_op_row_fail(
      reader, row,
      number > most ? tp_arena_printf(reader->arena, "column '%s': %.9g is more than %.0f", column,
                                      number, most)
                    : tp_arena_printf(reader->arena, "column '%s': %.9g is not a whole number",
                                      column, number));
}

enum tp_status tp_op_row_count(const struct tp_op_reader *reader, const struct tp_op_row *row,
                               const char *column, int64_t *count)
{
  double number;
  TP_TRY(tp_cell_number(reader, row, column, &number));
  TP_TRY(check_whole(reader, row, column, number));
  *count = (int64_t)number;
  return TP_OK;
}

enum tp_status tp_cell_word(const struct tp_op_reader *reader, const struct tp_op_row *row,
                            const char *column, const char *const *names, size_t fallback,
                            size_t *index)
{
  const char *const cell = tp_csv_cell(reader->csv, row->index, tp_csv_column(reader->csv, column));
  *index = fallback;
  if (cell[0] == '\0')
    return TP_OK;
  size_t n = 0;
  for (; names[n] != NULL; n++)
    if (strcmp(cell, names[n]) == 0) {
      *index = n;
      return TP_OK;
    }
  return tp_op_row_fail(reader, row,
                        tp_arena_printf(reader->arena, "column '%s': no '%.32s'%s", column, cell,
                                        tp_text_hint(reader->arena, cell, names, n)));
}

enum tp_status tp_cell_amount(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *column, double *amount)
{
  const int index = tp_csv_column(reader->csv, column);
  *amount = 0;
  if (tp_csv_cell(reader->csv, row->index, index)[0] == '\0')
    return TP_OK;
  const enum tp_status status =
      tp_csv_number(reader->csv, row->index, index, amount, reader->error);
  if (status != TP_OK || *amount >= 0)
    return status;
  return tp_op_row_fail(
      reader, row, tp_arena_printf(reader->arena, "column '%s': %g is below 0", column, *amount));
}

enum tp_status tp_cell_limit(const struct tp_op_reader *reader, const struct tp_op_row *row,
                             const char *column, double *limit)
{
  TP_TRY(tp_cell_amount(reader, row, column, limit));
  return check_whole(reader, row, column, *limit);
}

enum tp_status tp_cell_skew(const struct tp_op_reader *reader, const struct tp_op_row *row,
                            const char *column, double *skew)
{
  enum { MOST_SKEW = 10 }; /* where one expert has all but a thousandth of the tokens */
  static const char power_law[] = "power_law_";
  const char *const cell = tp_csv_cell(reader->csv, row->index, tp_csv_column(reader->csv, column));
  *skew = 0;
  if (cell[0] == '\0' || strcmp(cell, "balanced") == 0)
    return TP_OK;
  if (strcmp(cell, "random") == 0) {
    *skew = TP_RANDOM_EXPERTS;
    return TP_OK;
  }
  if (strncmp(cell, power_law, strlen(power_law)) == 0 &&
      tp_text_number(cell + strlen(power_law), skew) && *skew > 0 && *skew <= MOST_SKEW)
    return TP_OK;
  return tp_op_row_fail(reader, row,
                        tp_arena_printf(reader->arena,
                                        "column '%s': no '%.32s': give balanced, random or "
                                        "power_law_A with A above 0, %d at most",
                                        column, cell, (int)MOST_SKEW));
}
