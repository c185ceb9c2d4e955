/* Variant x TP: flops, all-reduces and bytes against closed forms; events in order; random models.
 */
#include "builds.h"

static const int degrees[] = {1, 2, 4, 8};

/* Width of a Kraken sub-layer, worked out by hand: sqrt(P / (8 N)) rounded to heads * 8.
 * Toy, P = 589,824: 271.5 / 8 heads, 192 / 4, 135.8 / 2, 96 / 1.
 * 70B, P = 855,638,016: 10341.9 / 64 heads, 7312.8 / 32, 5170.9 / 16, 3656.4 / 8. */
static const double toy_widths[] = {256, 192, 128, 96};
static const double llama_widths[] = {10240, 7424, 5120, 3648};

static double megatron_gemm_flops(const struct tp_model *m, int tp, double tokens, double rows)
{
  const double kv_heads = m->kv_heads >= tp ? (double)m->kv_heads / tp : 1;
  const double d = (double)m->hidden, q = (double)(m->heads * m->head_dim) / tp;
  const double kv = kv_heads * (double)m->head_dim, ffn = (double)m->ffn / tp;
  const double layer = d * (q + 2 * kv) + q * d + d * ffn * (m->gated_mlp ? 3 : 2);
  return 2 * tokens * (double)m->layers * layer + 2 * rows * d * (double)m->vocab;
}

static double kraken_gemm_flops(const struct tp_model *m, double d, double tokens, double rows)
{
  return 2 * tokens * ((double)m->layers * 8 * d * d + d * d) + 2 * rows * d * (double)m->vocab;
}

static int64_t expected_reduces(const char *variant, int64_t layers, int tp)
{
  if (tp == 1 || strcmp(variant, "no-comm") == 0)
    return 0;
  if (strcmp(variant, "standard") == 0 || strcmp(variant, "ladder") == 0)
    return 2 * layers;
  if (strcmp(variant, "desync-4x") == 0)
    return (layers + 1) / 2;
  return layers; /* parallel, desync-2x; kraken: layers - 1 exchanges and the combination */
}

static void check_closed_forms(const struct tp_model *model, const double *widths, bool prefill)
{
  struct tp_arena *arena = tp_arena_create();
  for (size_t v = 0; tp_architectures[v] != NULL; v++)
    for (int t = 0; t < 4; t++) {
      const int tp = degrees[t];
      const struct tp_request request =
          prefill ? prefill_request(model, tp) : decode_request(model, tp);
      const struct tp_program program = build_program(tp_architectures[v]->name, &request, arena);
      const struct sums sums = sum_program(&program);
      const bool kraken = strcmp(tp_architectures[v]->name, "kraken") == 0;
      const double tokens = prefill ? 48 : 3, rows = 3;
      const double width = kraken ? widths[t] : (double)model->hidden;
      const double flops = kraken ? kraken_gemm_flops(model, width, tokens, rows)
                                  : megatron_gemm_flops(model, tp, tokens, rows);
      const int64_t reduces = expected_reduces(tp_architectures[v]->name, model->layers, tp);
      ck_assert_rel(sums.gemm_flops, flops, 1e-14);
      ck_assert_msg(sums.reduces == reduces, "%s tp %d: %d all-reduces, want %d",
                    tp_architectures[v]->name, tp, (int)sums.reduces, (int)reduces);
      ck_assert_double_eq(sums.reduce_bytes, (double)reduces * tokens * width * 2);
      ck_assert_int_eq(sums.gathers, 0);
    }
  tp_arena_free(arena);
}

START_TEST(test_closed_forms)
{
  const struct tp_model even = toy_model(6), odd = toy_model(7), one = toy_model(1);
  const struct tp_model llama = llama_70b();
  for (int prefill = 0; prefill < 2; prefill++) {
    check_closed_forms(&even, toy_widths, prefill);
    check_closed_forms(&odd, toy_widths, prefill);
    check_closed_forms(&one, toy_widths, prefill);
    check_closed_forms(&llama, llama_widths, prefill);
  }
}
END_TEST

/* gpt_neox and falcon keep the one all-reduce of their own block, and all their GEMMs. */
START_TEST(test_parallel_residual_model)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_model model = toy_model(5);
  model.parallel_residual = true;
  size_t kernels[2];
  for (int shared = 0; shared < 2; shared++) {
    model.shared_norm = shared;
    const struct tp_request request = decode_request(&model, 4);
    const struct tp_program program = build_program("standard", &request, arena);
    const struct sums sums = sum_program(&program);
    ck_assert_rel(sums.gemm_flops, megatron_gemm_flops(&model, 4, 3, 3), 1e-14);
    ck_assert_int_eq(sums.reduces, 5);
    kernels[shared] = (size_t)sums.kernels;
  }
  ck_assert_uint_eq(kernels[0], kernels[1] + 5); /* a second norm a layer */
  tp_arena_free(arena);
}
END_TEST

/* The Kraken paper's 760M model, 4-way: its own width, not one derived from it. */
START_TEST(test_kraken_model_keeps_its_width)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = {.name = "kraken-760m-4way",
                                 .layers = 24,
                                 .hidden = 960,
                                 .heads = 4,
                                 .kv_heads = 4,
                                 .head_dim = 240,
                                 .ffn = 1920,
                                 .vocab = 50304,
                                 .kraken_ways = 4,
                                 .norm = TP_NORM_LAYER,
                                 .position = TP_POSITION_LEARNED,
                                 .max_positions = 1024,
                                 .tied_head = true};
  struct tp_request request = decode_request(&model, 4);
  struct tp_program program = build_program("kraken", &request, arena);
  ck_assert_rel(sum_program(&program).gemm_flops, kraken_gemm_flops(&model, 960, 3, 3), 1e-14);
  ck_assert_double_eq(sum_program(&program).reduce_bytes, 24.0 * 3 * 960 * 2);
  const double rank_kv_bytes = tp_program_kv_bytes(&program, 1);
  request.mesh =
      tp_mesh_of_tp(1); /* all four on one device: four times the cache, nothing exchanged */
  program = build_program("kraken", &request, arena);
  ck_assert_double_eq(tp_program_kv_bytes(&program, 1), 4 * rank_kv_bytes);
  ck_assert_int_eq(sum_program(&program).reduces, 0);
  const double layers = 2 * 3.0 * 24 * 4 * 8 * 960 * 960, combine = 2 * 3.0 * 4 * 960 * 960;
  ck_assert_rel(sum_program(&program).gemm_flops, layers + combine + 2 * 3.0 * 960 * 50304, 1e-14);
  tp_arena_free(arena);
}
END_TEST

START_TEST(test_sharded_head_and_embedding)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(2);
  struct tp_request request = prefill_request(&model, 8);
  request.style.head_sharded = request.style.embedding_sharded = true;
  struct tp_program program = build_program("ladder", &request, arena);
  struct sums sums = sum_program(&program);
  ck_assert_int_eq(sums.reduces, 5);
  ck_assert_int_eq(sums.gathers, 1);
  ck_assert_double_eq(sums.gather_bytes, 3 * 125.0 * 8 * 2); /* gathered logits of 3 rows */
  request.style.all_positions = true;
  program = build_program("ladder", &request, arena);
  sums = sum_program(&program);
  ck_assert_double_eq(sums.gather_bytes, 48 * 125.0 * 8 * 2);
  program = build_program("no-comm", &request, arena);
  sums = sum_program(&program);
  ck_assert_int_eq(sums.reduces + sums.gathers, 0);
  struct tp_model uneven = model;
  uneven.vocab = 1001; /* the last rank's slice is padded */
  request.model = &uneven;
  program = build_program("standard", &request, arena);
  ck_assert_double_eq(sum_program(&program).gather_bytes, 48 * 126.0 * 8 * 2);
  tp_arena_free(arena);
}
END_TEST

/* What each fusion flag of a stack saves: kernels a layer, and in the head and tail. */
START_TEST(test_fusion_flags)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(10);
  struct tp_request request = decode_request(&model, 2);
  struct tp_program program = build_program("ladder", &request, arena);
  const int64_t fused = sum_program(&program).kernels;
  request.style.fused_overlapped_residual = false;
  program = build_program("ladder", &request, arena);
  ck_assert_int_eq(sum_program(&program).kernels, fused + 2 * 9 + 1);
  program = build_program("standard", &request, arena);
  const int64_t standard = sum_program(&program).kernels;
  ck_assert_int_eq(standard, 2 + 8 * 10 + 2); /* embed, norm; 8 a layer; head, sample */
  request.style.fused_residual_norm = false;
  program = build_program("standard", &request, arena);
  ck_assert_int_eq(sum_program(&program).kernels, standard + 2 * 10);
  request.style.fused_rope = request.style.fused_activation = false;
  program = build_program("standard", &request, arena);
  ck_assert_int_eq(sum_program(&program).kernels, standard + 4 * 10);
  request.style.fused_row_activation = true; /* of one row alone */
  ck_assert_int_gt(tp_batch_tokens(&request.batch), 1);
  program = build_program("standard", &request, arena);
  ck_assert_int_eq(sum_program(&program).kernels, standard + 4 * 10);
  request.batch.chunks[0].sequences = 1;
  program = build_program("standard", &request, arena);
  ck_assert_int_eq(sum_program(&program).kernels, standard + 3 * 10);
  tp_arena_free(arena);
}
END_TEST

/* no-comm is a bound: it does what standard does, kernel for kernel. */
START_TEST(test_no_comm_has_standards_kernels)
{
  struct tp_arena *arena = tp_arena_create();
  const struct tp_model model = toy_model(3);
  const struct tp_request request = decode_request(&model, 4);
  const struct tp_program standard = build_program("standard", &request, arena);
  const struct tp_program bound = build_program("no-comm", &request, arena);
  for (size_t s = 0; s < standard.n_segments; s++) {
    size_t n = 0;
    for (size_t i = 0; i < standard.segments[s].n_ops; i++) {
      const struct tp_op *op = &standard.segments[s].ops[i];
      if (op->kind == TP_OP_COLLECTIVE)
        continue;
      const struct tp_op *same = &bound.segments[s].ops[n++];
      ck_assert_str_eq(op->name, same->name);
      ck_assert_double_eq(tp_op_flops(op), tp_op_flops(same));
    }
    ck_assert_uint_eq(n, bound.segments[s].n_ops);
  }
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("counts");
  TCase *closed = tcase_create("closed forms");
  tcase_add_test(closed, test_closed_forms);
  tcase_add_test(closed, test_parallel_residual_model);
  tcase_add_test(closed, test_kraken_model_keeps_its_width);
  tcase_add_test(closed, test_sharded_head_and_embedding);
  tcase_add_test(closed, test_fusion_flags);
  tcase_add_test(closed, test_no_comm_has_standards_kernels);
  suite_add_tcase(suite, closed);
  return suite;
}

TP_SUITE_MAIN
