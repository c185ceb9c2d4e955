/* Variant x TP: flops, all-reduces and bytes against closed forms; events in order; random models.
 */
#include "toy.h"

static const char *const variants[] = {"standard",  "parallel", "ladder", "desync-2x",
                                       "desync-4x", "no-comm",  "kraken"};
enum { N_VARIANTS = sizeof variants / sizeof variants[0] };
static const int degrees[] = {1, 2, 4, 8};

struct sums {
  double gemm_flops, reduce_bytes, gather_bytes;
  int64_t reduces, gathers;
};

static struct sums sum_program(const struct tp_program *program)
{
  struct sums sums = {0};
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      const struct tp_op *op = &program->segments[s].ops[i];
      const int64_t repeat = program->segments[s].repeat;
      if (op->kind == TP_OP_GEMM) {
        sums.gemm_flops += (double)repeat * tp_op_flops(op);
      } else if (op->kind == TP_OP_COLLECTIVE && op->collective.kind == TP_ALL_REDUCE) {
        sums.reduces += repeat;
        sums.reduce_bytes += (double)repeat * op->collective.bytes;
      } else if (op->kind == TP_OP_COLLECTIVE) {
        sums.gathers += repeat;
        sums.gather_bytes += (double)repeat * op->collective.bytes;
      }
    }
  return sums;
}

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
  for (int v = 0; v < N_VARIANTS; v++)
    for (int t = 0; t < 4; t++) {
      const int tp = degrees[t];
      const struct tp_request request =
          prefill ? prefill_request(model, tp) : decode_request(model, tp);
      const struct tp_program program = build_program(variants[v], &request, arena);
      const struct sums sums = sum_program(&program);
      const bool kraken = strcmp(variants[v], "kraken") == 0;
      const double tokens = prefill ? 48 : 3, rows = 3;
      const double width = kraken ? widths[t] : (double)model->hidden;
      const double flops = kraken ? kraken_gemm_flops(model, width, tokens, rows)
                                  : megatron_gemm_flops(model, tp, tokens, rows);
      const int64_t reduces = expected_reduces(variants[v], model->layers, tp);
      ck_assert_rel(sums.gemm_flops, flops, 1e-14);
      ck_assert_msg(sums.reduces == reduces, "%s tp %d: %d all-reduces, want %d", variants[v], tp,
                    (int)sums.reduces, (int)reduces);
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
    kernels[shared] = (size_t)tp_program_count(&program).kernels;
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
  const double rank_kv_bytes = program.kv_bytes;
  request.tp = 1; /* all four on one device: four times the cache, nothing exchanged */
  program = build_program("kraken", &request, arena);
  ck_assert_double_eq(program.kv_bytes, 4 * rank_kv_bytes);
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
  ck_assert_int_eq(tp_program_count(&program).collectives, 0);
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
  const int64_t fused = tp_program_count(&program).kernels;
  request.style.fused_overlapped_residual = false;
  program = build_program("ladder", &request, arena);
  ck_assert_int_eq(tp_program_count(&program).kernels, fused + 2 * 9 + 1);
  program = build_program("standard", &request, arena);
  const int64_t standard = tp_program_count(&program).kernels;
  ck_assert_int_eq(standard, 2 + 8 * 10 + 2); /* embed, norm; 8 a layer; head, sample */
  request.style.fused_residual_norm = false;
  program = build_program("standard", &request, arena);
  ck_assert_int_eq(tp_program_count(&program).kernels, standard + 2 * 10);
  request.style.fused_rope = request.style.fused_activation = false;
  program = build_program("standard", &request, arena);
  ck_assert_int_eq(tp_program_count(&program).kernels, standard + 4 * 10);
  tp_arena_free(arena);
}
END_TEST

/* Kernels stand on the compute stream and collectives on the other; a collective waits for what the
 * kernel issued just before it records; every event waited for is recorded by somebody; a kernel
 * never waits in the segment's first repetition for what only a later segment records. */
static void check_events(const struct tp_program *program)
{
  bool recorded[TP_MAX_EVENTS] = {false};
  for (size_t s = 0; s < program->n_segments; s++) {
    const struct tp_segment *segment = &program->segments[s];
    const struct tp_op *kernel = NULL;
    ck_assert_int_gt(segment->repeat, 0);
    ck_assert_uint_gt(segment->n_ops, 0);
    for (size_t i = 0; i < segment->n_ops; i++) {
      const struct tp_op *op = &segment->ops[i];
      const bool collective = op->kind == TP_OP_COLLECTIVE;
      ck_assert_int_eq(op->stream, collective ? TP_STREAM_COMM : TP_STREAM_COMPUTE);
      for (int w = 0; w < op->n_waits; w++)
        ck_assert_msg(recorded[op->waits[w]], "%s: %s waits for an event nobody has recorded",
                      program->title, op->name);
      if (collective) {
        ck_assert_int_eq(op->n_waits, 1);
        ck_assert_ptr_nonnull(kernel);
        ck_assert_int_eq(op->waits[0], kernel->records);
        ck_assert_int_ne(op->records, TP_NO_EVENT);
      } else {
        kernel = op;
      }
      if (op->records != TP_NO_EVENT) {
        ck_assert_int_lt(op->records, program->n_events);
        recorded[op->records] = true;
      }
    }
  }
}

/* A small generator of its own, so that a seed means the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static int64_t pick(uint64_t *state, int64_t least, int64_t most)
{
  return least + (int64_t)(next_random(state) % (uint64_t)(most - least + 1));
}

static bool coin(uint64_t *state)
{
  return next_random(state) >> 20 & 1;
}

static struct tp_model random_model(uint64_t *state)
{
  const int64_t kv_heads = INT64_C(1) << pick(state, 0, 4);
  const enum tp_position position = (enum tp_position)pick(state, 0, 2);
  const bool side_by_side = coin(state);
  return (struct tp_model){.name = "random",
                           .family = "llama",
                           .layers = pick(state, 1, 12),
                           .hidden = 8 * pick(state, 4, 400),
                           .heads = 16 * pick(state, 1, 4),
                           .kv_heads = kv_heads,
                           .head_dim = 8 * pick(state, 1, 16),
                           .ffn = 16 * pick(state, 1, 500),
                           .vocab = pick(state, 17, 60000),
                           .max_positions = position == TP_POSITION_LEARNED ? 4096 : 0,
                           .norm = coin(state) ? TP_NORM_RMS : TP_NORM_LAYER,
                           .position = position,
                           .gated_mlp = coin(state),
                           .tied_head = coin(state),
                           .qkv_bias = coin(state),
                           .out_bias = coin(state),
                           .mlp_bias = coin(state),
                           .qk_norm = coin(state),
                           .embedding_norm = coin(state),
                           .parallel_residual = side_by_side,
                           .shared_norm = side_by_side && coin(state)};
}

static struct tp_request random_request(uint64_t *state, const struct tp_model *model)
{
  return (struct tp_request){
      .model = model,
      .tp = 1 << pick(state, 0, 4),
      .phase = coin(state) ? TP_PREFILL : TP_DECODE,
      .batch = pick(state, 1, 40),
      .prompt = pick(state, 1, 3000),
      .kv_len = pick(state, 1, 3000),
      .kv_capacity = 3000,
      .dtype = (enum tp_dtype)pick(state, 0, 3),
      .style = {.attention_prefill = coin(state) ? TP_ATTENTION_FLASH : TP_ATTENTION_MATERIALISED,
                .attention_decode = coin(state) ? TP_ATTENTION_FLASH : TP_ATTENTION_EXPANDED,
                .score_passes = (double)pick(state, 1, 40),
                .fused_residual_norm = coin(state),
                .fused_rope = coin(state),
                .fused_activation = coin(state),
                .fused_overlapped_residual = coin(state),
                .head_sharded = coin(state),
                .all_positions = coin(state),
                .embedding_sharded = coin(state)}};
}

/* One rank exchanges nothing, and has what standard has, op for op. */
static void check_alone(const struct tp_program *program, const struct tp_program *standard)
{
  ck_assert_uint_eq(program->n_segments, standard->n_segments);
  for (size_t s = 0; s < program->n_segments; s++) {
    const struct tp_segment *a = &program->segments[s], *b = &standard->segments[s];
    ck_assert_int_eq(a->repeat, b->repeat);
    ck_assert_uint_eq(a->n_ops, b->n_ops);
    for (size_t i = 0; i < a->n_ops; i++) {
      ck_assert_str_eq(a->ops[i].name, b->ops[i].name);
      ck_assert_int_eq(a->ops[i].n_waits, 0);
      ck_assert_int_eq(a->ops[i].records, TP_NO_EVENT);
      ck_assert_double_eq(tp_op_flops(&a->ops[i]), tp_op_flops(&b->ops[i]));
      ck_assert_double_eq(tp_op_dram_bytes(&a->ops[i]), tp_op_dram_bytes(&b->ops[i]));
    }
  }
}

START_TEST(test_random_models)
{
  const uint64_t seed = 0x9e3779b97f4a7c15u + (uint64_t)_i;
  uint64_t state = seed;
  fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
  struct tp_arena *arena = tp_arena_create();
  for (int round = 0; round < 500; round++) {
    tp_arena_reset(arena);
    const struct tp_model model = random_model(&state);
    const struct tp_request request = random_request(&state, &model);
    const struct tp_program standard = build_program("standard", &request, arena);
    const double flops = sum_program(&standard).gemm_flops;
    for (int v = 0; v < N_VARIANTS; v++) {
      const struct tp_program program = build_program(variants[v], &request, arena);
      check_events(&program);
      ck_assert(tp_program_count(&program).dram_bytes > 0);
      if (strcmp(variants[v], "kraken") == 0)
        continue;
      ck_assert_rel(sum_program(&program).gemm_flops, flops, 1e-12);
      ck_assert_double_eq(program.weight_bytes, standard.weight_bytes);
      ck_assert_double_eq(program.kv_bytes, standard.kv_bytes);
      if (request.tp == 1)
        check_alone(&program, &standard);
    }
  }
  tp_arena_free(arena);
}
END_TEST

/* Alone, a rank holds what the model's own parameter count says, Kraken's W included. */
START_TEST(test_weights_of_a_lone_rank)
{
  uint64_t state = 20260;
  fprintf(stderr, "seed %llu\n", (unsigned long long)state);
  struct tp_arena *arena = tp_arena_create();
  for (int round = 0; round < 300; round++) {
    tp_arena_reset(arena);
    struct tp_model model = random_model(&state);
    const bool kraken = !model.parallel_residual && coin(&state);
    model.kraken_ways = kraken ? pick(&state, 1, 8) : 0;
    const struct tp_request request = decode_request(&model, 1);
    const struct tp_program program =
        build_program(kraken ? "kraken" : "standard", &request, arena);
    ck_assert_rel(program.weight_bytes, 2 * (double)tp_model_parameters(&model), 1e-14);
  }
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
      ck_assert_double_eq(tp_op_dram_bytes(op), tp_op_dram_bytes(same));
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
  TCase *random = tcase_create("random");
  tcase_add_test(random, test_weights_of_a_lone_rank);
  tcase_add_loop_test(random, test_random_models, 0, 4);
  tcase_set_timeout(random, 60);
  suite_add_tcase(suite, random);
  return suite;
}

TP_SUITE_MAIN
