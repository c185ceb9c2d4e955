/* tpsim report: a result as one page of HTML. */
#include "base/output.h"
#include "cli/command.h"
#include "cli/report_page.h"
#include "command/keep.h"

struct args {
  const char *out;
};

static const struct tp_option options[] = {
    {"out", 'o', TP_OPTION_TEXT, offsetof(struct args, out), "OUT.html", "page to write"},
};

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  struct tp_arena *const arena = session->arena;
  struct tp_csv csv;
  struct tp_output output;
  TP_TRY(tp_command_expect(positional, 1, 1, "the result", error));
  if (args->out == NULL)
    return tp_fail(error, TP_E_INPUT, "report: no page to write; add -o OUT.html");
  const char *const file = positional->items[0];
  const char *const sidecar = tp_arena_printf(arena, "%s.json", file);
  TP_TRY(tp_command_keep(file, "-o", args->out, error));
  TP_TRY(tp_command_keep(sidecar, "-o", args->out, error));
  TP_TRY(tp_csv_open(file, arena, &csv, error));
  if (csv.n_rows == 0)
    return tp_fail(error, TP_E_INPUT, "%s: no rows to report", file);
  TP_TRY(tp_output_open(args->out, arena, &output, error));
  tp_report_put_begin(file, arena, output.stream);
  const enum tp_status status = tp_report_put_pictures(&csv, arena, output.stream, error);
  if (status != TP_OK) {
    tp_output_abort(&output);
    return status;
  }
  tp_report_put_table(&csv, arena, output.stream);
  tp_report_put_origin(sidecar, session->dirs, arena, output.stream);
  tp_report_put_end(output.stream);
  return tp_output_commit(&output, error);
}

const struct tp_command tp_command_report = {
    .name = "report",
    .summary = "a result as one page: pictures, rows that sort, inputs and their fits",
    .usage = "RESULT.csv -o OUT.html",
    .details =
        "The page needs nothing beside it.  Pictures are those of `tpsim plot` that the rows\n"
        "can give; the sidecar RESULT.csv.json says what made them.",
    .example = "tpsim report sweep.csv -o report.html",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
