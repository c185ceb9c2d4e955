/* Families that spell their shape as GPT-2 did, and others of its time. */
#include "model/family.h"

#include "model/key_fields.h"

#define GPT2_FIELDS                                                                            \
  LAYERS("n_layer"), LAYERS("num_hidden_layers"), HIDDEN("n_embd"), HIDDEN("hidden_size"),     \
      HEADS("n_head"), HEADS("num_attention_heads"), FFN("n_inner"), POSITIONS("n_positions"), \
      VOCAB, POSITIONS("max_position_embeddings"), TIED
/* SantaCoder's code of the family may have one KV head. */
static const char *const gpt2_attentions[] = {"multihead", "multiquery", NULL};
static const struct tp_field gpt2_fields[] = {
    GPT2_FIELDS,
    CHOICE("attention_head_type", attention_form, gpt2_attentions),
    SWITCH("multi_query", multi_query),
};
static const struct tp_config gpt2_defaults = {
    .model = {SIZES(12, 768, 12, 0, 0, 50257), .norm = TP_NORM_LAYER,
              .position = TP_POSITION_LEARNED, .max_positions = 1024, .tied_head = true,
              .qkv_bias = true, .out_bias = true, .mlp_bias = true},
    .ffn_expansion = 4};

static void settle_gpt2(struct tp_config *config)
{
  if (config->multi_query || config->attention_form == 1)
    config->model.kv_heads = 1;
}

/* Three matrices an MLP where it is gated; positions of either kind.  Its vectors are all biased.
 */
static const char *const jais_positions[] = {"alibi", "learned", NULL};
static const char *const jais_mlps[] = {"swiglu", "gelu", NULL};
static const struct tp_field jais_fields[] = {
    GPT2_FIELDS,
    CHOICE("position_embedding_type", attention_form, jais_positions),
    CHOICE("activation_function", mlp_form, jais_mlps),
};
static const struct tp_config jais_defaults = {
    .model = {SIZES(12, 768, 12, 0, 0, 50257), .norm = TP_NORM_LAYER, .max_positions = 1024,
              .tied_head = true, .qkv_bias = true, .out_bias = true, .mlp_bias = true},
    .attention_form = 1,
    .mlp_form = 1,
    .ffn_expansion = 4};

static void settle_jais(struct tp_config *config)
{
  struct tp_model *const model = &config->model;
  model->gated_mlp = config->mlp_form == 0;
  model->position = config->attention_form == 0 ? TP_POSITION_ALIBI : TP_POSITION_LEARNED;
  if (model->position != TP_POSITION_LEARNED)
    model->max_positions = 0;
}

/* gptj, codegen: rotary, attention and MLP side by side behind one norm; a head of its own. */
static const struct tp_field gptj_fields[] = {GPT2_FIELDS};
static const struct tp_config gptj_defaults = {
    .model = {SIZES(28, 4096, 16, 0, 0, 50400), .norm = TP_NORM_LAYER,
              .position = TP_POSITION_ROTARY, .mlp_bias = true, .parallel_residual = true,
              .shared_norm = true},
    .ffn_expansion = 4};

/* The file gives as many positions as a table would have rows; there is no table. */
static void settle_gptj(struct tp_config *config)
{
  config->model.max_positions = 0;
}

static const struct tp_field gpt_bigcode_fields[] = {
    GPT2_FIELDS,
    SWITCH("multi_query", multi_query),
};
static const struct tp_config gpt_bigcode_defaults = {
    .model = {SIZES(12, 768, 12, 0, 0, 50257), .norm = TP_NORM_LAYER,
              .position = TP_POSITION_LEARNED, .max_positions = 1024, .tied_head = true,
              .qkv_bias = true, .out_bias = true, .mlp_bias = true},
    .ffn_expansion = 4,
    .multi_query = true};

static void settle_gpt_bigcode(struct tp_config *config)
{
  config->model.kv_heads = config->multi_query ? 1 : 0;
}

/* Layers in turns (`attention_types`, windows.c): local ones see `window_size` tokens. */
static const struct tp_field gpt_neo_fields[] = {
    LAYERS("num_layers"),
    LAYERS("num_hidden_layers"),
    HIDDEN("hidden_size"),
    HEADS("num_heads"),
    HEADS("num_attention_heads"),
    FFN("intermediate_size"),
    VOCAB,
    POSITIONS("max_position_embeddings"),
    TIED,
    COUNT("window_size", window, 100000000),
};
static const struct tp_config gpt_neo_defaults = {
    .model = {SIZES(24, 2048, 16, 0, 0, 50257), .norm = TP_NORM_LAYER,
              .position = TP_POSITION_LEARNED, .max_positions = 2048, .tied_head = true,
              .out_bias = true, .mlp_bias = true},
    .ffn_expansion = 4,
    .in_turns = true,
    WINDOWS_OF(LISTED, 256)};

/* Phi's first files, before transformers had the family. */
static const struct tp_field phi_msft_fields[] = {
    LAYERS("n_layer"),
    HIDDEN("n_embd"),
    HEADS("n_head"),
    KV_HEADS("n_head_kv"),
    FFN("n_inner"),
    VOCAB,
    TIED,
};
static const struct tp_config phi_msft_defaults = {
    .model = {SIZES(20, 1024, 16, 0, 0, 50304), .norm = TP_NORM_LAYER,
              .position = TP_POSITION_ROTARY, .qkv_bias = true, .out_bias = true, .mlp_bias = true,
              .parallel_residual = true, .shared_norm = true},
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
  tp_settle_bias(config);
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

const struct tp_family tp_gpt_families[] = {
    FAMILY("gpt2", 0, gpt2, gpt2_fields, settle_gpt2),
    FAMILY("gptj", 0, gptj, gptj_fields, settle_gptj),
    FAMILY("codegen", 0, gptj, gptj_fields, settle_gptj),
    FAMILY("gpt_bigcode", 0, gpt_bigcode, gpt_bigcode_fields, settle_gpt_bigcode),
    FAMILY("gpt_neo", TP_KEYS_WINDOWS | TP_KEYS_TURNS, gpt_neo, gpt_neo_fields, NULL),
    FAMILY("gpt_neox", 0, gpt_neox, gpt_neox_fields, tp_settle_attention_bias),
    FAMILY("jais", 0, jais, jais_fields, settle_jais),
    FAMILY("phi-msft", 0, phi_msft, phi_msft_fields, NULL),
    FAMILY("opt", 0, opt, opt_fields, settle_opt),
    FAMILY("bloom", 0, bloom, bloom_fields, NULL),
    FAMILY("kraken", 0, kraken, kraken_fields, tp_settle_bias),
};
const size_t tp_n_gpt_families = sizeof tp_gpt_families / sizeof tp_gpt_families[0];
