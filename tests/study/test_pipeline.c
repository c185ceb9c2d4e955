/* Pipelines: a generation is that of the whole model, and what stages hand over. */
#include "predict/predict.h"

#include "../des.h"
#include "predicting.h"

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

/* Of mixtures and latent attention, their replicas and experts within a stage. */
static const struct cut {
  const char *model;
  int tp, dp, ep, pp;
} cuts[] = {{"mixtral-8x7b", 2, 1, 1, 2}, {"mixtral-8x7b", 2, 2, 4, 2}, {"deepseek-v3", 2, 2, 4, 3},
            {"deepseek-v3", 1, 4, 4, 2},  {"gpt-oss-20b", 2, 1, 2, 4},  {"glm-4.5", 2, 2, 2, 2},
            {"llama-4-scout", 4, 1, 4, 2}};
enum { N_CUTS = sizeof cuts / sizeof cuts[0] };

/* Six layers of it on GPUs that share no link. */
static struct tp_point cut_point(const struct cut *cut, const char *variant, struct tp_model *model)
{
  struct tp_point point = world_case(&world, cut->model, "h100-nvl64", "vllm-0.24", variant);
  *model = *point.model;
  model->layers = 6;
  point.model = model;
  point.mesh = (struct tp_mesh){.pp = cut->pp,
                                .dp = cut->dp,
                                .tp = cut->tp,
                                .ep = cut->ep,
                                .etp = cut->dp * cut->tp / cut->ep};
  point.batch = 8;
  point.prompt = 128;
  point.generate = 3;
  return point;
}

START_TEST(engines_agree)
{
  static const char *const variants[] = {"standard", "ladder", "parallel", "no-comm"};
  for (int v = 0; v < 4; v++) {
    struct tp_model model;
    struct tp_point point = cut_point(&cuts[_i], variants[v], &model);
    const struct tp_prediction analytic = row_of(&point);
    point.engine = test_des();
    const struct tp_prediction des = row_of(&point);
    ck_assert_rel(des.ttft_s, analytic.ttft_s, 1e-6);
    ck_assert_rel(des.tpot_s, analytic.tpot_s, 1e-6);
    ck_assert_rel(des.link_bytes, analytic.link_bytes, 1e-12);
  }
}
END_TEST

/* A generation that is cut works as much, and sends more by what its stages hand over: standard a
 * row of hidden elements a token, ladder three. */
START_TEST(mixtures_add_what_they_send)
{
  struct tp_model model;
  struct tp_point point = cut_point(&cuts[_i], "standard", &model);
  const struct tp_prediction cut = row_of(&point);
  point.mesh.pp = 1;
  const struct tp_prediction whole = row_of(&point);
  const double pp = cuts[_i].pp, sequences = 8.0 / cuts[_i].dp, rows = sequences * (128 + 2);
  const double sent_bytes =
      (pp - 1) * rows * (double)model.hidden * 2 + 3 * sequences * 4; /* and sampled tokens */
  ck_assert_rel(cut.flops, whole.flops / pp, 1e-12);
  ck_assert_rel(cut.link_bytes * pp - whole.link_bytes, sent_bytes, 1e-9);
}
END_TEST

/* Stages of a model whose first layers are dense differ; the largest of them must fit. */
START_TEST(memory_is_the_largest_stages)
{
  struct tp_model model;
  const struct tp_point point = cut_point(&cuts[2], "standard", &model);
  const struct tp_batch batches[] = {tp_point_prefill(&point, 0),
                                     tp_point_decode(&point, tp_point_first_kv_len(&point))};
  double largest = 0, parts = 0;
  for (int stage = 0; stage < point.mesh.pp; stage++) {
    double activation_bytes = 0, rest_bytes = 0;
    for (int i = 0; i < 2; i++) {
      const struct tp_request request = tp_point_request(&point, stage, &batches[i]);
      struct tp_program program;
      ck_assert_int_eq(tp_variant_build(point.variant, &request, world.arena, &program, NULL),
                       TP_OK);
      activation_bytes = fmax(activation_bytes, program.activation_bytes);
      rest_bytes = program.weight_bytes + tp_program_kv_bytes(&program, 131);
    }
    largest = fmax(largest, rest_bytes + activation_bytes);
    parts += rest_bytes + activation_bytes;
  }
  ck_assert_double_eq(row_of(&point).memory_bytes, largest);
  ck_assert(largest > 1.05 * parts / point.mesh.pp);
}
END_TEST

/* The time that each rank's spans begin and end; -1: it has none. */
static void ranks_shown(const struct tp_point *point, double (*shown_s)[2], int ranks)
{
  static const char *const names[] = {"compute", "comm", "third", "fourth"};
  struct tp_timeline timeline = {.arena = world.arena, .stream_names = names};
  struct tp_error error = {""};
  for (int rank = 0; rank < ranks; rank++)
    shown_s[rank][0] = shown_s[rank][1] = -1;
  ck_assert_msg(tp_predict_timeline(predictor, point, &timeline, &error) == TP_OK, "%s",
                error.text);
  for (size_t i = 0; i < timeline.n_spans; i++) {
    const struct tp_span *const span = &timeline.spans[i];
    ck_assert_int_lt(span->rank, ranks);
    double *const of = shown_s[span->rank];
    of[0] = of[0] < 0 ? span->start_s : fmin(of[0], span->start_s);
    of[1] = fmax(of[1], span->end_s);
  }
}

/* Of the analytic engine the first rank of a stage, which stands for all; of the DES every rank.
 * Stages work one after another. */
START_TEST(a_timeline_shows_every_stage)
{
  struct tp_model model;
  struct tp_point point = cut_point(&cuts[1], "ladder", &model);
  double one_s[8][2], every_s[8][2];
  point.generate = 1;
  ranks_shown(&point, one_s, 8);
  point.engine = test_des();
  ranks_shown(&point, every_s, 8);
  for (int rank = 0; rank < 8; rank++) {
    const double *const first = one_s[rank / 4 * 4];
    ck_assert((rank % 4 == 0) == (one_s[rank][0] >= 0));
    ck_assert(fabs(every_s[rank][0] - first[0]) <= 1e-6 * first[1]);
    ck_assert_rel(every_s[rank][1], first[1], 1e-6);
  }
  ck_assert_double_eq(one_s[0][0], 0);
  ck_assert_rel(one_s[4][0], one_s[0][1], 1e-12);
  const struct tp_batch prefill = tp_point_prefill(&point, 0);
  ck_assert_rel(one_s[4][1] + tp_cost_host_s(point.stack, &prefill), row_of(&point).ttft_s, 1e-9);
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
  tcase_add_loop_test(cases, engines_agree, 0, N_CUTS);
  tcase_add_loop_test(cases, mixtures_add_what_they_send, 0, N_CUTS);
  tcase_add_test(cases, memory_is_the_largest_stages);
  tcase_add_test(cases, a_timeline_shows_every_stage);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
