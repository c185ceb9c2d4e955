/* Ladder Residual (arXiv 2501.06589): every module reads a residual that lacks the output of the
 * module before it, whose all-reduce therefore runs under this one. */
#include "program/block.h"
#include "program/layers.h"
#include "program/train.h"
#include "program/variants/architectures.h"

/* Nothing has been computed yet: both modules read the embedding. */
static void first_layer(struct tp_pass *pass)
{
  tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
  tp_block_attention(pass);
  tp_block_start_all_reduce(pass, TP_SLOT_ATTENTION, TP_VALUE_ATTENTION_OUT);

  tp_block_norm(pass, "mlp.norm", TP_VALUE_MLP_GAIN);
  tp_block_mlp(pass);
  tp_block_start_all_reduce(pass, TP_SLOT_MLP, TP_VALUE_MLP_OUT);
  tp_pass_next_layer(pass);
}

/* The waits are for the all-reduces that the previous layer started. */
static void layer(struct tp_pass *pass)
{
  tp_pass_wait(pass, TP_SLOT_ATTENTION);
  tp_block_add_norm(pass, TP_ADD_NORM("attn.add", ATTENTION_OUT, "attn.norm", ATTENTION), true);
  tp_block_attention(pass);
  tp_block_start_all_reduce(pass, TP_SLOT_ATTENTION, TP_VALUE_ATTENTION_OUT);

  tp_pass_wait(pass, TP_SLOT_MLP);
  tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "mlp.norm", MLP), true);
  tp_block_mlp(pass);
  tp_block_start_all_reduce(pass, TP_SLOT_MLP, TP_VALUE_MLP_OUT);
  tp_pass_next_layer(pass);
}

/* The last MLP's all-reduce has nothing left to run under. */
static void epilogue(struct tp_pass *pass)
{
  tp_pass_wait(pass, TP_SLOT_ATTENTION);
  tp_block_add(pass, "attn.add", TP_VALUE_ATTENTION_OUT);
  tp_pass_wait(pass, TP_SLOT_MLP);
  tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "final.norm", ATTENTION), true);
  tp_block_head(pass);
}

static void emit(struct tp_pass *pass)
{
  tp_pass_segment(pass, "prologue", 1);
  tp_block_embed(pass);
  tp_pass_segment(pass, "layer 1", 1);
  first_layer(pass);
  tp_pass_layers(pass, (struct tp_layers){.first = 1, .count = pass->request->model->layers - 1},
                 layer);
  tp_pass_segment(pass, "epilogue", 1);
  epilogue(pass);
}

static enum tp_status build(const struct tp_request *request, const struct tp_variant *variant,
                            struct tp_arena *arena, struct tp_program *program,
                            struct tp_error *error)
{
  (void)variant;
  return tp_pass_build_sharded(request, emit, arena, program, error);
}

const struct tp_architecture tp_architecture_ladder = {
    .name = "ladder",
    .summary =
        "each module reads the residual stale by one module; its all-reduce runs under the next",
    .equation =
        "x_i = AR(h_i(norm(x_{i-2}))) + x_{i-1}      modules i: attention, MLP, attention, ...",
    .build = build,
    .build_train = tp_train_ladder,
};
