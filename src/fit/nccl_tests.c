#include "fit/nccl_tests.h"

#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Types as nccl-tests names them; what has no counterpart of ours counts by its size. */
static const struct {
  const char *name;
  enum tp_dtype dtype;
} types[] = {
    {"float", TP_DTYPE_FP32},   {"half", TP_DTYPE_FP16},    {"bfloat16", TP_DTYPE_BF16},
    {"fp8_e4m3", TP_DTYPE_FP8}, {"fp8_e5m2", TP_DTYPE_FP8}, {"f8e4m3", TP_DTYPE_FP8},
    {"f8e5m2", TP_DTYPE_FP8},   {"int8", TP_DTYPE_FP8},     {"uint8", TP_DTYPE_FP8},
    {"int32", TP_DTYPE_FP32},   {"uint32", TP_DTYPE_FP32},
};
enum { N_TYPES = sizeof types / sizeof types[0] };

/* Where the reader stands in the text. */
struct reader {
  const char *file;
  struct tp_arena *arena;
  struct tp_error *error;
  int line, ranks;
  bool has_kind;
  enum tp_collective_kind kind;
  struct tp_fit_row *rows;
  size_t n_rows;
};

static enum tp_status fault(const struct reader *reader, const char *text)
{
  return tp_fail(reader->error, TP_E_INPUT, "%s:%d: %s", reader->file, reader->line, text);
}

/* Longest name first: "alltoall" stands in no other. */
static const struct {
  const char *program, *op;
  enum tp_collective_kind kind;
} programs[] = {
    {"all_reduce_perf", "all_reduce", TP_ALL_REDUCE},
    {"all_gather_perf", "all_gather", TP_ALL_GATHER},
    {"reduce_scatter_perf", "reduce_scatter", TP_REDUCE_SCATTER},
    {"alltoall_perf", "alltoall", TP_ALL_TO_ALL},
    {"alltoall_perf", "all_to_all", TP_ALL_TO_ALL},
};
enum { N_PROGRAMS = sizeof programs / sizeof programs[0] };

static enum tp_status find_op(struct reader *reader, const char *op, const char *text)
{
  for (size_t i = 0; i < N_PROGRAMS && !reader->has_kind; i++) {
    reader->has_kind =
        op != NULL ? strcmp(op, programs[i].op) == 0 : strstr(text, programs[i].program) != NULL;
    reader->kind = programs[i].kind;
  }
  if (reader->has_kind)
    return TP_OK;
  if (op == NULL)
    return fault(reader, "the output does not name its collective; say it with --op");
  const char *names[N_PROGRAMS];
  for (size_t i = 0; i < N_PROGRAMS; i++)
    names[i] = programs[i].op;
  return tp_fail(reader->error, TP_E_INPUT, "--op: no collective '%.32s'%s", op,
                 tp_text_hint(reader->arena, op, names, N_PROGRAMS));
}

static enum tp_status read_size(struct reader *reader, const char *line)
{
  double bytes, count, time_us;
  char type[16];
  if (sscanf(line, "%lf %lf %15s %*s %*d %lf", &bytes, &count, type, &time_us) != 4)
    return fault(reader, "no line of nccl-tests (size, count, type, redop, root, time); leave its "
                         "output as it is");
  size_t which = 0;
  while (which < N_TYPES && strcmp(type, types[which].name) != 0)
    which++;
  if (which == N_TYPES)
    return fault(reader, tp_arena_printf(reader->arena,
                                         "no type '%s'; run with -d float, half or "
                                         "bfloat16",
                                         type));
  if (bytes == 0) /* -b 8 on many ranks rounds down to nothing */
    return TP_OK;
  if (!(bytes > 0 && bytes < 1e15) || !(time_us > 0 && time_us < 1e12))
    return fault(reader, "size and time must be above 0; leave the line out");
  if (reader->ranks < 2 || reader->ranks > TP_MAX_GPUS)
    return fault(reader, tp_arena_printf(reader->arena,
                                         "%d '# Rank' lines before it; a collective has 2 to %d",
                                         reader->ranks, TP_MAX_GPUS));
  reader->rows[reader->n_rows++] = (struct tp_fit_row){
      .collective = {.kind = reader->kind, .bytes = bytes, .dtype = types[which].dtype},
      .ranks = reader->ranks,
      .time_s = time_us * 1e-6};
  return TP_OK;
}

/* "#  Rank  3 Group ..." */
static bool is_rank(const char *line)
{
  int rank;
  return sscanf(line, "# Rank %d", &rank) == 1;
}

static enum tp_status read_line(struct reader *reader, const char *line)
{
  line += strspn(line, " \t\r");
  if (strncmp(line, "# nThread", 9) == 0) /* another run begins */
    reader->ranks = 0;
  if (*line == '#')
    reader->ranks += is_rank(line);
  /* What MPI or the shell printed between is no business of ours. */
  return *line >= '0' && *line <= '9' ? read_size(reader, line) : TP_OK;
}

enum tp_status tp_nccl_tests_parse(const char *file, const char *text, const char *op,
                                   struct tp_arena *arena, struct tp_fit_row **rows, size_t *n_rows,
                                   struct tp_error *error)
{
  size_t n_lines = 1;
  for (const char *at = text; *at != '\0'; at++)
    n_lines += *at == '\n';
  struct reader reader = {.file = file,
                          .arena = arena,
                          .error = error,
                          .line = 1,
                          .rows = TP_NEW(arena, struct tp_fit_row, n_lines)};
  TP_TRY(find_op(&reader, op, text));
  for (char *line = tp_arena_strdup(arena, text); line != NULL; reader.line++) {
    char *const end = strchr(line, '\n');
    if (end != NULL)
      *end = '\0';
    TP_TRY(read_line(&reader, line));
    line = end != NULL ? end + 1 : NULL;
  }
  if (reader.n_rows == 0)
    return tp_fail(error, TP_E_INPUT, "%s:1: holds no line of nccl-tests; give its whole output",
                   file);
  *rows = reader.rows;
  *n_rows = reader.n_rows;
  return TP_OK;
}

enum tp_status tp_nccl_tests_read(const char *file, const char *op, struct tp_arena *arena,
                                  struct tp_fit_row **rows, size_t *n_rows, struct tp_error *error)
{
  const char *text;
  TP_TRY(tp_file_read(file, arena, &text, error));
  return tp_nccl_tests_parse(file, text, op, arena, rows, n_rows, error);
}
