/* Families that spell their shape in words of their own, or of which a checkpoint's size is known:
 * what a file of each is read as. */
#include "base/file.h"
#include "model/family.h"
#include "model/layer.h"
#include "open.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

/* What of a published config.json says its shape; the parameters that its checkpoint holds, but for
 * a head's bias; and the elements that a token leaves in the caches. */
static const struct {
  const char *json;
  int64_t parameters, cache;
} checkpoints[] = {
    /* THUDM/chatglm3-6b */
    {"{\"model_type\":\"chatglm\",\"num_layers\":28,\"hidden_size\":4096,\"kv_channels\":128,"
     "\"num_attention_heads\":32,\"multi_query_attention\":true,\"multi_query_group_num\":2,"
     "\"ffn_hidden_size\":13696,\"padded_vocab_size\":65024,\"add_qkv_bias\":true,"
     "\"add_bias_linear\":false,\"rmsnorm\":true,\"tie_word_embeddings\":false}",
     6243584000, 28 * 2 * 2 * 128},
    /* baichuan-inc/Baichuan2-7B, -13B */
    {"{\"model_type\":\"baichuan\",\"hidden_size\":4096,\"intermediate_size\":11008,"
     "\"num_hidden_layers\":32,\"num_attention_heads\":32,\"vocab_size\":125696}",
     7505973248, 32 * 2 * 4096},
    {"{\"model_type\":\"baichuan\",\"hidden_size\":5120,\"intermediate_size\":13696,"
     "\"num_hidden_layers\":40,\"num_attention_heads\":40,\"vocab_size\":125696}",
     13896668160, 40 * 2 * 5120},
    /* databricks/dbrx-base */
    {"{\"model_type\":\"dbrx\",\"d_model\":6144,\"n_heads\":48,\"n_layers\":40,"
     "\"attn_config\":{\"clip_qkv\":8,\"kv_n_heads\":8},\"ffn_config\":{\"ffn_hidden_size\":10752,"
     "\"moe_num_experts\":16,\"moe_top_k\":4},\"vocab_size\":100352,"
     "\"tie_word_embeddings\":false}",
     131596523520, 40 * 2 * 8 * 128},
    /* inclusionAI/Ling-lite, Ling-mini-2.0 */
    {"{\"model_type\":\"bailing_moe\",\"hidden_size\":2048,\"intermediate_size\":5632,"
     "\"num_hidden_layers\":28,\"num_attention_heads\":16,\"num_key_value_heads\":4,"
     "\"num_experts\":64,\"num_experts_per_tok\":6,\"moe_intermediate_size\":1408,"
     "\"num_shared_experts\":2,\"first_k_dense_replace\":0,\"vocab_size\":126464}",
     16801974272, 28 * 2 * 4 * 128},
    {"{\"model_type\":\"bailing_moe\",\"hidden_size\":2048,\"intermediate_size\":5120,"
     "\"num_hidden_layers\":20,\"num_attention_heads\":16,\"num_key_value_heads\":4,"
     "\"head_dim\":128,\"num_experts\":256,\"num_experts_per_tok\":8,"
     "\"moe_intermediate_size\":512,\"num_shared_experts\":1,\"first_k_dense_replace\":1,"
     "\"use_qk_norm\":true,\"moe_router_enable_expert_bias\":true,\"vocab_size\":157184}",
     16255643392, 20 * 2 * 4 * 128},
    /* LGAI-EXAONE/EXAONE-3.5-7.8B, -2.4B */
    {"{\"model_type\":\"exaone\",\"hidden_size\":4096,\"intermediate_size\":14336,"
     "\"num_layers\":32,\"num_attention_heads\":32,\"num_key_value_heads\":8,"
     "\"vocab_size\":102400,\"tie_word_embeddings\":false}",
     7818448896, 32 * 2 * 8 * 128},
    {"{\"model_type\":\"exaone\",\"hidden_size\":2560,\"intermediate_size\":7168,"
     "\"num_layers\":30,\"num_attention_heads\":32,\"num_key_value_heads\":8,\"head_dim\":80,"
     "\"vocab_size\":102400,\"tie_word_embeddings\":true}",
     2405327360, 30 * 2 * 8 * 80},
    /* allenai/OLMo-7B-hf, OLMo-1B-hf: norms without weights */
    {"{\"model_type\":\"olmo\",\"hidden_size\":4096,\"intermediate_size\":11008,"
     "\"num_hidden_layers\":32,\"num_attention_heads\":32,\"vocab_size\":50304,"
     "\"tie_word_embeddings\":false}",
     6888095744, 32 * 2 * 4096},
    {"{\"model_type\":\"olmo\",\"hidden_size\":2048,\"intermediate_size\":8192,"
     "\"num_hidden_layers\":16,\"num_attention_heads\":16,\"vocab_size\":50304,"
     "\"tie_word_embeddings\":true}",
     1176764416, 16 * 2 * 2048},
    /* EleutherAI/gpt-neo-2.7B */
    {"{\"model_type\":\"gpt_neo\",\"hidden_size\":2560,\"num_layers\":32,\"num_heads\":20,"
     "\"attention_types\":[[[\"global\",\"local\"],16]],\"window_size\":256,"
     "\"intermediate_size\":null,\"max_position_embeddings\":2048,\"vocab_size\":50257}",
     2651307520, 32 * 2 * 2560},
    /* EleutherAI/gpt-j-6b: 6050882784 with the bias of its head, and 400 unused rows */
    {"{\"model_type\":\"gptj\",\"n_embd\":4096,\"n_head\":16,\"n_inner\":null,\"n_layer\":28,"
     "\"n_positions\":2048,\"rotary_dim\":64,\"tie_word_embeddings\":false,\"vocab_size\":50400}",
     6050882784 - 50400, 28 * 2 * 4096},
    /* bigcode/starcoder */
    {"{\"model_type\":\"gpt_bigcode\",\"multi_query\":true,\"n_embd\":6144,\"n_head\":48,"
     "\"n_inner\":24576,\"n_layer\":40,\"n_positions\":8192,\"vocab_size\":49152}",
     15517456384, 40 * 2 * 128},
    /* mosaicml/mpt-7b */
    {"{\"model_type\":\"mpt\",\"attn_config\":{\"alibi\":true,\"qk_ln\":false,"
     "\"attn_type\":\"multihead_attention\"},\"d_model\":4096,\"expansion_ratio\":4,"
     "\"max_seq_len\":2048,\"n_heads\":32,\"n_layers\":32,\"no_bias\":true,\"vocab_size\":50432}",
     6649286656, 32 * 2 * 4096},
    /* Qwen/Qwen-7B */
    {"{\"model_type\":\"qwen\",\"hidden_size\":4096,\"intermediate_size\":22016,"
     "\"kv_channels\":128,\"no_bias\":true,\"num_attention_heads\":32,\"num_hidden_layers\":32,"
     "\"tie_word_embeddings\":false,\"vocab_size\":151936}",
     7721324544, 32 * 2 * 4096},
    /* microsoft/phi-1_5 as first published: 1418270720 with the bias of its head */
    {"{\"model_type\":\"phi-msft\",\"n_embd\":2048,\"n_head\":32,\"n_head_kv\":null,"
     "\"n_inner\":null,\"n_layer\":24,\"tie_word_embeddings\":false,\"vocab_size\":51200}",
     1418270720 - 51200, 24 * 2 * 2048},
    /* tiiuae/falcon-40b as first published */
    {"{\"model_type\":\"RefinedWeb\",\"hidden_size\":8192,\"n_head\":128,\"n_head_kv\":8,"
     "\"n_layer\":60,\"parallel_attn\":true,\"alibi\":false,\"bias\":false,\"vocab_size\":65024}",
     41303293952, 60 * 2 * 8 * 64},
    /* openbmb/MiniCPM-2B */
    {"{\"model_type\":\"minicpm\",\"hidden_size\":2304,\"intermediate_size\":5760,"
     "\"num_hidden_layers\":40,\"num_attention_heads\":36,\"num_key_value_heads\":36,"
     "\"scale_emb\":12,\"vocab_size\":122753}",
     2724880896, 40 * 2 * 2304},
    /* 01-ai/Yi-34B as first published */
    {"{\"model_type\":\"Yi\",\"hidden_size\":7168,\"intermediate_size\":20480,"
     "\"num_hidden_layers\":60,\"num_attention_heads\":56,\"num_key_value_heads\":8,"
     "\"vocab_size\":64000}",
     34388917248, 60 * 2 * 8 * 128},
    /* google/vaultgemma-1b */
    {"{\"model_type\":\"vaultgemma\",\"hidden_size\":1152,\"intermediate_size\":6912,"
     "\"num_hidden_layers\":2,\"num_attention_heads\":4,\"num_key_value_heads\":4,"
     "\"head_dim\":256,\"vocab_size\":256000}",
     1152 + 256000 * 1152 + 2 * (4 * 1152 * 1024 + 3 * 1152 * 6912 + 2 * 1152), 2 * 2 * 4 * 256},
    /* Qwen/Qwen2.5-Omni-7B's thinker */
    {"{\"model_type\":\"qwen2_5_omni\",\"thinker_config\":{\"text_config\":{"
     "\"model_type\":\"qwen2_5_omni_text\",\"hidden_size\":3584,\"intermediate_size\":18944,"
     "\"num_hidden_layers\":28,\"num_attention_heads\":28,\"num_key_value_heads\":4,"
     "\"vocab_size\":152064}}}",
     7615616512, 28 * 2 * 4 * 128},
};

START_TEST(checkpoints_count_exactly)
{
  const struct tp_model m = open_text(checkpoints[_i].json, arena);
  ck_assert_int_eq(tp_model_parameters(&m), checkpoints[_i].parameters);
  ck_assert_int_eq(tp_model_cache_elements(&m), checkpoints[_i].cache);
}
END_TEST

#define TINY                                                             \
  "\"hidden_size\":64,\"intermediate_size\":96,\"num_hidden_layers\":2," \
  "\"num_attention_heads\":4,\"vocab_size\":10"
enum { EMBEDDING = 10 * 64, ATTENTION = 4 * 64 * 64, MLP = 3 * 64 * 96, UNGATED = 2 * 64 * 96 };

/* Counts worked out by hand: two layers of width 64, of 4 heads, with an MLP of 96. */
static const struct {
  const char *json;
  int64_t parameters;
} tiny[] = {
    {"{\"model_type\":\"apertus\",\"qk_norm\":true," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + UNGATED + 2 * 64 + 2 * 16)},
    {"{\"model_type\":\"orion\",\"num_key_value_heads\":4," TINY "}",
     2 * EMBEDDING + 128 + 2 * (ATTENTION + MLP + 2 * 128)},
    {"{\"model_type\":\"persimmon\",\"qk_layernorm\":false," TINY "}",
     2 * EMBEDDING + 128 + 2 * (ATTENTION + 4 * 64 + UNGATED + 96 + 64 + 2 * 128)},
    /* four norms a layer */
    {"{\"model_type\":\"grok-1\",\"num_key_value_heads\":4,\"num_experts\":2," TINY "}",
     EMBEDDING + 64 + 2 * (ATTENTION + 2 * 64 + 2 * MLP + 4 * 64)},
    {"{\"model_type\":\"hyperclovax\",\"use_post_norm\":true," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + MLP + 4 * 64)},
    {"{\"model_type\":\"hyperclovax\",\"use_post_norm\":false," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + MLP + 2 * 64)},
    /* half the width that the file gives, and more rows than words */
    {"{\"model_type\":\"molmo\",\"qkv_bias\":true,\"embedding_size\":12,\"num_key_value_heads\":4,"
     "\"attention_layer_norm\":true," TINY "}",
     2 * 12 * 64 + 64 + 2 * (ATTENTION + 3 * 64 + MLP / 2 + 2 * 64 + 2 * 64)},
    {"{\"model_type\":\"flex_olmo\",\"num_experts\":3,\"num_experts_per_tok\":3," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + 3 * 64 + 3 * MLP + 2 * 64 + 2 * 64)},
    {"{\"model_type\":\"aria_text\",\"moe_num_experts\":3,\"moe_num_shared_experts\":2,"
     "\"moe_topk\":2," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + 3 * 64 + 5 * MLP + 2 * 64)},
    {"{\"model_type\":\"telechat\",\"hidden_size\":64,\"n_layer\":2,\"n_head\":4,"
     "\"ffn_hidden_size\":96,\"vocab_size\":10}",
     EMBEDDING + 64 + 2 * (ATTENTION + 64 + MLP + 2 * 64)},
    {"{\"model_type\":\"jais\",\"n_embd\":64,\"n_layer\":2,\"n_head\":4,\"n_inner\":96,"
     "\"n_positions\":8,\"vocab_size\":10,\"position_embedding_type\":\"alibi\","
     "\"activation_function\":\"swiglu\"}",
     EMBEDDING + 128 + 2 * (ATTENTION + 4 * 64 + MLP + 2 * 96 + 64 + 2 * 128)},
    {"{\"model_type\":\"mpt\",\"d_model\":64,\"n_layers\":2,\"n_heads\":4,\"vocab_size\":10,"
     "\"max_seq_len\":8,\"no_bias\":false,\"attn_config\":{\"alibi\":false}}",
     EMBEDDING + 8 * 64 + 128 + 2 * (ATTENTION + 4 * 64 + 8 * 64 * 64 + 5 * 64 + 2 * 128)},
    /* SantaCoder's one KV head */
    {"{\"model_type\":\"gpt2\",\"n_embd\":64,\"n_layer\":2,\"n_head\":4,\"n_inner\":96,"
     "\"n_positions\":8,\"vocab_size\":10,\"attention_head_type\":\"multiquery\"}",
     EMBEDDING + 8 * 64 + 128 +
         2 * (2 * 64 * 64 + 2 * 64 * 16 + 2 * 64 + 2 * 16 + 2 * 64 * 96 + 96 + 64 + 2 * 128)},
    {"{\"model_type\":\"mobilellm\",\"share_embedding\":true,\"layer_sharing\":false,"
     "\"tie_word_embeddings\":false," TINY "}",
     EMBEDDING + 64 + 2 * (ATTENTION + MLP + 2 * 64)},
    /* one expert is none, and makes no use of those that all tokens see */
    {"{\"model_type\":\"hunyuan\",\"num_experts\":1,\"moe_topk\":1,\"num_shared_expert\":1,"
     "\"use_cla\":false,\"cla_share_factor\":2,\"use_qk_norm\":true," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + MLP + 2 * 64 + 2 * 16)},
    /* attention of softmax alone, whatever else the family has */
    {"{\"model_type\":\"minimax\",\"attn_type_list\":[1,1],\"num_local_experts\":3,"
     "\"num_experts_per_tok\":2," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + 3 * 64 + 3 * MLP + 2 * 64)},
    /* a step of 0, or a list of none, is a model of dense layers; a list goes before a step */
    {"{\"model_type\":\"llama4_text\",\"num_local_experts\":0,\"num_experts_per_tok\":0,"
     "\"interleave_moe_layer_step\":0,\"num_key_value_heads\":4,\"head_dim\":16,"
     "\"intermediate_size_mlp\":96," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + MLP + 2 * 64)},
    {"{\"model_type\":\"llama4_text\",\"num_local_experts\":3,\"interleave_moe_layer_step\":1,"
     "\"moe_layers\":[1],\"num_key_value_heads\":4,\"head_dim\":16,"
     "\"intermediate_size_mlp\":96," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + 2 * 64) + MLP + 3 * 64 + 4 * MLP},
    /* norms of queries and keys without weights */
    {"{\"model_type\":\"llama4_text\",\"num_local_experts\":3,\"moe_layers\":[],"
     "\"use_qk_norm\":true,\"num_key_value_heads\":4,\"head_dim\":16,"
     "\"intermediate_size_mlp\":96," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + MLP + 2 * 64)},
    {"{\"model_type\":\"exaone_moe\",\"num_experts\":3,\"num_experts_per_tok\":2,"
     "\"moe_intermediate_size\":96,\"num_shared_experts\":1,\"is_moe_layer\":[false,true]," TINY
     "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + 2 * 64 + 2 * 16) + MLP + 3 * 64 + 3 + 4 * MLP},
    {"{\"model_type\":\"solar_open\",\"n_routed_experts\":3,\"num_experts_per_tok\":2,"
     "\"moe_intermediate_size\":96," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + 2 * 64 + 3 * 64 + 3 + 4 * MLP)},
    {"{\"model_type\":\"Keye\",\"num_key_value_heads\":4,\"head_dim\":16," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + MLP + 2 * 64 + 2 * 16)},
    {"{\"model_type\":\"jais2\"," TINY "}",
     2 * EMBEDDING + 128 + 2 * (ATTENTION + 4 * 64 + 2 * 64 * 96 + 96 + 64 + 2 * 128)},
    {"{\"model_type\":\"glm_ocr_text\"," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + MLP + 4 * 64)},
    {"{\"model_type\":\"PanguEmbedded\",\"num_key_value_heads\":4," TINY "}",
     2 * EMBEDDING + 64 + 2 * (ATTENTION + 4 * 64 + MLP + 2 * 64)},
    /* one list of a number a layer */
    {"{\"model_type\":\"hunyuan_v1_moe\",\"num_experts\":3,\"moe_topk\":[2,2],"
     "\"moe_intermediate_size\":[96,96],\"num_shared_expert\":[1,1],\"use_qk_norm\":true,"
     "\"tie_word_embeddings\":true," TINY "}",
     EMBEDDING + 64 + 2 * (ATTENTION + 3 * 64 + 4 * MLP + 2 * 64 + 2 * 16)},
};

START_TEST(small_files_count_as_by_hand)
{
  const struct tp_model m = open_text(tiny[_i].json, arena);
  ck_assert_msg(tp_model_parameters(&m) == tiny[_i].parameters, "%s: %lld of %lld", tiny[_i].json,
                (long long)tp_model_parameters(&m), (long long)tiny[_i].parameters);
}
END_TEST

/* From the first one on; a model may keep more of them than it has positions. */
START_TEST(every_learned_position_is_a_row)
{
  static const char *const types[] = {"opt", "gpt2"};
  static const char *const keys[] = {"max_position_embeddings", "n_positions"};
  int64_t before = 0;
  for (int positions = 1; positions <= 3; positions++) {
    const struct tp_model m =
        open_text(tp_arena_printf(arena, "{\"model_type\":\"%s\",\"hidden_size\":768,\"%s\":%d}",
                                  types[_i], keys[_i], positions),
                  arena);
    ck_assert_int_eq(m.position, TP_POSITION_LEARNED);
    ck_assert(before == 0 || tp_model_parameters(&m) == before + m.hidden);
    before = tp_model_parameters(&m);
  }
}
END_TEST

/* Positions turn, are learned, or are ALiBi's: that changes kernels and what a sequence may be. */
static const struct {
  const char *json;
  enum tp_position position;
  int64_t kv_heads;
} forms[] = {
    {"{\"model_type\":\"baichuan\"," TINY "}", TP_POSITION_ALIBI, 4},
    {"{\"model_type\":\"baichuan\",\"hidden_size\":4096}", TP_POSITION_ROTARY, 32},
    {"{\"model_type\":\"mpt\",\"d_model\":64,\"n_layers\":2,\"n_heads\":4,\"attn_config\":{}}",
     TP_POSITION_ALIBI, 4},
    {"{\"model_type\":\"mpt\",\"d_model\":64,\"n_layers\":2,\"n_heads\":4,\"attn_config\":{"
     "\"alibi\":false,\"rope\":true,\"attn_type\":\"grouped_query_attention\",\"kv_n_heads\":2}}",
     TP_POSITION_ROTARY, 2},
    {"{\"model_type\":\"mpt\",\"d_model\":64,\"n_layers\":2,\"n_heads\":4,\"attn_config\":{"
     "\"alibi\":false,\"attn_type\":\"multiquery_attention\"}}",
     TP_POSITION_LEARNED, 1},
    {"{\"model_type\":\"jais\",\"n_layer\":12,\"position_embedding_type\":\"learned\"}",
     TP_POSITION_LEARNED, 12},
    {"{\"model_type\":\"gpt_bigcode\",\"n_layer\":12,\"multi_query\":false}", TP_POSITION_LEARNED,
     12},
    {"{\"model_type\":\"codegen\",\"n_layer\":28,\"n_positions\":2048}", TP_POSITION_ROTARY, 16},
    {"{\"model_type\":\"chatglm\",\"num_layers\":28,\"multi_query_attention\":false}",
     TP_POSITION_ROTARY, 32},
};

START_TEST(positions_and_heads_are_the_familys)
{
  const struct tp_model m = open_text(forms[_i].json, arena);
  ck_assert_int_eq(m.position, forms[_i].position);
  ck_assert_int_eq(m.kv_heads, forms[_i].kv_heads);
  ck_assert_int_eq(m.max_positions > 0, m.position == TP_POSITION_LEARNED);
}
END_TEST

START_TEST(positions_in_other_words)
{
  static const struct {
    const char *json;
    int64_t context;
  } files[] = {{"{\"model_type\":\"chatglm\",\"num_layers\":28,\"seq_length\":8192}", 8192},
               {"{\"model_type\":\"dbrx\",\"n_layers\":24,\"max_seq_len\":32768}", 32768},
               {"{\"model_type\":\"gptj\",\"n_layer\":28,\"n_positions\":2048}", 2048},
               {"{\"model_type\":\"bloom\",\"n_layer\":2,\"seq_length\":2048}", 0},
               {"{\"model_type\":\"gpt2\",\"n_layer\":12,\"n_positions\":2048}", 0}};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    const struct tp_model m = open_text(files[i].json, arena);
    ck_assert_msg(m.context == files[i].context, "%s: %lld", files[i].json, (long long)m.context);
  }
}
END_TEST

START_TEST(layers_in_turns)
{
  const struct tp_model m = open_text(
      "{\"model_type\":\"gpt_neo\",\"num_layers\":5,\"window_size\":7,\"attention_types\":"
      "[[[\"global\",\"local\"],2],[[\"local\"],1]]}",
      arena);
  static const int64_t want[] = {0, 7, 0, 7, 7};
  for (int64_t layer = 0; layer < 5; layer++)
    ck_assert_int_eq(m.kinds[tp_model_kind_of(&m, layer)].window, want[layer]);
}
END_TEST

/* Where a file lists no turns, its class has every other layer local. */
START_TEST(layers_in_turns_unless_they_are_listed)
{
  static const char *const keys[] = {"", ",\"attention_layers\":[\"local\",\"local\",\"global\"]"};
  static const int64_t want[][3] = {{0, 256, 0}, {256, 256, 0}};
  for (int i = 0; i < 2; i++) {
    const struct tp_model m = open_text(
        tp_arena_printf(arena, "{\"model_type\":\"gpt_neo\",\"num_layers\":3%s}", keys[i]), arena);
    bool said = false;
    for (int64_t layer = 0; layer < 3; layer++)
      ck_assert_int_eq(m.kinds[tp_model_kind_of(&m, layer)].window, want[i][layer]);
    for (size_t n = 0; n < m.n_notes; n++)
      said = said || strstr(m.notes[n], "'attention_types' is left out") != NULL;
    ck_assert_int_eq(said, i == 0);
  }
}
END_TEST

/* A class may have another number of key/value heads than of heads; null is as many. */
START_TEST(key_value_heads_are_the_classes)
{
  static const struct {
    const char *family;
    int64_t kv_heads;
  } classes_of[] = {{"qwen2", 32},    {"qwen3", 32},   {"qwen2_moe", 16}, {"gemma", 16},
                    {"stablelm", 32}, {"exaone4", 32}, {"llama", 64}};
  for (size_t i = 0; i < sizeof classes_of / sizeof *classes_of; i++)
    for (int is_null = 0; is_null < 2; is_null++) {
      const struct tp_model m = open_text(
          tp_arena_printf(
              arena, "{\"model_type\":\"%s\",\"hidden_size\":4096,\"num_attention_heads\":64%s}",
              classes_of[i].family, is_null ? ",\"num_key_value_heads\":null" : ""),
          arena);
      ck_assert_msg(m.kv_heads == (is_null ? 64 : classes_of[i].kv_heads), "%s: %lld",
                    classes_of[i].family, (long long)m.kv_heads);
    }
}
END_TEST

/* Queries see the keys of their chunk as ever, but for those at its end. */
START_TEST(attention_in_two_chunks_is_ordinary_within_one)
{
  const struct tp_model m =
      open_text("{\"model_type\":\"qwen2\",\"num_key_value_heads\":4," TINY
                ",\"dual_chunk_attention_config\":{\"chunk_size\":1024,\"local_size\":24}}",
                arena);
  ck_assert_int_eq(m.chunk, 1000);
}
END_TEST

START_TEST(key_value_heads_by_layer)
{
  static const char lists[] = "\"num_key_value_heads\":4,\"num_key_value_heads_per_layer\":[4,1]";
  static const char *const types[] = {"deci", "aquila", "qwen2"};
  for (int i = 0; i < 3; i++) {
    const struct tp_model m = open_text(
        tp_arena_printf(arena, "{\"model_type\":\"%s\"," TINY ",%s}", types[i], lists), arena);
    ck_assert_int_eq(tp_model_cache_elements(&m), 2 * 16 * (4 + 1));
    ck_assert(i > 0 || tp_model_parameters(&m) == 2 * EMBEDDING + 64 +
                                                      2 * (2 * 64 * 64 + MLP + 2 * 64) +
                                                      2 * 64 * 16 * (4 + 1));
  }
  /* A family with words of its own for its shape has not this one. */
  const struct tp_model m =
      open_text(tp_arena_printf(arena, "{\"model_type\":\"gpt2\",\"n_layer\":2,%s}", lists), arena);
  ck_assert_int_eq(tp_model_cache_elements(&m), 2 * 2 * 768);
}
END_TEST

/* What a norm without weights is normalised by is nothing that a rank holds. */
START_TEST(plain_norms_hold_nothing)
{
  const struct tp_model m = open_text("{\"model_type\":\"olmo\"," TINY "}", arena);
  const struct tp_layer layer = tp_layer_make(&m, 0);
  ck_assert_int_eq(layer.n_vectors, 0);
  ck_assert(tp_model_is_odd(&m));
}
END_TEST

/* A part that sees is spoken of, also where the language model's keys are the file's own. */
START_TEST(other_parts_are_said_to_be_left_out)
{
  const struct tp_model m =
      open_text("{\"model_type\":\"glm4v\"," TINY ",\"num_key_value_heads\":4,\"head_dim\":16,"
                "\"vision_config\":{\"depth\":2}}",
                arena);
  ck_assert_uint_eq(m.n_notes, 1);
  ck_assert_ptr_nonnull(strstr(m.notes[0], "vision_config: is left out"));
}
END_TEST

/* models/README.md is what a refusal points at, so it names them all; and a family that is read is
 * not refused by its name. */
START_TEST(the_page_names_all_families)
{
  const char *page = NULL;
  struct tp_error error;
  ck_assert_int_eq(tp_file_read(TP_SRCDIR "/models/README.md", arena, &page, &error), TP_OK);
  const struct tp_family *family;
  size_t n = 0;
  for (; (family = tp_family_at(n)) != NULL; n++) {
    ck_assert_msg(strstr(page, tp_arena_printf(arena, "`%s`", family->name)) != NULL, "%s",
                  family->name);
    ck_assert_msg(tp_refused_op(family->name) == NULL, "%s", family->name);
  }
  ck_assert_uint_ge(n, 100);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])
static Suite *suite(void)
{
  Suite *const s = suite_create("families");
  TCase *const t = tcase_create("families");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, checkpoints_count_exactly, 0, COUNT(checkpoints));
  tcase_add_loop_test(t, small_files_count_as_by_hand, 0, COUNT(tiny));
  tcase_add_loop_test(t, every_learned_position_is_a_row, 0, 2);
  tcase_add_loop_test(t, positions_and_heads_are_the_familys, 0, COUNT(forms));
  tcase_add_test(t, positions_in_other_words);
  tcase_add_test(t, layers_in_turns);
  tcase_add_test(t, layers_in_turns_unless_they_are_listed);
  tcase_add_test(t, key_value_heads_are_the_classes);
  tcase_add_test(t, attention_in_two_chunks_is_ordinary_within_one);
  tcase_add_test(t, key_value_heads_by_layer);
  tcase_add_test(t, plain_norms_hold_nothing);
  tcase_add_test(t, other_parts_are_said_to_be_left_out);
  tcase_add_test(t, the_page_names_all_families);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
