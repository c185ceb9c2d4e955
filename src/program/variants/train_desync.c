/* Training of desynchronised residuals.
 *
 * Between exchanges a rank's residual and its gradient stay on the rank.  Where the forward pass
 * brings the residuals together, every rank goes on from a copy of the sum; its gradient is the sum
 * of the copies' gradients: one all-reduce backward at each place where a copy was made, the
 * embedding among them.
 */
#include "program/block.h"
#include "program/layers.h"
#include "program/train.h"
#include "program/variants/architectures.h"

static void layer_together(struct tp_pass *pass)
{
  tp_desync_attention(pass);
  tp_block_mlp(pass);
  tp_block_add(pass, "mlp.add", TP_VALUE_MLP_OUT);
  tp_train_sum(pass, TP_SLOT_MLP);
}

static void layer_again(struct tp_pass *pass, bool together)
{
  if (!pass->request->training.recompute)
    return;
  tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
  tp_desync_attention(pass);
  tp_block_mlp(pass);
  tp_block_add(pass, "mlp.add", TP_VALUE_MLP_OUT);
  if (together)
    tp_train_sum(pass, TP_SLOT_MLP);
}

static void layer_grad(struct tp_pass *pass)
{
  tp_train_mlp_grad(pass, TP_GRAD_KEPT);
  tp_train_norm_grad_add(pass, "mlp");
  tp_train_attention_grad(pass, TP_GRAD_KEPT);
  tp_train_norm_grad_add(pass, "attn");
}

static void group(struct tp_pass *pass)
{
  for (int64_t i = 1; i < pass->group; i++)
    tp_desync_layer_apart(pass);
  layer_together(pass);
  tp_pass_next_layer(pass);
  tp_block_norm(pass, "next.norm", TP_VALUE_ATTENTION_GAIN);
}

/* A residual that went into the sum as a share has a share of its gradient: the first addition of a
 * group scales.  The wait is for the sum of the group above; the last has none. */
static void group_grad(struct tp_pass *pass)
{
  tp_pass_wait(pass, TP_SLOT_ATTENTION_GRAD);
  for (int64_t i = 0; i < pass->group; i++) {
    layer_again(pass, i == 0);
    layer_grad(pass);
    tp_pass_next_layer(pass);
  }
  tp_train_start_sum(pass, TP_SLOT_ATTENTION_GRAD);
}

static enum tp_status build(const struct tp_request *request, int64_t size, struct tp_arena *arena,
                            struct tp_program *program, struct tp_error *error)
{
  struct tp_pass pass;
  const enum tp_status status = tp_train_begin(
      &pass, request, "every rank of desync has a residual of its own", arena, program, error);
  if (status != TP_OK)
    return status;
  const int64_t layers = request->model->layers, rest = layers % size;
  tp_pass_segment(&pass, "prologue", 1);
  tp_train_embed(&pass);
  tp_block_norm(&pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
  tp_pass_layers(&pass, (struct tp_layers){.count = layers - rest, .group = size}, group);
  tp_pass_layers(&pass,
                 (struct tp_layers){.first = layers - rest,
                                    .count = rest,
                                    .group = rest,
                                    .one = "last layer",
                                    .several = "last layers"},
                 group);

  tp_pass_segment(&pass, "loss", 1);
  tp_train_loss(&pass);

  tp_pass_layers(&pass,
                 (struct tp_layers){.first = layers - rest,
                                    .count = rest,
                                    .group = rest,
                                    .backward = true,
                                    .one = "last layer.grad",
                                    .several = "last layers.grad"},
                 group_grad);
  tp_pass_layers(&pass, (struct tp_layers){.count = layers - rest, .group = size, .backward = true},
                 group_grad);
  tp_pass_segment(&pass, "embedding", 1);
  tp_pass_wait(&pass, TP_SLOT_ATTENTION_GRAD);
  tp_train_embed_grad(&pass);
  tp_train_end(&pass, (struct tp_train_rows){.residuals = 2, .inputs = 1, .handed = 1});
  return TP_OK;
}

TP_TRAIN_BUILDER(desync_2x)
{
  return build(request, 1, arena, program, error);
}

TP_TRAIN_BUILDER(desync_4x)
{
  return build(request, 2, arena, program, error);
}
