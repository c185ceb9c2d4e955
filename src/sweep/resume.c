#define _XOPEN_SOURCE 700
#include "sweep/resume.h"

#include "base/file.h"
#include "sweep/resume_row.h"
#include "sweep/sidecar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
static enum tp_status check_zeros(const struct tp_kept_reader *reader, int line)
{
  for (int c = getc_unlocked(reader->in); c != EOF; c = getc_unlocked(reader->in))
    if (c != '\0')
      return tp_fail(reader->error, TP_E_INPUT,
                     "%s:%d: zero bytes between rows; cut the file there, or drop --resume",
                     reader->path, line);
  return TP_OK;
}

/* A run that was killed at once may leave a part of the header, or nothing. */
static enum tp_status read_header(const struct tp_kept_reader *reader, bool *whole)
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

static enum tp_status check_sidecar(const struct tp_kept_reader *reader,
                                    const struct tp_sweep_file *target, const char *sidecar)
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

/* What has been read of the rows. */
struct reading {
  struct tp_kept_row row;
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
static enum tp_status read_rows(const struct tp_kept_reader *reader, struct reading *reading,
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
      differs =
          tp_kept_check_row(reader, &reading->row,
                            tp_kept_is_looked_at(grid, index) || index + 1 == size, &difference);
    kept->rows++;
    kept->bytes += (off_t)reading->n;
    reading->row = (struct tp_kept_row){.index = index + 1, .line = reading->line};
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

static enum tp_status read_kept(const struct tp_kept_reader *reader,
                                const struct tp_sweep_file *target, const char *sidecar,
                                struct tp_kept *kept)
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
  const struct tp_kept_reader reader = {.sweep = sweep,
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
