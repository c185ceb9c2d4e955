/* Attention, MLP and the ends of a pass: which kernels of block.h, in which order. */
#include "program/block.h"

static void look_up(struct tp_pass *pass, double x, enum tp_value to)
{
  const int tables = pass->request->model->position == TP_POSITION_LEARNED ? 2 : 1;
  tp_pass_memory(pass, TP_FUNCTION_EMBED, "embed", tables * x, x);
  TP_READS(pass, TP_VALUE_TOKENS, TP_VALUE_LENGTHS, TP_VALUE_EMBEDDING,
           tables == 2 ? TP_VALUE_POSITIONS : TP_VALUE_NONE);
  TP_WRITES(pass, to);
}

static void embed_norm(struct tp_pass *pass, enum tp_value x)
{
  if (pass->request->model->embedding_norm)
    tp_block_norm_of(pass, "embed.norm", x, TP_VALUE_EMBED_GAIN, x);
}

void tp_block_embed(struct tp_pass *pass)
{
  look_up(pass, (double)pass->residual_tokens * (double)pass->block.hidden, TP_VALUE_RESIDUAL);
  if (pass->request->style.embedding_sharded)
    tp_block_all_reduce(pass, TP_SLOT_EMBED, TP_VALUE_RESIDUAL);
  embed_norm(pass, TP_VALUE_RESIDUAL);
}

void tp_block_embed_share(struct tp_pass *pass, enum tp_value share)
{
  if (pass->request->style.embedding_sharded) {
    look_up(pass, (double)pass->tokens * (double)pass->block.hidden, TP_VALUE_RESIDUAL);
    tp_block_start(
        pass, TP_SLOT_EMBED,
        (struct tp_exchange){.kind = TP_REDUCE_SCATTER, .from = TP_VALUE_RESIDUAL, .to = share});
    tp_pass_wait(pass, TP_SLOT_EMBED);
  } else {
    look_up(pass, (double)pass->residual_tokens * (double)pass->block.hidden, share);
  }
  embed_norm(pass, share);
}

static void qkv(struct tp_pass *pass)
{
  tp_block_project(pass, "attn.qkv", TP_PROJECTION_QKV);
  TP_READS(pass, TP_VALUE_NORMED, TP_VALUE_QKV_WEIGHT,
           tp_block_shift(pass, TP_PROJECTION_QKV, TP_VALUE_QKV_SHIFT));
  TP_WRITES(pass, TP_VALUE_QKV);
}

/* A kernel over the rows of q, k and v. */
static void emit_heads(struct tp_pass *pass, enum tp_function function, const char *name,
                       double read, double write)
{
  const struct tp_block *block = &pass->block;
  tp_pass_memory(pass, function, name, read, write);
  struct tp_memory *memory = &tp_pass_last(pass)->memory;
  memory->heads = (int)block->heads;
  memory->kv_heads = (int)block->kv_heads;
  memory->head_dim = (int)block->head_dim;
}

/* Queries and keys normalised and rotated, keys and values into the cache, if there is one. */
static void emit_rope_and_cache(struct tp_pass *pass)
{
  const struct tp_block *block = &pass->block;
  const double head = (double)pass->tokens * (double)block->head_dim;
  const double q = head * (double)block->heads, k = head * (double)block->kv_heads;
  const double v = (double)pass->tokens * (double)(block->kv_heads * block->value_dim);
  /* What goes to the cache, in elements of the activation type. */
  const double cached =
      (k + v) * tp_kv_dtype_bytes(pass->request->kv_dtype, pass->wide) / tp_dtype_bytes(pass->wide);
  if (block->qk_norm) {
    emit_heads(pass, TP_FUNCTION_QK_NORM, "attn.qk_norm", q + k + 2 * (double)block->head_dim,
               q + k);
    TP_READS(pass, TP_VALUE_QKV, TP_VALUE_Q_GAIN, TP_VALUE_K_GAIN);
    TP_WRITES(pass, TP_VALUE_QKV);
  }
  const bool cache = !pass->request->train;
  if (block->rotary && cache && pass->request->style.fused_rope) {
    emit_heads(pass, TP_FUNCTION_ROPE_CACHE, "attn.rope+cache", q + k + v, q + cached);
    TP_READS(pass, TP_VALUE_QKV, TP_VALUE_LENGTHS);
    TP_WRITES(pass, TP_VALUE_QKV, TP_VALUE_KEYS, TP_VALUE_CACHED_VALUES);
    return;
  }
  if (block->rotary) {
    emit_heads(pass, TP_FUNCTION_ROPE, "attn.rope", q + k, q + k);
    TP_READS(pass, TP_VALUE_QKV, TP_VALUE_LENGTHS);
    TP_WRITES(pass, TP_VALUE_QKV);
  }
  if (cache) {
    emit_heads(pass, TP_FUNCTION_CACHE, "attn.cache", k + v, cached);
    TP_READS(pass, TP_VALUE_QKV, TP_VALUE_LENGTHS);
    TP_WRITES(pass, TP_VALUE_KEYS, TP_VALUE_CACHED_VALUES);
  }
}

/* One kernel a chunk: a chunk that decodes and one that does not may have kernels of their own. */
static void emit_attention(struct tp_pass *pass, int which)
{
  const struct tp_block *block = &pass->block;
  const struct tp_style *style = &pass->request->style;
  const struct tp_chunk *chunk = &pass->part.chunks[which];
  tp_pass_attention(pass, "attn.attention",
                    (struct tp_attention){
                        .style = tp_style_attention(style, chunk),
                        .batch = chunk->sequences,
                        .query_len = chunk->tokens,
                        .kv_len = chunk->context + chunk->tokens,
                        .heads = block->heads,
                        .kv_heads = block->kv_heads,
                        .head_dim = (block->head_dim + block->value_dim) / 2,
                        .window = block->window,
                        .score_passes = style->score_passes,
                        .dtype = pass->wide,
                        .kv_dtype = pass->request->kv_dtype,
                    });
  tp_pass_last(pass)->chunk = pass->part.of[which];
  tp_operands_chunk(pass, which);
  TP_READS(pass, TP_VALUE_QKV, TP_VALUE_KEYS, TP_VALUE_CACHED_VALUES, TP_VALUE_LENGTHS);
  TP_WRITES(pass, TP_VALUE_ATTENDED);
  tp_operands_chunk(pass, -1);
}

void tp_block_attend(struct tp_pass *pass)
{
  emit_rope_and_cache(pass);
  for (int i = 0; i < pass->part.n; i++)
    emit_attention(pass, i);
  tp_block_project(pass, "attn.out", TP_PROJECTION_OUT);
  TP_READS(pass, TP_VALUE_ATTENDED, TP_VALUE_OUT_WEIGHT,
           tp_block_shift(pass, TP_PROJECTION_OUT, TP_VALUE_OUT_SHIFT));
  TP_WRITES(pass, TP_VALUE_ATTENTION_OUT);
}

void tp_block_attention(struct tp_pass *pass)
{
  if (pass->block.latent.kv_rank > 0) {
    tp_block_latent_attention(pass);
    return;
  }
  qkv(pass);
  tp_block_attend(pass);
}

static void up(struct tp_pass *pass)
{
  const bool activates = tp_block_fuses_activation(pass);
  tp_block_project(pass, pass->block.gated ? "mlp.up+gate" : "mlp.up", TP_PROJECTION_UP);
  tp_pass_last(pass)->gemm.activates = activates;
  TP_READS(pass, TP_VALUE_NORMED, TP_VALUE_UP_WEIGHT,
           tp_block_shift(pass, TP_PROJECTION_UP, TP_VALUE_UP_SHIFT));
  TP_WRITES(pass, activates ? TP_VALUE_INNER : TP_VALUE_UP);
}

void tp_block_down(struct tp_pass *pass)
{
  const struct tp_block *block = &pass->block;
  const double inner = (double)pass->tokens * (double)block->ffn;
  if (!tp_block_fuses_activation(pass)) {
    tp_pass_memory(pass, TP_FUNCTION_ACTIVATION, "mlp.act", inner * (block->gated ? 2 : 1),
                   tp_block_input_elements(pass, inner));
    TP_READS(pass, TP_VALUE_UP);
    TP_WRITES(pass, TP_VALUE_INNER);
  }
  tp_block_project(pass, "mlp.down", TP_PROJECTION_DOWN);
  TP_READS(pass, TP_VALUE_INNER, TP_VALUE_DOWN_WEIGHT,
           tp_block_shift(pass, TP_PROJECTION_DOWN, TP_VALUE_DOWN_SHIFT));
  TP_WRITES(pass, TP_VALUE_MLP_OUT);
}

void tp_block_mlp(struct tp_pass *pass)
{
  if (pass->block.experts.count > 0) {
    tp_block_mixture(pass);
    return;
  }
  up(pass);
  tp_block_down(pass);
}

/* Shares are padded to one size. */
static double exchanged_rows(const struct tp_pass *pass, enum tp_collective_kind kind)
{
  if (kind == TP_ALL_REDUCE)
    return (double)pass->tokens;
  return (double)tp_pass_share_tokens(pass) * (double)pass->request->mesh.tp;
}

bool tp_block_start(struct tp_pass *pass, enum tp_slot slot, struct tp_exchange exchange)
{
  const struct tp_group group =
      exchange.group.size > 0 ? exchange.group : tp_mesh_tensor(&pass->request->mesh);
  if (!pass->exchange)
    return false;
  if (slot == TP_SLOT_MLP && exchange.kind != TP_ALL_GATHER && pass->block.experts.count > 0)
    tp_block_start_combine(pass, exchange.from);
  if (group.size == 1)
    return false;
  const double elements = exchanged_rows(pass, exchange.kind) * (double)pass->block.hidden;
  tp_pass_start_collective(pass, slot,
                           (struct tp_collective){.kind = exchange.kind,
                                                  .group = group,
                                                  .bytes = elements * tp_dtype_bytes(pass->wide),
                                                  .dtype = pass->wide});
  TP_READS(pass, exchange.from);
  TP_WRITES(pass, exchange.to);
  return true;
}

double tp_block_all_reduce_bytes(const struct tp_pass *pass)
{
  return (double)pass->tokens * (double)pass->block.hidden * tp_dtype_bytes(pass->wide);
}

void tp_block_start_all_reduce(struct tp_pass *pass, enum tp_slot slot, enum tp_value value)
{
  tp_block_start(pass, slot,
                 (struct tp_exchange){.kind = TP_ALL_REDUCE, .from = value, .to = value});
}

void tp_block_all_reduce(struct tp_pass *pass, enum tp_slot slot, enum tp_value value)
{
  tp_block_start_all_reduce(pass, slot, value);
  tp_pass_wait(pass, slot);
}

void tp_block_head(struct tp_pass *pass)
{
  const struct tp_request *request = pass->request;
  const int64_t rows = tp_pass_head_rows(pass), vocab = tp_pass_vocab(pass);
  /* Rows of the last tokens are a view where all sequences are as long. */
  const bool view = rows != pass->tokens && request->batch.n == 1;
  tp_pass_gemm(pass, "head",
               (struct tp_gemm){.m = rows,
                                .n = vocab,
                                .k = pass->block.hidden,
                                .dtype = tp_request_dtype(request, TP_PART_HEAD)});
  TP_READS(pass, view ? TP_VALUE_LAST : TP_VALUE_NORMED, TP_VALUE_HEAD_WEIGHT);
  TP_WRITES(pass, TP_VALUE_LOGITS);
  const bool gathered = tp_pass_gathers_logits(pass);
  if (gathered) {
    const double logits = (double)rows * (double)vocab * (double)request->mesh.tp;
    tp_pass_start_collective(pass, TP_SLOT_HEAD,
                             (struct tp_collective){.kind = TP_ALL_GATHER,
                                                    .bytes = logits * tp_dtype_bytes(pass->wide),
                                                    .dtype = pass->wide});
    TP_READS(pass, TP_VALUE_LOGITS);
    TP_WRITES(pass, TP_VALUE_GATHERED);
    tp_pass_wait(pass, TP_SLOT_HEAD);
  }
  const double batch = (double)pass->sequences;
  tp_pass_memory(pass, TP_FUNCTION_SAMPLE, "sample", batch * (double)request->model->vocab, batch);
  tp_pass_last(pass)->memory.rows = pass->sequences;
  TP_READS(pass, gathered ? TP_VALUE_GATHERED : TP_VALUE_LOGITS);
  TP_WRITES(pass, TP_VALUE_NEXT);
}
