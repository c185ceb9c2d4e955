/* Logs of nccl-tests, with whatever launchers put before and others between, and CSV reports. */
#include "fit/nccl_hosts.h"
#include "fit/nccl_line.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns by what they are; -1: none.  `size` begins a row of a log. */
struct header {
  size_t n; /* 0: none since the run began */
  bool comma;
  int size, type, time, time_in_place, wrong[2], collective, ranks, in_place, redop, root;
};

struct log {
  struct tp_nccl_reader *reader;
  struct header header;
  struct tp_nccl_hosts hosts; /* of this run */
  enum tp_nccl_op op, only;   /* of this run; the one that the whole log names */
  bool several;               /* `only` is not */
  size_t run_begin, named_at;
};

static double number_of(const char *word)
{
  double number;
  return tp_text_number(word, &number) ? number : (double)NAN;
}

static bool is_count(const char *word)
{
  return word[0] != '\0' && strspn(word, "0123456789") == strlen(word);
}

static void add_column(struct header *header, const char *name, int column)
{
  switch (tp_nccl_field_of(name)) {
  case TP_NCCL_SIZE:
    header->size = column;
    break;
  case TP_NCCL_TYPE:
    header->type = column;
    break;
  case TP_NCCL_TIME: /* the second one is that of the in-place runs */
    *(header->time < 0 ? &header->time : &header->time_in_place) = column;
    break;
  case TP_NCCL_TIME_IN_PLACE:
    header->time_in_place = column;
    break;
  case TP_NCCL_WRONG:
    header->wrong[header->wrong[0] >= 0] = column;
    break;
  case TP_NCCL_COLLECTIVE:
    header->collective = column;
    break;
  case TP_NCCL_RANKS:
    header->ranks = column;
    break;
  case TP_NCCL_IN_PLACE:
    header->in_place = column;
    break;
  case TP_NCCL_REDOP:
    header->redop = column;
    break;
  case TP_NCCL_ROOT:
    header->root = column;
    break;
  case TP_NCCL_TIME_CPU:
  case TP_NCCL_ALGBW:
  case TP_NCCL_NOTHING:
    break;
  }
}

static enum tp_status read_header(struct log *log, const struct tp_nccl_line *words, bool comma,
                                  bool *is_header)
{
  struct header header = {words->n, comma, -1, -1, -1, -1, {-1, -1}, -1, -1, -1, -1, -1};
  bool cpu_time = false;
  for (size_t i = 0; i < words->n; i++) {
    add_column(&header, words->items[i], (int)i);
    cpu_time = cpu_time || tp_nccl_field_of(words->items[i]) == TP_NCCL_TIME_CPU;
  }
  *is_header = header.size >= 0 && (header.time >= 0 || header.time_in_place >= 0 || cpu_time);
  if (!*is_header)
    return TP_OK;
  if (header.time < 0 && header.time_in_place < 0)
    return tp_nccl_fail(log->reader, "times of the CPU (-C 1), which say when a call returns and "
                                     "not when it is done; run without");
  log->header = header;
  return TP_OK;
}

static void begin_run(struct log *log)
{
  log->hosts = (struct tp_nccl_hosts){.n = 0};
  log->header.n = 0;
  log->run_begin = log->reader->n_rows;
  if (log->named_at < log->reader->n_rows) /* the name was that of the run before */
    log->op = TP_NCCL_UNNAMED;
}

/* "# Rank 0 Group 0 Pid 7 on box01 device 0 [0x1b] NVIDIA H100" */
static void place_rank(struct log *log, int group, const char *line)
{
  struct tp_arena *const arena = log->reader->arena;
  const char *name = strstr(line, " on "), *bus = strstr(line, "] ");
  char *gpu = NULL;
  if (name != NULL) {
    name += 4 + strspn(name + 4, " \t");
    name = tp_arena_printf(arena, "%.*s", (int)strcspn(name, " \t\r\""), name);
  }
  if (bus != NULL) {
    gpu = tp_arena_printf(arena, "%.*s", (int)strcspn(bus + 2, "\r\"\\<"), bus + 2);
    for (size_t n = strlen(gpu); n > 0 && gpu[n - 1] == ' ';)
      gpu[--n] = '\0';
  }
  tp_nccl_hosts_add(&log->hosts, group, name, gpu, arena);
}

static enum tp_status add_rank(struct log *log, int rank, int group, const char *line)
{
  if (rank == 0 && log->hosts.ranks > 0 && group == log->hosts.group) {
    if (log->run_begin == log->reader->n_rows)
      return tp_nccl_fail(log->reader, "rank 0 stands twice in one run: outputs of several "
                                       "processes are mixed; keep one of them");
    begin_run(log);
  }
  place_rank(log, group, line);
  return TP_OK;
}

static void take_name(struct log *log, enum tp_nccl_op op, bool concluded)
{
  log->several = log->several || (log->only != TP_NCCL_UNNAMED && log->only != op);
  log->only = op;
  if (concluded) {
    for (size_t i = log->run_begin; i < log->reader->n_rows; i++)
      if (log->reader->rows[i].op == TP_NCCL_UNNAMED)
        log->reader->rows[i].op = op;
    return;
  }
  log->op = op;
  log->named_at = log->reader->n_rows;
}

/* algbw has two digits behind the point, times have four in all; those of 2017 are in ms. */
static bool agrees(double bytes, double time, const char *algbw)
{
  const double got = number_of(algbw), off = 0.006 + 0.01 * got;
  return time > 0 &&
         (fabs(bytes / time * 1e-3 - got) <= off || fabs(bytes / time * 1e-6 - got) <= off);
}

/* Where the time stands in a row of a log; 0: nowhere.  Columns before it may be blank in rows
 * though the header has them (redop and root of an all-gather). */
static size_t find_time(const struct log *log, const struct tp_nccl_line *row)
{
  const struct header *const header = &log->header;
  const bool in_place = log->reader->request->in_place;
  const double bytes = number_of(row->items[0]);
  if (header->n > 0) {
    const int column = (in_place ? header->time_in_place : header->time) - header->size;
    const size_t n = header->n - (size_t)header->size;
    if (row->n >= n || column < 0)
      return column > 2 ? (size_t)column : 0;
    for (size_t shift = 0; shift <= n - row->n; shift += n - row->n) {
      const size_t at = (size_t)column - shift;
      if (shift + 2 < (size_t)column && at + 1 < row->n &&
          agrees(bytes, number_of(row->items[at]), row->items[at + 1]))
        return at;
    }
    return 0;
  }
  for (size_t at = 3; at <= 5 && at + 1 < row->n; at++)
    if (agrees(bytes, number_of(row->items[at]), row->items[at + 1]))
      return !in_place ? at : at + 5 < row->n ? at + 4 : 0;
  return 0;
}

/* Of the values that a header calls so, counted from the end, where a blank moves nothing. */
static double wrong_in(const struct log *log, const struct tp_nccl_line *row)
{
  const struct header *const header = &log->header;
  double most = 0;
  for (int i = 0; header->n > 0 && i < 2; i++) {
    if (header->wrong[i] < 0)
      continue;
    const size_t from_end = header->n - (size_t)header->wrong[i];
    const size_t n = header->n - (size_t)header->size;
    const size_t at = row->n >= n ? n - from_end : from_end <= row->n ? row->n - from_end : row->n;
    const double wrong = at < row->n ? number_of(row->items[at]) : 0;
    most = wrong > most ? wrong : most;
  }
  return most;
}

/* How many values of a row stand from its first time to the one that is taken. */
static size_t after_first_time(const struct log *log)
{
  const struct header *const header = &log->header;
  if (!log->reader->request->in_place)
    return 0;
  if (header->n == 0)
    return 4;
  return header->time < 0 ? 0 : (size_t)(header->time_in_place - header->time);
}

/* What stands between type and times: redop, root, both or neither.  A redop that its column leaves
 * blank is none. */
static void read_redop(const struct log *log, const struct tp_nccl_line *words, size_t time,
                       struct tp_nccl_row *row)
{
  row->redop = log->header.n > 0 && log->header.redop >= 0 ? "none" : "";
  for (size_t i = 3; i + after_first_time(log) < time; i++) {
    const double root = number_of(words->items[i]);
    if (isnan(root))
      row->redop = words->items[i];
    else
      row->rooted = root >= 0;
  }
}

/* `words` begin with size, count and type. */
static enum tp_status read_row(struct log *log, const struct tp_nccl_line *words)
{
  struct tp_nccl_reader *const reader = log->reader;
  const size_t at = find_time(log, words);
  for (size_t i = 3; i < words->n; i++)
    if (tp_nccl_is_comma_number(words->items[i]))
      return tp_nccl_fail(reader, tp_arena_printf(reader->arena,
                                                  "'%.16s' has a comma for its point; run with "
                                                  "LC_ALL=C, or put points in its place",
                                                  words->items[i]));
  if (at == 0 || at >= words->n)
    return tp_nccl_fail(reader, reader->request->in_place
                                    ? "no in-place time stands in this line; leave --in-place out, "
                                      "or the output as it is"
                                    : "no line of nccl-tests (size, count, type ... time, algbw); "
                                      "leave its output, header included, as it is");
  struct tp_nccl_row row = {.ranks = log->hosts.ranks,
                            .op = log->op,
                            .bytes = number_of(words->items[0]),
                            .time_us = number_of(words->items[at]),
                            .algbw =
                                at + 1 < words->n ? number_of(words->items[at + 1]) : (double)NAN};
  if (!tp_nccl_hosts_are_alike(&log->hosts))
    return tp_nccl_fail(reader, TP_NCCL_UNLIKE);
  read_redop(log, words, at, &row);
  tp_nccl_hosts_say(&log->hosts, &row);
  return tp_nccl_add(reader, &row, words->items[2], wrong_in(log, words));
}

/* "0:1024" -> "1024", where a prefix touches the first number. */
static const char *without_prefix(const char *word)
{
  const char *last = word;
  for (const char *at = word; *at != '\0'; at++)
    if (strchr(":>)]}|", *at) != NULL)
      last = at + 1;
  return last;
}

/* Looks for "1024 256 float" behind any prefix. */
static enum tp_status read_log_line(struct log *log, const struct tp_nccl_line *words)
{
  for (size_t i = 0; i + 2 < words->n; i++) {
    const char *const size = without_prefix(words->items[i]), *dtype;
    if (!is_count(size) || !is_count(words->items[i + 1]) ||
        !tp_nccl_type(words->items[i + 2], &dtype))
      continue;
    struct tp_nccl_line row = {.n = words->n - i};
    memcpy(row.items, words->items + i, row.n * sizeof row.items[0]);
    row.items[0] = size;
    return read_row(log, &row);
  }
  size_t n_numbers = 0;
  for (size_t i = 3; i < words->n; i++)
    n_numbers += isnan(number_of(words->items[i])) ? 0 : 1;
  const bool like_one = n_numbers > 2 && is_count(words->items[0]) && is_count(words->items[1]) &&
                        isalpha((unsigned char)words->items[2][0]);
  return like_one ? read_row(log, words) : TP_OK; /* of a type that is not known: says so */
}

static const char *cell_of(const struct tp_nccl_line *words, int column)
{
  return column >= 0 && (size_t)column < words->n ? words->items[column] : "";
}

static bool is_blank(const struct tp_nccl_line *words)
{
  for (size_t i = 0; i < words->n; i++)
    if (words->items[i][0] != '\0')
      return false;
  return true;
}

static enum tp_status read_csv_line(struct log *log, const struct tp_nccl_line *words)
{
  const struct header *const header = &log->header;
  const bool in_place = log->reader->request->in_place;
  if (is_blank(words))
    return TP_OK;
  if (words->n != header->n)
    return tp_nccl_fail(log->reader, tp_arena_printf(log->reader->arena,
                                                     "%zu cells where the header names %zu columns",
                                                     words->n, header->n));
  const double flag = number_of(cell_of(words, header->in_place));
  if (header->in_place >= 0 && (flag == 1) != in_place)
    return TP_OK;
  const int time = in_place && header->in_place < 0 ? header->time_in_place : header->time;
  if (time < 0)
    return tp_nccl_fail(log->reader, in_place ? "no in-place time; leave --in-place out"
                                              : "no out-of-place time; add --in-place");
  struct tp_nccl_row row = {.ranks = log->hosts.ranks,
                            .op = tp_nccl_op_of(cell_of(words, header->collective)),
                            .redop = cell_of(words, header->redop),
                            .rooted = number_of(cell_of(words, header->root)) >= 0,
                            .bytes = number_of(cell_of(words, header->size)),
                            .time_us = number_of(cell_of(words, time)),
                            .algbw = (double)NAN};
  if (row.op == TP_NCCL_UNNAMED)
    row.op = log->op;
  const double ranks = number_of(cell_of(words, header->ranks));
  if (ranks >= 0 && ranks <= 1e6)
    row.ranks = (int)ranks;
  tp_nccl_hosts_say(&log->hosts, &row);
  double wrong = 0;
  for (int i = 0; i < 2; i++)
    wrong = fmax(wrong, number_of(cell_of(words, header->wrong[i])));
  return tp_nccl_add(log->reader, &row, cell_of(words, header->type), wrong);
}

/* What stands behind a '#': where a run begins, a rank, the columns, how it ended. */
static enum tp_status read_comment(struct log *log, const char *at)
{
  int rank, group = 0;
  if (strncmp(at, "# nThread", 9) == 0) {
    begin_run(log);
    return TP_OK;
  }
  if (sscanf(at, "# Rank %d Group %d", &rank, &group) >= 1)
    return add_rank(log, rank, group, at);
  if (strstr(at, "Out of bounds values") != NULL && strstr(at, "FAILED") != NULL)
    return tp_nccl_fail(log->reader, "the run failed its own check: its times count for nothing");
  struct tp_nccl_line words;
  bool is_header;
  tp_nccl_line_split(at + 1, false, log->reader->arena, &words);
  return read_header(log, &words, false, &is_header);
}

static enum tp_status read_line(struct log *log, const char *line)
{
  const char *const comment = strstr(line, "# ") != NULL ? strstr(line, "# ") : strstr(line, "#\t");
  const enum tp_nccl_op op = tp_nccl_op_run(line);
  struct tp_nccl_line words;
  bool is_header = false;
  const bool comma = strchr(line, ',') != NULL;
  if (comma && (log->header.n == 0 || log->header.comma)) { /* reports joined: a header each */
    tp_nccl_line_split(line + strspn(line, "# \t"), true, log->reader->arena, &words);
    TP_TRY(read_header(log, &words, true, &is_header));
  }
  if (is_header)
    return TP_OK;
  if (op != TP_NCCL_UNNAMED && !log->header.comma)
    take_name(log, op, strstr(line, "concluded") != NULL);
  if (comment != NULL)
    return read_comment(log, comment);
  if (op != TP_NCCL_UNNAMED && !log->header.comma)
    return TP_OK;
  tp_nccl_line_split(line, log->header.comma, log->reader->arena, &words);
  if (log->header.comma)
    return comma ? read_csv_line(log, &words) : TP_OK;
  return read_log_line(log, &words);
}

enum tp_status tp_nccl_read_text(struct tp_nccl_reader *reader, const char *text)
{
  struct log log = {.reader = reader, .op = TP_NCCL_UNNAMED, .only = TP_NCCL_UNNAMED};
  reader->line = 1;
  for (char *line = tp_arena_strdup(reader->arena, text); line != NULL; reader->line++) {
    char *const end = strchr(line, '\n');
    if (end != NULL)
      *end = '\0';
    tp_nccl_line_clean(line);
    TP_TRY(read_line(&log, line));
    line = end != NULL ? end + 1 : NULL;
  }
  for (size_t i = 0; i < reader->n_rows && !log.several; i++)
    if (reader->rows[i].op == TP_NCCL_UNNAMED)
      reader->rows[i].op = log.only;
  return TP_OK;
}
