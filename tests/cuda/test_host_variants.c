/* Variants on the host device: sharded is unsharded, the order that streams are served in changes
 * no bit, and every wait in a program is needed for that. */
#include "computed.h"
#include "run_variant.h"

/* As many sequences as an overlap cuts rows into: each part has a token whose logits are read. */
enum { VOCAB = 61, BATCH = 4 };

/* Small, and its vocabulary divides by no degree. */
static struct tp_model small_model(void)
{
  struct tp_model model = toy_model(3);
  model.hidden = 32;
  model.head_dim = 4;
  model.ffn = 48;
  model.vocab = VOCAB;
  return model;
}

static struct tp_request request_of(const struct tp_model *model, int tp, bool decode)
{
  struct tp_request request = decode_request(model, tp);
  request.dtype = TP_DTYPE_FP32;
  request.batch = decode ? tp_batch_decode(BATCH, 6) : tp_batch_prefill(BATCH, 5);
  request.kv_capacity = 8;
  request.style.head_sharded = request.style.embedding_sharded = true;
  return request;
}

/* A prompt, then the pass after it. */
static void generate(struct run *run, const char *variant, const struct tp_model *model, int tp,
                     uint64_t seed)
{
  run_open(run, tp, seed);
  run_build(run, variant, request_of(model, tp, false));
  run_pass(run, 5);
  run_build(run, variant, request_of(model, tp, true));
  run_pass(run, 6);
}

/* Logits of rank 0, without the blocks of ranks and their padding. */
static const float *logits(struct run *run)
{
  const int tp = run->program.mesh.tp, part = (VOCAB + tp - 1) / tp;
  const float *blocks = run_get(run, 0, run->program.logits);
  float *logits = TP_NEW(run->arena, float, BATCH *VOCAB);
  for (int b = 0; b < BATCH; b++)
    for (int word = 0; word < VOCAB; word++)
      logits[b * VOCAB + word] = blocks[(word / part * BATCH + b) * part + word % part];
  return logits;
}

static double worst(const float *got, const float *want, int n)
{
  double most = 0;
  for (int i = 0; i < n; i++) {
    const double error = fabs((double)got[i] - (double)want[i]);
    most = error > most || isnan(error) ? error : most;
  }
  return most;
}

/* Everything that the small model lacks. */
static struct tp_model plain_model(void)
{
  struct tp_model model = small_model();
  model.norm = TP_NORM_LAYER;
  model.position = TP_POSITION_LEARNED;
  model.max_positions = 16;
  model.gated_mlp = false;
  model.qk_norm = model.qkv_bias = model.out_bias = model.mlp_bias = true;
  model.embedding_norm = model.tied_head = true;
  return model;
}

static const char *const same[] = {"standard", "standard+chunked:2"};

START_TEST(sharded_is_unsharded)
{
  const struct tp_model model = _i % 2 == 0 ? small_model() : plain_model();
  const char *variant = same[_i / 2];
  struct run alone, run;
  generate(&alone, "standard", &model, 1, 1);
  const float *want = logits(&alone);
  const int32_t *next = run_get(&alone, 0, alone.program.next);
  ck_assert(fabsf(want[0]) > 1e-4F);
  for (int tp = 2; tp <= 4; tp += 2)
    for (uint64_t seed = 1; seed <= 3; seed++) {
      generate(&run, variant, &model, tp, seed);
      const double off = worst(logits(&run), want, BATCH * VOCAB);
      for (int r = 0; r < tp; r++)
        ck_assert_mem_eq(run_get(&run, r, run.program.next), next, BATCH * sizeof *next);
      ck_assert_msg(off < 1e-4, "%s tp %d seed %d: off by %g", variant, tp, (int)seed, off);
      run_close(&run);
    }
  run_close(&alone);
}
END_TEST

START_TEST(order_changes_nothing)
{
  const struct tp_model model = small_model();
  struct run first, run;
  generate(&first, computed_name(_i), &model, 2, 1);
  const float *want = logits(&first);
  ck_assert(isfinite(want[0]));
  for (uint64_t seed = 2; seed <= 5; seed++) {
    generate(&run, computed_name(_i), &model, 2, seed);
    const float *got = logits(&run);
    ck_assert_msg(memcmp(got, want, BATCH * VOCAB * sizeof *got) == 0, "%s: seed %d",
                  computed_name(_i), (int)seed);
    run_close(&run);
  }
  run_close(&first);
}
END_TEST

/* A prompt's program without the wait `left_out`, or with all (-1); false: it has not so many. */
static bool build_without(const char *variant, int left_out, uint64_t seed, struct run *run)
{
  const struct tp_model model = small_model();
  int n = 0;
  run_open(run, 2, seed);
  run_build(run, variant, request_of(&model, 2, false));
  for (size_t s = 0; s < run->program.n_segments; s++)
    for (size_t i = 0; i < run->program.segments[s].n_ops; i++) {
      struct tp_op *op = &run->program.segments[s].ops[i];
      for (int w = op->n_waits - 1; w >= 0; w--)
        if (n++ == left_out)
          op->waits[w] = op->waits[--op->n_waits];
    }
  return n > left_out;
}

/* Is it seen within some orders?  A part far behind the kernels is rarely overtaken.  Wires refuse
 * what was never written. */
static bool is_missed(const char *variant, int left_out, const float *want, const int32_t *next)
{
  bool seen = false;
  for (uint64_t seed = 1; seed <= 400 && !seen; seed++) {
    struct run run;
    build_without(variant, left_out, seed, &run);
    seen = run_try(&run, 5) != TP_OK ||
           memcmp(run_get(&run, 0, run.program.next), next, BATCH * sizeof *next) != 0 ||
           memcmp(logits(&run), want, BATCH * VOCAB * sizeof *want) != 0;
    run_close(&run);
  }
  return seen;
}

START_TEST(every_wait_is_needed)
{
  struct run right, probe;
  build_without(computed_name(_i), -1, 1, &right);
  run_pass(&right, 5);
  const float *want = logits(&right);
  const int32_t *next = run_get(&right, 0, right.program.next);
  for (int wait = 0;; wait++) {
    const bool there = build_without(computed_name(_i), wait, 1, &probe);
    run_close(&probe);
    if (!there)
      break;
    ck_assert_msg(is_missed(computed_name(_i), wait, want, next), "%s: nobody misses wait %d",
                  computed_name(_i), wait);
  }
  run_close(&right);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("host_variants");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 60);
  tcase_add_loop_test(cases, sharded_is_unsharded, 0, 2 * (int)(sizeof same / sizeof *same));
  tcase_add_loop_test(cases, order_changes_nothing, 0, n_computed());
  /* A wire leaves streams and events as they were. */
  tcase_add_loop_test(cases, every_wait_is_needed, 0, n_computed_plainly());
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
