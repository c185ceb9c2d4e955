#include "fit/op_table.h"

#include "fit/repeats.h"

enum tp_status tp_op_table_open(const char *file, const struct tp_where *where,
                                struct tp_arena *arena, struct tp_csv *csv, struct tp_error *error)
{
  struct tp_readable readable = tp_readable_ops(arena);
  TP_TRY(tp_measured_open(file, where, arena, csv, error));
  tp_measured_readable(where, arena, &readable);
  TP_TRY(tp_unread_refuse_slips(csv, &readable, error));
  const char *const unread = tp_unread_columns(csv, &readable, arena);
  if (unread[0] != '\0' && where->notes != NULL)
    TP_APPEND(arena, where->notes->texts, where->notes->n,
              tp_arena_printf(arena, "%s:1: %s", csv->path, unread));
  tp_repeats_tell(csv, &readable, arena, where->notes);
  return TP_OK;
}
