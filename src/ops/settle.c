#include "ops/settle.h"

static bool is_empty(const struct tp_op_reader *reader, const struct tp_op_row *row,
                     const char *column)
{
  return tp_csv_cell(reader->csv, row->index, tp_csv_column(reader->csv, column))[0] == '\0';
}

/* Types behind fp32 say how a GEMM reads its weights, of which nothing else has any. */
static enum tp_status check_dtype(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                  enum tp_dtype dtype, const char *mend)
{
  if (dtype <= TP_DTYPE_FP32)
    return TP_OK;
  return tp_op_row_fail(reader, row,
                        tp_arena_printf(reader->arena,
                                        "column 'dtype': %s is of weights, and %s has none; give "
                                        "fp16, bf16, fp8 or fp32%s",
                                        tp_dtype_text(dtype), row->op, mend));
}

/* An empty cell stands for the usual number; 0 is no width. */
static enum tp_status settle_empty(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                   const char *column, int64_t usual, int64_t *count)
{
  if (*count == 0 && !is_empty(reader, row, column))
    return tp_op_row_fail(reader, row,
                          tp_arena_printf(reader->arena,
                                          "column '%s': 0 is not above 0; leave it empty for %lld",
                                          column, (long long)usual));
  *count = *count > 0 ? *count : usual;
  return TP_OK;
}

/* Empty widths are DeepSeek's, which nearly all latents have. */
static enum tp_status settle_latent(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                    bool decode, struct tp_latent *latent)
{
  latent->absorbed = decode;
  if (decode)
    latent->query_len = 1;
  else
    latent->kv_len = latent->query_len;
  TP_TRY(settle_empty(reader, row, "kv_rank", 512, &latent->kv_rank));
  TP_TRY(settle_empty(reader, row, "rope_dim", 64, &latent->rope_dim));
  TP_TRY(settle_empty(reader, row, "nope_dim", 128, &latent->nope_dim));
  TP_TRY(settle_empty(reader, row, "v_dim", 128, &latent->v_dim));
  latent->kv_dtype = tp_kv_dtype_of(latent->kv_dtype, latent->dtype);
  return TP_OK;
}

/* Published models whose experts have no gate, for tables that do not tell them apart. */
static const struct {
  int64_t hidden, intermediate, top_k, experts;
} ungated_models[] = {
    {2688, 1856, 6, 128}, /* NVIDIA-Nemotron-3-Nano-30B-A3B, config.json: relu2 */
};

static bool is_ungated(const struct tp_experts *experts)
{
  for (size_t i = 0; i < sizeof ungated_models / sizeof *ungated_models; i++)
    if (experts->hidden == ungated_models[i].hidden &&
        experts->intermediate == ungated_models[i].intermediate &&
        experts->top_k == ungated_models[i].top_k && experts->experts == ungated_models[i].experts)
      return true;
  return false;
}

static enum tp_status settle_experts(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                     struct tp_experts *experts)
{
  if (is_empty(reader, row, "gated") && is_ungated(experts))
    experts->gated = TP_GATE_NO;
  if (experts->top_k > experts->experts)
    return tp_op_row_fail(reader, row, "column 'top_k' passes 'experts'");
  if (experts->experts % experts->moe_ep != 0)
    return tp_op_row_fail(reader, row, "column 'moe_ep' does not divide 'experts'");
  if (experts->intermediate % experts->moe_tp != 0)
    return tp_op_row_fail(reader, row, "column 'moe_tp' does not divide 'intermediate'");
  return TP_OK;
}

static enum tp_status settle_exchange(const struct tp_op_reader *reader,
                                      const struct tp_op_row *row,
                                      const struct tp_collective *exchange)
{
  if (exchange->tokens == 0 || exchange->hidden == 0 || exchange->top_k == 0)
    return tp_op_row_fail(reader, row, "needs tokens, hidden, top_k and experts above 0");
  if (exchange->top_k > exchange->experts)
    return tp_op_row_fail(reader, row, "column 'top_k' passes 'experts'");
  if (exchange->sms == 0 && !is_empty(reader, row, "sms"))
    return tp_op_row_fail(reader, row,
                          "column 'sms': 0 is not above 0; leave it empty for as many as the "
                          "kernel takes");
  int64_t ranks;
  TP_TRY(tp_op_row_count(reader, row, "ranks", &ranks));
  if (exchange->experts % ranks != 0)
    return tp_op_row_fail(reader, row,
                          "column 'ranks' does not divide 'experts'; each rank has as many");
  return TP_OK;
}

enum tp_status tp_op_row_settle(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                const struct tp_op_row_shape *shape, struct tp_op *op)
{
  const struct tp_stack *const stack = reader->stack;
  static const char of_cache[] = ", and kv_dtype fp8 where the cache alone is";
  struct tp_attention *const attention = &op->attention;
  if (op->kind == TP_OP_MEMORY && !(op->memory.read_bytes + op->memory.write_bytes > 0))
    return tp_op_row_fail(reader, row, "memory needs read_bytes, write_bytes or both above 0");
  if (shape->exchange)
    return settle_exchange(reader, row, &op->collective);
  if (shape->norm && op->collective.norm == 0)
    return tp_op_row_fail(reader, row,
                          "all_reduce_norm needs 'hidden' above 0: the elements of a row that is "
                          "normalised");
  if (op->kind == TP_OP_EXPERTS)
    return settle_experts(reader, row, &op->experts);
  if (op->kind == TP_OP_COLLECTIVE)
    return check_dtype(reader, row, op->collective.dtype, "");
  if (op->kind == TP_OP_LATENT) {
    TP_TRY(check_dtype(reader, row, op->latent.dtype, of_cache));
    return settle_latent(reader, row, shape->decode, &op->latent);
  }
  if (op->kind == TP_OP_QUANTISE && !tp_dtype_quantises(op->quantise.dtype))
    return tp_op_row_fail(reader, row,
                          tp_arena_printf(reader->arena,
                                          "column 'dtype': nothing is quantised to %s; take fp8",
                                          tp_dtype_text(op->quantise.dtype)));
  if (op->kind != TP_OP_ATTENTION)
    return TP_OK;
  TP_TRY(check_dtype(reader, row, attention->dtype, of_cache));
  if (attention->heads % attention->kv_heads != 0)
    return tp_op_row_fail(
        reader, row, "column 'kv_heads' does not divide 'heads'; each must serve equally many");
  attention->kv_dtype = tp_kv_dtype_of(attention->kv_dtype, attention->dtype);
  if (shape->decode)
    attention->query_len = 1;
  else
    attention->kv_len = attention->query_len;
  if (stack != NULL) {
    attention->style = (enum tp_attention_style)(shape->decode ? stack->attention.decode
                                                               : stack->attention.prefill);
    attention->score_passes = stack->attention.score_passes;
  }
  return TP_OK;
}
