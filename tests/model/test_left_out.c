/* What a file leaves to its class: each default that changes cost or memory is said in a line, and
 * nothing is said of one that does not bear on the model. */
#include "open.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

#define TINY                                                             \
  "\"hidden_size\":64,\"intermediate_size\":96,\"num_hidden_layers\":4," \
  "\"num_attention_heads\":4,\"num_key_value_heads\":4,\"head_dim\":16,\"vocab_size\":10"
#define UNTIED TINY ",\"tie_word_embeddings\":false"
#define LATENTS                                                               \
  UNTIED ",\"kv_lora_rank\":32,\"q_lora_rank\":null,\"qk_nope_head_dim\":16," \
         "\"qk_rope_head_dim\":16,\"v_head_dim\":16"
#define EXPERTS           "\"moe_intermediate_size\":32,\"num_experts_per_tok\":2,"
#define HAS(what, family) what ", as Hugging Face's " family " has it"

static const struct {
  const char *family, *keys, *notes[3]; /* in this order; NULL: no more */
} files[] = {
    {"mistral", UNTIED, {HAS("'sliding_window' is left out; it is 4096", "mistral")}},
    {"mistral", UNTIED ",\"sliding_window\":null", {NULL}},
    {"mistral", UNTIED ",\"sliding_window\":512", {NULL}},
    {"qwen2", UNTIED, {NULL}},
    {"qwen2",
     UNTIED ",\"use_sliding_window\":true,\"sliding_window\":512",
     {HAS("'max_window_layers' is left out; it is 28", "qwen2")}},
    {"qwen2",
     UNTIED ",\"use_sliding_window\":true,\"max_window_layers\":2",
     {HAS("'sliding_window' is left out; it is 4096", "qwen2")}},
    {"gemma3_text",
     TINY,
     {"'sliding_window' is left out; it is 4096",
      HAS("'layer_types' is left out; of 6 layers the last sees all tokens", "gemma3_text"),
      HAS("'tie_word_embeddings' is left out; it is true", "gemma3_text")}},
    {"gemma3_text", UNTIED ",\"sliding_window\":512,\"sliding_window_pattern\":6", {NULL}},
    {"deepseek_v3",
     LATENTS "," EXPERTS "\"n_routed_experts\":8",
     {HAS("'n_shared_experts' is left out; it is 1", "deepseek_v3"),
      HAS("'first_k_dense_replace' is left out; it is 3", "deepseek_v3")}},
    {"glm4_moe",
     UNTIED "," EXPERTS "\"n_routed_experts\":8",
     {HAS("'n_shared_experts' is left out; it is 1", "glm4_moe"),
      HAS("'first_k_dense_replace' is left out; it is 1", "glm4_moe")}},
    {"glm4_moe",
     UNTIED "," EXPERTS "\"n_routed_experts\":8,\"n_shared_experts\":null,"
            "\"mlp_layer_types\":[\"dense\",\"sparse\",\"sparse\",\"sparse\"]",
     {NULL}},
    {"ernie4_5_moe",
     UNTIED "," EXPERTS "\"moe_num_experts\":8",
     {HAS("'moe_num_shared_experts' is left out; it is 2", "ernie4_5_moe"),
      HAS("'moe_layer_start_index' is left out; it is 1", "ernie4_5_moe")}},
    {"glm4_moe",
     UNTIED "," EXPERTS "\"n_routed_experts\":8,\"n_shared_experts\":1,"
            "\"first_k_dense_replace\":null",
     {HAS("'first_k_dense_replace' is left out; it is 1", "glm4_moe")}},
    {"llama4_text",
     UNTIED ",\"num_local_experts\":4,\"num_experts_per_tok\":1,\"interleave_moe_layer_step\":2",
     {HAS("'intermediate_size_mlp' is left out; it is 16384", "llama4_text")}},
    {"llama4_text", UNTIED ",\"num_local_experts\":4,\"num_experts_per_tok\":1", {NULL}},
    {"gemma", TINY, {HAS("'tie_word_embeddings' is left out; it is true", "gemma")}},
    {"gemma", TINY ",\"architectures\":[\"GemmaModel\"]", {"names no LM head"}},
    {"smollm3",
     UNTIED ",\"use_sliding_window\":true,\"sliding_window\":8",
     {HAS("'no_rope_layer_interval' is left out; it is 4", "smollm3")}},
    {"smollm3", UNTIED ",\"use_sliding_window\":false,\"sliding_window\":null", {NULL}},
    {"smollm3", UNTIED ",\"sliding_window\":8", {"is not used: no layer slides"}},
    {"llama", TINY, {NULL}},
    {"gpt2",
     "\"n_layer\":2,\"n_embd\":64,\"n_head\":4,\"n_positions\":8,\"vocab_size\":10",
     {NULL}},
};

START_TEST(defaults_that_change_cost_are_said)
{
  const struct tp_model m = open_text(
      tp_arena_printf(arena, "{\"model_type\":\"%s\",%s}", files[_i].family, files[_i].keys),
      arena);
  size_t n = 0;
  for (; n < 3 && files[_i].notes[n] != NULL; n++)
    ck_assert_msg(n < m.n_notes && strstr(m.notes[n], files[_i].notes[n]) != NULL, "%s",
                  n < m.n_notes ? m.notes[n] : files[_i].notes[n]);
  ck_assert_msg(m.n_notes == n, "%s: %s", files[_i].keys, m.notes[n]);
}
END_TEST

/* Each layer's own number of key/value heads leaves nothing to the class. */
START_TEST(heads_by_layer_are_no_default)
{
  const struct tp_model m =
      open_text("{\"model_type\":\"deci\",\"hidden_size\":64,\"intermediate_size\":96,"
                "\"num_hidden_layers\":2,\"num_attention_heads\":4,\"vocab_size\":10,"
                "\"num_key_value_heads_per_layer\":[4,1]}",
                arena);
  ck_assert_uint_eq(m.n_notes, 0);
}
END_TEST

/* Of a file with several parts, the file may say it for its language model. */
START_TEST(tying_is_said_by_the_file)
{
  const struct tp_model m = open_text("{\"model_type\":\"toy\",\"tie_word_embeddings\":true,"
                                      "\"text_config\":{\"model_type\":\"gemma\"," TINY "}}",
                                      arena);
  ck_assert(m.tied_head);
  ck_assert_uint_eq(m.n_notes, 1); /* the language model alone is read */
}
END_TEST

/* Experts that all tokens see: so many of a width; null is none, whatever the class has. */
static const struct {
  const char *family, *keys;
  int64_t shared_ffn;
} shared[] = {
    {"bailing_moe_v2", "\"num_shared_experts\":2,\"moe_shared_expert_intermediate_size\":48", 96},
    {"bailing_moe", "\"num_shared_experts\":1,\"moe_shared_expert_intermediate_size\":48", 48},
    {"bailing_moe_v2", "\"num_shared_experts\":2", 64},
    {"bailing_moe_v2", "\"moe_shared_expert_intermediate_size\":48", 48},
    {"bailing_moe_v2", "\"num_shared_experts\":0,\"moe_shared_expert_intermediate_size\":48", 0},
    {"bailing_moe_v2", "\"num_shared_experts\":null,\"moe_shared_expert_intermediate_size\":48", 0},
    {"glm4_moe", "\"moe_shared_expert_intermediate_size\":48", 48},
    {"glm4_moe", "\"n_shared_experts\":null", 0},
    {"ernie4_5_moe", "\"moe_num_shared_experts\":null", 0},
    {"ernie4_5_moe", "\"tie_word_embeddings\":true", 64},
    {"qwen2_moe", "\"shared_expert_intermediate_size\":48", 48},
};

START_TEST(shared_experts_are_so_many_of_a_width)
{
  const struct tp_model m = open_text(
      tp_arena_printf(arena, "{\"model_type\":\"%s\"," TINY "," EXPERTS "\"num_experts\":8,%s}",
                      shared[_i].family, shared[_i].keys),
      arena);
  ck_assert_int_eq(m.experts.shared_ffn, shared[_i].shared_ffn);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])
static Suite *suite(void)
{
  Suite *const s = suite_create("left out");
  TCase *const t = tcase_create("left out");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, defaults_that_change_cost_are_said, 0, COUNT(files));
  tcase_add_test(t, heads_by_layer_are_no_default);
  tcase_add_test(t, tying_is_said_by_the_file);
  tcase_add_loop_test(t, shared_experts_are_so_many_of_a_width, 0, COUNT(shared));
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
