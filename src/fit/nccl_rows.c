/* Rows of nccl-tests as they are read: their checks. */
#include "fit/nccl_rows.h"

#include <math.h>

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
  if (wrong != floor(wrong))
    return tp_nccl_fail(reader, tp_arena_printf(reader->arena,
                                                "%.9g stands where #wrong does, a whole number: "
                                                "the line is cut; leave it out",
                                                wrong));
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

/* How many times too fast a row is for its algbw; 0: too little of that is printed to tell. */
static double times_too_fast(const struct tp_nccl_row *row)
{
  static const double least_gb_per_s = 0.1; /* of which a hundredth is printed */
  return row->algbw >= least_gb_per_s ? row->bytes / row->time_us * 1e-3 / row->algbw : 0;
}

enum tp_status tp_nccl_settle_unit(struct tp_nccl_reader *reader, bool *was_ms)
{
  size_t n_ms = 0, n_us = 0;
  for (size_t i = 0; i < reader->n_rows; i++) {
    const double faster = times_too_fast(&reader->rows[i]);
    const bool is_ms = faster > 500 && faster < 2000;
    n_ms += is_ms;
    n_us += faster > 0 && !is_ms;
    reader->line = reader->rows[i].line;
    if (n_ms > 0 && n_us > 0)
      return tp_nccl_fail(reader, "times in ms and in us stand in one text, by their algbw; keep "
                                  "them in files of their own");
  }
  *was_ms = n_ms > 0;
  for (size_t i = 0; i < reader->n_rows && *was_ms; i++)
    reader->rows[i].time_us *= 1000;
  return TP_OK;
}
