#include "run/make.h"

#include <assert.h>

struct tp_make tp_make_begin(struct tp_arena *arena, struct tp_program *program, const char *title,
                             int ranks, struct tp_batch batch, enum tp_dtype dtype)
{
  struct tp_tensor *tensors = TP_NEW(arena, struct tp_tensor, TP_MAKE_MOST_TENSORS);
  *program = (struct tp_program){
      .title = title,
      .mesh = tp_mesh_of_tp(ranks),
      .batch = batch,
      .n_streams = 2,
      .stream_names = {[TP_STREAM_COMPUTE] = "compute", [TP_STREAM_COMM] = "comm"},
      .tensors = tensors,
      .tokens = TP_NO_TENSOR,
      .lengths = TP_NO_TENSOR,
      .logits = TP_NO_TENSOR,
      .next = TP_NO_TENSOR,
  };
  return (struct tp_make){
      .arena = arena, .program = program, .tensors = tensors, .dtype = dtype, .copies = 1};
}

static int add(struct tp_make *make, struct tp_tensor tensor)
{
  assert(make->program->n_tensors < TP_MAKE_MOST_TENSORS);
  if (tensor.layers == 0)
    tensor.layers = 1;
  if (tensor.row_step == 0)
    tensor.view_of = TP_NO_TENSOR;
  make->tensors[make->program->n_tensors] = tensor;
  return make->program->n_tensors++;
}

int tp_make_activation(struct tp_make *make, const char *name, int64_t rows, int64_t columns)
{
  return add(make, (struct tp_tensor){.name = name,
                                      .kind = TP_TENSOR_ACTIVATION,
                                      .dtype = make->dtype,
                                      .rows = rows,
                                      .columns = columns});
}

int tp_make_view(struct tp_make *make, const char *name, int of, int64_t step, int64_t columns)
{
  const struct tp_tensor *base = &make->tensors[of];
  return add(make, (struct tp_tensor){.name = name,
                                      .kind = TP_TENSOR_ACTIVATION,
                                      .dtype = make->dtype,
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
                                      .layers = role == TP_ROLE_MATRIX ? make->copies : 1,
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
  return make->program->lengths =
             tp_make_index(make, "lengths", tp_batch_sequences(&make->program->batch));
}

int tp_make_cache(struct tp_make *make, const char *name, int64_t capacity, int64_t columns)
{
  return add(make, (struct tp_tensor){.name = name,
                                      .kind = TP_TENSOR_CACHE,
                                      .dtype = make->dtype,
                                      .rows = tp_batch_sequences(&make->program->batch) * capacity,
                                      .columns = columns,
                                      .layers = make->copies});
}

void tp_make_segment(struct tp_make *make, int64_t repeat, size_t most_ops)
{
  make->segment = &make->program->segments[make->program->n_segments++];
  *make->segment = (struct tp_segment){.name = "op",
                                       .repeat = repeat,
                                       .layers = 1,
                                       .ops = TP_NEW(make->arena, struct tp_op, most_ops)};
}

struct tp_op *tp_make_op(struct tp_make *make, enum tp_op_kind kind)
{
  const struct tp_op op = {.name = make->program->title,
                           .kind = kind,
                           .stream = kind == TP_OP_COLLECTIVE ? TP_STREAM_COMM : TP_STREAM_COMPUTE,
                           .records = TP_NO_EVENT};
  return tp_make_put(make, &op);
}

struct tp_op *tp_make_put(struct tp_make *make, const struct tp_op *op)
{
  struct tp_op *const put = &make->segment->ops[make->segment->n_ops++];
  *put = *op;
  return put;
}

void tp_make_operands(int *to, int *n, const int *tensors)
{
  for (; *tensors != TP_MAKE_END; tensors++)
    to[(*n)++] = *tensors;
}
