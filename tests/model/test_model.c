/* What each family's keys mean, and what a tensor-parallel rank holds. */
#include "../random.h"
#include "model/shard.h"
#include "open.h"

#include <string.h>

static struct tp_arena *arena;
static struct tp_error error;

static void setup(void)
{
  arena = tp_arena_create();
}

static void teardown(void)
{
  tp_arena_free(arena);
}

#define LLAMA                                                                \
  "\"model_type\":\"llama\",\"hidden_size\":512,\"intermediate_size\":1376," \
  "\"num_hidden_layers\":2,\"num_attention_heads\":8,\"vocab_size\":1000"
#define FALCON                                                             \
  "\"model_type\":\"falcon\",\"hidden_size\":512,\"num_hidden_layers\":2," \
  "\"num_attention_heads\":8,\"vocab_size\":1000"

START_TEST(llama_keys)
{
  struct tp_model m = open_text("{" LLAMA "}", arena);
  ck_assert_str_eq(m.family, "llama");
  ck_assert_int_eq(m.kv_heads, 8);
  ck_assert_int_eq(m.head_dim, 64);
  ck_assert_int_eq(m.ffn, 1376);
  ck_assert_int_eq(m.max_positions, 0);
  ck_assert(m.gated_mlp && !m.tied_head && !m.qkv_bias && !m.out_bias && !m.mlp_bias);
  ck_assert_int_eq(m.norm, TP_NORM_RMS);
  ck_assert_int_eq(m.position, TP_POSITION_ROTARY);
  m = open_text("{" LLAMA ",\"num_key_value_heads\":2,\"head_dim\":96,\"attention_bias\":true,"
                "\"mlp_bias\":true,\"tie_word_embeddings\":true,\"max_position_embeddings\":4096}",
                arena);
  ck_assert_int_eq(m.kv_heads, 2);
  ck_assert_int_eq(m.head_dim, 96);
  ck_assert_int_eq(m.max_positions, 0);
  ck_assert(m.tied_head && m.qkv_bias && m.out_bias && m.mlp_bias);
  m = open_text("{" LLAMA ",\"num_key_value_heads\":null,\"head_dim\":null}", arena);
  ck_assert_int_eq(m.kv_heads, 8);
  ck_assert_int_eq(m.head_dim, 64);
}
END_TEST

START_TEST(head_dim_makes_indivisible_widths_possible)
{
  const struct tp_model m = open_text("{\"model_type\":\"qwen3\",\"hidden_size\":1000,"
                                      "\"intermediate_size\":64,\"num_hidden_layers\":1,"
                                      "\"num_attention_heads\":3,\"vocab_size\":9}",
                                      arena);
  ck_assert_int_eq(m.head_dim, 128);
  ck_assert(m.qk_norm && m.gated_mlp && !m.qkv_bias);
}
END_TEST

START_TEST(gpt2_keys)
{
  struct tp_model m = open_text("{\"model_type\":\"gpt2\",\"n_embd\":64,\"n_layer\":3,"
                                "\"n_head\":4,\"n_positions\":128,\"vocab_size\":99}",
                                arena);
  ck_assert_int_eq(m.ffn, 256);
  ck_assert_int_eq(m.layers, 3);
  ck_assert_int_eq(m.max_positions, 128);
  ck_assert(m.tied_head && m.qkv_bias && m.out_bias && m.mlp_bias && !m.gated_mlp);
  ck_assert_int_eq(m.norm, TP_NORM_LAYER);
  ck_assert_int_eq(m.position, TP_POSITION_LEARNED);
  m = open_text("{\"model_type\":\"gpt2\",\"hidden_size\":64,\"num_hidden_layers\":3,"
                "\"num_attention_heads\":4,\"max_position_embeddings\":128,\"vocab_size\":99,"
                "\"n_inner\":100}",
                arena);
  ck_assert_int_eq(m.ffn, 100);
  ck_assert_int_eq(m.hidden, 64);
}
END_TEST

START_TEST(falcon_keys)
{
  struct tp_model m = open_text("{" FALCON "}", arena);
  ck_assert_int_eq(m.kv_heads, 1);
  ck_assert_int_eq(m.ffn, 2048);
  ck_assert(m.parallel_residual && m.shared_norm && !m.qkv_bias);
  ck_assert_int_eq(m.position, TP_POSITION_ROTARY);
  m = open_text("{" FALCON ",\"multi_query\":false,\"num_kv_heads\":2,\"alibi\":true,"
                "\"bias\":true,\"parallel_attn\":false}",
                arena);
  ck_assert_int_eq(m.kv_heads, 8);
  ck_assert(!m.parallel_residual && !m.shared_norm && m.qkv_bias && m.out_bias && m.mlp_bias);
  ck_assert_int_eq(m.position, TP_POSITION_ALIBI);
  m = open_text("{" FALCON ",\"new_decoder_architecture\":true,\"num_kv_heads\":2}", arena);
  ck_assert_int_eq(m.kv_heads, 2);
  ck_assert(m.parallel_residual && !m.shared_norm);
  m = open_text("{" FALCON ",\"new_decoder_architecture\":true,\"num_ln_in_parallel_attn\":1}",
                arena);
  ck_assert_int_eq(m.kv_heads, 8);
  ck_assert(m.shared_norm);
}
END_TEST

START_TEST(other_families_keys)
{
  struct tp_model m = open_text("{\"model_type\":\"gpt_neox\",\"hidden_size\":64,"
                                "\"intermediate_size\":256,\"num_hidden_layers\":1,"
                                "\"num_attention_heads\":4,\"vocab_size\":9,"
                                "\"use_parallel_residual\":false,\"attention_bias\":false}",
                                arena);
  ck_assert(!m.parallel_residual && !m.qkv_bias && !m.out_bias && m.mlp_bias && !m.tied_head);
  m = open_text("{\"model_type\":\"opt\",\"hidden_size\":64,\"ffn_dim\":256,"
                "\"num_hidden_layers\":1,\"num_attention_heads\":4,\"vocab_size\":9,"
                "\"max_position_embeddings\":100}",
                arena);
  ck_assert_int_eq(m.max_positions, 102);
  ck_assert(m.qkv_bias && m.tied_head);
  m = open_shipped("bloom-176b", arena);
  ck_assert(m.embedding_norm && m.tied_head && m.mlp_bias);
  ck_assert_int_eq(m.position, TP_POSITION_ALIBI);
  ck_assert_int_eq(m.ffn, 57344);
  m = open_shipped("kraken-125m-2way", arena);
  ck_assert_int_eq(m.kraken_ways, 2);
  ck_assert_int_eq(m.head_dim, 113);
  ck_assert_int_eq(m.heads, 6);
  ck_assert_int_eq(m.ffn, 1356);
  ck_assert(!m.qkv_bias && m.tied_head);
}
END_TEST

START_TEST(kraken_keys)
{
  struct tp_model m = open_text("{\"model_type\":\"kraken\",\"n_embd\":64,\"n_layer\":3,"
                                "\"n_head\":4,\"n_positions\":128,\"vocab_size\":99,"
                                "\"kraken_ways\":3}",
                                arena);
  ck_assert_int_eq(m.ffn, 128);
  ck_assert_int_eq(m.head_dim, 16);
  ck_assert_int_eq(m.kraken_ways, 3);
  m = open_text("{\"model_type\":\"kraken\",\"n_embd\":64,\"n_layer\":3,\"n_head\":4,"
                "\"n_positions\":128,\"vocab_size\":99,\"kraken_ways\":3,\"n_inner\":96,"
                "\"ffn_expansion\":4,\"bias\":true}",
                arena);
  ck_assert_int_eq(m.ffn, 96);
  ck_assert(m.qkv_bias && m.out_bias && m.mlp_bias);
}
END_TEST

START_TEST(config_json_takes_its_folders_name)
{
  struct tp_model m;
  ck_assert_int_eq(tp_model_open(TP_SRCDIR "/tests/model/Tiny-GPT2/config.json", arena, &m, &error),
                   TP_OK);
  ck_assert_str_eq(m.name, "Tiny-GPT2");
}
END_TEST

static const struct {
  const char *name;
  int tp;
  struct tp_shard want;
} shards[] = {
    {"llama-3.1-70b", 1, {1, 64, 8, 28672, 128256}},
    {"llama-3.1-70b", 8, {8, 8, 1, 3584, 16032}},
    {"llama-3.1-70b", 16, {16, 4, 1, 1792, 8016}},
    {"llama-3.1-405b", 16, {16, 8, 1, 3328, 8016}},
    {"llama-3.1-405b", 8, {8, 16, 2, 6656, 16032}},
    {"llama-2-7b", 32, {32, 1, 1, 344, 1000}},
    {"llama-2-13b", 5, {5, 8, 8, 0, 0}}, /* 13824 is no multiple of 5: refused */
    {"bloom-176b", 7, {7, 16, 16, 8192, 35840}},
    {"ladder-1b", 8, {8, 3, 3, 512, 6144}},
    {"palm-540b", 16, {16, 3, 1, 4608, 16000}},
    {"t-nlg", 4, {4, 7, 7, 4256, 12800}},
    {"gpt3-13b", 8, {8, 5, 5, 2560, 6400}},
    {"kraken-125m-6way", 6, {6, 2, 2, 836, 8384}},
    {"kraken-125m-6way", 2, {2, 6, 6, 2508, 25152}},
};

START_TEST(ranks_hold_their_share)
{
  const struct tp_model m = open_shipped(shards[_i].name, arena);
  const struct tp_shard *const want = &shards[_i].want;
  struct tp_shard got;
  const enum tp_status status = tp_shard_make(&m, shards[_i].tp, &got, &error);
  ck_assert_int_eq(status, want->ffn == 0 ? TP_E_INPUT : TP_OK);
  if (status != TP_OK)
    return;
  ck_assert_int_eq(got.tp, want->tp);
  ck_assert_int_eq(got.heads, want->heads);
  ck_assert_int_eq(got.kv_heads, want->kv_heads);
  ck_assert_int_eq(got.ffn, want->ffn);
  ck_assert_int_eq(got.vocab, want->vocab);
}
END_TEST

static const struct {
  const char *name;
  int tp;
  const char *message;
} refusals[] = {
    {"t-nlg", 8, "model t-nlg: tp 8 does not divide its 28 heads; tp can be 1, 2, 4, 7, 14, 28"},
    {"llama-2-13b", 5,
     "model llama-2-13b: tp 5 does not divide its MLP width 13824; tp can be 1, 2, 4, 8"},
    {"llama-3.1-8b", 0, "tp 0: give 1 or more"},
    {"llama-3.1-8b", 65,
     "model llama-3.1-8b: tp 65 does not divide its 32 heads; tp can be 1, 2, 4, 8, 16, 32"},
    {"kraken-350m-4way", 8,
     "model kraken-350m-4way: tp 8 does not divide its 4 sub-layers; tp can be 1, 2, 4"},
};

START_TEST(refusals_list_what_would_do)
{
  const struct tp_model m = open_shipped(refusals[_i].name, arena);
  struct tp_shard shard = {.tp = -1};
  ck_assert_int_eq(tp_shard_make(&m, refusals[_i].tp, &shard, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, refusals[_i].message);
  ck_assert_int_eq(shard.tp, -1);
}
END_TEST

START_TEST(key_value_heads_are_split_or_replicated_evenly)
{
  const struct tp_model m =
      open_text("{\"model_type\":\"llama\",\"hidden_size\":768,\"intermediate_size\":1536,"
                "\"num_hidden_layers\":2,\"num_attention_heads\":12,\"num_key_value_heads\":4,"
                "\"vocab_size\":1000}",
                arena);
  struct tp_shard shard;
  ck_assert_int_eq(tp_shard_make(&m, 12, &shard, &error), TP_OK);
  ck_assert_int_eq(shard.kv_heads, 1);
  ck_assert_int_eq(tp_shard_make(&m, 2, &shard, &error), TP_OK);
  ck_assert_int_eq(shard.kv_heads, 2);
  ck_assert_int_eq(tp_shard_make(&m, 3, &shard, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(
      error.text,
      ": neither of tp 3 and its 4 key/value heads divides the other; tp can be 1, 2, 4, 12"));
}
END_TEST

/* For any model: where a shard is made, the ranks together hold the model exactly. */
START_TEST(shards_add_up)
{
  int made = 0, refused = 0;
  for (int c = 0; c < tp_random_cases(5000); c++) {
    uint64_t state = tp_random_seed(c);
    struct tp_model m = {.name = "random", .layers = 1, .hidden = 64, .head_dim = 16};
    m.kv_heads = (int64_t)1 << tp_random_below(&state, 5);
    m.heads = m.kv_heads * (1 + (int64_t)tp_random_below(&state, 8));
    m.ffn = 96 * (1 + (int64_t)tp_random_below(&state, 8));
    m.vocab = 1 + (int64_t)tp_random_below(&state, 1000);
    const int tp = 1 + (int)tp_random_below(&state, 16);
    struct tp_shard s;
    if (tp_shard_make(&m, tp, &s, &error) != TP_OK) {
      refused++;
      continue;
    }
    made++;
    ck_assert_msg(s.heads * tp == m.heads && s.ffn * tp == m.ffn && s.heads % s.kv_heads == 0,
                  "case %d", c);
    ck_assert_msg(s.kv_heads * tp == (tp > m.kv_heads ? tp : m.kv_heads), "case %d", c);
    ck_assert_msg(s.vocab * tp >= m.vocab && (s.vocab - 1) * tp < m.vocab, "case %d", c);
  }
  ck_assert_int_gt(made, refused / 10);
  ck_assert_int_gt(refused, made / 10);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])
static Suite *suite(void)
{
  Suite *const s = suite_create("model");
  TCase *const keys = tcase_create("keys");
  tcase_add_checked_fixture(keys, setup, teardown);
  tcase_add_test(keys, llama_keys);
  tcase_add_test(keys, head_dim_makes_indivisible_widths_possible);
  tcase_add_test(keys, gpt2_keys);
  tcase_add_test(keys, falcon_keys);
  tcase_add_test(keys, other_families_keys);
  tcase_add_test(keys, kraken_keys);
  tcase_add_test(keys, config_json_takes_its_folders_name);
  suite_add_tcase(s, keys);
  TCase *const shard = tcase_create("shard");
  tcase_add_checked_fixture(shard, setup, teardown);
  tcase_add_loop_test(shard, ranks_hold_their_share, 0, COUNT(shards));
  tcase_add_loop_test(shard, refusals_list_what_would_do, 0, COUNT(refusals));
  tcase_add_test(shard, key_value_heads_are_split_or_replicated_evenly);
  tcase_add_test(shard, shards_add_up);
  suite_add_tcase(s, shard);
  return s;
}
TP_SUITE_MAIN
