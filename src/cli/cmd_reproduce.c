/* tpsim reproduce: published figures against predicted ones. */
#include "cli/command.h"
#include "command/table.h"
#include "judge/reproduce.h"

#include <math.h>
#include <string.h>

struct args {
  const char *format;
  struct tp_words sets;
};

static const struct tp_option options[] = {
    TP_FORMAT_OPTION(args),
    {"set", '\0', TP_OPTION_SETTINGS, offsetof(struct args, sets), "KEY=VALUE",
     "change one value of every platform, device or stack for this run"},
};

static const char *const headers[] = {"paper",     "case",      "metric",    "unit",
                                      "published", "predicted", "error_abs", "error_rel"};
static const bool is_text[] = {true, true, true, true, false, false, false, false};

static void add_number(struct tp_table *table, const char *format, double number)
{
  tp_table_add(table, isnan(number) ? "" : tp_arena_printf(table->arena, format, number));
}

static void fill(struct tp_table *table, const struct tp_reproduced *rows, size_t n, bool exact)
{
  for (size_t i = 0; i < n; i++) {
    const struct tp_reproduced *row = &rows[i];
    tp_table_add(table, row->paper);
    tp_table_add(table, row->label);
    tp_table_add(table, row->metric);
    tp_table_add(table, row->unit);
    add_number(table, exact ? "%.9g" : "%.4g", row->published);
    add_number(table, exact ? "%.9g" : "%.4g", row->predicted);
    add_number(table, exact ? "%.9g" : "%+.3g", row->error_abs);
    add_number(table, exact ? "%.9g" : "%+.3f", row->error_rel);
  }
}

/* Errors of the figures of a table, or of all. */
struct summary {
  double sum, worst;
  size_t n;
};

static void add_summary(struct summary *summary, const struct tp_reproduced *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (isnan(rows[i].error_rel))
      continue;
    summary->sum += fabs(rows[i].error_rel);
    summary->worst = fmax(summary->worst, fabs(rows[i].error_rel));
    summary->n++;
  }
}

static void print_summary(const char *what, const struct summary *summary)
{
  if (summary->n > 0)
    printf("%s: mean error %.1f %%, worst %.1f %%, over %zu figures\n", what,
           100 * summary->sum / (double)summary->n, 100 * summary->worst, summary->n);
}

/* For programs, a row like the others. */
static void fill_summary(struct tp_table *table, const char *what, const struct summary *summary)
{
  const struct tp_reproduced row = {
      .paper = what,
      .label = tp_arena_printf(table->arena, "mean of %zu figures", summary->n),
      .metric = "error_rel",
      .unit = "ratio",
      .published = (double)NAN,
      .predicted = (double)NAN,
      .error_abs = (double)NAN,
      .error_rel = summary->sum / (double)summary->n};
  if (summary->n > 0)
    fill(table, &row, 1, true);
}

static void print_missing(const struct tp_reproduced *rows, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(rows[i].status, "ok") != 0)
      printf("not predicted: %s: %s\n", rows[i].label, rows[i].status);
}

static enum tp_status reproduce(struct tp_session *session, const struct args *args,
                                const char *const *names, size_t n_names, struct tp_error *error)
{
  enum tp_format format;
  TP_TRY(tp_format_parse(args->format, session->arena, &format, error));
  struct tp_table table = {
      .arena = session->arena, .n_columns = 8, .headers = headers, .is_text = is_text};
  struct summary all = {0};
  for (size_t i = 0; i < n_names; i++) {
    struct tp_catalog catalog = tp_session_catalog(session, &args->sets, NULL);
    const char *file = NULL;
    struct tp_reproduced *rows = NULL;
    size_t n = 0;
    TP_TRY(tp_datadir_find(session->dirs, "published table", "results/published", ".csv", names[i],
                           session->arena, &file, error));
    TP_TRY(tp_reproduce(file, &catalog, session->arena, &rows, &n, error));
    struct summary one = {0};
    add_summary(&one, rows, n);
    add_summary(&all, rows, n);
    fill(&table, rows, n, format != TP_FORMAT_TABLE);
    if (format != TP_FORMAT_TABLE)
      continue;
    tp_table_print(&table, stdout);
    table.cells.n = 0;
    print_missing(rows, n);
    if (n_names > 1)
      print_summary(names[i], &one);
  }
  const char *const what = n_names > 1 ? "all" : names[0];
  if (format == TP_FORMAT_TABLE) {
    print_summary(what, &all);
    return TP_OK;
  }
  fill_summary(&table, what, &all);
  tp_table_write(&table, format, stdout);
  return TP_OK;
}

static enum tp_status run(struct tp_session *session, void *values,
                          const struct tp_words *positional, struct tp_error *error)
{
  TP_TRY(tp_command_expect(positional, 1, 1,
                           "what to reproduce (ladder, kraken, t3, flash, spd, parallel-track, "
                           "tokenweave, megatron, all)",
                           error));
  if (strcmp(positional->items[0], "all") != 0)
    return reproduce(session, values, positional->items, 1, error);
  const char **names;
  size_t n;
  TP_TRY(tp_datadir_list(session->dirs, "results/published", ".csv", session->arena, &names, &n,
                         error));
  return reproduce(session, values, names, n, error);
}

#define TABLES "ladder|kraken|t3|flash|spd|parallel-track|tokenweave|megatron|all"

const struct tp_command tp_command_reproduce = {
    .name = "reproduce",
    .summary = "published figures against predicted ones, row by row, with the error",
    .usage = TABLES "|FILE.csv [OPTIONS]",
    .words = TABLES,
    .example = "tpsim reproduce ladder",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .values_size = sizeof(struct args),
    .run = run,
};
