/* PaLM's block: attention and MLP read one norm side by side; one fused GEMM in, one all-reduce. */
#include "program/block.h"
#include "program/layers.h"
#include "program/train.h"
#include "program/variants/architectures.h"

static void fused_input(struct tp_pass *pass)
{
  enum { INPUT = TP_PROJECTION_QKV | TP_PROJECTION_UP };
  const bool activates = tp_block_fuses_activation(pass);
  tp_block_project(pass, "qkv+up", INPUT);
  tp_pass_last(pass)->gemm.activates = activates;
  TP_READS(pass, TP_VALUE_NORMED, TP_VALUE_INPUT_WEIGHT,
           tp_block_shift(pass, INPUT, TP_VALUE_INPUT_SHIFT));
  if (activates) {
    TP_WRITES(pass, TP_VALUE_QKV, TP_VALUE_INNER);
  } else {
    tp_operands_join_input(pass);
    TP_WRITES(pass, TP_VALUE_INPUT);
  }
}

/* A latent or a router has a GEMM of its own: nothing is fused on the way in. */
void tp_parallel_modules(struct tp_pass *pass)
{
  if (pass->block.latent.kv_rank > 0 || pass->block.experts.count > 0) {
    tp_block_attention(pass);
    tp_block_mlp(pass);
    return;
  }
  fused_input(pass);
  tp_block_attend(pass);
  tp_block_down(pass);
}

static void layer(struct tp_pass *pass)
{
  tp_parallel_modules(pass);
  tp_block_add_to(pass, "attn.add", TP_VALUE_MLP_OUT, TP_VALUE_ATTENTION_OUT, TP_VALUE_MLP_OUT);
  tp_block_all_reduce(pass, TP_SLOT_MLP, TP_VALUE_MLP_OUT);
  tp_pass_next_layer(pass);
  tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "next.norm", ATTENTION), false);
}

static void emit(struct tp_pass *pass)
{
  tp_pass_segment(pass, "prologue", 1);
  tp_block_embed(pass);
  tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
  tp_pass_layers(pass, (struct tp_layers){.count = pass->request->model->layers}, layer);
  tp_pass_segment(pass, "epilogue", 1);
  tp_block_head(pass);
}

static enum tp_status build(const struct tp_request *request, const struct tp_variant *variant,
                            struct tp_arena *arena, struct tp_program *program,
                            struct tp_error *error)
{
  (void)variant;
  return tp_pass_build_sharded(request, emit, arena, program, error);
}

const struct tp_architecture tp_architecture_parallel = {
    .name = "parallel",
    .summary = "attention and MLP side by side behind one norm: one all-reduce a layer",
    .equation = "x_l = AR(attn(n) + mlp(n)) + x_{l-1},  n = norm(x_{l-1})      layers l",
    .build = build,
    .build_train = tp_train_parallel,
};
