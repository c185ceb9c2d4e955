#include "predict/row.h"

#include "base/arena.h"
#include "base/csv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The text of a cell.  Most are short: so many bytes are copied whatever the length, which takes no
 * call. */
enum { SHORT = 32 };
static_assert((int)SHORT >= (int)TP_DECIMAL_CHARS, "numbers are short");
struct cell {
  size_t length;
  char text[SHORT];
  char *longer; /* in place of `text` where that is too short */
};

struct tp_row_writer {
  size_t n_columns;
  bool begun;
  struct tp_prediction last;
  struct cell cells[TP_N_COLUMNS]; /* of it */
  char *line;
  size_t room;
};

struct tp_row_writer *tp_row_writer_create(size_t n_columns)
{
  struct tp_row_writer *const writer = calloc(1, sizeof *writer);
  if (writer == NULL)
    tp_out_of_memory();
  writer->n_columns = n_columns;
  return writer;
}

void tp_row_writer_free(struct tp_row_writer *writer)
{
  if (writer == NULL)
    return;
  for (size_t i = 0; i < writer->n_columns; i++)
    free(writer->cells[i].longer);
  free(writer->line);
  free(writer);
}

static char *resized(char *memory, size_t bytes)
{
  memory = realloc(memory, bytes);
  if (memory == NULL)
    tp_out_of_memory();
  return memory;
}

/* Numbers by their bits, input texts by where they stand. */
static bool is_same(const struct tp_prediction *a, const struct tp_prediction *b,
                    const struct tp_column *column)
{
  static_assert(sizeof(double) == sizeof(const char *), "either is compared");
  const char *const x = (const char *)a + column->offset, *const y =
                                                              (const char *)b + column->offset;
  if (column->is_text && !column->is_input)
    return strcmp(x, y) == 0;
  return memcmp(x, y, sizeof(double)) == 0;
}

static void write_cell(const struct tp_prediction *prediction, const struct tp_column *column,
                       struct cell *cell)
{
  if (!column->is_text) {
    const double number = tp_prediction_number(prediction, column);
    cell->length = (size_t)(tp_csv_write_number(number, cell->text) - cell->text);
    return;
  }
  const char *const text = tp_prediction_text(prediction, column);
  const size_t room = tp_csv_text_room(text);
  char *to = cell->text;
  if (room > SHORT)
    to = cell->longer = resized(cell->longer, room);
  cell->length = (size_t)(tp_csv_write_text(text, to) - to);
  if (room > SHORT && cell->length <= SHORT)
    memcpy(cell->text, to, cell->length);
}

static char *put_cell(const struct cell *cell, char *to)
{
  if (cell->length <= SHORT)
    memcpy(to, cell->text, SHORT);
  else
    memcpy(to, cell->longer, cell->length);
  return to + cell->length;
}

const char *tp_row_writer_line(struct tp_row_writer *writer, const struct tp_prediction *prediction,
                               size_t *length)
{
  size_t bytes = SHORT; /* behind the last cell's end */
  for (size_t i = 0; i < writer->n_columns; i++) {
    const struct tp_column *const column = &tp_columns[i];
    struct cell *const cell = &writer->cells[i];
    if (!writer->begun || !is_same(&writer->last, prediction, column))
      write_cell(prediction, column, cell);
    bytes += cell->length + 1;
  }
  if (bytes > writer->room) {
    writer->room = 2 * bytes;
    writer->line = resized(writer->line, writer->room);
  }
  char *at = writer->line;
  for (size_t i = 0; i < writer->n_columns; i++) {
    at = put_cell(&writer->cells[i], at);
    *at++ = ',';
  }
  at[-1] = '\n';
  *at = '\0';
  writer->last = *prediction;
  writer->begun = true;
  *length = (size_t)(at - writer->line);
  return writer->line;
}

void tp_row_write(const struct tp_prediction *prediction, size_t n_columns, FILE *out)
{
  struct tp_row_writer *const writer = tp_row_writer_create(n_columns);
  size_t length;
  const char *const line = tp_row_writer_line(writer, prediction, &length);
  fwrite(line, 1, length, out);
  tp_row_writer_free(writer);
}
