/* tpsim check: has a predicted figure moved away from its baseline? */
#include "base/output.h"
#include "cli/check_make.h"
#include "cli/points.h"
#include "command/keep.h"
#include "command/table.h"
#include "judge/baseline.h"

#include <math.h>
#include <string.h>

struct args {
  const char *format, *junit, *make, *out;
  struct tp_words metrics, tolerances;
#define TEXT(name, option, placeholder, help)     const char *name;
#define SETTINGS(name, option, placeholder, help) struct tp_words name;
  TP_UNTOLD_LIST(TEXT, SETTINGS)
#undef TEXT
#undef SETTINGS
  bool update, github;
};

static const struct tp_option options[] = {
    {"update", '\0', TP_OPTION_FLAG, offsetof(struct args, update), NULL,
     "write what is predicted now into BASELINE.csv where it moved"},
    {"make", '\0', TP_OPTION_TEXT, offsetof(struct args, make), "RESULT.csv",
     "make a baseline from the result of a sweep or of serve"},
    {"out", 'o', TP_OPTION_TEXT, offsetof(struct args, out), "BASELINE.csv",
     "where --make writes it [standard output]"},
    {"metrics", '\0', TP_OPTION_WORDS, offsetof(struct args, metrics), "C[,C]",
     "figures that --make holds [ttft_s,tpot_s,e2e_s,speedup,memory_bytes]"},
    {"tolerance", '\0', TP_OPTION_SETTINGS, offsetof(struct args, tolerances), "[C=]X[%]",
     "--make: how far a figure may move, absolute or in percent [1%]"},
    {"junit", '\0', TP_OPTION_TEXT, offsetof(struct args, junit), "FILE",
     "write the rows as JUnit XML, too"},
    {"github", '\0', TP_OPTION_FLAG, offsetof(struct args, github), NULL,
     "print annotations of GitHub Actions in place of the table"},
    TP_FORMAT_OPTION(args),
#define TEXT(name, option, placeholder, help) \
  {option, '\0', TP_OPTION_TEXT, offsetof(struct args, name), placeholder, help},
#define SETTINGS(name, option, placeholder, help) \
  {option, '\0', TP_OPTION_SETTINGS, offsetof(struct args, name), placeholder, help},
    TP_UNTOLD_LIST(TEXT, SETTINGS)
#undef TEXT
#undef SETTINGS
};

/* Of an update what it changes, with the change in percent. */
static void print(const struct tp_baseline *baseline, bool update, enum tp_format format,
                  struct tp_arena *arena)
{
  static const char *const headers[] = {"figure", "baseline", "tolerance",     "predicted",
                                        "change", "verdict",  "change_percent"};
  static const bool is_text[] = {true, false, false, false, false, true, false};
  struct tp_table table = {
      .arena = arena, .n_columns = update ? 7 : 6, .headers = headers, .is_text = is_text};
  for (size_t i = 0; i < baseline->n_rows; i++) {
    const struct tp_checked *row = &baseline->rows[i];
    if (update && row->passed)
      continue;
    const double change = row->predicted - row->baseline;
    const bool ran = row->lost == NULL;
    tp_table_add(&table, row->name);
    const double numbers[] = {row->baseline, row->tolerance, row->predicted, change};
    for (int c = 0; c < 4; c++)
      tp_table_add(&table, isnan(numbers[c]) ? ""
                           : format == TP_FORMAT_TABLE
                               ? tp_table_number(&table, numbers[c])
                               : tp_arena_printf(arena, "%.9g", numbers[c]));
    tp_table_add(&table, row->passed ? "ok" : ran ? "moved" : tp_checked_verdict(row, arena));
    if (update)
      tp_table_add(&table, ran && row->baseline != 0
                               ? tp_arena_printf(arena, "%.2f", 100 * change / fabs(row->baseline))
                               : "");
  }
  tp_table_write(&table, format, stdout);
}

static enum tp_status write_junit(const struct tp_session *session, const char *file,
                                  const struct tp_baseline *baseline, const char *fault,
                                  struct tp_error *error)
{
  struct tp_output output;
  TP_TRY(tp_output_open(file, session->arena, &output, error));
  tp_baseline_write_junit(baseline, fault, session->arena, output.stream);
  return tp_output_commit(&output, error);
}

static size_t count(const struct tp_baseline *baseline, bool lost_only)
{
  size_t n = 0;
  for (size_t i = 0; i < baseline->n_rows; i++)
    n += !baseline->rows[i].passed && (!lost_only || baseline->rows[i].lost != NULL);
  return n;
}

static enum tp_status update(const struct tp_session *session, const struct tp_baseline *baseline,
                             struct tp_error *error)
{
  struct tp_output output;
  const size_t n_lost = count(baseline, true);
  if (n_lost > 0)
    return tp_fail(error, TP_E_CHECK,
                   "%s: %zu of %zu points are lost, so nothing was written; mend them or take "
                   "their rows out",
                   baseline->path, n_lost, baseline->n_rows);
  if (count(baseline, false) == 0)
    return TP_OK;
  TP_TRY(tp_output_open(baseline->path, session->arena, &output, error));
  tp_baseline_write_renewed(baseline, output.stream);
  return tp_output_commit(&output, error);
}

static enum tp_status verdict(const struct tp_baseline *baseline, struct tp_error *error)
{
  const size_t n = count(baseline, false), n_lost = count(baseline, true);
  if (n == 0)
    return TP_OK;
  return tp_fail(error, TP_E_CHECK,
                 "%s: %zu of %zu figures moved beyond their tolerance%s; if that is meant, renew "
                 "the baseline (--update)",
                 baseline->path, n, baseline->n_rows, n_lost > 0 ? " or are lost" : "");
}

/* An option of the other half of this command would change nothing. */
static enum tp_status refuse_idle(const struct args *args, struct tp_error *error)
{
  const struct {
    const char *name;
    bool given;
  } of_make[] = {{"--metrics", args->metrics.n > 0},
                 {"--tolerance", args->tolerances.n > 0},
                 {"--out", args->out != NULL}},
    of_check[] = {{"--update", args->update},
                  {"--junit", args->junit != NULL},
                  {"--github", args->github},
                  {"--format", args->format != NULL},
#define TEXT(name, option, placeholder, help)     {"--" option, args->name != NULL},
#define SETTINGS(name, option, placeholder, help) {"--" option, args->name.n > 0},
                  TP_UNTOLD_LIST(TEXT, SETTINGS)
#undef TEXT
#undef SETTINGS
    };
  for (size_t i = 0; args->make == NULL && i < sizeof of_make / sizeof *of_make; i++)
    if (of_make[i].given)
      return tp_fail(error, TP_E_INPUT,
                     "%s: belongs to --make; a baseline that is checked has its figures and "
                     "tolerances in its rows",
                     of_make[i].name);
  for (size_t i = 0; args->make != NULL && i < sizeof of_check / sizeof *of_check; i++)
    if (of_check[i].given)
      return tp_fail(error, TP_E_INPUT,
                     "%s: --make predicts nothing and prints a baseline alone; give it to the "
                     "check of that",
                     of_check[i].name);
  if (args->github && args->format != NULL)
    return tp_fail(error, TP_E_INPUT,
                   "--github prints annotations in place of the table; drop --format");
  return TP_OK;
}

static enum tp_status check(struct tp_session *session, const struct args *args, const char *file,
                            struct tp_catalog *catalog, struct tp_baseline *baseline,
                            struct tp_error *error)
{
  struct tp_grid untold;
  tp_grid_clear(&untold);
  TP_TRY(tp_points_untold(session, args->detail, args->collective, &untold, error));
  return tp_baseline_check(file, &untold, catalog, session->arena, baseline, error);
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  const struct args *args = values;
  enum tp_format format;
  struct tp_baseline baseline;
  TP_TRY(tp_format_parse(args->format, session->arena, &format, error));
  TP_TRY(refuse_idle(args, error));
  if (args->make != NULL) {
    TP_TRY(tp_command_expect(positional, 0, 0, "", error));
    const struct tp_check_make made = {args->make, args->out, &args->metrics, &args->tolerances};
    return tp_check_make(session, &made, error);
  }
  TP_TRY(tp_command_expect(positional, 1, 1, "the baseline (a CSV)", error));
  struct tp_catalog catalog = tp_session_catalog(session, &args->sets, args->device);
  const char *file = NULL;
  TP_TRY(tp_datadir_find(session->dirs, "baseline", "results/baselines", ".csv",
                         positional->items[0], session->arena, &file, error));
  TP_TRY(tp_command_keep(file, "--junit", args->junit, error));
  const enum tp_status status = check(session, args, file, &catalog, &baseline, error);
  if (args->junit != NULL) {
    TP_TRY(tp_session_keep(session, &catalog, "--junit", args->junit, error));
    struct tp_error reason;
    const enum tp_status written =
        write_junit(session, args->junit, &baseline, status != TP_OK ? error->text : NULL, &reason);
    if (written != TP_OK && status == TP_OK)
      return tp_fail(error, written, "%s", reason.text);
  }
  if (status != TP_OK)
    return status;
  if (args->github)
    tp_baseline_write_annotations(&baseline, session->arena, stdout);
  else
    print(&baseline, args->update, format, session->arena);
  return args->update ? update(session, &baseline, error) : verdict(&baseline, error);
}

const struct tp_command tp_command_check = {
    .name = "check",
    .summary = "has a predicted figure moved away from its baseline? exit 1 if so",
    .usage = "BASELINE.csv [--update] | --make RESULT.csv -o BASELINE.csv",
    .details =
        "A baseline has the input columns of the result CSV and: metric (an output column),\n"
        "baseline, tolerance (absolute) and tolerance_ratio (a share of it): one or both, the\n"
        "wider counts. --make writes one from any sweep; --update shows what moved, with its\n"
        "change, and writes that. A point that cannot run any more is lost, which fails. What\n"
        "the sweep was given and no column tells (--device, --collective, --set) is given again.",
    .example = "tpsim check ladder-70b --junit check.xml",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
