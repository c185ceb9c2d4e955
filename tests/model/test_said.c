/* What is said of a file's keys that are not priced: those that nobody knows, and the classes that
 * end in no head. */
#include "open.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

#define TINY                                                             \
  "\"hidden_size\":64,\"intermediate_size\":96,\"num_hidden_layers\":2," \
  "\"num_attention_heads\":4,\"vocab_size\":10"
enum { EMBEDDING = 10 * 64, ATTENTION = 4 * 64 * 64, MLP = 3 * 64 * 96 };

/* Keys that may be of the shape of layers are named wherever nobody reads them; what is silent in
 * one family is not so in another. */
static const struct {
  const char *family, *keys, *said; /* "": nothing */
} namings[] = {
    {"llama", "\"moe_router_topk\":2", "moe_router_topk: is not known"},
    {"llama", "\"top_k\":2", "top_k: is not known"},
    {"llama", "\"top_k\":50,\"top_p\":1.0", ""},
    {"llama", "\"ffn_dim_multiplier\":1.3", "ffn_dim_multiplier: is not known"},
    {"llama", "\"cross_attention_dim\":64", "cross_attention_dim: is not known"},
    {"llama", "\"cache_compression\":2", "cache_compression: is not known"},
    {"llama", "\"fused_experts\":2", "fused_experts: is not known"},
    {"llama", "\"rope_theta\":1e4,\"rope_scaling\":{\"type\":\"linear\",\"factor\":2}", ""},
    {"llama", "\"use_parallel_block\":true", "use_parallel_block: is not known"},
    {"cohere", "\"use_parallel_block\":true", ""},
    {"llama", "\"sliding_window_size\":-1", ""},
    {"apertus", "\"sliding_window_size\":8", "sliding_window_size: is not known"},
    {"qwen2", "\"sliding_window_size\":-1", ""},
    {"llama", "\"cla_share_factor\":2", "cla_share_factor: is not known"},
    {"llama", "\"cla_share_factor\":2,\"use_cla\":false", ""},
    {"llama", "\"num_loops\":1", "num_loops: is not known"},
    {"llama", "\"use_mtp\":true", "use_mtp: layers that predict further tokens"},
    {"llama", "\"mtp_num_layers\":1", "mtp_num_layers: layers that predict further tokens"},
    {"llama", "\"mtp_depth\":0", ""},
    {"llama", "\"vision_lora\":{\"r\":256}", "vision_lora: adds matrices of low rank"},
    {"llama", "\"speech_lora\":{\"r\":320}", "speech_lora: adds matrices of low rank"},
};

START_TEST(unknown_keys_of_the_shape_are_named)
{
  const struct tp_model m =
      open_text(tp_arena_printf(arena,
                                "{\"model_type\":\"%s\",\"num_key_value_heads\":4,"
                                "\"tie_word_embeddings\":true,%s," TINY "}",
                                namings[_i].family, namings[_i].keys),
                arena);
  ck_assert_msg(m.n_notes == (namings[_i].said[0] != '\0'), "%s: %zu", namings[_i].keys, m.n_notes);
  ck_assert_msg(m.n_notes == 0 || strstr(m.notes[0], namings[_i].said) != NULL, "%s", m.notes[0]);
}
END_TEST

/* What ends in another head, or in none, or drafts: its class says so. */
static const struct {
  const char *keys;
  bool headless;
} classes[] = {
    {"\"architectures\":[\"LlamaForCausalLM\"]", false},
    {"\"architectures\":[\"LlamaForSequenceClassification\"]", true},
    {"\"architectures\":[\"LlamaForTokenClassification\"]", true},
    {"\"architectures\":[\"LlamaForProcessRewardModel\"]", true},
    {"\"architectures\":[\"LlamaModel\"]", true},
    {"\"architectures\":[\"LlamaModel\",\"LlamaForCausalLM\"]", false},
    {"\"architectures\":[\"GPT2LMHeadModel\"]", false},
    {"\"architectures\":[\"LlamaForConditionalGeneration\"]", false},
    {"\"architectures\":[\"LlamaForCausalLMWithValueHead\"]", false},
    {"\"architectures\":[\"ToyLLMChatModel\"]", false},
    {"\"architectures\":[\"MiniCPMV\"]", false},
    {"\"architectures\":[\"LlavaLlamaModel\"]", false},
    {"\"architectures\":[\"LlavaForSequenceClassification\"]", true},
    {"\"architectures\":[\"LlamaForRewardModelWithGating\"]", true},
    {"\"architectures\":[\"LlamaModelForScore\"]", true},
    {"\"architectures\":[\"LlamaBiForMNTP\"]", true},
    {"\"architectures\":[\"JinaForRanking\"]", true},
    {"\"architectures\":[\"ToyNet\"]", true},
    {"\"architectures\":[\"\"]", false},
    {"\"architectures\":null", false},
};

START_TEST(a_class_without_a_head_has_none)
{
  const struct tp_model m = open_text(
      tp_arena_printf(arena, "{\"model_type\":\"llama\"," TINY ",\"num_key_value_heads\":4,%s}",
                      classes[_i].keys),
      arena);
  const int64_t head = classes[_i].headless ? 0 : EMBEDDING;
  ck_assert_int_eq(tp_model_parameters(&m), EMBEDDING + head + 64 + 2 * (ATTENTION + MLP + 2 * 64));
  ck_assert_int_eq(m.headless, classes[_i].headless);
  ck_assert_int_eq(m.unpriced != NULL, classes[_i].headless);
  ck_assert_uint_eq(m.n_notes, classes[_i].headless);
  ck_assert(m.n_notes == 0 || strstr(m.notes[0], "architectures: '") != NULL);
  ck_assert(m.n_notes == 0 || strstr(m.notes[0], "names no LM head") != NULL);
}
END_TEST

/* The name of a file with several parts is that of all of them; a part may have its own. */
START_TEST(a_part_has_a_head_unless_its_class_says_not)
{
  static const char *const files[] = {"\"architectures\":[\"LlavaLlamaModel\"],\"llm_cfg\":{",
                                      "\"architectures\":[\"ToyModel\"],\"text_config\":{",
                                      "\"text_config\":{\"architectures\":[\"Qwen2Model\"],",
                                      "\"architectures\":[\"ToyForSequenceClassification\"],"
                                      "\"llm_config\":{",
                                      "\"architectures\":[\"ColToyForRetrieval\"],"
                                      "\"text_config\":{"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    const struct tp_model m = open_text(
        tp_arena_printf(arena, "{\"model_type\":\"toy\",%s\"model_type\":\"llama\"," TINY "}}",
                        files[i]),
        arena);
    ck_assert_int_eq(m.headless, i >= 3);
    ck_assert_int_eq(m.layers, 2);
  }
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])
/* What a tool writes of a part that is as its class: all else is left out. */
START_TEST(a_part_may_lean_on_its_class)
{
  const struct tp_model m = open_text("{\"model_type\":\"llama\",\"vocab_size\":32064}", arena);
  ck_assert_int_eq(m.layers, 32);
  ck_assert_int_eq(m.hidden, 4096);
  ck_assert_int_eq(m.vocab, 32064);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("said");
  TCase *const t = tcase_create("said");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_part_may_lean_on_its_class);
  tcase_add_loop_test(t, unknown_keys_of_the_shape_are_named, 0, COUNT(namings));
  tcase_add_loop_test(t, a_class_without_a_head_has_none, 0, COUNT(classes));
  tcase_add_test(t, a_part_has_a_head_unless_its_class_says_not);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
