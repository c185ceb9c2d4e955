#include "verify/op_make.h"

#include <assert.h>

struct tp_make tp_make_begin(struct tp_making *cases, const char *name, int ranks,
                             enum tp_dtype dtype, int64_t batch, int64_t query_len)
{
  assert(cases->n < TP_MAKE_MOST_CASES);
  struct tp_op_case *made = &cases->all[cases->n++];
  struct tp_arena *arena = cases->arena;
  struct tp_tensor *tensors = TP_NEW(arena, struct tp_tensor, TP_MAKE_MOST_TENSORS);
  *made = (struct tp_op_case){.name = name, .dtype = dtype};
  made->program = (struct tp_program){.title = name,
                                      .mesh = tp_mesh_of_tp(ranks),
                                      .batch = tp_batch_prefill(batch, query_len),
                                      .n_streams = 2,
                                      .n_segments = 1,
                                      .tensors = tensors,
                                      .tokens = TP_NO_TENSOR,
                                      .lengths = TP_NO_TENSOR,
                                      .logits = TP_NO_TENSOR,
                                      .next = TP_NO_TENSOR};
  struct tp_segment *segment = &made->program.segments[0];
  *segment = (struct tp_segment){
      .name = "op", .repeat = 1, .ops = TP_NEW(arena, struct tp_op, TP_MAKE_MOST_OPS)};
  return (struct tp_make){.arena = arena,
                          .made = made,
                          .tensors = tensors,
                          .segment = segment,
                          .wide = tp_dtype_wide(dtype)};
}

static int add(struct tp_make *make, struct tp_tensor tensor)
{
  tensor.layers = 1;
  if (tensor.row_step == 0)
    tensor.view_of = TP_NO_TENSOR;
  make->tensors[make->made->program.n_tensors] = tensor;
  return make->made->program.n_tensors++;
}

int tp_make_activation(struct tp_make *make, const char *name, int64_t rows, int64_t columns)
{
  return add(make, (struct tp_tensor){.name = name,
                                      .kind = TP_TENSOR_ACTIVATION,
                                      .dtype = make->wide,
                                      .rows = rows,
                                      .columns = columns});
}

int tp_make_view(struct tp_make *make, const char *name, int of, int64_t step, int64_t columns)
{
  const struct tp_tensor *base = &make->tensors[of];
  return add(make, (struct tp_tensor){.name = name,
                                      .kind = TP_TENSOR_ACTIVATION,
                                      .dtype = make->wide,
                                      .rows = base->rows / step,
                                      .columns = columns,
                                      .view_of = of,
                                      .first_row = step - 1,
                                      .first_column = base->columns - columns,
                                      .row_step = step});
}

int tp_make_weight(struct tp_make *make, const char *name, enum tp_role role, enum tp_dtype dtype,
                   int64_t rows, int64_t columns)
{
  struct tp_piece *piece = TP_NEW(make->arena, struct tp_piece, 1);
  *piece =
      (struct tp_piece){.of = name, .role = role, .rows = rows, .columns = columns, .sharers = 1};
  return add(make, (struct tp_tensor){.name = name,
                                      .kind = TP_TENSOR_WEIGHT,
                                      .dtype = dtype,
                                      .rows = rows,
                                      .columns = columns,
                                      .n_pieces = 1,
                                      .pieces = piece});
}

int tp_make_index(struct tp_make *make, const char *name, int64_t rows)
{
  return add(make,
             (struct tp_tensor){.name = name, .kind = TP_TENSOR_INDEX, .rows = rows, .columns = 1});
}

int tp_make_lengths(struct tp_make *make)
{
  return make->made->program.lengths =
             tp_make_index(make, "lengths", tp_batch_sequences(&make->made->program.batch));
}

int tp_make_cache(struct tp_make *make, const char *name, int64_t capacity, int64_t columns)
{
  const int cache = tp_make_activation(
      make, name, tp_batch_sequences(&make->made->program.batch) * capacity, columns);
  make->tensors[cache].kind = TP_TENSOR_CACHE;
  return cache;
}

struct tp_op *tp_make_op(struct tp_make *make, enum tp_op_kind kind)
{
  struct tp_op *op = &make->segment->ops[make->segment->n_ops++];
  *op = (struct tp_op){.name = make->made->name, .kind = kind, .records = TP_NO_EVENT};
  if (kind == TP_OP_COLLECTIVE)
    op->stream = TP_STREAM_COMM;
  return op;
}

void tp_make_operands(int *to, int *n, const int *tensors)
{
  for (; *tensors != TP_MAKE_END; tensors++)
    to[(*n)++] = *tensors;
}
struct tp_op *tp_make_memory(struct tp_make *make, enum tp_function function, double elements)
{
  struct tp_op *op = tp_make_op(make, TP_OP_MEMORY);
  const double bytes = elements * tp_dtype_bytes(make->wide);
  op->memory = (struct tp_memory){.read_bytes = bytes, .write_bytes = bytes, .function = function};
  return op;
}
