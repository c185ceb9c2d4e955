#ifndef TP_OPS_ROWS_H
#define TP_OPS_ROWS_H
/* Ops from the rows of a CSV; see ops/costs.h for the columns. */
#include "base/csv.h"
#include "ops/interference.h"
#include "platform/stack.h"
#include "program/op.h"

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

struct tp_op_row tp_op_row_at(const struct tp_op_reader *reader, size_t index);
bool tp_op_row_is_collective(const struct tp_op_row *row);
/* Reads the op, which gets the row's name for it. */
enum tp_status tp_op_row_read(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              struct tp_op *op);
/* What the row's columns `held_sms` and `copy_bytes_per_s` say: zeros where there are none. */
enum tp_status tp_op_row_interference(const struct tp_op_reader *reader,
                                      const struct tp_op_row *row,
                                      struct tp_interference *interference);
/* Reads a whole number above 0. */
enum tp_status tp_op_row_count(const struct tp_op_reader *reader, const struct tp_op_row *row,
                               const char *column, int64_t *count);
/* Fails with "FILE:LINE: text". */
enum tp_status tp_op_row_fail(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              const char *text);
#endif
