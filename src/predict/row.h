#ifndef TP_PREDICT_ROW_H
#define TP_PREDICT_ROW_H
/* Predictions as lines of a result table.
 *
 * Rows of a sweep repeat most cells of the row before: those are copied from its line.
 */
#include "predict/prediction.h"

struct tp_row_writer;
struct tp_row_writer *tp_row_writer_create(size_t n_columns);
void tp_row_writer_free(struct tp_row_writer *writer); /* NULL is fine */

/* The line of the first `n_columns`, with its newline and a NUL behind; borrowed until the next
 * call.  An input text that stands where one of the row before stood is taken for the same. */
const char *tp_row_writer_line(struct tp_row_writer *writer, const struct tp_prediction *prediction,
                               size_t *length);

/* The line of a prediction by itself. */
void tp_row_write(const struct tp_prediction *prediction, size_t n_columns, FILE *out);
#endif
