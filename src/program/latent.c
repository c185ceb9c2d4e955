/* Attention over a latent that all heads share (multi-head latent attention, arXiv 2405.04434).
 *
 *     attn.down      residual to the latents of queries and of keys and values, on every rank
 *     attn.q.up      queries of the rank's heads
 *     prefill        attn.kv.up expands the latents of all keys to keys and values of each head
 *     decode         queries are taken to the latent instead, and what is attended taken back:
 *                    two products a head with the two halves of the same matrix
 *
 * The cache keeps the latent, whole on every rank. */
#include "program/block.h"

static void norm(struct tp_pass *pass)
{
  const struct tp_latent_shape *const latent = &pass->block.latent;
  const double elements = (double)pass->tokens * (double)(latent->q_rank + latent->kv_rank);
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "attn.latent_norm",
                 elements + (double)(latent->q_rank + latent->kv_rank), elements);
  TP_READS(pass, TP_VALUE_LATENTS);
  TP_WRITES(pass, TP_VALUE_LATENTS);
}

static void rope_and_cache(struct tp_pass *pass)
{
  const struct tp_latent_shape *const latent = &pass->block.latent;
  const double tokens = (double)pass->tokens, rope = (double)latent->rope_dim;
  const double rotated = tokens * rope * (double)(pass->block.heads + 1);
  const double row = tokens * (rope + (double)latent->kv_rank);
  const double cached =
      row * tp_kv_dtype_bytes(pass->request->kv_dtype, pass->wide) / tp_dtype_bytes(pass->wide);
  if (pass->request->style.fused_rope) {
    tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "attn.rope+cache",
                   rotated + tokens * (double)latent->kv_rank, rotated + cached);
    TP_READS(pass, TP_VALUE_QUERIES, TP_VALUE_LATENTS, TP_VALUE_LENGTHS);
    TP_WRITES(pass, TP_VALUE_QUERIES, TP_VALUE_LATENTS, TP_VALUE_CACHED_LATENTS);
    return;
  }
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "attn.rope", rotated, rotated);
  TP_READS(pass, TP_VALUE_QUERIES, TP_VALUE_LATENTS, TP_VALUE_LENGTHS);
  TP_WRITES(pass, TP_VALUE_QUERIES, TP_VALUE_LATENTS);
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "attn.cache", row, cached);
  TP_READS(pass, TP_VALUE_LATENTS, TP_VALUE_LENGTHS);
  TP_WRITES(pass, TP_VALUE_CACHED_LATENTS);
}

static void product(struct tp_pass *pass, const char *name, enum tp_dtype dtype, int64_t m,
                    int64_t n, int64_t k)
{
  tp_pass_gemm(pass, name, (struct tp_gemm){.m = m, .n = n, .k = k, .dtype = dtype});
}

/* The batched products of decode are counted as one: the same weights and flops.  They are of the
 * activations' type: engines keep the two halves unquantised. */
static void absorb(struct tp_pass *pass, int64_t rows)
{
  const struct tp_latent_shape *const latent = &pass->block.latent;
  product(pass, "attn.q.absorb", pass->wide, rows, pass->block.heads * latent->kv_rank,
          latent->nope_dim);
  TP_READS(pass, TP_VALUE_QUERIES);
  TP_WRITES(pass, TP_VALUE_ABSORBED);
}

static void expand_values(struct tp_pass *pass, int64_t rows)
{
  const struct tp_latent_shape *const latent = &pass->block.latent;
  product(pass, "attn.v.expand", pass->wide, rows, pass->block.heads * latent->value_dim,
          latent->kv_rank);
  TP_READS(pass, TP_VALUE_ATTENDED_LATENTS);
  TP_WRITES(pass, TP_VALUE_ATTENDED);
}

static void expand_keys(struct tp_pass *pass, int64_t keys)
{
  const struct tp_latent_shape *const latent = &pass->block.latent;
  product(pass, "attn.kv.up", tp_request_dtype(pass->request, TP_PART_ATTENTION), keys,
          pass->block.heads * (latent->nope_dim + latent->value_dim), latent->kv_rank);
  TP_READS(pass, TP_VALUE_CACHED_LATENTS, TP_VALUE_LENGTHS);
  TP_WRITES(pass, TP_VALUE_EXPANDED);
}

static void attend(struct tp_pass *pass, int which)
{
  const struct tp_block *const block = &pass->block;
  const struct tp_latent_shape *const latent = &block->latent;
  const struct tp_chunk *const chunk = &pass->part.chunks[which];
  const bool absorbed = tp_chunk_decodes(chunk);
  const int64_t rows = chunk->sequences * chunk->tokens;
  const int64_t keys = chunk->sequences * (chunk->context + chunk->tokens);
  if (absorbed)
    absorb(pass, rows);
  else
    expand_keys(pass, keys);
  tp_pass_latent(pass, "attn.attention",
                 (struct tp_latent){.absorbed = absorbed,
                                    .batch = chunk->sequences,
                                    .query_len = chunk->tokens,
                                    .kv_len = chunk->context + chunk->tokens,
                                    .heads = block->heads,
                                    .kv_rank = latent->kv_rank,
                                    .rope_dim = latent->rope_dim,
                                    .nope_dim = latent->nope_dim,
                                    .v_dim = latent->value_dim,
                                    .dtype = pass->wide,
                                    .kv_dtype = pass->request->kv_dtype});
  tp_pass_last(pass)->chunk = pass->part.of[which];
  TP_READS(pass, absorbed ? TP_VALUE_ABSORBED : TP_VALUE_QUERIES,
           absorbed ? TP_VALUE_CACHED_LATENTS : TP_VALUE_EXPANDED, TP_VALUE_LENGTHS);
  TP_WRITES(pass, absorbed ? TP_VALUE_ATTENDED_LATENTS : TP_VALUE_ATTENDED);
  if (absorbed)
    expand_values(pass, rows);
}

/* Without a rank of their own queries come straight from the residual. */
static void queries_and_latents(struct tp_pass *pass)
{
  const bool apart = pass->block.latent.q_rank > 0;
  tp_block_project(pass, "attn.down", TP_PROJECTION_LATENT);
  TP_READS(pass, TP_VALUE_NORMED);
  TP_WRITES(pass, TP_VALUE_LATENTS, apart ? TP_VALUE_NONE : TP_VALUE_QUERIES);
  norm(pass);
  if (!apart)
    return;
  tp_block_project(pass, "attn.q.up", TP_PROJECTION_Q_UP);
  TP_READS(pass, TP_VALUE_LATENTS);
  TP_WRITES(pass, TP_VALUE_QUERIES);
}

void tp_block_latent_attention(struct tp_pass *pass)
{
  queries_and_latents(pass);
  rope_and_cache(pass);
  for (int i = 0; i < pass->part.n; i++)
    attend(pass, i);
  tp_block_project(pass, "attn.out", TP_PROJECTION_OUT);
  TP_READS(pass, TP_VALUE_ATTENDED);
  TP_WRITES(pass, TP_VALUE_ATTENTION_OUT);
}
