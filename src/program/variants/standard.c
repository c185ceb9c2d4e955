/* Megatron tensor parallelism: the model as it was trained, an all-reduce after every module. */
#include "program/block.h"
#include "program/layers.h"
#include "program/train.h"
#include "program/variants/architectures.h"

/* nemotron-nas: a layer may lack either module, and with it the norm. */
static void sequential_layer(struct tp_pass *pass)
{
  const bool attends = pass->block.attends, feeds = pass->block.feeds;
  if (attends) {
    tp_block_attention(pass);
    tp_block_all_reduce(pass, TP_SLOT_ATTENTION, TP_VALUE_ATTENTION_OUT);
    tp_block_add_norm(pass, TP_ADD_NORM("attn.add", ATTENTION_OUT, "mlp.norm", MLP), false);
  }
  if (feeds) {
    tp_block_mlp(pass);
    tp_block_all_reduce(pass, TP_SLOT_MLP, TP_VALUE_MLP_OUT);
  }
  tp_pass_next_layer(pass);
  if (feeds)
    tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "next.norm", ATTENTION), false);
}

/* gpt_neox, falcon: both modules read the same residual; their outputs are added on each rank
 * before the one all-reduce. */
static void side_by_side_layer(struct tp_pass *pass)
{
  tp_block_attention(pass);
  if (!pass->request->model->shared_norm)
    tp_block_norm(pass, "mlp.norm", TP_VALUE_MLP_GAIN);
  tp_block_mlp(pass);
  tp_block_add_to(pass, "attn.add", TP_VALUE_MLP_OUT, TP_VALUE_ATTENTION_OUT, TP_VALUE_MLP_OUT);
  tp_block_all_reduce(pass, TP_SLOT_MLP, TP_VALUE_MLP_OUT);
  tp_pass_next_layer(pass);
  tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "next.norm", ATTENTION), false);
}

void tp_standard_emit(struct tp_pass *pass)
{
  tp_pass_segment(pass, "prologue", 1);
  tp_block_embed(pass);
  tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);

  const struct tp_model *model = pass->request->model;
  tp_pass_layers(pass, (struct tp_layers){.count = model->layers},
                 model->parallel_residual ? side_by_side_layer : sequential_layer);

  tp_pass_segment(pass, "epilogue", 1);
  tp_block_head(pass);
}

static enum tp_status build(const struct tp_request *request, const struct tp_variant *variant,
                            struct tp_arena *arena, struct tp_program *program,
                            struct tp_error *error)
{
  (void)variant;
  return tp_pass_build_sharded(request, tp_standard_emit, arena, program, error);
}

const struct tp_architecture tp_architecture_standard = {
    .name = "standard",
    .summary = "Megatron tensor parallelism: a blocking all-reduce after every module",
    .equation =
        "x_i = AR(h_i(norm(x_{i-1}))) + x_{i-1}      modules i: attention, MLP, attention, ...",
    .build = build,
    .build_train = tp_train_standard,
};
