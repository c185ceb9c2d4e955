#include "study/fit_collectives.h"

#include <string.h>

static const char *const kinds[] = {
#define X(name, text) [name] = text,
    TP_COLLECTIVES(X)
#undef X
};

static bool find_kind(const char *text, enum tp_collective_kind *kind)
{
  if (strcmp(text, "alltoall") == 0) /* nccl-tests' own spelling */
    text = kinds[TP_ALL_TO_ALL];
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(text, kinds[i]) != 0)
      continue;
    *kind = (enum tp_collective_kind)i;
    return true;
  }
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

  struct tp_fit_row *read = TP_NEW(arena, struct tp_fit_row, csv->n_rows + 1);
  for (size_t i = 0; i < csv->n_rows; i++) {
    const char *op = tp_csv_cell(csv, i, columns[0]);
    double ranks, time_us;
    read[i].collective.dtype = TP_DTYPE_BF16;
    if (!find_kind(op, &read[i].collective.kind))
      return tp_fail(error, TP_E_INPUT, "%s:%d: op '%s' is no collective", csv->path, csv->lines[i],
                     op);
    enum tp_status status = tp_csv_number(csv, i, columns[1], &ranks, error);
    if (status == TP_OK)
      status = tp_csv_number(csv, i, columns[2], &read[i].collective.bytes, error);
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
