/* Points of quantised checkpoints: the memory that their weights take, what is said of them and
 * what is refused. */
#include "predict/ask.h"

#include "../suite.h"
#include "world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct world world;
static const char *told; /* notes, one a line */
static int files;        /* written: a catalog opens each name once */

static void note(const char *text)
{
  told = tp_arena_printf(world.arena, "%s%s\n", told, text);
}

static void set_up(void)
{
  world_open(&world);
  world.catalog.note = note;
  told = "";
}

static void tear_down(void)
{
  world_close(&world);
}

#define LAYERS      2
#define HIDDEN      256
#define FFN         512
#define MLP_WEIGHTS ((double)LAYERS * 3 * HIDDEN * FFN)
#define ATTENTION   ((double)LAYERS * 4 * HIDDEN * HIDDEN)

#define EXPERTS "\"num_local_experts\":8,\"num_experts_per_tok\":2,"

/* A point of a model that is quantised as `config` says, on one GPU. */
static struct tp_point resolve(const char *family, const char *config, const char *platform,
                               const char *dtype)
{
  struct tp_ask ask = {.detail = TP_DETAIL_FLOW};
  struct tp_error error = {.text = ""};
  struct tp_point point;
  const char *const path =
      tp_arena_printf(world.arena, "test_checkpoints.%ld.%d.json", (long)getpid(), files++);
  FILE *const out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  fprintf(out,
          "{\"model_type\":\"%s\",\"hidden_size\":%d,\"intermediate_size\":%d,"
          "\"num_hidden_layers\":%d,\"num_attention_heads\":8,\"vocab_size\":1000,"
          "%s\"torch_dtype\":\"bfloat16\",\"quantization_config\":%s}",
          family, HIDDEN, FFN, LAYERS, strcmp(family, "mixtral") == 0 ? EXPERTS : "", config);
  fclose(out);
  for (int i = 0; i < TP_N_AXES; i++)
    ask.values[i].number = (double)NAN;
  ask.values[TP_AXIS_model].text = path;
  ask.values[TP_AXIS_platform].text = platform;
  ask.values[TP_AXIS_dtype].text = dtype;
  const enum tp_status status = tp_ask_resolve(&ask, &world.catalog, &point, &error);
  unlink(path);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  return point;
}

static double memory_bytes(const char *config, const char *dtype)
{
  const struct tp_point point = resolve("llama", config, "dgx-h100", dtype);
  struct tp_predictor *const predictor = tp_predictor_create();
  struct tp_prediction row;
  struct tp_error error = {.text = ""};
  ck_assert_msg(tp_predict(predictor, &point, &row, &error) == TP_OK, "%s", error.text);
  tp_predictor_free(predictor);
  return row.memory_bytes;
}

#define GPTQ(group, sym) \
  "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":" group ",\"sym\":" sym "}"

/* Groups of 128 have 2 bytes a scale, those of 32 four times as many, with zero points half a byte
 * more each; other types than the checkpoint's have their own. */
START_TEST(weights_take_the_memory_of_their_groups)
{
  const double weights = MLP_WEIGHTS + ATTENTION;
  const double usual = memory_bytes(GPTQ("128", "true"), NULL);
  ck_assert_rel(memory_bytes(GPTQ("32", "true"), NULL) - usual, weights * (2.0 / 32 - 2.0 / 128),
                1e-9);
  ck_assert_rel(memory_bytes(GPTQ("32", "false"), NULL) - usual, weights * (2.5 / 32 - 2.0 / 128),
                1e-9);
  ck_assert_rel(usual - memory_bytes(GPTQ("-1", "true"), NULL), weights * 2.0 / 128, 1e-9);
  ck_assert_rel(memory_bytes(GPTQ("32", "true"), "w4a16") - usual, weights * (2.0 / 32 - 2.0 / 128),
                1e-9);
  ck_assert_double_eq(memory_bytes(GPTQ("32", "true"), "fp8"),
                      memory_bytes(GPTQ("128", "true"), "fp8"));
}
END_TEST

/* Only part of the layers' matrices are quantised: the rest of them stay wide. */
START_TEST(what_is_left_out_stays_wide)
{
  const double all = memory_bytes("{\"quant_method\":\"fp8\"}", NULL);
  const double rest = memory_bytes(
      "{\"quant_method\":\"fp8\",\"modules_to_not_convert\":[\"self_attn\",\"lm_head\"]}", NULL);
  ck_assert_rel(rest - all, ATTENTION, 1e-9);
}
END_TEST

/* 1000 words of a head, that is read once a token. */
START_TEST(a_quantised_head_takes_its_bytes)
{
  static const char wide[] = "{\"quant_method\":\"gptq\",\"bits\":4}";
  static const char narrow[] = "{\"quant_method\":\"gptq\",\"bits\":4,\"lm_head\":true}";
  const double saved = 1000.0 * HIDDEN * (2 - 0.5 - 2.0 / 128);
  ck_assert_rel(memory_bytes(wide, NULL) - memory_bytes(narrow, NULL), saved, 1e-9);
  ck_assert_double_eq(memory_bytes(wide, "fp8"), memory_bytes(narrow, "fp8"));
  const struct tp_point point = resolve("llama", narrow, "dgx-h100", NULL);
  ck_assert_str_eq(point.dtype_text, "auto"); /* it gives the same again */
  ck_assert_int_eq(point.dtypes[TP_PART_HEAD], TP_DTYPE_W4A16);
}
END_TEST

#define FP8 "{\"quant_method\":\"fp8\",\"activation_scheme\":\"static\"}"

/* Where fp8's kernels have larger tiles than those of 16 bits, the types are the checkpoint's, and
 * the model has experts. */
START_TEST(slow_experts_are_told)
{
  static const struct {
    const char *family, *config, *platform, *dtype;
    bool is_told;
  } cases[] = {
      {"mixtral", FP8, "dgx-h100", NULL, true},
      {"mixtral", FP8, "dgx-h200", "auto", true},
      {"mixtral", "{\"quant_method\":\"fp8\",\"modules_to_not_convert\":[\"self_attn\"]}",
       "dgx-h100", NULL, true},
      {"mixtral", "{\"quant_method\":\"fp8\",\"weight_block_size\":[128,128]}", "dgx-h100", NULL,
       false},
      {"mixtral", FP8, "dgx-h100", "fp8", false},
      {"mixtral", FP8, "dgx-b200", NULL, false},
      {"mixtral", FP8, "mi300x-x8", NULL, false},
      {"llama", FP8, "dgx-h100", NULL, false},
  };
  static const char words[] = "are priced as vLLM's CUTLASS kernels";
  for (int i = 0; i < 2; i++)
    resolve(cases[_i].family, cases[_i].config, cases[_i].platform, cases[_i].dtype);
  const char *const first = strstr(told, words);
  ck_assert_msg((first != NULL) == cases[_i].is_told, "%s", told);
  ck_assert(first == NULL || strstr(first + 1, words) == NULL);
}
END_TEST

/* What no GEMM here multiplies is a point that says so, unless a type is asked for. */
START_TEST(refusals_name_the_type_of_as_many_bits)
{
  static const char config[] = "{\"quant_method\":\"gptq\",\"bits\":8}";
  ck_assert_str_eq(resolve("llama", config, "dgx-h100", NULL).refused,
                   "its weights are 8-bit integers, activations of 16 bits, as 'gptq' says, which "
                   "no GEMM here multiplies; --dtype fp8 has weights of as many bits");
  ck_assert_ptr_null(resolve("llama", config, "dgx-h100", "fp8").refused);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("checkpoints");
  TCase *const t = tcase_create("checkpoints");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_test(t, weights_take_the_memory_of_their_groups);
  tcase_add_test(t, what_is_left_out_stays_wide);
  tcase_add_test(t, a_quantised_head_takes_its_bytes);
  tcase_add_loop_test(t, slow_experts_are_told, 0, 8);
  tcase_add_test(t, refusals_name_the_type_of_as_many_bits);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
