/* Kernels over rows. */
#include "verify/op_cases_list.h"

enum { POSITIONS = 64 };

static struct tp_make begin_rows(struct tp_case_list *cases, const char *what,
                                 struct tp_rows_shape s, enum tp_dtype dtype)
{
  const char *name = tp_arena_printf(cases->arena, "%s %s %lldx%lld", what, tp_dtype_text(dtype),
                                     (long long)s.rows, (long long)s.columns);
  return tp_case_begin(cases, name, 1, dtype, 1, s.rows);
}

static void norms(struct tp_case_list *cases, struct tp_rows_shape s, enum tp_dtype dtype,
                  bool layer)
{
  static const struct {
    enum tp_function function;
    const char *rms, *layer;
    int inputs;
    bool sums;
  } kinds[] = {{TP_FUNCTION_NORM, "rms norm", "layer norm", 1, false},
               {TP_FUNCTION_ADD_NORM, "add, rms norm", "add, layer norm", 2, true},
               {TP_FUNCTION_ADD_SUM_NORM, "add, sum, rms norm", "add, sum, layer norm", 3, true}};
  static const char *const inputs[] = {"x", "h", "sum"};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    struct tp_make make = begin_rows(cases, layer ? kinds[i].layer : kinds[i].rms, s, dtype);
    struct tp_op *op = tp_case_memory(&make, kinds[i].function, (double)(s.rows * s.columns));
    for (int input = 0; input < kinds[i].inputs; input++)
      TP_MAKE_READS(op, tp_make_activation(&make, inputs[input], s.rows, s.columns));
    TP_MAKE_READS(op, tp_make_weight(&make, "gain", TP_ROLE_GAIN, make.dtype, s.columns, 1));
    if (layer)
      TP_MAKE_READS(op, tp_make_weight(&make, "bias", TP_ROLE_BIAS, make.dtype, s.columns, 1));
    if (kinds[i].sums)
      TP_MAKE_WRITES(op, op->in[0]); /* in place, as programs do it */
    TP_MAKE_WRITES(op, tp_make_activation(&make, "y", s.rows, s.columns));
  }
}

static void elementwise(struct tp_case_list *cases, struct tp_rows_shape s, enum tp_dtype dtype)
{
  static const struct {
    enum tp_function function;
    const char *name;
    int64_t widths;
    bool second;
  } kinds[] = {{TP_FUNCTION_ADD, "add", 1, true},
               {TP_FUNCTION_ADD_SHARE, "add share", 1, true},
               {TP_FUNCTION_COPY, "copy", 1, false},
               {TP_FUNCTION_ACTIVATION, "gelu", 1, false},
               {TP_FUNCTION_ACTIVATION, "silu", 2, false}};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    struct tp_make make = begin_rows(cases, kinds[i].name, s, dtype);
    struct tp_op *op = tp_case_memory(&make, kinds[i].function, (double)(s.rows * s.columns));
    TP_MAKE_READS(op, tp_make_activation(&make, "x", s.rows, kinds[i].widths * s.columns));
    if (kinds[i].second)
      TP_MAKE_READS(op, tp_make_activation(&make, "h", s.rows, s.columns));
    if (kinds[i].second)
      TP_MAKE_WRITES(op, op->in[0]);
    else
      TP_MAKE_WRITES(op, tp_make_activation(&make, "y", s.rows, s.columns));
  }
}

static void embeddings(struct tp_case_list *cases, struct tp_rows_shape s, enum tp_dtype dtype)
{
  for (int learned = 0; learned < 2; learned++) {
    struct tp_make make = begin_rows(cases, learned ? "embed with positions" : "embed", s, dtype);
    struct tp_op *op = tp_case_memory(&make, TP_FUNCTION_EMBED, (double)(s.rows * s.columns));
    make.program->tokens = tp_make_index(&make, "tokens", s.rows);
    TP_MAKE_READS(op, make.program->tokens, tp_make_lengths(&make),
                  tp_make_weight(&make, "table", TP_ROLE_MATRIX, make.dtype, 50, s.columns));
    if (learned)
      TP_MAKE_READS(
          op, tp_make_weight(&make, "positions", TP_ROLE_MATRIX, make.dtype, POSITIONS, s.columns));
    TP_MAKE_WRITES(op, tp_make_activation(&make, "x", s.rows, s.columns));
  }
}

static void samples(struct tp_case_list *cases, enum tp_dtype dtype)
{
  static const struct tp_rows_shape shapes[] = {{1, 40}, {3, 1001}};
  for (int i = 0; i < 2; i++) {
    const char *name = tp_arena_printf(cases->arena, "sample %s %lldx%lld", tp_dtype_text(dtype),
                                       (long long)shapes[i].rows, (long long)shapes[i].columns);
    struct tp_make make = tp_case_begin(cases, name, 1, dtype, shapes[i].rows, 1);
    struct tp_op *op = tp_case_memory(&make, TP_FUNCTION_SAMPLE, (double)shapes[i].columns);
    TP_MAKE_READS(op, tp_make_activation(&make, "logits", shapes[i].rows, shapes[i].columns));
    TP_MAKE_WRITES(op, tp_make_index(&make, "next", shapes[i].rows));
  }
}

static void heads(struct tp_case_list *cases, struct tp_attention_shape s, enum tp_dtype dtype)
{
  static const struct {
    enum tp_function function;
    const char *name;
  } kinds[] = {{TP_FUNCTION_QK_NORM, "qk norm"},
               {TP_FUNCTION_ROPE, "rope"},
               {TP_FUNCTION_ROPE_CACHE, "rope, cache"}};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const char *name = tp_arena_printf(
        cases->arena, "%s %s batch %lld query %lld heads %lld/%lld x %lld", kinds[i].name,
        tp_dtype_text(dtype), (long long)s.batch, (long long)s.query_len, (long long)s.heads,
        (long long)s.kv_heads, (long long)s.head_dim);
    struct tp_make make = tp_case_begin(cases, name, 1, dtype, s.batch, s.query_len);
    const int64_t columns = (s.heads + 2 * s.kv_heads) * s.head_dim;
    struct tp_op *op =
        tp_case_memory(&make, kinds[i].function, (double)(s.batch * s.query_len * columns));
    op->memory.heads = (int)s.heads;
    op->memory.kv_heads = (int)s.kv_heads;
    op->memory.head_dim = (int)s.head_dim;
    TP_MAKE_READS(op, tp_make_activation(&make, "qkv", s.batch * s.query_len, columns));
    if (kinds[i].function == TP_FUNCTION_QK_NORM)
      TP_MAKE_READS(op, tp_make_weight(&make, "gain of q", TP_ROLE_GAIN, make.dtype, s.head_dim, 1),
                    tp_make_weight(&make, "gain of k", TP_ROLE_GAIN, make.dtype, s.head_dim, 1));
    else
      TP_MAKE_READS(op, tp_make_lengths(&make));
    TP_MAKE_WRITES(op, op->in[0]);
    if (kinds[i].function == TP_FUNCTION_ROPE_CACHE)
      TP_MAKE_WRITES(op, tp_make_cache(&make, "keys", s.query_len + 2, s.kv_heads * s.head_dim),
                     tp_make_cache(&make, "values", s.query_len + 2, s.kv_heads * s.head_dim));
  }
}

void tp_case_rows(struct tp_case_list *cases, enum tp_dtype dtype)
{
  static const struct tp_rows_shape shapes[] = {{1, 8}, {3, 40}, {13, 136}, {2, 4104}};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    norms(cases, shapes[i], dtype, false);
    norms(cases, shapes[i], dtype, true);
    elementwise(cases, shapes[i], dtype);
    embeddings(cases, shapes[i], dtype);
  }
  samples(cases, dtype);
  heads(cases, (struct tp_attention_shape){3, 5, 5, 4, 2, 16, 0}, dtype);
  heads(cases, (struct tp_attention_shape){2, 3, 3, 2, 1, 232, 0},
        dtype); /* odd halves: Kraken's */
  heads(cases, (struct tp_attention_shape){5, 1, 1, 6, 6, 64, 0}, dtype);
}
