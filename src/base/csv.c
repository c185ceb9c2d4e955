#include "base/csv.h"

#include "base/file.h"
#include "base/text.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where the reader stands; cells are cut out of `at` in place, as they only ever shrink. */
struct reader {
  const char *path;
  struct tp_arena *arena;
  char *at;
  int line;
  const char **cells;
  size_t n_cells;
};

/* What a spreadsheet would work out, or call a program by, rather than show; with an apostrophe
 * before it, it shows it.  A name such as "+flash-int4" and a number are harmless. */
static bool is_formula(const char *text)
{
  static const char name[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:+-[]";
  text += strspn(text, "'");
  double number;
  if (*text == '+' || *text == '-')
    return !tp_text_number(text, &number) &&
           (strspn(text, name) != strlen(text) || strchr("0123456789.", text[1]) != NULL);
  return *text == '=' || *text == '@' || *text == '\t' || *text == '\r';
}

static bool at_line_end(const char *at)
{
  return at[0] == '\0' || at[0] == '\n' || (at[0] == '\r' && at[1] == '\n');
}

/* Leaves reader->at behind the closing quote and *end at the end of the unquoted text. */
static enum tp_status read_quoted(struct reader *reader, const char **cell, char **end,
                                  struct tp_error *error)
{
  const int first_line = reader->line;
  char *from = reader->at + 1, *to = from;
  *cell = from;
  for (;; from++) {
    if (*from == '\0')
      return tp_fail(error, TP_E_INPUT, "%s:%d: a quoted cell never ends; close its quote",
                     reader->path, first_line);
    if (*from == '"' && *++from != '"')
      break;
    reader->line += *from == '\n';
    *to++ = *from;
  }
  reader->at = from + strspn(from, " \t");
  *end = to;
  if (*reader->at != ',' && !at_line_end(reader->at))
    return tp_fail(error, TP_E_INPUT,
                   "%s:%d: text after a closing quote; double a quote inside a quoted cell",
                   reader->path, reader->line);
  return TP_OK;
}

static enum tp_status read_plain(struct reader *reader, const char **cell, char **end,
                                 struct tp_error *error)
{
  char *at = reader->at;
  *cell = *end = at;
  for (; *at != ',' && !at_line_end(at); at++) {
    if (*at == '"')
      return tp_fail(error, TP_E_INPUT,
                     "%s:%d: a quote inside an unquoted cell; quote the whole cell and double it",
                     reader->path, reader->line);
    if (*at != ' ' && *at != '\t')
      *end = at + 1;
  }
  reader->at = at;
  return TP_OK;
}

/* Reads the cells of one line and steps over its end. */
static enum tp_status read_row(struct reader *reader, struct tp_error *error)
{
  for (bool more = true; more;) {
    reader->at += strspn(reader->at, " \t");
    const char *cell;
    char *end = NULL;
    TP_TRY(*reader->at == '"' ? read_quoted(reader, &cell, &end, error)
                              : read_plain(reader, &cell, &end, error));
    more = *reader->at == ',';
    reader->line += !more && *reader->at != '\0';
    if (*reader->at == '\r')
      reader->at++;
    if (*reader->at != '\0')
      reader->at++;
    *end = '\0';
    cell += cell[0] == '\'' && is_formula(cell);
    TP_APPEND(reader->arena, reader->cells, reader->n_cells, cell);
  }
  return TP_OK;
}

/* Behind the cells that hold nothing, which spreadsheets leave below a table: ",,". */
static char *past_empty_cells(char *at)
{
  for (;;)
    if (*at == ' ' || *at == '\t' || *at == ',')
      at++;
    else if (at[0] == '"' && at[1] == '"' && at[2] != '"')
      at += 2;
    else
      return at;
}

/* A byte-order mark stands before the first line of each file of several that were joined. */
static void skip_blank_lines(struct reader *reader)
{
  static const char byte_order_mark[] = "\xEF\xBB\xBF";
  for (;;) {
    if (strncmp(reader->at, byte_order_mark, sizeof byte_order_mark - 1) == 0)
      reader->at += sizeof byte_order_mark - 1;
    char *const at = past_empty_cells(reader->at);
    if (!at_line_end(at))
      return;
    reader->at = at;
    if (*at == '\0')
      return;
    reader->at += *at == '\r' ? 2 : 1;
    reader->line++;
  }
}

/* What is no CSV by its first letter. */
static enum tp_status check_beginning(const struct reader *reader, struct tp_error *error)
{
  switch (reader->at[strspn(reader->at, " \t")]) {
  case '\0':
    return tp_fail(error, TP_E_INPUT, "%s:1: empty; the first line must name the columns",
                   reader->path);
  case '[':
  case '{':
    return tp_fail(error, TP_E_INPUT, "%s:%d: JSON; give the CSV (-f csv)", reader->path,
                   reader->line);
  case '#':
    return tp_fail(error, TP_E_INPUT,
                   "%s:%d: a comment before the header; take it out, for the first line must name "
                   "the columns",
                   reader->path, reader->line);
  default:
    return TP_OK;
  }
}

static enum tp_status read_header(struct reader *reader, struct tp_csv *csv, struct tp_error *error)
{
  skip_blank_lines(reader);
  TP_TRY(check_beginning(reader, error));
  const int line = reader->line;
  TP_TRY(read_row(reader, error));
  csv->columns = reader->cells;
  csv->n_columns = reader->n_cells;
  reader->cells = NULL;
  reader->n_cells = 0;
  const char *const part = csv->n_columns == 1 ? strpbrk(csv->columns[0], ";\t") : NULL;
  if (part != NULL)
    return tp_fail(error, TP_E_INPUT,
                   "%s:%d: columns are parted by %s, not by commas; save it as CSV "
                   "with commas",
                   reader->path, line, *part == ';' ? "';'" : "tabs");
  for (size_t i = 0; i < csv->n_columns; i++)
    if (strchr(csv->columns[i], '\r') != NULL)
      return tp_fail(error, TP_E_INPUT, "%s:%d: lines end with CR alone; save them with LF",
                     reader->path, line);
  for (size_t i = 0; i < csv->n_columns; i++)
    if (csv->columns[i][0] != '\0' && tp_csv_column(csv, csv->columns[i]) != (int)i)
      return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s' stands twice; remove one", reader->path,
                     line, csv->columns[i]);
  return TP_OK;
}

/* How many of the cells are names of columns; 0 where one is a number, which no column is called.
 */
static size_t count_names(const struct tp_csv *csv, const char *const *cells, size_t n)
{
  size_t n_names = 0;
  double number;
  for (size_t i = 0; i < n; i++) {
    if (tp_text_number(cells[i], &number))
      return 0;
    n_names += cells[i][0] != '\0' && tp_csv_column(csv, cells[i]) >= 0;
  }
  return n_names;
}

/* Of files that were joined, each brought its header: the same one says nothing new. */
static enum tp_status check_header(const struct reader *reader, const struct tp_csv *csv, int line,
                                   const char *const *cells, size_t n, bool *repeats,
                                   struct tp_error *error)
{
  *repeats = n == csv->n_columns;
  for (size_t i = 0; i < n && *repeats; i++)
    *repeats = strcmp(cells[i], csv->columns[i]) == 0;
  if (*repeats || count_names(csv, cells, n) < 2)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "%s:%d: another header, of other columns or in another order; keep such tables in "
                 "files of their own",
                 reader->path, line);
}

static enum tp_status read_rows(struct reader *reader, struct tp_csv *csv, struct tp_error *error)
{
  for (skip_blank_lines(reader); *reader->at != '\0'; skip_blank_lines(reader)) {
    const size_t n_before = reader->n_cells;
    const int line = reader->line;
    bool repeats;
    TP_TRY(read_row(reader, error));
    const size_t n = reader->n_cells - n_before;
    TP_TRY(check_header(reader, csv, line, reader->cells + n_before, n, &repeats, error));
    if (repeats) {
      reader->n_cells = n_before;
      continue;
    }
    if (n != csv->n_columns)
      return tp_fail(error, TP_E_INPUT, "%s:%d: %zu cells where the header names %zu columns",
                     reader->path, line, n, csv->n_columns);
    TP_APPEND(reader->arena, csv->lines, csv->n_rows, line);
  }
  csv->cells = reader->cells;
  return TP_OK;
}

enum tp_status tp_csv_parse(const char *name, const char *text, struct tp_arena *arena,
                            struct tp_csv *csv, struct tp_error *error)
{
  struct tp_csv result = {.path = tp_arena_strdup(arena, name)};
  struct reader reader = {
      .path = result.path, .arena = arena, .at = tp_arena_strdup(arena, text), .line = 1};
  TP_TRY(read_header(&reader, &result, error));
  TP_TRY(read_rows(&reader, &result, error));
  *csv = result;
  return TP_OK;
}

enum tp_status tp_csv_open(const char *file, struct tp_arena *arena, struct tp_csv *csv,
                           struct tp_error *error)
{
  const char *text;
  TP_TRY(tp_file_read(file, arena, &text, error));
  return tp_csv_parse(strcmp(file, "-") == 0 ? "standard input" : file, text, arena, csv, error);
}

int tp_csv_column(const struct tp_csv *csv, const char *name)
{
  for (size_t i = 0; i < csv->n_columns; i++)
    if (strcmp(csv->columns[i], name) == 0)
      return (int)i;
  return -1;
}

enum tp_status tp_csv_require(const struct tp_csv *csv, const char *const *names, size_t n,
                              struct tp_error *error)
{
  for (size_t i = 0; i < n; i++)
    if (tp_csv_column(csv, names[i]) < 0)
      return tp_fail(error, TP_E_INPUT, "%s:1: no column '%s'; add it", csv->path, names[i]);
  return TP_OK;
}

void tp_csv_move_row(struct tp_csv *csv, size_t from, size_t to)
{
  memmove(csv->cells + to * csv->n_columns, csv->cells + from * csv->n_columns,
          csv->n_columns * sizeof *csv->cells);
  csv->lines[to] = csv->lines[from];
}

const char *tp_csv_cell(const struct tp_csv *csv, size_t row, int column)
{
  return column < 0 ? "" : csv->cells[row * csv->n_columns + (size_t)column];
}

enum tp_status tp_csv_number(const struct tp_csv *csv, size_t row, int column, double *value,
                             struct tp_error *error)
{
  const char *const cell = tp_csv_cell(csv, row, column);
  if (tp_text_number(cell, value))
    return TP_OK;
  if (column < 0)
    return tp_fail(error, TP_E_INPUT, "%s:%d: a column with a needed number is missing", csv->path,
                   csv->lines[row]);
  if (cell[0] == '\0')
    return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s' is empty; give a number", csv->path,
                   csv->lines[row], csv->columns[column]);
  return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s': '%.40s' is not a finite number%s",
                 csv->path, csv->lines[row], csv->columns[column], cell, tp_text_number_mend(cell));
}

static bool is_space(char letter)
{
  return letter == ' ' || letter == '\t';
}

static bool must_be_quoted(const char *text, size_t length)
{
  bool quoted = length > 0 && (is_space(text[0]) || is_space(text[length - 1]));
  for (size_t i = 0; i < length && !quoted; i++)
    quoted = text[i] == ',' || text[i] == '"' || text[i] == '\r' || text[i] == '\n';
  return quoted;
}

/* Two quotes, an apostrophe, and every letter may be a quote to be doubled. */
size_t tp_csv_text_room(const char *text)
{
  return 2 * strlen(text) + 3;
}

char *tp_csv_write_text(const char *text, char *to)
{
  const size_t length = strlen(text);
  const bool quoted = must_be_quoted(text, length);
  if (quoted)
    *to++ = '"';
  if (is_formula(text))
    *to++ = '\'';
  if (!quoted)
    return (char *)memcpy(to, text, length) + length;
  for (; *text != '\0'; text++) {
    if (*text == '"')
      *to++ = '"';
    *to++ = *text;
  }
  *to++ = '"';
  return to;
}

char *tp_csv_write_number(double value, char to[TP_DECIMAL_CHARS])
{
  *to = '\0';
  return isnan(value) ? to : tp_decimal_write(value + 0.0, to); /* + 0.0: no "-0" */
}

void tp_csv_put_text(FILE *out, const char *text)
{
  char *const written = malloc(tp_csv_text_room(text));
  if (written == NULL)
    tp_out_of_memory();
  fwrite(written, 1, (size_t)(tp_csv_write_text(text, written) - written), out);
  free(written);
}

void tp_csv_put_number(FILE *out, double value)
{
  char text[TP_DECIMAL_CHARS];
  tp_csv_write_number(value, text);
  fputs(text, out);
}
