#include "program/block.h"

/* Elements of the residual that this rank holds. */
static double residual_elements(const struct tp_pass *pass)
{
  return (double)pass->residual_tokens * (double)pass->block.hidden;
}

static double norm_weights(const struct tp_pass *pass)
{
  return (double)tp_norm_elements(pass->block.norm, pass->block.hidden);
}

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
  look_up(pass, residual_elements(pass), TP_VALUE_RESIDUAL);
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
    look_up(pass, residual_elements(pass), share);
  }
  embed_norm(pass, share);
}

/* The bias that goes with a gain, of layer norms. */
static enum tp_value bias_of(const struct tp_pass *pass, enum tp_value gain)
{
  return pass->block.norm == TP_NORM_LAYER ? gain + 1 : TP_VALUE_NONE;
}

/* What a kernel writes, in elements of the activation type, where the input of GEMMs has so many.
 */
static double input_elements(const struct tp_pass *pass, double elements)
{
  const double wide = tp_dtype_bytes(pass->wide),
               narrow = tp_dtype_activation_bytes(pass->request->dtype);
  const bool fused = tp_pass_quantise_place(pass->request) == TP_QUANTISE_FUSED;
  return fused ? elements * narrow / wide : elements;
}

static double normed_elements(const struct tp_pass *pass, enum tp_value gain, double elements)
{
  const bool feeds = gain == TP_VALUE_ATTENTION_GAIN || gain == TP_VALUE_MLP_GAIN;
  return feeds ? input_elements(pass, elements) : elements;
}

void tp_block_norm_of(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value gain,
                      enum tp_value y)
{
  const double elements = residual_elements(pass);
  tp_pass_memory(pass, TP_FUNCTION_NORM, name, elements + norm_weights(pass),
                 normed_elements(pass, gain, elements));
  TP_READS(pass, x, gain, bias_of(pass, gain));
  TP_WRITES(pass, y);
}

void tp_block_norm(struct tp_pass *pass, const char *name, enum tp_value gain)
{
  tp_block_norm_of(pass, name, TP_VALUE_RESIDUAL, gain, TP_VALUE_NORMED);
}

static void add(struct tp_pass *pass, enum tp_function function, const char *name, enum tp_value x,
                enum tp_value h, enum tp_value y)
{
  const double elements = residual_elements(pass);
  tp_pass_memory(pass, function, name, 2 * elements, elements);
  TP_READS(pass, x, h);
  TP_WRITES(pass, y);
}

void tp_block_add_to(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value h,
                     enum tp_value y)
{
  add(pass, TP_FUNCTION_ADD, name, x, h, y);
}

void tp_block_add(struct tp_pass *pass, const char *name, enum tp_value h)
{
  add(pass, TP_FUNCTION_ADD, name, TP_VALUE_RESIDUAL, h, TP_VALUE_RESIDUAL);
}

void tp_block_add_share_to(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value h,
                           enum tp_value y)
{
  add(pass, TP_FUNCTION_ADD_SHARE, name, x, h, y);
}

void tp_block_add_share(struct tp_pass *pass, const char *name, enum tp_value h)
{
  tp_block_add_share_to(pass, name, TP_VALUE_RESIDUAL, h, TP_VALUE_RESIDUAL);
}

void tp_block_copy(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value y)
{
  const double elements = residual_elements(pass);
  tp_pass_memory(pass, TP_FUNCTION_COPY, name, elements, elements);
  TP_READS(pass, x);
  TP_WRITES(pass, y);
}

/* gemma2: what a module has written is normalised before it is added. */
static void post_norm(struct tp_pass *pass)
{
  const double elements = residual_elements(pass);
  if (pass->request->model->post_norms)
    tp_pass_memory(pass, TP_FUNCTION_NORM, "post.norm", elements + norm_weights(pass), elements);
}

/* Leaves the kernel emitted last to the all-reduce that it waits for: it stands where it stood, for
 * those that compute, and the all-reduce pays. */
static void carry_norm(struct tp_pass *pass, struct tp_op *all_reduce)
{
  all_reduce->collective.norm = pass->request->model->hidden;
  tp_pass_last(pass)->memory.carried = true;
}

/* Larger ones are left to kernels that only reduce. */
static bool carries_norm(const struct tp_style *style, const struct tp_op *op)
{
  return op->kind == TP_OP_COLLECTIVE && op->collective.kind == TP_ALL_REDUCE &&
         op->collective.bytes < style->fused_norm_max_bytes;
}

void tp_block_add_norm(struct tp_pass *pass, struct tp_add_norm names, bool overlapped)
{
  const enum tp_value h = names.h, gain = names.gain;
  const struct tp_style *style = &pass->request->style;
  const double x = residual_elements(pass);
  post_norm(pass);
  if (style->fused_residual_norm && (style->fused_overlapped_residual || !overlapped)) {
    tp_pass_memory(pass, TP_FUNCTION_ADD_NORM, names.fused, 2 * x + norm_weights(pass),
                   x + normed_elements(pass, gain, x));
    TP_READS(pass, names.x, h, gain, bias_of(pass, gain));
    TP_WRITES(pass, names.y, names.n);
    struct tp_op *before = tp_pass_before_last(pass);
    if (!overlapped && before != NULL && carries_norm(style, before))
      carry_norm(pass, before);
  } else {
    tp_block_add_to(pass, names.add, names.x, h, names.y);
    tp_block_norm_of(pass, names.norm, names.y, gain, names.n);
  }
}

void tp_block_add_sum_norm(struct tp_pass *pass, const char *name, struct tp_add_sum_norm values)
{
  const double x = residual_elements(pass);
  tp_pass_memory(pass, TP_FUNCTION_ADD_SUM_NORM, name, 3 * x + norm_weights(pass), 2 * x);
  TP_READS(pass, values.x, values.h, values.sum, values.gain, bias_of(pass, values.gain));
  TP_WRITES(pass, values.x, values.n);
}

struct tp_gemm tp_block_projection(const struct tp_pass *pass, unsigned projections)
{
  return (struct tp_gemm){
      .m = pass->tokens,
      .n = tp_layer_outputs(pass->shape, projections),
      .k = tp_layer_inputs(pass->shape, projections),
      .dtype = tp_request_dtype(pass->request, tp_layer_part(pass->shape, projections))};
}

/* Whether a kernel of its own makes the input low-bit: not what a norm or an activation wrote that
 * has done so. */
static bool quantises_before(const struct tp_pass *pass, unsigned projections)
{
  switch (tp_pass_quantise_place(pass->request)) {
  case TP_QUANTISE_IN_GEMM:
    break;
  case TP_QUANTISE_IN_KERNEL:
    return true;
  case TP_QUANTISE_FUSED:
    return projections == TP_PROJECTION_OUT;
  }
  return false;
}

void tp_block_project(struct tp_pass *pass, const char *name, unsigned projections)
{
  struct tp_gemm gemm = tp_block_projection(pass, projections);
  if (quantises_before(pass, projections))
    tp_pass_quantise(
        pass, tp_arena_printf(pass->arena, "%s.quantise", name),
        (struct tp_quantise){
            .m = gemm.m, .k = gemm.k, .dtype = gemm.dtype, .scale = pass->request->style.scale});
  if (tp_pass_quantise_place(pass->request) != TP_QUANTISE_IN_GEMM)
    gemm.quantising = TP_QUANTISED_APART;
  tp_pass_gemm(pass, name, gemm);
}

enum tp_value tp_block_shift(const struct tp_pass *pass, unsigned projections, enum tp_value value)
{
  return tp_layer_is_biased(pass->shape, projections) ? value : TP_VALUE_NONE;
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
  TP_READS(pass, TP_VALUE_QKV, TP_VALUE_KEYS, TP_VALUE_CACHED_VALUES, TP_VALUE_LENGTHS);
  TP_WRITES(pass, TP_VALUE_ATTENDED);
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

bool tp_block_fuses_activation(const struct tp_pass *pass)
{
  const struct tp_style *style = &pass->request->style;
  return style->fused_activation || (style->fused_row_activation && pass->tokens == 1);
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
                   input_elements(pass, inner));
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

int64_t tp_block_head_rows(const struct tp_pass *pass)
{
  const struct tp_request *request = pass->request;
  const bool all = request->style.all_positions || request->train;
  return all ? pass->tokens : pass->sequences;
}

int64_t tp_block_vocab(const struct tp_pass *pass)
{
  const int64_t vocab = pass->request->model->vocab, tp = pass->request->mesh.tp;
  return pass->request->style.head_sharded ? (vocab + tp - 1) / tp : vocab;
}

bool tp_block_gathers_logits(const struct tp_pass *pass)
{
  return pass->request->style.head_sharded && pass->exchange && pass->request->mesh.tp > 1;
}

void tp_block_head(struct tp_pass *pass)
{
  const struct tp_request *request = pass->request;
  const int64_t rows = tp_block_head_rows(pass), vocab = tp_block_vocab(pass);
  /* The head stays in 16 bits in fp8 checkpoints. */
  tp_pass_gemm(
      pass, "head",
      (struct tp_gemm){.m = rows, .n = vocab, .k = pass->block.hidden, .dtype = pass->wide});
  TP_READS(pass, rows == pass->tokens ? TP_VALUE_NORMED : TP_VALUE_LAST, TP_VALUE_HEAD_WEIGHT);
  TP_WRITES(pass, TP_VALUE_LOGITS);
  const bool gathered = tp_block_gathers_logits(pass);
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
  TP_READS(pass, gathered ? TP_VALUE_GATHERED : TP_VALUE_LOGITS);
  TP_WRITES(pass, TP_VALUE_NEXT);
}
