#include "verify/op_cases_list.h"

#include "verify/check.h"

/* GEMMs: k and n of fp8 are multiples of 16, as cuBLASLt wants them and the widths of models are.
 */
struct gemm_shape {
  int64_t m, n, k;
};

enum epilogue { PLAIN, BIAS, GELU, SILU, SPLIT, STRIDED, N_EPILOGUES };
static const char *const epilogues[] = {"",      " bias",       " bias gelu",
                                        " silu", " split silu", " of strided rows"};

static void gemm(struct tp_case_list *cases, struct gemm_shape s, enum tp_dtype dtype,
                 enum epilogue epilogue)
{
  const char *name =
      tp_arena_printf(cases->arena, "gemm %s %lldx%lldx%lld%s", tp_dtype_text(dtype),
                      (long long)s.m, (long long)s.n, (long long)s.k, epilogues[epilogue]);
  struct tp_make make = tp_case_begin(cases, name, 1, dtype, 1, s.m);
  struct tp_op *op = tp_make_op(&make, TP_OP_GEMM);
  const bool gated = epilogue == SILU || epilogue == SPLIT;
  const int64_t first = epilogue == SPLIT ? 32 : 0, n = s.n + first;
  const int64_t out = gated ? s.n / 2 : s.n;
  op->gemm = (struct tp_gemm){.m = s.m, .n = n, .k = s.k, .dtype = dtype};
  op->gemm.activates = gated || epilogue == GELU;
  if (epilogue == STRIDED) {
    const int base = tp_make_activation(&make, "wide x", 3 * s.m, s.k + 8);
    TP_MAKE_READS(op, tp_make_view(&make, "x", base, 3, s.k));
  } else {
    TP_MAKE_READS(op, tp_make_activation(&make, "x", s.m, s.k));
  }
  TP_MAKE_READS(op, tp_make_weight(&make, "w", TP_ROLE_MATRIX, dtype, n, s.k));
  if (epilogue == BIAS || epilogue == GELU)
    TP_MAKE_READS(op, tp_make_weight(&make, "b", TP_ROLE_BIAS, make.dtype, n, 1));
  if (epilogue == SPLIT)
    TP_MAKE_WRITES(op, tp_make_activation(&make, "first y", s.m, first));
  TP_MAKE_WRITES(op, tp_make_activation(&make, "y", s.m, out));
}

static void gemms(struct tp_case_list *cases, enum tp_dtype dtype)
{
  static const struct gemm_shape shapes[] = {
      {1, 64, 48}, {7, 96, 160}, {33, 32, 80}, {130, 48, 272}, {3, 1008, 32}};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
    for (int epilogue = 0; epilogue < N_EPILOGUES; epilogue++)
      gemm(cases, shapes[i], dtype, (enum epilogue)epilogue);
}

/* Attention with the op that puts the new keys and values in the cache before it. */
static void attention(struct tp_case_list *cases, struct tp_attention_shape s, enum tp_dtype dtype,
                      enum tp_attention_style style, const char *style_name, bool decode)
{
  const char *name = tp_arena_printf(
      cases->arena, "attention %s %s %s batch %lld query %lld kv %lld heads %lld/%lld x %lld%s",
      decode ? "decode" : "prefill", style_name, tp_dtype_text(dtype), (long long)s.batch,
      (long long)s.query_len, (long long)s.kv_len, (long long)s.heads, (long long)s.kv_heads,
      (long long)s.head_dim,
      s.window > 0 ? tp_arena_printf(cases->arena, " window %lld", (long long)s.window) : "");
  struct tp_make make = tp_case_begin(cases, name, 1, dtype, s.batch, s.query_len);
  make.program->batch.chunks[0].context = s.kv_len - s.query_len;
  const int64_t rows = s.batch * s.query_len, kv = s.kv_heads * s.head_dim;
  const int64_t columns = (s.heads + 2 * s.kv_heads) * s.head_dim;
  const bool joined = s.heads == s.kv_heads; /* as a parallel block has it */
  const int base =
      tp_make_activation(&make, joined ? "qkv+up" : "qkv", rows, columns + (joined ? 24 : 0));
  const int qkv = joined ? tp_make_view(&make, "qkv", base, 1, columns) : base;
  const int keys = tp_make_cache(&make, "keys", s.kv_len + 3, kv);
  const int values = tp_make_cache(&make, "values", s.kv_len + 3, kv),
            after = tp_make_lengths(&make);
  const int heads = tp_make_activation(&make, "heads", rows, s.heads * s.head_dim);
  struct tp_op *op = tp_case_memory(&make, TP_FUNCTION_CACHE, 2 * (double)(rows * kv));
  op->memory.heads = (int)s.heads;
  op->memory.kv_heads = (int)s.kv_heads;
  op->memory.head_dim = (int)s.head_dim;
  TP_MAKE_READS(op, qkv, after);
  TP_MAKE_WRITES(op, keys, values);
  op = tp_make_op(&make, TP_OP_ATTENTION);
  op->attention = (struct tp_attention){.style = style,
                                        .batch = s.batch,
                                        .query_len = s.query_len,
                                        .kv_len = s.kv_len,
                                        .heads = s.heads,
                                        .kv_heads = s.kv_heads,
                                        .head_dim = s.head_dim,
                                        .window = s.window,
                                        .score_passes = 5,
                                        .dtype = make.dtype};
  TP_MAKE_READS(op, qkv, keys, values, after);
  TP_MAKE_WRITES(op, heads);
}

/* Prompts, whole and behind what is cached; windows narrower than what there is, as wide, wider. */
static void attentions(struct tp_case_list *cases, enum tp_dtype dtype)
{
  static const struct tp_attention_shape prefill[] = {
      {1, 1, 1, 1, 1, 16, 0},    {3, 5, 5, 4, 4, 16, 0},  {2, 37, 37, 6, 2, 32, 0},
      {1, 65, 65, 8, 1, 64, 0},  {3, 5, 9, 4, 4, 16, 0},  {2, 37, 37, 6, 2, 32, 10},
      {1, 65, 65, 8, 1, 64, 65}, {2, 7, 70, 4, 2, 32, 20}};
  static const struct tp_attention_shape decode[] = {
      {1, 1, 1, 1, 1, 16, 0},   {3, 1, 9, 4, 4, 16, 0},   {5, 1, 70, 6, 2, 32, 0},
      {2, 1, 33, 8, 1, 64, 0},  {3, 1, 9, 4, 4, 16, 1},   {5, 1, 70, 6, 2, 32, 17},
      {2, 1, 33, 8, 1, 64, 33}, {2, 1, 33, 8, 1, 64, 100}};
  for (int i = 0; i < 8; i++) {
    attention(cases, prefill[i], dtype, TP_ATTENTION_FLASH, "flash", false);
    attention(cases, prefill[i], dtype, TP_ATTENTION_MATERIALISED, "materialised", false);
    attention(cases, decode[i], dtype, TP_ATTENTION_FLASH, "flash", true);
    attention(cases, decode[i], dtype, TP_ATTENTION_MATERIALISED, "materialised", true);
    attention(cases, decode[i], dtype, TP_ATTENTION_EXPANDED, "expanded", true);
  }
}

/* All-reduces at full precision and on low-bit wires; a gather. */
static void collectives(struct tp_case_list *cases, int ranks, struct tp_rows_shape s,
                        enum tp_dtype dtype)
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
        gather ? "all-gather" : "all-reduce", tp_dtype_text(dtype), (long long)s.rows,
        (long long)s.columns, ranks,
        gather || i == 0 ? 8 * (int)tp_dtype_bytes(tp_dtype_wide(dtype)) : wires[i].reduce_bits);
    struct tp_make make = tp_case_begin(cases, name, ranks, dtype, 1, s.rows);
    struct tp_op *op = tp_make_op(&make, TP_OP_COLLECTIVE);
    op->collective = (struct tp_collective){.kind = gather ? TP_ALL_GATHER : TP_ALL_REDUCE,
                                            .bytes = gather ? ranks * bytes : bytes,
                                            .dtype = make.dtype};
    if (!gather)
      op->collective.wire = wires[i];
    TP_MAKE_READS(op, tp_make_activation(&make, "x", s.rows, s.columns));
    TP_MAKE_WRITES(op, gather ? tp_make_activation(&make, "all", ranks * s.rows, s.columns)
                              : op->in[0]);
  }
}

static void of_one_rank(struct tp_case_list *cases, enum tp_dtype dtype)
{
  gemms(cases, dtype);
  if (dtype == TP_DTYPE_FP8)
    return; /* only GEMMs know it */
  attentions(cases, dtype);
  tp_case_rows(cases, dtype);
}

size_t tp_op_cases(struct tp_arena *arena, int ranks, const struct tp_op_case **found)
{
  static const enum tp_dtype dtypes[] = {TP_DTYPE_FP32, TP_DTYPE_FP16, TP_DTYPE_BF16, TP_DTYPE_FP8};
  struct tp_case_list cases = {.arena = arena,
                               .all = TP_NEW(arena, struct tp_op_case, TP_MOST_CASES)};
  for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
    if (ranks == 1)
      of_one_rank(&cases, dtypes[i]);
    else if (dtypes[i] != TP_DTYPE_FP8) {
      collectives(&cases, ranks, (struct tp_rows_shape){3, 40}, dtypes[i]);
      collectives(&cases, ranks, (struct tp_rows_shape){37, 1000}, dtypes[i]);
    }
  }
  *found = cases.all;
  return cases.n;
}

/* Both devices round the same numbers, to neighbours at most; in fp8 a neighbour is 1/8 away, and
 * tensor cores add up products of it in fewer bits.  Sums over a low-bit wire may fall on another
 * code now and then: half of what the wire loses. */
double tp_op_case_bound(const struct tp_op_case *item)
{
  const struct tp_op *op = &item->program.segments[0].ops[0];
  if (op->kind == TP_OP_COLLECTIVE && op->collective.wire.reduce_bits > 0)
    return tp_check_wire_error(&op->collective.wire) / 2;
  switch (item->dtype) {
  case TP_DTYPE_FP16:
    return 0x1p-10;
  case TP_DTYPE_BF16:
    return 0x1p-7;
  case TP_DTYPE_FP8:
    return 0x1p-4;
  default:
    break;
  }
  return 1e-5;
}
