/* Steps of several chunks, and of chunks on context: what their programs hold, counted on paper. */
#include "../suite.h"
#include "builds.h"

#include <string.h>

/* A server's step: a piece of one prompt, and sequences that decode on two lengths. */
static const struct tp_batch mixed = {3, {{1, 512, 1024}, {30, 1, 899}, {12, 1, 2299}}};

START_TEST(sums)
{
  ck_assert_int_eq(tp_batch_tokens(&mixed), 512 + 30 + 12);
  ck_assert_int_eq(tp_batch_sequences(&mixed), 43);
  const struct tp_batch prompt = tp_batch_prefill(4, 100), step = tp_batch_decode(4, 101);
  ck_assert_int_eq(tp_batch_tokens(&prompt), 400);
  ck_assert_int_eq(tp_batch_tokens(&step), 4);
  ck_assert_int_eq(step.chunks[0].context, 100);
}
END_TEST

START_TEST(who_decodes)
{
  const struct tp_batch decode = {2, {{30, 1, 899}, {12, 1, 2299}}}, one = tp_batch_prefill(3, 1),
                        speculative = {1, {{8, 4, 1000}}};
  ck_assert(tp_batch_decodes(&decode));
  ck_assert(!tp_batch_decodes(&mixed));
  ck_assert(!tp_batch_decodes(&one)); /* a prompt of one token is a prefill */
  ck_assert(!tp_batch_decodes(&speculative));
}
END_TEST

START_TEST(alike_but_for_contexts_that_decode)
{
  struct tp_batch other = mixed;
  other.chunks[1].context = 1000;
  ck_assert(tp_batch_alike(&mixed, &other) && !tp_batch_same(&mixed, &other));
  other.chunks[0].context = 1536; /* other kernels: not the same program */
  ck_assert(!tp_batch_alike(&mixed, &other));
  other = mixed;
  other.chunks[1].sequences = 31;
  ck_assert(!tp_batch_alike(&mixed, &other));
  other = mixed;
  other.n = 2;
  ck_assert(!tp_batch_alike(&mixed, &other));
}
END_TEST

/* The first half is cut off where the tokens' middle is, in whichever sequence that lies. */
START_TEST(halves)
{
  static const struct {
    struct tp_batch batch;
    struct tp_part first, second;
  } cuts[] = {
      {{1, {{4, 16, 0}}}, {1, {{2, 16, 0}}, {0}}, {1, {{2, 16, 0}}, {0}}},
      {{1, {{1, 33, 5}}}, {1, {{1, 17, 5}}, {0}}, {1, {{1, 16, 22}}, {0}}},
      {{1, {{3, 10, 0}}},
       {2, {{1, 10, 0}, {1, 5, 0}}, {0, 0}},
       {2, {{1, 5, 5}, {1, 10, 0}}, {0, 0}}},
      {{1, {{5, 1, 90}}}, {1, {{3, 1, 90}}, {0}}, {1, {{2, 1, 90}}, {0}}},
      {{2, {{1, 8, 4}, {2, 1, 11}}}, {1, {{1, 5, 4}}, {0}}, {2, {{1, 3, 9}, {2, 1, 11}}, {0, 1}}},
  };
  for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
    struct tp_part found[2];
    ck_assert(tp_batch_halves(&cuts[i].batch, found));
    for (int half = 0; half < 2; half++) {
      const struct tp_part *expected = half == 0 ? &cuts[i].first : &cuts[i].second;
      ck_assert_int_eq(found[half].n, expected->n);
      ck_assert_mem_eq(found[half].of, expected->of, (size_t)expected->n * sizeof expected->of[0]);
      ck_assert_mem_eq(found[half].chunks, expected->chunks,
                       (size_t)expected->n * sizeof expected->chunks[0]);
    }
    ck_assert_int_eq(tp_part_tokens(&found[0]) + tp_part_tokens(&found[1]),
                     tp_batch_tokens(&cuts[i].batch));
  }
  struct tp_part none[2];
  const struct tp_batch one = tp_batch_decode(1, 100);
  ck_assert(!tp_batch_halves(&one, none));
}
END_TEST

static const struct tp_op *op_of(const struct tp_program *program, const char *name, int which)
{
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      if (strcmp(program->segments[s].ops[i].name, name) == 0 && which-- == 0)
        return &program->segments[s].ops[i];
  return NULL;
}

/* Kernels work on all tokens, attention on a chunk each, the head on the last of every sequence. */
START_TEST(a_mixed_step)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(2);
  struct tp_request request = decode_request(&model, 2);
  request.batch = mixed;
  request.kv_capacity = 4096;
  request.operands = true;
  const struct tp_program program = build_program("ladder", &request, arena);
  ck_assert_int_eq(op_of(&program, "attn.qkv", 0)->gemm.m, 554);
  ck_assert_int_eq(op_of(&program, "mlp.down", 0)->gemm.m, 554);
  ck_assert_int_eq(op_of(&program, "head", 0)->gemm.m, 43);
  ck_assert_double_eq(op_of(&program, "attn.all_reduce", 0)->collective.bytes,
                      554.0 * (double)model.hidden * 2);
  for (int i = 0; i < 3; i++) {
    const struct tp_op *op = op_of(&program, "attn.attention", i);
    ck_assert_int_eq(op->chunk, i);
    ck_assert_int_eq(op->attention.batch, mixed.chunks[i].sequences);
    ck_assert_int_eq(op->attention.query_len, mixed.chunks[i].tokens);
    ck_assert_int_eq(op->attention.kv_len, mixed.chunks[i].context + mixed.chunks[i].tokens);
  }
  ck_assert_int_eq(op_of(&program, "attn.attention", 3)->chunk, 0); /* the next layer's */
  ck_assert_ptr_null(program.unsaid);
  ck_assert_ptr_nonnull(strstr(program.title, "step 1x512+1024,30x1+899,12x1+2299"));
  /* Keys and values of 43 sequences, 2 heads of 32 of this rank, 2 bytes, 2 layers. */
  ck_assert_double_eq(tp_program_kv_bytes(&program, 4096), 2.0 * 43 * 4096 * 2 * 32 * 2 * 2);
  tp_arena_free(arena);
}
END_TEST

static double attention_flops(const struct tp_program *program)
{
  double flops = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      if (program->segments[s].ops[i].kind == TP_OP_ATTENTION)
        flops += (double)program->segments[s].repeat * tp_op_flops(&program->segments[s].ops[i]);
  return flops;
}

/* Every pair of a token and one before it is computed once, however the prompt is cut. */
START_TEST(a_prompt_in_chunks_attends_as_a_whole_one)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(2);
  struct tp_request request = prefill_request(&model, 2);
  request.batch = tp_batch_prefill(3, 1000);
  struct tp_program program = build_program("standard", &request, arena);
  const double whole = attention_flops(&program);
  double parts = 0;
  for (int64_t context = 0; context < 1000; context += 250) {
    request.batch = (struct tp_batch){1, {{3, 250, context}}};
    program = build_program("standard", &request, arena);
    parts += attention_flops(&program);
  }
  ck_assert_rel(parts, whole, 1e-14);
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("batch");
  TCase *cases = tcase_create("steps");
  tcase_add_test(cases, sums);
  tcase_add_test(cases, halves);
  tcase_add_test(cases, who_decodes);
  tcase_add_test(cases, alike_but_for_contexts_that_decode);
  tcase_add_test(cases, a_mixed_step);
  tcase_add_test(cases, a_prompt_in_chunks_attends_as_a_whole_one);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
