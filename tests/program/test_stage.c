/* Pipeline stages: what is cut out of a program, and what one stage hands to the next. */
#include "program/live.h"

#include "stages.h"

static double sent_bytes(const char *variant, const struct tp_model *model, int pp, int stage)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_program program = stage_of(variant, decode_request(model, 2), pp, stage, arena);
  const struct tp_collective send = send_of(&program)->collective;
  ck_assert_int_eq(send.kind, TP_SEND);
  ck_assert(send.group.size == pp && send.group.stride == 2);
  tp_arena_free(arena);
  return send.bytes;
}

START_TEST(layers_are_shared_out)
{
  const struct tp_model model = toy_model(8);
  struct tp_request request = decode_request(&model, 2);
  request.mesh.pp = 3;
  const struct tp_stage expected[] = {{0, 3}, {3, 3}, {6, 2}};
  for (request.stage = 0; request.stage < 3; request.stage++) {
    const struct tp_stage stage = tp_stage_of(&request);
    ck_assert(stage.first == expected[request.stage].first);
    ck_assert(stage.count == expected[request.stage].count);
  }
}
END_TEST

/* Ladder hands over the residual and both outputs under way, the others the residual alone. */
START_TEST(what_is_sent)
{
  const struct tp_model model = toy_model(8);
  const char *const one[] = {"standard",
                             "parallel",
                             "desync-2x",
                             "desync-4x",
                             "no-comm",
                             "standard+t3",
                             "standard+t3-mca",
                             "standard+chunked:2",
                             "standard+ideal-overlap",
                             "standard+ideal-nmc",
                             "standard+cu-share"};
  for (size_t i = 0; i < sizeof one / sizeof one[0]; i++)
    ck_assert_msg(sent_bytes(one[i], &model, 2, 0) == ROWS_BYTES, "%s", one[i]);
  ck_assert_double_eq(sent_bytes("ladder", &model, 2, 0), 3 * ROWS_BYTES);
  ck_assert_double_eq(sent_bytes("ladder", &model, 4, 2), 3 * ROWS_BYTES);
  ck_assert_double_eq(sent_bytes("ladder+flash-int4", &model, 2, 0), 3 * ROWS_BYTES);
  ck_assert_double_eq(sent_bytes("ladder", &model, 2, 1), 3 * 4); /* sampled tokens */
}
END_TEST

/* A prompt's tokens are sent, all of them. */
START_TEST(a_prefill_sends_its_tokens)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(4);
  const struct tp_program program = stage_of("standard", prefill_request(&model, 2), 2, 0, arena);
  ck_assert_double_eq(send_of(&program)->collective.bytes, 16 * ROWS_BYTES);
  tp_arena_free(arena);
}
END_TEST

/* A decode step's rows in slices: halves are sent, whole rows gathered before the norm of them;
 * what the last stage has sampled is no slice. */
START_TEST(slices_of_a_decode_step)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(4);
  struct tp_request request = decode_request(&model, 2);
  request.style.sends = TP_SENDS_SLICES;
  const struct tp_program first = stage_of("ladder", request, 2, 0, arena),
                          second = stage_of("ladder", request, 2, 1, arena);
  ck_assert_double_eq(send_of(&first)->collective.bytes, 3 * ROWS_BYTES / 2.0);
  ck_assert_str_eq(second.segments[0].name, "gather");
  ck_assert_double_eq(second.segments[0].ops[0].collective.bytes, 3 * ROWS_BYTES);
  ck_assert_double_eq(send_of(&second)->collective.bytes, 3 * 4);
  tp_arena_free(arena);
}
END_TEST

/* Ranks whose residuals differ send them whole; those that exchange nothing gather nothing. */
START_TEST(slices_are_of_what_all_ranks_have)
{
  static const struct {
    const char *variant;
    double parts;
  } cases[] = {{"desync-2x", 1}, {"kraken", 1}, {"no-comm", 2}};
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(4);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tp_request request = decode_request(&model, 2);
    const struct tp_program whole = stage_of(cases[i].variant, request, 2, 0, arena);
    request.style.sends = TP_SENDS_SLICES;
    const struct tp_program first = stage_of(cases[i].variant, request, 2, 0, arena),
                            second = stage_of(cases[i].variant, request, 2, 1, arena);
    ck_assert_double_eq(send_of(&first)->collective.bytes,
                        send_of(&whole)->collective.bytes / cases[i].parts);
    ck_assert_str_ne(second.segments[0].name, "gather");
  }
  tp_arena_free(arena);
}
END_TEST

START_TEST(nothing_is_lost)
{
  const struct tp_model model = toy_model(12);
  static const char *const variants[] = {
      "standard",           "parallel",           "ladder", "desync-2x", "no-comm", "ladder+t3",
      "standard+chunked:2", "standard+flash-int8"};
  for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
    for (int pp = 2; pp <= 5; pp++)
      assert_nothing_is_lost(variants[i], prefill_request(&model, 4), pp);
}
END_TEST

/* Local layers and global ones by turns of six: a cut inside such a turn takes it apart. */
START_TEST(a_cycle_is_taken_apart)
{
  static const unsigned char kind_of[] = {0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1};
  struct tp_model model = toy_model(12);
  model.n_kinds = 2;
  model.kinds[0].window = 8;
  model.kind_of = kind_of;
  for (int pp = 2; pp <= 5; pp++)
    assert_nothing_is_lost("ladder", prefill_request(&model, 4), pp);
}
END_TEST

/* The norm of what is sent is worked out by who reads it, with the next layer's gain. */
START_TEST(norms_are_left_to_the_reader)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(8);
  const struct tp_program first = stage_of("standard", decode_request(&model, 2), 2, 0, arena);
  const struct tp_segment *const last = &first.segments[first.n_segments - 2];
  const struct tp_op *const add = &last->ops[last->n_ops - 1];
  ck_assert_int_eq(last->ops[0].layer, 3); /* of the stage's four, the one without the norm */
  ck_assert_str_eq(add->name, "mlp.add");
  ck_assert_int_eq(add->memory.function, TP_FUNCTION_ADD);
  ck_assert_double_eq(add->memory.read_bytes, 2 * ROWS_BYTES);
  ck_assert_double_eq(add->memory.write_bytes, ROWS_BYTES);

  const struct tp_program second = stage_of("standard", decode_request(&model, 2), 2, 1, arena);
  const struct tp_op *const norm = &second.segments[0].ops[0];
  ck_assert_str_eq(norm->name, "next.norm");
  ck_assert_int_eq(norm->layer, 4);
  ck_assert_double_eq(norm->memory.read_bytes, ROWS_BYTES + 256 * 2);
  ck_assert_double_eq(norm->memory.write_bytes, ROWS_BYTES);
  ck_assert_int_eq(second.segments[1].ops[0].layer, 4);
  tp_arena_free(arena);
}
END_TEST

static bool last_is_carried(const struct tp_program *program)
{
  const struct tp_excerpt layer = {1, {program->segments[1]}};
  return tp_excerpt_last(&layer, TP_STREAM_COMPUTE)->memory.carried;
}

/* A kernel that adds and normalises within an all-reduce costs nothing by itself; what a stage
 * works out anew stands in none. */
START_TEST(a_received_norm_is_a_kernel)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(8);
  struct tp_request request = decode_request(&model, 2);
  request.style.fused_norm_max_bytes = 1e15;
  const struct tp_program second = stage_of("standard", request, 2, 1, arena);
  ck_assert_str_eq(second.segments[0].ops[0].name, "next.norm");
  ck_assert(!second.segments[0].ops[0].memory.carried);
  ck_assert(last_is_carried(&second));
  request.style.fused_norm_max_bytes = ROWS_BYTES; /* no longer of so many bytes */
  const struct tp_program apart = stage_of("standard", request, 2, 1, arena);
  ck_assert(!last_is_carried(&apart));
  tp_arena_free(arena);
}
END_TEST

START_TEST(what_has_no_stages)
{
  const struct tp_model model = toy_model(6);
  struct tp_request request = decode_request(&model, 2);
  request.operands = true;
  request.mesh.pp = 7;
  assert_build_refused("standard", &request, "toy has 6 in this run");
  request.mesh.pp = 2;
  assert_build_refused("desync-4x", &request, "takes layers 2 at a time");
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("stage");
  TCase *cases = tcase_create("cuts");
  tcase_add_test(cases, layers_are_shared_out);
  tcase_add_test(cases, what_is_sent);
  tcase_add_test(cases, a_prefill_sends_its_tokens);
  tcase_add_test(cases, slices_of_a_decode_step);
  tcase_add_test(cases, slices_are_of_what_all_ranks_have);
  tcase_add_test(cases, nothing_is_lost);
  tcase_add_test(cases, a_cycle_is_taken_apart);
  tcase_add_test(cases, norms_are_left_to_the_reader);
  tcase_add_test(cases, a_received_norm_is_a_kernel);
  tcase_add_test(cases, what_has_no_stages);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
