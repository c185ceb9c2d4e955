/* tpsim sweep: a grid or a file of points to CSV. */
#include "cli/points.h"
#include "cli/result_file.h"
#include "cli/rows.h"
#include "command/progress.h"
#include "sweep/sweep.h"

#include <string.h>

struct args {
  struct tp_points points;
  const char *file, *out, *format;
  int64_t jobs;
  bool resume;
};

static const struct tp_option options[] = {
    TP_POINTS_OPTIONS TP_POINTS_PHASE_OPTION{
        "points", '\0', TP_OPTION_TEXT, offsetof(struct args, file), "FILE.csv",
        "one point a row; columns by name, the others from the options"},
    {"out", 'o', TP_OPTION_TEXT, offsetof(struct args, out), "OUT.csv",
     "result, with its sidecar OUT.csv.json [standard output]"},
    {"jobs", 'j', TP_OPTION_COUNT, offsetof(struct args, jobs), "N", "worker processes [1]"},
    {"resume", '\0', TP_OPTION_FLAG, offsetof(struct args, resume), NULL,
     "keep the rows that an interrupted run wrote"},
    {"format", 'f', TP_OPTION_TEXT, offsetof(struct args, format), "F",
     "of standard output: table, csv or json [csv]"},
};

/* Options, then the YAML file for what they leave open, then the points file over both. */
static enum tp_status make_grid(struct tp_session *session, const struct args *args,
                                const struct tp_words *positional, struct tp_catalog *catalog,
                                struct tp_grid *grid, struct tp_error *error)
{
  const char *text;
  TP_TRY(tp_points_grid(session, &args->points, grid, error));
  if (positional->n == 1) {
    TP_TRY(tp_input_text(positional->items[0], catalog, &text, error));
    TP_TRY(tp_grid_read_yaml(grid, positional->items[0], text, session->arena, error));
  }
  if (args->file != NULL) {
    struct tp_csv *csv = TP_NEW(session->arena, struct tp_csv, 1);
    TP_TRY(tp_input_csv(args->file, catalog, csv, error));
    TP_TRY(tp_grid_take_points(grid, csv, NULL, session->arena, error));
    const char *const overruled = tp_grid_overruled(grid, "", session->arena);
    if (overruled[0] != '\0')
      tp_command_note(overruled);
  }
  return tp_grid_check(grid, catalog, error);
}

static void show_progress(void *data, size_t done)
{
  tp_progress_step(data, done);
}

/* Not as CSV, which is written row by row. */
static enum tp_status print_result(struct tp_session *session, const struct tp_sweep *sweep,
                                   enum tp_format format, struct tp_error *error)
{
  struct tp_prediction *rows;
  size_t n;
  TP_TRY(tp_points_predict(session, sweep->grid, sweep->catalog, &rows, &n, error));
  tp_rows_print(rows, n, format, session->arena, stdout);
  return TP_OK;
}

static enum tp_status write_result(struct tp_session *session, const struct args *args,
                                   struct tp_sweep *sweep, struct tp_error *error)
{
  enum tp_format format = TP_FORMAT_CSV;
  if (args->format != NULL)
    TP_TRY(tp_format_parse(args->format, session->arena, &format, error));
  if (format != TP_FORMAT_CSV && args->out != NULL)
    return tp_fail(error, TP_E_INPUT, "--format %s: a result file is CSV; leave out -o or --format",
                   args->format);
  if (format != TP_FORMAT_CSV)
    return print_result(session, sweep, format, error);
  if (args->out == NULL) {
    tp_prediction_write_header(tp_grid_columns(sweep->grid), stdout);
    return tp_sweep_run(sweep, stdout, error);
  }
  struct tp_sweep_file target = tp_result_target(session, args->out);
  target.resume = args->resume;
  return tp_sweep_write(sweep, &target, error);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  enum tp_status status = tp_command_expect(positional, 0, 1, "", error);
  if (status == TP_OK && args->resume && args->out == NULL)
    status = tp_fail(error, TP_E_INPUT, "--resume needs the result to go on with; add -o OUT.csv");
  struct tp_catalog catalog = tp_session_catalog(session, &args->points.sets, args->points.device);
  struct tp_grid grid;
  if (status == TP_OK)
    status = make_grid(session, args, positional, &catalog, &grid, error);
  if (status == TP_OK)
    status = tp_result_keep_inputs(session, &catalog, args->file, args->out, error);
  if (status != TP_OK)
    return status;
  tp_result_say_differences(session, &catalog, args->file);
  struct tp_progress progress;
  struct tp_sweep sweep = {.grid = &grid,
                           .catalog = &catalog,
                           .workers = args->jobs > 0 ? (int)args->jobs : 1,
                           .progress = show_progress,
                           .progress_data = &progress};
  tp_progress_begin(&progress, tp_grid_size(&grid));
  status = write_result(session, args, &sweep, error);
  tp_progress_end(&progress);
  return status;
}

const struct tp_command tp_command_sweep = {
    .name = "sweep",
    .summary = "a grid of points, or a file of them, to CSV",
    .usage = "[FILE.yaml] [--points FILE.csv] [OPTIONS] -o OUT.csv",
    .details =
        "FILE.yaml maps input columns to a value or a list (tp: [1, 2, 4, 8]; a name in quotes\n"
        "may hold commas); an option on the command line replaces its list. The result is the\n"
        "same whatever -j. It grows as OUT.csv.part; --resume goes on with that after an\n"
        "interruption.",
    .example = "tpsim sweep --model llama-3.1-70b --platform dgx-h100 --tp 2,4,8 --variant "
               "standard,ladder --batch 1:64:x2 -o sweep.csv -j 2",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
