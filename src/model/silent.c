/* Keys that say nothing of cost or memory, and what is said of those that do and are not priced.
 * Patterns with stars are of words that mean one thing in any file: whatever may be of the shape of
 * layers stands by its whole name, so that an unknown key of the kind is named on stderr. */
#include "model/family.h"

#include <string.h>

/* clang-format off */
static const char *const silent[] = {
    "_*", "activation_function", "add_classification_head", "add_cross_attention",
    "add_full_attention_sink_bias", "add_swa_attention_sink_bias", "apply_query_key_layer_scaling",
    "apply_residual_connection_post_layernorm", "architectures", "attention_in_multiplier",
    "attention_multiplier", "attention_out_multiplier", "attention_scale",
    "attention_softmax_in_fp32", "attention_value_scale", "attn_config.alibi_bias_max",
    "attn_config.attn_impl", "attn_config.attn_type", "attn_config.attn_uses_sequence_id",
    "attn_config.clip_qkv", "attn_config.model_type", "attn_config.rope_*",
    "attn_config.softmax_scale", "*attn_implementation*", "attn_output_multiplier", "attn_scale",
    "attn_temperature_len", "attn_temperature_tuning", "*audio*", "auto_map", "bad_words_ids",
    "base_seqlen", "*beam*", "begin_suppress_tokens", "cache_implementation",
    "chunk_size_feed_forward", "clip_qkv", "compression_config", "description", "dim_model_base",
    "do_layer_norm_before", "do_sample", "*dropout*", "dtype", "early_stopping",
    "embedding_fraction", "embedding_multiplier", "embedding_multiplier_scale", "embeddings_scale",
    "ep_size", "*_eps", "*epsilon*", "ffn_config.fc_type", "ffn_config.ffn_act_fn",
    "ffn_config.model_type", "ffn_config.moe_normalize_expert_weights",
    "ffn_config.uniform_expert_assignment", "finetuning_task", "*flash_attn", "floor_scale",
    "for_llm_compressor", "forced_decoder_ids", "fp32", "fp32_residual_connection", "freeze_*",
    "fused_add_norm", "gradient_checkpointing", "head_dtype", "hidden_act", "hidden_activation",
    "id2label", "im_start_id", "*image*", "*img_processor", "init_config", "init_device",
    "init_method", "init_std", "initial_context_length", "initializer*", "input_jitter_noise",
    "is_causal", "is_composition", "is_decoder", "key_multiplier", "label2id", "language",
    "language_model_id", "layer_norm_type", "layerdrop", "lm_head_bias", "lm_head_multiplier",
    "logit_scale", "logits_scaling", "logits_soft_cap", "*loss*", "mask_init_id",
    "masked_softmax_fusion", "max_attn_value", "max_length", "max_position_embeddings",
    "max_seq_len", "max_sequence_length", "max_tokenizer_truncation", "min_length",
    "mlp_hidden_act", "mlp_multipliers", "*mm_*", "model_max_length", "model_type",
    "moe_capacity", "moe_router_activation_func", "moe_router_scaling_factor",
    "moe_use_aux_free", "mtp_use_dedicated_embeddings", "mup_*", "n_ctx", "n_group",
    "n_positions", "name", "*no_repeat_ngram_size", "norm_topk_prob", "norm_type",
    "num_logits_to_keep", "num_media_embeds", "num_return_sequences", "offset_alibi",
    "org_vocab_size", "original_max_position_embeddings", "original_rope", "output_attentions",
    "output_hidden_states", "output_multiplier_scale", "output_past", "output_router_logits",
    "output_scores", "pad_id", "pad_key_length", "*pdrop*", "*penalty*", "pool_type",
    "position_embedding_type", "position_embedding_xdrope", "prefix", "pretraining_tp",
    "problem_type", "qk_head_dim", "qk_norm_type", "quantization", "quantization_bit",
    "quantization_config",
    "query_pre_attn_scalar", "remove_invalid_values", "reorder_and_upcast_attn",
    "rescale_prenorm_residual", "residual_in_fp32", "residual_multiplier", "return_dict",
    "return_dict_in_generate", "rope", "*rope_base*", "*rope_interleave*", "rope_layout",
    "rope_local_base_freq", "rope_parameters", "rope_pct", "rope_percent", "rope_ratio",
    "*rope_scaling*", "*rope_theta*", "no_rope_layer_interval", "no_rope_layers", "use_mrope",
    "use_rope", "*rotary*", "*routed_scaling_factor*", "*router_dtype*", "router_jitter_noise",
    "scale_attention_softmax_in_fp32", "scale_attn_by_inverse_layer_idx", "scale_attn_weights",
    "scale_depth", "scale_emb", "scale_embedding", "scale_qk_dot_by_d", "score_function",
    "scoring_func", "seq_aux", "seq_length", "skip_bias_add*", "slow_but_exact", "*softcapping*",
    "summary_activation", "summary_first_dropout", "summary_last_dropout",
    "summary_proj_to_labels", "summary_type", "summary_use_proj", "suppress_tokens",
    "swiglu_alpha", "swiglu_limit*", "task_specific_params", "temperature", "text_model_id",
    "tie_encoder_decoder", "tie_word_embeddings", "*token_id*", "*token_index*", "tokenizer*",
    "top_p", "topk_group", "topk_method", "*torch_dtype*", "torchscript", "*training*",
    "transformers*", "tune_*", "type_vocab_size", "typical_p", "unfreeze_*", "use_bfloat16",
    "use_bidirectional_attention", "use_cache", "use_dynamic_ntk", "use_gemma_norm",
    "use_logn_attn", "use_mm_proj", "use_position_ids", "use_return_dict", "use_rmsnorm",
    "use_routing_bias", "validate_runner_input", "*video*", "*vision*",
    "vocab_size_per_layer_input", "weight_tying", "width_scale",
};
/* clang-format on */

/* The same of one family, whose code has no other way than the one that is read. */
static const char *const silent_of[][2] = {
    {"chatglm", "post_layer_norm"},
    {"cohere*", "order_of_interleaved_layers"},
    {"cohere*", "use_embedding_sharing"},
    {"cohere*", "use_gated_activation"},
    {"cohere*", "use_parallel_block"},
    {"deepseek_v32", "index_topk_*"},
    {"glm_moe_dsa", "index_share_for_mtp_iteration"},
    {"glm_moe_dsa", "index_skip_topk_offset"},
    {"glm_moe_dsa", "index_topk_*"},
    {"granitemoehybrid", "mamba_*"},
    {"hunyuan*", "class_num"},
    {"hunyuan*", "dense_list"},
    {"hunyuan*", "use_mixed_mlp_moe"},
    {"minimax*", "attn_type_list"},
    {"opt", "word_embed_proj_dim"},
    {"phi*", "embd_layer"},
};

/* The same beside another key, which says it all. */
static const char *const silent_beside[][2] = {
    {"cla_share_factor", "use_cla"},
    {"top_k", "top_p"},
    {"mtp_transformer_layers", "num_mtp_modules"},
    {"use_mtp", "num_mtp_modules"},
    {"use_mtp", "num_nextn_predict_layers"},
};

const char *tp_key_told(const char *key)
{
  static const char *const told[][2] = {
      {"*vision_lora", "adds matrices of low rank to all layers, which are not counted"},
      {"*speech_lora", "adds matrices of low rank to all layers, which are not counted"},
      {"use_mtp", TP_FURTHER_TOKENS},
      {"mtp_depth", TP_FURTHER_TOKENS},
      {"mtp_layers", TP_FURTHER_TOKENS},
      {"mtp_num_layers", TP_FURTHER_TOKENS},
      {"mtp_transformer_layers", TP_FURTHER_TOKENS},
      {"num_mtp_layers", TP_FURTHER_TOKENS},
  };
  for (size_t i = 0; i < sizeof told / sizeof *told; i++)
    if (tp_key_matches(told[i][0], key))
      return told[i][1];
  return NULL;
}

bool tp_key_is_silent(const struct tp_reading *reading, const struct tp_family *family,
                      const char *key)
{
  for (size_t i = 0; i < sizeof silent_of / sizeof *silent_of; i++)
    if (tp_key_matches(silent_of[i][1], key) && tp_key_matches(silent_of[i][0], family->name))
      return true;
  for (size_t i = 0; i < sizeof silent_beside / sizeof *silent_beside; i++)
    if (strcmp(silent_beside[i][0], key) == 0 && tp_key_is_given(reading, silent_beside[i][1]))
      return true;
  for (size_t i = 0; tp_key_told(key) == NULL && i < sizeof silent / sizeof *silent; i++)
    if (tp_key_matches(silent[i], key))
      return true;
  return false;
}
