#include "ops/readable.h"

#include "base/text.h"
#include "program/op.h"
#include "program/op_fields.h"

#include <string.h>

void tp_readable_add(struct tp_column_names *names, const char *name, struct tp_arena *arena)
{
  TP_APPEND(arena, names->names, names->n, name);
}

void tp_readable_add_all(struct tp_column_names *names, const char *const *list,
                         struct tp_arena *arena)
{
  for (; *list != NULL; list++)
    tp_readable_add(names, *list, arena);
}

/* Of whose runs, how they spread, and what people write for people. */
const char *const tp_readable_of_tables[] = {"system", "emulated", "gpu",   "part", "repeats",
                                             "rows",   "note",     "notes", "case", NULL};

static void add_fields(struct tp_column_names *names, enum tp_op_kind kind, struct tp_arena *arena)
{
  size_t n;
  const struct tp_op_field *const fields = tp_op_fields(kind, &n);
  for (size_t i = 0; i < n; i++)
    if (fields[i].column != NULL)
      tp_readable_add(names, fields[i].column, arena);
}

struct tp_readable tp_readable_ops(struct tp_arena *arena)
{
#define X(kind, text) kind,
  static const enum tp_op_kind kinds[] = {TP_OP_KINDS(X)};
#undef X
  static const char *const inputs[] = {
      "op", "ranks", "hosts", "ranks_per_host", "held_sms", "copy_bytes_per_s", NULL};
  static const char *const marks[] = {"kernels", "asked_bytes_per_s", NULL};
  static const char *const others[] = {"time_us", "alone_us", "kernel_us",     "predicted_us",
                                       "low_us",  "high_us",  "collective_us", NULL};
  struct tp_readable ops = {.inputs = {.n = 0}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    add_fields(&ops.inputs, kinds[i], arena);
  tp_readable_add_all(&ops.inputs, inputs, arena);
  tp_readable_add_all(&ops.marks, marks, arena);
  tp_readable_add_all(&ops.others, others, arena);
  tp_readable_add_all(&ops.others, tp_readable_of_tables, arena);
  return ops;
}

static bool has(const struct tp_column_names *names, const char *name)
{
  return tp_text_is_among(name, (const char *const *)names->names, names->n);
}

bool tp_readable_tells_apart(const struct tp_readable *readable, const char *column)
{
  return has(&readable->inputs, column) || has(&readable->marks, column);
}

static bool ends_with(const char *text, const char *end)
{
  const size_t n_text = strlen(text), n_end = strlen(end);
  return n_text > n_end && strcmp(text + n_text - n_end, end) == 0;
}

/* "spread_s", "ttft_spread_s": of a time that stands beside. */
static bool is_read(const struct tp_readable *readable, const char *name)
{
  return tp_readable_tells_apart(readable, name) || has(&readable->others, name) ||
         strncmp(name, "spread_", 7) == 0 || ends_with(name, "_spread_s");
}

/* The input that the column was meant to be; NULL: none. */
static const char *slip_for(const struct tp_csv *csv, const struct tp_readable *readable,
                            const char *column)
{
  for (size_t i = 0; i < readable->inputs.n; i++) {
    const char *const input = readable->inputs.names[i];
    if (tp_csv_column(csv, input) < 0 && tp_text_is_slip(column, input))
      return input;
  }
  return NULL;
}

/* "tpot_ms" -> " (what is read is tpot_s, in seconds)"; "" where another unit makes no column. */
static const char *said_of_unit(const struct tp_readable *readable, const char *column,
                                struct tp_arena *arena)
{
  static const struct {
    const char *unit, *name;
  } ours[] = {{"s", "seconds"}, {"us", "microseconds"}};
  const char *const mark = strrchr(column, '_');
  const bool is_time = mark != NULL && (strcmp(mark, "_ms") == 0 || strcmp(mark, "_us") == 0 ||
                                        strcmp(mark, "_s") == 0);
  for (size_t i = 0; is_time && i < sizeof ours / sizeof *ours; i++) {
    const char *const read =
        tp_arena_printf(arena, "%.*s_%s", (int)(mark - column), column, ours[i].unit);
    if (has(&readable->others, read))
      return tp_arena_printf(arena, " (what is read is %s, in %s)", read, ours[i].name);
  }
  return "";
}

enum tp_status tp_unread_refuse_slips(const struct tp_csv *csv, const struct tp_readable *readable,
                                      struct tp_error *error)
{
  for (size_t c = 0; c < csv->n_columns; c++) {
    const char *const column = csv->columns[c];
    const char *const input =
        column[0] == '\0' || is_read(readable, column) ? NULL : slip_for(csv, readable, column);
    if (input != NULL)
      return tp_fail(error, TP_E_INPUT, "%s:1: unknown column '%s'; did you mean '%s'?", csv->path,
                     column, input);
  }
  return TP_OK;
}

const char *tp_unread_columns(const struct tp_csv *csv, const struct tp_readable *readable,
                              struct tp_arena *arena)
{
  const char *said = "";
  for (size_t c = 0; c < csv->n_columns; c++) {
    const char *const column = csv->columns[c];
    if (column[0] == '\0' || is_read(readable, column))
      continue;
    said = tp_arena_printf(arena, "%s%s%s%s", said, said[0] == '\0' ? "columns not used: " : ", ",
                           column, said_of_unit(readable, column, arena));
  }
  return said;
}
