#ifndef TP_VERIFY_OP_MAKE_H
#define TP_VERIFY_OP_MAKE_H
/* Makes programs of an op or two, for verify/op_cases.h. */
#include "verify/op_cases.h"

enum { TP_MAKE_MOST_CASES = 512, TP_MAKE_MOST_TENSORS = 10, TP_MAKE_MOST_OPS = 2 };

/* Room for TP_MAKE_MOST_CASES, of which the first `n` are made. */
struct tp_making {
  struct tp_arena *arena;
  struct tp_op_case *all;
  size_t n;
};

/* The case under construction. */
struct tp_make {
  struct tp_arena *arena;
  struct tp_op_case *made;
  struct tp_tensor *tensors;
  struct tp_segment *segment;
  enum tp_dtype wide;
};

struct tp_rows_shape {
  int64_t rows, columns;
};

struct tp_attention_shape {
  int64_t batch, query_len, kv_len, heads, kv_heads, head_dim;
  int64_t window; /* 0: none */
};

struct tp_make tp_make_begin(struct tp_making *cases, const char *name, int ranks,
                             enum tp_dtype dtype, int64_t batch, int64_t query_len);

/* These add a tensor and return its number. */
int tp_make_activation(struct tp_make *make, const char *name, int64_t rows, int64_t columns);
/* A view of tensor `of`: every `step`th row, the last `columns`. */
int tp_make_view(struct tp_make *make, const char *name, int of, int64_t step, int64_t columns);
int tp_make_weight(struct tp_make *make, const char *name, enum tp_role role, enum tp_dtype dtype,
                   int64_t rows, int64_t columns);
int tp_make_index(struct tp_make *make, const char *name, int64_t rows);
int tp_make_lengths(struct tp_make *make);
int tp_make_cache(struct tp_make *make, const char *name, int64_t capacity, int64_t columns);

struct tp_op *tp_make_op(struct tp_make *make, enum tp_op_kind kind);
/* The op moves `elements`; its cost depends on that, its numbers do not. */
struct tp_op *tp_make_memory(struct tp_make *make, enum tp_function function, double elements);

enum { TP_MAKE_END = -1 };
#define TP_MAKE_READS(op, ...) \
  tp_make_operands((op)->in, &(op)->n_in, (const int[]){__VA_ARGS__, TP_MAKE_END})
#define TP_MAKE_WRITES(op, ...) \
  tp_make_operands((op)->out, &(op)->n_out, (const int[]){__VA_ARGS__, TP_MAKE_END})
void tp_make_operands(int *to, int *n, const int *tensors);

/* op_cases_rows.c: norms, elementwise kernels, embeddings, sampling, kernels over heads. */
void tp_make_rows(struct tp_making *cases, enum tp_dtype dtype);
#endif
