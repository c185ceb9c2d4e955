/* Desynchronised residuals (arXiv 2501.06589, section on desync): ranks drop all-reduces and carry
 * residuals of their own; an all-reduce that is kept brings them together again. */
#include "program/block.h"
#include "program/layers.h"
#include "program/train.h"
#include "program/variants/architectures.h"

/* The residual travels inside the sum, a share of it from each rank, so that the result is the next
 * residual as it stands. */
static void layer_together(struct tp_pass *pass)
{
  tp_desync_attention(pass);
  tp_block_mlp(pass);
  tp_block_add_share(pass, "mlp.add", TP_VALUE_MLP_OUT);
  tp_block_all_reduce(pass, TP_SLOT_MLP, TP_VALUE_RESIDUAL);
  tp_pass_next_layer(pass);
  tp_block_norm(pass, "next.norm", TP_VALUE_ATTENTION_GAIN);
}

/* Only the last of a group has an exchange. */
static void group(struct tp_pass *pass)
{
  for (int64_t i = 1; i < pass->group; i++)
    tp_desync_layer_apart(pass);
  layer_together(pass);
}

/* Groups of `size` layers; what does not fill one is one, too: the last layer always has an
 * exchange. */
static void emit(struct tp_pass *pass, int64_t size)
{
  const int64_t layers = pass->request->model->layers, rest = layers % size;
  tp_pass_segment(pass, "prologue", 1);
  tp_block_embed(pass);
  tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);

  tp_pass_layers(pass, (struct tp_layers){.count = layers - rest, .group = size}, group);
  tp_pass_layers(pass,
                 (struct tp_layers){.first = layers - rest,
                                    .count = rest,
                                    .group = rest,
                                    .one = "last layer",
                                    .several = "last layers"},
                 group);

  tp_pass_segment(pass, "epilogue", 1);
  tp_block_head(pass);
}

static void emit_2x(struct tp_pass *pass)
{
  emit(pass, 1);
}

static void emit_4x(struct tp_pass *pass)
{
  emit(pass, 2);
}

static enum tp_status build_2x(const struct tp_request *request, const struct tp_variant *variant,
                               struct tp_arena *arena, struct tp_program *program,
                               struct tp_error *error)
{
  (void)variant;
  return tp_pass_build_sharded(request, emit_2x, arena, program, error);
}

static enum tp_status build_4x(const struct tp_request *request, const struct tp_variant *variant,
                               struct tp_arena *arena, struct tp_program *program,
                               struct tp_error *error)
{
  (void)variant;
  return tp_pass_build_sharded(request, emit_4x, arena, program, error);
}

const struct tp_architecture tp_architecture_desync_2x = {
    .name = "desync-2x",
    .summary = "no all-reduce after attention: one of two is left",
    .equation = "attention: x_i = h_i(norm(x_{i-1})) + x_{i-1}      on each rank alone\n"
                "MLP:       x_i = AR(h_i(norm(x_{i-1})) + x_{i-1}/TP)",
    .build = build_2x,
    .build_train = tp_train_desync_2x,
};

const struct tp_architecture tp_architecture_desync_4x = {
    .name = "desync-4x",
    .summary = "an all-reduce after every second MLP only: one of four is left",
    .equation =
        "attention and odd MLPs:      x_i = h_i(norm(x_{i-1})) + x_{i-1}      on each rank alone\n"
        "even MLPs and the last one:  x_i = AR(h_i(norm(x_{i-1})) + x_{i-1}/TP)",
    .build = build_4x,
    .build_train = tp_train_desync_4x,
};
