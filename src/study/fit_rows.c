#include "study/fit_collectives.h"

#include "study/op_rows.h"

#include <string.h>

static bool is_collective(const char *op)
{
  static const char *const kinds[] = {"alltoall", /* nccl-tests' own spelling */
#define X(name, text) text,
                                      TP_COLLECTIVES(X)
#undef X
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strcmp(op, kinds[i]) == 0)
      return true;
  return false;
}

enum tp_status tp_fit_rows_read(const struct tp_csv *csv, struct tp_arena *arena,
                                struct tp_fit_row **rows, size_t *n_rows, struct tp_error *error)
{
  static const char *const names[] = {"op", "ranks", "bytes", "time_us"};
  int columns[4];
  for (int i = 0; i < 4; i++) {
    columns[i] = tp_csv_column(csv, names[i]);
    if (columns[i] < 0)
      return tp_fail(error, TP_E_INPUT, "%s:1: no column '%s'; add it", csv->path, names[i]);
  }

  const struct tp_op_reader reader = {arena, error, csv, NULL};
  struct tp_fit_row *read = TP_NEW(arena, struct tp_fit_row, csv->n_rows + 1);
  for (size_t i = 0; i < csv->n_rows; i++) {
    const char *op = tp_csv_cell(csv, i, columns[0]);
    double ranks, time_us;
    if (!is_collective(op))
      return tp_fail(error, TP_E_INPUT, "%s:%d: op '%s' is no collective", csv->path, csv->lines[i],
                     op);
    enum tp_status status = tp_csv_number(csv, i, columns[1], &ranks, error);
    struct tp_op collective = {.name = op};
    const struct tp_op_row row = {i, op};
    if (status == TP_OK)
      status = tp_op_row_read(&reader, &row, &collective);
    read[i].collective = collective.collective;
    if (status == TP_OK)
      status = tp_csv_number(csv, i, columns[3], &time_us, error);
    if (status != TP_OK)
      return status;
    if (!(ranks >= 2 && ranks <= TP_MAX_RANKS) || !(time_us > 0))
      return tp_fail(error, TP_E_INPUT, "%s:%d: give 2 to %d ranks and a positive time_us",
                     csv->path, csv->lines[i], TP_MAX_RANKS);
    read[i].ranks = (int)ranks;
    read[i].time_s = time_us * 1e-6;
  }
  *rows = read;
  *n_rows = csv->n_rows;
  return TP_OK;
}
