#ifndef TP_OPS_CELLS_H
#define TP_OPS_CELLS_H
/* Cells of a row that says an op; faults are named by file, line and column. */
#include "base/csv.h"
#include "platform/stack.h"

struct tp_op_reader {
  struct tp_arena *arena;
  struct tp_error *error;
  const struct tp_csv *csv;
  const struct tp_stack *stack; /* its attention kernels are meant; NULL: flash */
};

struct tp_op_row {
  size_t index;
  const char *op; /* cell of column `op` */
};

/* Fails with "FILE:LINE: text". */
enum tp_status tp_op_row_fail(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *text);
/* Reads a whole number above 0. */
enum tp_status tp_op_row_count(const struct tp_op_reader *reader, const struct tp_op_row *row,
                               const char *column, int64_t *count);

/* Above 0. */
enum tp_status tp_cell_number(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *column, double *number);
/* From 0 on; 0 where the cell is empty or absent. */
enum tp_status tp_cell_amount(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *column, double *amount);
/* The same, of whole numbers. */
enum tp_status tp_cell_limit(const struct tp_op_reader *reader, const struct tp_op_row *row,
                             const char *column, double *limit);
/* Index of the cell's word among `names`; `fallback` where the cell is empty or absent. */
enum tp_status tp_cell_word(const struct tp_op_reader *reader, const struct tp_op_row *row,
                            const char *column, const char *const *names, size_t fallback,
                            size_t *index);
/* "balanced", "random" or "power_law_A"; an empty cell is balanced. */
enum tp_status tp_cell_skew(const struct tp_op_reader *reader, const struct tp_op_row *row,
                            const char *column, double *skew);
#endif
