#include "bench/trace.h"

#include "base/csv.h"
#include "base/file.h"
#include "base/output.h"
#include "bench/trace_sidecar.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tp_trace {
  struct tp_trace_source source; /* its stack NULL where rows say it */
  const struct tp_trace_layout *layout;
  struct tp_arena *arena;
  const char *path, *sidecar_path;
  struct tp_trace_sidecar *sidecar;
  size_t n_columns;
  struct tp_csv earlier;
  size_t n_added;
  const char ***added; /* n_added times n_keys cells */
  int file;            /* -1: no row was added yet */
};

static size_t count_columns(const struct tp_trace_layout *layout)
{
  size_t n = 0;
  while (n < TP_TRACE_COLUMNS && layout->columns[n] != NULL)
    n++;
  return n;
}

static bool has_column(const struct tp_trace_layout *layout, const char *name)
{
  for (size_t i = 0, n = count_columns(layout); i < n; i++)
    if (strcmp(layout->columns[i], name) == 0)
      return true;
  return false;
}

static enum tp_status fail_write(const struct tp_trace *trace, struct tp_error *error)
{
  return tp_fail(error, TP_E_ENVIRONMENT, "%s: cannot be written: %s; give another place with -o",
                 trace->path, strerror(errno));
}

static void put_header(const struct tp_trace *trace, FILE *out)
{
  for (size_t i = 0; i < trace->n_columns; i++)
    fprintf(out, "%s%s", i > 0 ? "," : "", trace->layout->columns[i]);
  fputc('\n', out);
}

static enum tp_status check_header(const struct tp_trace *trace, struct tp_error *error)
{
  bool same = trace->earlier.n_columns == trace->n_columns;
  for (size_t i = 0; same && i < trace->n_columns; i++)
    same = strcmp(trace->earlier.columns[i], trace->layout->columns[i]) == 0;
  return same ? TP_OK
              : tp_fail(error, TP_E_INPUT,
                        "%s:1: not the columns of this version; move it away and start afresh",
                        trace->path);
}

/* The file with the header alone. */
static enum tp_status begin_file(const struct tp_trace *trace, struct tp_error *error)
{
  struct tp_output output;
  TP_TRY(tp_output_open(trace->path, trace->arena, &output, error));
  put_header(trace, output.stream);
  return tp_output_commit(&output, error);
}

/* What an earlier run left: whole lines, of this layout and machine. */
static enum tp_status take_earlier(struct tp_trace *trace, struct tp_error *error)
{
  const char *text;
  if (access(trace->path, F_OK) != 0)
    return TP_OK;
  TP_TRY(tp_file_read(trace->path, trace->arena, &text, error));
  const char *const end = strrchr(text, '\n');
  if (end == NULL)
    return unlink(trace->path) == 0 ? TP_OK : fail_write(trace, error);
  if (end[1] != '\0') { /* torn */
    text = tp_arena_printf(trace->arena, "%.*s", (int)(end - text) + 1, text);
    if (truncate(trace->path, (off_t)strlen(text)) != 0)
      return fail_write(trace, error);
  }
  TP_TRY(tp_csv_parse(trace->path, text, trace->arena, &trace->earlier, error));
  TP_TRY(check_header(trace, error));
  if (trace->earlier.n_rows > 0)
    TP_TRY(tp_trace_sidecar_take(trace->sidecar, trace->sidecar_path, trace->path, error));
  return TP_OK;
}

enum tp_status tp_trace_open(const struct tp_trace_source *source,
                             const struct tp_trace_layout *layout, struct tp_trace **trace,
                             struct tp_error *error)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_trace *made = TP_NEW(arena, struct tp_trace, 1);
  *made = (struct tp_trace){
      .source = *source,
      .layout = layout,
      .arena = arena,
      .path = tp_arena_printf(arena, "%s/%s", source->directory, layout->file),
      .sidecar_path = tp_arena_printf(arena, "%s/%s.json", source->directory, layout->file),
      .n_columns = count_columns(layout),
      .file = -1,
  };
  if (has_column(layout, "stack"))
    made->source.stack = NULL;
  made->sidecar = tp_trace_sidecar_create(&made->source);
  const enum tp_status status = take_earlier(made, error);
  if (status != TP_OK) {
    tp_trace_close(made, NULL);
    return status;
  }
  *trace = made;
  return TP_OK;
}

void tp_trace_row_clear(struct tp_trace_row *row, const struct tp_trace_layout *layout)
{
  *row = (struct tp_trace_row){.layout = layout};
}

static char *cell_of(struct tp_trace_row *row, const char *column)
{
  const size_t n = count_columns(row->layout);
  size_t i = 0;
  while (i < n && strcmp(row->layout->columns[i], column) != 0)
    i++;
  assert(i < n);
  return row->cells[i];
}

/* Names of models, ops and algorithms: none needs quotes. */
void tp_trace_row_text(struct tp_trace_row *row, const char *column, const char *text)
{
  assert(strpbrk(text, ",\"\n") == NULL && strlen(text) < TP_TRACE_CELL);
  snprintf(cell_of(row, column), TP_TRACE_CELL, "%s", text);
}

void tp_trace_row_number(struct tp_trace_row *row, const char *column, double number)
{
  snprintf(cell_of(row, column), TP_TRACE_CELL, "%.9g", number);
}

static bool same_keys(const struct tp_trace_row *row, const char *const *cells)
{
  for (size_t i = 0; i < row->layout->n_keys; i++)
    if (strcmp(cells[i], row->cells[i]) != 0)
      return false;
  return true;
}

bool tp_trace_has(const struct tp_trace *trace, const struct tp_trace_row *row)
{
  for (size_t i = 0; i < trace->earlier.n_rows; i++)
    if (same_keys(row, trace->earlier.cells + i * trace->n_columns))
      return true;
  for (size_t i = 0; i < trace->n_added; i++)
    if (same_keys(row, trace->added[i]))
      return true;
  return false;
}

static void remember(struct tp_trace *trace, const struct tp_trace_row *row)
{
  const size_t n_keys = trace->layout->n_keys;
  const char **const keys = TP_NEW(trace->arena, const char *, n_keys);
  for (size_t i = 0; i < n_keys; i++)
    keys[i] = tp_arena_strdup(trace->arena, row->cells[i]);
  TP_APPEND(trace->arena, trace->added, trace->n_added, keys);
}

/* The sidecar first: rows never stand without it. */
static enum tp_status start_file(struct tp_trace *trace, struct tp_error *error)
{
  TP_TRY(tp_trace_sidecar_begin(trace->sidecar, error));
  TP_TRY(tp_trace_sidecar_write(trace->sidecar, trace->sidecar_path, error));
  if (trace->earlier.n_columns == 0)
    TP_TRY(begin_file(trace, error));
  trace->file = open(trace->path, O_WRONLY | O_APPEND);
  return trace->file >= 0 ? TP_OK : fail_write(trace, error);
}

/* Whole, or not at all: other rows may follow one for which there was no room. */
static enum tp_status append(const struct tp_trace *trace, const char *line, size_t length,
                             struct tp_error *error)
{
  const off_t end = lseek(trace->file, 0, SEEK_END);
  errno = ENOSPC; /* of a write that falls short */
  if (write(trace->file, line, length) == (ssize_t)length)
    return TP_OK;
  const enum tp_status status = fail_write(trace, error);
  return ftruncate(trace->file, end) == 0 ? status : fail_write(trace, error);
}

enum tp_status tp_trace_add(struct tp_trace *trace, const struct tp_trace_row *row,
                            struct tp_error *error)
{
  char line[TP_TRACE_COLUMNS * TP_TRACE_CELL];
  size_t length = 0;
  for (size_t i = 0; i < trace->n_columns; i++)
    length += (size_t)snprintf(line + length, sizeof line - length, "%s%s", i > 0 ? "," : "",
                               row->cells[i]);
  line[length++] = '\n';
  if (trace->file < 0)
    TP_TRY(start_file(trace, error));
  TP_TRY(append(trace, line, length, error));
  remember(trace, row);
  return TP_OK;
}

static enum tp_status finish_file(struct tp_trace *trace, struct tp_error *error)
{
  enum tp_status status = TP_OK;
  if (fsync(trace->file) != 0)
    status = fail_write(trace, error);
  if (close(trace->file) != 0 && status == TP_OK)
    status = fail_write(trace, error);
  TP_TRY(status);
  TP_TRY(tp_trace_sidecar_end(trace->sidecar, error));
  return tp_trace_sidecar_write(trace->sidecar, trace->sidecar_path, error);
}

enum tp_status tp_trace_close(struct tp_trace *trace, struct tp_error *error)
{
  if (trace == NULL)
    return TP_OK;
  const enum tp_status status = trace->file >= 0 ? finish_file(trace, error) : TP_OK;
  tp_trace_sidecar_free(trace->sidecar);
  tp_arena_free(trace->arena);
  return status;
}
