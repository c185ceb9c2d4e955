/* Training of Ladder Residual.
 *
 * Forward  x_i = AR(h_i(norm(x_{i-2}))) + x_{i-1}, so x_i reaches the loss through x_{i+1} and
 * h_{i+2}:
 *
 *     g_i = g_{i+1} + norm'(AR(h_{i+2}'(g_{i+2})))        modules backward: MLP, attention, MLP,
 * ...
 *
 * and module i+1, between the two, needs nothing of that all-reduce: it runs under it.  The same
 * ladder downwards.
 */
#include "program/block.h"
#include "program/layers.h"
#include "program/train.h"

/* Nothing has been computed yet: both modules read the embedding. */
static void first_layer(struct tp_pass *pass)
{
  tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
  tp_block_attention(pass);
  tp_train_start_sum(pass, TP_SLOT_ATTENTION);
  tp_block_norm(pass, "mlp.norm", TP_VALUE_MLP_GAIN);
  tp_block_mlp(pass);
  tp_train_start_sum(pass, TP_SLOT_MLP);
}

static void layer(struct tp_pass *pass)
{
  tp_pass_wait(pass, TP_SLOT_ATTENTION);
  tp_block_add_norm(pass, TP_ADD_NORM("attn.add", ATTENTION_OUT, "attn.norm", ATTENTION), true);
  tp_block_attention(pass);
  tp_train_start_sum(pass, TP_SLOT_ATTENTION);
  tp_pass_wait(pass, TP_SLOT_MLP);
  tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "mlp.norm", MLP), true);
  tp_block_mlp(pass);
  tp_train_start_sum(pass, TP_SLOT_MLP);
  tp_pass_next_layer(pass);
}

/* From the two stored residuals that the modules read. */
static void layer_again(struct tp_pass *pass)
{
  if (pass->request->training.recompute)
    first_layer(pass);
}

static void last_layer_grad(struct tp_pass *pass)
{
  layer_again(pass);
  tp_train_mlp_grad(pass, TP_GRAD_DEFERRED);
  tp_train_attention_grad(pass, TP_GRAD_DEFERRED);
  tp_pass_next_layer(pass);
}

/* The waits are for the all-reduces that the layer above started. */
static void layer_grad(struct tp_pass *pass)
{
  layer_again(pass);
  tp_pass_wait(pass, TP_SLOT_MLP_GRAD);
  tp_train_norm_grad_add(pass, "mlp");
  tp_train_mlp_grad(pass, TP_GRAD_DEFERRED);
  tp_pass_wait(pass, TP_SLOT_ATTENTION_GRAD);
  tp_train_norm_grad_add(pass, "attn");
  tp_train_attention_grad(pass, TP_GRAD_DEFERRED);
  tp_pass_next_layer(pass);
}

static void forward(struct tp_pass *pass, int64_t layers)
{
  tp_pass_segment(pass, "prologue", 1);
  tp_train_embed(pass);
  tp_pass_segment(pass, "layer 1", 1);
  first_layer(pass);
  tp_pass_next_layer(pass);
  tp_pass_layers(pass, (struct tp_layers){.first = 1, .count = layers - 1}, layer);
}

static void backward(struct tp_pass *pass, int64_t layers)
{
  tp_pass_layers(pass,
                 (struct tp_layers){
                     .first = layers - 1, .count = 1, .backward = true, .one = "last layer.grad"},
                 last_layer_grad);
  tp_pass_layers(pass, (struct tp_layers){.count = layers - 1, .backward = true}, layer_grad);
  tp_pass_segment(pass, "embedding", 1);
  tp_pass_wait(pass, TP_SLOT_MLP_GRAD);
  tp_train_norm_grad_add(pass, "mlp");
  tp_pass_wait(pass, TP_SLOT_ATTENTION_GRAD);
  tp_train_norm_grad_add(pass, "attn");
  tp_train_embed_grad(pass);
}

TP_TRAIN_BUILDER(ladder)
{
  struct tp_pass pass;
  const enum tp_status status = tp_train_begin(
      &pass, request, "a ladder's gather would stand between its norm and its module", arena,
      program, error);
  if (status != TP_OK)
    return status;
  forward(&pass, request->model->layers);
  tp_pass_segment(&pass, "loss", 1);
  tp_pass_wait(&pass, TP_SLOT_ATTENTION);
  tp_block_add(&pass, "attn.add", TP_VALUE_ATTENTION_OUT);
  tp_pass_wait(&pass, TP_SLOT_MLP);
  tp_block_add_norm(&pass, TP_ADD_NORM("mlp.add", MLP_OUT, "final.norm", ATTENTION), true);
  tp_train_loss(&pass);
  backward(&pass, request->model->layers);
  tp_train_end(&pass, (struct tp_train_rows){.residuals = 2, .inputs = 2, .handed = 3});
  return TP_OK;
}
