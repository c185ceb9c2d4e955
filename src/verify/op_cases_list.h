#ifndef TP_VERIFY_OP_CASES_LIST_H
#define TP_VERIFY_OP_CASES_LIST_H
/* The list that op_cases.c and op_cases_rows.c add to. */
#include "run/make.h"
#include "verify/op_cases.h"

enum { TP_MOST_CASES = 512, TP_MOST_CASE_OPS = 2 };

/* Room for TP_MOST_CASES, of which the first `n` are made. */
struct tp_case_list {
  struct tp_arena *arena;
  struct tp_op_case *all;
  size_t n;
};

struct tp_rows_shape {
  int64_t rows, columns;
};

struct tp_attention_shape {
  int64_t batch, query_len, kv_len, heads, kv_heads, head_dim;
  int64_t window; /* 0: none */
};

/* One more, of `dtype` or, where that is of weights only, with activations of the wider one. */
struct tp_make tp_case_begin(struct tp_case_list *cases, const char *name, int ranks,
                             enum tp_dtype dtype, int64_t batch, int64_t query_len);

/* The op moves `elements`; its cost depends on that, its numbers do not. */
struct tp_op *tp_case_memory(struct tp_make *make, enum tp_function function, double elements);

/* op_cases_rows.c: norms, elementwise kernels, embeddings, sampling, kernels over heads. */
void tp_case_rows(struct tp_case_list *cases, enum tp_dtype dtype);
#endif
