/* Small models of every kind. */
#include "verify/matrix.h"

/* Query heads of two KV heads that ranks beyond two share. */
static const struct tp_model llama = {.name = "llama",
                                      .layers = 3,
                                      .hidden = 64,
                                      .heads = 8,
                                      .kv_heads = 2,
                                      .head_dim = 16,
                                      .ffn = 128,
                                      .vocab = 101,
                                      .norm = TP_NORM_RMS,
                                      .position = TP_POSITION_ROTARY,
                                      .gated_mlp = true};

static const struct tp_model qwen = {.name = "qwen",
                                     .layers = 2,
                                     .hidden = 96,
                                     .heads = 4,
                                     .kv_heads = 4,
                                     .head_dim = 16,
                                     .ffn = 64,
                                     .vocab = 83,
                                     .norm = TP_NORM_RMS,
                                     .position = TP_POSITION_ROTARY,
                                     .gated_mlp = true,
                                     .tied_head = true,
                                     .qkv_bias = true,
                                     .qk_norm = true};

static const struct tp_model gpt2 = {.name = "gpt2",
                                     .layers = 2,
                                     .hidden = 64,
                                     .heads = 4,
                                     .kv_heads = 4,
                                     .head_dim = 16,
                                     .ffn = 256,
                                     .vocab = 97,
                                     .max_positions = 32,
                                     .norm = TP_NORM_LAYER,
                                     .position = TP_POSITION_LEARNED,
                                     .tied_head = true,
                                     .qkv_bias = true,
                                     .out_bias = true,
                                     .mlp_bias = true,
                                     .embedding_norm = true};

static const struct tp_model gpt_neox = {.name = "gpt-neox",
                                         .layers = 2,
                                         .hidden = 64,
                                         .heads = 4,
                                         .kv_heads = 4,
                                         .head_dim = 16,
                                         .ffn = 128,
                                         .vocab = 103,
                                         .norm = TP_NORM_LAYER,
                                         .position = TP_POSITION_ROTARY,
                                         .qkv_bias = true,
                                         .out_bias = true,
                                         .mlp_bias = true,
                                         .parallel_residual = true};

static const struct tp_model falcon = {.name = "falcon",
                                       .layers = 2,
                                       .hidden = 64,
                                       .heads = 4,
                                       .kv_heads = 1,
                                       .head_dim = 16,
                                       .ffn = 128,
                                       .vocab = 89,
                                       .norm = TP_NORM_LAYER,
                                       .position = TP_POSITION_ROTARY,
                                       .tied_head = true,
                                       .parallel_residual = true,
                                       .shared_norm = true};

/* Layers that see 4 tokens about those that see all. */
static const struct tp_model mistral = {.name = "mistral",
                                        .layers = 3,
                                        .hidden = 64,
                                        .heads = 8,
                                        .kv_heads = 4,
                                        .head_dim = 16,
                                        .ffn = 96,
                                        .vocab = 71,
                                        .norm = TP_NORM_RMS,
                                        .position = TP_POSITION_ROTARY,
                                        .gated_mlp = true,
                                        .n_kinds = 2,
                                        .kinds = {{.window = 4}, {.window = 0}},
                                        .kind_of = (const unsigned char[]){0, 1, 0}};

/* Two of four experts in every layer. */
static const struct tp_model mixtral = {.name = "mixtral",
                                        .layers = 2,
                                        .hidden = 64,
                                        .heads = 4,
                                        .kv_heads = 4,
                                        .head_dim = 16,
                                        .ffn = 64,
                                        .vocab = 79,
                                        .norm = TP_NORM_RMS,
                                        .position = TP_POSITION_ROTARY,
                                        .gated_mlp = true,
                                        .experts = {.count = 4, .top_k = 2, .ffn = 64},
                                        .n_kinds = 1,
                                        .kinds = {{.mixture = true}}};

/* A layer without experts, then layers of three of eight beside one that every token meets. */
static const struct tp_model deepseek = {
    .name = "deepseek",
    .layers = 3,
    .hidden = 64,
    .heads = 4,
    .kv_heads = 2,
    .head_dim = 16,
    .ffn = 128,
    .vocab = 73,
    .norm = TP_NORM_RMS,
    .position = TP_POSITION_ROTARY,
    .gated_mlp = true,
    .experts = {.count = 8, .top_k = 3, .ffn = 32, .shared_ffn = 64, .router_biased = true},
    .n_kinds = 2,
    .kinds = {{.window = 0}, {.mixture = true}},
    .kind_of = (const unsigned char[]){0, 1, 1}};

const struct tp_model *const tp_selftest_models[] = {
    &llama, &qwen, &gpt2, &gpt_neox, &falcon, &mistral, &mixtral, &deepseek, NULL};
