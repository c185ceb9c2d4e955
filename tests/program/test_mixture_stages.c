/* Pipeline stages of models with experts and attention over a latent: the cut knows neither. */
#include "stages.h"

enum { MOST_LAYERS = 12 };

/* A dense layer, then layers of 8 experts of 128 and a shared one of 64; a latent of 64. */
static struct tp_model mixture_model(int64_t layers, bool latent)
{
  static const unsigned char kind_of[MOST_LAYERS] = {0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  struct tp_model model = toy_model(layers);
  model.vocab = 4000;
  model.n_kinds = 2;
  model.kinds[1].mixture = true;
  model.kind_of = kind_of;
  model.experts = (struct tp_expert_shape){.count = 8, .top_k = 2, .ffn = 128, .shared_ffn = 64};
  if (latent)
    model.latent = (struct tp_latent_shape){
        .kv_rank = 64, .q_rank = 96, .nope_dim = 32, .rope_dim = 16, .value_dim = 32};
  return model;
}

static struct tp_mesh mesh_of(int tp, int dp, int ep)
{
  return (struct tp_mesh){.pp = 1, .dp = dp, .tp = tp, .ep = ep, .etp = dp * tp / ep};
}

static const struct arranged {
  int tp, dp, ep;
  bool latent, all_to_all;
} arranged[] = {
    {2, 1, 1, false, false}, {2, 1, 2, true, false}, {2, 2, 4, true, false},
    {1, 4, 4, true, false},  {1, 4, 4, true, true},  {1, 1, 1, true, false},
};
enum { N_ARRANGED = sizeof arranged / sizeof arranged[0] };

static struct tp_request request_of(const struct arranged *how, const struct tp_model *model)
{
  struct tp_request request = decode_request(model, how->tp);
  request.mesh = mesh_of(how->tp, how->dp, how->ep);
  request.style.dispatch_prefill = request.style.dispatch_decode =
      how->all_to_all ? TP_DISPATCH_ALL_TO_ALL : TP_DISPATCH_GATHER;
  request.style.head_sharded = request.style.embedding_sharded = true;
  return request;
}

/* The residual, of ladder both modules' outputs, too; from the last stage tokens.  What experts and
 * latents work on stays in its layer. */
static void assert_sent(const struct arranged *how, const char *variant, double first_bytes)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = mixture_model(8, how->latent);
  for (int stage = 0; stage < 3; stage++) {
    const struct tp_program program = stage_of(variant, request_of(how, &model), 3, stage, arena);
    const struct tp_collective send = send_of(&program)->collective;
    ck_assert_int_eq(send.kind, TP_SEND);
    ck_assert_double_eq(send.bytes, stage < 2 ? first_bytes : 3 * 4);
    ck_assert(send.group.size == 3 && send.group.stride == how->dp * how->tp);
  }
  tp_arena_free(arena);
}

START_TEST(what_is_sent)
{
  const struct arranged *const how = &arranged[_i];
  const bool alone = how->tp * how->dp == 1; /* then ladder has nothing to hide */
  assert_sent(how, "standard", ROWS_BYTES);
  assert_sent(how, "parallel", ROWS_BYTES);
  assert_sent(how, "no-comm", ROWS_BYTES);
  assert_sent(how, "ladder", alone ? ROWS_BYTES : 3 * ROWS_BYTES);
}
END_TEST

START_TEST(nothing_is_lost)
{
  const struct tp_model model = mixture_model(MOST_LAYERS, arranged[_i].latent);
  const struct tp_request request = request_of(&arranged[_i], &model);
  for (int pp = 2; pp <= 5; pp++) {
    assert_nothing_is_lost("standard", request, pp);
    assert_nothing_is_lost("ladder", request, pp);
    assert_nothing_is_lost("parallel", request, pp);
  }
}
END_TEST

/* TP 2, two replicas, experts over all four ranks: elements by hand. */
static double layer_elements(bool mixture)
{
  const double attention =
      (96 + 64 + 16) * 256 + 4 * (32 + 16) * 96 + 4 * (32 + 32) * 64 + 256 * 4 * 32 + 96 + 64;
  const double dense = 3 * 256 * 256;
  const double experts = 8 * 256 + 2 * 3 * 128 * 256 + 3 * 32 * 256;
  return attention + (mixture ? experts : dense) + 2 * 256;
}

/* The first stage has the embedding and the dense layer, the last the head and its norm. */
START_TEST(weights_are_those_of_the_stage)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = mixture_model(5, true);
  const struct tp_request request = request_of(&arranged[2], &model);
  const double table = 4000 / 2 * 256;
  const double expected[] = {table + layer_elements(false) + layer_elements(true),
                             2 * layer_elements(true), table + layer_elements(true) + 256};
  for (int stage = 0; stage < 3; stage++) {
    const struct tp_program program = stage_of("standard", request, 3, stage, arena);
    ck_assert_double_eq(program.weight_bytes, 2 * expected[stage]);
    ck_assert_double_eq(tp_program_kv_bytes(&program, 24),
                        (stage < 2 ? 2 : 1) * 2.0 * 3 * 24 * (64 + 16));
  }
  tp_arena_free(arena);
}
END_TEST

/* Residual, norm and two outputs of 3 tokens; of a dense layer the latents and the queries of 4
 * heads, twice as wide as the latent; of experts 6 gathered tokens, of which 3 rows in and out with
 * their inner tensors; of the last stage the logits. */
START_TEST(activations_are_those_of_the_stage)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = mixture_model(3, true);
  const struct tp_request request = request_of(&arranged[2], &model);
  const double outer = 4 * 3 * 256, latent = 3 * 4 * 2 * (64 + 16) + 3 * (96 + 64);
  const double experts = 3 * (2 * 256 + 3 * 128) + 2 * 6 * 256, logits = 3 * 4000;
  const double inner[] = {latent, experts, logits};
  for (int stage = 0; stage < 3; stage++) {
    const struct tp_program program = stage_of("standard", request, 3, stage, arena);
    ck_assert_double_eq(program.activation_bytes, 2 * (outer + inner[stage]));
  }
  tp_arena_free(arena);
}
END_TEST

static bool is_awaited(const struct tp_program *program, int event)
{
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      for (int w = 0; w < program->segments[s].ops[i].n_waits; w++)
        if (program->segments[s].ops[i].waits[w] == event)
          return true;
  return false;
}

/* Tokens meet the experts of their own stage alone, and what they come back as is waited for, where
 * no all-reduce follows it. */
START_TEST(experts_groups_are_of_the_stage)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = mixture_model(4, true);
  for (int a = 2; a < 5; a++) {
    const struct tp_program program =
        stage_of("standard", request_of(&arranged[a], &model), 2, 1, arena);
    const struct tp_segment *const layers = &program.segments[1];
    int exchanges = 0;
    for (size_t i = 0; i < layers->n_ops; i++) {
      const struct tp_op *const op = &layers->ops[i];
      if (op->kind == TP_OP_EXPERTS)
        ck_assert(op->experts.moe_ep == 4 && op->experts.tokens == 3 * arranged[a].dp);
      if (op->kind != TP_OP_COLLECTIVE || op->collective.kind == TP_ALL_REDUCE)
        continue;
      exchanges++;
      ck_assert(arranged[a].tp > 1 || is_awaited(&program, op->records));
      ck_assert_int_eq(op->collective.group.size, arranged[a].dp);
      ck_assert_int_eq(op->collective.group.stride, arranged[a].tp);
    }
    ck_assert_int_eq(exchanges, 2);
  }
  tp_arena_free(arena);
}
END_TEST

START_TEST(what_has_no_stages)
{
  const struct tp_model model = mixture_model(4, true);
  struct tp_request request = request_of(&arranged[2], &model);
  request.operands = true;
  request.mesh.pp = 5;
  assert_build_refused("standard", &request, "toy has 4 in this run");
  request.mesh.pp = 2;
  assert_build_refused("kraken", &request, "kraken's sub-layers are dense blocks");
  assert_build_refused("desync-2x", &request, "would never see the other ranks' experts");
  request.train = true;
  assert_build_refused("standard", &request, "its training is not modelled");
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("mixture stages");
  TCase *cases = tcase_create("cuts");
  tcase_add_loop_test(cases, what_is_sent, 0, N_ARRANGED);
  tcase_add_loop_test(cases, nothing_is_lost, 0, N_ARRANGED);
  tcase_add_test(cases, weights_are_those_of_the_stage);
  tcase_add_test(cases, activations_are_those_of_the_stage);
  tcase_add_test(cases, experts_groups_are_of_the_stage);
  tcase_add_test(cases, what_has_no_stages);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
