/* What keys mean, whichever family has them. */
#include "model/family.h"
#include "model/key_fields.h"

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
    {"sliding_window_size", TP_FIELD_INT64, offsetof(struct tp_config, window), -1, 100000000, true,
     NULL}, /* -1: none */
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
    COUNT_OR_NONE("moe_shared_expert_intermediate_size", shared_width, 262144),
    COUNT_OR_NONE("share_expert_dim", model.experts.shared_ffn, 262144),
    COUNT("intermediate_size_mlp", dense_ffn, 4194304),
    COUNT("dense_intermediate_size", dense_ffn, 4194304),
    COUNT_OR_NONE("first_k_dense_replace", first_dense, 2000),
    COUNT_OR_NONE("num_dense_layers", first_dense, 2000),
    COUNT_OR_NONE("moe_layer_start_index", first_dense, 2000),
    COUNT_OR_NONE("moe_layer_num_skipped", first_dense, 2000),
    COUNT("decoder_sparse_step", mixture_step, 2000),
    COUNT_OR_NONE("interleave_moe_layer_step", mixture_step, 2000),
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

/* Keys that are lists or objects, which no table of fields reads, and the groups of a family that
 * does; 0: any. */
static const struct {
  const char *key;
  unsigned groups;
} unlike_fields[] = {
    {"layer_types", 0},
    {"hybrid_layer_pattern", 0},
    {"moe_layer_freq", 0},
    {"mlp_layer_types", 0},
    {"mlp_only_layers", 0},
    {"block_configs", 0},
    {"moe_layers_enum", 0},
    {"moe_layers", TP_KEYS_EXPERTS},
    {"is_moe_layer", TP_KEYS_EXPERTS},
    {"indexer_types", 0},
    {"moe_layer_end_index", 0},
    {"attention_types", 0},
    {"attention_layers", TP_KEYS_TURNS},
    {"num_key_value_heads_per_layer", 0},
    {"dual_chunk_attention_config", 0},
};

bool tp_key_is_read(const struct tp_family *family, const char *key)
{
  if (field_of(family->fields, family->n_fields, key) != NULL)
    return true;
  for (size_t i = 0; i < tp_n_key_tables; i++)
    if (family->keys & tp_key_tables[i].group &&
        field_of(tp_key_tables[i].fields, tp_key_tables[i].n, key) != NULL)
      return true;
  for (size_t i = 0; i < sizeof unlike_fields / sizeof *unlike_fields; i++)
    if (family->keys != 0 && strcmp(key, unlike_fields[i].key) == 0)
      return unlike_fields[i].groups == 0 || (family->keys & unlike_fields[i].groups) != 0;
  return false;
}

bool tp_keys_suit(const struct tp_reading *reading, const struct tp_family *family)
{
  const char *key;
  json_t *value;
  json_object_foreach ((json_t *)(uintptr_t)reading->object, key, value)
    if (!json_is_null(value) && !tp_key_is_read(family, key) &&
        !tp_key_is_silent(reading, family, key))
      return false;
  return true;
}

/* Windows of -1 are none. */
static bool asks_something(const char *key, const json_t *value)
{
  return tp_key_says_something(value) &&
         !(strstr(key, "window") != NULL && json_is_number(value) && json_number_value(value) < 0);
}

enum tp_status tp_keys_check(struct tp_reading *reading)
{
  const struct tp_family *const family = reading->family;
  const char *key;
  json_t *value;
  json_object_foreach ((json_t *)(uintptr_t)reading->object, key, value) {
    if (json_is_null(value) || tp_key_is_read(family, key) ||
        tp_key_is_silent(reading, family, key))
      continue;
    bool alike = false;
    const struct tp_key_table *const table = lacking(family, key, value, &alike);
    if (table != NULL && !alike)
      return tp_key_fail(reading, key, "makes %s, which family '%s' has not; mend 'model_type'",
                         table->means, family->name);
    const char *const told = tp_key_told(key);
    if (table == NULL && asks_something(key, value))
      tp_key_note(reading, key, "%s", told != NULL ? told : "is not known, and not used");
  }
  return TP_OK;
}
