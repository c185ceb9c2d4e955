#ifndef TP_RUN_MAKE_H
#define TP_RUN_MAKE_H
/* Small programs, made an op and a tensor at a time: what a benchmark times by itself (bench/op.h)
 * and what the self-test checks by itself (verify/op_cases.h).  The caller changes what is
 * otherwise. */
#include "program/program.h"

enum { TP_MAKE_MOST_TENSORS = 10 };

/* The program under construction; all but itself in `arena`. */
struct tp_make {
  struct tp_arena *arena;
  struct tp_program *program;
  struct tp_tensor *tensors;
  struct tp_segment *segment; /* to which ops are added */
  enum tp_dtype dtype;        /* of activations and caches */
  int copies;                 /* of matrices and caches, for repetitions to take in turn; 1 */
};

/* `title` is the name of its ops, too. */
struct tp_make tp_make_begin(struct tp_arena *arena, struct tp_program *program, const char *title,
                             int ranks, struct tp_batch batch, enum tp_dtype dtype);

/* These add a tensor and return its number. */
int tp_make_activation(struct tp_make *make, const char *name, int64_t rows, int64_t columns);
/* A view of tensor `of`: every `step`th row, the last `columns`. */
int tp_make_view(struct tp_make *make, const char *name, int of, int64_t step, int64_t columns);
int tp_make_weight(struct tp_make *make, const char *name, enum tp_role role, enum tp_dtype dtype,
                   int64_t rows, int64_t columns);
int tp_make_index(struct tp_make *make, const char *name, int64_t rows);
int tp_make_lengths(struct tp_make *make);
/* `capacity` rows for every sequence of the batch. */
int tp_make_cache(struct tp_make *make, const char *name, int64_t capacity, int64_t columns);

/* Another segment, with room for `most_ops`. */
void tp_make_segment(struct tp_make *make, int64_t repeat, size_t most_ops);
/* These add an op to it, without operands. */
struct tp_op *tp_make_op(struct tp_make *make, enum tp_op_kind kind);
struct tp_op *tp_make_put(struct tp_make *make, const struct tp_op *op);

enum { TP_MAKE_END = -1 };
#define TP_MAKE_READS(op, ...) \
  tp_make_operands((op)->in, &(op)->n_in, (const int[]){__VA_ARGS__, TP_MAKE_END})
#define TP_MAKE_WRITES(op, ...) \
  tp_make_operands((op)->out, &(op)->n_out, (const int[]){__VA_ARGS__, TP_MAKE_END})
void tp_make_operands(int *to, int *n, const int *tensors);
#endif
