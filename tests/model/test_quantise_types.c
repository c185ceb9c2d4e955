/* Types by the words of each tool: which are priced, and what is said of those that are not. */
#include "open.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

static struct tp_model open_quantised(const char *config)
{
  return open_text(tp_arena_printf(arena,
                                   "{\"model_type\":\"llama\",\"hidden_size\":64,"
                                   "\"intermediate_size\":128,\"num_hidden_layers\":2,"
                                   "\"num_attention_heads\":4,\"vocab_size\":99,"
                                   "\"torch_dtype\":\"bfloat16\",\"quantization_config\":%s}",
                                   config),
                   arena);
}

#define GROUP(weights, inputs)                                                \
  "{\"quant_method\":\"compressed-tensors\",\"config_groups\":{\"group_0\":{" \
  "\"targets\":[\"Linear\"],\"weights\":{" weights "},\"input_activations\":" inputs "}}}"
#define ARGS(bits, type, rest) "\"num_bits\":" bits ",\"type\":\"" type "\"" rest
#define QUARK(weight, inputs, rest)                                                    \
  "{\"quant_method\":\"quark\",\"global_quant_config\":{\"weight\":" weight            \
  ",\"input_tensors\":" inputs ",\"output_tensors\":null,\"bias\":null},\"exclude\":[" \
  "\"lm_head\"]" rest "}"
#define SPEC(dtype, scheme, rest) \
  "{\"dtype\":\"" dtype "\",\"qscheme\":\"" scheme "\",\"is_dynamic\":false" rest "}"
#define MX      ",\"group_size\":32,\"scale_format\":\"e8m0\""
#define FP8     SPEC("fp8_e4m3", "per_tensor", ",\"group_size\":null")
#define FP8_ROW SPEC("fp8_e4m3", "per_channel", ",\"ch_axis\":0")
#define FP4     SPEC("fp4", "per_group", MX)
#define INT8    SPEC("int8", "per_tensor", "")

/* Attention, MLP, cache. */
static const struct {
  const char *config, *types;
} priced[] = {
    {QUARK(FP8, FP8, ""), "fp8 fp8 -"},
    {QUARK(FP8_ROW, SPEC("fp8_e4m3", "per_channel", ""), ""), "fp8 fp8 -"},
    {QUARK(FP8, FP8, ",\"export\":{\"kv_cache_group\":[]}"), "fp8 fp8 -"},
    {QUARK(FP8, FP8,
           ",\"export\":{\"kv_cache_group\":[\"*k_proj\",\"*v_proj\"]},\"layer_quant_config\":{"
           "\"*k_proj\":{\"weight\":" FP8 ",\"input_tensors\":" FP8 ",\"output_tensors\":" FP8
           "},\"*v_proj\":{\"weight\":" FP8 ",\"input_tensors\":" FP8 ",\"output_tensors\":" FP8
           "}}"),
     "fp8 fp8 fp8"},
    {QUARK(FP8, FP8, ",\"kv_cache_quant_config\":{\"*k_proj\":{\"output_tensors\":" FP8 "}}"),
     "fp8 fp8 fp8"},
    {"{\"quant_algo\":\"MIXED_PRECISION\",\"quantized_layers\":{\"*.mlp*\":{\"quant_algo\":"
     "\"NVFP4\"},\"*.self_attn*\":{}}}",
     "- nvfp4 -"}, /* what says nothing is wide */
    /* Names before all, a class in place of all, and what the list leaves out. */
    {QUARK(FP8, FP8, ",\"layer_quant_config\":{\"*self_attn*\":{\"weight\":null}}"), "- fp8 -"},
    {QUARK(FP8, FP8, ",\"layer_quant_config\":{\"*mlp*\":{\"weight\":" FP4 "}}"),
     "fp8 w4a16-mxfp4 -"},
    {QUARK("null", "null",
           ",\"layer_type_quant_config\":{\"Linear\":{\"weight\":" FP8 ",\"input_tensors\":" FP8
           "}}"),
     "fp8 fp8 -"},
    {"{\"quant_method\":\"quark\",\"global_quant_config\":{\"weight\":" FP8
     ",\"input_tensors\":" FP8 "},\"exclude\":[\"re:.*self_attn.*\",\"lm_head\"]}",
     "- fp8 -"},
    {QUARK(FP4, "null", ""), "w4a16-mxfp4 w4a16-mxfp4 -"},
    {QUARK(FP4, SPEC("fp8_e4m3", "per_group", MX), ""), "w4a8-mxfp4 w4a8-mxfp4 -"},
    {QUARK(SPEC("uint4", "per_group", ",\"group_size\":128"), "null", ""), "w4a16 w4a16 -"},
    {GROUP(ARGS("4", "float", ",\"group_size\":32"), "null"), "w4a16-mxfp4 w4a16-mxfp4 -"},
    {GROUP(ARGS("4", "float", ",\"group_size\":16"), "{" ARGS("4", "float", "") "}"),
     "nvfp4 nvfp4 -"},
    {"{\"quant_method\":\"fbgemm_fp8\",\"activation_scale_ub\":1200.0,"
     "\"modules_to_not_convert\":[\"model.layers.0.self_attn\",\"model.layers.1.self_attn\"]}",
     "- fp8 -"},
    {"{\"quant_method\":\"w8a8_fp8\"}", "fp8 fp8 -"},
    {"{\"quant_method\":\"torchao\",\"quant_type\":\"float8_dynamic_activation_float8_weight\"}",
     "fp8 fp8 -"},
    {"{\"quant_method\":\"torchao\",\"quant_type\":{\"default\":{\"_type\":"
     "\"Float8DynamicActivationFloat8WeightConfig\",\"_data\":{}}}}",
     "fp8 fp8 -"},
    {"{\"quant_method\":\"awq\",\"w_bit\":4,\"q_group_size\":128}", "w4a16 w4a16 -"},
    {"{\"quant_method\":\"awq_marlin\",\"bits\":4}", "w4a16 w4a16 -"},
    {"{\"quant_method\":\"inc\",\"bits\":4,\"group_size\":128}", "w4a16 w4a16 -"},
    {"{\"quant_method\":\"auto-round\",\"bits\":4,\"data_type\":\"nv_fp\",\"act_bits\":4,"
     "\"group_size\":16}",
     "nvfp4 nvfp4 -"},
    {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"w4a16_awq\"}", "w4a16 w4a16 -"},
    {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"FP8_BLOCK_SCALES\"}",
     "fp8-block fp8-block -"},
    {"{\"quant_method\":\"modelopt\",\"quant_algo\":\"W4A8_MXFP4_MXFP8\"}",
     "w4a8-mxfp4 w4a8-mxfp4 -"},
    {"{\"quant_method\":\"modelopt\",\"quant_algo\":null,\"kv_cache_quant_algo\":\"fp8\"}",
     "- - fp8"},
};

START_TEST(types_with_kernels_are_priced)
{
  const struct tp_model m = open_quantised(priced[_i].config);
  const char *const parts[] = {m.dtypes[TP_PART_ATTENTION], m.dtypes[TP_PART_MLP], m.kv_dtype};
  const char *text = "";
  for (int i = 0; i < 3; i++)
    text =
        tp_arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", parts[i] != NULL ? parts[i] : "-");
  ck_assert_msg(m.unknown_dtype == NULL, "%s", m.unknown_dtype);
  ck_assert_str_eq(text, priced[_i].types);
}
END_TEST

#define AS_MANY(type)  "; --dtype " type " has weights of as many bits"
#define NO_GEMM(said)  "as '" said "' says, which no GEMM here multiplies"
#define NONE_AS_NARROW "; no --dtype has weights of so many: w4a16 has 4, fp8 has 8"
#define TORCHAO(type)  "{\"quant_method\":\"torchao\",\"quant_type\":\"" type "\"}"
#define WIDE           ", activations of 16 bits, "

static const struct {
  const char *config, *words;
} refused[] = {
    {"{\"quant_method\":\"gptq\",\"bits\":8}",
     "8-bit integers" WIDE NO_GEMM("gptq") AS_MANY("fp8")},
    {"{\"quant_method\":\"gptq\",\"bits\":3}",
     "3-bit integers" WIDE NO_GEMM("gptq") NONE_AS_NARROW},
    {"{\"quant_method\":\"awq\",\"bits\":2}", "2-bit integers" WIDE NO_GEMM("awq") NONE_AS_NARROW},
    {"{\"quant_method\":\"gptq\",\"bits\":4,\"dynamic\":{\"+:.*mlp.*\":{\"bits\":8}}}",
     "8-bit integers" WIDE NO_GEMM("+:.*mlp.*") AS_MANY("fp8")},
    {GROUP(ARGS("8", "int", ""), "{" ARGS("8", "int", "") "}"),
     "8-bit integers, activations too, " NO_GEMM("config_groups.group_0") AS_MANY("fp8")},
    {GROUP(ARGS("8", "int", ""), "null"),
     "8-bit integers" WIDE NO_GEMM("config_groups.group_0") AS_MANY("fp8")},
    {GROUP(ARGS("4", "int", ""), "{" ARGS("8", "int", "") "}"),
     "4-bit integers, activations 8-bit integers, " NO_GEMM("config_groups.group_0")
         AS_MANY("w4a16")},
    {GROUP(ARGS("4", "int", ""), "{" ARGS("8", "float", "") "}"),
     "4-bit integers, activations 8-bit floats, "},
    {GROUP(ARGS("4", "float", ",\"group_size\":16"), "null"),
     "4-bit floats in groups of 16" WIDE NO_GEMM("config_groups.group_0") AS_MANY("nvfp4")},
    {GROUP(ARGS("4", "float", ",\"group_size\":32"),
           "{" ARGS("4", "float", ",\"group_size\":32") "}"),
     "4-bit floats in groups of 32, activations too, " NO_GEMM("config_groups.group_0")
         AS_MANY("w4a16-mxfp4")},
    {GROUP(ARGS("8", "float", ""), "null"),
     "8-bit floats" WIDE NO_GEMM("config_groups.group_0") AS_MANY("fp8")},
    {QUARK(FP4, FP4, ""), "4-bit floats in groups of 32, activations too, " NO_GEMM(
                              "global_quant_config") AS_MANY("w4a16-mxfp4")},
    {QUARK(FP4, FP8, ""), "4-bit floats in groups of 32, activations 8-bit floats, "},
    {QUARK(INT8, INT8, ""), "8-bit integers, activations too, "},
    {QUARK("[" FP8 "," SPEC("int4", "per_channel", "") "]", FP8, ""),
     "4-bit integers, activations 8-bit floats, "},
    {QUARK("[" SPEC("int4", "per_channel", "") "," FP8 "]", FP8, ""),
     "4-bit integers, activations 8-bit floats, "},
    {QUARK(FP8, FP8, ",\"layer_quant_config\":{\"*down_proj\":{\"weight\":" INT8 "}}"),
     "8-bit integers" WIDE NO_GEMM("*down_proj") AS_MANY("fp8")},
    {"{\"quant_method\":\"bitsandbytes\",\"load_in_8bit\":true}",
     "8-bit integers, activations too, " NO_GEMM("bitsandbytes") AS_MANY("fp8")},
    {"{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":true,\"bnb_4bit_quant_type\":\"nf4\"}",
     "4-bit codes" WIDE NO_GEMM("bitsandbytes") AS_MANY("w4a16")},
    {"{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":true,\"bnb_4bit_quant_type\":\"fp4\"}",
     "4-bit floats" WIDE NO_GEMM("bitsandbytes") AS_MANY("w4a16")},
    {"{\"quant_method\":\"hqq\",\"quant_config\":{\"weight_quant_params\":{\"nbits\":4,"
     "\"group_size\":64}}}",
     "4-bit integers" WIDE NO_GEMM("hqq") AS_MANY("w4a16")},
    {"{\"quant_method\":\"aqlm\",\"num_codebooks\":1,\"nbits_per_codebook\":16,"
     "\"in_group_size\":8,\"out_group_size\":1}",
     "2-bit codes" WIDE NO_GEMM("aqlm") NONE_AS_NARROW},
    {"{\"quant_method\":\"eetq\",\"weights\":\"int8\"}", "8-bit integers" WIDE NO_GEMM("eetq")},
    {"{\"quant_method\":\"quanto\",\"weights\":\"int4\",\"activations\":null}",
     "4-bit integers" WIDE NO_GEMM("quanto")},
    {"{\"quant_method\":\"spqr\",\"bits\":3}", "3-bit integers" WIDE NO_GEMM("spqr")},
    {"{\"quant_method\":\"higgs\",\"bits\":4}", "4-bit codes" WIDE NO_GEMM("higgs")},
    {"{\"quant_method\":\"vptq\"}",
     "quantised as 'vptq' says, which no GEMM here is; give --dtype"},
    {"{\"quant_method\":\"gguf\"}",
     "quantised as 'gguf' says, which no GEMM here is; give --dtype"},
    {"{\"quant_method\":\"deepspeedfp\",\"bits\":6}",
     "6-bit floats" WIDE NO_GEMM("deepspeedfp") NONE_AS_NARROW},
    {"{\"quant_method\":\"fp_quant\",\"forward_dtype\":\"mxfp4\"}",
     "4-bit floats in groups of 32, activations too, " NO_GEMM("fp_quant") AS_MANY("w4a16-mxfp4")},
    {"{\"quant_method\":\"experts_int8\"}", "8-bit integers" WIDE NO_GEMM("experts_int8")},
    {"{\"quant_method\":\"gptq_marlin_24\",\"bits\":4}", "4-bit integers" WIDE},
    {"{\"quant_method\":\"auto-round\",\"bits\":4,\"data_type\":\"mx_fp\",\"act_bits\":4,"
     "\"group_size\":32}",
     "4-bit floats in groups of 32, activations too, "},
    {TORCHAO("int4_weight_only"), "4-bit integers" WIDE NO_GEMM("torchao") AS_MANY("w4a16")},
    {TORCHAO("int8_weight_only"), "8-bit integers" WIDE NO_GEMM("torchao") AS_MANY("fp8")},
    {TORCHAO("int8_dynamic_activation_int4_weight"),
     "4-bit integers, activations 8-bit integers, "},
    {TORCHAO("float8_weight_only"), "8-bit floats" WIDE NO_GEMM("torchao") AS_MANY("fp8")},
    {TORCHAO("NVFP4WeightOnlyConfig"), "4-bit floats in groups of 16" WIDE NO_GEMM("torchao")},
    {TORCHAO("NVFP4DynamicActivationNVFP4WeightConfig"),
     "4-bit floats in groups of 16, activations too, " NO_GEMM("torchao") AS_MANY("nvfp4")},
    {TORCHAO("NVFP4InferenceConfig"), "4-bit floats in groups of 16, activations too, "},
    {TORCHAO("autoquant"), "quantised as 'torchao' says"},
    {"{\"quant_algo\":\"W4A8_AWQ\"}",
     "4-bit integers, activations 8-bit floats, " NO_GEMM("W4A8_AWQ") AS_MANY("w4a16")},
    {"{\"quant_algo\":\"NVFP4_AWQ\"}",
     "4-bit floats in groups of 16, activations too, " NO_GEMM("NVFP4_AWQ") AS_MANY("nvfp4")},
    {"{\"quant_algo\":\"W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN\"}",
     "8-bit integers, activations too, "},
    {"{\"quant_algo\":\"MXFP8\"}", "8-bit floats in groups of 32, activations too, "},
};

/* NVIDIA's names, in either case: the type that has their kernels, or what is said where none has.
 */
static const char *const algorithms[][2] = {
    {"FP8", "fp8"},
    {"fp8_per_tensor", "fp8"},
    {"FP8_PER_CHANNEL_PER_TOKEN", "fp8"},
    {"FP8_PB_WO", "fp8-block"},
    {"FP8_BLOCK", "fp8-block"},
    {"fp8_block_scales", "fp8-block"},
    {"NVFP4", "nvfp4"},
    {"W4A16_NVFP4", "4-bit floats in groups of 16" WIDE},
    {"W4A8_NVFP4_FP8", "4-bit floats in groups of 16, activations 8-bit floats, "},
    {"W4A16_MXFP4", "w4a16-mxfp4"},
    {"W4A8_MXFP4_MXFP8", "w4a8-mxfp4"},
    {"W4A8_MXFP4_FP8", "4-bit floats in groups of 32, activations 8-bit floats, "},
    {"W4A16", "w4a16"},
    {"w4a16_awq", "w4a16"},
    {"W4A16_GPTQ", "w4a16"},
    {"INT4_AWQ", "w4a16"},
    {"W4A8_QSERVE_PER_GROUP", "4-bit integers, activations 8-bit integers, "},
    {"W8A16", "8-bit integers" WIDE},
    {"W8A16_GPTQ", "8-bit integers" WIDE},
    {"W8A8_SQ_PER_TENSOR_PLUGIN", "8-bit integers, activations too, "},
    {"INT8_SQ", "8-bit integers, activations too, "},
    {"INT8", "8-bit integers, activations too, "},
    {"W8A8_SQ", "quantised as 'W8A8_SQ' says, "}, /* of no kind */
};

START_TEST(algorithms_are_known_by_name)
{
  const char *const *const one = algorithms[_i];
  const struct tp_model m =
      open_quantised(tp_arena_printf(arena, "{\"quant_algo\":\"%s\"}", one[0]));
  const char *const made = m.unknown_dtype != NULL ? m.unknown_dtype : m.dtypes[TP_PART_MLP];
  ck_assert_msg(m.unknown_dtype != NULL ? strstr(made, one[1]) != NULL : strcmp(made, one[1]) == 0,
                "%s: %s", one[0], made);
}
END_TEST

/* The bits of weights, the type of activations, who says so and what has as many. */
START_TEST(types_without_kernels_are_told_by_their_bits)
{
  const struct tp_model m = open_quantised(refused[_i].config);
  ck_assert_msg(m.unknown_dtype != NULL, "priced as %s %s", m.dtypes[TP_PART_ATTENTION],
                m.dtypes[TP_PART_MLP]);
  ck_assert_msg(strstr(m.unknown_dtype, refused[_i].words) != NULL, "%s\nwithout: %s",
                m.unknown_dtype, refused[_i].words);
  ck_assert_ptr_nonnull(strstr(m.unknown_dtype, "--dtype"));
}
END_TEST

/* A scale of 16 bits a group, and 4 bits where it has a zero point. */
START_TEST(weights_take_the_bytes_of_their_groups)
{
  static const struct {
    const char *config;
    double bytes;
  } cases[] = {
      {GROUP(ARGS("4", "int", ",\"group_size\":32,\"symmetric\":true"), "null"), 0.5 + 2.0 / 32},
      {GROUP(ARGS("4", "int", ",\"group_size\":32,\"symmetric\":false"), "null"), 0.5 + 2.5 / 32},
      {"{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":-1,\"sym\":true}", 0.5},
      {"{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":64,\"sym\":false}", 0.5 + 2.5 / 64},
      {"{\"quant_method\":\"awq\",\"bits\":4,\"group_size\":128}", 0.5 + 2.5 / 128},
      {"{\"quant_method\":\"awq\",\"w_bit\":4,\"q_group_size\":64}", 0.5 + 2.5 / 64},
      {QUARK(SPEC("int4", "per_group", ",\"group_size\":32"), "null", ""), 0.5 + 2.0 / 32},
      {"{\"quant_method\":\"awq\",\"bits\":4}", 0}, /* as the type has it */
      {"{\"quant_method\":\"mxfp4\",\"group_size\":32}", 0}};
  const struct tp_model m = open_quantised(cases[_i].config);
  ck_assert_rel(m.element_bytes[TP_PART_MLP], cases[_i].bytes, 1e-12);
}
END_TEST

/* By a key of its own, or by its name; not by what is said of all, nor where it is left out. */
START_TEST(heads_are_quantised_where_a_file_names_them)
{
  static const char *const cases[][2] = {
      {"{\"quant_method\":\"gptq\",\"bits\":4,\"lm_head\":true}", "w4a16"},
      {"{\"quant_method\":\"gptq\",\"bits\":4,\"lm_head\":false}", NULL},
      {"{\"quant_method\":\"gptq\",\"bits\":4,\"lm_head\":true,\"dynamic\":{\"-:lm_head\":{}}}",
       NULL},
      {"{\"quant_method\":\"auto-round\",\"bits\":4,\"extra_config\":{\"lm_head\":{\"bits\":4}}}",
       "w4a16"},
      {"{\"quant_algo\":\"MIXED_PRECISION\",\"quantized_layers\":{\"*.mlp*\":{\"quant_algo\":"
       "\"NVFP4\"},\"lm_head\":{\"quant_algo\":\"FP8\"}}}",
       "fp8"},
      {"{\"quant_method\":\"fp8\"}", NULL},
      {QUARK(FP8, FP8, ",\"layer_quant_config\":{\"*\":{\"weight\":" FP4 "}}"), NULL},
  };
  const struct tp_model m = open_quantised(cases[_i][0]);
  const char *const head = m.dtypes[TP_PART_HEAD];
  ck_assert_str_eq(head != NULL ? head : "-", cases[_i][1] != NULL ? cases[_i][1] : "-");
}
END_TEST

/* As compressed-tensors' first files have it. */
START_TEST(the_older_key_is_read)
{
  const struct tp_model m = open_text(
      "{\"model_type\":\"llama\",\"hidden_size\":64,\"intermediate_size\":128,"
      "\"num_hidden_layers\":2,\"num_attention_heads\":4,\"vocab_size\":99,"
      "\"num_key_value_heads\":4,\"compression_config\":" GROUP(ARGS("4", "int", ""), "null") "}",
      arena);
  ck_assert_str_eq(m.dtypes[TP_PART_MLP], "w4a16");
  ck_assert_uint_eq(m.n_notes, 1); /* of the types, none of an unknown key */
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("quantise types");
  TCase *const t = tcase_create("quantise types");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_loop_test(t, types_with_kernels_are_priced, 0, (int)(sizeof priced / sizeof *priced));
  tcase_add_loop_test(t, types_without_kernels_are_told_by_their_bits, 0,
                      (int)(sizeof refused / sizeof *refused));
  tcase_add_loop_test(t, algorithms_are_known_by_name, 0,
                      (int)(sizeof algorithms / sizeof *algorithms));
  tcase_add_loop_test(t, weights_take_the_bytes_of_their_groups, 0, 9);
  tcase_add_loop_test(t, heads_are_quantised_where_a_file_names_them, 0, 7);
  tcase_add_test(t, the_older_key_is_read);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
