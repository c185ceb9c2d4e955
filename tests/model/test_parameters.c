/* Parameter counts against the published ones. */
#include "open.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

/* Tolerance 0: the number of elements of the published checkpoint's tensors.  Else the size as the
 * paper rounds it. */
static const struct {
  const char *name;
  double published, tolerance;
} shipped[] = {
    {"llama-2-7b", 6738415616, 0},
    {"llama-2-13b", 13015864320, 0},
    {"llama-2-70b", 68976648192, 0},
    {"llama-3.1-8b", 8030261248, 0},
    {"llama-3.1-70b", 70553706496, 0},
    {"llama-3.3-70b", 70553706496, 0},
    /* The checkpoint with 8 key/value heads, and 8 more of 128 in 126 layers. */
    {"ladder-405b", 405853388800 + 126.0 * 2 * 16384 * 8 * 128, 0},
    {"llama-3.1-405b", 405853388800, 0},
    {"mixtral-8x7b", 46702792704, 0},
    {"mixtral-8x22b", 140620634112, 0},
    {"qwen3-30b-a3b", 30532122624, 0},
    {"qwen3-235b-a22b", 235093634560, 0},
    {"qwen3-32b", 32762123264, 0},
    {"gpt-oss-20b", 20914757184, 0},
    {"gpt-oss-120b", 116829156672, 0},
    {"deepseek-v3", 671026419200, 0}, /* of the main model: its card */
    {"deepseek-r1", 671026419200, 0},
    {"kimi-k2", 1026408232448, 0},
    {"minimax-m2", 228689764864, 0.0001},
    {"glm-4.5", 353e9, 0.001}, /* 355 billion with the layer that predicts a further token */
    {"llama-4-scout", 107769861120, 0.0001}, /* without the vision part's 0.9 billion */
    {"gemma-3-27b", 27009002240, 0.0001},    /* without the vision part's 0.42 billion */
    {"codellama-34b", 33743970304, 0},
    {"mistral-7b", 7248023552, 0},
    {"qwen2.5-32b", 32763876352, 0},
    {"bloom-176b", 176247271424, 0},
    {"gpt3-1.3b", 1.3e9, 0.015},
    {"gpt3-6.7b", 6.7e9, 0.007},
    {"gpt3-13b", 13.0e9, 0.012},
    {"gpt3-65b", 65e9, 0.003},
    {"gpt3-175b", 175e9, 0.003},
    {"mega-gpt-2", 8.3e9, 0.003},
    {"t-nlg", 17e9, 0.015},
    {"mt-nlg-530b", 530e9, 0.001},
    {"palm-540b", 540.35e9, 0.0001}, /* arXiv 2204.02311, table 1 */
    {"ladder-1b", 1.2e9, 0.01},      /* arXiv 2501.06589: 1.2B and 3.5B */
    {"ladder-3b", 3.5e9, 0.01},
    {"kraken-760m-4way", 760.8e6, 0.0005},
};

START_TEST(shipped_models_have_their_published_size)
{
  const struct tp_model model = open_shipped(shipped[_i].name, arena);
  ck_assert_str_eq(model.name, shipped[_i].name);
  ck_assert_rel((double)tp_model_parameters(&model), shipped[_i].published, shipped[_i].tolerance);
}
END_TEST

/* arXiv 2501.06589's own configurations: parameters of one layer, norms left out. */
static const struct {
  const char *name;
  int64_t layers, matrices;
} ladder[] = {
    {"ladder-1b", 40, 28311552},      {"ladder-3b", 40, 84934656},
    {"llama-3.1-8b", 32, 218103808},  {"codellama-34b", 48, 692060160},
    {"llama-3.1-70b", 80, 855638016}, {"ladder-176b", 70, 2980052992},
    {"ladder-405b", 126, 3221225472},
};

START_TEST(ladder_sizes_have_the_papers_layers)
{
  const struct tp_model model = open_shipped(ladder[_i].name, arena);
  ck_assert_int_eq(model.layers, ladder[_i].layers);
  ck_assert_int_eq(tp_model_layer_parameters(&model, 0), ladder[_i].matrices + 2 * model.hidden);
}
END_TEST

static const struct {
  const char *name;
  double layers, ways, d;
} kraken[] = {
    {"kraken-125m-2way", 12, 2, 678}, {"kraken-125m-4way", 12, 4, 504},
    {"kraken-125m-6way", 12, 6, 418}, {"kraken-350m-2way", 24, 2, 888},
    {"kraken-350m-4way", 24, 4, 644}, {"kraken-760m-4way", 24, 4, 960},
};

/* V d + positions d + 8 L N d^2 + N d^2 (combining layer) of arXiv 2408.07802, and two norms a
 * sub-layer and one at the end, each of 2 d. */
START_TEST(kraken_sizes_follow_the_papers_formula)
{
  const double n = kraken[_i].ways, d = kraken[_i].d, layers = kraken[_i].layers;
  const double formula = (50304 + 1024) * d + 8 * layers * n * d * d + n * d * d;
  const struct tp_model model = open_shipped(kraken[_i].name, arena);
  ck_assert_double_eq((double)tp_model_parameters(&model), formula + (2 * layers * n + 1) * 2 * d);
}
END_TEST

START_TEST(quarters_have_a_quarter_of_the_layers)
{
  static const char *const names[] = {"gpt3-65b", "gpt3-175b"};
  for (int i = 0; i < 2; i++) {
    const struct tp_model whole = open_shipped(names[i], arena);
    struct tp_model quarter = open_shipped(tp_arena_printf(arena, "%s-quarter", names[i]), arena);
    ck_assert_int_eq(4 * quarter.layers, whole.layers);
    quarter.layers = whole.layers;
    ck_assert_int_eq(tp_model_parameters(&quarter), tp_model_parameters(&whole));
  }
}
END_TEST

/* Checkpoints of the families that no shipped file covers: what of Hugging Face's config.json says
 * their shape. */
static const struct {
  const char *json;
  double published;
} checkpoints[] = {
    /* gpt2 */
    {"{\"model_type\":\"gpt2\",\"n_ctx\":1024,\"n_embd\":768,\"n_head\":12,\"n_layer\":12,"
     "\"n_positions\":1024,\"vocab_size\":50257}",
     124439808},
    /* EleutherAI/gpt-neox-20b */
    {"{\"model_type\":\"gpt_neox\",\"hidden_size\":6144,\"intermediate_size\":24576,"
     "\"max_position_embeddings\":2048,\"num_attention_heads\":64,\"num_hidden_layers\":44,"
     "\"rotary_pct\":0.25,\"tie_word_embeddings\":false,\"vocab_size\":50432}",
     20554567680},
    /* facebook/opt-6.7b */
    {"{\"model_type\":\"opt\",\"ffn_dim\":16384,\"hidden_size\":4096,"
     "\"max_position_embeddings\":2048,\"num_attention_heads\":32,\"num_hidden_layers\":32,"
     "\"vocab_size\":50272,\"word_embed_proj_dim\":4096}",
     6658473984},
    /* bigscience/bloom-560m */
    {"{\"model_type\":\"bloom\",\"n_embed\":1024,\"n_layer\":24,\"num_attention_heads\":16,"
     "\"n_inner\":null,\"vocab_size\":250880}",
     559214592},
    /* tiiuae/falcon-7b */
    {"{\"model_type\":\"falcon\",\"alibi\":false,\"bias\":false,\"hidden_size\":4544,"
     "\"multi_query\":true,\"new_decoder_architecture\":false,\"num_attention_heads\":71,"
     "\"num_hidden_layers\":32,\"parallel_attn\":true,\"vocab_size\":65024}",
     6921720704},
    /* tiiuae/falcon-40b */
    {"{\"model_type\":\"falcon\",\"alibi\":false,\"bias\":false,\"hidden_size\":8192,"
     "\"multi_query\":true,\"new_decoder_architecture\":true,\"num_attention_heads\":128,"
     "\"num_hidden_layers\":60,\"num_kv_heads\":8,\"parallel_attn\":true,\"vocab_size\":65024}",
     41303293952},
    /* Qwen/Qwen2-0.5B */
    {"{\"model_type\":\"qwen2\",\"hidden_size\":896,\"intermediate_size\":4864,"
     "\"num_attention_heads\":14,\"num_hidden_layers\":24,\"num_key_value_heads\":2,"
     "\"tie_word_embeddings\":true,\"vocab_size\":151936}",
     494032768},
    /* Qwen/Qwen3-8B; head_dim left out, as Hugging Face's default is the same */
    {"{\"model_type\":\"qwen3\",\"attention_bias\":false,\"hidden_size\":4096,"
     "\"intermediate_size\":12288,\"num_attention_heads\":32,\"num_hidden_layers\":36,"
     "\"num_key_value_heads\":8,\"tie_word_embeddings\":false,\"vocab_size\":151936}",
     8190735360},
    /* microsoft/Phi-3-mini-4k */
    {"{\"model_type\":\"phi3\",\"hidden_size\":3072,\"intermediate_size\":8192,"
     "\"num_hidden_layers\":32,\"num_attention_heads\":32,\"num_key_value_heads\":32,"
     "\"vocab_size\":32064,\"sliding_window\":2047}",
     3821079552},
    /* google/gemma-7b */
    {"{\"model_type\":\"gemma\",\"hidden_size\":3072,\"intermediate_size\":24576,"
     "\"num_hidden_layers\":28,\"num_attention_heads\":16,\"num_key_value_heads\":16,"
     "\"head_dim\":256,\"vocab_size\":256000}",
     8537680896},
    /* google/gemma-2-9b */
    {"{\"model_type\":\"gemma2\",\"hidden_size\":3584,\"intermediate_size\":14336,"
     "\"num_hidden_layers\":42,\"num_attention_heads\":16,\"num_key_value_heads\":8,"
     "\"head_dim\":256,\"vocab_size\":256000}",
     9241705984},
    /* google/gemma-3-1b */
    {"{\"model_type\":\"gemma3_text\",\"hidden_size\":1152,\"intermediate_size\":6912,"
     "\"num_hidden_layers\":26,\"num_attention_heads\":4,\"num_key_value_heads\":1,"
     "\"head_dim\":256,\"vocab_size\":262144,\"sliding_window\":512}",
     999885952},
    /* allenai/OLMo-2-1124-7B */
    {"{\"model_type\":\"olmo2\",\"hidden_size\":4096,\"intermediate_size\":11008,"
     "\"num_hidden_layers\":32,\"num_attention_heads\":32,\"num_key_value_heads\":32,"
     "\"vocab_size\":100352}",
     7298617344},
    /* CohereForAI/c4ai-command-r-v01 */
    {"{\"model_type\":\"cohere\",\"hidden_size\":8192,\"intermediate_size\":22528,"
     "\"num_hidden_layers\":40,\"num_attention_heads\":64,\"num_key_value_heads\":64,"
     "\"vocab_size\":256000}",
     34980831232},
    /* bigcode/starcoder2-7b */
    {"{\"model_type\":\"starcoder2\",\"hidden_size\":4608,\"intermediate_size\":18432,"
     "\"num_hidden_layers\":32,\"num_attention_heads\":36,\"num_key_value_heads\":4,"
     "\"vocab_size\":49152}",
     7173923840},
    /* stabilityai/stablelm-2-1_6b */
    {"{\"model_type\":\"stablelm\",\"hidden_size\":2048,\"intermediate_size\":5632,"
     "\"num_hidden_layers\":24,\"num_attention_heads\":32,\"num_key_value_heads\":32,"
     "\"vocab_size\":100352,\"use_qkv_bias\":true}",
     1644515328},
    /* zai-org/GLM-4-9B-0414 */
    {"{\"model_type\":\"glm4\",\"hidden_size\":4096,\"intermediate_size\":13696,"
     "\"num_hidden_layers\":40,\"num_attention_heads\":32,\"num_key_value_heads\":2,"
     "\"head_dim\":128,\"vocab_size\":151552,\"attention_bias\":true}",
     9400279040},
    /* internlm/internlm2-7b */
    {"{\"model_type\":\"internlm2\",\"hidden_size\":4096,\"intermediate_size\":14336,"
     "\"num_hidden_layers\":32,\"num_attention_heads\":32,\"num_key_value_heads\":8,"
     "\"vocab_size\":92544,\"bias\":false}",
     7737708544},
    /* ibm-granite/granite-3.1-8b */
    {"{\"model_type\":\"granite\",\"hidden_size\":4096,\"intermediate_size\":12800,"
     "\"num_hidden_layers\":40,\"num_attention_heads\":32,\"num_key_value_heads\":8,"
     "\"vocab_size\":49155,\"tie_word_embeddings\":true}",
     8170848256},
    /* Qwen/Qwen1.5-MoE-A2.7B */
    {"{\"model_type\":\"qwen2_moe\",\"hidden_size\":2048,\"intermediate_size\":5632,"
     "\"num_hidden_layers\":24,\"num_attention_heads\":16,\"num_key_value_heads\":16,"
     "\"vocab_size\":151936,\"num_experts\":60,\"num_experts_per_tok\":4,"
     "\"moe_intermediate_size\":1408,\"shared_expert_intermediate_size\":5632}",
     14315784192},
    /* allenai/OLMoE-1B-7B */
    {"{\"model_type\":\"olmoe\",\"hidden_size\":2048,\"intermediate_size\":1024,"
     "\"num_hidden_layers\":16,\"num_attention_heads\":16,\"num_key_value_heads\":16,"
     "\"vocab_size\":50304}",
     6919161856},
    /* deepseek-ai/DeepSeek-V2-Lite */
    {"{\"model_type\":\"deepseek_v2\",\"hidden_size\":2048,\"intermediate_size\":10944,"
     "\"num_hidden_layers\":27,\"num_attention_heads\":16,\"num_key_value_heads\":16,"
     "\"vocab_size\":102400,\"n_routed_experts\":64,\"n_shared_experts\":2,"
     "\"num_experts_per_tok\":6,\"moe_intermediate_size\":1408,\"first_k_dense_replace\":1,"
     "\"q_lora_rank\":null}",
     15706484224},
    /* deepseek-ai/DeepSeek-V2 */
    {"{\"model_type\":\"deepseek_v2\",\"hidden_size\":5120,\"intermediate_size\":12288,"
     "\"num_hidden_layers\":60,\"num_attention_heads\":128,\"num_key_value_heads\":128,"
     "\"vocab_size\":102400,\"n_routed_experts\":160,\"n_shared_experts\":2,"
     "\"num_experts_per_tok\":6,\"moe_intermediate_size\":1536,\"first_k_dense_replace\":1}",
     235741434880},
    /* rednote-hilab/dots.llm1 */
    {"{\"model_type\":\"dots1\",\"hidden_size\":4096,\"intermediate_size\":10944,"
     "\"num_hidden_layers\":62,\"num_attention_heads\":32,\"num_key_value_heads\":32,"
     "\"vocab_size\":152064,\"n_routed_experts\":128,\"n_shared_experts\":2,"
     "\"num_experts_per_tok\":6,\"moe_intermediate_size\":1408,\"first_k_dense_replace\":1}",
     142774381696},
    /* ByteDance-Seed/Seed-OSS-36B: else all defaults */
    {"{\"model_type\":\"seed_oss\",\"num_hidden_layers\":64}", 36151104512},
    /* HuggingFaceTB/SmolLM3-3B: else all defaults */
    {"{\"model_type\":\"smollm3\",\"num_hidden_layers\":36}", 3075098624},
};

START_TEST(checkpoints_of_all_families_count_exactly)
{
  const struct tp_model model = open_text(checkpoints[_i].json, arena);
  ck_assert_double_eq((double)tp_model_parameters(&model), checkpoints[_i].published);
}
END_TEST

/* Parameters that a token meets, as published, and what it leaves in the caches, elements. */
static const struct {
  const char *name;
  double active, tolerance;
  int64_t cache;
} mixtures[] = {
    {"mixtral-8x7b", 12.88e9, 0.001, (int64_t)32 * 2 * 8 * 128},
    {"mixtral-8x22b", 39.15e9, 0.001, (int64_t)56 * 2 * 8 * 128},
    {"deepseek-v3", 37.55e9, 0.001, (int64_t)61 * (512 + 64)},
    {"qwen3-30b-a3b", 3.353e9, 0.001, (int64_t)48 * 2 * 4 * 128},
    /* 5.13 billion without the embedding's rows (its card), which are 201088 x 2880. */
    {"gpt-oss-120b", 5.13e9 + 201088.0 * 2880, 0.001, (int64_t)36 * 2 * 8 * 64},
    {"kimi-k2", 32.86e9, 0.001, (int64_t)61 * (512 + 64)},
};

START_TEST(mixtures_meet_their_published_part)
{
  const struct tp_model model = open_shipped(mixtures[_i].name, arena);
  ck_assert_rel((double)tp_model_active_parameters(&model), mixtures[_i].active,
                mixtures[_i].tolerance);
  ck_assert_int_eq(tp_model_cache_elements(&model), mixtures[_i].cache);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])
static Suite *suite(void)
{
  Suite *const s = suite_create("parameters");
  TCase *const t = tcase_create("parameters");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, shipped_models_have_their_published_size, 0, COUNT(shipped));
  tcase_add_loop_test(t, mixtures_meet_their_published_part, 0, COUNT(mixtures));
  tcase_add_loop_test(t, ladder_sizes_have_the_papers_layers, 0, COUNT(ladder));
  tcase_add_loop_test(t, kraken_sizes_follow_the_papers_formula, 0, COUNT(kraken));
  tcase_add_test(t, quarters_have_a_quarter_of_the_layers);
  tcase_add_loop_test(t, checkpoints_of_all_families_count_exactly, 0, COUNT(checkpoints));
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
