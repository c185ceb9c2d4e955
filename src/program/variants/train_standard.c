/* Training of Megatron's block: two all-reduces a layer forward, two backward. */
#include "program/block.h"
#include "program/layers.h"
#include "program/train.h"

static void sequential_layer(struct tp_pass *pass)
{
  tp_block_attention(pass);
  tp_train_sum(pass, TP_SLOT_ATTENTION);
  tp_block_add_norm(pass, TP_ADD_NORM("attn.add", ATTENTION_OUT, "mlp.norm", MLP), false);
  tp_train_gather(pass, TP_SLOT_MLP);
  tp_block_mlp(pass);
  tp_train_sum(pass, TP_SLOT_MLP);
}

static void sequential_layer_grad(struct tp_pass *pass)
{
  const enum tp_grad_sum sum = tp_train_sum_style(pass);
  tp_train_mlp_grad(pass, sum);
  if (sum == TP_GRAD_DEFERRED)
    tp_pass_wait(pass, TP_SLOT_MLP_GRAD);
  tp_train_norm_grad_add(pass, "mlp");
  tp_train_gather(pass, TP_SLOT_ATTENTION_GRAD);
  tp_train_attention_grad(pass, sum);
  if (sum == TP_GRAD_DEFERRED)
    tp_pass_wait(pass, TP_SLOT_ATTENTION_GRAD);
  tp_train_norm_grad_add(pass, "attn");
}

/* gpt_neox, falcon: see standard.c. */
static void side_by_side_layer(struct tp_pass *pass)
{
  tp_block_attention(pass);
  if (!pass->request->model->shared_norm)
    tp_block_norm(pass, "mlp.norm", TP_VALUE_MLP_GAIN);
  tp_block_mlp(pass);
  tp_block_add(pass, "attn.add", TP_VALUE_ATTENTION_OUT);
  tp_train_sum(pass, TP_SLOT_MLP);
}

/* A norm's gradient is linear in that of its output: the ranks' parts go through two norms first
 * and are summed once; with one norm they are summed before it. */
static void side_by_side_layer_grad(struct tp_pass *pass)
{
  const bool shared = pass->request->model->shared_norm;
  tp_train_mlp_grad(pass, TP_GRAD_KEPT);
  if (!shared)
    tp_train_norm_grad(pass, "mlp");
  tp_train_attention_grad(pass, TP_GRAD_KEPT);
  if (shared)
    tp_block_add(pass, "mlp.grad.add", TP_VALUE_NONE);
  else
    tp_train_norm_grad_add(pass, "attn");
  tp_train_sum(pass, TP_SLOT_ATTENTION_GRAD);
  if (shared)
    tp_train_norm_grad_add(pass, "attn");
  else
    tp_block_add(pass, "attn.grad.add", TP_VALUE_NONE);
}

static void modules(struct tp_pass *pass)
{
  if (pass->request->model->parallel_residual)
    side_by_side_layer(pass);
  else
    sequential_layer(pass);
}

static void layer(struct tp_pass *pass)
{
  tp_train_layer(pass, modules);
}

static void layer_grad(struct tp_pass *pass)
{
  tp_train_layer_again(pass, modules);
  tp_train_wait_gather(pass, TP_SLOT_MLP_GRAD);
  if (pass->request->model->parallel_residual)
    side_by_side_layer_grad(pass);
  else
    sequential_layer_grad(pass);
  tp_pass_next_layer(pass);
  tp_train_start_gather(pass, TP_SLOT_MLP_GRAD);
}

static enum tp_status build(const struct tp_request *request, bool exchange, struct tp_arena *arena,
                            struct tp_program *program, struct tp_error *error)
{
  struct tp_pass pass;
  const char *alone =
      request->model->parallel_residual ? "modules side by side share one exchange" : NULL;
  const enum tp_status status = tp_train_begin(&pass, request, alone, arena, program, error);
  if (status != TP_OK)
    return status;
  pass.exchange = pass.exchange && exchange;
  tp_train_emit(&pass, layer, layer_grad);
  tp_train_end(&pass, (struct tp_train_rows){.residuals = request->model->parallel_residual ? 1 : 2,
                                             .inputs = 1,
                                             .handed = 1});
  return TP_OK;
}

TP_TRAIN_BUILDER(standard)
{
  return build(request, true, arena, program, error);
}

/* Upper bound: the same kernels. */
TP_TRAIN_BUILDER(no_comm)
{
  return build(request, false, arena, program, error);
}
