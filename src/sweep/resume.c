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
  struct tp_predictor *predictor;
  struct tp_error *error;
};

/* A row of the file, with its line end, and on which line. */
struct row {
  size_t index;
  const char *text;
  int line;
};

static const char *header_of(const struct tp_grid *grid, struct tp_arena *arena)
{
  char *text = NULL;
  size_t size = 0;
  FILE *const out = open_memstream(&text, &size);
  if (out == NULL)
    tp_out_of_memory(); /* as arenas do */
  tp_prediction_write_header(tp_grid_columns(grid), out);
  fclose(out);
  const char *const header = tp_arena_strdup(arena, text);
  free(text);
  return header;
}

/* A power loss leaves zeros where bytes were not written: nothing may stand behind them. */
static enum tp_status check_zeros(const struct reader *reader, int line)
{
  for (int c = getc_unlocked(reader->in); c != EOF; c = getc_unlocked(reader->in))
    if (c != '\0')
      return tp_fail(reader->error, TP_E_INPUT,
                     "%s:%d: zero bytes between rows; cut the file there, or drop --resume",
                     reader->path, line);
  return TP_OK;
}

/* A run that was killed at once may leave a part of the header, or nothing. */
static enum tp_status read_header(const struct reader *reader, bool *whole)
{
  const size_t length = strlen(reader->header);
  char *const got = TP_NEW(reader->arena, char, length);
  const size_t n_read = fread(got, 1, length, reader->in), n = strnlen(got, n_read);
  if (ferror(reader->in))
    return tp_fail(reader->error, TP_E_INPUT, "%s: cannot be read: %s", reader->path,
                   strerror(errno));
  if (memcmp(got, reader->header, n) != 0)
    return tp_fail(reader->error, TP_E_INPUT,
                   "%s:1: not the columns of this version; move it away and start afresh",
                   reader->path);
  *whole = n == length;
  return n == n_read ? TP_OK : check_zeros(reader, 1);
}

static enum tp_status check_sidecar(const struct reader *reader, const struct tp_sweep_file *target,
                                    const char *sidecar)
{
  const char *text;
  if (access(sidecar, F_OK) != 0)
    return tp_fail(reader->error, TP_E_INPUT,
                   "%s: not there, and nothing else says what made %s; give another -o, or drop "
                   "--resume and it is made afresh",
                   sidecar, reader->path);
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

static enum tp_status fail_altered(const struct reader *reader, const struct row *row,
                                   const char *what, struct tp_error *error)
{
  return tp_fail(error, TP_E_INPUT,
                 "%s:%d: %s: altered since it was written; take the line and those below out, or "
                 "drop --resume",
                 reader->path, row->line, what);
}

static enum tp_status check_inputs(const struct reader *reader, const struct row *row,
                                   const struct tp_point *point, struct tp_error *error)
{
  struct tp_prediction want;
  struct tp_csv csv;
  tp_arena_reset(reader->scratch);
  const char *const text = tp_arena_printf(reader->scratch, "%s%s", reader->header, row->text);
  TP_TRY(tp_csv_parse(reader->path, text, reader->scratch, &csv, error));
  tp_point_describe(point, &want);
  if (csv.n_rows == 1 && same_inputs(&csv, &want))
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:%d: not point %zu of this sweep; give another -o or drop --resume",
                 reader->path, row->line, row->index + 1);
}

/* The engine that takes microseconds says all of a row again. */
static enum tp_status check_outputs(const struct reader *reader, const struct row *row,
                                    const struct tp_point *point, struct tp_error *error)
{
  struct tp_prediction prediction;
  char *text = NULL;
  size_t size = 0;
  TP_TRY(tp_predict(reader->predictor, point, &prediction, error));
  FILE *const out = open_memstream(&text, &size);
  if (out == NULL)
    tp_out_of_memory(); /* as arenas do */
  tp_prediction_write_row(&prediction, tp_grid_columns(reader->sweep->grid), out);
  fclose(out);
  const bool same = strcmp(text, row->text) == 0;
  free(text);
  return same ? TP_OK : fail_altered(reader, row, "not what its point gives", error);
}

/* Every number stands as this program writes it, and a row that is "ok" has its time. */
static enum tp_status check_cells(const struct reader *reader, const struct row *row,
                                  struct tp_error *error)
{
  bool ran = false, timed = false;
  const char *at = row->text;
  for (size_t c = 0; c < tp_grid_columns(reader->sweep->grid); c++) {
    const struct tp_column *const column = &tp_columns[c];
    const bool quoted = *at == '"';
    const char *const cell = at;
    for (at += quoted;
         *at != '\0' && (quoted ? at[0] != '"' || at[1] == '"' : !strchr(",\n", *at));)
      at += quoted && *at == '"' ? 2 : 1;
    at += quoted && *at == '"';
    const size_t length = (size_t)(at - cell);
    at += *at != '\0';
    if (c == TP_COLUMN_status)
      ran = length == 2 && memcmp(cell, "ok", 2) == 0;
    if (c == TP_COLUMN_e2e_s)
      timed = length > 0;
    char text[TP_DECIMAL_CHARS] = "", again[TP_DECIMAL_CHARS];
    double number = (double)NAN;
    if (column->is_text || length == 0)
      continue;
    if (length < sizeof text)
      memcpy(text, cell, length);
    if (text[0] == '\0' || !tp_text_number(text, &number) ||
        (tp_csv_write_number(number, again), strcmp(text, again) != 0))
      return fail_altered(
          reader, row,
          tp_arena_printf(reader->arena, "column '%s' is no number of this program", column->name),
          error);
  }
  return ran == timed ? TP_OK
                      : fail_altered(reader, row, "a time without status ok, or none", error);
}

/* The first rows, which take a second or two, each that shows a value for the first time, and one
 * of many of the others. */
static bool is_looked_at(const struct tp_grid *grid, size_t index)
{
  enum { FIRST_ROWS = 100000, EVERY = 64 };
  return index < FIRST_ROWS || index % EVERY == 0 || tp_grid_is_first(grid, index);
}

static enum tp_status check_row(const struct reader *reader, const struct row *row, bool closely,
                                struct tp_error *error)
{
  struct tp_point point;
  if (closely) {
    TP_TRY(tp_grid_point(reader->sweep->grid, reader->sweep->catalog, row->index, &point, error));
    TP_TRY(check_inputs(reader, row, &point, error));
  }
  TP_TRY(check_cells(reader, row, error));
  return closely && point.engine == &tp_engine_analytic ? check_outputs(reader, row, &point, error)
                                                        : TP_OK;
}

/* What has been read of the rows. */
struct reading {
  struct row row;
  char *text;
  size_t n, room, n_cells;
  int line;
  bool quoted;
};

static void take_byte(struct reading *reading, int c)
{
  if (reading->n + 2 > reading->room) {
    reading->room = 2 * reading->room + 1024;
    reading->text = realloc(reading->text, reading->room);
    if (reading->text == NULL)
      tp_out_of_memory(); /* as arenas do */
  }
  reading->text[reading->n++] = (char)c;
  reading->text[reading->n] = '\0';
  reading->line += c == '\n';
  reading->quoted ^= c == '"';
  reading->n_cells += !reading->quoted && c == ',';
}

/* Counts whole rows; of a file with too many that is said, not that one of them differs. */
static enum tp_status read_rows(const struct reader *reader, struct reading *reading,
                                struct tp_kept *kept)
{
  const struct tp_grid *const grid = reader->sweep->grid;
  const size_t n_columns = tp_grid_columns(grid), size = tp_grid_size(grid);
  enum tp_status differs = TP_OK;
  struct tp_error difference;
  *reading = (struct reading){.row = {.line = 2}, .line = 2, .n_cells = 1};
  int c;
  while ((c = getc_unlocked(reader->in)) != EOF && c != '\0') {
    take_byte(reading, c);
    if (reading->quoted || c != '\n')
      continue;
    reading->row.text = reading->text;
    if (reading->n_cells != n_columns)
      return tp_fail(reader->error, TP_E_INPUT,
                     "%s:%d: %zu cells where the header names %zu columns", reader->path,
                     reading->row.line, reading->n_cells, n_columns);
    const size_t index = reading->row.index;
    if (differs == TP_OK && index < size)
      differs = check_row(reader, &reading->row, is_looked_at(grid, index) || index + 1 == size,
                          &difference);
    kept->rows++;
    kept->bytes += (off_t)reading->n;
    reading->row = (struct row){.index = index + 1, .line = reading->line};
    reading->n = 0;
    reading->n_cells = 1;
  }
  if (c == '\0')
    TP_TRY(check_zeros(reader, reading->line));
  if (kept->rows > size)
    return tp_fail(reader->error, TP_E_INPUT,
                   "%s: more rows than this sweep has points; give another -o or drop --resume",
                   reader->path);
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
  struct reading reading;
  const enum tp_status status = read_rows(reader, &reading, kept);
  free(reading.text);
  return status;
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
                                .predictor = tp_predictor_create(),
                                .error = error};
  const enum tp_status status = read_kept(&reader, target, sidecar, kept);
  tp_predictor_free(reader.predictor);
  tp_arena_free(scratch);
  tp_arena_free(arena);
  fclose(in);
  return status;
}
