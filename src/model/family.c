/* One table a model_type: Hugging Face key, field, least, most.  Defaults are those of the
 * configuration classes in Hugging Face transformers 4.4x (LlamaConfig, GPT2Config, ...). */
#include "model/family.h"

/* Bounds wide enough for any model thought of, and tight enough that 64-bit products of them
 * (layers x ways x hidden x ffn x 3) cannot overflow. */
#define COUNT(key, field, most)                                                 \
  {                                                                             \
    key, TP_FIELD_INT64, offsetof(struct tp_config, field), 1, most, true, NULL \
  }
#define SWITCH(key, field)                                                  \
  {                                                                         \
    key, TP_FIELD_BOOL, offsetof(struct tp_config, field), 0, 0, true, NULL \
  }

#define LAYERS(key)    COUNT(key, model.layers, 2000)
#define HIDDEN(key)    COUNT(key, model.hidden, 262144)
#define HEADS(key)     COUNT(key, model.heads, 16384)
#define KV_HEADS(key)  COUNT(key, model.kv_heads, 16384)
#define HEAD_DIM(key)  COUNT(key, model.head_dim, 4096)
#define FFN(key)       COUNT(key, model.ffn, 4194304)
#define VOCAB          COUNT("vocab_size", model.vocab, 100000000)
#define POSITIONS(key) COUNT(key, model.max_positions, 100000000)
#define TIED           SWITCH("tie_word_embeddings", model.tied_head)

/* llama, mistral, qwen2, qwen3 */
#define LLAMA_SHAPE                                                                               \
  LAYERS("num_hidden_layers"), HIDDEN("hidden_size"), FFN("intermediate_size"),                   \
      HEADS("num_attention_heads"), KV_HEADS("num_key_value_heads"), HEAD_DIM("head_dim"), VOCAB, \
      TIED, COUNT("sliding_window", window, 100000000),                                           \
      COUNT("sliding_window_pattern", window_pattern, 2000)

static const struct tp_field llama_fields[] = {
    LLAMA_SHAPE,
    SWITCH("attention_bias", attention_bias),
    SWITCH("mlp_bias", model.mlp_bias),
};
static const struct tp_config llama_defaults = {
    .model = {.norm = TP_NORM_RMS, .position = TP_POSITION_ROTARY, .gated_mlp = true},
    .sliding = TP_SLIDING_LISTED};

static const struct tp_field mistral_fields[] = {LLAMA_SHAPE};
static const struct tp_config mistral_defaults = {
    .model = {.norm = TP_NORM_RMS, .position = TP_POSITION_ROTARY, .gated_mlp = true},
    .sliding = TP_SLIDING_ALL,
    .window = 4096};

#define QWEN_WINDOWS                                                                             \
  SWITCH("use_sliding_window", use_window),                                                      \
  {                                                                                              \
    "max_window_layers", TP_FIELD_INT64, offsetof(struct tp_config, max_window_layers), 0, 2000, \
        true, NULL                                                                               \
  }
#define QWEN_SLIDING .sliding = TP_SLIDING_FROM, .window = 4096, .max_window_layers = 28

static const struct tp_field qwen2_fields[] = {LLAMA_SHAPE, QWEN_WINDOWS};
static const struct tp_config qwen2_defaults = {.model = {.norm = TP_NORM_RMS,
                                                          .position = TP_POSITION_ROTARY,
                                                          .gated_mlp = true,
                                                          .qkv_bias = true},
                                                QWEN_SLIDING};

static const struct tp_field qwen3_fields[] = {
    LLAMA_SHAPE,
    QWEN_WINDOWS,
    SWITCH("attention_bias", attention_bias),
};
static const struct tp_config qwen3_defaults = {.model = {.norm = TP_NORM_RMS,
                                                          .position = TP_POSITION_ROTARY,
                                                          .gated_mlp = true,
                                                          .qk_norm = true,
                                                          .head_dim = 128},
                                                QWEN_SLIDING};

static void settle_attention_bias(struct tp_config *config)
{
  config->model.qkv_bias = config->model.out_bias = config->attention_bias;
}

static const struct tp_field gpt2_fields[] = {
    LAYERS("n_layer"),
    LAYERS("num_hidden_layers"),
    HIDDEN("n_embd"),
    HIDDEN("hidden_size"),
    HEADS("n_head"),
    HEADS("num_attention_heads"),
    FFN("n_inner"),
    POSITIONS("n_positions"),
    VOCAB,
    POSITIONS("max_position_embeddings"),
    TIED,
};
static const struct tp_config gpt2_defaults = {.model = {.norm = TP_NORM_LAYER,
                                                         .position = TP_POSITION_LEARNED,
                                                         .tied_head = true,
                                                         .qkv_bias = true,
                                                         .out_bias = true,
                                                         .mlp_bias = true},
                                               .ffn_expansion = 4};

static const struct tp_field gpt_neox_fields[] = {
    LAYERS("num_hidden_layers"),
    HIDDEN("hidden_size"),
    HEADS("num_attention_heads"),
    FFN("intermediate_size"),
    VOCAB,
    TIED,
    SWITCH("attention_bias", attention_bias),
    SWITCH("use_parallel_residual", model.parallel_residual),
};
static const struct tp_config gpt_neox_defaults = {.model = {.norm = TP_NORM_LAYER,
                                                             .position = TP_POSITION_ROTARY,
                                                             .mlp_bias = true,
                                                             .parallel_residual = true},
                                                   .attention_bias = true};

static const struct tp_field opt_fields[] = {
    LAYERS("num_hidden_layers"),
    HIDDEN("hidden_size"),
    HEADS("num_attention_heads"),
    FFN("ffn_dim"),
    VOCAB,
    POSITIONS("max_position_embeddings"),
    TIED,
    SWITCH("enable_bias", bias),
    COUNT("word_embed_proj_dim", embedding_width, 262144),
};
static const struct tp_config opt_defaults = {
    .model = {.norm = TP_NORM_LAYER, .position = TP_POSITION_LEARNED, .tied_head = true},
    .bias = true};

static void settle_bias(struct tp_config *config)
{
  config->model.qkv_bias = config->model.out_bias = config->model.mlp_bias = config->bias;
}

static void settle_opt(struct tp_config *config)
{
  settle_bias(config);
  /* OPTLearnedPositionalEmbedding keeps two rows more than positions. */
  if (config->model.max_positions > 0)
    config->model.max_positions += 2;
}

static const struct tp_field bloom_fields[] = {
    LAYERS("n_layer"),
    LAYERS("num_hidden_layers"),
    HIDDEN("n_embed"),
    HIDDEN("hidden_size"),
    HEADS("n_head"),
    HEADS("num_attention_heads"),
    VOCAB,
    TIED,
};
static const struct tp_config bloom_defaults = {.model = {.norm = TP_NORM_LAYER,
                                                          .position = TP_POSITION_ALIBI,
                                                          .tied_head = true,
                                                          .qkv_bias = true,
                                                          .out_bias = true,
                                                          .mlp_bias = true,
                                                          .embedding_norm = true},
                                                .ffn_expansion = 4};

static const struct tp_field falcon_fields[] = {
    LAYERS("num_hidden_layers"),
    LAYERS("n_layer"),
    HIDDEN("hidden_size"),
    HEADS("num_attention_heads"),
    HEADS("n_head"),
    KV_HEADS("num_kv_heads"),
    FFN("ffn_hidden_size"),
    VOCAB,
    TIED,
    SWITCH("multi_query", multi_query),
    SWITCH("new_decoder_architecture", grouped),
    SWITCH("parallel_attn", model.parallel_residual),
    SWITCH("alibi", alibi),
    SWITCH("bias", bias),
    COUNT("num_ln_in_parallel_attn", norms_in_parallel, 2),
};
static const struct tp_config falcon_defaults = {.model = {.norm = TP_NORM_LAYER,
                                                           .position = TP_POSITION_ROTARY,
                                                           .tied_head = true,
                                                           .parallel_residual = true},
                                                 .ffn_expansion = 4,
                                                 .multi_query = true};

/* FalconAttention and FalconDecoderLayer: num_kv_heads counts in the new architecture only, which
 * also has two norms side by side unless told otherwise. */
static void settle_falcon(struct tp_config *config)
{
  struct tp_model *const model = &config->model;
  settle_bias(config);
  if (config->alibi)
    model->position = TP_POSITION_ALIBI;
  if (!config->grouped)
    model->kv_heads = config->multi_query ? 1 : 0;
  const int64_t norms = config->norms_in_parallel != 0 ? config->norms_in_parallel
                        : config->grouped              ? 2
                                                       : 1;
  model->shared_norm = config->grouped ? norms == 1 : model->parallel_residual;
}

/* No Hugging Face family: GPT-2's words for one sub-layer, and how many stand side by side
 * (arXiv 2408.07802).  Its published sizes count no biases, and an MLP of twice the width. */
static const struct tp_field kraken_fields[] = {
    LAYERS("n_layer"),
    HIDDEN("n_embd"),
    HEADS("n_head"),
    HEAD_DIM("head_dim"),
    COUNT("kraken_ways", model.kraken_ways, 64),
    FFN("n_inner"),
    COUNT("ffn_expansion", ffn_expansion, 16),
    VOCAB,
    POSITIONS("n_positions"),
    TIED,
    SWITCH("bias", bias),
};
static const struct tp_config kraken_defaults = {
    .model = {.norm = TP_NORM_LAYER, .position = TP_POSITION_LEARNED, .tied_head = true},
    .ffn_expansion = 2};

#define FAMILY(name, fields, defaults, settle)                        \
  {                                                                   \
    name, &defaults, fields, sizeof fields / sizeof fields[0], settle \
  }
const struct tp_family tp_families[] = {
    FAMILY("llama", llama_fields, llama_defaults, settle_attention_bias),
    FAMILY("mistral", mistral_fields, mistral_defaults, NULL),
    FAMILY("qwen2", qwen2_fields, qwen2_defaults, NULL),
    FAMILY("qwen3", qwen3_fields, qwen3_defaults, settle_attention_bias),
    FAMILY("gpt2", gpt2_fields, gpt2_defaults, NULL),
    FAMILY("gpt_neox", gpt_neox_fields, gpt_neox_defaults, settle_attention_bias),
    FAMILY("opt", opt_fields, opt_defaults, settle_opt),
    FAMILY("bloom", bloom_fields, bloom_defaults, NULL),
    FAMILY("falcon", falcon_fields, falcon_defaults, settle_falcon),
    FAMILY("kraken", kraken_fields, kraken_defaults, settle_bias),
};
const size_t tp_n_families = sizeof tp_families / sizeof tp_families[0];
