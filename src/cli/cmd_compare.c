/* tpsim compare: predict with every variant. */
#include "cli/collectives_table.h"
#include "cli/points.h"
#include "cli/rows.h"
#include "cli/timeline_file.h"

struct args {
  struct tp_points points;
  const char *format, *timeline;
  bool collectives;
};

static const struct tp_option options[] = {
    TP_POINTS_OPTIONS
    TP_POINTS_PHASE_OPTION TP_TIMELINE_OPTION(args),
    TP_FORMAT_OPTION(args),
    {"collectives", '\0', TP_OPTION_FLAG, offsetof(struct args, collectives), NULL,
     "compare all-reduce algorithms of a machine by size instead"},
};

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  struct args *args = values;
  if (args->points.variant.n == 0 && !args->collectives)
    for (size_t i = 0; tp_architectures[i] != NULL; i++)
      TP_APPEND(session->arena, args->points.variant.items, args->points.variant.n,
                tp_architectures[i]->name);
  struct tp_asked asked;
  TP_TRY(tp_asked_read(session, positional, &args->points, args->format, &asked, error));
  if (args->collectives && args->timeline != NULL)
    return tp_fail(error, TP_E_INPUT, "--timeline shows points, not --collectives; drop one");
  if (args->collectives)
    return tp_collectives_print(session, &args->points, asked.format, error);
  TP_TRY(tp_grid_check(&asked.grid, &asked.catalog, error));
  struct tp_prediction *rows;
  size_t n_rows;
  TP_TRY(tp_points_predict(session, &asked.grid, &asked.catalog, &rows, &n_rows, error));
  if (args->timeline != NULL)
    TP_TRY(tp_timeline_file_write(session, args->timeline, &asked.grid, &asked.catalog, error));
  const size_t n_variants = args->points.variant.n;
  if (asked.format == TP_FORMAT_TABLE && n_rows > n_variants && n_variants > 1)
    tp_rows_print_side_by_side(rows, n_rows, n_variants, session->arena, stdout);
  else
    tp_rows_print(rows, n_rows, asked.format, session->arena, stdout);
  return TP_OK;
}

const struct tp_command tp_command_compare = {
    .name = "compare",
    .summary = "every variant side by side, with its speedup over standard",
    .usage = "--model M --platform P [OPTIONS]",
    .details =
        "With --collectives and no model: all-reduces of --platform at --tp, 1 KiB to 1 GiB,\n"
        "by every algorithm that can run there and by the wires of --variant.\n"
        "`tpsim plot collectives` draws its CSV.",
    .example = "tpsim compare --model llama-3.1-70b --platform dgx-h100 --tp 8 --batch 1,16",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
