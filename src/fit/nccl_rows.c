/* Rows of nccl-tests as they are read: their checks. */
#include "fit/nccl_rows.h"

enum tp_status tp_nccl_fail(const struct tp_nccl_reader *reader, const char *text)
{
  return tp_fail(reader->error, TP_E_INPUT, "%s:%d: %s", reader->file, reader->line, text);
}

enum tp_status tp_nccl_add(struct tp_nccl_reader *reader, const struct tp_nccl_row *row,
                           const char *type, double wrong)
{
  struct tp_nccl_row added = *row;
  if (added.bytes == 0) /* -b 8 on many ranks rounds down to nothing */
    return TP_OK;
  if (!tp_nccl_type(type, &added.dtype) || added.dtype == NULL)
    return tp_nccl_fail(reader, tp_arena_printf(reader->arena,
                                                "no type '%.32s'; run with -d float, half or "
                                                "bfloat16",
                                                type));
  if (wrong > 0)
    return tp_nccl_fail(reader, tp_arena_printf(reader->arena,
                                                "#wrong is %.9g: the collective gave wrong values, "
                                                "so its times count for nothing; mend the run",
                                                wrong));
  if (!(added.bytes > 0 && added.bytes < 1e15) || !(added.time_us > 0 && added.time_us < 1e12))
    return tp_nccl_fail(reader, "size and time must be above 0; leave the line out");
  added.line = reader->line;
  TP_APPEND(reader->arena, reader->rows, reader->n_rows, added);
  return TP_OK;
}
