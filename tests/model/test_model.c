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

/* A class may have a number of its own where the key is absent; null means as many as heads. */
START_TEST(null_key_value_heads_are_as_many_as_heads)
{
  static const struct {
    const char *family;
    int64_t absent;
  } families[] = {{"llama", 32},   {"mistral", 8},   {"ministral", 8},  {"mixtral", 8},
                  {"qwen2", 32},   {"qwen2_vl", 8},  {"phimoe", 8},     {"qwen3", 32},
                  {"glm", 2},      {"qwen3_moe", 4}, {"gemma2", 4},     {"smollm3", 4},
                  {"seed_oss", 8}, {"phi3", 32},     {"starcoder2", 2}, {"gpt_oss", 8}};
  for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
    for (int null = 0; null < 2; null++) {
      const struct tp_model m = open_text(
          tp_arena_printf(arena,
                          "{\"model_type\":\"%s\",\"hidden_size\":4096,\"intermediate_size\":64,"
                          "\"num_hidden_layers\":1,\"num_attention_heads\":32,\"vocab_size\":9%s}",
                          families[i].family, null ? ",\"num_key_value_heads\":null" : ""),
          arena);
      ck_assert_msg(m.kv_heads == (null ? 32 : families[i].absent), "%s: %lld", families[i].family,
                    (long long)m.kv_heads);
    }
}
END_TEST

START_TEST(head_dim_makes_indivisible_widths_possible)
{
  const struct tp_model m =
      open_text("{\"model_type\":\"qwen3\",\"hidden_size\":1000,"
                "\"intermediate_size\":64,\"num_hidden_layers\":1,"
                "\"num_attention_heads\":3,\"num_key_value_heads\":3,\"vocab_size\":9}",
                arena);
  ck_assert_int_eq(m.head_dim, 128);
  ck_assert(m.qk_norm && m.gated_mlp && !m.qkv_bias);
}
END_TEST

/* yarn: times those of the original; linear: times those of the file; llama3: counted already. */
START_TEST(positions_are_those_of_engines)
{
#define ROPE(type, more) ",\"rope_scaling\":{\"rope_type\":\"" type "\",\"factor\":4" more "}"
#define ORIGINAL         ",\"original_max_position_embeddings\":3000"
  static const struct {
    const char *keys;
    int64_t context;
  } files[] = {{"", 0},
               {",\"max_position_embeddings\":null", 0},
               {",\"max_position_embeddings\":4096", 4096},
               {",\"model_max_length\":1000000000000000019884624838656", 0},
               {",\"max_position_embeddings\":4096.0,\"rope_scaling\":null", 4096},
               {",\"max_position_embeddings\":4096" ROPE("linear", ""), 16384},
               {",\"max_position_embeddings\":4096" ROPE("dynamic", ORIGINAL), 16384},
               {",\"max_position_embeddings\":4096" ROPE("yarn", ORIGINAL), 12000},
               {",\"max_position_embeddings\":40960" ROPE("yarn", ORIGINAL), 40960},
               {",\"max_position_embeddings\":4096" ROPE("yarn", ""), 16384},
               {",\"max_position_embeddings\":4096" ROPE("llama3", ORIGINAL), 4096},
               {",\"max_position_embeddings\":4096,\"rope_parameters\":{\"full_attention\":"
                "{\"rope_type\":\"linear\",\"factor\":8}}",
                32768},
               {",\"max_position_embeddings\":4096,\"rope_scaling\":{\"type\":\"linear\","
                "\"factor\":2}",
                8192}};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    const struct tp_model m =
        open_text(tp_arena_printf(arena, "{" LLAMA "%s}", files[i].keys), arena);
    ck_assert_msg(m.context == files[i].context, "%s: %lld", files[i].keys, (long long)m.context);
  }
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

/* What a file switches off, or has one of as every model, changes nothing and is not spoken of. */
START_TEST(keys_that_ask_for_nothing)
{
  static const char *const keys[] = {
      ",\"cross_attention_layers\":[]", ",\"cross_attention_layers\":null",
      ",\"add_cross_attention\":false", ",\"cla_share_factor\":2,\"use_cla\":false",
      ",\"num_experts\":1,\"moe_topk\":1"};
  const struct tp_model plain = open_text("{" LLAMA "}", arena);
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    const struct tp_model m = open_text(
        tp_arena_printf(arena, "{" LLAMA ",\"num_key_value_heads\":null%s}", keys[i]), arena);
    ck_assert_msg(m.n_notes == 0, "%s: %s", keys[i], m.n_notes > 0 ? m.notes[0] : "");
    ck_assert_int_eq(m.experts.count, 0);
    ck_assert_int_eq(tp_model_parameters(&m), tp_model_parameters(&plain));
    ck_assert_int_eq(tp_model_cache_elements(&m), tp_model_cache_elements(&plain));
  }
}
END_TEST

/* Kinds of the layers as text: a digit is the kind, and the windows follow. */
static const char *kinds_text(const struct tp_model *m)
{
  const char *text = "";
  for (int64_t layer = 0; layer < m->layers; layer++)
    text = tp_arena_printf(arena, "%s%d", text, tp_model_kind_of(m, layer));
  for (int kind = 0; kind < tp_model_n_kinds(m); kind++)
    text = tp_arena_printf(arena, "%s %lld", text, (long long)m->kinds[kind].window);
  return text;
}

#define SHAPE                                       \
  "\"hidden_size\":512,\"intermediate_size\":1376," \
  "\"num_attention_heads\":32,\"vocab_size\":1000," \
  "\"num_hidden_layers\":"
#define FULL    "\"full_attention\""
#define SLIDING "\"sliding_attention\""
static const struct {
  const char *type, *shape, *kinds;
} windows[] = {
    {"mistral", SHAPE "3,\"sliding_window\":1024", "000 1024"},
    {"mistral", SHAPE "3,\"sliding_window\":null", "000 0"},
    {"mistral", SHAPE "3", "000 4096"}, /* MistralConfig's default */
    {"llama", SHAPE "3,\"sliding_window\":1024", "000 0"},
    {"qwen2", SHAPE "3,\"sliding_window\":1024", "000 0"},
    {"qwen2", SHAPE "3,\"use_sliding_window\":true,\"max_window_layers\":0", "000 4096"},
    {"qwen2", SHAPE "30,\"use_sliding_window\":true", "000000000000000000000000000011 0 4096"},
    {"qwen3", SHAPE "4,\"use_sliding_window\":true,\"max_window_layers\":1,\"sliding_window\":9",
     "0111 0 9"},
    {"qwen3", SHAPE "4,\"use_sliding_window\":true,\"max_window_layers\":4", "0000 0"},
    {"qwen3", SHAPE "4,\"use_sliding_window\":false,\"max_window_layers\":1", "0000 0"},
    {"qwen3", SHAPE "2,\"use_sliding_window\":true,\"layer_types\":[" SLIDING "," FULL "]",
     "01 4096 0"},
    {"qwen3", SHAPE "2,\"use_sliding_window\":false,\"layer_types\":[" FULL "," FULL "]", "00 0"},
    {"llama",
     SHAPE "4,\"sliding_window\":7,\"layer_types\":[" FULL "," SLIDING "," SLIDING "," FULL "]",
     "0110 0 7"},
    {"llama", SHAPE "2,\"sliding_window\":7,\"layer_types\":[" SLIDING "," SLIDING "]", "00 7"},
    {"llama", SHAPE "8,\"sliding_window\":7,\"sliding_window_pattern\":6", "00000100 7 0"},
#define USED ",\"use_sliding_window\":true,\"sliding_window\":7"
    {"smollm3", SHAPE "8" USED, "00010001 0 7"},
    {"smollm3", SHAPE "4" USED ",\"no_rope_layer_interval\":2", "0101 0 7"},
    {"smollm3", SHAPE "3" USED ",\"no_rope_layers\":[0,1,1]", "011 7 0"},
    {"smollm3", SHAPE "3" USED ",\"layer_types\":[" FULL "," SLIDING "," FULL "]", "010 0 7"},
    {"smollm3", SHAPE "4,\"use_sliding_window\":true,\"sliding_window\":null", "0000 0"},
    {"llama",
     SHAPE "2,\"sliding_window\":7,\"sliding_window_pattern\":2,\"layer_types\":[" SLIDING "," FULL
           "]",
     "01 7 0"},
};

/* As EXAONE's own code reads letters: over and over, and the last layer never slides. */
static const char *const lettered[][2] = {
    {"6,\"sliding_window_pattern\":\"LLG\",\"sliding_window\":7", "001001 7 0"},
    {"5,\"sliding_window_pattern\":\"LLG\"", "00101 4096 0"},
    {"3,\"sliding_window_pattern\":\"LG\",\"sliding_window\":null", "000 0"},
    {"3,\"sliding_window_pattern\":\"LG\",\"sliding_window\":7,\"layer_types\":[" SLIDING "," FULL
     "," FULL "]",
     "011 7 0"},
    {"3,\"sliding_window_pattern\":null,\"layer_types\":[" FULL "," FULL "," SLIDING "]",
     "001 0 4096"}};

START_TEST(window_letters)
{
  const struct tp_model m = open_text(
      tp_arena_printf(arena, "{\"model_type\":\"exaone4\"," SHAPE "%s}", lettered[_i][0]), arena);
  ck_assert_str_eq(kinds_text(&m), lettered[_i][1]);
}
END_TEST

START_TEST(window_keys)
{
  const struct tp_model m = open_text(
      tp_arena_printf(arena, "{\"model_type\":\"%s\",%s}", windows[_i].type, windows[_i].shape),
      arena);
  ck_assert_str_eq(kinds_text(&m), windows[_i].kinds);
}
END_TEST

/* A file of several parts, with a number that JSON has not where it says nothing of the shape. */
START_TEST(the_language_model_of_a_file_is_read)
{
  const struct tp_model m =
      open_text("{\"model_type\":\"some_vl\",\"tie_word_embeddings\":true,"
                "\"text_config\":{\"model_type\":\"qwen3\"," SHAPE "2,\"rope_theta\":Infinity}}",
                arena);
  ck_assert_str_eq(m.family, "qwen3");
  ck_assert(m.hidden == 512 && m.layers == 2 && m.tied_head);
  ck_assert_uint_eq(m.n_notes, 3); /* the first: of the other parts */
  ck_assert_ptr_nonnull(strstr(m.notes[1], "'num_key_value_heads' is left out; it is "));
  ck_assert_ptr_nonnull(strstr(m.notes[2], "'head_dim' is left out; it is 128, as"));
}
END_TEST

/* Key/value heads that stand nowhere are as many as heads, which makes another model of a file that
 * has lost them; experts are as many as the class has. */
START_TEST(sizes_that_are_left_out_are_said)
{
  static const struct {
    const char *text;
    size_t n_notes;
    const char *said;
  } cases[] = {
      {"{" LLAMA "}", 1, "'num_key_value_heads' is left out; it is 8, as Hugging Face's llama"},
      {"{" LLAMA ",\"num_key_value_heads\":2}", 0, NULL},
      {"{\"model_type\":\"mixtral\"," SHAPE "2,\"num_key_value_heads\":2}", 2,
       "'num_experts' is left out; it is 8, as Hugging Face's mixtral"},
      {"{\"model_type\":\"mixtral\"," SHAPE "2,\"num_key_value_heads\":2,"
       "\"num_local_experts\":4,\"num_experts_per_tok\":1}",
       0, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct tp_model m = open_text(cases[i].text, arena);
    ck_assert_msg(m.n_notes == cases[i].n_notes, "%s: %zu", cases[i].text, m.n_notes);
    ck_assert(m.n_notes == 0 || strstr(m.notes[0], cases[i].said) != NULL);
  }
}
END_TEST

/* Layers with experts, sliding ones of other widths, and what a token leaves in the caches. */
START_TEST(layers_of_several_kinds)
{
  struct tp_model m = open_text(
      "{\"model_type\":\"mimo_v2_flash\"," SHAPE
      "3,\"num_key_value_heads\":2,\"head_dim\":48,\"v_head_dim\":32,\"sliding_window\":16,"
      "\"swa_num_key_value_heads\":4,\"hybrid_layer_pattern\":[0,1,1],\"moe_layer_freq\":[0,1,1],"
      "\"n_routed_experts\":8,\"num_experts_per_tok\":2,\"moe_intermediate_size\":64}",
      arena);
  ck_assert_str_eq(kinds_text(&m), "011 0 16");
  ck_assert(!m.kinds[0].mixture && m.kinds[1].mixture);
  ck_assert_int_eq(tp_model_cache_elements(&m), (2 + 2 * 4) * (48 + 32));
  m = open_text("{\"model_type\":\"nemotron-nas\",\"hidden_size\":512,\"num_hidden_layers\":2,"
                "\"num_attention_heads\":8,\"vocab_size\":9,\"intermediate_size\":null,"
                "\"block_configs\":[{\"attention\":{\"n_heads_in_group\":4},\"ffn\":{\"ffn_mult\":"
                "2.625}},{\"attention\":{\"no_op\":true},\"ffn\":{\"ffn_mult\":0.5}}]}",
                arena);
  ck_assert(m.kinds[0].kv_heads == 2 && m.kinds[0].ffn == 1024); /* 896 up to 256s */
  ck_assert(m.kinds[1].no_attention && m.kinds[1].ffn == 256);
  ck_assert_int_eq(tp_model_cache_elements(&m), 2 * 2 * 64);
  m = open_text("{\"model_type\":\"llama4_text\"," SHAPE
                "4,\"num_key_value_heads\":2,\"interleave_moe_layer_step\":2}",
                arena);
  ck_assert_str_eq(kinds_text(&m), "0101 0 0");
  ck_assert(m.experts.shared_ffn == 1376 && m.experts.ffn == 1376 && m.ffn == 16384);
}
END_TEST

/* A file of DeepSeek-V2's code without latents: what else it says of them counts for nothing. */
START_TEST(latent_attention_can_be_switched_off)
{
#define WITHOUT_LATENTS                                                               \
  "{\"model_type\":\"deepseek_v2\",\"hidden_size\":1280,\"num_hidden_layers\":12,"    \
  "\"num_attention_heads\":10,\"num_key_value_heads\":10,\"intermediate_size\":6848," \
  "\"vocab_size\":9,\"q_lora_rank\":null,"
#define WIDTHS(width) \
  "\"qk_nope_head_dim\":" width ",\"qk_rope_head_dim\":" width ",\"v_head_dim\":" width
  static const char *const keys[] = {"\"use_mla\":false,\"kv_lora_rank\":null", "\"use_mla\":false",
                                     "\"use_mla\":false," WIDTHS("0"),
                                     "\"use_mla\":false," WIDTHS("64"),
                                     "\"kv_lora_rank\":null," WIDTHS("0")};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    const struct tp_model m =
        open_text(tp_arena_printf(arena, WITHOUT_LATENTS "%s}", keys[i]), arena);
    ck_assert_msg(m.latent.kv_rank == 0 && m.latent.q_rank == 0, "%s", keys[i]);
    ck_assert_int_eq(m.head_dim, 128);
    ck_assert_int_eq(m.kv_heads, 10);
    ck_assert_int_eq(tp_model_cache_elements(&m) * 2, 61440);
    ck_assert_uint_eq(m.n_notes, 0);
  }
  const struct tp_model latent = open_text(WITHOUT_LATENTS "\"use_mla\":true}", arena);
  ck_assert_int_eq(tp_model_cache_elements(&latent), 12 * 576);
  ck_assert_uint_eq(latent.n_notes, 4);
  ck_assert_ptr_nonnull(strstr(latent.notes[0], "'kv_lora_rank' is left out; it is 512, as"));
}
END_TEST

/* Granite 4.0's family where no layer is Mamba's, with the sizes of one that its files carry. */
START_TEST(a_hybrid_of_attention_alone_is_a_transformer)
{
#define HYBRID                                                                          \
  "{\"model_type\":\"granitemoehybrid\"," SHAPE                                         \
  "2,\"mamba_chunk_size\":256,\"mamba_conv_bias\":true,\"layer_types\":[\"attention\"," \
  "\"attention\"],"                                                                     \
  "\"shared_intermediate_size\":2048,\"num_local_experts\":"
  struct tp_model m =
      open_text(HYBRID "0,\"num_experts_per_tok\":0,\"num_key_value_heads\":32}", arena);
  ck_assert_uint_eq(m.n_notes, 0);
  ck_assert_int_eq(m.ffn, 2048);
  ck_assert(m.experts.count == 0 && m.experts.shared_ffn == 0 && !m.kinds[0].mixture);
  ck_assert_int_eq(tp_model_parameters(&m),
                   1000 * 512 * 2 + 512 + 2 * (4 * 512 * 512 + 3 * 512 * 2048 + 2 * 512));
  m = open_text(HYBRID "4,\"num_experts_per_tok\":2}", arena);
  ck_assert(m.experts.count == 4 && m.experts.ffn == 1376 && m.experts.shared_ffn == 2048);
}
END_TEST

/* An indexer is counted, and no op here is its. */
START_TEST(an_indexer_is_shown_and_not_priced)
{
  const struct tp_model m =
      open_text("{\"model_type\":\"deepseek_v32\",\"num_hidden_layers\":4,\"index_n_heads\":64,"
                "\"index_head_dim\":128,\"index_topk\":2048}",
                arena);
  const struct tp_model plain =
      open_text("{\"model_type\":\"deepseek_v3\",\"num_hidden_layers\":4}", arena);
  ck_assert_ptr_nonnull(m.unpriced);
  ck_assert_ptr_null(plain.unpriced);
  ck_assert_int_eq(tp_model_parameters(&m) - tp_model_parameters(&plain),
                   4 * (1536 * 64 * 128 + 7168 * (128 + 64)));
  ck_assert_int_eq(tp_model_cache_elements(&plain), 4 * 576);
}
END_TEST

START_TEST(a_byte_order_mark_is_stepped_over)
{
  const struct tp_model plain = open_text("{" LLAMA "}", arena);
  const struct tp_model marked = open_text("\xEF\xBB\xBF{" LLAMA "}", arena);
  ck_assert_str_eq(marked.hash, plain.hash);
  ck_assert_int_eq(marked.hidden, 512);
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

struct share {
  int tp;
  int64_t heads, kv_heads, ffn;
};

static struct share share_of(const struct tp_layer *layer, int tp)
{
  const struct tp_block *block = &layer->block;
  return (struct share){tp, block->copies * block->heads, block->copies * block->kv_heads,
                        block->copies * block->ffn};
}

static const struct {
  const char *name;
  int tp;
  struct share want;
} shards[] = {
    {"llama-3.1-70b", 1, {1, 64, 8, 28672}},  {"llama-3.1-70b", 8, {8, 8, 1, 3584}},
    {"llama-3.1-70b", 16, {16, 4, 1, 1792}},  {"ladder-405b", 16, {16, 8, 1, 3328}},
    {"ladder-405b", 8, {8, 16, 2, 6656}},     {"llama-2-7b", 32, {32, 1, 1, 344}},
    {"llama-2-13b", 5, {5, 8, 8, 0}}, /* 13824 is no multiple of 5: refused */
    {"bloom-176b", 7, {7, 16, 16, 8192}},     {"ladder-1b", 8, {8, 3, 3, 512}},
    {"palm-540b", 16, {16, 3, 1, 4608}},      {"t-nlg", 4, {4, 7, 7, 4256}},
    {"gpt3-13b", 8, {8, 5, 5, 2560}},         {"kraken-125m-6way", 6, {6, 2, 2, 836}},
    {"kraken-125m-6way", 2, {2, 6, 6, 2508}},
};

START_TEST(ranks_hold_their_share)
{
  const struct tp_model m = open_shipped(shards[_i].name, arena);
  const struct share *const want = &shards[_i].want;
  struct tp_layer layer;
  const enum tp_status status = tp_shard_make(&m, 0, shards[_i].tp, &layer, &error);
  ck_assert_int_eq(status, want->ffn == 0 ? TP_E_INPUT : TP_OK);
  if (status != TP_OK)
    return;
  const struct share got = share_of(&layer, shards[_i].tp);
  ck_assert_int_eq(got.tp, want->tp);
  ck_assert_int_eq(got.heads, want->heads);
  ck_assert_int_eq(got.kv_heads, want->kv_heads);
  ck_assert_int_eq(got.ffn, want->ffn);
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
  struct tp_layer layer = {.n_matrices = -1};
  ck_assert_int_eq(tp_shard_make(&m, 0, refusals[_i].tp, &layer, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, refusals[_i].message);
  ck_assert_int_eq(layer.n_matrices, -1);
}
END_TEST

START_TEST(key_value_heads_are_split_or_replicated_evenly)
{
  const struct tp_model m =
      open_text("{\"model_type\":\"llama\",\"hidden_size\":768,\"intermediate_size\":1536,"
                "\"num_hidden_layers\":2,\"num_attention_heads\":12,\"num_key_value_heads\":4,"
                "\"vocab_size\":1000}",
                arena);
  struct tp_layer layer;
  ck_assert_int_eq(tp_shard_make(&m, 0, 12, &layer, &error), TP_OK);
  ck_assert_int_eq(layer.block.kv_heads, 1);
  ck_assert_int_eq(tp_shard_make(&m, 0, 2, &layer, &error), TP_OK);
  ck_assert_int_eq(layer.block.kv_heads, 2);
  ck_assert_int_eq(tp_shard_make(&m, 0, 3, &layer, &error), TP_E_INPUT);
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
    const int tp = 1 + (int)tp_random_below(&state, 16);
    struct tp_layer layer;
    if (tp_shard_make(&m, 0, tp, &layer, &error) != TP_OK) {
      refused++;
      continue;
    }
    made++;
    const struct share s = share_of(&layer, tp);
    ck_assert_msg(s.heads * tp == m.heads && s.ffn * tp == m.ffn && s.heads % s.kv_heads == 0,
                  "case %d", c);
    ck_assert_msg(s.kv_heads * tp == (tp > m.kv_heads ? tp : m.kv_heads), "case %d", c);
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
  tcase_add_test(keys, null_key_value_heads_are_as_many_as_heads);
  tcase_add_test(keys, head_dim_makes_indivisible_widths_possible);
  tcase_add_test(keys, positions_are_those_of_engines);
  tcase_add_test(keys, gpt2_keys);
  tcase_add_test(keys, falcon_keys);
  tcase_add_test(keys, other_families_keys);
  tcase_add_test(keys, kraken_keys);
  tcase_add_test(keys, keys_that_ask_for_nothing);
  tcase_add_loop_test(keys, window_keys, 0, COUNT(windows));
  tcase_add_loop_test(keys, window_letters, 0, COUNT(lettered));
  tcase_add_test(keys, the_language_model_of_a_file_is_read);
  tcase_add_test(keys, sizes_that_are_left_out_are_said);
  tcase_add_test(keys, layers_of_several_kinds);
  tcase_add_test(keys, latent_attention_can_be_switched_off);
  tcase_add_test(keys, a_hybrid_of_attention_alone_is_a_transformer);
  tcase_add_test(keys, an_indexer_is_shown_and_not_priced);
  tcase_add_test(keys, a_byte_order_mark_is_stepped_over);
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
