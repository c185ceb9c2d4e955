#include "fit/trace_kind.h"

#include "base/csv.h"

#include <string.h>

/* A table with both columns is of the kind: those that share columns with others come first. */
static const struct {
  const char *has, *and;
  enum tp_trace_kind kind;
} marks[] = {{"kernel_us", "collective_us", TP_TRACE_CROSSINGS},
             {"first_us", "latest_us", TP_TRACE_STARTS},
             {"held_sms", "time_us", TP_TRACE_INTERFERENCE},
             {"copy_bytes_per_s", "time_us", TP_TRACE_INTERFERENCE},
             {"m", "alone_us", TP_TRACE_SUSTAINED},
             {"model", "ttft_s", TP_TRACE_LAYERS},
             {"model", "tpot_s", TP_TRACE_LAYERS},
             {"m", "n", TP_TRACE_GEMM},
             {"m", "k", TP_TRACE_QUANTISE},
             {"heads", "head_dim", TP_TRACE_ATTENTION},
             {"read_bytes", "write_bytes", TP_TRACE_MEMORY},
             {"bytes", "ranks", TP_TRACE_COLLECTIVES}};

enum tp_trace_kind tp_trace_kind_of(const char *text, struct tp_arena *arena)
{
  struct tp_csv header;
  struct tp_error unread; /* is told by who reads it all */
  const char *const line = tp_arena_printf(arena, "%.*s\n", (int)strcspn(text, "\n"), text);
  if (tp_csv_parse("", line, arena, &header, &unread) != TP_OK)
    return TP_N_TRACES;
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    if (tp_csv_column(&header, marks[i].has) >= 0 && tp_csv_column(&header, marks[i].and) >= 0)
      return marks[i].kind;
  return TP_N_TRACES;
}

bool tp_trace_has_standins(const char *text, struct tp_arena *arena)
{
  struct tp_csv csv;
  struct tp_error unread;
  if (tp_csv_parse("", text, arena, &csv, &unread) != TP_OK)
    return false;
  const int emulated = tp_csv_column(&csv, "emulated");
  for (size_t row = 0; row < csv.n_rows; row++)
    if (strcmp(tp_csv_cell(&csv, row, emulated), "1") == 0)
      return true;
  return false;
}
