#ifndef TP_TESTS_CUDA_HAND_H
#define TP_TESTS_CUDA_HAND_H
/* Programs written by hand, an op and a tensor at a time. */
#include "program/program.h"

#include "../suite.h"

#include <stdio.h>

#include <string.h>

enum { HAND_MOST = 24 };

struct hand {
  struct tp_program program;
  struct tp_tensor tensors[HAND_MOST];
  struct tp_op ops[TP_MAX_SEGMENTS][HAND_MOST];
};

static inline void hand_begin(struct hand *hand, int ranks)
{
  memset(hand, 0, sizeof *hand);
  hand->program = (struct tp_program){.title = "hand",
                                      .mesh = tp_mesh_of_tp(ranks),
                                      .batch = tp_batch_prefill(1, 1),
                                      .n_streams = 2,
                                      .n_events = 8,
                                      .stream_names = {"compute", "comm"},
                                      .tensors = hand->tensors};
}

static inline void hand_segment(struct hand *hand, int64_t repeat, int layers)
{
  const size_t s = hand->program.n_segments++;
  hand->program.segments[s] = (struct tp_segment){
      .name = "segment", .repeat = repeat, .layers = layers, .ops = hand->ops[s]};
}

/* fp32, one copy; the caller changes what is otherwise. */
static inline int hand_tensor(struct hand *hand, const char *name, enum tp_tensor_kind kind,
                              int64_t rows, int64_t columns)
{
  hand->tensors[hand->program.n_tensors] = (struct tp_tensor){.name = name,
                                                              .kind = kind,
                                                              .dtype = TP_DTYPE_FP32,
                                                              .rows = rows,
                                                              .columns = columns,
                                                              .layers = 1,
                                                              .view_of = TP_NO_TENSOR};
  return hand->program.n_tensors++;
}

static inline struct tp_op *hand_op(struct hand *hand, struct tp_op op)
{
  struct tp_segment *segment = &hand->program.segments[hand->program.n_segments - 1];
  segment->ops[segment->n_ops] = op;
  return &segment->ops[segment->n_ops++];
}

/* to = from, on a stream; no event in, none out. */
static inline struct tp_op *hand_copy(struct hand *hand, const char *name, int stream, int from,
                                      int to)
{
  return hand_op(hand, (struct tp_op){.name = name,
                                      .kind = TP_OP_MEMORY,
                                      .stream = stream,
                                      .records = TP_NO_EVENT,
                                      .n_in = 1,
                                      .n_out = 1,
                                      .in = {from},
                                      .out = {to},
                                      .memory = {.function = TP_FUNCTION_COPY}});
}

static inline struct tp_op *hand_all_reduce(struct hand *hand, const char *name, int buffer)
{
  const struct tp_tensor *tensor = &hand->tensors[buffer];
  return hand_op(
      hand, (struct tp_op){.name = name,
                           .kind = TP_OP_COLLECTIVE,
                           .stream = TP_STREAM_COMM,
                           .records = TP_NO_EVENT,
                           .n_in = 1,
                           .n_out = 1,
                           .in = {buffer},
                           .out = {buffer},
                           .collective = {.kind = TP_ALL_REDUCE,
                                          .bytes = 4 * (double)(tensor->rows * tensor->columns),
                                          .dtype = TP_DTYPE_FP32}});
}

static inline void hand_wait(struct tp_op *op, int event)
{
  op->waits[op->n_waits++] = event;
}
#endif
