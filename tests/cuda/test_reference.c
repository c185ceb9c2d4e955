/* The reference against models small enough to write out, and against what must hold of any. */
#include "../suite.h"
#include "program/variants/architectures.h"
#include "run/weights.h"
#include "verify/reference.h"
#include "verify/reference_block.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

enum { SEED = 7, LENGTH = 6, MOST_HIDDEN = 32, MOST_LOGITS = 16 * 128 };

static const struct tp_model tiny = {.name = "tiny",
                                     .layers = 1,
                                     .hidden = 2,
                                     .heads = 1,
                                     .kv_heads = 1,
                                     .head_dim = 2,
                                     .ffn = 2,
                                     .vocab = 3,
                                     .norm = TP_NORM_RMS,
                                     .position = TP_POSITION_ROTARY,
                                     .gated_mlp = true};

static const struct tp_model llama = {.name = "llama",
                                      .layers = 3,
                                      .hidden = 32,
                                      .heads = 4,
                                      .kv_heads = 2,
                                      .head_dim = 8,
                                      .ffn = 24,
                                      .vocab = 37,
                                      .norm = TP_NORM_RMS,
                                      .position = TP_POSITION_ROTARY,
                                      .gated_mlp = true,
                                      .qk_norm = true};

static const struct tp_model gpt2 = {.name = "gpt2",
                                     .layers = 3,
                                     .hidden = 24,
                                     .heads = 4,
                                     .kv_heads = 4,
                                     .head_dim = 6,
                                     .ffn = 48,
                                     .vocab = 29,
                                     .max_positions = 16,
                                     .norm = TP_NORM_LAYER,
                                     .position = TP_POSITION_LEARNED,
                                     .tied_head = true,
                                     .qkv_bias = true,
                                     .out_bias = true,
                                     .mlp_bias = true,
                                     .embedding_norm = true};

static const int32_t tokens[LENGTH] = {1, 0, 2, 2, 1, 0};

static const float *logits_of_all(const struct tp_model *model, const char *text, int ranks,
                                  int rank, int sequences, const int32_t *their_tokens)
{
  struct tp_error error;
  struct tp_variant *variant = TP_NEW(arena, struct tp_variant, 1);
  ck_assert_int_eq(tp_variant_parse(text, arena, variant, &error), TP_OK);
  float *logits = TP_NEW(arena, float, sequences *MOST_LOGITS);
  const struct tp_reference reference = {.model = model,
                                         .variant = variant,
                                         .ranks = ranks,
                                         .rank = rank,
                                         .seed = SEED,
                                         .dtype = TP_DTYPE_FP32,
                                         .sequences = sequences,
                                         .length = LENGTH,
                                         .tokens = their_tokens};
  ck_assert_msg(tp_reference_logits(&reference, logits, &error) == TP_OK, "%s", error.text);
  return logits;
}

static const float *logits_of(const struct tp_model *model, const char *text, int ranks, int rank,
                              const int32_t *sequence)
{
  return logits_of_all(model, text, ranks, rank, 1, sequence);
}

/* |a - b| / |b| over n numbers. */
static double distance(const float *a, const float *b, int64_t n)
{
  double error = 0, size = 0;
  for (int64_t i = 0; i < n; i++) {
    error += pow((double)a[i] - (double)b[i], 2);
    size += pow((double)b[i], 2);
  }
  return sqrt(error / size);
}

static double weight(enum tp_role role, const char *of, int64_t row, int64_t column)
{
  const struct tp_piece piece = {
      .of = of, .role = role, .rows = 8, .columns = role == TP_ROLE_MATRIX ? 2 : 1, .sharers = 1};
  const struct tp_fill fill = tp_weight_fill(&piece, SEED, 0, 0, 1, TP_DTYPE_FP32);
  return (double)tp_fill_value(&fill, row, column);
}

struct pair {
  double a, b;
};

static struct pair by(const char *of, struct pair x)
{
  return (struct pair){
      weight(TP_ROLE_MATRIX, of, 0, 0) * x.a + weight(TP_ROLE_MATRIX, of, 0, 1) * x.b,
      weight(TP_ROLE_MATRIX, of, 1, 0) * x.a + weight(TP_ROLE_MATRIX, of, 1, 1) * x.b};
}

static struct pair plus(struct pair x, struct pair y)
{
  return (struct pair){x.a + y.a, x.b + y.b};
}

static struct pair rms(const char *gain, int layer, struct pair x)
{
  const struct tp_piece piece = {
      .of = gain, .role = TP_ROLE_GAIN, .rows = 2, .columns = 1, .sharers = 1};
  const struct tp_fill fill = tp_weight_fill(&piece, SEED, layer, 0, 1, TP_DTYPE_FP32);
  const double size = sqrt((x.a * x.a + x.b * x.b) / 2 + 1e-5);
  return (struct pair){x.a / size * (double)tp_fill_value(&fill, 0, 0),
                       x.b / size * (double)tp_fill_value(&fill, 1, 0)};
}

static struct pair turned(struct pair x, double angle)
{
  return (struct pair){x.a * cos(angle) - x.b * sin(angle), x.a * sin(angle) + x.b * cos(angle)};
}

/* Two tokens through one layer of one head of two numbers, written out. */
START_TEST(a_layer_written_out)
{
  struct pair x[2], q[2], k[2], v[2];
  for (int t = 0; t < 2; t++) {
    x[t] = (struct pair){weight(TP_ROLE_MATRIX, "embedding", tokens[t], 0),
                         weight(TP_ROLE_MATRIX, "embedding", tokens[t], 1)};
    const struct pair n = rms("attn.gain", 0, x[t]);
    q[t] = turned(by("attn.q", n), t); /* the one pair turns by its position: base^0 */
    k[t] = turned(by("attn.k", n), t);
    v[t] = by("attn.v", n);
  }
  const double to_first = (q[1].a * k[0].a + q[1].b * k[0].b) / sqrt(2);
  const double to_second = (q[1].a * k[1].a + q[1].b * k[1].b) / sqrt(2);
  const double first = 1 / (1 + exp(to_second - to_first)), second = 1 - first;
  const struct pair mixed = {first * v[0].a + second * v[1].a, first * v[0].b + second * v[1].b};
  const struct pair attended[2] = {v[0], mixed};
  const float *logits = logits_of(&tiny, "standard", 1, 0, tokens);
  for (int t = 0; t < 2; t++) {
    x[t] = plus(x[t], by("attn.out", attended[t]));
    const struct pair n = rms("mlp.gain", 0, x[t]);
    const struct pair up = by("mlp.up", n), gate = by("mlp.gate", n);
    const struct pair inner = {gate.a / (1 + exp(-gate.a)) * up.a,
                               gate.b / (1 + exp(-gate.b)) * up.b};
    const struct pair last = rms("attn.gain", 1, plus(x[t], by("mlp.down", inner)));
    for (int i = 0; i < 3; i++)
      ck_assert_double_eq_tol((double)logits[3 * t + i],
                              weight(TP_ROLE_MATRIX, "head", i, 0) * last.a +
                                  weight(TP_ROLE_MATRIX, "head", i, 1) * last.b,
                              1e-6);
  }
}
END_TEST

/* GELU's known values: 0.841192 at 1 and -0.158808 at -1 by the tanh form; a layer norm of (1, 3)
 * is (-1, 1) but for epsilon: x - mean over deviation. */
START_TEST(gelu_and_layer_norm)
{
  const struct tp_reference_block block = {
      .model =
          {.hidden = 2, .heads = 1, .kv_heads = 1, .head_dim = 2, .ffn = 2, .norm = TP_NORM_LAYER},
      .weights = {.seed = SEED, .dtype = TP_DTYPE_FP32},
      .tokens = 1,
      .length = 1,
      .arena = arena};
  float y[2];
  tp_reference_norm(&block, "attn", 0, -1, (const float[]){1, 3}, y);
  for (int i = 0; i < 2; i++) {
    const double gain = weight(TP_ROLE_GAIN, "attn.gain", i, 0);
    const double bias = weight(TP_ROLE_BIAS, "attn.bias", i, 0);
    ck_assert_double_eq_tol((double)y[i], (i == 0 ? -1 : 1) * gain + bias, 1e-5);
  }
  /* the n that up turns into (1, -1) */
  const double a = weight(TP_ROLE_MATRIX, "mlp.up", 0, 0),
               b = weight(TP_ROLE_MATRIX, "mlp.up", 0, 1);
  const double c = weight(TP_ROLE_MATRIX, "mlp.up", 1, 0),
               d = weight(TP_ROLE_MATRIX, "mlp.up", 1, 1);
  const double det = a * d - b * c;
  const float n[2] = {(float)((d + b) / det), (float)((-c - a) / det)};
  const struct tp_reference_part part = {.owner = -1, .heads = 1, .inner = 2, .biases = true};
  tp_reference_mlp(&block, 0, part, n, y);
  const struct pair want = by("mlp.down", (struct pair){0.841192, -0.158808});
  ck_assert_double_eq_tol((double)y[0], want.a, 2e-6);
  ck_assert_double_eq_tol((double)y[1], want.b, 2e-6);
}
END_TEST

/* Positions are relative: of equal tokens all attend to equal values. */
START_TEST(equal_tokens_see_equal_values)
{
  const int32_t same[LENGTH] = {4, 4, 4, 4, 4, 4};
  const float *rotary = logits_of(&llama, "standard", 1, 0, same);
  const float *learned = logits_of(&gpt2, "standard", 1, 0, same);
  ck_assert_double_lt(distance(&rotary[5 * llama.vocab], rotary, llama.vocab), 1e-5);
  ck_assert_double_gt(distance(&learned[5 * gpt2.vocab], learned, gpt2.vocab), 0.1);
}
END_TEST

START_TEST(a_token_changes_nothing_before_it)
{
  const int32_t other[LENGTH] = {1, 0, 2, 3, 1, 0};
  const float *a = logits_of(&llama, "ladder", 2, 0, tokens);
  const float *b = logits_of(&llama, "ladder", 2, 0, other);
  ck_assert_int_eq(memcmp(a, b, (size_t)(3 * llama.vocab) * sizeof *a), 0);
  for (int t = 3; t < LENGTH; t++)
    ck_assert_double_gt(distance(&a[t * llama.vocab], &b[t * llama.vocab], llama.vocab), 1e-3);
}
END_TEST

/* Learned positions begin anew with a sequence, rotary ones, windows and a rank's rows, too. */
START_TEST(sequences_know_nothing_of_each_other)
{
  static const int32_t both[2 * LENGTH] = {1, 0, 2, 2, 1, 0, 2, 0, 2, 1, 1, 2};
  static const char *const variants[] = {"standard", "no-comm"};
  struct tp_model model = _i == 0 ? llama : gpt2;
  model.kinds[0].window = _i == 0 ? 3 : 0;
  const size_t n = (size_t)(LENGTH * model.vocab);
  for (int v = 0; v < 2; v++) {
    const float *together = logits_of_all(&model, variants[v], 2, 1, 2, both);
    for (size_t s = 0; s < 2; s++) {
      const float *alone = logits_of(&model, variants[v], 2, 1, &both[s * LENGTH]);
      ck_assert_int_eq(memcmp(&together[s * n], alone, n * sizeof *alone), 0);
    }
  }
}
END_TEST

/* A window of 3 in one layer, and of 2 in the second of two, whose first sees all: a token that is
 * 3 behind changes nothing in the one; in the other it changes what the window holds. */
START_TEST(a_window_forgets_what_is_older)
{
  const int32_t other[LENGTH] = {2, 0, 2, 2, 1, 0}; /* another first token */
  struct tp_model model = llama;
  model.layers = 1;
  model.kinds[0].window = 3;
  const float *a = logits_of(&model, "standard", 1, 0, tokens);
  const float *b = logits_of(&model, "standard", 1, 0, other);
  for (int t = 0; t < 3; t++)
    ck_assert_double_gt(distance(&a[t * model.vocab], &b[t * model.vocab], model.vocab), 1e-3);
  ck_assert_int_eq(memcmp(&a[3 * model.vocab], &b[3 * model.vocab],
                          (size_t)((LENGTH - 3) * model.vocab) * sizeof *a),
                   0);
  /* As wide as all there is, or wider, it is none; one narrower, the last token alone sees less. */
  model.kinds[0].window = 0;
  a = logits_of(&model, "standard", 1, 0, tokens);
  const size_t bytes = (size_t)(LENGTH * model.vocab) * sizeof *a;
  const size_t before = (size_t)((LENGTH - 1) * model.vocab) * sizeof *a;
  for (int window = LENGTH - 1; window <= LENGTH + 1; window++) {
    model.kinds[0].window = window;
    b = logits_of(&model, "standard", 1, 0, tokens);
    ck_assert_int_eq(memcmp(a, b, before), 0);
    ck_assert_int_eq(memcmp(a, b, bytes) == 0, window >= LENGTH);
  }
  static const unsigned char kind_of[] = {0, 1};
  model.layers = 2;
  model.n_kinds = 2;
  model.kinds[0].window = 0;
  model.kinds[1].window = 2;
  model.kind_of = kind_of;
  a = logits_of(&model, "standard", 1, 0, tokens);
  b = logits_of(&model, "standard", 1, 0, other);
  ck_assert_double_gt(distance(&a[5 * model.vocab], &b[5 * model.vocab], model.vocab), 1e-4);
}
END_TEST

static struct tp_reference_block block_of(const struct tp_model *model)
{
  return (struct tp_reference_block){.model = *model,
                                     .weights = {.seed = SEED, .dtype = TP_DTYPE_FP32},
                                     .tokens = LENGTH,
                                     .length = LENGTH,
                                     .arena = arena};
}

static struct tp_reference_part part_of(const struct tp_model *model, int rank, int ranks)
{
  return (struct tp_reference_part){.owner = -1,
                                    .first_head = rank * model->heads / ranks,
                                    .heads = model->heads / ranks,
                                    .first_inner = rank * model->ffn / ranks,
                                    .inner = model->ffn / ranks,
                                    .biases = rank == 0};
}

/* Heads shared out, KV heads shared by two ranks, biases of the sum counted once. */
START_TEST(parts_add_up)
{
  const struct tp_model *const model = _i == 0 ? &llama : &gpt2;
  const struct tp_reference_block block = block_of(model);
  const size_t n = (size_t)(LENGTH * model->hidden);
  float *x = TP_NEW(arena, float, n), *y = TP_NEW(arena, float, n);
  for (size_t i = 0; i < n; i++)
    x[i] = (float)sin((double)i);
  for (int ranks = 1; ranks <= 4; ranks *= 2) {
    float *sum = TP_NEW(arena, float, 2 * n), *all = TP_NEW(arena, float, 2 * n);
    tp_reference_attention(&block, 1, part_of(model, 0, 1), x, all);
    tp_reference_mlp(&block, 1, part_of(model, 0, 1), x, &all[n]);
    for (int rank = 0; rank < ranks; rank++) {
      tp_reference_attention(&block, 1, part_of(model, rank, ranks), x, y);
      for (size_t i = 0; i < n; i++)
        sum[i] += y[i];
      tp_reference_mlp(&block, 1, part_of(model, rank, ranks), x, y);
      for (size_t i = 0; i < n; i++)
        sum[n + i] += y[i];
    }
    ck_assert_double_lt(distance(sum, all, (int64_t)n), 1e-6);
    ck_assert_double_lt(distance(&sum[n], &all[n], (int64_t)n), 1e-6);
  }
}
END_TEST

/* What the whole model computes does not depend on who computes it; what ranks keep for themselves
 * does. */
START_TEST(only_residuals_of_their_own_depend_on_ranks)
{
  static const struct {
    const char *variant;
    bool depends;
  } cases[] = {{"standard", false}, {"parallel", false}, {"ladder", false}, {"desync-2x", true},
               {"desync-4x", true}, {"no-comm", true},   {"kraken", true}};
  const float *two = logits_of(&llama, cases[_i].variant, 2, 0, tokens);
  const float *four = logits_of(&llama, cases[_i].variant, 4, 0, tokens);
  const double apart = distance(two, four, LENGTH * llama.vocab);
  ck_assert_msg((apart > 1e-2) == cases[_i].depends && (apart == 0) == !cases[_i].depends, "%s: %g",
                cases[_i].variant, apart);
}
END_TEST

START_TEST(one_rank_arranges_nothing)
{
  const struct tp_architecture *const architecture = tp_architectures[_i];
  if (architecture->takes_degree || strcmp(architecture->name, "standard") == 0)
    return;
  const float *standard = logits_of(&llama, "standard", 1, 0, tokens);
  const float *alone = logits_of(&llama, architecture->name, 1, 0, tokens);
  const float *two = logits_of(&llama, architecture->name, 2, 1, tokens);
  ck_assert_int_eq(memcmp(standard, alone, (size_t)(LENGTH * llama.vocab) * sizeof *alone), 0);
  ck_assert_double_gt(distance(two, standard, LENGTH * llama.vocab), 1e-2);
}
END_TEST

struct residuals {
  struct tp_reference_block block;
  size_t n;
  float *x[16];
};

static float *module(const struct residuals *r, int i, struct tp_reference_part part,
                     const float *x)
{
  float *n = TP_NEW(arena, float, r->n), *y = TP_NEW(arena, float, r->n);
  tp_reference_norm(&r->block, i % 2 == 1 ? "attn" : "mlp", (i - 1) / 2, part.owner, x, n);
  if (i % 2 == 1)
    tp_reference_attention(&r->block, (i - 1) / 2, part, n, y);
  else
    tp_reference_mlp(&r->block, (i - 1) / 2, part, n, y);
  return y;
}

static float *total(const struct residuals *r, const float *a, const float *b)
{
  float *sum = TP_NEW(arena, float, r->n);
  for (size_t i = 0; i < r->n; i++)
    sum[i] = a[i] + b[i];
  return sum;
}

static struct residuals begin(const struct tp_model *model)
{
  struct residuals r = {.block = block_of(model), .n = (size_t)(LENGTH * model->hidden)};
  r.x[0] = TP_NEW(arena, float, r.n);
  for (int t = 0; t < LENGTH; t++)
    tp_reference_row(
        &r.block.weights, TP_ROLE_MATRIX,
        (struct tp_reference_matrix){"embedding", 0, -1, model->vocab, model->hidden, true},
        tokens[t], &r.x[0][t * model->hidden]);
  return r;
}

static void assert_ends_in(const struct residuals *r, const struct tp_model *model, const float *x,
                           const float *logits)
{
  float *n = TP_NEW(arena, float, r->n), *want = TP_NEW(arena, float, LENGTH * model->vocab);
  tp_reference_norm(&r->block, "attn", (int)model->layers, -1, x, n);
  tp_reference_multiply(
      &r->block, (struct tp_reference_matrix){"head", 0, -1, model->vocab, model->hidden, true},
      (struct tp_reference_range){0, model->vocab, 0, model->hidden}, n, want);
  ck_assert_double_lt(distance(logits, want, LENGTH * model->vocab), 1e-6);
}

/* x_i = h_i(norm(x_{i-1})) + x_{i-1}; ladder's modules read one module earlier. */
START_TEST(ladder_is_standard_one_module_stale)
{
  static const char *const variants[] = {"standard", "ladder"};
  struct residuals r = begin(&llama);
  for (int i = 1; i <= 2 * (int)llama.layers; i++) {
    const int from = i - 1 - _i > 0 ? i - 1 - _i : 0;
    r.x[i] = total(&r, module(&r, i, part_of(&llama, 0, 1), r.x[from]), r.x[i - 1]);
  }
  assert_ends_in(&r, &llama, r.x[6], logits_of(&llama, variants[_i], 4, 0, tokens));
}
END_TEST

/* Ranks 0 and 1 of a layer: own[r] after attention and after the MLP. */
START_TEST(desync_brings_means_together)
{
  struct tp_model model = llama;
  model.layers = 2;
  const bool every = _i == 0;
  struct residuals r = begin(&model);
  float *own[2] = {r.x[0], r.x[0]};
  for (int l = 0; l < 2; l++) {
    for (int rank = 0; rank < 2; rank++) {
      own[rank] = total(&r, own[rank], module(&r, 2 * l + 1, part_of(&model, rank, 2), own[rank]));
      float *m = module(&r, 2 * l + 2, part_of(&model, rank, 2), own[rank]);
      /* together: the mean of the residuals and the sum of the outputs */
      for (size_t i = 0; i < r.n && (every || l == 1); i++)
        m[i] *= 2;
      own[rank] = total(&r, own[rank], m);
    }
    if (every || l == 1) {
      float *mean = total(&r, own[0], own[1]);
      for (size_t i = 0; i < r.n; i++)
        mean[i] /= 2;
      own[0] = own[1] = mean;
    }
  }
  assert_ends_in(&r, &model, own[0],
                 logits_of(&model, every ? "desync-2x" : "desync-4x", 2, 0, tokens));
}
END_TEST

/* Of an odd number of layers the last one is brought together, too. */
START_TEST(desync_4x_of_one_layer_is_2x)
{
  struct tp_model model = llama;
  model.layers = 1;
  const float *two = logits_of(&model, "desync-2x", 2, 0, tokens);
  const float *four = logits_of(&model, "desync-4x", 2, 0, tokens);
  ck_assert_int_eq(memcmp(two, four, (size_t)(LENGTH * model.vocab) * sizeof *two), 0);
}
END_TEST

/* One sub-layer: standard with its own weights; two: each sees the other's output once. */
START_TEST(kraken_by_its_equations)
{
  struct tp_model model = llama;
  model.layers = 2;
  struct residuals r = begin(&model);
  model.kraken_ways = 2; /* each as large as the model was */
  const struct tp_reference_part part[2] = {
      {.owner = 0, .heads = model.heads, .inner = model.ffn, .biases = true},
      {.owner = 1, .heads = model.heads, .inner = model.ffn, .biases = true}};
  float *y[2], *a[2];
  for (int i = 0; i < 2; i++) {
    a[i] = total(&r, r.x[0], module(&r, 1, part[i], r.x[0]));
    y[i] = total(&r, a[i], module(&r, 2, part[i], a[i]));
  }
  for (int i = 0; i < 2; i++)
    a[i] = total(&r, y[i], module(&r, 3, part[i], y[i]));
  const float *z[2] = {total(&r, a[0], y[1]), total(&r, a[1], y[0])};
  for (int i = 0; i < 2; i++)
    y[i] = total(&r, a[i], module(&r, 4, part[i], z[i]));

  const int64_t d = model.hidden;
  float *side_by_side = TP_NEW(arena, float, 2 * r.n), *x = TP_NEW(arena, float, r.n);
  for (int t = 0; t < LENGTH; t++)
    for (int i = 0; i < 2; i++)
      memcpy(&side_by_side[(2 * t + i) * d], &y[i][t * d], (size_t)d * sizeof *x);
  tp_reference_multiply(&r.block, (struct tp_reference_matrix){"combine", 0, -1, d, 2 * d, false},
                        (struct tp_reference_range){0, d, 0, 2 * d}, side_by_side, x);
  float *n = TP_NEW(arena, float, r.n), *want = TP_NEW(arena, float, LENGTH *model.vocab);
  tp_reference_norm(&r.block, "final", 0, -1, x, n);
  tp_reference_multiply(&r.block, (struct tp_reference_matrix){"head", 0, -1, model.vocab, d, true},
                        (struct tp_reference_range){0, model.vocab, 0, d}, n, want);
  const float *got = logits_of(&model, "kraken", 2, 0, tokens);
  ck_assert_double_lt(distance(got, want, LENGTH * model.vocab), 1e-6);
}
END_TEST

/* gpt_neox: both modules read x_{l-1}, through norms of their own or through one. */
START_TEST(side_by_side_models)
{
  struct tp_model model = llama;
  model.parallel_residual = true;
  model.shared_norm = _i == 1;
  struct residuals r = begin(&model);
  for (int l = 0; l < (int)model.layers; l++) {
    const struct tp_reference_part all = part_of(&model, 0, 1);
    float *n = TP_NEW(arena, float, r.n), *m = TP_NEW(arena, float, r.n);
    tp_reference_norm(&r.block, model.shared_norm ? "attn" : "mlp", l, -1, r.x[l], n);
    tp_reference_mlp(&r.block, l, all, n, m);
    r.x[l + 1] = total(&r, total(&r, r.x[l], module(&r, 2 * l + 1, all, r.x[l])), m);
  }
  const float *got = logits_of(&model, "standard", 2, 0, tokens);
  assert_ends_in(&r, &model, r.x[model.layers], got);
  if (model.shared_norm) { /* which is PaLM's block */
    const float *palm = logits_of(&model, "parallel", 2, 0, tokens);
    ck_assert_double_lt(distance(palm, got, LENGTH * model.vocab), 1e-6);
  }
}
END_TEST

START_TEST(a_rank_alone)
{
  struct tp_model model = llama;
  model.layers = 1;
  struct residuals r = begin(&model);
  const struct tp_reference_part part = part_of(&model, 1, 2);
  float *x = total(&r, r.x[0], module(&r, 1, part, r.x[0]));
  x = total(&r, x, module(&r, 2, part, x));
  assert_ends_in(&r, &model, x, logits_of(&model, "no-comm", 2, 1, tokens));
}
END_TEST

START_TEST(alibi_is_refused_by_name)
{
  struct tp_model model = llama;
  model.position = TP_POSITION_ALIBI;
  struct tp_error error;
  struct tp_variant variant;
  float logits[MOST_LOGITS];
  ck_assert_int_eq(tp_variant_parse("standard", arena, &variant, &error), TP_OK);
  const struct tp_reference reference = {.model = &model,
                                         .variant = &variant,
                                         .ranks = 1,
                                         .sequences = 1,
                                         .length = LENGTH,
                                         .tokens = tokens};
  ck_assert_int_eq(tp_reference_logits(&reference, logits, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "ALiBi"));
}
END_TEST

/* An architecture that is added without an equation is not checked by another one's. */
START_TEST(an_architecture_without_an_equation_is_refused)
{
  struct tp_error error = {.text = ""};
  struct tp_variant variant;
  ck_assert_int_eq(tp_variant_parse("standard", arena, &variant, &error), TP_OK);
  struct tp_architecture invented = *variant.architecture;
  invented.name = "invented";
  variant.architecture = &invented;
  const struct tp_reference reference = {.model = &llama,
                                         .variant = &variant,
                                         .ranks = 2,
                                         .sequences = 1,
                                         .length = LENGTH,
                                         .tokens = tokens};
  float *logits = TP_NEW(arena, float, LENGTH *llama.vocab);
  ck_assert_int_eq(tp_reference_logits(&reference, logits, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, "'invented' has no equation") != NULL, "%s", error.text);
}
END_TEST

static Suite *suite(void)
{
  int n_architectures = 0;
  while (tp_architectures[n_architectures] != NULL)
    n_architectures++;
  Suite *s = suite_create("reference");
  TCase *t = tcase_create("cases");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, a_layer_written_out);
  tcase_add_test(t, gelu_and_layer_norm);
  tcase_add_test(t, equal_tokens_see_equal_values);
  tcase_add_test(t, a_token_changes_nothing_before_it);
  tcase_add_loop_test(t, parts_add_up, 0, 2);
  tcase_add_loop_test(t, sequences_know_nothing_of_each_other, 0, 2);
  tcase_add_test(t, a_window_forgets_what_is_older);
  tcase_add_loop_test(t, only_residuals_of_their_own_depend_on_ranks, 0, 7);
  tcase_add_loop_test(t, one_rank_arranges_nothing, 0, n_architectures);
  tcase_add_loop_test(t, ladder_is_standard_one_module_stale, 0, 2);
  tcase_add_loop_test(t, desync_brings_means_together, 0, 2);
  tcase_add_test(t, desync_4x_of_one_layer_is_2x);
  tcase_add_test(t, kraken_by_its_equations);
  tcase_add_loop_test(t, side_by_side_models, 0, 2);
  tcase_add_test(t, a_rank_alone);
  tcase_add_test(t, alibi_is_refused_by_name);
  tcase_add_test(t, an_architecture_without_an_equation_is_refused);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
