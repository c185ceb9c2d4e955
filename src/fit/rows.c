#include "fit/collectives.h"

#include "ops/rows.h"

static enum tp_status read_row(const struct tp_op_reader *reader, size_t index,
                               struct tp_fit_row *read)
{
  const struct tp_csv *csv = reader->csv;
  const struct tp_op_row row = tp_op_row_at(reader, index);
  struct tp_op op;
  double ranks, time_us;
  if (!tp_op_row_is_collective(&row))
    return tp_op_row_fail(reader, &row,
                          tp_arena_printf(reader->arena, "op '%s' is no collective", row.op));
  TP_TRY(tp_csv_number(csv, index, tp_csv_column(csv, "ranks"), &ranks, reader->error));
  TP_TRY(tp_op_row_read(reader, &row, &op));
  TP_TRY(tp_csv_number(csv, index, tp_csv_column(csv, "time_us"), &time_us, reader->error));
  if (!(ranks >= 2 && ranks <= TP_MAX_GPUS) || !(time_us > 0))
    return tp_fail(reader->error, TP_E_INPUT, "%s:%d: give 2 to %d ranks and a positive time_us",
                   csv->path, csv->lines[index], TP_MAX_GPUS);
  struct tp_op_placement placement;
  TP_TRY(tp_op_row_placement(reader, &row, &placement));
  *read = (struct tp_fit_row){op.collective, (int)ranks, time_us * 1e-6, placement};
  return TP_OK;
}

enum tp_status tp_fit_rows_read(const struct tp_csv *csv, struct tp_arena *arena,
                                struct tp_fit_row **rows, size_t *n_rows, struct tp_error *error)
{
  static const char *const needed[] = {"op", "ranks", "time_us"};
  TP_TRY(tp_csv_require(csv, needed, sizeof needed / sizeof needed[0], error));
  const struct tp_op_reader reader = {arena, error, csv, NULL};
  *rows = TP_NEW(arena, struct tp_fit_row, csv->n_rows + 1);
  *n_rows = csv->n_rows;
  for (size_t i = 0; i < csv->n_rows; i++)
    TP_TRY(read_row(&reader, i, &(*rows)[i]));
  return TP_OK;
}
