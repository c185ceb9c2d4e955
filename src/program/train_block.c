/* Gradients of a block's kernels. */
#include "program/block.h"
#include "program/train.h"

/* Of the forward C = A B: dA = dC B' and dB = A' dC. */
static void dgrad(struct tp_pass *pass, const char *name, unsigned projections)
{
  const struct tp_gemm of = tp_block_projection(pass, projections);
  tp_pass_gemm(pass, name, (struct tp_gemm){.m = of.m, .n = of.k, .k = of.n, .dtype = of.dtype});
}

static void wgrad(struct tp_pass *pass, const char *name, unsigned projections)
{
  const struct tp_gemm of = tp_block_projection(pass, projections);
  tp_pass_gemm(pass, name, (struct tp_gemm){.m = of.k, .n = of.n, .k = of.m, .dtype = of.dtype});
}

void tp_train_input_grad(struct tp_pass *pass, const struct tp_input_grad *input,
                         enum tp_grad_sum sum)
{
  if (tp_train_gathers_again(pass))
    tp_train_start_gather(pass, input->again);
  dgrad(pass, input->dgrad, input->projections);
  if (sum != TP_GRAD_KEPT)
    tp_train_start_sum(pass, input->slot);
  if (sum == TP_GRAD_SUMMED)
    tp_pass_wait(pass, input->slot);
  if (tp_train_gathers_again(pass))
    tp_pass_wait(pass, input->again);
  wgrad(pass, input->wgrad, input->projections);
}

/* The activation's gradient reads what the activation read. */
void tp_train_down_grad(struct tp_pass *pass)
{
  const struct tp_block *block = &pass->block;
  const double inner = (double)pass->tokens * (double)block->ffn;
  const int ups = block->gated ? 2 : 1;
  dgrad(pass, "mlp.down.dgrad", TP_PROJECTION_DOWN);
  wgrad(pass, "mlp.down.wgrad", TP_PROJECTION_DOWN);
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "mlp.act.grad", (1 + ups) * inner, ups * inner);
}

static void up_grad(struct tp_pass *pass, enum tp_grad_sum sum)
{
  const bool gated = pass->block.gated;
  tp_train_input_grad(pass,
                      &(struct tp_input_grad){.dgrad = gated ? "mlp.up+gate.dgrad" : "mlp.up.dgrad",
                                              .wgrad = gated ? "mlp.up+gate.wgrad" : "mlp.up.wgrad",
                                              .projections = TP_PROJECTION_UP,
                                              .slot = TP_SLOT_MLP_GRAD,
                                              .again = TP_SLOT_MLP},
                      sum);
}

void tp_train_mlp_grad(struct tp_pass *pass, enum tp_grad_sum sum)
{
  tp_train_down_grad(pass);
  up_grad(pass, sum);
}

void tp_train_attend_grad(struct tp_pass *pass)
{
  const struct tp_block *block = &pass->block;
  const struct tp_request *request = pass->request;
  dgrad(pass, "attn.out.dgrad", TP_PROJECTION_OUT);
  wgrad(pass, "attn.out.wgrad", TP_PROJECTION_OUT);
  struct tp_attention attention = {.style = request->style.attention_prefill,
                                   .batch = pass->sequences,
                                   .query_len = request->batch.chunks[0].tokens,
                                   .kv_len = request->batch.chunks[0].tokens,
                                   .heads = block->heads,
                                   .kv_heads = block->kv_heads,
                                   .head_dim = block->head_dim,
                                   .window = block->window,
                                   .score_passes = request->style.score_passes,
                                   .dtype = pass->wide};
  if (request->training.selective_recompute && tp_train_keeps_scores(request))
    tp_pass_attention(pass, "attn.attention.again", attention);
  attention.backward = true;
  tp_pass_attention(pass, "attn.attention.grad", attention);
  const double qk =
      (double)pass->tokens * (double)((block->heads + block->kv_heads) * block->head_dim);
  if (block->rotary)
    tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "attn.rope.grad", qk, qk);
  if (block->qk_norm)
    tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "attn.qk_norm.grad", 2 * qk, qk);
}

static void qkv_grad(struct tp_pass *pass, enum tp_grad_sum sum)
{
  tp_train_input_grad(pass,
                      &(struct tp_input_grad){.dgrad = "attn.qkv.dgrad",
                                              .wgrad = "attn.qkv.wgrad",
                                              .projections = TP_PROJECTION_QKV,
                                              .slot = TP_SLOT_ATTENTION_GRAD,
                                              .again = TP_SLOT_ATTENTION},
                      sum);
}

void tp_train_attention_grad(struct tp_pass *pass, enum tp_grad_sum sum)
{
  tp_train_attend_grad(pass);
  qkv_grad(pass, sum);
}

/* Rows of the residual, and the norm's weights. */
static double residual(const struct tp_pass *pass)
{
  return (double)pass->residual_tokens * (double)pass->block.hidden;
}

static double weights(const struct tp_pass *pass)
{
  return (double)tp_norm_elements(pass->block.norm, pass->block.hidden);
}

void tp_train_norm_grad(struct tp_pass *pass, const char *module)
{
  const double x = residual(pass), w = weights(pass);
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, tp_arena_printf(pass->arena, "%s.norm.grad", module),
                 2 * x + w, x + w);
}

void tp_train_norm_grad_add(struct tp_pass *pass, const char *module)
{
  const double x = residual(pass), w = weights(pass);
  if (pass->request->style.fused_residual_norm) {
    tp_pass_memory(pass, TP_FUNCTION_UNNAMED,
                   tp_arena_printf(pass->arena, "%s.norm.grad+add", module), 3 * x + w, x + w);
    return;
  }
  tp_train_norm_grad(pass, module);
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, tp_arena_printf(pass->arena, "%s.grad.add", module),
                 2 * x, x);
}
