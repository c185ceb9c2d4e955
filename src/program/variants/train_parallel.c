/* Training of PaLM's block: one all-reduce a layer forward, one backward. */
#include "program/block.h"
#include "program/layers.h"
#include "program/train.h"

enum { INPUT = TP_PROJECTION_QKV | TP_PROJECTION_UP };

static void modules(struct tp_pass *pass)
{
  tp_block_project(pass, "qkv+up", INPUT);
  tp_block_attend(pass);
  tp_block_down(pass);
  const double x = (double)pass->tokens * (double)pass->block.hidden;
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "attn.add", 2 * x,
                 x); /* whole rows: not summed over ranks yet */
  tp_train_sum(pass, TP_SLOT_MLP);
}

static void layer(struct tp_pass *pass)
{
  tp_train_wait_gather(pass, TP_SLOT_ATTENTION);
  modules(pass);
  tp_pass_next_layer(pass);
  tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "next.norm", ATTENTION), false);
  tp_train_start_gather(pass, TP_SLOT_ATTENTION);
}

static void layer_grad(struct tp_pass *pass)
{
  if (pass->request->training.recompute) {
    tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
    tp_train_gather(pass, TP_SLOT_ATTENTION);
    modules(pass);
    tp_block_add(pass, "mlp.add", TP_VALUE_MLP_OUT);
  }
  const enum tp_grad_sum sum = tp_train_sum_style(pass);
  tp_train_wait_gather(pass, TP_SLOT_MLP_GRAD);
  tp_train_down_grad(pass);
  tp_train_attend_grad(pass);
  tp_train_input_grad(pass,
                      &(struct tp_input_grad){.dgrad = "qkv+up.dgrad",
                                              .wgrad = "qkv+up.wgrad",
                                              .projections = INPUT,
                                              .slot = TP_SLOT_ATTENTION_GRAD},
                      sum);
  if (sum == TP_GRAD_DEFERRED)
    tp_pass_wait(pass, TP_SLOT_ATTENTION_GRAD);
  tp_train_norm_grad_add(pass, "attn");
  tp_pass_next_layer(pass);
  tp_train_start_gather(pass, TP_SLOT_MLP_GRAD);
}

TP_TRAIN_BUILDER(parallel)
{
  struct tp_pass pass;
  const enum tp_status status = tp_train_begin(&pass, request, NULL, arena, program, error);
  if (status != TP_OK)
    return status;
  tp_pass_segment(&pass, "prologue", 1);
  tp_train_embed(&pass);
  tp_block_norm(&pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
  tp_train_start_gather(&pass, TP_SLOT_ATTENTION);

  tp_pass_layers(&pass, (struct tp_layers){.count = request->model->layers}, layer);

  tp_pass_segment(&pass, "loss", 1);
  tp_train_wait_gather(&pass, TP_SLOT_ATTENTION);
  tp_train_loss(&pass);
  tp_train_start_gather(&pass, TP_SLOT_MLP_GRAD);

  tp_pass_layers(&pass, (struct tp_layers){.count = request->model->layers, .backward = true},
                 layer_grad);

  tp_pass_segment(&pass, "embedding", 1);
  tp_train_embed_grad(&pass);
  tp_train_end(&pass, 1, 1);
  return TP_OK;
}
