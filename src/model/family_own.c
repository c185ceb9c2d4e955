/* Families whose files spell their shape in words of their own. */
#include "model/family.h"

#include "model/key_fields.h"

static const struct tp_field falcon_fields[] = {
    LAYERS("num_hidden_layers"),
    LAYERS("n_layer"),
    HIDDEN("hidden_size"),
    HEADS("num_attention_heads"),
    HEADS("n_head"),
    KV_HEADS("num_kv_heads"),
    KV_HEADS("n_head_kv"),
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
#define FALCON                                                                             \
  .model = {SIZES(32, 4544, 71, 0, 0, 65024), .norm = TP_NORM_LAYER,                       \
            .position = TP_POSITION_ROTARY, .tied_head = true, .parallel_residual = true}, \
  .ffn_expansion = 4
static const struct tp_config falcon_defaults = {FALCON, .multi_query = true};
/* What Falcon 40B was called at first, when its code was another than that of 7B. */
static const struct tp_config refinedweb_defaults = {FALCON, .grouped = true};

/* FalconAttention and FalconDecoderLayer: num_kv_heads counts in the new architecture only, which
 * also has two norms side by side unless told otherwise. */
static void settle_falcon(struct tp_config *config)
{
  struct tp_model *const model = &config->model;
  tp_settle_bias(config);
  if (config->alibi)
    model->position = TP_POSITION_ALIBI;
  if (!config->grouped)
    model->kv_heads = config->multi_query ? 1 : 0;
  const int64_t norms = config->norms_in_parallel != 0 ? config->norms_in_parallel
                        : config->grouped              ? 2
                                                       : 1;
  model->shared_norm = config->grouped ? norms == 1 : model->parallel_residual;
}

/* The MLP's matrices of the way in are counted as one, so that each is half as wide. */
static void halve_mlp(struct tp_config *config)
{
  config->model.ffn /= 2;
}

/* Rows of the embedding where they are more than the tokenizer's words. */
static void settle_rows(struct tp_config *config)
{
  if (config->embedding_rows > 0)
    config->model.vocab = config->embedding_rows;
}
#define ROWS(key) COUNT(key, embedding_rows, 100000000)

/* ChatGLM2, ChatGLM3 and GLM-4 in their own code.  The first ChatGLM is another (missing_ops.c). */
static const struct tp_field chatglm_fields[] = {
    LAYERS("num_layers"),
    LAYERS("num_hidden_layers"),
    HIDDEN("hidden_size"),
    HEADS("num_attention_heads"),
    HEAD_DIM("kv_channels"),
    KV_HEADS("multi_query_group_num"),
    FFN("ffn_hidden_size"),
    VOCAB,
    ROWS("padded_vocab_size"),
    TIED,
    SWITCH("multi_query_attention", multi_query),
    SWITCH("add_qkv_bias", model.qkv_bias),
    SWITCH("add_bias_linear", bias),
    SWITCH("rmsnorm", rms_norm),
};
DEFAULTS(chatglm) = {GATED(SIZES(28, 4096, 32, 1, 13696, 65024), .head_dim = 128),
                     .rms_norm = true};

static void settle_chatglm(struct tp_config *config)
{
  struct tp_model *const model = &config->model;
  settle_rows(config);
  model->norm = config->rms_norm ? TP_NORM_RMS : TP_NORM_LAYER;
  model->qkv_bias = model->qkv_bias || config->bias;
  model->out_bias = model->mlp_bias = config->bias;
  if (!config->multi_query)
    model->kv_heads = 0;
}

/* Mosaic's words, attention's and the MLP's in objects of their own. */
static const char *const mpt_attentions[] = {"multihead_attention", "multiquery_attention",
                                             "grouped_query_attention", NULL};
static const char *const mpt_mlps[] = {"mptmlp", "mptglu", NULL};
static const struct tp_field mpt_fields[] = {
    LAYERS("n_layers"),
    HIDDEN("d_model"),
    HEADS("n_heads"),
    KV_HEADS("attn_config.kv_n_heads"),
    COUNT("expansion_ratio", ffn_expansion, 64),
    FFN("ffn_config.ffn_hidden_size"),
    VOCAB,
    POSITIONS("max_seq_len"),
    TIED,
    CHOICE("attn_config.attn_type", attention_form, mpt_attentions),
    CHOICE("ffn_config.ffn_type", mlp_form, mpt_mlps),
    SWITCH("attn_config.alibi", alibi),
    SWITCH("attn_config.rope", rotary),
    SWITCH("attn_config.qk_ln", use_qk_norm),
    SWITCH("learned_pos_emb", learned),
    SWITCH("no_bias", no_bias),
};
static const struct tp_config mpt_defaults = {
    .model = {SIZES(24, 2048, 16, 0, 0, 50368), .tied_head = true, .max_positions = 2048},
    .attention_form = 2, /* as many key/value heads as the file has, or as heads */
    .alibi = true,
    .learned = true,
    .no_bias = true,
    .ffn_expansion = 4,
    .qk_norm_form = TP_QK_NORM_WHOLE};

static void settle_mpt(struct tp_config *config)
{
  struct tp_model *const model = &config->model;
  const bool biased = !config->no_bias;
  model->norm = biased ? TP_NORM_LAYER : TP_NORM_RMS; /* as many weights */
  model->qkv_bias = model->out_bias = model->mlp_bias = biased;
  model->gated_mlp = config->mlp_form == 1;
  if (config->attention_form < 2)
    model->kv_heads = config->attention_form;
  model->position = config->alibi                        ? TP_POSITION_ALIBI
                    : config->learned && !config->rotary ? TP_POSITION_LEARNED
                                                         : TP_POSITION_ROTARY;
  if (model->position != TP_POSITION_LEARNED)
    model->max_positions = 0;
}

static const struct tp_field dbrx_fields[] = {
    LAYERS("n_layers"),
    HIDDEN("d_model"),
    HEADS("n_heads"),
    KV_HEADS("attn_config.kv_n_heads"),
    COUNT("ffn_config.ffn_hidden_size", model.experts.ffn, 262144),
    COUNT("ffn_config.moe_num_experts", model.experts.count, 16384),
    COUNT("ffn_config.moe_top_k", model.experts.top_k, 16384),
    VOCAB,
    TIED,
};
DEFAULTS(dbrx) = {
    GATED(SIZES(24, 2048, 16, 1, 0, 32000), .experts = {.count = 4, .top_k = 1, .ffn = 3584})};

/* All layers have experts: of a width without, the file says nothing. */
static void settle_dbrx(struct tp_config *config)
{
  config->model.ffn = config->model.experts.ffn;
}

static const struct tp_field exaone_fields[] = {LAYERS("num_layers")};
DEFAULTS(exaone) = {GATED(SIZES(32, 2048, 32, 0, 0, 102400)), .ffn_expansion = 4};

/* Qwen before Qwen2. */
static const struct tp_field qwen_fields[] = {
    HEAD_DIM("kv_channels"),
    SWITCH("no_bias", no_bias),
};
DEFAULTS(qwen) = {GATED(SIZES(32, 4096, 32, 0, 22016, 151936), .qkv_bias = true), .no_bias = true};

static void settle_qwen(struct tp_config *config)
{
  halve_mlp(config);
  config->model.out_bias = config->model.mlp_bias = !config->no_bias;
}

static const struct tp_field molmo_fields[] = {
    ROWS("embedding_size"),
    SWITCH("weight_tying", model.tied_head),
    SWITCH("attention_layer_norm", use_qk_norm),
    SWITCH("norm_after", model.norms_after),
};
DEFAULTS(molmo) = {GATED(SIZES(28, 3584, 28, 4, 37888, 152064)), .qk_norm_form = TP_QK_NORM_WHOLE};

static void settle_molmo(struct tp_config *config)
{
  halve_mlp(config);
  settle_rows(config);
}

static const struct tp_field telechat_fields[] = {
    LAYERS("n_layer"),
    HIDDEN("hidden_size"),
    HEADS("n_head"),
    HEADS("num_attention_heads"),
    KV_HEADS("num_key_value_heads"),
    FFN("ffn_hidden_size"),
    VOCAB,
    TIED,
    SWITCH("embed_layernorm", model.embedding_norm),
};
DEFAULTS(telechat) = {GATED(.out_bias = true, .tied_head = true)};

static const struct tp_field hyperclovax_fields[] = {SWITCH("use_post_norm", model.post_norms)};
DEFAULTS(hyperclovax) = {GATED(.tied_head = false)};

const struct tp_family tp_own_families[] = {
    FAMILY("falcon", 0, falcon, falcon_fields, settle_falcon),
    FAMILY("RefinedWebModel", 0, falcon, falcon_fields, settle_falcon),
    FAMILY("RefinedWeb", 0, refinedweb, falcon_fields, settle_falcon),
    FAMILY("chatglm", 0, chatglm, chatglm_fields, settle_chatglm),
    FAMILY("mpt", 0, mpt, mpt_fields, settle_mpt),
    FAMILY("dbrx", 0, dbrx, dbrx_fields, settle_dbrx),
    FAMILY("exaone", TP_KEYS_SHAPE, exaone, exaone_fields, NULL),
    FAMILY("qwen", TP_KEYS_SHAPE, qwen, qwen_fields, settle_qwen),
    FAMILY("molmo", TP_KEYS_SHAPE | TP_KEYS_BIASES, molmo, molmo_fields, settle_molmo),
    FAMILY("telechat", 0, telechat, telechat_fields, NULL),
    FAMILY("hyperclovax", TP_KEYS_SHAPE | TP_KEYS_BIASES, hyperclovax, hyperclovax_fields,
           tp_settle_attention_bias),
};
const size_t tp_n_own_families = sizeof tp_own_families / sizeof tp_own_families[0];
