#define _XOPEN_SOURCE 700
#include "sweep/resume.h"

#include "base/file.h"
#include "base/text.h"
#include "sweep/sidecar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reader {
  const struct tp_sweep *sweep;
  const char *path;
  FILE *in;
  const char *header; /* with its line end */
  struct tp_arena *arena, *scratch;
  struct tp_error *error;
};

/* A row of the file: where it begins and ends, and on which line. */
struct row {
  size_t index;
  off_t begin, end;
  int line;
};

static const char *header_of(const struct tp_grid *grid, struct tp_arena *arena)
{
  char *text = NULL;
  size_t size = 0;
  FILE *const out = open_memstream(&text, &size);
  if (out == NULL)
    abort(); /* as arenas do */
  tp_prediction_write_header(tp_grid_columns(grid), out);
  fclose(out);
  const char *const header = tp_arena_strdup(arena, text);
  free(text);
  return header;
}

/* A run that was killed at once may leave a part of the header, or nothing. */
static enum tp_status read_header(const struct reader *reader, bool *whole)
{
  const size_t length = strlen(reader->header);
  char *const got = TP_NEW(reader->arena, char, length);
  const size_t n = fread(got, 1, length, reader->in);
  if (ferror(reader->in))
    return tp_fail(reader->error, TP_E_INPUT, "%s: cannot be read: %s", reader->path,
                   strerror(errno));
  if (memcmp(got, reader->header, n) != 0)
    return tp_fail(reader->error, TP_E_INPUT,
                   "%s:1: not the columns of this version; move it away and start afresh",
                   reader->path);
  *whole = n == length;
  return TP_OK;
}

static enum tp_status check_sidecar(const struct reader *reader, const struct tp_sweep_file *target,
                                    const char *sidecar)
{
  const char *text;
  TP_TRY(tp_file_read(sidecar, reader->arena, &text, reader->error));
  if (strcmp(text, tp_sidecar_text(reader->sweep->catalog, target, reader->arena)) == 0)
    return TP_OK;
  return tp_fail(reader->error, TP_E_INPUT,
                 "%s:1: %s was made by another command, version or input; give another -o or drop "
                 "--resume",
                 sidecar, reader->path);
}

/* `nodes` is no input where the point leaves it open. */
static bool same_inputs(const struct tp_csv *csv, const struct tp_prediction *want)
{
  for (size_t c = 0; c < csv->n_columns; c++) {
    if (!tp_columns[c].is_input)
      continue;
    const char *const cell = tp_csv_cell(csv, 0, (int)c);
    double number;
    if (tp_columns[c].is_text) {
      if (strcmp(cell, tp_prediction_text(want, &tp_columns[c])) != 0)
        return false;
    } else {
      const double wanted = tp_prediction_number(want, &tp_columns[c]);
      if (!isnan(wanted) && !(tp_text_number(cell, &number) && number == wanted))
        return false;
    }
  }
  return true;
}

static enum tp_status check_inputs(const struct reader *reader, const struct row *row,
                                   struct tp_error *error)
{
  struct tp_point point;
  struct tp_prediction want;
  struct tp_csv csv;
  const size_t header = strlen(reader->header), length = (size_t)(row->end - row->begin);
  tp_arena_reset(reader->scratch);
  char *const text = TP_NEW(reader->scratch, char, header + length + 1);
  memcpy(text, reader->header, header);
  if (pread(fileno(reader->in), text + header, length, row->begin) != (ssize_t)length)
    return tp_fail(error, TP_E_INPUT, "%s: cannot be read: %s", reader->path, strerror(errno));
  TP_TRY(tp_csv_parse(reader->path, text, reader->scratch, &csv, error));
  TP_TRY(tp_grid_point(reader->sweep->grid, reader->sweep->catalog, row->index, &point, error));
  tp_point_describe(&point, &want);
  if (csv.n_rows == 1 && same_inputs(&csv, &want))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:%d: not point %zu of this sweep; give another -o or drop --resume",
                 reader->path, row->line, row->index + 1);
}

/* Counts whole rows; of a file with too many that is said, not that one of them differs. */
static enum tp_status read_rows(const struct reader *reader, struct tp_kept *kept)
{
  const struct tp_grid *const grid = reader->sweep->grid;
  const size_t n_columns = tp_grid_columns(grid), size = tp_grid_size(grid);
  enum tp_status differs = TP_OK;
  struct tp_error difference;
  struct row row = {.begin = kept->bytes, .end = kept->bytes, .line = 2}, last = row;
  size_t n_cells = 1;
  int line = row.line;
  bool quoted = false;
  for (int c = getc_unlocked(reader->in); c != EOF; c = getc_unlocked(reader->in)) {
    row.end++;
    line += c == '\n';
    quoted ^= c == '"';
    n_cells += !quoted && c == ',';
    if (quoted || c != '\n')
      continue;
    if (n_cells != n_columns)
      return tp_fail(reader->error, TP_E_INPUT,
                     "%s:%d: %zu cells where the header names %zu columns", reader->path, row.line,
                     n_cells, n_columns);
    if (differs == TP_OK && row.index < size && tp_grid_is_first(grid, row.index))
      differs = check_inputs(reader, &row, &difference);
    last = row;
    row = (struct row){.index = row.index + 1, .begin = row.end, .end = row.end, .line = line};
    n_cells = 1;
  }
  *kept = (struct tp_kept){.rows = row.index, .bytes = row.begin};
  if (row.index > size)
    return tp_fail(reader->error, TP_E_INPUT,
                   "%s: more rows than this sweep has points; another sweep", reader->path);
  if (differs == TP_OK && row.index > 0)
    differs = check_inputs(reader, &last, &difference);
  return differs == TP_OK ? TP_OK : tp_fail(reader->error, differs, "%s", difference.text);
}

static enum tp_status read_kept(const struct reader *reader, const struct tp_sweep_file *target,
                                const char *sidecar, struct tp_kept *kept)
{
  bool whole = false;
  TP_TRY(read_header(reader, &whole));
  if (!whole)
    return TP_OK;
  TP_TRY(check_sidecar(reader, target, sidecar));
  kept->bytes = (off_t)strlen(reader->header);
  return read_rows(reader, kept);
}

enum tp_status tp_kept_read(const struct tp_sweep *sweep, const struct tp_sweep_file *target,
                            const char *path, const char *sidecar, struct tp_kept *kept,
                            struct tp_error *error)
{
  *kept = (struct tp_kept){.rows = 0};
  FILE *const in = fopen(path, "r");
  if (in == NULL)
    return tp_fail(error, TP_E_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
  struct tp_arena *const arena = tp_arena_create(), *const scratch = tp_arena_create();
  const struct reader reader = {.sweep = sweep,
                                .path = path,
                                .in = in,
                                .header = header_of(sweep->grid, arena),
                                .arena = arena,
                                .scratch = scratch,
                                .error = error};
  const enum tp_status status = read_kept(&reader, target, sidecar, kept);
  tp_arena_free(scratch);
  tp_arena_free(arena);
  fclose(in);
  return status;
}
