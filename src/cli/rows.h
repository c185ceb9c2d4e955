#ifndef TP_CLI_ROWS_H
#define TP_CLI_ROWS_H
/* Predictions on standard output or in a file, in the format asked for. */
#include "command/table.h"
#include "predict/prediction.h"

void tp_rows_print(const struct tp_prediction *rows, size_t n, enum tp_format format,
                   struct tp_arena *arena, FILE *out);

/* Table: what is the same in all rows stands once above it.  At least one row. */
void tp_rows_print_table(const struct tp_prediction *rows, size_t n, struct tp_arena *arena,
                         FILE *out);

/* Table of several points: one a line, its variants' speedups side by side.  The `n` rows are
 * `n_variants` for each point, in the same order. */
void tp_rows_print_side_by_side(const struct tp_prediction *rows, size_t n, size_t n_variants,
                                struct tp_arena *arena, FILE *out);

/* One prediction with all its figures, in words. */
void tp_row_print_details(const struct tp_prediction *row, FILE *out);
#endif
