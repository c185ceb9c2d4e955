#include "cli/trace_input.h"

#include "cli/command.h"
#include "judge/unread.h"

enum tp_status tp_trace_input(const char *file, struct tp_catalog *catalog, struct tp_arena *arena,
                              struct tp_arrivals *visits, struct tp_error *error)
{
  static const char *const beside[] = {"Model",      "Total tokens", "Log Type",
                                       "Session ID", "Elapsed time", NULL};
  struct tp_readable readable = {.inputs = {.n = 0}};
  struct tp_csv csv;
  TP_TRY(tp_input_csv(file, catalog, &csv, error));
  TP_TRY(tp_arrivals_read(&csv, arena, visits, error));
  tp_readable_add_all(&readable.others, tp_arrivals_columns, arena);
  tp_readable_add_all(&readable.others, beside, arena);
  return tp_unread_tell(&csv, &readable, "", catalog, error);
}
