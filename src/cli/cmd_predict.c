/* tpsim predict */
#include "cli/points.h"
#include "cli/rows.h"
#include "cli/timeline_file.h"

#include <string.h>

struct args {
  struct tp_points points;
  const char *format, *timeline;
};

static const struct tp_option options[] = {
    TP_POINTS_OPTIONS
    TP_POINTS_PHASE_OPTION
    TP_TIMELINE_OPTION(args),
    TP_FORMAT_OPTION(args),
};

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  struct tp_asked asked;
  TP_TRY(tp_asked_read(session, positional, &args->points, args->format, &asked, error));
  TP_TRY(tp_grid_check(&asked.grid, &asked.catalog, error));
  struct tp_prediction *rows;
  size_t n_rows;
  TP_TRY(tp_points_predict(session, &asked.grid, &asked.catalog, &rows, &n_rows, error));
  if (args->timeline != NULL)
    TP_TRY(tp_timeline_file_write(session, args->timeline, &asked.grid, &asked.catalog, error));
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
