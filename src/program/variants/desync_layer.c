/* What inference and training of desynchronised residuals share: a layer whose ranks stay apart. */
#include "program/block.h"
#include "program/variants/architectures.h"

void tp_desync_attention(struct tp_pass *pass)
{
  tp_block_attention(pass);
  tp_block_add_norm(pass, TP_ADD_NORM("attn.add", ATTENTION_OUT, "mlp.norm", MLP), false);
}

void tp_desync_layer_apart(struct tp_pass *pass)
{
  tp_desync_attention(pass);
  tp_block_mlp(pass);
  tp_pass_next_layer(pass);
  tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "next.norm", ATTENTION), false);
}
