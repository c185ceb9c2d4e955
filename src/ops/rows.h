#ifndef TP_OPS_ROWS_H
#define TP_OPS_ROWS_H
/* Ops from the rows of a CSV; see ops/costs.h for the columns. */
#include "ops/cells.h"
#include "ops/interference.h"
#include "program/op.h"

struct tp_op_row tp_op_row_at(const struct tp_op_reader *reader, size_t index);
/* The dtype that a row without one is read with; NULL: the op has none.  `op` NULL: not said. */
const char *tp_op_row_usual_dtype(const char *op);
bool tp_op_row_is_collective(const struct tp_op_row *row);
/* Reads the op, which gets the row's name for it. */
enum tp_status tp_op_row_read(const struct tp_op_reader *reader, const struct tp_op_row *row,
                              struct tp_op *op);
/* What the row's columns `held_sms` and `copy_bytes_per_s` say: zeros where there are none. */
enum tp_status tp_op_row_interference(const struct tp_op_reader *reader,
                                      const struct tp_op_row *row,
                                      struct tp_interference *interference);
#endif
