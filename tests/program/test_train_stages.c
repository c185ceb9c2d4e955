/* Stages of a training step: each of its passes has its layers' ops, and hands on what the next
 * reads.
 */
#include "stages.h"

enum { HIDDEN = 256, TOKENS = 48 };

static struct tp_request train_request(const struct tp_model *model, int tp)
{
  struct tp_request request = prefill_request(model, tp);
  request.train = true;
  return request;
}

static const char *trained(int i)
{
  for (size_t a = 0; tp_architectures[a] != NULL; a++)
    if (tp_architectures[a]->build_train != NULL && i-- == 0)
      return tp_architectures[a]->name;
  return NULL;
}

static struct tp_program pass_of(const char *variant, struct tp_request request, int stage,
                                 enum tp_training_pass pass, struct tp_arena *arena)
{
  request.stage = stage;
  request.pass = pass;
  return build_program(variant, &request, arena);
}

static bool sends(const struct tp_program *program)
{
  return strcmp(program->segments[program->n_segments - 1].name, "send") == 0;
}

static double kernels(const struct tp_program *program)
{
  double n = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      n += program->segments[s].ops[i].stream == TP_STREAM_COMPUTE
               ? (double)program->segments[s].repeat
               : 0;
  return n;
}

/* What all passes of all stages have together. */
static void assert_parts_are_the_whole(const char *variant, const struct tp_request *request,
                                       struct tp_arena *arena)
{
  struct tp_request one = *request;
  one.mesh.pp = 1;
  one.interleave = 0;
  const struct tp_program whole = build_program(variant, &one, arena);
  const struct sums expected = sum_program(&whole);
  const int stages = tp_request_stages(request);
  struct sums sums = {0};
  double n_kernels = 0, weight_bytes = 0, state_bytes = 0, kept_bytes = 0;
  for (int stage = 0; stage < stages; stage++)
    for (int back = 0; back < 2; back++) {
      const enum tp_training_pass pass = back ? TP_TRAINING_BACKWARD : TP_TRAINING_FORWARD;
      const struct tp_program program = pass_of(variant, *request, stage, pass, arena);
      const struct sums own = sum_program(&program);
      sums.flops += own.flops;
      sums.reduces += own.reduces;
      sums.reduce_bytes += own.reduce_bytes;
      sums.gathers += own.gathers - sends(&program);
      n_kernels += kernels(&program);
      weight_bytes += program.weight_bytes / 2;
      state_bytes += program.state_bytes / 2;
      kept_bytes += program.kept_bytes / 2;
      ck_assert_int_eq(sends(&program), back ? stage > 0 : stage + 1 < stages);
    }
  ck_assert_double_eq(sums.flops, expected.flops);
  ck_assert_int_eq(sums.reduces, expected.reduces);
  ck_assert_double_eq(sums.reduce_bytes, expected.reduce_bytes);
  ck_assert_int_eq(sums.gathers, expected.gathers);
  ck_assert_double_eq(n_kernels, kernels(&whole));
  ck_assert_double_eq(weight_bytes, whole.weight_bytes);
  ck_assert_double_eq(state_bytes, whole.state_bytes);
  ck_assert_double_eq(kept_bytes, whole.kept_bytes);
}

START_TEST(nothing_is_lost)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(24);
  for (int v = 0; trained(v) != NULL; v++)
    for (int mode = 0; mode < 4; mode++)
      for (int pp = 1; pp <= 6; pp++) {
        struct tp_request request = train_request(&model, 4);
        request.mesh.pp = pp;
        request.interleave = pp > 1 && pp < 4 ? 2 : 0;
        request.training.recompute = mode & 1;
        request.training.async_reduce = mode & 2;
        if (pp != 5 || strcmp(trained(v), "desync-4x") != 0) /* two layers at a time */
          assert_parts_are_the_whole(trained(v), &request, arena);
      }
  tp_arena_free(arena);
}
END_TEST

/* Standard hands on a residual and gets its gradient back; sequence-parallel a share of either; a
 * ladder has two outputs under way, and two gradients. */
START_TEST(what_is_handed_on)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(4);
  static const struct {
    const char *variant;
    bool split;
    double rows;
  } cases[] = {{"standard", false, 1}, {"parallel", false, 1},  {"standard", true, 0.5},
               {"ladder", false, 3},   {"desync-2x", false, 1}, {"no-comm", false, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (int back = 0; back < 2; back++) {
      struct tp_request request = train_request(&model, 2);
      request.mesh.pp = 2;
      request.training.sequence_parallel = cases[i].split;
      const struct tp_program program =
          pass_of(cases[i].variant, request, back,
                  back ? TP_TRAINING_BACKWARD : TP_TRAINING_FORWARD, arena);
      const struct tp_collective *const send = &send_of(&program)->collective;
      ck_assert_int_eq(send->kind, TP_SEND);
      ck_assert(send->group.size == 2 && send->group.stride == 2);
      ck_assert_double_eq(send->bytes, cases[i].rows * TOKENS * HIDDEN * 2);
    }
  tp_arena_free(arena);
}
END_TEST

/* Each of two ranks sends its half of what both have, and the next stage begins with all of it; of
 * sequence-parallel rows each has its own. */
START_TEST(slices_are_gathered)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(4);
  static const char *const variants[] = {"standard", "ladder"};
  for (int i = 0; i < 2; i++)
    for (int back = 0; back < 2; back++) {
      struct tp_request request = train_request(&model, 2);
      request.mesh.pp = 2;
      request.style.sends = TP_SENDS_SLICES;
      const enum tp_training_pass pass = back ? TP_TRAINING_BACKWARD : TP_TRAINING_FORWARD;
      const double bytes = (i == 0 ? 1 : 3) * TOKENS * HIDDEN * 2;
      const struct tp_program from = pass_of(variants[i], request, back, pass, arena),
                              to = pass_of(variants[i], request, !back, pass, arena);
      ck_assert_double_eq(send_of(&from)->collective.bytes, bytes / 2);
      const struct tp_op *const gather = &to.segments[0].ops[0];
      const struct tp_op *const first = &to.segments[1].ops[0];
      ck_assert(gather->kind == TP_OP_COLLECTIVE && gather->collective.kind == TP_ALL_GATHER);
      ck_assert(gather->collective.group.size == 2 && gather->collective.group.stride == 1);
      ck_assert_double_eq(gather->collective.bytes, bytes);
      ck_assert_int_eq(first->waits[first->n_waits - 1], gather->records);
      request.training.sequence_parallel = i == 0;
      const struct tp_program own = pass_of(variants[i], request, !back, pass, arena);
      ck_assert_int_eq(strcmp(own.segments[0].name, "gather") == 0, i != 0);
    }
  tp_arena_free(arena);
}
END_TEST

/* Replicas of one rank each have no sums within a layer: every variant is the standard program, and
 * sums the same gradients. */
START_TEST(one_rank_a_replica_is_standard)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(4);
  struct tp_request request = train_request(&model, 1);
  request.mesh.dp = 2;
  request.mesh.etp = 2;
  const struct tp_program standard =
      pass_of("standard", request, 0, TP_TRAINING_LAST_BACKWARD, arena);
  for (int i = -1; i < 0 || trained(i) != NULL; i++) {
    const char *const variant = i < 0 ? "standard+t3" : trained(i);
    const struct tp_program own = pass_of(variant, request, 0, TP_TRAINING_LAST_BACKWARD, arena);
    ck_assert_double_eq(kernels(&own), kernels(&standard));
  }
  tp_arena_free(arena);
}
END_TEST

static double summed_bytes(const struct tp_program *program)
{
  double bytes = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      const struct tp_op *const op = &program->segments[s].ops[i];
      if (strcmp(op->name, "gradients.all_reduce") != 0)
        continue;
      ck_assert(op->collective.group.size == 3 && op->collective.group.stride == 2);
      ck_assert(op->records == TP_NO_EVENT || s + 2 >= program->n_segments); /* no kernel waits */
      ck_assert_int_eq(op->stream, program->aside);
      bytes += (double)program->segments[s].repeat * op->collective.bytes;
    }
  return bytes;
}

static int waits_of_send(const struct tp_program *program)
{
  size_t s = program->n_segments;
  while (strcmp(program->segments[s - 1].name, "send") != 0)
    s--;
  return program->segments[s - 1].ops[0].n_waits;
}

/* Three replicas sum all of their gradients once, as many bytes as weights, in the step or in the
 * last backward pass of each stage, whose send does not wait for it. */
START_TEST(gradients_are_summed)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(8);
  for (int v = 0; trained(v) != NULL; v++)
    for (int pp = 1; pp <= 4; pp *= 2) {
      struct tp_request request = train_request(&model, 2);
      request.mesh.dp = 3;
      request.mesh.etp = 6;
      if (pp == 1) {
        const struct tp_program step = build_program(trained(v), &request, arena);
        ck_assert_rel(summed_bytes(&step), step.weight_bytes, 1e-12);
      }
      request.mesh.pp = pp;
      for (int stage = 0; stage < pp; stage++) {
        const struct tp_program last = pass_of(trained(v), request, stage,
                                               TP_TRAINING_LAST_BACKWARD, arena),
                                usual = pass_of(trained(v), request, stage, TP_TRAINING_BACKWARD,
                                                arena);
        ck_assert_rel(summed_bytes(&last), last.weight_bytes, 1e-12);
        ck_assert_double_eq(summed_bytes(&usual), 0);
        ck_assert_double_eq(kernels(&last), kernels(&usual));
        if (stage > 0)
          ck_assert_int_eq(waits_of_send(&last), waits_of_send(&usual));
      }
    }
  tp_arena_free(arena);
}
END_TEST

/* The loss is where the layers end, once; the embedding's gradient where they begin. */
START_TEST(ends_are_where_they_belong)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(4);
  struct tp_request request = train_request(&model, 2);
  request.mesh.pp = 2;
  static const struct {
    int stage;
    enum tp_training_pass pass;
    const char *first, *last;
  } cases[] = {{0, TP_TRAINING_FORWARD, "prologue", "send"},
               {1, TP_TRAINING_FORWARD, "layer", "loss"},
               {1, TP_TRAINING_BACKWARD, "layer.grad", "send"},
               {0, TP_TRAINING_BACKWARD, "layer.grad", "embedding"}};
  for (int i = 0; i < 4; i++) {
    const struct tp_program program =
        pass_of("standard", request, cases[i].stage, cases[i].pass, arena);
    ck_assert_uint_eq(program.n_segments, i == 0 ? 3 : 2);
    ck_assert_str_eq(program.segments[0].name, cases[i].first);
    ck_assert_str_eq(program.segments[program.n_segments - 1].name, cases[i].last);
  }
  /* the layers of the first stage on the way back, the last first */
  const struct tp_program back = pass_of("standard", request, 0, TP_TRAINING_BACKWARD, arena);
  ck_assert_int_eq(back.segments[0].ops[0].layer, 1);
  ck_assert_int_eq(back.segments[0].repeat, 2);
  tp_arena_free(arena);
}
END_TEST

START_TEST(what_is_refused)
{
  const struct tp_model model = toy_model(6);
  struct tp_request request = train_request(&model, 2);
  request.mesh.pp = 7;
  assert_build_refused("standard", &request, "toy has 6 in this run");
  request.mesh.pp = 4;
  request.interleave = 2;
  assert_build_refused("standard", &request, "pp 4, interleave 2");
  request.mesh.pp = 2;
  request.interleave = 0;
  request.pass = TP_TRAINING_FORWARD;
  assert_build_refused("desync-4x", &request, "takes layers 2 at a time");
}
END_TEST

/* Toy at tp 4, materialised: a head of a rank attends the sequence of 16 of each of 48 tokens. */
START_TEST(scores_are_worked_out_again)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(3);
  struct tp_request request = train_request(&model, 4);
  request.style.attention_prefill = TP_ATTENTION_MATERIALISED;
  request.style.score_passes = 5;
  const struct tp_program plain = build_program("standard", &request, arena);
  request.training.selective_recompute = true;
  const struct tp_program again = build_program("standard", &request, arena);
  const double heads = (double)model.heads / 4;
  ck_assert_double_eq(plain.kept_bytes - again.kept_bytes, 3 * TOKENS * heads * 16 * 2);
  ck_assert_double_eq(kernels(&again) - kernels(&plain), 3); /* one a layer */
  request.style.attention_prefill = TP_ATTENTION_FLASH;      /* it keeps none */
  const struct tp_program flash = build_program("standard", &request, arena);
  ck_assert_double_eq(kernels(&flash), kernels(&plain));
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("train_stages");
  TCase *cases = tcase_create("stages");
  tcase_add_test(cases, nothing_is_lost);
  tcase_add_test(cases, what_is_handed_on);
  tcase_add_test(cases, slices_are_gathered);
  tcase_add_test(cases, one_rank_a_replica_is_standard);
  tcase_add_test(cases, gradients_are_summed);
  tcase_add_test(cases, ends_are_where_they_belong);
  tcase_add_test(cases, what_is_refused);
  tcase_add_test(cases, scores_are_worked_out_again);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
