/* tpsim check: has a predicted figure moved away from its baseline? */
#include "base/output.h"
#include "cli/command.h"
#include "command/table.h"
#include "judge/baseline.h"

#include <math.h>

struct args {
  const char *format, *junit;
  struct tp_words sets;
};

static const struct tp_option options[] = {
    {"junit", '\0', TP_OPTION_TEXT, offsetof(struct args, junit), "FILE",
     "write the rows as JUnit XML, too"},
    TP_FORMAT_OPTION(args),
    {"set", '\0', TP_OPTION_REPEATED, offsetof(struct args, sets), "KEY=VALUE",
     "change one value of every platform, device or stack for this run"},
};

static void print(const struct tp_checked *rows, size_t n, enum tp_format format,
                  struct tp_arena *arena)
{
  static const char *const headers[] = {"figure",    "baseline", "tolerance",
                                        "predicted", "change",   "verdict"};
  static const bool is_text[] = {true, false, false, false, false, true};
  struct tp_table table = {.arena = arena, .n_columns = 6, .headers = headers, .is_text = is_text};
  const char *const number = format == TP_FORMAT_TABLE ? "%.4g" : "%.9g";
  for (size_t i = 0; i < n; i++) {
    const struct tp_checked *row = &rows[i];
    const bool ran = !isnan(row->predicted);
    tp_table_add(&table, row->name);
    tp_table_add(&table, tp_arena_printf(arena, number, row->baseline));
    tp_table_add(&table, tp_arena_printf(arena, number, row->tolerance));
    tp_table_add(&table, ran ? tp_arena_printf(arena, number, row->predicted) : "");
    tp_table_add(&table, ran ? tp_arena_printf(arena, number, row->predicted - row->baseline) : "");
    tp_table_add(&table, row->passed ? "ok" : ran ? "moved" : row->status);
  }
  tp_table_write(&table, format, stdout);
}

static enum tp_status write_junit(const struct tp_session *session, const char *file,
                                  const struct tp_checked *rows, size_t n, struct tp_error *error)
{
  struct tp_output output;
  TP_TRY(tp_output_open(file, session->arena, &output, error));
  tp_baseline_write_junit(rows, n, output.stream);
  return tp_output_commit(&output, error);
}

static enum tp_status verdict(const char *file, const struct tp_checked *rows, size_t n,
                              struct tp_error *error)
{
  size_t moved = 0;
  for (size_t i = 0; i < n; i++)
    moved += !rows[i].passed;
  if (moved == 0)
    return TP_OK;
  return tp_fail(error, TP_E_CHECK,
                 "%s: %zu of %zu figures moved beyond their tolerance; if that is meant, renew "
                 "the baseline",
                 file, moved, n);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  struct tp_catalog catalog = tp_session_catalog(session, &args->sets);
  enum tp_format format;
  const char *file = NULL;
  struct tp_checked *rows = NULL;
  size_t n = 0;
  TP_TRY(tp_command_expect(positional, 1, 1, "the baseline (a CSV)", error));
  TP_TRY(tp_format_parse(args->format, session->arena, &format, error));
  TP_TRY(tp_datadir_find(session->dirs, "baseline", "results/baselines", ".csv",
                         positional->items[0], session->arena, &file, error));
  TP_TRY(tp_baseline_check(file, &catalog, session->arena, &rows, &n, error));
  print(rows, n, format, session->arena);
  if (args->junit != NULL)
    TP_TRY(write_junit(session, args->junit, rows, n, error));
  return verdict(file, rows, n, error);
}

const struct tp_command tp_command_check = {
    .name = "check",
    .summary = "has a predicted figure moved away from its baseline? exit 1 if so",
    .usage = "BASELINE.csv [OPTIONS]",
    .details =
        "A baseline has the input columns of the result CSV and: metric (an output column),\n"
        "baseline, tolerance (absolute).",
    .example = "tpsim check ladder-70b --junit check.xml",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
