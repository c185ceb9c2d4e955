/* nccl-tests' output as one table: which rows are meant, what they are, and their checks. */
#include "fit/nccl_rows.h"
#include "platform/platform.h"

#include <string.h>
#include <strings.h>

bool tp_nccl_tests_is(const char *text)
{
  static const char *const signs[] = {"# nThread", "algbw", "alg_bw", "algBw", "AlgBW", "oop_time"};
  const char *const line_end = strchr(text, '\n');
  const char *const ours = strstr(text, "time_us");
  if (ours != NULL && (line_end == NULL || ours < line_end))
    return false;
  for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
    if (strstr(text, signs[i]) != NULL)
      return true;
  return false;
}

static enum tp_status find_op(const struct tp_nccl_reader *reader, enum tp_nccl_op *op)
{
  const char *names[TP_NCCL_OTHER];
  const char *const asked = reader->request->op;
  *op = TP_NCCL_UNNAMED;
  for (int i = 0; asked != NULL && i < TP_NCCL_OTHER; i++) {
    names[i] = tp_nccl_op_name((enum tp_nccl_op)i);
    if (strcmp(asked, names[i]) == 0 || (i == TP_NCCL_ALL_TO_ALL && strcmp(asked, "alltoall") == 0))
      *op = (enum tp_nccl_op)i;
  }
  if (asked == NULL || *op != TP_NCCL_UNNAMED)
    return TP_OK;
  const enum tp_nccl_op other = tp_nccl_op_of(asked);
  if (other >= TP_NCCL_OTHER && other < TP_NCCL_UNNAMED)
    return tp_fail(reader->error, TP_E_INPUT, "--op: no %s is modelled; " TP_NCCL_OURS " are read",
                   tp_nccl_op_name(other));
  return tp_fail(reader->error, TP_E_INPUT, "--op: no collective '%.32s'%s", asked,
                 tp_text_hint(reader->arena, asked, names, TP_NCCL_OTHER));
}

static size_t count(const struct tp_nccl_reader *reader, enum tp_nccl_op op)
{
  size_t n = 0;
  for (size_t i = 0; i < reader->n_rows; i++)
    n += reader->rows[i].op == op;
  return n;
}

static void leave_out(struct tp_nccl_reader *reader, enum tp_nccl_op op)
{
  size_t n = 0;
  for (size_t i = 0; i < reader->n_rows; i++)
    if (reader->rows[i].op != op)
      reader->rows[n++] = reader->rows[i];
  reader->n_rows = n;
}

static void note(const struct tp_nccl_reader *reader, struct tp_notes *notes, const char *text)
{
  TP_APPEND(reader->arena, notes->texts, notes->n,
            tp_arena_printf(reader->arena, "%s: %s", reader->file, text));
}

/* Whether a row whose collective the output does not name can be of `op`: those that reduce have an
 * operation, the others none, and no collective of ours has a root. */
static bool can_be(const struct tp_nccl_row *row, enum tp_nccl_op op)
{
  const bool reduces = op == TP_NCCL_ALL_REDUCE || op == TP_NCCL_REDUCE_SCATTER;
  return !row->rooted &&
         (row->redop[0] == '\0' || (strcasecmp(row->redop, "none") != 0) == reduces);
}

/* Rows without a name become those that were asked for, and those that cannot be are left out. */
static enum tp_status name_rows(struct tp_nccl_reader *reader, enum tp_nccl_op asked,
                                struct tp_notes *notes)
{
  const char *const name = tp_nccl_op_name(asked), *redop = "";
  size_t n = 0;
  for (size_t i = reader->n_rows; i-- > 0;) {
    struct tp_nccl_row *const row = &reader->rows[i];
    if (row->op != TP_NCCL_UNNAMED)
      continue;
    if (can_be(row, asked)) {
      row->op = asked;
      continue;
    }
    n++;
    reader->line = row->line;
    redop = row->rooted ? "a root" : tp_arena_printf(reader->arena, "redop %.16s", row->redop);
  }
  if (n > 0 && n == reader->n_rows)
    return tp_nccl_fail(reader, tp_arena_printf(reader->arena,
                                                "has %s, as no %s has; say with --op which "
                                                "collective ran",
                                                redop, name));
  if (n > 0)
    note(reader, notes,
         tp_arena_printf(reader->arena,
                         "%zu rows left out, from line %d on: they have %s, as no %s "
                         "has",
                         n, reader->line, redop, name));
  leave_out(reader, TP_NCCL_UNNAMED);
  return TP_OK;
}

/* A log of nothing but a broadcast holds times, and none that counts here. */
static enum tp_status check_ours(const struct tp_nccl_reader *reader)
{
  for (size_t i = 0; i < reader->n_rows; i++)
    if (reader->rows[i].op < TP_NCCL_OTHER || reader->rows[i].op == TP_NCCL_UNNAMED)
      return TP_OK;
  if (reader->n_rows == 0)
    return TP_OK;
  return tp_fail(reader->error, TP_E_INPUT,
                 "%s:%d: holds times of %s, which nothing here models; " TP_NCCL_OURS " are read",
                 reader->file, reader->rows[0].line, tp_nccl_op_name(reader->rows[0].op));
}

/* Rows of the collective that was asked for where there are any; what the log says of the others
 * counts more than what was asked. */
static enum tp_status choose_op(struct tp_nccl_reader *reader, struct tp_notes *notes)
{
  enum tp_nccl_op asked;
  TP_TRY(find_op(reader, &asked));
  TP_TRY(check_ours(reader));
  if (asked != TP_NCCL_UNNAMED)
    TP_TRY(name_rows(reader, asked, notes));
  const bool has_asked = asked != TP_NCCL_UNNAMED && count(reader, asked) > 0;
  for (int op = 0; op < TP_NCCL_UNNAMED; op++) {
    const char *const name = tp_nccl_op_name((enum tp_nccl_op)op);
    const size_t n = count(reader, (enum tp_nccl_op)op);
    if (n == 0 || op == (int)asked)
      continue;
    if (has_asked || op >= TP_NCCL_OTHER) {
      note(reader, notes, tp_arena_printf(reader->arena, "%zu rows of %s left out", n, name));
      leave_out(reader, (enum tp_nccl_op)op);
    } else if (asked != TP_NCCL_UNNAMED) {
      note(reader, notes,
           tp_arena_printf(reader->arena, "%zu rows are %s, as the log names it, not %s of --op", n,
                           name, tp_nccl_op_name(asked)));
    }
  }
  return TP_OK;
}

static enum tp_status check_row(struct tp_nccl_reader *reader, struct tp_nccl_row *row)
{
  const int asked = reader->request->ranks;
  reader->line = row->line;
  if (row->op == TP_NCCL_UNNAMED)
    return tp_nccl_fail(reader, "the output does not name its collective; say it with --op");
  if (row->ranks == 0)
    row->ranks = asked;
  if (asked != 0 && row->ranks != asked)
    return tp_nccl_fail(reader, tp_arena_printf(reader->arena,
                                                "ran on %d ranks, and --ranks says %d; leave "
                                                "--ranks out",
                                                row->ranks, asked));
  if (row->ranks == 0)
    return tp_nccl_fail(reader,
                        "neither '# Rank' lines nor a field say on how many ranks it ran; give "
                        "--ranks N");
  if (row->ranks < 2 || row->ranks > TP_MAX_GPUS)
    return tp_nccl_fail(reader,
                        tp_arena_printf(reader->arena, "ran on %d ranks; a collective has 2 to %d",
                                        row->ranks, TP_MAX_GPUS));
  return TP_OK;
}

static enum tp_status make_table(struct tp_nccl_reader *reader, struct tp_csv *csv)
{
  static const char *const columns[] = {"op",      "ranks", "bytes",          "dtype",
                                        "time_us", "hosts", "ranks_per_host", "gpu"};
  enum { N_COLUMNS = sizeof columns / sizeof columns[0] };
  *csv = (struct tp_csv){.path = tp_arena_strdup(reader->arena, reader->file),
                         .n_columns = N_COLUMNS,
                         .n_rows = reader->n_rows,
                         .columns = TP_NEW(reader->arena, const char *, N_COLUMNS),
                         .cells = TP_NEW(reader->arena, const char *, N_COLUMNS * reader->n_rows),
                         .lines = TP_NEW(reader->arena, int, reader->n_rows)};
  memcpy(csv->columns, columns, sizeof columns);
  for (size_t i = 0; i < reader->n_rows; i++) {
    struct tp_nccl_row *const row = &reader->rows[i];
    TP_TRY(check_row(reader, row));
    const char **const cells = csv->cells + i * N_COLUMNS;
    csv->lines[i] = row->line;
    cells[0] = tp_nccl_op_name(row->op);
    cells[1] = tp_arena_printf(reader->arena, "%d", row->ranks);
    cells[2] = tp_arena_printf(reader->arena, "%.17g", row->bytes);
    cells[3] = row->dtype;
    cells[4] = tp_arena_printf(reader->arena, "%.17g", row->time_us);
    cells[5] = row->hosts > 0 ? tp_arena_printf(reader->arena, "%d", row->hosts) : "";
    cells[6] = row->hosts > 0 ? tp_arena_printf(reader->arena, "%d", row->ranks_per_host) : "";
    cells[7] = row->gpu != NULL ? row->gpu : "";
  }
  return TP_OK;
}

enum tp_status tp_nccl_tests_parse(const char *file, const char *text,
                                   const struct tp_nccl_tests_request *request,
                                   struct tp_arena *arena, struct tp_csv *csv,
                                   struct tp_notes *notes, struct tp_error *error)
{
  struct tp_nccl_reader reader = {
      .file = file, .request = request, .arena = arena, .error = error, .line = 1};
  bool is_report = false;
  TP_TRY(tp_nccl_read_json(&reader, text, &is_report));
  if (!is_report)
    TP_TRY(tp_nccl_read_text(&reader, text));
  bool was_ms;
  TP_TRY(tp_nccl_settle_unit(&reader, &was_ms));
  if (was_ms)
    note(&reader, notes, "times are taken as milliseconds, which their algbw says they are");
  TP_TRY(choose_op(&reader, notes));
  if (reader.n_rows == 0)
    return tp_fail(error, TP_E_INPUT,
                   "%s:1: holds no %stime of nccl-tests for a collective of ours; give its whole "
                   "output",
                   file, request->in_place ? "in-place " : "");
  return make_table(&reader, csv);
}
