/* Properties that hold for any model: counts are conserved, events are in order, one rank is alone.
 */
#include "builds.h"

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
      .mesh = tp_mesh_of_tp(1 << pick(state, 0, 4)),
      .batch = {.n = 1,
                .chunks = {{pick(state, 1, 40), coin(state) ? 1 : pick(state, 2, 3000),
                            coin(state) ? 0 : pick(state, 1, 3000)}}},
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
    for (size_t v = 0; tp_architectures[v] != NULL; v++) {
      const struct tp_program program = build_program(tp_architectures[v]->name, &request, arena);
      check_events(&program);
      ck_assert(sum_program(&program).flops > 0);
      if (strcmp(tp_architectures[v]->name, "kraken") == 0)
        continue;
      ck_assert_rel(sum_program(&program).gemm_flops, flops, 1e-12);
      ck_assert_double_eq(program.weight_bytes, standard.weight_bytes);
      ck_assert_double_eq(tp_program_kv_bytes(&program, 1), tp_program_kv_bytes(&standard, 1));
      if (request.mesh.tp == 1)
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

static Suite *suite(void)
{
  Suite *suite = suite_create("random");
  TCase *random = tcase_create("random");
  tcase_add_test(random, test_weights_of_a_lone_rank);
  tcase_add_loop_test(random, test_random_models, 0, 4);
  tcase_set_timeout(random, 60);
  suite_add_tcase(suite, random);
  return suite;
}

TP_SUITE_MAIN
