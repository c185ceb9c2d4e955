/* What a point needs of a GPU's memory, the steps its prefill is cut in, and the host's time of
 * each. */
#include "predict/ask.h"

#include "../suite.h"
#include "world.h"

#include <string.h>

static struct world world;
static struct tp_predictor *predictor;
static struct tp_stack stack; /* of the point, to be changed */
static struct tp_point point;

static void set_up(void)
{
  world_open(&world);
  predictor = tp_predictor_create();
  point = world_case(&world, "llama-3.1-8b", "dgx-h100", "ideal", "standard");
  stack = *point.stack;
  point.stack = &stack;
  point.mesh = tp_mesh_of_tp(1);
}

static void tear_down(void)
{
  tp_predictor_free(predictor);
  world_close(&world);
}

/* By a predictor that knows nothing yet: it remembers programs by their stack's place. */
static struct tp_prediction predict(void)
{
  tp_predictor_free(predictor);
  predictor = tp_predictor_create();
  struct tp_prediction row;
  struct tp_error error = {.text = ""};
  ck_assert_msg(tp_predict(predictor, &point, &row, &error) == TP_OK, "%s", error.text);
  return row;
}

/* Three prompts of 1000 tokens, 1600 a step: one and the begin of the second, the rest of it and
 * all of the third; in steps of 700 a prompt is cut twice. */
START_TEST(a_prefill_takes_so_many_tokens_a_step)
{
  static const struct tp_batch by_1600[] = {{2, {{1, 1000, 0}, {1, 600, 0}}},
                                            {2, {{1, 400, 600}, {1, 1000, 0}}}};
  static const struct tp_batch by_700[] = {{1, {{1, 700, 0}}},
                                           {2, {{1, 300, 700}, {1, 400, 0}}},
                                           {2, {{1, 600, 400}, {1, 100, 0}}},
                                           {1, {{1, 700, 100}}},
                                           {1, {{1, 200, 800}}}};
  point.batch = 3;
  point.prompt = 1000;
  ck_assert_int_eq(tp_point_prefill_steps(&point), 1);
  stack.memory.prefill_tokens[1] = 1600;
  ck_assert_int_eq(tp_point_prefill_steps(&point), 2);
  for (int i = 0; i < 2; i++) {
    const struct tp_batch batch = tp_point_prefill(&point, i);
    ck_assert(tp_batch_same(&batch, &by_1600[i]));
  }
  stack.memory.prefill_tokens[1] = 700;
  ck_assert_int_eq(tp_point_prefill_steps(&point), 5);
  for (int i = 0; i < 5; i++) {
    const struct tp_batch batch = tp_point_prefill(&point, i);
    ck_assert(tp_batch_same(&batch, &by_700[i]));
  }
}
END_TEST

/* A token a step: a thousand prompts of a thousand tokens are a million steps, and one token more
 * of each a thousand steps more. */
START_TEST(a_prefill_of_more_than_a_million_steps_is_refused)
{
  stack.memory.prefill_tokens[0] = stack.memory.prefill_tokens[1] = 1;
  point.mesh = tp_mesh_of_tp(8); /* whose memory holds a million tokens */
  point.batch = 1000;
  point.generate = 1;
  point.prompt = 1001;
  ck_assert_int_eq(tp_point_prefill_steps(&point), 1001000);
  ck_assert_str_eq(predict().status, "a prefill of 1001000 steps is more than 1000000; shorten "
                                     "batch or prompt");
  point.prompt = 1000;
  ck_assert_int_eq(tp_point_prefill_steps(&point), 1000000);
  ck_assert_str_eq(predict().status, "ok");
}
END_TEST

/* An eighth of the tokens at once, an eighth of the activations: 28 MB a token of 4096 x 4 and
 * three times 14336, in 16 bits. */
START_TEST(activations_are_those_of_a_step)
{
  point.prompt = 8192;
  point.generate = 1;
  const double whole = predict().memory_bytes;
  stack.memory.prefill_tokens[1] = 1024;
  const struct tp_prediction row = predict();
  ck_assert_rel(whole - row.memory_bytes, (8192 - 1024) * 2.0 * (4 * 4096 + 3 * 14336), 1e-12);
}
END_TEST

START_TEST(a_verdict_says_its_parts)
{
  const double bytes = predict().memory_bytes;
  const double left = point.device->datasheet.dram_bytes - bytes;
  stack.memory.reserve_bytes = left - 1;
  ck_assert_double_eq(predict().fits, 1);
  stack.memory.reserve_bytes = left + 1;
  struct tp_prediction row = predict();
  ck_assert_double_eq(row.fits, 0);
  ck_assert_double_eq(row.memory_bytes, bytes);
  ck_assert(strstr(row.status, "does not fit: needs 85.5 GB of 85.5 GB a GPU: weights 16.1, "
                               "cache 0.201, activations 0.") != NULL);
  ck_assert(strstr(row.status, ", reserve 69") != NULL);
  stack.memory.reserve_bytes = 0;
  stack.memory.reserve_ratio = left / point.device->datasheet.dram_bytes + 1e-9;
  ck_assert_double_eq(predict().fits, 0);
}
END_TEST

START_TEST(training_keeps_gradients_and_the_optimiser)
{
  ck_assert_int_eq(tp_workload_parse("train", &point.workload, NULL), TP_OK);
  stack.memory.optimiser_bytes = 0;
  const double without = predict().memory_bytes;
  stack.memory.optimiser_bytes = 8;
  ck_assert_rel(predict().memory_bytes - without, 8.0 * (double)tp_model_parameters(point.model),
                1e-12);
  stack.memory.optimiser_bytes = 12;
  ck_assert(strstr(predict().status, ", gradients and optimiser 112, cache 0, ") != NULL);
}
END_TEST

/* Two steps of a prefill of three sequences, two prompts a step; then 9 of decode. */
START_TEST(the_host_takes_its_time_a_step)
{
  point.batch = 3;
  point.prompt = 1000;
  point.generate = 10;
  stack.memory.prefill_tokens[1] = 1600;
  const struct tp_prediction before = predict();
  stack.launch.host_step_s = 1e-3;
  stack.launch.host_sequence_s = 1e-4;
  const struct tp_prediction after = predict();
  ck_assert_rel(after.ttft_s - before.ttft_s, 2 * 1e-3 + 4 * 1e-4, 1e-9);
  ck_assert_rel(after.tpot_s - before.tpot_s, 1e-3 + 3 * 1e-4, 1e-9);
  ck_assert_rel(after.compute_s, before.compute_s, 1e-12);
}
END_TEST

/* Half the bytes of a token's keys and values, in the cache and where attention reads them: faster
 * where these are enough. */
START_TEST(a_cache_has_a_type_of_its_own)
{
  point.batch = 8;
  const struct tp_prediction wide = predict();
  ck_assert_str_eq(wide.kv_dtype, "fp16");
  point.kv_dtype = TP_KV_FP8;
  const struct tp_prediction narrow = predict();
  ck_assert_str_eq(narrow.kv_dtype, "fp8");
  ck_assert_rel(wide.memory_bytes - narrow.memory_bytes, 8 * 32 * 2 * 1024 * 1536.0, 1e-12);
  ck_assert(narrow.tpot_s < wide.tpot_s);
  ck_assert(narrow.dram_bytes < wide.dram_bytes);
}
END_TEST

/* What the stack says, and what the point does. */
START_TEST(a_stack_says_the_type_of_the_cache)
{
  static const struct {
    const char *stack, *dtype, *asked, *want;
  } cases[] = {
      {"tensorrt-llm-0.12", "fp16", NULL, "fp16"},  {"tensorrt-llm-0.12", "fp8", NULL, "fp8"},
      {"tensorrt-llm-0.12", "fp8", "bf16", "bf16"}, {"vllm-graph", "fp8", NULL, "bf16"},
      {"vllm-graph", "fp8", "fp8", "fp8"},          {"vllm-graph", "fp16", "bf16", "bf16"}};
  struct tp_ask ask = {.detail = TP_DETAIL_FLOW};
  struct tp_error error = {.text = ""};
  for (int i = 0; i < TP_N_AXES; i++)
    ask.values[i].number = (double)NAN;
  ask.values[TP_AXIS_model].text = "llama-3.1-8b";
  ask.values[TP_AXIS_platform].text = "dgx-h100";
  ask.values[TP_AXIS_stack].text = cases[_i].stack;
  ask.values[TP_AXIS_dtype].text = cases[_i].dtype;
  ask.values[TP_AXIS_kv_dtype].text = cases[_i].asked;
  ck_assert_msg(tp_ask_resolve(&ask, &world.catalog, &point, &error) == TP_OK, "%s", error.text);
  ck_assert_str_eq(predict().kv_dtype, cases[_i].want);
}
END_TEST

/* No token is decoded, and no room is kept for one. */
START_TEST(nothing_generated_is_a_prefill_alone)
{
  point.generate = 1;
  const struct tp_prediction one = predict();
  point.generate = 0;
  const struct tp_prediction none = predict();
  ck_assert_rel(none.ttft_s, one.ttft_s, 1e-15);
  ck_assert_rel(none.e2e_s, none.ttft_s, 1e-15);
  ck_assert(isnan(none.tpot_s));
  ck_assert_rel(none.tokens_per_s, 1024 / none.ttft_s, 1e-12);
  ck_assert_rel(one.memory_bytes - none.memory_bytes, 32 * 2 * 1024 * 2.0, 1e-12);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("memory");
  TCase *points = tcase_create("points");
  tcase_add_checked_fixture(points, set_up, tear_down);
  tcase_add_test(points, a_prefill_takes_so_many_tokens_a_step);
  tcase_add_test(points, a_prefill_of_more_than_a_million_steps_is_refused);
  tcase_add_test(points, activations_are_those_of_a_step);
  tcase_add_test(points, a_verdict_says_its_parts);
  tcase_add_test(points, training_keeps_gradients_and_the_optimiser);
  tcase_add_test(points, the_host_takes_its_time_a_step);
  tcase_add_test(points, a_cache_has_a_type_of_its_own);
  tcase_add_loop_test(points, a_stack_says_the_type_of_the_cache, 0, 6);
  tcase_add_test(points, nothing_generated_is_a_prefill_alone);
  suite_add_tcase(suite, points);
  return suite;
}
TP_SUITE_MAIN
