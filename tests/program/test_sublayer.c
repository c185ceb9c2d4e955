/* T3's sub-layers against hand-computed shapes. */
#include "builds.h"
#include "program/sublayer.h"

/* T-NLG: 28 heads, which 8 and 16 ranks do not share out whole. */
static const struct tp_model t_nlg = {
    .name = "t-nlg", .hidden = 4256, .heads = 28, .kv_heads = 28, .head_dim = 152, .ffn = 17024};
/* Grouped heads and a gated MLP: 64 + 2 * 8 heads of 128; 2 * 28672. */

static const struct {
  bool llama;
  enum tp_sublayer which;
  int tp;
  int64_t k;
} cases[] = {
    {false, TP_SUBLAYER_OP, 8, 532},    {false, TP_SUBLAYER_FC2, 16, 1064},
    {false, TP_SUBLAYER_FC1, 8, 2128},  {false, TP_SUBLAYER_IP, 16, 798},
    {true, TP_SUBLAYER_OP, 64, 128},    {true, TP_SUBLAYER_FC2, 2, 14336},
    {true, TP_SUBLAYER_FC1, 32, 1792},  {true, TP_SUBLAYER_IP, 16, 640},
    {false, TP_SUBLAYER_FC2, 1, 17024},
};

START_TEST(test_shapes)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model llama = llama_70b();
  struct tp_sublayer_request request = {.model = cases[_i].llama ? &llama : &t_nlg,
                                        .which = cases[_i].which,
                                        .tp = cases[_i].tp,
                                        .tokens = 4096};
  for (int split = 0; split < 2; split++) {
    request.split = split;
    struct tp_program program;
    struct tp_error error = {""};
    ck_assert_msg(tp_sublayer_build(&request, arena, &program, &error) == TP_OK, "%s", error.text);
    const struct tp_segment *segment = &program.segments[0];
    ck_assert_uint_eq(program.n_segments, 1);
    ck_assert(!tp_batch_decodes(&program.batch));
    ck_assert_int_eq(program.mesh.tp, request.tp);
    ck_assert_uint_eq(segment->n_ops, request.tp == 1 ? 1 : split ? 3 : 2);
    ck_assert_int_eq(segment->ops[0].gemm.m, 4096);
    ck_assert_int_eq(segment->ops[0].gemm.n, request.model->hidden);
    ck_assert_int_eq(segment->ops[0].gemm.k, cases[_i].k);
    for (size_t i = 1; i < segment->n_ops; i++) {
      const struct tp_op *op = &segment->ops[i];
      const enum tp_collective_kind kind = !split   ? TP_ALL_REDUCE
                                           : i == 1 ? TP_REDUCE_SCATTER
                                                    : TP_ALL_GATHER;
      ck_assert_int_eq(op->collective.kind, kind);
      ck_assert_double_eq(op->collective.bytes, 4096.0 * (double)request.model->hidden * 2);
      ck_assert_int_eq(op->stream, TP_STREAM_COMM);
      ck_assert_int_eq(op->waits[0], segment->ops[0].records);
    }
    if (request.tp == 1)
      ck_assert_int_eq(segment->ops[0].records, TP_NO_EVENT);
  }
  tp_arena_free(arena);
}
END_TEST

/* What stands in a layer's program is what stands alone. */
START_TEST(test_same_as_in_a_layer)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = llama_70b();
  struct tp_request train = prefill_request(&model, 8);
  train.train = true;
  const struct tp_program step = build_program("standard", &train, arena);
  static const char *const names[] = {[TP_SUBLAYER_OP] = "attn.out",
                                      [TP_SUBLAYER_FC2] = "mlp.down",
                                      [TP_SUBLAYER_FC1] = "mlp.up+gate.dgrad",
                                      [TP_SUBLAYER_IP] = "attn.qkv.dgrad"};
  for (int which = 0; which < TP_N_SUBLAYERS; which++) {
    const struct tp_sublayer_request request = {
        .model = &model, .which = (enum tp_sublayer)which, .tp = 8, .tokens = 48};
    struct tp_program alone;
    ck_assert_int_eq(tp_sublayer_build(&request, arena, &alone, NULL), TP_OK);
    int found = 0;
    for (size_t s = 0; s < step.n_segments; s++)
      for (size_t i = 0; i + 1 < step.segments[s].n_ops; i++) {
        const struct tp_op *op = &step.segments[s].ops[i];
        if (strcmp(op->name, names[which]) != 0)
          continue;
        const struct tp_op *own = alone.segments[0].ops;
        ck_assert_int_eq(op->gemm.m, own[0].gemm.m);
        ck_assert_int_eq(op->gemm.n, own[0].gemm.n);
        ck_assert_int_eq(op->gemm.k, own[0].gemm.k);
        ck_assert_double_eq(op[1].collective.bytes, own[1].collective.bytes);
        found++;
      }
    ck_assert_int_eq(found, 1);
  }
  tp_arena_free(arena);
}
END_TEST

static void assert_refused(struct tp_sublayer_request request, const char *words)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_program program;
  struct tp_error error = {""};
  ck_assert_int_eq(tp_sublayer_build(&request, arena, &program, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);
  tp_arena_free(arena);
}

START_TEST(test_refused)
{
  const struct tp_sublayer_request good = {.model = &t_nlg, .tp = 8, .tokens = 100};
  struct tp_sublayer_request bad = good;
  bad.tp = 3;
  assert_refused(bad, "op of t-nlg: tp 3 does not divide its width 4256");
  bad.tp = 0;
  assert_refused(bad, "must be at least 1");
  bad = good;
  bad.tokens = 0;
  assert_refused(bad, "0 tokens must be at least 1");
  bad = good;
  bad.split = true;
  assert_refused(bad, "tp 8 does not divide 100 tokens");
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("sublayer");
  TCase *shapes = tcase_create("shapes");
  tcase_add_loop_test(shapes, test_shapes, 0, sizeof cases / sizeof cases[0]);
  tcase_add_test(shapes, test_same_as_in_a_layer);
  tcase_add_test(shapes, test_refused);
  suite_add_tcase(suite, shapes);
  return suite;
}

TP_SUITE_MAIN
