#include "predict/row.h"

#include "base/arena.h"
#include "base/csv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct line {
  char *text;
  size_t room, ends[TP_N_COLUMNS]; /* of cells, each with the comma or line end behind it */
};

struct tp_row_writer {
  size_t n_columns;
  bool begun;
  struct tp_prediction last;
  struct line lines[2]; /* the last one and the one before, in turn */
  int turn;
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
  free(writer->lines[0].text);
  free(writer->lines[1].text);
  free(writer);
}

/* Where the line goes on, with room for `bytes` more and a NUL. */
static char *room_for(struct line *line, size_t at, size_t bytes)
{
  if (at + bytes >= line->room) {
    line->room = 2 * (at + bytes + 1);
    line->text = realloc(line->text, line->room);
    if (line->text == NULL)
      tp_out_of_memory();
  }
  return line->text + at;
}

/* Numbers by their bits, input texts by where they stand. */
static bool is_same(const struct tp_prediction *a, const struct tp_prediction *b,
                    const struct tp_column *column)
{
  const char *const x = (const char *)a + column->offset, *const y = (const char *)b + column->offset;
  if (column->is_text && !column->is_input)
    return strcmp(x, y) == 0;
  return memcmp(x, y, sizeof(double)) == 0;
}

static size_t write_cell(const struct tp_prediction *prediction, const struct tp_column *column,
                         struct line *line, size_t at)
{
  if (!column->is_text) {
    char *const to = room_for(line, at, TP_DECIMAL_CHARS);
    return (size_t)(tp_csv_write_number(tp_prediction_number(prediction, column), to) - line->text);
  }
  const char *const text = tp_prediction_text(prediction, column);
  char *const to = room_for(line, at, tp_csv_text_room(text));
  return (size_t)(tp_csv_write_text(text, to) - line->text);
}

/* Copies the cells from `first` to before `end`. */
static size_t copy_cells(const struct line *before, size_t first, size_t end, struct line *line,
                         size_t at)
{
  const size_t begin = first > 0 ? before->ends[first - 1] : 0;
  const size_t bytes = before->ends[end - 1] - begin;
  memcpy(room_for(line, at, bytes), before->text + begin, bytes);
  for (size_t i = first; i < end; i++)
    line->ends[i] = before->ends[i] - begin + at;
  return at + bytes;
}

const char *tp_row_writer_line(struct tp_row_writer *writer, const struct tp_prediction *prediction,
                               size_t *length)
{
  static_assert(sizeof(double) == sizeof(const char *), "is_same compares either");
  const struct line *const before = &writer->lines[writer->turn];
  writer->turn = !writer->turn;
  struct line *const line = &writer->lines[writer->turn];
  size_t at = 0;
  for (size_t i = 0, end; i < writer->n_columns; i = end) {
    end = i;
    while (writer->begun && end < writer->n_columns &&
           is_same(&writer->last, prediction, &tp_columns[end]))
      end++;
    if (end > i) {
      at = copy_cells(before, i, end, line, at);
      continue;
    }
    at = write_cell(prediction, &tp_columns[i], line, at);
    *room_for(line, at++, 1) = i + 1 < writer->n_columns ? ',' : '\n';
    line->ends[i] = at;
    end = i + 1;
  }
  line->text[at] = '\0';
  writer->last = *prediction;
  writer->begun = true;
  *length = at;
  return line->text;
}
