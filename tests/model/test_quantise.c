/* Types as checkpoints say them: what each tool writes, and which parts of a model it means. */
#include "open.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "../arena.h" /* whose names nothing above may meet */

#define MIXTURE                                                                            \
  "\"model_type\":\"glm4_moe\",\"hidden_size\":64,\"intermediate_size\":128,"              \
  "\"num_hidden_layers\":3,\"num_attention_heads\":4,\"num_key_value_heads\":2,"           \
  "\"head_dim\":16,\"vocab_size\":99,\"moe_intermediate_size\":32,\"n_routed_experts\":4," \
  "\"num_experts_per_tok\":2,\"n_shared_experts\":1,\"first_k_dense_replace\":1,"          \
  "\"torch_dtype\":\"bfloat16\",\"quantization_config\":"
#define WEIGHTS(bits, type) "\"weights\":{\"num_bits\":" bits ",\"type\":\"" type "\"}"
#define AWQ(names)          "{\"quant_method\":\"awq\",\"bits\":4,\"modules_to_not_convert\":[" names "]}"
#define GROUP(targets) \
  "{\"config_groups\":{\"a\":{\"targets\":[" targets "]," WEIGHTS("4", "int") "}}}"

/* attention, MLP, experts, shared experts, cache; "-": not quantised. */
static const struct {
  const char *config, *types;
} checkpoints[] = {
    {"{\"quant_method\":\"fp8\",\"weight_block_size\":[128,128]}",
     "fp8-block fp8-block fp8-block fp8-block -"},
    {"{\"quant_method\":\"fp8\",\"activation_scheme\":\"static\"}", "fp8 fp8 fp8 fp8 -"},
    {"{\"quant_method\":\"awq\",\"bits\":4}", "w4a16 w4a16 w4a16 w4a16 -"},
    {"{\"quant_method\":\"gptq\",\"bits\":4}", "w4a16 w4a16 w4a16 w4a16 -"},
    {"{\"quant_method\":\"mxfp4\",\"modules_to_not_convert\":[\"model.layers.*.self_attn\","
     "\"model.layers.*.mlp.router\",\"lm_head\"]}",
     "- w4a16-mxfp4 w4a16-mxfp4 w4a16-mxfp4 -"},
    /* An exception of one name means the module of that name, not one whose name holds it. */
    {"{\"quant_method\":\"fp8\",\"modules_to_not_convert\":[\"gate\",\"lm_head\"]}",
     "fp8 fp8 fp8 fp8 -"},
    {"{\"quant_algo\":\"NVFP4\",\"kv_cache_scheme\":{\"num_bits\":8,\"type\":\"float\"},"
     "\"ignore\":[\"model.layers.0*\",\"model.layers.1.self_attn*\",\"model.layers.2.self_attn*\","
     "\"*.shared_experts*\"]}",
     "- - nvfp4 - fp8"},
    {"{\"quant_method\":\"compressed-tensors\",\"ignore\":[\"re:.*self_attn.*\","
     "\"re:.*mlp\\\\.(gate|up|down)_proj.*\"],\"config_groups\":{\"group_0\":{" WEIGHTS(
         "4", "int") ",\"input_activations\":null}}}",
     "- - w4a16 w4a16 -"},
    {"{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"group_0\":{" WEIGHTS(
         "8", "float") ",\"input_activations\":{\"num_bits\":8}}}}",
     "fp8 fp8 fp8 fp8 -"},
    {"{\"quant_algo\":\"MIXED_PRECISION\",\"quantized_layers\":{"
     "\"layers.1.ffn.experts\":{\"quant_algo\":\"NVFP4\"},"
     "\"layers.2.ffn.experts\":{\"quant_algo\":\"NVFP4\"}}}",
     "- - nvfp4 - -"},
    {"{\"quant_algo\":null,\"kv_cache_quant_algo\":\"FP8\"}", "- - - - fp8"},
    {"{\"quant_method\":\"compressed-tensors\",\"config_groups\":{},"
     "\"kv_cache_scheme\":{\"num_bits\":8,\"type\":\"float\"}}",
     "- - - - fp8"},
    {"{\"quant_method\":\"compressed-tensors\","
     "\"kv_cache_scheme\":{\"num_bits\":8,\"type\":\"float\"}}",
     "- - - - fp8"},
    {"{\"config_groups\":{\"a\":{\"targets\":[\"Linear\"]," WEIGHTS(
         "4", "int") "},"
                     "\"b\":{\"targets\":[\"re:.*o_proj\"]," WEIGHTS(
                         "8", "float") ",\"input_activations\":{}}}}",
     "w4a16 w4a16 w4a16 w4a16 -"},
    {"{\"config_groups\":{\"a\":{\"targets\":[\"Linear\"]," WEIGHTS(
         "4", "int") "},"
                     "\"b\":{\"targets\":[\"re:.*[qo]_proj\"]," WEIGHTS(
                         "8", "float") ",\"input_activations\":{}}}}",
     "fp8 w4a16 w4a16 w4a16 -"},
    /* Expressions as Python has them, from the name's beginning to wherever they end. */
    {AWQ("\"re:model\\\\.layers\\\\.\\\\d+\\\\.self_attn\\\\..*\""), "- w4a16 w4a16 w4a16 -"},
    {AWQ("\"re:.*(?:self_attn|lm_head).*\""), "- w4a16 w4a16 w4a16 -"},
    {AWQ("\"re:lm_head|model.*self_attn\\\\.\\\\w+\""), "- w4a16 w4a16 w4a16 -"},
    {AWQ("\"re:self_attn\""), "w4a16 w4a16 w4a16 w4a16 -"},
    /* Names as families have them, and parts of names. */
    {AWQ("\"self_attn.\""), "- w4a16 w4a16 w4a16 -"},
    {AWQ("\"re:.*mlp.shared_expert\\\\..*\""), "w4a16 w4a16 w4a16 - -"},
    {AWQ("\"re:.*block_sparse_moe.experts.*\""), "w4a16 w4a16 - w4a16 -"},
    {AWQ("\"model.layers.1.feed_forward.shared_expert\","
         "\"model.layers.2.feed_forward.shared_expert.up_proj\""),
     "w4a16 w4a16 w4a16 - -"},
    {AWQ("\"model.layers.0.mlp\",\"model.layers.1.self_attn\""), "w4a16 - w4a16 w4a16 -"},
    /* A group alone is of what it targets. */
    {GROUP("\"re:.*mlp.*\""), "- w4a16 w4a16 w4a16 -"},
    {GROUP("\"re:.*mlp\\\\.experts\\\\.\\\\d+\\\\..*\""), "- - w4a16 - -"},
    {GROUP("\"LlamaAttention\""), "- - - - -"},
    {GROUP("\"LlamaAttention\",\"Linear\""), "w4a16 w4a16 w4a16 w4a16 -"},
    /* Modules that tools set apart: GPTQModel's, AutoRound's, GPTQ's. */
    {"{\"quant_method\":\"gptq\",\"bits\":4,\"dynamic\":{\"-:.*self_attn.*\":{},"
     "\"+:.*mlp.*\":{\"group_size\":32},\".*nowhere\":{\"bits\":8}}}",
     "- w4a16 w4a16 w4a16 -"},
    {"{\"quant_method\":\"auto-round\",\"bits\":4,\"extra_config\":{"
     "\".*self_attn.*\":{\"bits\":16},\"model.layers.0.mlp.up_proj\":{\"bits\":16},"
     "\"model.layers.0.mlp.down_proj\":{\"bits\":16}}}",
     "- - w4a16 w4a16 -"},
    {"{\"quant_method\":\"gptq\",\"bits\":4,\"modules_in_block_to_quantize\":"
     "[[\"mlp.up_proj\",\"mlp.gate_proj\"],[\"mlp.down_proj\"]]}",
     "- w4a16 - - -"},
    {"{\"quant_algo\":null,\"kv_cache_quant_algo\":null}", "- - - - -"},
    {"{\"quant_algo\":\"FP8\",\"kv_cache_scheme\":\"FP8\",\"ignore\":[\"lm_head\"]}",
     "fp8 fp8 fp8 fp8 fp8"},
};

static const char *types_text(const struct tp_model *m)
{
  const char *text = "";
  for (int part = 0; part < TP_PART_ROUTER; part++)
    text = tp_arena_printf(arena, "%s%s ", text, m->dtypes[part] != NULL ? m->dtypes[part] : "-");
  return tp_arena_printf(arena, "%s%s", text, m->kv_dtype != NULL ? m->kv_dtype : "-");
}

START_TEST(parts_have_the_types_of_their_checkpoint)
{
  const struct tp_model m =
      open_text(tp_arena_printf(arena, "{" MIXTURE "%s}", checkpoints[_i].config), arena);
  ck_assert_str_eq(types_text(&m), checkpoints[_i].types);
  ck_assert_str_eq(m.dtype, "bf16");
  ck_assert_ptr_null(m.unknown_dtype);
}
END_TEST

/* What is priced otherwise than it is, or not at all, is named. */
START_TEST(other_scales_are_named)
{
  static const char *const cases[][2] = {
      {"{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":32}",
       "'quantization_config.group_size' is 32: priced as w4a16 in groups of 128"},
      {"{\"quant_method\":\"awq\",\"bits\":4,\"group_size\":-1}",
       "'quantization_config.group_size' is -1: priced as w4a16 in groups of 128"},
      {"{\"quant_method\":\"fp8\",\"weight_block_size\":[64,128]}",
       "'quantization_config.weight_block_size' is another block than 128 x 128"},
      {"{\"quant_algo\":\"FP8\",\"ignore\":[\"*\"]}",
       "'quantization_config' quantises no weights that a layer has"},
      {AWQ("\"re:.*[kv]_proj\""),
       "attention: k_proj, v_proj taken to have the type of the rest of it"},
      {AWQ("\"re:.*down_proj\""), "mlp: down_proj taken to have the type of the rest of it"},
      {GROUP("\"LlamaAttention\""), "targets 'LlamaAttention', a class"},
      {"{\"quant_method\":\"gptq\",\"bits\":4,\"lm_head\":true}", "shared w4a16, head w4a16;"},
      {"{\"quant_algo\":\"FP8\",\"sparsity_config\":{\"format\":\"sparse-bitmask\"}}",
       "'quantization_config.sparsity_config' leaves weights out"},
      {"{\"quant_algo\":\"FP8\",\"transform_config\":{\"a\":1}}",
       "'quantization_config.transform_config'"},
      {"{\"quant_algo\":\"NVFP4\",\"group_size\":16}", NULL}};
  const struct tp_model m =
      open_text(tp_arena_printf(arena, "{" MIXTURE "%s}", cases[_i][0]), arena);
  bool named = false;
  for (size_t i = 0; i < m.n_notes; i++)
    named = named || strstr(m.notes[i], cases[_i][1] != NULL ? cases[_i][1] : "group_size") != NULL;
  ck_assert_int_eq(named, cases[_i][1] != NULL);
}
END_TEST

START_TEST(odd_types_of_activations_are_named)
{
  static const char *const types[][2] = {{"\"torch.bfloat16\"", "bf16"},
                                         {"\"half\"", "fp16"},
                                         {"\"int3\"", NULL},
                                         {"16", NULL},
                                         {"null", ""}};
  const struct tp_model m =
      open_text(tp_arena_printf(arena,
                                "{\"model_type\":\"llama\",\"hidden_size\":64,"
                                "\"intermediate_size\":9,\"num_hidden_layers\":1,"
                                "\"num_attention_heads\":4,\"num_key_value_heads\":4,"
                                "\"vocab_size\":9,\"dtype\":%s}",
                                types[_i][0]),
                arena);
  const char *const want = types[_i][1];
  ck_assert_uint_eq(m.n_notes, want == NULL ? 1 : 0);
  if (want != NULL && want[0] != '\0')
    ck_assert_str_eq(m.dtype, want);
  else
    ck_assert_ptr_null(m.dtype);
}
END_TEST

/* What no GEMM here is needs --dtype, and says so. */
enum { N_OTHER_WAYS = 17 };
START_TEST(other_ways_to_quantise_are_named)
{
  static const char *const configs[] = {
      "{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":true}",
      "{\"quant_method\":\"gptq\",\"bits\":8}",
      "{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"group_0\":{" WEIGHTS(
          "8", "int") ",\"input_activations\":{\"num_bits\":8}}}}",
      "{\"quant_algo\":\"W9\"}",
      "{\"quantized_layers\":{\"*.mlp.experts*\":{\"quant_algo\":\"W9\"}}}",
      "{\"config_groups\":{\"a\":{\"targets\":[\"Linear\"]," WEIGHTS(
          "4", "int") "},\"b\":{\"targets\":[\"re:.*o_proj\"]," WEIGHTS("8", "int") "}}}",
      "{\"quant_method\":\"gptq\",\"bits\":4,\"dynamic\":{\"+:.*mlp.*\":{\"bits\":8}}}",
      /* Two of four weights are left out, however what is left is packed. */
      "{\"quant_algo\":\"FP8\",\"sparsity_config\":{\"format\":\"sparse-24-bitmask\"}}",
      "{\"config_groups\":{},\"sparsity_config\":{\"format\":\"sparse-24-bitmask\"}}",
      "{\"quant_algo\":\"FP8\",\"sparsity_config\":{\"format\":\"dense\",\"sparsity_structure\":"
      "\"2:4\"}}",
      "{\"format\":\"marlin-24\",\"config_groups\":{\"a\":{" WEIGHTS("4", "int") "}}}",
      /* MLX' name no method. */
      "{\"group_size\":64,\"bits\":4}", "{\"group_size\":64,\"bits\":4},\"quantization_bit\":4",
      "null,\"quantization\":{\"group_size\":32,\"bits\":4,\"mode\":\"mxfp4\"}",
      "null,\"quantization_bit\":4",
      /* What no expression of POSIX says is not read past. */
      AWQ("\"re:^(?!.*mlp).*$\""),
      "{\"quant_method\":\"gptq\",\"bits\":4,\"dynamic\":{\"-:^(?!.*mlp).*$\":{}}}"};
  static const char *const words[] = {
      "'bitsandbytes'",
      "'gptq'",
      "'config_groups.group_0'",
      "'W9'",
      "'W9'",
      "'config_groups.b'",
      "'+:.*mlp.*'",
      "(2:4 sparsity), as 'quantization_config.sparsity_config'",
      "(2:4 sparsity), as 'quantization_config.sparsity_config'",
      "(2:4 sparsity), as 'quantization_config.sparsity_config'",
      "(2:4 sparsity), as 'quantization_config.format'",
      "4-bit integers",
      "'quantization_config'",
      "4-bit floats in groups of 32",
      "4-bit integers, activations of 16 bits, as 'quantization_bit'",
      "'re:^(?!",
      "'^(?!"};
  enum { N_CONFIGS = sizeof configs / sizeof *configs };
  ck_assert_uint_eq(N_CONFIGS, N_OTHER_WAYS);
  const struct tp_model m =
      open_text(tp_arena_printf(arena, "{" MIXTURE "%s}", configs[_i]), arena);
  ck_assert_ptr_nonnull(m.unknown_dtype);
  ck_assert_msg(strstr(m.unknown_dtype, words[_i]) != NULL &&
                    strstr(m.unknown_dtype, "--dtype") != NULL,
                "%s", m.unknown_dtype);
}
END_TEST

/* Files beside config.json, of several tools; what config.json says itself goes before them, and is
 * said where it differs. */
static const struct {
  const char *config, *name, *text, *types;
  double bytes;     /* of an element of attention; 0: as the type has it */
  const char *note; /* NULL: the file is an input, as the config is */
} besides[] = {
    {"null", "hf_quant_config.json",
     "{\"producer\":{\"name\":\"modelopt\"},\"quantization\":{\"quant_algo\":\"NVFP4\","
     "\"kv_cache_quant_algo\":\"FP8\",\"exclude_modules\":[\"*self_attn*\",\"lm_head\"]}}",
     "- nvfp4 nvfp4 nvfp4 fp8", 0, NULL},
    {"null", "quantize_config.json",
     "{\"bits\":4,\"group_size\":128,\"damp_percent\":0.01,\"desc_act\":false,\"sym\":true}",
     "w4a16 w4a16 w4a16 w4a16 -", 0.5 + 2.0 / 128, NULL},
    {"null", "quant_config.json",
     "{\"zero_point\":true,\"q_group_size\":64,\"w_bit\":4,\"version\":\"GEMM\"}",
     "w4a16 w4a16 w4a16 w4a16 -", 0.5 + 2.5 / 64, NULL},
    {"null", "quantize_config.json", "{\"zero_point\":true,\"q_group_size\":128,\"w_bit\":4}",
     "w4a16 w4a16 w4a16 w4a16 -", 0.5 + 2.5 / 128, NULL},
    {"{\"quant_method\":\"GPTQ\",\"bits\":4,\"group_size\":128,\"sym\":true}",
     "quantize_config.json", "{\"bits\":4,\"group_size\":128,\"sym\":true}",
     "w4a16 w4a16 w4a16 w4a16 -", 0.5 + 2.0 / 128, ""},
    {"{\"quant_method\":\"FP8\"}", "quantize_config.json", "{\"bits\":4,\"group_size\":128}",
     "fp8 fp8 fp8 fp8 -", 0, "quantize_config.json beside it says other types than"},
    {"{\"quant_method\":\"fp8\"}", "quant_config.json", "{", "fp8 fp8 fp8 fp8 -", 0,
     "what stands beside it is not used, nor can be read"},
};

static void write_text(const char *path, const char *text)
{
  FILE *const out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  fputs(text, out);
  fclose(out);
}

START_TEST(a_file_beside_the_config_is_read)
{
  const char *const folder = tp_arena_printf(arena, "test_quantise.%ld", (long)getpid());
  const char *const config = tp_arena_printf(arena, "%s/config.json", folder),
                    *const beside = tp_arena_printf(arena, "%s/%s", folder, besides[_i].name);
  ck_assert_int_eq(mkdir(folder, 0700), 0);
  write_text(config, tp_arena_printf(arena, "{" MIXTURE "%s}", besides[_i].config));
  write_text(beside, besides[_i].text);
  struct tp_model m;
  struct tp_error error = {""};
  bool said = false;
  const enum tp_status status = tp_model_open(config, arena, &m, &error);
  unlink(config);
  unlink(beside);
  rmdir(folder);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  ck_assert_str_eq(types_text(&m), besides[_i].types);
  ck_assert(fabs(m.element_bytes[TP_PART_ATTENTION] - besides[_i].bytes) < 1e-9);
  ck_assert(tp_model_is_beside(beside) && !tp_model_is_beside(config));
  for (size_t i = 0; i < m.n_notes; i++)
    said = said || (besides[_i].note == NULL      ? strstr(m.notes[i], "quantised as")
                    : besides[_i].note[0] == '\0' ? strstr(m.notes[i], "beside")
                                                  : strstr(m.notes[i], besides[_i].note)) != NULL;
  ck_assert_int_eq(said, besides[_i].note == NULL || besides[_i].note[0] != '\0');
  if (besides[_i].note != NULL) {
    ck_assert_ptr_null(m.beside);
    return;
  }
  ck_assert_str_eq(m.beside, beside); /* and is an input, as the config is */
  ck_assert_uint_eq(strlen(m.beside_hash), TP_HASH_CHARS - 1);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("quantise");
  TCase *const t = tcase_create("quantise");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, parts_have_the_types_of_their_checkpoint, 0,
                      (int)(sizeof checkpoints / sizeof *checkpoints));
  tcase_add_loop_test(t, other_ways_to_quantise_are_named, 0, N_OTHER_WAYS);
  tcase_add_loop_test(t, other_scales_are_named, 0, 11);
  tcase_add_loop_test(t, odd_types_of_activations_are_named, 0, 5);
  tcase_add_loop_test(t, a_file_beside_the_config_is_read, 0,
                      (int)(sizeof besides / sizeof *besides));
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
