/* Keys, and kinds of layers, that ask for what no op here does. */
#include "model/family.h"

#include <string.h>

/* Keys whose value, unless it is null, false, 0 or empty, asks for what no op here does; some say
 * so of families alone that nothing here reads, since one that is read is told more. */
struct op_key {
  const char *pattern, *missing;
};
#define LINEAR    "a linear-attention layer's scan over a state"
#define SHARED    "caches that several layers share"
#define GATE      "a gate on the attention's output"
#define AGAIN     "layers that run several times"
#define PREFIX_2D "positions in two dimensions, and a prompt whose tokens see later ones"
#define DRAFT     "a draft head, whose layers work on another model's hidden states"
static const struct op_key missing_ops[] = {
    {"linear_num_*", "a gated delta net's scan over a state"},
    {"hybrid_override_pattern", "a Mamba-2 layer's scan over a state"},
    {"mamba_*", "a Mamba layer's scan over a state"},
    {"ssm_*", "a state-space layer's scan over a state"},
    {"state_size", "a state-space layer's scan over a state"},
    {"d_state", "a state-space layer's scan over a state"},
    {"time_step_rank", "a state-space layer's scan over a state"},
    {"attn_layer_period", "a Mamba layer's scan over a state"},
    {"attn_layer_indices", "a Mamba layer's scan over a state"},
    {"linear_attn_config", LINEAR},
    {"full_attention_interval", LINEAR},
    {"linear_attn_alpha_factor", LINEAR},
    {"full_attn_alpha_factor", LINEAR},
    {"linear_key_*", LINEAR},
    {"linear_value_*", LINEAR},
    {"linear_attention*", LINEAR},
    {"lightning_*", LINEAR},
    {"lru_width", "a recurrent block's scan over a state"},
    {"block_types", "a recurrent block's scan over a state"},
    {"wkv_*", "RWKV's scan over a state"},
    {"attention_hidden_size", "RWKV's scan over a state"},
    {"conv_L_cache", "a short convolution over tokens"},
    {"d_conv", "a short convolution over tokens"},
    {"short_conv*", "a short convolution over tokens"},
    {"linear_conv_*", "a short convolution over tokens"},
    {"conv_window", "a short convolution over tokens"},
    {"hc_mult", "hyper-connections: several residuals that are mixed"},
    {"compress_ratios", "attention over compressed keys"},
    {"o_lora_rank", "an output projection in groups of low rank"},
    {"sparse_attention_config", "attention on selected blocks of keys"},
    {"sparse_config", "attention on selected blocks of keys"},
    {"blocksparse_*", "attention on selected blocks of keys"},
    {"sparse_attention", "attention on selected blocks of keys"},
    {"num_sink_tokens", "first keys that all queries see beside their window"},
    {"attention_sink_size", "first keys that all queries see beside their window"},
    {"attn_config.sliding_window_size", "windows in layers of this family"},
    {"nsa_*", "attention on selected blocks of keys"},
    {"moba_*", "attention on selected blocks of keys"},
    {"share_q_dim", "queries by way of a narrower projection"},
    {"bskcn_*", "residuals that later layers take up again"},
    {"parallel_attn_mlp_res", "experts beside the attention, on what comes into the layer"},
    {"residual_moe", "a dense MLP beside the experts"},
    {"moe_latent_size", "experts on a narrower residual"},
    {"total_ut_steps", AGAIN},
    {"loop_num", AGAIN},
    {"num_loops", AGAIN},
    {"mean_recurrence", AGAIN},
    {"layer_sharing", "layers that share their weights"},
    {"mixture_of_depths", "layers that some tokens pass by"},
    {"ngram_vocab_size*", "embeddings of runs of tokens"},
    {"prefix_lm", "a prompt whose tokens see later ones"},
    {"attn_config.prefix_lm", "a prompt whose tokens see later ones"},
    {"position_encoding_2d", PREFIX_2D},
    {"block_position_encoding", PREFIX_2D}, /* GLM-10B, whose files say "glm" as GLM-4's do */
    {"attention_output_gate", GATE},
    {"attn_output_gate", GATE},
    {"use_head_wise_attn_gate", GATE},
    {"use_output_gate", GATE},
    {"use_attn_gate", GATE},
    {"attention_gate", GATE},
    {"gated_attention", GATE},
    {"use_gated_attention", GATE},
    {"hidden_size_per_layer_input", "an embedding of its own in each layer"},
    {"altup_num_inputs", "alternating updates of several residuals"},
    {"num_kv_shared_layers", SHARED},
    {"use_double_wide_mlp", "MLPs of twice the width in some layers"},
    {"use_cla", SHARED},
    {"kv_sharing_layers", SHARED},
    {"attn_config.reuse_kv_*", SHARED},
    {"zero_expert_num", "experts that compute nothing"},
    {"use_mla", "latent attention under keys of its own"},
    {"draft_vocab_size", DRAFT},
    {"eagle_*", DRAFT},
    {"medusa_*", DRAFT},
    {"speculators_*", DRAFT},
    {"dflash_config", DRAFT},
    {"is_encoder_decoder", "an encoder"},
    {"hyper_layers", "layers that attend to what another part has made"},
    {"cross_attention_layers", "layers that attend to what another part has made"},
    {"add_cross_attention", "a second attention in each layer, to what an encoder has made"},
};

/* The same of families alone that nothing here reads: one that is read is told more. */
static const struct op_key unread_ops[] = {
    {"index_topk", "an indexer that chooses the keys that attention sees"},
    {"encoder_*layers", "an encoder"},
    {"num_encoder_layers", "an encoder"},
};

/* Sizes of Mamba layers beside a list that has none of them ask for nothing. */
static bool lists_attention_alone(const struct tp_reading *reading)
{
  const json_t *const types = json_object_get(reading->object, "layer_types");
  for (size_t i = 0; i < json_array_size(types); i++) {
    const char *const word = json_string_value(json_array_get(types, i));
    if (word == NULL || strstr(word, "attention") == NULL || strstr(word, "linear") != NULL)
      return false;
  }
  return json_array_size(types) > 0;
}

/* An encoder of a decoder's family: nothing of it is generated. */
static bool sees_later_tokens(const struct tp_reading *reading, const char **key)
{
  *key = "is_causal";
  if (json_is_false(json_object_get(reading->object, *key)))
    return true;
  *key = "use_bidirectional_attention"; /* gemma4: also a word, of what is seen */
  return json_is_true(json_object_get(reading->object, *key));
}

/* opt: its smallest model but one. */
static bool norms_sums(const struct tp_reading *reading, const char **key)
{
  *key = "do_layer_norm_before";
  return json_is_false(json_object_get(reading->object, *key));
}

/* A layer that a list says is no attention; a list that the family reads is read elsewhere. */
static const char *kind_of_layer(const struct tp_reading *reading, const char **key)
{
  static const char mixers[] = "mixer_types"; /* of other words for attention */
  static const char *const lists[] = {"layers_block_type", "layer_types", mixers};
  for (size_t n = 0; n < sizeof lists / sizeof *lists; n++) {
    const json_t *const words = json_object_get(reading->object, *key = lists[n]);
    const bool is_read = reading->family != NULL && tp_key_is_read(reading->family, *key);
    for (size_t i = 0; i < json_array_size(words) && !is_read; i++) {
      const char *const word = json_string_value(json_array_get(words, i));
      const bool attends = word != NULL && strstr(word, "linear") == NULL &&
                           strstr(word, "lightning") == NULL &&
                           (lists[n] == mixers || strstr(word, "attention") != NULL);
      if (word != NULL && !attends)
        return tp_arena_printf(reading->arena, "layers of kind '%.40s'", word);
    }
  }
  return NULL;
}

/* mamba: an object of its scan's sizes, which may be empty, since its class has them all. */
static bool has_scan(const struct tp_reading *reading, const char **key)
{
  *key = "ssm_cfg";
  return json_is_object(json_object_get(reading->object, *key));
}

/* Layers that run once ask for nothing. */
static bool asks(const struct op_key *row, const json_t *value)
{
  const double idle = strcmp(row->missing, AGAIN) == 0 ? 1 : 0;
  return json_is_number(value) ? json_number_value(value) > idle : tp_key_says_something(value);
}

/* What the first row asks for whose key the file has, and the family does not read. */
static const char *asked(const struct tp_reading *reading, const struct op_key *rows, size_t n,
                         const char **found)
{
  const char *key;
  json_t *value;
  const bool attends = lists_attention_alone(reading);
  for (size_t i = 0; i < n; i++)
    json_object_foreach ((json_t *)(uintptr_t)reading->object, key, value)
      if (tp_key_matches(rows[i].pattern, key) && asks(&rows[i], value) &&
          !(attends && strcmp(rows[i].pattern, "mamba_*") == 0) &&
          (reading->family == NULL || !tp_key_is_read(reading->family, key))) {
        *found = key;
        return rows[i].missing;
      }
  return NULL;
}

const char *tp_keys_missing_op(const struct tp_reading *reading, const char **found)
{
  const char *missing =
      asked(reading, missing_ops, sizeof missing_ops / sizeof *missing_ops, found);
  if (missing == NULL && reading->family == NULL)
    missing = asked(reading, unread_ops, sizeof unread_ops / sizeof *unread_ops, found);
  if (missing != NULL)
    return missing;
  *found = "architectures";
  if (tp_architectures_draft(reading))
    return DRAFT;
  const char *const of_class = reading->family != NULL ? tp_architectures_op(reading) : NULL;
  if (of_class != NULL)
    return of_class;
  if (has_scan(reading, found))
    return "a state-space layer's scan over a state";
  if (sees_later_tokens(reading, found))
    return "attention that sees later tokens";
  if (norms_sums(reading, found))
    return "norms after the residual is added to";
  *found = "attn_type_list"; /* minimax: 0 where attention is linear */
  const json_t *const types = json_object_get(reading->object, *found);
  for (size_t i = 0; i < json_array_size(types); i++)
    if (json_is_integer(json_array_get(types, i)) &&
        json_integer_value(json_array_get(types, i)) == 0)
      return LINEAR;
  return kind_of_layer(reading, found);
}

enum tp_status tp_keys_check_ops(const struct tp_reading *reading)
{
  const char *key = NULL;
  const char *const missing = tp_keys_missing_op(reading, &key);
  return missing == NULL ? TP_OK
                         : tp_key_fail(reading, key, "asks for %s, which no op here does", missing);
}
