#include "program/block.h"

/* Elements of the residual that this rank holds. */
static double residual_elements(const struct tp_pass *pass)
{
  return (double)pass->residual_tokens * (double)pass->block.hidden;
}

static double norm_weights(const struct tp_pass *pass)
{
  return (double)pass->block.hidden * (pass->block.norm == TP_NORM_LAYER ? 2 : 1);
}

void tp_block_embed(struct tp_pass *pass)
{
  const struct tp_model *model = pass->request->model;
  const double x = residual_elements(pass);
  const int tables = model->position == TP_POSITION_LEARNED ? 2 : 1;
  tp_pass_memory(pass, "embed", tables * x, x);
  if (pass->request->style.embedding_sharded)
    tp_block_all_reduce(pass, TP_SLOT_EMBED);
  if (model->embedding_norm)
    tp_block_norm(pass, "embed.norm");
}

void tp_block_norm(struct tp_pass *pass, const char *name)
{
  const double x = residual_elements(pass);
  tp_pass_memory(pass, name, x + norm_weights(pass), x);
}

void tp_block_add(struct tp_pass *pass, const char *name)
{
  const double x = residual_elements(pass);
  tp_pass_memory(pass, name, 2 * x, x);
}

void tp_block_add_norm(struct tp_pass *pass, struct tp_add_norm names, bool overlapped)
{
  const struct tp_style *style = &pass->request->style;
  const double x = residual_elements(pass);
  if (style->fused_residual_norm && (style->fused_overlapped_residual || !overlapped)) {
    tp_pass_memory(pass, names.fused, 2 * x + norm_weights(pass), 2 * x);
  } else {
    tp_block_add(pass, names.add);
    tp_block_norm(pass, names.norm);
  }
}

void tp_block_qkv(struct tp_pass *pass)
{
  const struct tp_block *block = &pass->block;
  tp_pass_gemm(pass, "attn.qkv",
               (struct tp_gemm){.m = pass->tokens,
                                .n = (block->heads + 2 * block->kv_heads) * block->head_dim,
                                .k = block->hidden,
                                .dtype = pass->request->dtype});
}

/* Queries and keys normalised and rotated, keys and values into the cache, if there is one. */
static void emit_rope_and_cache(struct tp_pass *pass)
{
  const struct tp_block *block = &pass->block;
  const double head = (double)pass->tokens * (double)block->head_dim;
  const double q = head * (double)block->heads, k = head * (double)block->kv_heads;
  if (block->qk_norm)
    tp_pass_memory(pass, "attn.qk_norm", q + k + 2 * (double)block->head_dim, q + k);
  const bool cache = pass->request->phase != TP_TRAIN;
  if (block->rotary && cache && pass->request->style.fused_rope) {
    tp_pass_memory(pass, "attn.rope+cache", q + 2 * k, q + 2 * k);
    return;
  }
  if (block->rotary)
    tp_pass_memory(pass, "attn.rope", q + k, q + k);
  if (cache)
    tp_pass_memory(pass, "attn.cache", 2 * k, 2 * k);
}

void tp_block_attend(struct tp_pass *pass)
{
  const struct tp_block *block = &pass->block;
  const struct tp_request *request = pass->request;
  const bool decode = request->phase == TP_DECODE;
  emit_rope_and_cache(pass);
  tp_pass_attention(
      pass, "attn.attention",
      (struct tp_attention){
          .decode = decode,
          .style = decode ? request->style.attention_decode : request->style.attention_prefill,
          .batch = request->batch,
          .query_len = decode ? 1 : request->prompt,
          .kv_len = decode ? request->kv_len : request->prompt,
          .heads = block->heads,
          .kv_heads = block->kv_heads,
          .head_dim = block->head_dim,
          .score_passes = request->style.score_passes,
          .dtype = pass->wide,
      });
  tp_pass_gemm(pass, "attn.out",
               (struct tp_gemm){.m = pass->tokens,
                                .n = block->hidden,
                                .k = block->heads * block->head_dim,
                                .dtype = request->dtype});
}

void tp_block_attention(struct tp_pass *pass)
{
  tp_block_qkv(pass);
  tp_block_attend(pass);
}

void tp_block_up(struct tp_pass *pass)
{
  const struct tp_block *block = &pass->block;
  tp_pass_gemm(pass, block->gated ? "mlp.up+gate" : "mlp.up",
               (struct tp_gemm){.m = pass->tokens,
                                .n = block->ffn * (block->gated ? 2 : 1),
                                .k = block->hidden,
                                .dtype = pass->request->dtype});
}

void tp_block_down(struct tp_pass *pass)
{
  const struct tp_block *block = &pass->block;
  const double inner = (double)pass->tokens * (double)block->ffn;
  if (!pass->request->style.fused_activation)
    tp_pass_memory(pass, "mlp.act", inner * (block->gated ? 2 : 1), inner);
  tp_pass_gemm(
      pass, "mlp.down",
      (struct tp_gemm){
          .m = pass->tokens, .n = block->hidden, .k = block->ffn, .dtype = pass->request->dtype});
}

void tp_block_mlp(struct tp_pass *pass)
{
  tp_block_up(pass);
  tp_block_down(pass);
}

void tp_block_start_all_reduce(struct tp_pass *pass, enum tp_slot slot)
{
  const double elements = (double)pass->tokens * (double)pass->block.hidden;
  tp_pass_start(pass, slot, elements * tp_dtype_bytes(pass->wide));
}

void tp_block_all_reduce(struct tp_pass *pass, enum tp_slot slot)
{
  tp_block_start_all_reduce(pass, slot);
  tp_pass_wait(pass, slot);
}

int64_t tp_block_head_rows(const struct tp_pass *pass)
{
  const struct tp_request *request = pass->request;
  const bool all = request->style.all_positions || request->phase == TP_TRAIN;
  return all ? pass->tokens : request->batch;
}

int64_t tp_block_vocab(const struct tp_pass *pass)
{
  const int64_t vocab = pass->request->model->vocab, tp = pass->request->tp;
  return pass->request->style.head_sharded ? (vocab + tp - 1) / tp : vocab;
}

void tp_block_head(struct tp_pass *pass)
{
  const struct tp_request *request = pass->request;
  const int64_t rows = tp_block_head_rows(pass), vocab = tp_block_vocab(pass);
  /* The head stays in 16 bits in fp8 checkpoints. */
  tp_pass_gemm(
      pass, "head",
      (struct tp_gemm){.m = rows, .n = vocab, .k = pass->block.hidden, .dtype = pass->wide});
  if (request->style.head_sharded) {
    const double logits = (double)rows * (double)vocab * (double)request->tp;
    tp_pass_start_collective(pass, TP_SLOT_HEAD,
                             (struct tp_collective){.kind = TP_ALL_GATHER,
                                                    .bytes = logits * tp_dtype_bytes(pass->wide),
                                                    .dtype = pass->wide});
    tp_pass_wait(pass, TP_SLOT_HEAD);
  }
  const double batch = (double)request->batch;
  tp_pass_memory(pass, "sample", batch * (double)request->model->vocab, batch);
}
