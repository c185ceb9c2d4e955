#ifndef TP_TESTS_CUDA_HAND_H
#define TP_TESTS_CUDA_HAND_H
/* Programs written by hand, an op and a tensor at a time (run/make.h), in fp32. */
#include "run/make.h"

#include "../suite.h"

#include <stdio.h>

#include <string.h>

struct hand {
  struct tp_program program;
  struct tp_make make; /* of the program, which may not move meanwhile */
};

static inline void hand_begin(struct hand *hand, struct tp_arena *arena, int ranks)
{
  hand->make =
      tp_make_begin(arena, &hand->program, "hand", ranks, tp_batch_prefill(1, 1), TP_DTYPE_FP32);
  hand->program.n_events = 8;
}

static inline void hand_segment(struct hand *hand, int64_t repeat, int layers)
{
  enum { MOST_OPS = 24 };
  tp_make_segment(&hand->make, repeat, MOST_OPS);
  hand->make.segment->layers = layers;
}

/* One copy; the caller changes what is otherwise. */
static inline int hand_tensor(struct hand *hand, const char *name, enum tp_tensor_kind kind,
                              int64_t rows, int64_t columns)
{
  const int tensor = tp_make_activation(&hand->make, name, rows, columns);
  hand->make.tensors[tensor].kind = kind;
  return tensor;
}

static inline struct tp_op *hand_op(struct hand *hand, enum tp_op_kind kind, const char *name)
{
  struct tp_op *op = tp_make_op(&hand->make, kind);
  op->name = name;
  return op;
}

/* to = from, on a stream; no event in, none out. */
static inline struct tp_op *hand_copy(struct hand *hand, const char *name, int stream, int from,
                                      int to)
{
  struct tp_op *op = hand_op(hand, TP_OP_MEMORY, name);
  op->stream = stream;
  op->memory.function = TP_FUNCTION_COPY;
  TP_MAKE_READS(op, from);
  TP_MAKE_WRITES(op, to);
  return op;
}

static inline struct tp_op *hand_all_reduce(struct hand *hand, const char *name, int buffer)
{
  const struct tp_tensor *tensor = &hand->make.tensors[buffer];
  struct tp_op *op = hand_op(hand, TP_OP_COLLECTIVE, name);
  op->collective = (struct tp_collective){.kind = TP_ALL_REDUCE,
                                          .bytes = 4 * (double)(tensor->rows * tensor->columns),
                                          .dtype = TP_DTYPE_FP32};
  TP_MAKE_READS(op, buffer);
  TP_MAKE_WRITES(op, buffer);
  return op;
}

static inline void hand_wait(struct tp_op *op, int event)
{
  op->waits[op->n_waits++] = event;
}
#endif
