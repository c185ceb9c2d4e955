/* Programs of one op, with operands of their own. */
#include "cuda/bench_op.h"

#include <math.h>

struct tp_op_rounds tp_op_rounds(const struct tp_op *op, double l2_bytes, double op_s,
                                 double graph_s)
{
  enum { MOST_COPIES = 256, MOST_REPEATS = 512 };
  double kept_bytes = 0; /* weights or cache */
  if (op->kind == TP_OP_GEMM)
    kept_bytes = (double)op->gemm.n * (double)op->gemm.k * tp_dtype_bytes(op->gemm.dtype);
  else if (op->kind == TP_OP_ATTENTION)
    kept_bytes = 2 * (double)op->attention.batch * (double)op->attention.kv_len *
                 (double)op->attention.kv_heads * (double)op->attention.head_dim *
                 tp_dtype_bytes(op->attention.dtype);
  /* Twice the cache: what is not the least recently used is not evicted strictly in order. */
  const double copies = kept_bytes > 0 ? 1 + ceil(2 * l2_bytes / kept_bytes) : 1;
  const int used = (int)fmin(copies, MOST_COPIES);
  const double rounds = fmin(fmax(1, ceil(graph_s / (op_s * used))), MOST_REPEATS / used);
  return (struct tp_op_rounds){.copies = used, .repeats = used * (int64_t)rounds};
}

struct tp_op tp_op_of_rows(enum tp_function function, const struct tp_rows *shape)
{
  const double x = 2 * (double)shape->rows * (double)shape->columns;
  const double gain = 2 * (double)shape->columns;
  const double head = 2 * (double)shape->rows * (double)shape->head_dim;
  const double rotated = head * (shape->heads + 2 * shape->kv_heads);
  struct tp_op op = {.name = tp_function_text(function),
                     .kind = TP_OP_MEMORY,
                     .stream = TP_STREAM_COMPUTE,
                     .records = TP_NO_EVENT,
                     .rows = shape->rows,
                     .memory = {.function = function,
                                .heads = shape->heads,
                                .kv_heads = shape->kv_heads,
                                .head_dim = shape->head_dim}};
  struct tp_memory *memory = &op.memory;
  switch (function) {
  case TP_FUNCTION_NORM:
    memory->read_bytes = x + gain;
    memory->write_bytes = x;
    break;
  case TP_FUNCTION_ADD_NORM:
    memory->read_bytes = 2 * x + gain;
    memory->write_bytes = 2 * x;
    break;
  case TP_FUNCTION_ACTIVATION:
    memory->read_bytes = 2 * x;
    memory->write_bytes = x;
    break;
  case TP_FUNCTION_ROPE_CACHE:
    memory->read_bytes = memory->write_bytes = rotated;
    break;
  case TP_FUNCTION_SAMPLE:
    memory->read_bytes = x;
    memory->write_bytes = 2 * (double)shape->rows;
    break;
  default: /* a copy */
    memory->read_bytes = memory->write_bytes = x;
    break;
  }
  return op;
}
