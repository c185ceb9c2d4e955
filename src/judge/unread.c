#include "judge/unread.h"

#include "base/text.h"
#include "predict/ask.h"
#include "program/op_fields.h"
#include "serve/loads.h"

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
static const char *const of_tables[] = {"system", "emulated", "gpu",   "part", "repeats",
                                        "rows",   "note",     "notes", "case", NULL};

struct tp_readable tp_readable_points(struct tp_arena *arena)
{
  struct tp_readable points = {.inputs = {.n = 0}};
  for (int i = 0; i < TP_N_AXES; i++)
    tp_readable_add(&points.inputs, tp_axis_column((enum tp_axis_name)i)->name, arena);
  for (size_t i = 0; i < tp_n_columns; i++)
    tp_readable_add(&points.others, tp_columns[i].name, arena);
  tp_readable_add_all(&points.others, tp_loads_columns(arena), arena);
  tp_readable_add_all(&points.others, of_tables, arena);
  return points;
}

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
  static const char *const others[] = {"time_us",       "alone_us", "kernels", "kernel_us",
                                       "predicted_us",  "low_us",   "high_us", "asked_bytes_per_s",
                                       "collective_us", NULL};
  struct tp_readable ops = {.inputs = {.n = 0}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    add_fields(&ops.inputs, kinds[i], arena);
  tp_readable_add_all(&ops.inputs, inputs, arena);
  tp_readable_add_all(&ops.others, others, arena);
  tp_readable_add_all(&ops.others, of_tables, arena);
  return ops;
}

static bool has(const struct tp_column_names *names, const char *name)
{
  return tp_text_is_among(name, (const char *const *)names->names, names->n);
}

static bool ends_with(const char *text, const char *end)
{
  const size_t n_text = strlen(text), n_end = strlen(end);
  return n_text > n_end && strcmp(text + n_text - n_end, end) == 0;
}

/* "spread_s", "ttft_late_s": of a time that stands beside. */
static bool is_read(const struct tp_readable *readable, const char *name)
{
  return has(&readable->inputs, name) || has(&readable->others, name) ||
         strncmp(name, "spread_", 7) == 0 || ends_with(name, "_spread_s") ||
         ends_with(name, "_late_s");
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

enum tp_status tp_unread_tell(const struct tp_csv *csv, const struct tp_readable *readable,
                              const char *more, struct tp_catalog *catalog, struct tp_error *error)
{
  struct tp_arena *const arena = catalog->arena;
  const char *said = "";
  TP_TRY(tp_unread_refuse_slips(csv, readable, error));
  for (size_t c = 0; c < csv->n_columns; c++) {
    const char *const column = csv->columns[c];
    if (column[0] == '\0' || is_read(readable, column))
      continue;
    said = tp_arena_printf(arena, "%s%s%s%s", said, said[0] == '\0' ? "" : ", ", column,
                           said_of_unit(readable, column, arena));
  }
  const bool both = said[0] != '\0' && more[0] != '\0';
  if ((said[0] != '\0' || more[0] != '\0') && catalog->note != NULL)
    catalog->note(tp_arena_printf(arena, "%s:1: %s%s%s%s", csv->path,
                                  said[0] != '\0' ? "columns not used: " : "", said,
                                  both ? "; " : "", more));
  return TP_OK;
}

const char *tp_unread_defaults(const struct tp_csv *csv, const int *axes, struct tp_arena *arena)
{
  const char *said = "";
  for (; *axes != TP_N_AXES; axes++) {
    const enum tp_axis_name axis = (enum tp_axis_name) * axes;
    const char *const name = tp_axis_column(axis)->name;
    if (tp_csv_column(csv, name) < 0)
      said = tp_arena_printf(arena, "%s%s%s %g", said, said[0] == '\0' ? "" : ", ", name,
                             tp_axis_usual(axis));
  }
  return said[0] == '\0' ? ""
                         : tp_arena_printf(arena, "%s where the file has no such column", said);
}
