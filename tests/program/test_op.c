/* Counts of single ops and of whole programs, by hand. */
#include "builds.h"

START_TEST(test_gemm_counts)
{
  const struct tp_op op = {.kind = TP_OP_GEMM, .gemm = {.m = 3, .n = 5, .k = 7}};
  ck_assert_double_eq(tp_op_flops(&op), 2 * 105);
}
END_TEST

static struct tp_op attention(enum tp_attention_style style, int64_t query_len, int64_t kv_len)
{
  return (struct tp_op){.kind = TP_OP_ATTENTION,
                        .attention = {.style = style,
                                      .batch = 2,
                                      .query_len = query_len,
                                      .kv_len = kv_len,
                                      .heads = 6,
                                      .kv_heads = 3,
                                      .head_dim = 10,
                                      .score_passes = 5}};
}

START_TEST(test_attention_counts)
{
  /* 4 queries see 1 + 2 + 3 + 4 keys; 12 heads, 2 products of 2 x 10 flops a pair */
  struct tp_op op = attention(TP_ATTENTION_FLASH, 4, 4);
  ck_assert_double_eq(tp_op_flops(&op), 40.0 * 12 * 10);
  /* 2 queries after 3 cached tokens see 4 and 5 */
  op = attention(TP_ATTENTION_FLASH, 2, 5);
  ck_assert_double_eq(tp_op_flops(&op), 40.0 * 12 * 9);
  op = attention(TP_ATTENTION_MATERIALISED, 4, 4);
  ck_assert_double_eq(tp_op_flops(&op), 40.0 * 12 * 16);
  op = attention(TP_ATTENTION_EXPANDED, 1, 9);
  ck_assert_double_eq(tp_op_flops(&op), 40.0 * 12 * 9);
}
END_TEST

START_TEST(test_other_counts)
{
  const struct tp_op memory = {.kind = TP_OP_MEMORY,
                               .memory = {.read_bytes = 30, .write_bytes = 4}};
  ck_assert_double_eq(tp_op_flops(&memory), 0);
  const struct tp_op reduce = {.kind = TP_OP_COLLECTIVE, .collective = {.bytes = 64}};
  ck_assert_double_eq(tp_op_flops(&reduce), 0);
}
END_TEST

START_TEST(test_names)
{
  ck_assert_str_eq(tp_op_kind_text(TP_OP_COLLECTIVE), "collective");
  ck_assert_str_eq(tp_collective_text(TP_ALL_TO_ALL), "all_to_all");
  ck_assert_str_eq(tp_algorithm_text(TP_ALGORITHM_HIERARCHICAL), "hierarchical");
  ck_assert_double_eq(tp_dtype_bytes(TP_DTYPE_FP32), 4);
}
END_TEST

/* Attention of the chunk that decodes moves on, that of a prefill keeps its prompt. */
START_TEST(test_set_contexts)
{
  struct tp_op ops[] = {attention(TP_ATTENTION_FLASH, 1, 5), attention(TP_ATTENTION_FLASH, 4, 4)};
  ops[1].chunk = 1;
  struct tp_program program = {.n_segments = 1,
                               .segments = {{.repeat = 1, .n_ops = 2, .ops = ops}},
                               .batch = {2, {{2, 1, 4}, {2, 4, 0}}}};
  const struct tp_batch later = {2, {{2, 1, 76}, {2, 4, 0}}};
  ck_assert(tp_batch_alike(&program.batch, &later));
  tp_program_set_contexts(&program, &later);
  ck_assert_int_eq(ops[0].attention.kv_len, 77);
  ck_assert_int_eq(ops[1].attention.kv_len, 4);
  ck_assert(tp_batch_same(&program.batch, &later));
}
END_TEST

/* Toy, 2 layers, tp 2: rank weights and cache counted on paper. */
START_TEST(test_memory_of_a_rank)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(2);
  struct tp_request request = decode_request(&model, 2);
  struct tp_program program = build_program("ladder", &request, arena);
  const double layer = 589824 / 2.0 + 2 * 256;
  ck_assert_double_eq(program.weight_bytes, 2 * (2 * layer + 2 * 256000 + 256));
  ck_assert_double_eq(tp_program_kv_bytes(&program, program.kv_capacity),
                      2.0 * 2 * 2 * 3 * 24 * 2 * 32);
  request.style.head_sharded = true;
  program = build_program("ladder", &request, arena);
  ck_assert_double_eq(program.weight_bytes, 2 * (2 * layer + 256000 + 128000 + 256));
  struct tp_model tied = model;
  tied.tied_head = true; /* the head is a slice of the whole embedding */
  request.model = &tied;
  program = build_program("ladder", &request, arena);
  ck_assert_double_eq(program.weight_bytes, 2 * (2 * layer + 256000 + 256));
  request.model = &model;
  request.dtype = TP_DTYPE_FP8; /* matrices shrink, tables and norms do not */
  program = build_program("ladder", &request, arena);
  ck_assert_double_eq(program.weight_bytes, 589824 + 2 * (4 * 256 + 256000 + 128000 + 256));
  ck_assert(program.activation_bytes > 0);
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("op");
  TCase *counts = tcase_create("counts");
  tcase_add_test(counts, test_gemm_counts);
  tcase_add_test(counts, test_attention_counts);
  tcase_add_test(counts, test_other_counts);
  tcase_add_test(counts, test_names);
  tcase_add_test(counts, test_set_contexts);
  tcase_add_test(counts, test_memory_of_a_rank);
  suite_add_tcase(suite, counts);
  return suite;
}

TP_SUITE_MAIN
