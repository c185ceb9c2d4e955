/* One row a model_type: the groups of keys that it has, its defaults, and what follows from them.
 * Defaults are those of the configuration classes in Hugging Face transformers 4.4x to 5.x
 * (LlamaConfig, GPT2Config, ...); a field of the shape without one must stand in the file. */
#include "model/family.h"

#include "model/key_fields.h"

enum {
  SHAPE = TP_KEYS_SHAPE,
  WINDOWS = SHAPE | TP_KEYS_WINDOWS,
  BIASES = TP_KEYS_BIASES,
  QK_NORM = TP_KEYS_QK_NORM,
  EXPERTS = SHAPE | TP_KEYS_EXPERTS,
  LATENT = EXPERTS | TP_KEYS_LATENT,
  WIDTHS = TP_KEYS_WIDTHS
};

DEFAULTS(llama) = {GATED(SIZES(32, 4096, 32, 0, 11008, 32000)), WINDOWS_OF(LISTED, 0)};
DEFAULTS(mistral) = {GATED(SIZES(32, 4096, 32, 8, 14336, 32000)), WINDOWS_OF(ALL, 4096)};
DEFAULTS(mixtral) = {
    GATED(SIZES(32, 4096, 32, 8, 14336, 32000), .experts = {.count = 8, .top_k = 2}),
    WINDOWS_OF(ALL, 0), .experts_take_ffn = true};
#define QWEN_SLIDING WINDOWS_OF(FROM, 4096), .max_window_layers = 28
DEFAULTS(qwen2) = {GATED(SIZES(32, 4096, 32, 32, 22016, 151936), .qkv_bias = true), QWEN_SLIDING};
DEFAULTS(qwen2_vl) = {GATED(SIZES(80, 8192, 64, 8, 29568, 152064), .qkv_bias = true),
                      WINDOWS_OF(FROM, 4096), .max_window_layers = 80};
DEFAULTS(qwen2_moe) = {
    GATED(
        SIZES(24, 2048, 16, 16, 5632, 151936), .qkv_bias = true,
        .experts = {.count = 60, .top_k = 4, .ffn = 1408, .shared_ffn = 5632, .shared_gate = true}),
    QWEN_SLIDING, .mixture_step = 1, .mixture_phase = 1};
DEFAULTS(qwen3) = {
    GATED(SIZES(32, 4096, 32, 32, 22016, 151936), .qk_norm = TP_QK_NORM_HEAD, .head_dim = 128),
    QWEN_SLIDING};
DEFAULTS(qwen3_moe) = {GATED(SIZES(24, 2048, 32, 4, 6144, 151936), .qk_norm = TP_QK_NORM_HEAD,
                             .experts = {.count = 128, .top_k = 8, .ffn = 768}),
                       QWEN_SLIDING, .mixture_step = 1, .mixture_phase = 1};
DEFAULTS(mimo) = {GATED(.kv_heads = 32, .qkv_bias = true), QWEN_SLIDING, .out_unbiased = true,
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
                              .experts_take_ffn = true,
                              .unless_listed = "all layers are then Mamba's"};
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
    GATED(SIZES(28, 3072, 16, 16, 24576, 256000), .head_dim = 256, .tied_head = true)};
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
DEFAULTS(stablelm) = {.model = {SIZES(32, 2560, 32, 32, 6912, 50304), .norm = TP_NORM_LAYER,
                                .position = TP_POSITION_ROTARY, .gated_mlp = true},
                      .qk_norm_form = TP_QK_NORM_WHOLE};
DEFAULTS(exaone4) = {
    GATED(SIZES(32, 4096, 32, 32, 16384, 102400), .norms_after = true, .qk_norm = TP_QK_NORM_HEAD),
    WINDOWS_OF(LISTED, 4096)};
DEFAULTS(seed_oss) = {GATED(SIZES(64, 5120, 80, 8, 27648, 155136), .head_dim = 128),
                      .attention_bias = true, .out_unbiased = true};
DEFAULTS(smollm3) = {GATED(SIZES(36, 2048, 16, 4, 11008, 128256), .tied_head = true),
                     WINDOWS_OF(UNTURNED, 0)};
DEFAULTS(hunyuan) = {GATED(.qk_norm = TP_QK_NORM_HEAD)};
DEFAULTS(hunyuan_moe) = {GATED(.qk_norm = TP_QK_NORM_HEAD), .experts_take_ffn = true};
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
                    .qk_norm_form = TP_QK_NORM_PLAIN,
                    .dense_ffn = 16384,
                    .mixture_step = 1,
                    .mixture_phase = 1};
DEFAULTS(minimax_m2) = {GATED(.qk_norm = TP_QK_NORM_NONE), .qk_norm_form = TP_QK_NORM_WHOLE,
                        .experts_take_ffn = true, .mixture_step = 1};
DEFAULTS(minimax) = {GATED(.qk_norm = TP_QK_NORM_NONE), .qk_norm_form = TP_QK_NORM_WHOLE,
                     .experts_take_ffn = true, .mixture_step = 1,
                     .unless_listed = "every other layer is then of linear attention"};
DEFAULTS(step3p7) = {GATED(.qk_norm = TP_QK_NORM_NONE), WINDOWS_OF(LISTED, 0), .mixture_step = 1};
DEFAULTS(nemotron_nas) = {GATED(.qk_norm = TP_QK_NORM_NONE)};

/* vLLM tells Baichuan's two codes apart by the width: 7B turns its queries, 13B adds ALiBi. */
DEFAULTS(baichuan) = {GATED(SIZES(32, 4096, 32, 0, 11008, 125696))};
/* xIELU, no gate */
DEFAULTS(apertus) = {
    .model = {RMS_ROTARY, SIZES(32, 4096, 32, 0, 14336, 131072), .qk_norm = TP_QK_NORM_HEAD}};
DEFAULTS(bailing_moe) = {GATED(.experts = {.count = 0}), QWEN_SLIDING, .mixture_step = 1};
/* Norms without weights. */
DEFAULTS(olmo) = {.model = {SIZES(32, 4096, 32, 0, 11008, 50304), .norm = TP_NORM_PLAIN,
                            .position = TP_POSITION_ROTARY, .gated_mlp = true}};
DEFAULTS(flex_olmo) = {GATED(SIZES(32, 4096, 32, 0, 11008, 100352), .qk_norm = TP_QK_NORM_WHOLE,
                             .norms_after = true, .experts = {.count = 7, .top_k = 5}),
                       .experts_take_ffn = true};
/* Aria's experts are as wide as the file's MLP. */
DEFAULTS(aria) = {GATED(SIZES(32, 4096, 32, 0, 4096, 32000), .experts = {.count = 8, .top_k = 2}),
                  .n_shared = 2, .experts_take_ffn = true};
DEFAULTS(orion) = {.model = {SIZES(40, 5120, 40, 40, 15360, 84608), .norm = TP_NORM_LAYER,
                             .position = TP_POSITION_ROTARY, .gated_mlp = true}};
DEFAULTS(persimmon) = {.model = {SIZES(36, 4096, 64, 0, 16384, 262144), .norm = TP_NORM_LAYER,
                                 .position = TP_POSITION_ROTARY, .qkv_bias = true, .out_bias = true,
                                 .mlp_bias = true},
                       .use_qk_norm = true};
DEFAULTS(minicpm) = {GATED(SIZES(32, 4096, 32, 0, 11008, 32000), .tied_head = true),
                     .experts_take_ffn = true};
DEFAULTS(helium) = {GATED(SIZES(24, 2560, 20, 20, 7040, 48000), .head_dim = 128)};
DEFAULTS(vaultgemma) = {
    GATED(SIZES(26, 2304, 8, 4, 9216, 256000), .head_dim = 256, .tied_head = true),
    WINDOWS_OF(LISTED, 4096), .window_pattern = 2};
DEFAULTS(cwm) = {GATED(SIZES(64, 6144, 48, 8, 21504, 128256), .head_dim = 128),
                 WINDOWS_OF(LISTED, 8192)};
/* Its embedding is its head, too; four norms a layer. */
DEFAULTS(grok) = {GATED(SIZES(64, 6144, 48, 8, 32768, 131072), .tied_head = true,
                        .post_norms = true, .experts = {.count = 8, .top_k = 2}),
                  .experts_take_ffn = true};

/* An EXAONE 4 that norms before its modules, with experts as DeepSeek's. */
DEFAULTS(exaone_moe) = {GATED(.qk_norm = TP_QK_NORM_HEAD, .experts = {.router_biased = true}),
                        WINDOWS_OF(LISTED, 4096), .mixture_step = 1};
DEFAULTS(solar_open) = {GATED(.experts = {.router_biased = true}), .n_shared = 1,
                        .mixture_step = 1};
DEFAULTS(keye) = {GATED(.qk_norm = TP_QK_NORM_HEAD, .head_dim = 128), QWEN_SLIDING};
DEFAULTS(youtu) = {GATED(.tied_head = true, DEEPSEEK_LATENT)};
DEFAULTS(jais2) = {.model = {SIZES(32, 3328, 26, 0, 26624, 150272), .norm = TP_NORM_LAYER,
                             .position = TP_POSITION_ROTARY, .mlp_bias = true},
                   .attention_bias = true};
DEFAULTS(glm_ocr) = {GATED(.post_norms = true), .out_unbiased = true};
DEFAULTS(pangu) = {GATED(SIZES(34, 4096, 32, 8, 12800, 153376)), .bias = true};
DEFAULTS(mobilellm) = {GATED(.tied_head = false)};

/* internlm2: attention only; internlm3: `qkv_bias` is its own key */
static void settle_attention_by_bias(struct tp_config *config)
{
  config->model.qkv_bias = config->model.qkv_bias || config->bias;
  config->model.out_bias = config->bias;
}

static void settle_baichuan(struct tp_config *config)
{
  config->model.position = config->model.hidden == 4096 ? TP_POSITION_ROTARY : TP_POSITION_ALIBI;
}

static void settle_internlm3(struct tp_config *config)
{
  config->model.out_bias = config->model.mlp_bias = config->bias;
}

/* Either word is of all four matrices. */
static void settle_pangu(struct tp_config *config)
{
  config->attention_bias = config->attention_bias || config->bias;
  tp_settle_attention_bias(config);
}

/* One expert is no expert, and no shared one stands beside it. */
static void settle_hunyuan(struct tp_config *config)
{
  tp_settle_attention_bias(config);
  if (config->model.experts.count == 1)
    config->model.experts.count = 0;
}

static void settle_mobilellm(struct tp_config *config)
{
  tp_settle_attention_bias(config);
  config->model.tied_head = config->model.tied_head || config->shares_embedding;
}

/* Every 0th layer is none. */
static void settle_llama4(struct tp_config *config)
{
  if (config->mixture_step == 0)
    config->model.experts.count = 0;
  tp_settle_attention_bias(config);
  if (config->model.experts.shared_ffn == 0)
    config->model.experts.shared_ffn = config->model.ffn;
}

/* Without experts, what all tokens see is the MLP. */
static void settle_granitemoehybrid(struct tp_config *config)
{
  struct tp_expert_shape *const experts = &config->model.experts;
  tp_settle_attention_bias(config);
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

static const struct tp_field qwen2_moe_fields[] = {SWITCH("qkv_bias", model.qkv_bias)};
/* Read in any family of experts; these two have no other words for it. */
static const struct tp_field moe_num_fields[] = {
    COUNT_OR_NONE("moe_num_experts", model.experts.count, 16384),
    COUNT_OR_NONE("moe_num_shared_experts", n_shared, 64),
    COUNT_OR_NONE("moe_layer_start_index", first_dense, 2000)};
static const struct tp_field llama4_fields[] = {
    COUNT("attention_chunk_size", model.chunk, 100000000)};
static const struct tp_field mobilellm_fields[] = {SWITCH("share_embedding", shares_embedding)};
static const struct tp_field stablelm_fields[] = {
    SWITCH("use_parallel_residual", model.parallel_residual)};

static const struct tp_family families[] = {
    MODERN("llama", WINDOWS | BIASES, llama, tp_settle_attention_bias),
    MODERN("mistral", WINDOWS, mistral, NULL),
    MODERN("ministral", WINDOWS, mistral, NULL),
    MODERN("ministral3", WINDOWS, mistral, NULL),
    MODERN("mixtral", WINDOWS | EXPERTS, mixtral, NULL),
    MODERN("qwen2", WINDOWS, qwen2, NULL),
    MODERN("qwen2_vl", WINDOWS, qwen2_vl, NULL),
    MODERN("qwen2_vl_text", WINDOWS, qwen2_vl, NULL),
    MODERN("qwen2_5_vl", WINDOWS, qwen2_vl, NULL),
    MODERN("qwen2_5_vl_text", WINDOWS, qwen2_vl, NULL),
    FAMILY("qwen2_moe", WINDOWS | EXPERTS, qwen2_moe, qwen2_moe_fields, NULL),
    MODERN("qwen3", WINDOWS | BIASES, qwen3, tp_settle_attention_bias),
    MODERN("qwen3_vl_text", WINDOWS | BIASES, qwen3, tp_settle_attention_bias),
    MODERN("qwen3_moe", WINDOWS | EXPERTS | QK_NORM | BIASES, qwen3_moe, tp_settle_attention_bias),
    MODERN("qwen3_vl_moe_text", WINDOWS | EXPERTS | BIASES, qwen3_moe, tp_settle_attention_bias),
    MODERN("mimo", WINDOWS | BIASES, mimo, tp_settle_attention_bias),
    MODERN("mimo_v2_flash", WINDOWS | EXPERTS | WIDTHS | BIASES, mimo_v2_flash,
           tp_settle_attention_bias),
    MODERN("phi3", WINDOWS | BIASES, phi3, tp_settle_attention_bias),
    MODERN("phimoe", WINDOWS | EXPERTS | BIASES, phimoe, tp_settle_attention_bias),
    MODERN("phi", SHAPE, phi, NULL),
    MODERN("granite", SHAPE | BIASES, llama, tp_settle_attention_bias),
    MODERN("granitemoe", EXPERTS | BIASES, granitemoe, tp_settle_attention_bias),
    MODERN("granitemoeshared", EXPERTS | BIASES, granitemoe, tp_settle_attention_bias),
    MODERN("granitemoehybrid", EXPERTS | BIASES, granitemoehybrid, settle_granitemoehybrid),
    MODERN("olmo2", SHAPE | BIASES, olmo2, tp_settle_attention_bias),
    MODERN("olmo3", WINDOWS | BIASES, olmo3, tp_settle_attention_bias),
    MODERN("olmoe", EXPERTS | BIASES, olmoe, tp_settle_attention_bias),
    MODERN("internlm", SHAPE | BIASES, internlm, settle_attention_by_bias),
    MODERN("internlm2", SHAPE | BIASES, internlm2, settle_attention_by_bias),
    MODERN("internlm3", SHAPE | BIASES, internlm3, settle_internlm3),
    MODERN("glm", SHAPE | BIASES, glm, tp_settle_attention_bias),
    MODERN("glm4", SHAPE | BIASES, glm4, tp_settle_attention_bias),
    MODERN("glm4_moe", EXPERTS | QK_NORM | BIASES, glm4_moe, tp_settle_attention_bias),
    MODERN("glm4v_moe_text", EXPERTS | QK_NORM | BIASES, glm4_moe, tp_settle_attention_bias),
    MODERN("glm4_moe_lite", LATENT | BIASES, latent_moe, tp_settle_attention_bias),
    MODERN("glm_moe_dsa", LATENT | TP_KEYS_INDEXER | BIASES, latent_moe, tp_settle_attention_bias),
    MODERN("gemma", SHAPE | BIASES, gemma, tp_settle_attention_bias),
    MODERN("gemma2", WINDOWS | BIASES, gemma2, tp_settle_attention_bias),
    MODERN("gemma3_text", WINDOWS | BIASES, gemma3, tp_settle_attention_bias),
    MODERN("gemma4_text", WINDOWS | EXPERTS | WIDTHS | BIASES, gemma4, tp_settle_attention_bias),
    MODERN("cohere", SHAPE | QK_NORM | BIASES, cohere, tp_settle_attention_bias),
    MODERN("cohere2", WINDOWS | BIASES, cohere2, tp_settle_attention_bias),
    MODERN("starcoder2", WINDOWS | BIASES, starcoder2, tp_settle_bias),
    FAMILY("stablelm", SHAPE | QK_NORM | BIASES, stablelm, stablelm_fields, settle_stablelm),
    MODERN("exaone4", WINDOWS, exaone4, NULL),
    MODERN("seed_oss", SHAPE | BIASES, seed_oss, tp_settle_attention_bias),
    MODERN("smollm3", WINDOWS | BIASES, smollm3, tp_settle_attention_bias),
    MODERN("ernie4_5", SHAPE | BIASES, ernie4_5, tp_settle_bias),
    FAMILY("ernie4_5_moe", EXPERTS | BIASES, ernie4_5_moe, moe_num_fields, tp_settle_bias),
    MODERN("hunyuan_v1_dense", SHAPE | BIASES | QK_NORM, hunyuan, tp_settle_attention_bias),
    MODERN("arcee", SHAPE | BIASES, arcee, tp_settle_attention_bias),
    MODERN("nemotron", SHAPE | BIASES, nemotron, tp_settle_attention_bias),
    MODERN("dots1", WINDOWS | EXPERTS | BIASES, dots1, tp_settle_attention_bias),
    MODERN("deepseek", EXPERTS | BIASES, deepseek, tp_settle_attention_bias),
    MODERN("deepseek_v2", LATENT | BIASES, deepseek_v2, tp_settle_attention_bias),
    MODERN("deepseek_v3", LATENT | BIASES, deepseek_v3, tp_settle_attention_bias),
    MODERN("deepseek_v32", LATENT | TP_KEYS_INDEXER | BIASES, deepseek_v3,
           tp_settle_attention_bias),
    MODERN("kimi_k2", LATENT | BIASES, deepseek_v3, tp_settle_attention_bias),
    MODERN("minicpm3", SHAPE | TP_KEYS_LATENT | BIASES, minicpm3, tp_settle_attention_bias),
    MODERN("gpt_oss", WINDOWS | EXPERTS | BIASES, gpt_oss, tp_settle_attention_bias),
    FAMILY("llama4_text", EXPERTS | BIASES | QK_NORM, llama4, llama4_fields, settle_llama4),
    MODERN("minimax_m2", EXPERTS | QK_NORM | BIASES, minimax_m2, tp_settle_attention_bias),
    MODERN("minimax", EXPERTS | QK_NORM | BIASES, minimax, tp_settle_attention_bias),
    MODERN("step3p7", WINDOWS | EXPERTS | BIASES, step3p7, tp_settle_attention_bias),
    MODERN("apertus", SHAPE | QK_NORM | BIASES, apertus, tp_settle_attention_bias),
    MODERN("aquila", SHAPE, llama, NULL),
    FAMILY("aria_text", EXPERTS | BIASES, aria, moe_num_fields, tp_settle_attention_bias),
    FAMILY("aria_moe_lm", EXPERTS | BIASES, aria, moe_num_fields, tp_settle_attention_bias),
    MODERN("baichuan", SHAPE, baichuan, settle_baichuan),
    MODERN("bailing_moe", WINDOWS | EXPERTS | QK_NORM | BIASES, bailing_moe,
           settle_attention_by_bias),
    MODERN("bailing_moe_v2", WINDOWS | EXPERTS | QK_NORM | BIASES, bailing_moe,
           settle_attention_by_bias),
    MODERN("cwm", WINDOWS | BIASES, cwm, tp_settle_attention_bias),
    MODERN("deci", SHAPE | BIASES, llama, tp_settle_attention_bias),
    MODERN("dots_ocr", WINDOWS | BIASES, mimo, tp_settle_attention_bias),
    MODERN("flex_olmo", EXPERTS | BIASES, flex_olmo, tp_settle_attention_bias),
    MODERN("glm4v", SHAPE | BIASES, glm4, tp_settle_attention_bias),
    MODERN("glm4v_text", SHAPE | BIASES, glm4, tp_settle_attention_bias),
    MODERN("grok-1", EXPERTS, grok, NULL),
    MODERN("helium", SHAPE | BIASES, helium, tp_settle_attention_bias),
    MODERN("hunyuan_v1_moe", EXPERTS | BIASES | QK_NORM, hunyuan_moe, settle_hunyuan),
    MODERN("hunyuan", EXPERTS | BIASES | QK_NORM, hunyuan_moe, settle_hunyuan),
    MODERN("hunyuan_vl", SHAPE | BIASES | QK_NORM, hunyuan, tp_settle_attention_bias),
    MODERN("hunyuan_vl_text", SHAPE | BIASES | QK_NORM, hunyuan, tp_settle_attention_bias),
    MODERN("exaone_moe", WINDOWS | EXPERTS, exaone_moe, NULL),
    MODERN("solar_open", EXPERTS | QK_NORM | BIASES, solar_open, tp_settle_attention_bias),
    MODERN("Keye", WINDOWS | BIASES, keye, tp_settle_attention_bias),
    MODERN("KeyeVL1_5", WINDOWS | BIASES, keye, tp_settle_attention_bias),
    MODERN("youtu", SHAPE | TP_KEYS_LATENT | BIASES, youtu, tp_settle_attention_bias),
    MODERN("youtu_llm", SHAPE | TP_KEYS_LATENT | BIASES, youtu, tp_settle_attention_bias),
    MODERN("dots_vlm", LATENT | BIASES, deepseek_v3, tp_settle_attention_bias),
    MODERN("telechat3", SHAPE | BIASES, llama, tp_settle_attention_bias),
    MODERN("jais2", SHAPE | BIASES, jais2, tp_settle_attention_bias),
    MODERN("glm_ocr", SHAPE | BIASES, glm_ocr, tp_settle_attention_bias),
    MODERN("glm_ocr_text", SHAPE | BIASES, glm_ocr, tp_settle_attention_bias),
    MODERN("PanguEmbedded", SHAPE | BIASES, pangu, settle_pangu),
    FAMILY("mobilellm", SHAPE | BIASES, mobilellm, mobilellm_fields, settle_mobilellm),
    MODERN("llava_llama", SHAPE | BIASES, llama, tp_settle_attention_bias),
    MODERN("llava_mistral", WINDOWS, mistral, NULL),
    MODERN("llava_qwen", WINDOWS, qwen2, NULL),
    MODERN("minicpm", EXPERTS | BIASES, minicpm, tp_settle_attention_bias),
    MODERN("olmo", SHAPE | BIASES, olmo, tp_settle_attention_bias),
    MODERN("orion", SHAPE | BIASES, orion, tp_settle_attention_bias),
    MODERN("persimmon", SHAPE | QK_NORM, persimmon, NULL),
    MODERN("paddleocr_vl", SHAPE | BIASES, ernie4_5, tp_settle_bias),
    MODERN("phi3_v", WINDOWS | BIASES, phi3, tp_settle_attention_bias),
    MODERN("phi4mm", WINDOWS | BIASES, phi3, tp_settle_attention_bias),
    MODERN("qwen2_5_omni_text", WINDOWS, qwen2_vl, NULL),
    MODERN("qwen3_omni_moe_text", WINDOWS | EXPERTS | BIASES, qwen3_moe, tp_settle_attention_bias),
    MODERN("skywork", SHAPE, llama, NULL),
    MODERN("stablelm_epoch", SHAPE | QK_NORM | BIASES, stablelm, NULL),
    MODERN("vaultgemma", WINDOWS | BIASES, vaultgemma, tp_settle_attention_bias),
    MODERN("xverse", SHAPE, llama, NULL),
    MODERN("Yi", SHAPE, llama, NULL),
    MODERN("nemotron-nas", SHAPE | BIASES | TP_KEYS_BLOCKS, nemotron_nas, tp_settle_attention_bias),
};

const struct tp_family *tp_family_at(size_t i)
{
  const size_t n = sizeof families / sizeof families[0];
  if (i < n)
    return &families[i];
  if (i < n + tp_n_gpt_families)
    return &tp_gpt_families[i - n];
  return i < n + tp_n_gpt_families + tp_n_own_families ? &tp_own_families[i - n - tp_n_gpt_families]
                                                       : NULL;
}
