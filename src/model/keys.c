/* What keys mean, whichever family has them. */
#include "model/family.h"
#include "model/key_fields.h"

#include <fnmatch.h>
#include <string.h>

static const struct tp_field shape[] = {
    LAYERS("num_hidden_layers"),
    HIDDEN("hidden_size"),
    FFN("intermediate_size"),
    HEADS("num_attention_heads"),
    KV_HEADS("num_key_value_heads"),
    HEAD_DIM("head_dim"),
    HEAD_DIM("attention_head_dim"),
    VOCAB,
    TIED,
    COUNT_OR_NONE("num_nextn_predict_layers", further_tokens, 64),
    COUNT_OR_NONE("num_mtp_modules", further_tokens, 64),
    COUNT_OR_NONE("mtp_num_hidden_layers", further_tokens, 64),
};

static const struct tp_field windows[] = {
    COUNT("sliding_window", window, 100000000),
    COUNT("sliding_window_pattern", window_pattern, 2000),
    COUNT("layer_switch", window_pattern, 2000),
    SWITCH("use_sliding_window", use_window),
    {"max_window_layers", TP_FIELD_INT64, offsetof(struct tp_config, max_window_layers), 0, 2000,
     true, NULL},
};

static const struct tp_field widths[] = {
    COUNT("v_head_dim", model.value_dim, 4096),
    COUNT("swa_num_attention_heads", sliding_widths.heads, 16384),
    COUNT("swa_num_key_value_heads", sliding_widths.kv_heads, 16384),
    COUNT("swa_head_dim", sliding_widths.head_dim, 4096),
    COUNT("swa_v_head_dim", sliding_widths.value_dim, 4096),
    COUNT("global_head_dim", full_widths.head_dim, 4096),
    COUNT("num_global_key_value_heads", full_widths.kv_heads, 16384),
    SWITCH("attention_k_eq_v", full_keys_as_values),
};

#define EXPERTS(key) COUNT_OR_NONE(key, model.experts.count, 16384)
#define TOP_K(key)   COUNT_OR_NONE(key, model.experts.top_k, 16384)
static const struct tp_field experts[] = {
    EXPERTS("num_experts"),
    EXPERTS("num_local_experts"),
    EXPERTS("n_routed_experts"),
    EXPERTS("moe_num_experts"),
    TOP_K("num_experts_per_tok"),
    TOP_K("experts_per_token"),
    TOP_K("top_k_experts"),
    TOP_K("moe_k"),
    TOP_K("moe_topk"),
    COUNT("moe_intermediate_size", model.experts.ffn, 262144),
    COUNT("expert_intermediate_size", model.experts.ffn, 262144),
    COUNT_OR_NONE("n_shared_experts", n_shared, 64),
    COUNT_OR_NONE("num_shared_experts", n_shared, 64),
    COUNT_OR_NONE("num_shared_expert", n_shared, 64),
    COUNT_OR_NONE("moe_num_shared_experts", n_shared, 64),
    COUNT_OR_NONE("shared_expert_intermediate_size", model.experts.shared_ffn, 262144),
    COUNT_OR_NONE("shared_intermediate_size", model.experts.shared_ffn, 262144),
    COUNT_OR_NONE("moe_shared_expert_intermediate_size", model.experts.shared_ffn, 262144),
    COUNT_OR_NONE("share_expert_dim", model.experts.shared_ffn, 262144),
    COUNT("intermediate_size_mlp", dense_ffn, 4194304),
    COUNT("dense_intermediate_size", dense_ffn, 4194304),
    COUNT_OR_NONE("first_k_dense_replace", first_dense, 2000),
    COUNT_OR_NONE("num_dense_layers", first_dense, 2000),
    COUNT_OR_NONE("moe_layer_start_index", first_dense, 2000),
    COUNT_OR_NONE("moe_layer_num_skipped", first_dense, 2000),
    COUNT("decoder_sparse_step", mixture_step, 2000),
    COUNT("interleave_moe_layer_step", mixture_step, 2000),
    COUNT("moe_layer_interval", mixture_step, 2000),
    SWITCH("enable_moe_block", enable_experts),
    SWITCH("use_routing_bias", model.experts.router_biased),
    SWITCH("use_moe_router_bias", model.experts.router_biased),
    SWITCH("moe_router_enable_expert_bias", model.experts.router_biased),
};

static const struct tp_field latent[] = {
    COUNT("kv_lora_rank", model.latent.kv_rank, 262144),
    COUNT("q_lora_rank", model.latent.q_rank, 262144),
    COUNT("qk_nope_head_dim", model.latent.nope_dim, 4096),
    COUNT("qk_rope_head_dim", model.latent.rope_dim, 4096),
    COUNT("v_head_dim", model.latent.value_dim, 4096),
    SWITCH("use_mla", use_latent),
};

static const struct tp_field indexer[] = {
    COUNT("index_n_heads", model.indexer.heads, 16384),
    COUNT("index_head_dim", model.indexer.dim, 4096),
    COUNT("index_topk", model.indexer.top_k, 100000000),
};

static const struct tp_field qk_norm[] = {
    SWITCH("use_qk_norm", use_qk_norm),
    SWITCH("qk_layernorm", use_qk_norm),
    SWITCH("qk_norm", use_qk_norm),
};

static const struct tp_field biases[] = {
    SWITCH("attention_bias", attention_bias),
    SWITCH("qkv_bias", model.qkv_bias),
    SWITCH("use_qkv_bias", model.qkv_bias),
    SWITCH("mlp_bias", model.mlp_bias),
    SWITCH("use_bias", bias),
    SWITCH("bias", bias),
};

#define TABLE(group, means, fields)                      \
  {                                                      \
    group, means, fields, sizeof fields / sizeof *fields \
  }
const struct tp_key_table tp_key_tables[] = {
    TABLE(TP_KEYS_SHAPE, NULL, shape),
    TABLE(TP_KEYS_WINDOWS, NULL, windows),
    TABLE(TP_KEYS_EXPERTS, "experts", experts),
    TABLE(TP_KEYS_LATENT, "latent attention", latent),
    TABLE(TP_KEYS_WIDTHS, "layers of other widths", widths),
    TABLE(TP_KEYS_INDEXER, "an indexer of keys", indexer),
    TABLE(TP_KEYS_QK_NORM, NULL, qk_norm),
    TABLE(TP_KEYS_BIASES, NULL, biases),
};
const size_t tp_n_key_tables = sizeof tp_key_tables / sizeof *tp_key_tables;

/* What says nothing of cost or memory. */
/* clang-format off */
static const char *const silent[] = {
    "_*", "activation_function", "add_classification_head", "add_cross_attention",
    "add_full_attention_sink_bias", "add_swa_attention_sink_bias", "apply_query_key_layer_scaling",
    "apply_residual*", "architectures", "attention_layers", "attention_scale*",
    "attention_softmax_in_fp32", "attention_value_scale", "attn_config.a*", "attn_config.clip_qkv",
    "attn_config.model_type", "attn_config.softmax_scale", "*attn_implementation*", "attn_scale",
    "attn_temp*", "attn_type_list", "*audio*", "auto_map", "bad_words_ids", "base_seqlen",
    "*beam*", "begin_suppress_tokens", "cache_*", "chunk_size_feed_forward", "cla_share_factor",
    "class_num", "clip_qkv", "compression_config", "*config_name", "cross_attention*",
    "decoder_start_*", "dense_list", "description", "dim_model_base", "do_layer_norm_before",
    "do_sample", "*dropout*", "dtype",
    "early_stopping", "embd_layer", "embedding_fraction", "embeddings_scale", "ep_size", "*_eps",
    "*epsilon*", "ffn_config.fc_type", "ffn_config.ffn_act_fn", "ffn_config.model_type",
    "ffn_config.moe_*", "ffn_config.uniform*", "finetuning_task", "*flash_attn", "floor_scale",
    "for_llm_*", "force_bos*", "forced_*", "fp32*", "freeze_*", "fused_*",
    "gradient_checkpointing", "head_dtype", "head_type", "*hidden_act*", "id2label", "im_start_id",
    "*image*", "*img_processor", "index_share*", "index_skip*", "index_topk_*", "indexer_*",
    "*init_*", "initial_context_length", "initializer*", "input_jitter_noise", "is_causal",
    "is_composition", "is_decoder", "kind*", "label2id", "*lambda*", "language",
    "language_model_id", "layer_norm_type", "layerdrop", "layernorm_eps*", "lm_head_bias",
    "logit_scale", "logits_*", "*loss*", "mamba_*", "masked_softmax_fusion", "max_attn_value",
    "max_length", "max_position_embeddings", "max_seq_len", "max_sequence_length",
    "max_tokenizer_truncation", "min_length", "*mm_*", "model_max_length", "model_type",
    "moe_apply*", "moe_capacity*", "moe_gate", "moe_router_*", "moe_use_aux_free", "mtp_*",
    "*multiplier*", "mup_*", "n_ctx", "n_group", "n_positions", "name", "*no_repeat_ngram_size",
    "norm_topk_prob", "norm_type", "note*", "num_logits_to_keep", "num_media_embeds",
    "num_return_sequences", "offset_alibi", "order_of_interleaved_layers", "org_vocab_size",
    "original_max_position_embeddings", "output_*", "pad_id", "pad_key_length", "partial_*",
    "*pdrop*", "*penalty*", "pool_type", "position_embedding_type", "post_layer_norm", "prefix",
    "pretraining_tp", "problem_type", "pruned_heads", "qk_head_dim", "qk_norm_type",
    "quantization_config", "query_pre_attn_scalar", "remove_invalid_values",
    "reorder_and_upcast_attn", "rescale_prenorm_residual", "residual_in_fp32", "return_*",
    "*rope*", "*rotary*", "*routed_scaling_factor*", "router_aux*", "*router_dtype*",
    "router_jitter*", "*router_sigmoid*", "router_z*", "scale_*", "score_function", "scoring_func",
    "seq_aux", "seq_length", "skip_bias_add*", "sliding_window_size", "slow_but_exact",
    "*softcapping*", "source*", "speech_lora", "summary_*", "suppress_tokens", "swiglu_*",
    "task_specific_params", "temperature", "text_model_id", "tf_*", "tie_encoder_decoder",
    "tie_word_embeddings", "*token_id*", "*token_index*", "tokenizer*", "top_k", "top_p",
    "topk_group", "topk_method", "*torch_dtype*", "torchscript", "*training*", "transformers*",
    "tune_*", "type_vocab_size", "typical_p", "unfreeze_*", "use_bfloat16",
    "use_bidirectional_attention", "use_cache", "use_dynamic_ntk", "use_embedding_sharing",
    "use_fp32*", "use_gated_activation", "use_gemma_norm", "use_logn_attn", "use_mixed_mlp_moe",
    "use_mm_proj", "use_mtp", "use_parallel_block", "use_position_ids", "use_return_dict",
    "use_rmsnorm", "use_routing_bias", "use_stable_embedding", "use_unpadded*",
    "validate_runner_input", "*video*", "*vision*", "vision_lora", "vocab_size_per_layer_input",
    "weight_tying", "width_scale", "word_embed_proj_dim",
};
/* clang-format on */

bool tp_key_says_something(const json_t *value)
{
  if (json_is_array(value))
    return json_array_size(value) > 0;
  if (json_is_object(value))
    return json_object_size(value) > 0;
  if (json_is_number(value))
    return json_number_value(value) != 0;
  return json_is_true(value) || (json_is_string(value) && json_string_value(value)[0] != '\0');
}

/* Most do not, by their first letter, and fnmatch is slow to say so. */
bool tp_key_matches(const char *pattern, const char *key)
{
  const bool may = pattern[0] == key[0] || strchr("*?[", pattern[0]) != NULL;
  return may && fnmatch(pattern, key, 0) == 0;
}

static const struct tp_field *field_of(const struct tp_field *fields, size_t n, const char *key)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(fields[i].key, key) == 0)
      return &fields[i];
  return NULL;
}

/* One expert, or one of one a token, is what a family without experts has: its MLP. */
static bool is_one_expert(const struct tp_field *field, const json_t *value)
{
  return (field->offset == offsetof(struct tp_config, model.experts.count) ||
          field->offset == offsetof(struct tp_config, model.experts.top_k)) &&
         json_is_integer(value) && json_integer_value(value) == 1;
}

/* The table that has the key, of those that the family lacks; *alike says that the value asks for
 * nothing but what the family has without. */
static const struct tp_key_table *lacking(const struct tp_family *family, const char *key,
                                          const json_t *value, bool *alike)
{
  for (size_t i = 0; i < tp_n_key_tables; i++) {
    const struct tp_key_table *const table = &tp_key_tables[i];
    const struct tp_field *const field = field_of(table->fields, table->n, key);
    if (family->keys & table->group || table->means == NULL || field == NULL)
      continue;
    *alike = !tp_key_says_something(value) || is_one_expert(field, value);
    return table;
  }
  return NULL;
}

bool tp_key_is_read(const struct tp_family *family, const char *key)
{
  static const char *const by_layer[] = {"layer_types",
                                         "hybrid_layer_pattern",
                                         "moe_layer_freq",
                                         "mlp_layer_types",
                                         "mlp_only_layers",
                                         "block_configs",
                                         "moe_layers_enum",
                                         "indexer_types",
                                         "moe_layer_end_index",
                                         "attention_types",
                                         "num_key_value_heads_per_layer"};
  if (field_of(family->fields, family->n_fields, key) != NULL)
    return true;
  for (size_t i = 0; i < tp_n_key_tables; i++)
    if (family->keys & tp_key_tables[i].group &&
        field_of(tp_key_tables[i].fields, tp_key_tables[i].n, key) != NULL)
      return true;
  for (size_t i = 0; i < sizeof by_layer / sizeof *by_layer; i++)
    if (family->keys != 0 && strcmp(key, by_layer[i]) == 0)
      return true;
  return false;
}

static bool is_silent(const char *key)
{
  for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
    if (tp_key_matches(silent[i], key))
      return true;
  return false;
}

bool tp_keys_suit(const struct tp_reading *reading, const struct tp_family *family)
{
  const char *key;
  json_t *value;
  json_object_foreach ((json_t *)(uintptr_t)reading->object, key, value)
    if (!json_is_null(value) && !tp_key_is_read(family, key) && !is_silent(key))
      return false;
  return true;
}

enum tp_status tp_keys_check(struct tp_reading *reading)
{
  const struct tp_family *const family = reading->family;
  const char *key;
  json_t *value;
  json_object_foreach ((json_t *)(uintptr_t)reading->object, key, value) {
    if (json_is_null(value) || tp_key_is_read(family, key) || is_silent(key))
      continue;
    bool alike = false;
    const struct tp_key_table *const table = lacking(family, key, value, &alike);
    if (table != NULL && !alike)
      return tp_key_fail(reading, key, "makes %s, which family '%s' has not; mend 'model_type'",
                         table->means, family->name);
    if (table == NULL && tp_key_says_something(value))
      tp_key_note(reading, key, "is not known, and not used");
  }
  return TP_OK;
}
