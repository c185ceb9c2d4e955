/* Pipelines: a generation is that of the whole model, and what stages hand over. */
#include "predict/predict.h"

#include "../suite.h"
#include "world.h"

static struct world world;
static struct tp_predictor *predictor;

static void set_up(void)
{
  world_open(&world);
  predictor = tp_predictor_create();
}

static void tear_down(void)
{
  tp_predictor_free(predictor);
  world_close(&world);
}

static struct tp_prediction predicted(const char *stack, const char *variant, int tp, int pp)
{
  struct tp_prediction row;
  struct tp_error error = {""};
  struct tp_point point = world_case(&world, "llama-3.1-70b", "dgx-h100", stack, variant);
  point.mesh = tp_mesh_of_tp(tp);
  point.mesh.pp = pp;
  ck_assert_msg(tp_predict(predictor, &point, &row, &error) == TP_OK, "%s", error.text);
  ck_assert_str_eq(row.status, "ok");
  return row;
}

/* No library adds anything to bytes over a link: prefill sends 1024 rows of 8192 halves and one
 * token, 511 steps a row and a token each, at the NVLink rate of 450 GB/s, one link's latency a
 * send; and norms that two kernels compute where one did cost a pass over the row. */
START_TEST(stages_add_what_they_send)
{
  const struct tp_prediction whole = predicted("ideal", "no-comm", 4, 1),
                             cut = predicted("ideal", "no-comm", 4, 2);
  const double sent_bytes = 1024 * 8192 * 2 + 511 * 8192 * 2 + 512 * 4;
  ck_assert_rel(cut.link_bytes, sent_bytes / 2, 1e-12); /* the mean of two stages' GPUs */
  ck_assert_rel(cut.flops, whole.flops / 2, 1e-12);
  ck_assert(cut.comm_exposed_s > sent_bytes / 450e9);
  ck_assert(cut.comm_exposed_s < sent_bytes / 450e9 + 1024 * 3e-6);
  ck_assert(cut.e2e_s > whole.e2e_s);
  ck_assert(cut.e2e_s - cut.comm_exposed_s < whole.e2e_s * 1.001);
}
END_TEST

/* The first stage has the embedding, the last the head: more than half of the whole, both with 40
 * layers. */
START_TEST(memory_is_a_stages)
{
  const struct tp_prediction whole = predicted("vllm-graph", "standard", 4, 1),
                             cut = predicted("vllm-graph", "standard", 4, 2);
  ck_assert(cut.memory_bytes < 0.52 * whole.memory_bytes);
  ck_assert(cut.memory_bytes > 0.49 * whole.memory_bytes);
}
END_TEST

/* Three tensors for one: ladder's sends are three times standard's, its all-reduces the same. */
START_TEST(ladder_sends_three)
{
  const struct tp_prediction standard = predicted("vllm-graph", "standard", 2, 4),
                             ladder = predicted("vllm-graph", "ladder", 2, 4);
  const double rows = 1024 + 511, row_bytes = 8192 * 2;
  ck_assert_rel(ladder.link_bytes - standard.link_bytes, 3 * 2 * rows * row_bytes / 4, 1e-12);
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("pipeline");
  TCase *cases = tcase_create("stages");
  tcase_add_checked_fixture(cases, set_up, tear_down);
  tcase_add_test(cases, stages_add_what_they_send);
  tcase_add_test(cases, memory_is_a_stages);
  tcase_add_test(cases, ladder_sends_three);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
