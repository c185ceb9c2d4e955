#include "cost/style.h"

struct tp_style tp_style_of(const struct tp_stack *stack, int ranks)
{
  return (struct tp_style){
      .attention_prefill = (enum tp_attention_style)stack->attention.prefill,
      .attention_decode = (enum tp_attention_style)stack->attention.decode,
      .score_passes = stack->attention.score_passes,
      .fused_residual_norm = stack->fusion.residual_norm,
      .fused_rope = stack->fusion.rope,
      .fused_activation = stack->fusion.activation,
      .fused_row_activation = stack->fusion.matrix_vector, /* a reduction's epilogue takes it */
      .fused_overlapped_residual = stack->fusion.overlapped_residual,
      .quantise = (enum tp_quantise_place)stack->fusion.quantise,
      .scale = (enum tp_scale)stack->fusion.scale,
      .fused_norm_max_bytes = stack->fusion.all_reduce_norm
                                  ? tp_stack_max_bytes(stack->collectives.norm_max_bytes, ranks)
                                  : 0,
      .head_sharded = stack->head.sharded,
      .all_positions = stack->head.all_positions,
      .embedding_sharded = stack->head.embedding_sharded,
      .optimiser_bytes = stack->memory.optimiser_bytes,
      .dispatch_prefill = (enum tp_dispatch)stack->experts.dispatch,
      .dispatch_decode =
          (enum tp_dispatch)(stack->experts.decode_dispatch > 0 ? stack->experts.decode_dispatch - 1
                                                                : stack->experts.dispatch),
      .fused_shared_experts = stack->fusion.shared_experts,
      .sends = stack->pipeline.sliced_sends ? TP_SENDS_SLICES : TP_SENDS_WHOLE,
      .expert_skew = stack->experts.skew < 0 ? TP_RANDOM_EXPERTS : stack->experts.skew,
  };
}
