/* tpsim predict */
#include "base/output.h"
#include "cli/points.h"
#include "cli/rows.h"

#include <string.h>

struct args {
  struct tp_points points;
  const char *format, *timeline;
};

static const struct tp_option options[] = {
    TP_POINTS_OPTIONS(args),
    TP_PHASE_OPTION(args),
    {"timeline", '\0', TP_OPTION_TEXT, offsetof(struct args, timeline), "FILE",
     "write prefill and one decode step as trace events (Perfetto)"},
    TP_FORMAT_OPTION(args),
};

static enum tp_status write_timeline(struct tp_session *session, const char *file,
                                     const struct tp_point *point, struct tp_error *error)
{
  struct tp_predictor *predictor = tp_predictor_create();
  static const char *const stream_names[TP_MAX_STREAMS] = {"compute", "communication", "stream 2",
                                                           "stream 3"};
  struct tp_timeline timeline = {.arena = session->arena, .stream_names = stream_names};
  struct tp_output output;
  enum tp_status status = tp_predict_timeline(predictor, point, &timeline, error);
  if (status == TP_OK)
    status = tp_output_open(file, session->arena, &output, error);
  if (status == TP_OK) {
    tp_timeline_write(&timeline, output.stream);
    status = tp_output_commit(&output, error);
  }
  tp_predictor_free(predictor);
  return status;
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  struct tp_asked asked;
  TP_TRY(tp_asked_read(session, positional, &args->points, args->format, &asked, error));
  TP_TRY(tp_grid_check(&asked.grid, &asked.catalog, error));
  const size_t n = tp_grid_size(&asked.grid);
  if (args->timeline != NULL && n != 1)
    return tp_fail(error, TP_E_INPUT, "--timeline shows one point and these are %zu; shorten lists",
                   n);
  struct tp_prediction *rows;
  size_t n_rows;
  TP_TRY(tp_points_predict(session, &asked.grid, &asked.catalog, &rows, &n_rows, error));
  if (args->timeline != NULL) {
    struct tp_point point;
    TP_TRY(tp_grid_point(&asked.grid, &asked.catalog, 0, &point, error));
    TP_TRY(write_timeline(session, args->timeline, &point, error));
  }
  if (asked.format == TP_FORMAT_TABLE && n_rows == 1)
    tp_row_print_details(&rows[0], stdout);
  else
    tp_rows_print(rows, n_rows, asked.format, session->arena, stdout);
  if (n_rows == 1 && strcmp(rows[0].status, "ok") != 0)
    return tp_fail(error, TP_E_INPUT, "%s", rows[0].status);
  return TP_OK;
}

const struct tp_command tp_command_predict = {
    .name = "predict",
    .summary = "time to first token, time per token and memory of one or more points",
    .usage = "--model M --platform P [OPTIONS]",
    .details =
        "Intervals are the 10 % and 90 % quantiles of a lognormal distribution: the spread of\n"
        "the fits of all kernels and collectives, and that of the stack. A point that cannot\n"
        "run is a row that says why, and exit status 2 where it is the only one.\n"
        "`tpsim list columns` explains the columns.",
    .example = "tpsim predict --model llama-3.1-70b --platform dgx-h100 --tp 8 --variant ladder",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
