#include "cuda/op_cases.h"

enum { MOST_CASES = 512, MOST_TENSORS = 10, MOST_OPS = 2, POSITIONS = 64 };

struct cases {
  struct tp_arena *arena;
  struct tp_op_case *all;
  size_t n;
};

/* The case under construction. */
struct make {
  struct tp_arena *arena;
  struct tp_op_case *made;
  struct tp_tensor *tensors;
  struct tp_segment *segment;
  enum tp_dtype wide;
};

static struct make begin(struct cases *cases, const char *name, int ranks, enum tp_dtype dtype,
                         int64_t batch, int64_t query_len)
{
  struct tp_op_case *made = &cases->all[cases->n++];
  struct tp_arena *arena = cases->arena;
  struct tp_tensor *tensors = TP_NEW(arena, struct tp_tensor, MOST_TENSORS);
  *made = (struct tp_op_case){.name = name, .dtype = dtype};
  made->program = (struct tp_program){.title = name,
                                      .phase = TP_PREFILL,
                                      .ranks = ranks,
                                      .batch = batch,
                                      .query_len = query_len,
                                      .n_streams = 2,
                                      .n_segments = 1,
                                      .tensors = tensors,
                                      .tokens = TP_NO_TENSOR,
                                      .lengths = TP_NO_TENSOR,
                                      .logits = TP_NO_TENSOR,
                                      .next = TP_NO_TENSOR};
  struct tp_segment *segment = &made->program.segments[0];
  *segment =
      (struct tp_segment){.name = "op", .repeat = 1, .ops = TP_NEW(arena, struct tp_op, MOST_OPS)};
  return (struct make){.arena = arena,
                       .made = made,
                       .tensors = tensors,
                       .segment = segment,
                       .wide = tp_dtype_wide(dtype)};
}

static int add(struct make *make, struct tp_tensor tensor)
{
  tensor.layers = 1;
  if (tensor.row_step == 0)
    tensor.view_of = TP_NO_TENSOR;
  make->tensors[make->made->program.n_tensors] = tensor;
  return make->made->program.n_tensors++;
}

static int activation(struct make *make, const char *name, int64_t rows, int64_t columns)
{
  return add(make, (struct tp_tensor){.name = name,
                                      .kind = TP_TENSOR_ACTIVATION,
                                      .dtype = make->wide,
                                      .rows = rows,
                                      .columns = columns});
}

/* Every `step`th row of another, from its last column but `columns` on. */
static int view(struct make *make, const char *name, int of, int64_t step, int64_t columns)
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

static int weight(struct make *make, const char *name, enum tp_role role, enum tp_dtype dtype,
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

static int index_of(struct make *make, const char *name, int64_t rows)
{
  return add(make,
             (struct tp_tensor){.name = name, .kind = TP_TENSOR_INDEX, .rows = rows, .columns = 1});
}

static int lengths(struct make *make)
{
  return make->made->program.lengths = index_of(make, "lengths", make->made->program.batch);
}

static int cache(struct make *make, const char *name, int64_t capacity, int64_t columns)
{
  const int cache = activation(make, name, make->made->program.batch * capacity, columns);
  make->tensors[cache].kind = TP_TENSOR_CACHE;
  return cache;
}

static struct tp_op *add_op(struct make *make, enum tp_op_kind kind)
{
  struct tp_op *op = &make->segment->ops[make->segment->n_ops++];
  *op = (struct tp_op){.name = make->made->name, .kind = kind, .records = TP_NO_EVENT};
  if (kind == TP_OP_COLLECTIVE)
    op->stream = TP_STREAM_COMM;
  return op;
}

enum { END = -1 };

static void operands(int *to, int *n, const int *tensors)
{
  for (; *tensors != END; tensors++)
    to[(*n)++] = *tensors;
}
#define READS(op, ...)  operands((op)->in, &(op)->n_in, (const int[]){__VA_ARGS__, END})
#define WRITES(op, ...) operands((op)->out, &(op)->n_out, (const int[]){__VA_ARGS__, END})

/* Elements that the op moves; costs, not numbers, depend on it. */
static struct tp_op *memory(struct make *make, enum tp_function function, double elements)
{
  struct tp_op *op = add_op(make, TP_OP_MEMORY);
  const double bytes = elements * tp_dtype_bytes(make->wide);
  op->memory = (struct tp_memory){.read_bytes = bytes, .write_bytes = bytes, .function = function};
  return op;
}

static const char *text_of(enum tp_dtype dtype)
{
  static const char *const names[] = TP_DTYPE_NAMES;
  return names[dtype];
}

/* GEMMs: k and n of fp8 are multiples of 16, as cuBLASLt wants them and the widths of models are.
 */
struct gemm_shape {
  int64_t m, n, k;
};

enum epilogue { PLAIN, BIAS, GELU, SILU, SPLIT, STRIDED, N_EPILOGUES };
static const char *const epilogues[] = {"",      " bias",       " bias gelu",
                                        " silu", " split silu", " of strided rows"};

static void gemm(struct cases *cases, struct gemm_shape s, enum tp_dtype dtype,
                 enum epilogue epilogue)
{
  const char *name =
      tp_arena_printf(cases->arena, "gemm %s %lldx%lldx%lld%s", text_of(dtype), (long long)s.m,
                      (long long)s.n, (long long)s.k, epilogues[epilogue]);
  struct make make = begin(cases, name, 1, dtype, 1, s.m);
  struct tp_op *op = add_op(&make, TP_OP_GEMM);
  const bool gated = epilogue == SILU || epilogue == SPLIT;
  const int64_t first = epilogue == SPLIT ? 32 : 0, n = s.n + first;
  const int64_t out = gated ? s.n / 2 : s.n;
  op->gemm = (struct tp_gemm){.m = s.m, .n = n, .k = s.k, .dtype = dtype};
  op->gemm.activates = gated || epilogue == GELU;
  if (epilogue == STRIDED) {
    const int base = activation(&make, "wide x", 3 * s.m, s.k + 8);
    READS(op, view(&make, "x", base, 3, s.k));
  } else {
    READS(op, activation(&make, "x", s.m, s.k));
  }
  READS(op, weight(&make, "w", TP_ROLE_MATRIX, dtype, n, s.k));
  if (epilogue == BIAS || epilogue == GELU)
    READS(op, weight(&make, "b", TP_ROLE_BIAS, make.wide, n, 1));
  if (epilogue == SPLIT)
    WRITES(op, activation(&make, "first y", s.m, first));
  WRITES(op, activation(&make, "y", s.m, out));
}

static void gemms(struct cases *cases, enum tp_dtype dtype)
{
  static const struct gemm_shape shapes[] = {
      {1, 64, 48}, {7, 96, 160}, {33, 32, 80}, {130, 48, 272}, {3, 1008, 32}};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
    for (int epilogue = 0; epilogue < N_EPILOGUES; epilogue++)
      gemm(cases, shapes[i], dtype, (enum epilogue)epilogue);
}

/* Attention with the op that puts the new keys and values in the cache before it. */
struct attention_shape {
  int64_t batch, query_len, kv_len, heads, kv_heads, head_dim;
};

static void attention(struct cases *cases, struct attention_shape s, enum tp_dtype dtype,
                      enum tp_attention_style style, const char *style_name, bool decode)
{
  const char *name = tp_arena_printf(
      cases->arena, "attention %s %s %s batch %lld query %lld kv %lld heads %lld/%lld x %lld",
      decode ? "decode" : "prefill", style_name, text_of(dtype), (long long)s.batch,
      (long long)s.query_len, (long long)s.kv_len, (long long)s.heads, (long long)s.kv_heads,
      (long long)s.head_dim);
  struct make make = begin(cases, name, 1, dtype, s.batch, s.query_len);
  make.made->program.phase = decode ? TP_DECODE : TP_PREFILL;
  const int64_t rows = s.batch * s.query_len, kv = s.kv_heads * s.head_dim;
  const int64_t columns = (s.heads + 2 * s.kv_heads) * s.head_dim;
  const bool joined = s.heads == s.kv_heads; /* as a parallel block has it */
  const int base = activation(&make, joined ? "qkv+up" : "qkv", rows, columns + (joined ? 24 : 0));
  const int qkv = joined ? view(&make, "qkv", base, 1, columns) : base;
  const int keys = cache(&make, "keys", s.kv_len + 3, kv);
  const int values = cache(&make, "values", s.kv_len + 3, kv), after = lengths(&make);
  const int heads = activation(&make, "heads", rows, s.heads * s.head_dim);
  struct tp_op *op = memory(&make, TP_FUNCTION_CACHE, 2 * (double)(rows * kv));
  op->memory.heads = (int)s.heads;
  op->memory.kv_heads = (int)s.kv_heads;
  op->memory.head_dim = (int)s.head_dim;
  READS(op, qkv, after);
  WRITES(op, keys, values);
  op = add_op(&make, TP_OP_ATTENTION);
  op->attention = (struct tp_attention){.decode = decode,
                                        .style = style,
                                        .batch = s.batch,
                                        .query_len = s.query_len,
                                        .kv_len = s.kv_len,
                                        .heads = s.heads,
                                        .kv_heads = s.kv_heads,
                                        .head_dim = s.head_dim,
                                        .score_passes = 5,
                                        .dtype = make.wide};
  READS(op, qkv, keys, values, after);
  WRITES(op, heads);
}

static void attentions(struct cases *cases, enum tp_dtype dtype)
{
  static const struct attention_shape prefill[] = {
      {1, 1, 1, 1, 1, 16}, {3, 5, 5, 4, 4, 16}, {2, 37, 37, 6, 2, 32}, {1, 65, 65, 8, 1, 64}};
  static const struct attention_shape decode[] = {
      {1, 1, 1, 1, 1, 16}, {3, 1, 9, 4, 4, 16}, {5, 1, 70, 6, 2, 32}, {2, 1, 33, 8, 1, 64}};
  for (int i = 0; i < 4; i++) {
    attention(cases, prefill[i], dtype, TP_ATTENTION_FLASH, "flash", false);
    attention(cases, prefill[i], dtype, TP_ATTENTION_MATERIALISED, "materialised", false);
    attention(cases, decode[i], dtype, TP_ATTENTION_FLASH, "flash", true);
    attention(cases, decode[i], dtype, TP_ATTENTION_MATERIALISED, "materialised", true);
    attention(cases, decode[i], dtype, TP_ATTENTION_EXPANDED, "expanded", true);
  }
}

/* Kernels over rows. */
struct rows_shape {
  int64_t rows, columns;
};

static struct make begin_rows(struct cases *cases, const char *what, struct rows_shape s,
                              enum tp_dtype dtype)
{
  const char *name = tp_arena_printf(cases->arena, "%s %s %lldx%lld", what, text_of(dtype),
                                     (long long)s.rows, (long long)s.columns);
  return begin(cases, name, 1, dtype, 1, s.rows);
}

static void norms(struct cases *cases, struct rows_shape s, enum tp_dtype dtype, bool layer)
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
    struct make make = begin_rows(cases, layer ? kinds[i].layer : kinds[i].rms, s, dtype);
    struct tp_op *op = memory(&make, kinds[i].function, (double)(s.rows * s.columns));
    for (int input = 0; input < kinds[i].inputs; input++)
      READS(op, activation(&make, inputs[input], s.rows, s.columns));
    READS(op, weight(&make, "gain", TP_ROLE_GAIN, make.wide, s.columns, 1));
    if (layer)
      READS(op, weight(&make, "bias", TP_ROLE_BIAS, make.wide, s.columns, 1));
    if (kinds[i].sums)
      WRITES(op, op->in[0]); /* in place, as programs do it */
    WRITES(op, activation(&make, "y", s.rows, s.columns));
  }
}

static void elementwise(struct cases *cases, struct rows_shape s, enum tp_dtype dtype)
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
    struct make make = begin_rows(cases, kinds[i].name, s, dtype);
    struct tp_op *op = memory(&make, kinds[i].function, (double)(s.rows * s.columns));
    READS(op, activation(&make, "x", s.rows, kinds[i].widths * s.columns));
    if (kinds[i].second)
      READS(op, activation(&make, "h", s.rows, s.columns));
    if (kinds[i].second)
      WRITES(op, op->in[0]);
    else
      WRITES(op, activation(&make, "y", s.rows, s.columns));
  }
}

static void embeddings(struct cases *cases, struct rows_shape s, enum tp_dtype dtype)
{
  for (int learned = 0; learned < 2; learned++) {
    struct make make = begin_rows(cases, learned ? "embed with positions" : "embed", s, dtype);
    struct tp_op *op = memory(&make, TP_FUNCTION_EMBED, (double)(s.rows * s.columns));
    make.made->program.tokens = index_of(&make, "tokens", s.rows);
    READS(op, make.made->program.tokens, lengths(&make),
          weight(&make, "table", TP_ROLE_MATRIX, make.wide, 50, s.columns));
    if (learned)
      READS(op, weight(&make, "positions", TP_ROLE_MATRIX, make.wide, POSITIONS, s.columns));
    WRITES(op, activation(&make, "x", s.rows, s.columns));
  }
}

static void samples(struct cases *cases, enum tp_dtype dtype)
{
  static const struct rows_shape shapes[] = {{1, 40}, {3, 1001}};
  for (int i = 0; i < 2; i++) {
    const char *name = tp_arena_printf(cases->arena, "sample %s %lldx%lld", text_of(dtype),
                                       (long long)shapes[i].rows, (long long)shapes[i].columns);
    struct make make = begin(cases, name, 1, dtype, shapes[i].rows, 1);
    struct tp_op *op = memory(&make, TP_FUNCTION_SAMPLE, (double)shapes[i].columns);
    READS(op, activation(&make, "logits", shapes[i].rows, shapes[i].columns));
    WRITES(op, index_of(&make, "next", shapes[i].rows));
  }
}

static void heads(struct cases *cases, struct attention_shape s, enum tp_dtype dtype)
{
  static const struct {
    enum tp_function function;
    const char *name;
  } kinds[] = {{TP_FUNCTION_QK_NORM, "qk norm"},
               {TP_FUNCTION_ROPE, "rope"},
               {TP_FUNCTION_ROPE_CACHE, "rope, cache"}};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const char *name =
        tp_arena_printf(cases->arena, "%s %s batch %lld query %lld heads %lld/%lld x %lld",
                        kinds[i].name, text_of(dtype), (long long)s.batch, (long long)s.query_len,
                        (long long)s.heads, (long long)s.kv_heads, (long long)s.head_dim);
    struct make make = begin(cases, name, 1, dtype, s.batch, s.query_len);
    const int64_t columns = (s.heads + 2 * s.kv_heads) * s.head_dim;
    struct tp_op *op = memory(&make, kinds[i].function, (double)(s.batch * s.query_len * columns));
    op->memory.heads = (int)s.heads;
    op->memory.kv_heads = (int)s.kv_heads;
    op->memory.head_dim = (int)s.head_dim;
    READS(op, activation(&make, "qkv", s.batch * s.query_len, columns));
    if (kinds[i].function == TP_FUNCTION_QK_NORM)
      READS(op, weight(&make, "gain of q", TP_ROLE_GAIN, make.wide, s.head_dim, 1),
            weight(&make, "gain of k", TP_ROLE_GAIN, make.wide, s.head_dim, 1));
    else
      READS(op, lengths(&make));
    WRITES(op, op->in[0]);
    if (kinds[i].function == TP_FUNCTION_ROPE_CACHE)
      WRITES(op, cache(&make, "keys", s.query_len + 2, s.kv_heads * s.head_dim),
             cache(&make, "values", s.query_len + 2, s.kv_heads * s.head_dim));
  }
}

/* All-reduces at full precision and on low-bit wires; a gather. */
static void collectives(struct cases *cases, int ranks, struct rows_shape s, enum tp_dtype dtype)
{
  static const struct tp_wire wires[] = {
      {.reduce_bits = 0},
      {.reduce_bits = 8, .gather_bits = 8, .group = 128},
      {.reduce_bits = 4, .gather_bits = 8, .group = 64},
      {.reduce_bits = 5, .gather_bits = 5, .group = 32},
      {.reduce_bits = 2, .gather_bits = 2, .group = 32, .spikes = true}};
  const double bytes = (double)(s.rows * s.columns) * tp_dtype_bytes(tp_dtype_wide(dtype));
  for (size_t i = 0; i <= sizeof wires / sizeof wires[0]; i++) {
    const bool gather = i == sizeof wires / sizeof wires[0];
    const char *name = tp_arena_printf(
        cases->arena, "%s %s %lldx%lld over %d ranks, %d bits",
        gather ? "all-gather" : "all-reduce", text_of(dtype), (long long)s.rows,
        (long long)s.columns, ranks,
        gather || i == 0 ? 8 * (int)tp_dtype_bytes(tp_dtype_wide(dtype)) : wires[i].reduce_bits);
    struct make make = begin(cases, name, ranks, dtype, 1, s.rows);
    struct tp_op *op = add_op(&make, TP_OP_COLLECTIVE);
    op->collective = (struct tp_collective){.kind = gather ? TP_ALL_GATHER : TP_ALL_REDUCE,
                                            .bytes = gather ? ranks * bytes : bytes,
                                            .dtype = make.wide};
    if (!gather)
      op->collective.wire = wires[i];
    READS(op, activation(&make, "x", s.rows, s.columns));
    WRITES(op, gather ? activation(&make, "all", ranks * s.rows, s.columns) : op->in[0]);
  }
}

static void of_one_rank(struct cases *cases, enum tp_dtype dtype)
{
  static const struct rows_shape shapes[] = {{1, 8}, {3, 40}, {13, 136}, {2, 4104}};
  gemms(cases, dtype);
  if (dtype == TP_DTYPE_FP8)
    return; /* only GEMMs know it */
  attentions(cases, dtype);
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    norms(cases, shapes[i], dtype, false);
    norms(cases, shapes[i], dtype, true);
    elementwise(cases, shapes[i], dtype);
    embeddings(cases, shapes[i], dtype);
  }
  samples(cases, dtype);
  heads(cases, (struct attention_shape){3, 5, 5, 4, 2, 16}, dtype);
  heads(cases, (struct attention_shape){5, 1, 1, 6, 6, 64}, dtype);
}

size_t tp_op_cases(struct tp_arena *arena, int ranks, const struct tp_op_case **found)
{
  static const enum tp_dtype dtypes[] = {TP_DTYPE_FP32, TP_DTYPE_FP16, TP_DTYPE_BF16, TP_DTYPE_FP8};
  struct cases cases = {.arena = arena, .all = TP_NEW(arena, struct tp_op_case, MOST_CASES)};
  for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
    if (ranks == 1)
      of_one_rank(&cases, dtypes[i]);
    else if (dtypes[i] != TP_DTYPE_FP8) {
      collectives(&cases, ranks, (struct rows_shape){3, 40}, dtypes[i]);
      collectives(&cases, ranks, (struct rows_shape){37, 1000}, dtypes[i]);
    }
  }
  *found = cases.all;
  return cases.n;
}
