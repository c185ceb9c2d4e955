/* Points in micro-batches: training over stages and generations that fill a pipeline, against the
 * same work undivided. */
#include "predict/predict.h"
#include "predict/stages.h"

#include "../des.h"
#include "predicting.h"

static void assert_refused(const struct tp_point *point, const char *why)
{
  struct tp_prediction row;
  ck_assert_int_eq(tp_predict(predictor, point, &row, NULL), TP_OK);
  ck_assert_msg(strstr(row.status, why) != NULL, "%s", row.status);
}

/* Twelve layers of a 6.7B, eight sequences of 512. */
static struct tp_point train_point(const char *variant, struct tp_model *model)
{
  struct tp_point point = world_case(&world, "gpt3-6.7b", "dgx-a100-80gb", "megatron-lm", variant);
  *model = *point.model;
  model->layers = 12;
  point.model = model;
  point.mesh = tp_mesh_of_tp(2);
  point.batch = 8;
  point.prompt = 512;
  point.workload.train = true;
  return point;
}

static struct tp_stack idle; /* whose optimiser does nothing */

static void leave_optimiser(struct tp_point *point)
{
  idle = *point->stack;
  idle.memory.optimiser_bytes = 0;
  point->stack = &idle;
}

/* One rank after another does what one rank did: micro-batches take as many steps; activations are
 * those of one. */
START_TEST(gradients_are_accumulated)
{
  struct tp_model model;
  struct tp_point point = train_point("standard", &model);
  leave_optimiser(&point);
  point.micro_batch = 2;
  const struct tp_prediction four = row_of(&point);
  point.micro_batch = 0;
  point.batch = 2;
  const struct tp_prediction once = row_of(&point);
  ck_assert_rel(four.e2e_s, 4 * once.e2e_s, 1e-9);
  ck_assert_rel(four.flops, 4 * once.flops, 1e-12);
  ck_assert_rel(four.comm_s, 4 * once.comm_s, 1e-9);
  ck_assert_double_eq(four.memory_bytes, once.memory_bytes);
  ck_assert_double_eq(four.micro_batch, 2);
  ck_assert(isnan(once.micro_batch));
}
END_TEST

/* Once a step, however many micro-batches: a pass over gradients of 2 bytes a parameter and 14 that
 * the optimiser keeps, there and back, at the rate of DRAM; the slowest rank's of two stages has
 * the embedding. */
START_TEST(the_optimiser_ends_a_step)
{
  struct tp_model model;
  for (int pp = 1; pp <= 2; pp++)
    for (int64_t micro = 1; micro <= 8; micro *= 2) {
      struct tp_point point = train_point("standard", &model);
      point.mesh.pp = pp;
      point.micro_batch = micro;
      const struct tp_prediction with = row_of(&point);
      const double dram_bytes_per_s =
          point.device->datasheet.dram_bytes_per_s * point.device->memory.dram_ratio;
      leave_optimiser(&point);
      const struct tp_prediction without = row_of(&point);
      const double vocab = (double)model.vocab / 2 * 4096, positions = 2048.0 * 4096;
      const double parameters = vocab + positions + 12 / pp * (12 * 4096.0 * 4096 / 2);
      ck_assert_rel(with.e2e_s - without.e2e_s, 2 * (2 + 14) * parameters / dram_bytes_per_s, 0.02);
      ck_assert_double_gt(with.compute_s, without.compute_s);
      ck_assert_double_eq(with.comm_s, without.comm_s);
    }
}
END_TEST

/* Two stages on two ranks each: a GPU has half the flops; a micro-batch sends its residual there
 * and its gradient back: rows of 4096 elements of two bytes. */
START_TEST(stages_share_a_step)
{
  struct tp_model model;
  struct tp_point point = train_point("standard", &model);
  point.micro_batch = 2;
  const struct tp_prediction whole = row_of(&point);
  point.mesh.pp = 2;
  const struct tp_prediction cut = row_of(&point);
  ck_assert_rel(cut.flops, whole.flops / 2, 1e-12);
  ck_assert_rel(cut.link_bytes - whole.link_bytes / 2, 2 * 8.0 * 512 * 4096 * 2 / 2, 1e-9);
  ck_assert_double_gt(cut.e2e_s, whole.e2e_s / 2);
  ck_assert_double_lt(cut.e2e_s, whole.e2e_s * 5 / 8 * 1.1); /* (4 + 1) / 4 of a half, ends aside */
  point.interleave = 2;
  const struct tp_prediction interleaved = row_of(&point);
  ck_assert_double_lt(interleaved.e2e_s, cut.e2e_s);
  ck_assert_double_ge(interleaved.e2e_s, whole.e2e_s / 2);
  ck_assert_rel(interleaved.flops, cut.flops, 1e-12);
  ck_assert_rel(interleaved.link_bytes - whole.link_bytes / 2, 3 * 2 * 8.0 * 512 * 4096 * 2 / 2,
                1e-9);
}
END_TEST

/* The rank that needs most has the first stage, whose micro-batches wait longest for their
 * gradients: p of them, or p v + p - 1 of a v-th of its layers. */
START_TEST(memory_is_what_is_in_flight)
{
  struct tp_model model;
  struct tp_point point = train_point("standard", &model);
  struct tp_footprint need[3];
  point.micro_batch = 1;
  point.mesh.pp = 4;
  for (int i = 0; i < 3; i++) {
    point.interleave = i == 2 ? 3 : 0;
    struct tp_steps steps = {.point = &point,
                             .timer = tp_timer_create(),
                             .memo = tp_step_memo_create(),
                             .scratch = tp_arena_create()};
    ck_assert_int_eq(tp_steps_begin(&steps, NULL), TP_OK);
    ck_assert_int_eq(tp_stages_train_footprint(&steps, i == 1 ? 3 : 0, &need[i], NULL), TP_OK);
    tp_arena_free(steps.scratch);
    tp_step_memo_free(steps.memo);
    tp_timer_free(steps.timer);
  }
  /* a layer of a rank: inputs of GEMMs, q, k, v and the activation's, scores, two residuals */
  const double layer_bytes = 512.0 * 2 * (4 * 2048 + 2 * 8192 + 16 * 512 + 4 * 4096);
  const double base_bytes = need[0].activation_bytes - 4 * 3 * layer_bytes;
  ck_assert_double_gt(base_bytes, 0);
  ck_assert_double_eq(need[2].activation_bytes, base_bytes + 15 * 1 * layer_bytes);
  ck_assert_double_lt(need[1].weight_bytes, need[0].weight_bytes); /* no positions there */
  ck_assert_double_gt(row_of(&point).memory_bytes,
                      need[2].weight_bytes + need[2].state_bytes + 15 * layer_bytes);
}
END_TEST

START_TEST(engines_agree)
{
  static const char *const variants[] = {"standard", "ladder", "desync-2x"};
  struct tp_model model;
  struct tp_point point = train_point(variants[_i], &model);
  point.mesh.pp = 2;
  point.micro_batch = 2;
  const struct tp_prediction analytic = row_of(&point);
  point.engine = test_des();
  const struct tp_prediction des = row_of(&point);
  ck_assert_rel(des.e2e_s, analytic.e2e_s, 1e-6);
  ck_assert_rel(des.comm_exposed_s, analytic.comm_exposed_s, 1e-4);
  ck_assert_rel(des.link_bytes, analytic.link_bytes, 1e-12);
}
END_TEST

/* Two replicas take half of the sequences each and sum 2 bytes of gradient a parameter, of which a
 * GPU of a pair sends as much as there is; the step is no shorter, and its sums are beside the
 * backward pass but for what comes last. */
START_TEST(replicas_sum_gradients)
{
  struct tp_model model;
  for (int pp = 1; pp <= 2; pp++)
    for (int64_t micro = 0; micro <= 2; micro += 2) {
      struct tp_point point = train_point("standard", &model);
      point.mesh.pp = pp;
      point.micro_batch = micro;
      point.batch = 4;
      const struct tp_prediction alone = row_of(&point);
      point.batch = 8;
      point.mesh.dp = 2;
      point.mesh.etp = 4;
      const struct tp_prediction both = row_of(&point);
      /* the embedding, which is the head, too, and learned positions of 2048 */
      const double vocab = (double)model.vocab / 2 * 4096, positions = 2048.0 * 4096;
      const double layers = 12 * (12 * 4096.0 * 4096 / 2);
      const double least = 2 * (vocab + positions + layers) / pp;
      ck_assert_double_ge(both.link_bytes - alone.link_bytes, least);
      ck_assert_double_lt(both.link_bytes - alone.link_bytes, 1.25 * least);
      ck_assert_double_eq(both.flops, alone.flops);
      ck_assert_double_eq(both.memory_bytes, alone.memory_bytes);
      ck_assert_double_ge(both.e2e_s, alone.e2e_s);
      ck_assert_double_lt(both.e2e_s, 1.2 * alone.e2e_s);
      ck_assert_double_lt(both.comm_exposed_s - alone.comm_exposed_s,
                          0.5 * (both.comm_s - alone.comm_s));
      point.engine = test_des();
      ck_assert_rel(row_of(&point).e2e_s, both.e2e_s, 1e-6);
    }
}
END_TEST

static struct tp_point serve_point(int pp, int64_t batch)
{
  struct tp_point point = world_case(&world, "llama-3.1-8b", "dgx-h100", "vllm-graph", "standard");
  point.mesh = tp_mesh_of_tp(2);
  point.mesh.pp = pp;
  point.batch = batch;
  point.prompt = 512;
  point.generate = 3;
  return point;
}

/* One micro-batch is the batch; on one rank several take their turns; the cache is of all. */
START_TEST(micro_batches_of_a_generation)
{
  struct tp_point point = serve_point(2, 8);
  const struct tp_prediction whole = row_of(&point);
  point.micro_batch = 8;
  const struct tp_prediction one = row_of(&point);
  ck_assert_rel(one.ttft_s, whole.ttft_s, 1e-12);
  ck_assert_rel(one.tpot_s, whole.tpot_s, 1e-12);
  ck_assert_double_eq(one.memory_bytes, whole.memory_bytes);

  struct tp_point alone = serve_point(1, 2);
  const struct tp_prediction quarter = row_of(&alone);
  alone = serve_point(1, 8);
  alone.micro_batch = 2;
  const struct tp_prediction turns = row_of(&alone);
  ck_assert_rel(turns.ttft_s, 4 * quarter.ttft_s, 1e-9);
  ck_assert_rel(turns.tpot_s, 4 * quarter.tpot_s, 1e-9);
}
END_TEST

/* A rank's mean over two stages, which take so many micro-batches each: all that is summed, and a
 * deviation in proportion to the time, as all err alike. */
static void assert_mean(const struct tp_result *mean, const struct tp_result stages[2],
                        double times)
{
  const struct tp_result *const a = &stages[0], *const b = &stages[1];
  const double half = times / 2;
  ck_assert_rel(mean->compute_s, half * (a->compute_s + b->compute_s), 1e-12);
  ck_assert_rel(mean->comm_s, half * (a->comm_s + b->comm_s), 1e-12);
  ck_assert_rel(mean->comm_exposed_s, half * (a->comm_exposed_s + b->comm_exposed_s), 1e-12);
  ck_assert_rel(mean->flops, half * (a->flops + b->flops), 1e-12);
  ck_assert_rel(mean->dram_bytes, half * (a->dram_bytes + b->dram_bytes), 1e-12);
  ck_assert_rel(mean->link_bytes, half * (a->link_bytes + b->link_bytes), 1e-12);
  ck_assert_rel(sqrt(mean->variance) / mean->total_s,
                (sqrt(a->variance) + sqrt(b->variance)) / (a->total_s + b->total_s), 1e-12);
  ck_assert(mean->variance > 0);
}

/* A decode step of all micro-batches: the slowest stage's time for each, but a micro-batch's own
 * way at least.  A prefill: the way of the first, then the slowest stage for the others. */
START_TEST(a_pipeline_fills)
{
  struct tp_point point = serve_point(2, 16);
  point.micro_batch = 4;
  struct tp_steps steps = {.point = &point,
                           .timer = tp_timer_create(),
                           .memo = tp_step_memo_create(),
                           .scratch = tp_arena_create()};
  ck_assert_int_eq(tp_steps_begin(&steps, NULL), TP_OK);
  const struct tp_batch decode = tp_point_decode(&point, 513),
                        prefill = tp_point_prefill(&point, 0);
  struct tp_result decodes[2], prefills[2];
  double decode_s[2], prefill_s[2];
  for (int stage = 0; stage < 2; stage++) {
    const struct tp_stage_pass which = {.stage = stage};
    ck_assert_int_eq(tp_steps_run_stage(&steps, which, &decode, &decodes[stage], NULL), TP_OK);
    decode_s[stage] = decodes[stage].total_s;
    ck_assert_int_eq(tp_steps_run_stage(&steps, which, &prefill, &prefills[stage], NULL), TP_OK);
    prefill_s[stage] = prefills[stage].total_s;
  }
  ck_assert_int_eq(tp_point_prefill_steps(&point), 1);
  struct tp_result step, first;
  ck_assert_int_eq(tp_stages_decode(&steps, 513, &step, NULL), TP_OK);
  ck_assert_int_eq(tp_stages_prefill(&steps, &first, NULL), TP_OK);
  const double host_s = tp_cost_host_s(point.stack, &decode);
  ck_assert_double_eq(host_s, 0); /* of this stack */
  ck_assert_rel(step.total_s, 4 * fmax(decode_s[0], decode_s[1]), 1e-12);
  ck_assert_rel(first.total_s, prefill_s[0] + prefill_s[1] + 3 * fmax(prefill_s[0], prefill_s[1]),
                1e-12);
  assert_mean(&step, decodes, 4);
  assert_mean(&first, prefills, 4);
  point.batch = 4;
  ck_assert_int_eq(tp_stages_decode(&steps, 513, &step, NULL), TP_OK);
  ck_assert_rel(step.total_s, decode_s[0] + decode_s[1], 1e-12);
  tp_arena_free(steps.scratch);
  tp_step_memo_free(steps.memo);
  tp_timer_free(steps.timer);
}
END_TEST

START_TEST(what_is_refused)
{
  struct tp_model model;
  struct tp_point point = train_point("standard", &model);
  point.micro_batch = 3;
  assert_refused(&point, "micro-batch 3 does not divide the 8 sequences");
  point.micro_batch = 1;
  point.mesh.dp = 3;
  assert_refused(&point, "3 replicas that train have as many sequences each");
  point.mesh.dp = 1;
  point.interleave = 2;
  assert_refused(&point, "one rank has no stages to interleave");
  point.mesh.pp = 2;
  point.micro_batch = 8;
  assert_refused(&point, "a multiple of pp");
  point.micro_batch = 1;
  point.workload.train = false;
  assert_refused(&point, "an inference has one stage a rank");
  point.interleave = 0;
  point.mesh.pp = 1;
  point.workload.alone = true;
  assert_refused(&point, "a sub-layer alone is one batch");
}
END_TEST

/* Every pass once, each rank's one after another, and the last ends with the step. */
START_TEST(a_timeline_shows_every_pass)
{
  static const char *const names[] = {"compute", "comm", "third", "fourth"};
  struct tp_timeline timeline = {.arena = world.arena, .stream_names = names};
  struct tp_model model;
  struct tp_point point = train_point("standard", &model);
  point.mesh.pp = 2;
  point.micro_batch = 4;
  ck_assert_int_eq(tp_predict_timeline(predictor, &point, &timeline, NULL), TP_OK);
  double end_s = 0, losses = 0;
  bool seen[2][2] = {{false}};
  for (size_t i = 0; i < timeline.n_spans; i++) {
    const struct tp_span *const span = &timeline.spans[i];
    end_s = fmax(end_s, span->end_s);
    losses += strcmp(span->name, "loss.grad") == 0;
    ck_assert(span->rank == 0 || span->rank == 2);
    if (strcmp(span->pass, "forward 1") == 0)
      seen[0][span->rank / 2] = true;
    if (strcmp(span->pass, "backward 1") == 0)
      seen[1][span->rank / 2] = true;
  }
  ck_assert_double_eq(losses, 2);
  ck_assert(seen[0][0] && seen[0][1] && seen[1][0] && seen[1][1]);
  ck_assert_rel(end_s, row_of(&point).e2e_s, 1e-9);
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("micro_batches");
  TCase *cases = tcase_create("points");
  tcase_add_checked_fixture(cases, set_up, tear_down);
  tcase_add_test(cases, gradients_are_accumulated);
  tcase_add_test(cases, the_optimiser_ends_a_step);
  tcase_add_test(cases, stages_share_a_step);
  tcase_add_test(cases, memory_is_what_is_in_flight);
  tcase_add_loop_test(cases, engines_agree, 0, 3);
  tcase_add_test(cases, replicas_sum_gradients);
  tcase_add_test(cases, micro_batches_of_a_generation);
  tcase_add_test(cases, a_pipeline_fills);
  tcase_add_test(cases, what_is_refused);
  tcase_add_test(cases, a_timeline_shows_every_pass);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
