#ifndef TP_OPS_SETTLE_H
#define TP_OPS_SETTLE_H
/* An op whose fields a row said: what it did not say, and what its cells mean together. */
#include "ops/cells.h"
#include "program/op.h"

/* What a row's name says beyond the kind of its op. */
struct tp_op_row_shape {
  bool decode;   /* one new token a sequence */
  bool exchange; /* by tokens, not bytes */
  bool norm;     /* an all-reduce that normalises */
};

enum tp_status tp_op_row_settle(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                const struct tp_op_row_shape *shape, struct tp_op *op);
#endif
