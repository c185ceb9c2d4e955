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
  tp_train_layer(pass, modules);
}

static void layer_grad(struct tp_pass *pass)
{
  tp_train_layer_again(pass, modules);
  const enum tp_grad_sum sum = tp_train_sum_style(pass);
  tp_train_wait_gather(pass, TP_SLOT_MLP_GRAD);
  tp_train_down_grad(pass);
  tp_train_attend_grad(pass);
  tp_train_input_grad(pass,
                      &(struct tp_input_grad){.dgrad = "qkv+up.dgrad",
                                              .wgrad = "qkv+up.wgrad",
                                              .projections = INPUT,
                                              .slot = TP_SLOT_ATTENTION_GRAD,
                                              .again = TP_SLOT_ATTENTION},
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
  tp_train_emit(&pass, layer, layer_grad);
  tp_train_end(&pass, (struct tp_train_rows){.residuals = 1, .inputs = 1, .handed = 1});
  return TP_OK;
}
