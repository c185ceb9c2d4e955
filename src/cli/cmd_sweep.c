/* tpsim sweep: a grid or a file of points to CSV. */
#include "config.h"

#include "base/file.h"
#include "base/hash.h"
#include "cli/points.h"
#include "cli/rows.h"
#include "command/build.h"
#include "command/keep.h"
#include "command/progress.h"
#include "sweep/sidecar.h"
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

static enum tp_status read_input(struct tp_session *session, struct tp_catalog *catalog,
                                 const char *file, const char **text, struct tp_error *error)
{
  TP_TRY(tp_file_read(file, session->arena, text, error));
  char hash[TP_HASH_CHARS];
  tp_hash_text(*text, hash);
  tp_catalog_add_input(catalog, file, hash);
  return TP_OK;
}

/* Options, then the YAML file for what they leave open, then the points file over both. */
static enum tp_status make_grid(struct tp_session *session, const struct args *args,
                                const struct tp_words *positional, struct tp_catalog *catalog,
                                struct tp_grid *grid, struct tp_error *error)
{
  const char *text;
  TP_TRY(tp_points_grid(session, &args->points, grid, error));
  if (positional->n == 1) {
    TP_TRY(read_input(session, catalog, positional->items[0], &text, error));
    TP_TRY(tp_grid_read_yaml(grid, positional->items[0], text, session->arena, error));
  }
  if (args->file != NULL) {
    struct tp_csv *csv = TP_NEW(session->arena, struct tp_csv, 1);
    TP_TRY(read_input(session, catalog, args->file, &text, error));
    TP_TRY(tp_csv_parse(args->file, text, session->arena, csv, error));
    TP_TRY(tp_grid_take_points(grid, csv, NULL, session->arena, error));
    const char *const overruled = tp_grid_overruled(grid, "", session->arena);
    if (overruled[0] != '\0')
      tp_command_note(overruled);
  }
  return tp_grid_check(grid, catalog, error);
}

/* The command line without what changes no byte of the result: -j and --resume. */
static struct tp_words command_words(const struct tp_session *session)
{
  struct tp_words words = {.n = 0};
  TP_APPEND(session->arena, words.items, words.n, "tpsim");
  for (size_t i = 1; i < session->n_arguments; i++) {
    const char *const word = session->argv[i];
    if (strcmp(word, "-j") == 0 || strcmp(word, "--jobs") == 0)
      i++;
    else if (strncmp(word, "-j", 2) != 0 && strncmp(word, "--jobs=", 7) != 0 &&
             strcmp(word, "--resume") != 0)
      TP_APPEND(session->arena, words.items, words.n, word);
  }
  return words;
}

/* Neither the result nor its sidecar takes the place of what they are made from. */
static enum tp_status keep_inputs(const struct tp_session *session, const struct args *args,
                                  const struct tp_catalog *catalog, struct tp_error *error)
{
  const char *const out = args->out;
  if (out == NULL)
    return TP_OK;
  if (args->file != NULL)
    TP_TRY(
        tp_command_keep(tp_arena_printf(session->arena, "%s.json", args->file), "-o", out, error));
  TP_TRY(tp_session_keep(session, catalog, "-o", out, error));
  return tp_session_keep(session, catalog, "-o", tp_arena_printf(session->arena, "%s.json", out),
                         error);
}

static void show_progress(void *data, size_t done)
{
  tp_progress_step(data, done);
}

/* Says where a result that is given back would not give its own numbers. */
static void say_differences(const struct tp_session *session, const struct args *args,
                            const struct tp_catalog *catalog)
{
  if (args->file == NULL)
    return;
  const struct tp_notes notes = tp_sidecar_differences(args->file, catalog, session->argv,
                                                       session->n_arguments, session->arena);
  tp_command_notes(&notes);
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
  const struct tp_words words = command_words(session);
  char build[TP_BUILD_CHARS];
  tp_build_id(build);
  const struct tp_sweep_file target = {.file = args->out,
                                       .resume = args->resume,
                                       .version = PACKAGE_VERSION,
                                       .build = build,
                                       .command = words.items,
                                       .n_command = words.n};
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
    status = keep_inputs(session, args, &catalog, error);
  if (status != TP_OK)
    return status;
  say_differences(session, args, &catalog);
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
