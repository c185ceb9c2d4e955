/* One row a model_type: the groups of keys that it has, its defaults, and what follows from them.
 * Defaults are those of the configuration classes in Hugging Face transformers 4.4x to 5.x
 * (LlamaConfig, GPT2Config, ...); a field of the shape without one must stand in the file. */
#include "model/family.h"

#include "model/key_fields.h"

/* Shapes: layers, hidden, heads, key/value heads (0: as heads), MLP width, vocabulary. */
#define SIZES(l, h, a, kv, f, v) \
  .layers = (l), .hidden = (h), .heads = (a), .kv_heads = (kv), .ffn = (f), .vocab = (v)
#define RMS_ROTARY .norm = TP_NORM_RMS, .position = TP_POSITION_ROTARY

/* One row: name, groups of keys, and what its configuration has where a file says nothing. */
#define GATED(...)              .model = {RMS_ROTARY, .gated_mlp = true, __VA_ARGS__}
#define WINDOWS_OF(rule, width) .sliding = TP_SLIDING_##rule, .window = (width)

enum {
  SHAPE = TP_KEYS_SHAPE,
  WINDOWS = SHAPE | TP_KEYS_WINDOWS,
  BIASES = TP_KEYS_BIASES,
  QK_NORM = TP_KEYS_QK_NORM,
  EXPERTS = SHAPE | TP_KEYS_EXPERTS,
  LATENT = EXPERTS | TP_KEYS_LATENT,
  WIDTHS = TP_KEYS_WIDTHS
};

#define DEFAULTS(name) static const struct tp_config name##_defaults
DEFAULTS(llama) = {GATED(SIZES(32, 4096, 32, 0, 11008, 32000)), WINDOWS_OF(LISTED, 0)};
DEFAULTS(mistral) = {GATED(SIZES(32, 4096, 32, 8, 14336, 32000)), WINDOWS_OF(ALL, 4096)};
DEFAULTS(mixtral) = {
    GATED(SIZES(32, 4096, 32, 8, 14336, 32000), .experts = {.count = 8, .top_k = 2}),
    WINDOWS_OF(ALL, 0), .experts_take_ffn = true};
#define QWEN_SLIDING WINDOWS_OF(FROM, 4096), .max_window_layers = 28
DEFAULTS(qwen2) = {GATED(SIZES(32, 4096, 32, 0, 22016, 151936), .qkv_bias = true), QWEN_SLIDING};
DEFAULTS(qwen2_vl) = {GATED(SIZES(80, 8192, 64, 8, 29568, 152064), .qkv_bias = true),
                      WINDOWS_OF(FROM, 4096), .max_window_layers = 80};
DEFAULTS(qwen2_moe) = {
    GATED(
        SIZES(24, 2048, 16, 0, 5632, 151936), .qkv_bias = true,
        .experts = {.count = 60, .top_k = 4, .ffn = 1408, .shared_ffn = 5632, .shared_gate = true}),
    QWEN_SLIDING, .mixture_step = 1, .mixture_phase = 1};
DEFAULTS(qwen3) = {
    GATED(SIZES(32, 4096, 32, 0, 22016, 151936), .qk_norm = TP_QK_NORM_HEAD, .head_dim = 128),
    QWEN_SLIDING};
DEFAULTS(qwen3_moe) = {GATED(SIZES(24, 2048, 32, 4, 6144, 151936), .qk_norm = TP_QK_NORM_HEAD,
                             .experts = {.count = 128, .top_k = 8, .ffn = 768}),
                       QWEN_SLIDING, .mixture_step = 1, .mixture_phase = 1};
DEFAULTS(mimo) = {GATED(.qkv_bias = true), QWEN_SLIDING, .out_unbiased = true,
                  .attention_bias = true};
DEFAULTS(mimo_v2_flash) = {GATED(.sinks = true), WINDOWS_OF(LISTED, 0)};
DEFAULTS(phi3) = {GATED(SIZES(32, 3072, 32, 0, 8192, 32064)), WINDOWS_OF(ALL, 0)};
DEFAULTS(phimoe) = {.model = {SIZES(32, 4096, 32, 8, 6400, 32064), .norm = TP_NORM_LAYER,
                              .position = TP_POSITION_ROTARY, .gated_mlp = true,
                              .experts = {.count = 16, .top_k = 2}},
                    WINDOWS_OF(ALL, 0),
                    .experts_take_ffn = true};
DEFAULTS(phi) = {.model = {SIZES(24, 2048, 32, 0, 8192, 51200), .norm = TP_NORM_LAYER,
                           .position = TP_POSITION_ROTARY, .qkv_bias = true, .out_bias = true,
                           .mlp_bias = true, .parallel_residual = true, .shared_norm = true}};
DEFAULTS(granitemoe) = {
    GATED(SIZES(32, 4096, 32, 0, 11008, 32000), .experts = {.count = 8, .top_k = 2}),
    .experts_take_ffn = true};
DEFAULTS(granitemoehybrid) = {GATED(SIZES(32, 4096, 32, 0, 11008, 32000),
                                    .experts = {.count = 8, .top_k = 2, .shared_ffn = 1024}),
                              .experts_take_ffn = true, .attends_where_listed = true};
DEFAULTS(olmo2) = {
    GATED(SIZES(32, 4096, 32, 0, 11008, 50304), .qk_norm = TP_QK_NORM_WHOLE, .norms_after = true)};
DEFAULTS(olmo3) = {
    GATED(SIZES(32, 4096, 32, 0, 11008, 50304), .qk_norm = TP_QK_NORM_WHOLE, .norms_after = true),
    WINDOWS_OF(LISTED, 4096), .window_pattern = 4};
DEFAULTS(olmoe) = {GATED(SIZES(16, 2048, 16, 0, 2048, 50304), .qk_norm = TP_QK_NORM_WHOLE,
                         .experts = {.count = 64, .top_k = 8}),
                   .experts_take_ffn = true};
DEFAULTS(internlm) = {GATED(SIZES(32, 4096, 32, 0, 11008, 103168)), .bias = true};
DEFAULTS(internlm2) = {GATED(SIZES(32, 4096, 32, 0, 11008, 103168)), .bias = true};
DEFAULTS(internlm3) = {GATED(SIZES(32, 4096, 32, 0, 11008, 128512))};
DEFAULTS(glm) = {GATED(SIZES(40, 4096, 32, 2, 13696, 151552), .head_dim = 128),
                 .out_unbiased = true, .attention_bias = true};
DEFAULTS(glm4) = {GATED(SIZES(40, 4096, 32, 2, 13696, 151552), .head_dim = 128, .post_norms = true),
                  .out_unbiased = true};
DEFAULTS(glm4_moe) = {
    GATED(SIZES(46, 4096, 96, 8, 10944, 151552), .head_dim = 128,
          .experts = {.count = 128, .top_k = 8, .ffn = 1408, .router_biased = true}),
    .out_unbiased = true, .n_shared = 1, .first_dense = 1, .mixture_step = 1};
DEFAULTS(gemma) = {
    GATED(SIZES(28, 3072, 16, 0, 24576, 256000), .head_dim = 256, .tied_head = true)};
DEFAULTS(gemma2) = {GATED(SIZES(26, 2304, 8, 4, 9216, 256000), .head_dim = 256, .tied_head = true,
                          .post_norms = true),
                    WINDOWS_OF(LISTED, 4096), .window_pattern = 2};
DEFAULTS(gemma3) = {GATED(SIZES(26, 2304, 8, 4, 9216, 262208), .head_dim = 256, .tied_head = true,
                          .post_norms = true, .qk_norm = TP_QK_NORM_HEAD),
                    WINDOWS_OF(LISTED, 4096), .window_pattern = 6};
DEFAULTS(gemma4) = {GATED(.tied_head = true, .post_norms = true, .qk_norm = TP_QK_NORM_HEAD),
                    WINDOWS_OF(LISTED, 0), .shares_with_mlp = true};
/* CohereLayerNorm has no bias. */
#define COHERE                                                                               \
  GATED(SIZES(40, 8192, 64, 0, 22528, 256000), .tied_head = true, .parallel_residual = true, \
        .shared_norm = true)
DEFAULTS(cohere) = {COHERE, .qk_norm_form = TP_QK_NORM_WHOLE};
DEFAULTS(cohere2) = {COHERE, WINDOWS_OF(LISTED, 4096), .window_pattern = 4};
DEFAULTS(starcoder2) = {.model = {SIZES(30, 3072, 24, 2, 12288, 49152), .norm = TP_NORM_LAYER,
                                  .position = TP_POSITION_ROTARY, .tied_head = true},
                        .bias = true,
                        WINDOWS_OF(ALL, 0)};
DEFAULTS(stablelm) = {.model = {SIZES(32, 2560, 32, 0, 6912, 50304), .norm = TP_NORM_LAYER,
                                .position = TP_POSITION_ROTARY, .gated_mlp = true},
                      .qk_norm_form = TP_QK_NORM_WHOLE};
DEFAULTS(exaone4) = {
    GATED(SIZES(32, 4096, 32, 0, 16384, 102400), .norms_after = true, .qk_norm = TP_QK_NORM_HEAD),
    WINDOWS_OF(LISTED, 4096)};
DEFAULTS(seed_oss) = {GATED(SIZES(64, 5120, 80, 8, 27648, 155136), .head_dim = 128),
                      .attention_bias = true, .out_unbiased = true};
DEFAULTS(smollm3) = {GATED(SIZES(36, 2048, 16, 4, 11008, 128256), .tied_head = true),
                     WINDOWS_OF(LISTED, 0)};
DEFAULTS(hunyuan) = {GATED(.qk_norm = TP_QK_NORM_HEAD)};
DEFAULTS(ernie4_5) = {
    GATED(SIZES(18, 1024, 16, 2, 3072, 103424), .head_dim = 128, .tied_head = true)};
DEFAULTS(ernie4_5_moe) = {
    GATED(SIZES(28, 2560, 20, 4, 12288, 103424), .tied_head = true,
          .experts = {.count = 64, .top_k = 6, .ffn = 1536, .router_biased = true}),
    .n_shared = 2, .first_dense = 1, .mixture_step = 1, .mixture_phase = 1};
/* relu(x)^2, no gate */
DEFAULTS(arcee) = {.model = {RMS_ROTARY, SIZES(32, 2560, 32, 0, 18432, 32000)}};
DEFAULTS(nemotron) = {.model = {SIZES(32, 6144, 48, 0, 24576, 256000), .norm = TP_NORM_LAYER,
                                .position = TP_POSITION_ROTARY}};
DEFAULTS(dots1) = {GATED(.qk_norm = TP_QK_NORM_HEAD, .experts = {.router_biased = true}),
                   WINDOWS_OF(LISTED, 4096), .mixture_step = 1};
#define DEEPSEEK_LATENT \
  .latent = {.kv_rank = 512, .q_rank = 1536, .nope_dim = 128, .rope_dim = 64, .value_dim = 128}
DEFAULTS(deepseek) = {GATED(.qk_norm = TP_QK_NORM_NONE), .mixture_step = 1};
DEFAULTS(deepseek_v2) = {
    GATED(SIZES(32, 4096, 32, 0, 11008, 32000), DEEPSEEK_LATENT, .experts = {.ffn = 1407}),
    .mixture_step = 1};
DEFAULTS(deepseek_v3) = {
    GATED(SIZES(61, 7168, 128, 0, 18432, 129280), DEEPSEEK_LATENT,
          .experts = {.count = 256, .top_k = 8, .ffn = 2048, .router_biased = true}),
    .n_shared = 1, .first_dense = 3, .mixture_step = 1};
DEFAULTS(latent_moe) = {GATED(.experts = {.router_biased = true}), .mixture_step = 1};
DEFAULTS(minicpm3) = {GATED(
    SIZES(62, 2560, 40, 0, 6400, 73448), .tied_head = true,
    .latent = {.kv_rank = 256, .q_rank = 768, .nope_dim = 64, .rope_dim = 32, .value_dim = 64})};
DEFAULTS(gpt_oss) = {
    GATED(SIZES(36, 2880, 64, 8, 2880, 201088), .head_dim = 64, .sinks = true,
          .experts = {.count = 128, .top_k = 4, .biased = true, .router_biased = true}),
    WINDOWS_OF(LISTED, 128), .window_pattern = 2, .attention_bias = true, .experts_take_ffn = true};
DEFAULTS(llama4) = {GATED(SIZES(48, 5120, 40, 8, 8192, 202048), .head_dim = 128,
                          .experts = {.count = 16, .top_k = 1}),
                    .experts_take_ffn = true,
                    .dense_ffn = 16384,
                    .n_shared = 1,
                    .mixture_step = 1,
                    .mixture_phase = 1};
DEFAULTS(minimax_m2) = {GATED(.qk_norm = TP_QK_NORM_NONE), .qk_norm_form = TP_QK_NORM_WHOLE,
                        .experts_take_ffn = true, .mixture_step = 1};
DEFAULTS(step3p7) = {GATED(.qk_norm = TP_QK_NORM_NONE), WINDOWS_OF(LISTED, 0), .mixture_step = 1};
DEFAULTS(nemotron_nas) = {GATED(.qk_norm = TP_QK_NORM_NONE)};

/* What follows from the keys of the groups, where a family has not its own words. */
static void settle_attention_bias(struct tp_config *config)
{
  config->model.qkv_bias = config->attention_bias;
  config->model.out_bias = config->attention_bias && !config->out_unbiased;
}

static void settle_bias(struct tp_config *config)
{
  config->model.qkv_bias = config->model.out_bias = config->model.mlp_bias = config->bias;
}

/* internlm2: attention only; internlm3: `qkv_bias` is its own key */
static void settle_attention_by_bias(struct tp_config *config)
{
  config->model.qkv_bias = config->model.qkv_bias || config->bias;
  config->model.out_bias = config->bias;
}

static void settle_internlm3(struct tp_config *config)
{
  config->model.out_bias = config->model.mlp_bias = config->bias;
}

static void settle_llama4(struct tp_config *config)
{
  settle_attention_bias(config);
  if (config->model.experts.shared_ffn == 0)
    config->model.experts.shared_ffn = config->model.ffn;
}

/* Without experts, what all tokens see is the MLP. */
static void settle_granitemoehybrid(struct tp_config *config)
{
  struct tp_expert_shape *const experts = &config->model.experts;
  settle_attention_bias(config);
  if (experts->count > 0)
    return;
  config->model.ffn = experts->shared_ffn;
  experts->shared_ffn = 0;
}

/* use_parallel_residual of stablelm: one norm for both. */
static void settle_stablelm(struct tp_config *config)
{
  config->model.shared_norm = config->model.parallel_residual;
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
static const struct tp_config gpt2_defaults = {
    .model = {SIZES(12, 768, 12, 0, 0, 50257), .norm = TP_NORM_LAYER,
              .position = TP_POSITION_LEARNED, .max_positions = 1024, .tied_head = true,
              .qkv_bias = true, .out_bias = true, .mlp_bias = true},
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
static const struct tp_config gpt_neox_defaults = {
    .model = {SIZES(44, 6144, 64, 0, 24576, 50432), .norm = TP_NORM_LAYER,
              .position = TP_POSITION_ROTARY, .mlp_bias = true, .parallel_residual = true},
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
    .model = {SIZES(12, 768, 12, 0, 3072, 50272), .max_positions = 2048, .norm = TP_NORM_LAYER,
              .position = TP_POSITION_LEARNED, .tied_head = true},
    .bias = true};

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
static const struct tp_config bloom_defaults = {
    .model = {SIZES(2, 64, 8, 0, 0, 250880), .norm = TP_NORM_LAYER, .position = TP_POSITION_ALIBI,
              .tied_head = true, .qkv_bias = true, .out_bias = true, .mlp_bias = true,
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
static const struct tp_config falcon_defaults = {
    .model = {SIZES(32, 4544, 71, 0, 0, 65024), .norm = TP_NORM_LAYER,
              .position = TP_POSITION_ROTARY, .tied_head = true, .parallel_residual = true},
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

#define FAMILY(name, keys, defaults, fields, settle)                                   \
  {                                                                                    \
    name, keys, &defaults##_defaults, fields, sizeof fields / sizeof fields[0], settle \
  }
#define MODERN(name, keys, defaults, settle)          \
  {                                                   \
    name, keys, &defaults##_defaults, NULL, 0, settle \
  }
static const struct tp_field llama4_fields[] = {
    COUNT("attention_chunk_size", model.chunk, 100000000)};
static const struct tp_field stablelm_fields[] = {
    SWITCH("use_parallel_residual", model.parallel_residual)};

const struct tp_family tp_families[] = {
    MODERN("llama", WINDOWS | BIASES, llama, settle_attention_bias),
    MODERN("mistral", WINDOWS, mistral, NULL),
    MODERN("ministral", WINDOWS, mistral, NULL),
    MODERN("ministral3", WINDOWS, mistral, NULL),
    MODERN("mixtral", WINDOWS | EXPERTS, mixtral, NULL),
    MODERN("qwen2", WINDOWS, qwen2, NULL),
    MODERN("qwen2_vl", WINDOWS, qwen2_vl, NULL),
    MODERN("qwen2_vl_text", WINDOWS, qwen2_vl, NULL),
    MODERN("qwen2_5_vl", WINDOWS, qwen2_vl, NULL),
    MODERN("qwen2_5_vl_text", WINDOWS, qwen2_vl, NULL),
    MODERN("qwen2_moe", WINDOWS | EXPERTS, qwen2_moe, NULL),
    MODERN("qwen3", WINDOWS | BIASES, qwen3, settle_attention_bias),
    MODERN("qwen3_vl_text", WINDOWS | BIASES, qwen3, settle_attention_bias),
    MODERN("qwen3_moe", WINDOWS | EXPERTS | QK_NORM | BIASES, qwen3_moe, settle_attention_bias),
    MODERN("qwen3_vl_moe_text", WINDOWS | EXPERTS | BIASES, qwen3_moe, settle_attention_bias),
    MODERN("mimo", WINDOWS | BIASES, mimo, settle_attention_bias),
    MODERN("mimo_v2_flash", WINDOWS | EXPERTS | WIDTHS | BIASES, mimo_v2_flash,
           settle_attention_bias),
    MODERN("phi3", WINDOWS | BIASES, phi3, settle_attention_bias),
    MODERN("phimoe", WINDOWS | EXPERTS | BIASES, phimoe, settle_attention_bias),
    MODERN("phi", SHAPE, phi, NULL),
    MODERN("granite", SHAPE | BIASES, llama, settle_attention_bias),
    MODERN("granitemoe", EXPERTS | BIASES, granitemoe, settle_attention_bias),
    MODERN("granitemoeshared", EXPERTS | BIASES, granitemoe, settle_attention_bias),
    MODERN("granitemoehybrid", EXPERTS | BIASES, granitemoehybrid, settle_granitemoehybrid),
    MODERN("olmo2", SHAPE | BIASES, olmo2, settle_attention_bias),
    MODERN("olmo3", WINDOWS | BIASES, olmo3, settle_attention_bias),
    MODERN("olmoe", EXPERTS | BIASES, olmoe, settle_attention_bias),
    MODERN("internlm", SHAPE | BIASES, internlm, settle_attention_by_bias),
    MODERN("internlm2", SHAPE | BIASES, internlm2, settle_attention_by_bias),
    MODERN("internlm3", SHAPE | BIASES, internlm3, settle_internlm3),
    MODERN("glm", SHAPE | BIASES, glm, settle_attention_bias),
    MODERN("glm4", SHAPE | BIASES, glm4, settle_attention_bias),
    MODERN("glm4_moe", EXPERTS | QK_NORM | BIASES, glm4_moe, settle_attention_bias),
    MODERN("glm4v_moe_text", EXPERTS | QK_NORM | BIASES, glm4_moe, settle_attention_bias),
    MODERN("glm4_moe_lite", LATENT | BIASES, latent_moe, settle_attention_bias),
    MODERN("glm_moe_dsa", LATENT | TP_KEYS_INDEXER | BIASES, latent_moe, settle_attention_bias),
    MODERN("gemma", SHAPE | BIASES, gemma, settle_attention_bias),
    MODERN("gemma2", WINDOWS | BIASES, gemma2, settle_attention_bias),
    MODERN("gemma3_text", WINDOWS | BIASES, gemma3, settle_attention_bias),
    MODERN("gemma4_text", WINDOWS | EXPERTS | WIDTHS | BIASES, gemma4, settle_attention_bias),
    MODERN("cohere", SHAPE | QK_NORM | BIASES, cohere, settle_attention_bias),
    MODERN("cohere2", WINDOWS | BIASES, cohere2, settle_attention_bias),
    MODERN("starcoder2", WINDOWS | BIASES, starcoder2, settle_bias),
    FAMILY("stablelm", SHAPE | QK_NORM | BIASES, stablelm, stablelm_fields, settle_stablelm),
    MODERN("exaone4", WINDOWS, exaone4, NULL),
    MODERN("seed_oss", SHAPE | BIASES, seed_oss, settle_attention_bias),
    MODERN("smollm3", WINDOWS | BIASES, smollm3, settle_attention_bias),
    MODERN("ernie4_5", SHAPE | BIASES, ernie4_5, settle_bias),
    MODERN("ernie4_5_moe", EXPERTS | BIASES, ernie4_5_moe, settle_bias),
    MODERN("hunyuan_v1_dense", SHAPE | BIASES | QK_NORM, hunyuan, settle_attention_bias),
    MODERN("arcee", SHAPE | BIASES, arcee, settle_attention_bias),
    MODERN("nemotron", SHAPE | BIASES, nemotron, settle_attention_bias),
    MODERN("dots1", WINDOWS | EXPERTS | BIASES, dots1, settle_attention_bias),
    MODERN("deepseek", EXPERTS | BIASES, deepseek, settle_attention_bias),
    MODERN("deepseek_v2", LATENT | BIASES, deepseek_v2, settle_attention_bias),
    MODERN("deepseek_v3", LATENT | BIASES, deepseek_v3, settle_attention_bias),
    MODERN("deepseek_v32", LATENT | TP_KEYS_INDEXER | BIASES, deepseek_v3, settle_attention_bias),
    MODERN("kimi_k2", LATENT | BIASES, deepseek_v3, settle_attention_bias),
    MODERN("minicpm3", SHAPE | TP_KEYS_LATENT | BIASES, minicpm3, settle_attention_bias),
    MODERN("gpt_oss", WINDOWS | EXPERTS | BIASES, gpt_oss, settle_attention_bias),
    FAMILY("llama4_text", EXPERTS | BIASES | QK_NORM, llama4, llama4_fields, settle_llama4),
    MODERN("minimax_m2", EXPERTS | QK_NORM | BIASES, minimax_m2, settle_attention_bias),
    MODERN("step3p7", WINDOWS | EXPERTS | BIASES, step3p7, settle_attention_bias),
    MODERN("nemotron-nas", SHAPE | BIASES | TP_KEYS_BLOCKS, nemotron_nas, settle_attention_bias),
    FAMILY("gpt2", 0, gpt2, gpt2_fields, NULL),
    FAMILY("gpt_neox", 0, gpt_neox, gpt_neox_fields, settle_attention_bias),
    FAMILY("opt", 0, opt, opt_fields, settle_opt),
    FAMILY("bloom", 0, bloom, bloom_fields, NULL),
    FAMILY("falcon", 0, falcon, falcon_fields, settle_falcon),
    FAMILY("kraken", 0, kraken, kraken_fields, settle_bias),
};
const size_t tp_n_families = sizeof tp_families / sizeof tp_families[0];
