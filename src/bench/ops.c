#include "bench/ops.h"

#include "program/op_fields.h"

#include <string.h>

/* The ops of one file. */
struct ops {
  struct tp_rig *rig;
  struct tp_machine machine;
  int ranks;
  struct tp_lone_op *items;
  size_t n;
};

#define TIMES "time_us", "spread_us", "repeats"

static const struct tp_trace_layout gemm_layout = {
    .file = "gemm.csv", .n_keys = 5, .columns = {"op", "m", "n", "k", "dtype", TIMES}};
static const struct tp_trace_layout attention_layout = {
    .file = "attention.csv",
    .n_keys = 9,
    .columns = {"op", "batch", "seq_len", "kv_len", "heads", "kv_heads", "head_dim", "dtype",
                "cache_write", TIMES}};
static const struct tp_trace_layout memory_layout = {
    .file = "memory.csv",
    .n_keys = 5,
    .columns = {"op", "read_bytes", "write_bytes", "function", "rows", TIMES}};
static const struct tp_trace_layout collective_layout = {
    .file = "collectives.csv",
    .n_keys = 5,
    .columns = {"op", "bytes", "ranks", "dtype", "algorithm", TIMES}};

/* A decode's row says kv_len and no cache write, a prefill's seq_len. */
static bool is_said(const struct tp_op *op, const char *column)
{
  if (op->kind != TP_OP_ATTENTION)
    return true;
  return tp_attention_decodes(&op->attention)
             ? strcmp(column, "seq_len") != 0 && strcmp(column, "cache_write") != 0
             : strcmp(column, "kv_len") != 0;
}

void tp_lone_name(const struct tp_lone_op *lone, struct tp_trace_row *row)
{
  const struct tp_op *op = &lone->op;
  tp_trace_row_text(row, "op", tp_op_row_name(op));
  size_t n;
  const struct tp_op_field *const fields = tp_op_fields(op->kind, &n);
  for (size_t i = 0; i < n; i++) {
    const double number = tp_op_field_number(op, &fields[i]);
    if (!tp_op_field_is_said(op, &fields[i]) || !is_said(op, fields[i].column))
      continue;
    if (fields[i].type == TP_OP_WORD)
      tp_trace_row_text(row, fields[i].column, fields[i].words[(int)number]);
    else
      tp_trace_row_number(row, fields[i].column, number);
  }
}

static void name_op(void *data, size_t item, struct tp_trace_row *row)
{
  const struct ops *ops = data;
  tp_lone_name(&ops->items[item], row);
  if (ops->items[item].op.kind == TP_OP_COLLECTIVE)
    tp_trace_row_number(row, "ranks", ops->ranks);
}

double tp_lone_expect_s(const struct tp_machine *machine, const struct tp_lone_op *lone)
{
  const struct tp_cost cost = tp_cost_bare(machine, &lone->op);
  return tp_cost_alone_s(machine, &cost);
}

struct tp_lone_op tp_lone_decode_attention(const struct tp_rig *rig, int64_t batch, int64_t kv_len)
{
  const struct tp_attention attention = {
      .style = (enum tp_attention_style)rig->setup->stack.attention.decode,
      .batch = batch,
      .query_len = 1,
      .kv_len = kv_len,
      .heads = 8,
      .kv_heads = 1,
      .head_dim = 128,
      .dtype = TP_DTYPE_BF16};
  return tp_lone_attention(&attention);
}

static double expect_s(void *data, size_t item)
{
  const struct ops *ops = data;
  return tp_lone_expect_s(&ops->machine, &ops->items[item]);
}

static enum tp_status measure(void *data, size_t item, double budget_s, struct tp_trace_row *row,
                              struct tp_error *error)
{
  const struct ops *ops = data;
  struct tp_rig_device *device;
  struct tp_lone_run *run;
  struct tp_spread spread;
  enum tp_status status = tp_rig_at(ops->rig, ops->ranks, &device, error);
  if (status == TP_OK)
    status = tp_lone_open(&device->bench, &ops->machine, &ops->items[item], &run, error);
  if (status != TP_OK)
    return status;
  status = tp_lone_measure(&device->bench, run, budget_s, &spread, error);
  tp_lone_close(run);
  if (status != TP_OK)
    return status;
  tp_spread_write(&spread, row);
  return TP_OK;
}

/* Where decode spends its time comes first; then the other bf16, then fp8. */
static int gemm_round(void *data, size_t item)
{
  enum { FEW = 64 };
  const struct tp_gemm *gemm = &((const struct ops *)data)->items[item].op.gemm;
  if (gemm->dtype != TP_DTYPE_BF16)
    return 2;
  return gemm->m <= FEW ? 0 : 1;
}

/* Decode, then prefill; last the heads for which a library may have no kernel. */
static int attention_round(void *data, size_t item)
{
  enum { USUAL = 128 };
  const struct tp_attention *attention = &((const struct ops *)data)->items[item].op.attention;
  if (attention->head_dim != USUAL)
    return 2;
  return tp_attention_decodes(attention) ? 0 : 1;
}

static enum tp_status begin(struct tp_rig *rig, const struct tp_trace_layout *layout, int ranks,
                            size_t most, struct tp_arena *arena, struct tp_agenda *plan,
                            struct ops **ops, struct tp_error *error)
{
  *ops = TP_NEW(arena, struct ops, 1);
  **ops = (struct ops){.rig = rig, .ranks = ranks, .items = TP_NEW(arena, struct tp_lone_op, most)};
  *plan = (struct tp_agenda){
      .layout = layout, .data = *ops, .name = name_op, .expect_s = expect_s, .measure = measure};
  return tp_rig_machine(rig, ranks, &(*ops)->machine, error);
}

static void add(struct ops *ops, struct tp_agenda *plan, struct tp_lone_op lone)
{
  ops->items[plan->n++] = lone;
}

enum tp_status tp_agenda_gemms(struct tp_rig *rig, const struct tp_shapes *shapes,
                               struct tp_arena *arena, struct tp_agenda *plan,
                               struct tp_error *error)
{
  static const int64_t rows[] = {1, 4, 16, 64, 256, 1024, 4096, 16384};
  enum { N_ROWS = sizeof rows / sizeof rows[0] };
  struct ops *ops;
  TP_TRY(begin(rig, &gemm_layout, 1, 2 * N_ROWS * shapes->n_gemms, arena, plan, &ops, error));
  plan->round = gemm_round;
  const bool has_fp8 = ops->machine.device->datasheet.fp8_flops_per_s > 0;
  for (size_t i = 0; i < shapes->n_gemms; i++)
    for (size_t r = 0; r < N_ROWS; r++) {
      const struct tp_gemm *gemm = &shapes->gemms[i];
      add(ops, plan, tp_lone_gemm(rows[r], gemm->n, gemm->k, TP_DTYPE_BF16));
      if (has_fp8 && (r + i) % 2 == 0) /* as many would leave bf16 too little time */
        add(ops, plan, tp_lone_gemm(rows[r], gemm->n, gemm->k, TP_DTYPE_FP8));
    }
  return TP_OK;
}

enum tp_status tp_agenda_attentions(struct tp_rig *rig, const struct tp_shapes *shapes,
                                    struct tp_arena *arena, struct tp_agenda *plan,
                                    struct tp_error *error)
{
  static const struct {
    int64_t batch, length;
  } prefills[] = {{1, 256}, {1, 1024}, {1, 4096}, {16, 1024}, {64, 1024}},
    decodes[] = {{1, 1024}, {1, 4096}, {4, 1024}, {16, 1024}, {16, 4096}, {64, 1024}, {64, 4096}};
  enum { N_PREFILLS = sizeof prefills / sizeof prefills[0] };
  enum { N_DECODES = sizeof decodes / sizeof decodes[0] };
  struct ops *ops;
  TP_TRY(begin(rig, &attention_layout, 1, (N_PREFILLS + N_DECODES) * shapes->n_attentions, arena,
               plan, &ops, error));
  plan->round = attention_round;
  for (size_t i = 0; i < shapes->n_attentions; i++) {
    struct tp_attention attention = shapes->attentions[i];
    for (size_t p = 0; p < N_PREFILLS + N_DECODES; p++) {
      const bool decode = p >= N_PREFILLS;
      attention.batch = decode ? decodes[p - N_PREFILLS].batch : prefills[p].batch;
      attention.kv_len = decode ? decodes[p - N_PREFILLS].length : prefills[p].length;
      attention.query_len = decode ? 1 : attention.kv_len;
      attention.style = (enum tp_attention_style)(decode ? rig->setup->stack.attention.decode
                                                         : rig->setup->stack.attention.prefill);
      attention.score_passes = rig->setup->stack.attention.score_passes;
      add(ops, plan, tp_lone_attention(&attention));
    }
  }
  return TP_OK;
}

static int64_t width_of(const struct tp_attention *attention)
{
  return (attention->heads + 2 * attention->kv_heads) * attention->head_dim;
}

/* Rows of one width are one kernel's, however many heads they are. */
static bool is_first_of_width(const struct tp_shapes *shapes, size_t which)
{
  for (size_t i = 0; i < which; i++)
    if (width_of(&shapes->attentions[i]) == width_of(&shapes->attentions[which]))
      return false;
  return true;
}

enum tp_status tp_agenda_memory(struct tp_rig *rig, const struct tp_shapes *shapes,
                                struct tp_arena *arena, struct tp_agenda *plan,
                                struct tp_error *error)
{
  static const int64_t rows[] = {1, 4, 16, 64, 256, 1024, 4096, 16384};
  static const int64_t widths[] = {4096, 8192};
  static const enum tp_function functions[] = {TP_FUNCTION_COPY, TP_FUNCTION_NORM,
                                               TP_FUNCTION_ADD_NORM, TP_FUNCTION_ACTIVATION};
  enum { N_ROWS = sizeof rows / sizeof rows[0], N_WIDTHS = 2, N_FUNCTIONS = 4 };
  struct ops *ops;
  TP_TRY(begin(rig, &memory_layout, 1, N_ROWS * (N_WIDTHS * N_FUNCTIONS + shapes->n_attentions),
               arena, plan, &ops, error));
  for (size_t r = 0; r < N_ROWS; r++) {
    for (size_t w = 0; w < N_WIDTHS; w++)
      for (size_t f = 0; f < N_FUNCTIONS; f++)
        add(ops, plan, tp_lone_rows(functions[f], (struct tp_row_shape){rows[r], widths[w]}));
    for (size_t i = 0; i < shapes->n_attentions; i++)
      if (is_first_of_width(shapes, i))
        add(ops, plan, tp_lone_heads(TP_FUNCTION_ROPE_CACHE, rows[r], &shapes->attentions[i]));
  }
  return TP_OK;
}

enum tp_status tp_agenda_collectives(struct tp_rig *rig, int ranks, struct tp_arena *arena,
                                     struct tp_agenda *plan, struct tp_error *error)
{
  static const enum tp_collective_kind kinds[] = {TP_ALL_REDUCE, TP_ALL_GATHER, TP_REDUCE_SCATTER,
                                                  TP_ALL_TO_ALL};
  static const enum tp_algorithm peer[] = {TP_ALGORITHM_ONE_SHOT, TP_ALGORITHM_TWO_SHOT};
  enum { N_KINDS = 4, N_PEER = 2, N_SIZES = 10 };
  struct ops *ops;
  TP_TRY(begin(rig, &collective_layout, ranks, (N_KINDS + N_PEER) * N_SIZES, arena, plan, &ops,
               error));
  double bytes = 1024;
  for (int size = 0; size < N_SIZES; size++, bytes *= 4) {
    struct tp_collective collective = {.bytes = bytes, .dtype = TP_DTYPE_BF16};
    for (size_t i = 0; i < N_KINDS; i++) {
      collective.kind = kinds[i];
      add(ops, plan, tp_lone_collective(&collective));
    }
    collective.kind = TP_ALL_REDUCE;
    for (size_t i = 0; i < N_PEER && bytes <= 16.0 * 1024 * 1024; i++) {
      collective.algorithm = peer[i];
      add(ops, plan, tp_lone_collective(&collective));
    }
  }
  return TP_OK;
}
