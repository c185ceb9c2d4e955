#include "verify/reference.h"

#include "program/variants/architectures.h"
#include "verify/reference_block.h"

#include <string.h>

enum { MAX_RANKS = 64, NO_OWNER = -1 };

struct run {
  const struct tp_reference *reference;
  struct tp_reference_block block;
  int ranks; /* parts of a module; sub-layers of kraken */
  int layers;
  size_t elements; /* of a residual */
};

static float *rows(const struct run *run)
{
  return TP_NEW(run->block.arena, float, run->elements);
}

static void add(const struct run *run, float *x, const float *h)
{
  for (size_t i = 0; i < run->elements; i++)
    x[i] += h[i];
}

static float *copy(const struct run *run, const float *x)
{
  return memcpy(rows(run), x, run->elements * sizeof *x);
}

static struct tp_reference_part whole(const struct run *run, int owner)
{
  return (struct tp_reference_part){.owner = owner,
                                    .heads = run->block.model.heads,
                                    .inner = run->block.model.ffn,
                                    .biases = true};
}

static struct tp_reference_part part_of(const struct run *run, int rank)
{
  const int64_t heads = run->block.model.heads / run->ranks;
  const int64_t inner = run->block.model.ffn / run->ranks;
  return (struct tp_reference_part){.owner = NO_OWNER,
                                    .first_head = rank * heads,
                                    .heads = heads,
                                    .first_inner = rank * inner,
                                    .inner = inner,
                                    .biases = rank == 0};
}

/* The two modules with their norms: h(norm(x)). */
static float *normed(const struct run *run, const char *of, int layer, int owner, const float *x)
{
  float *n = rows(run);
  tp_reference_norm(&run->block, of, layer, owner, x, n);
  return n;
}

static float *attention(const struct run *run, int layer, struct tp_reference_part part,
                        const float *n)
{
  float *y = rows(run);
  tp_reference_attention(&run->block, layer, part, n, y);
  return y;
}

static float *mlp(const struct run *run, int layer, struct tp_reference_part part, const float *n)
{
  float *y = rows(run);
  tp_reference_mlp(&run->block, layer, part, n, y);
  return y;
}

/* One layer on a residual: all of it, or a rank's part. */
static void layer_of(const struct run *run, int layer, struct tp_reference_part part, float *x)
{
  const struct tp_model *model = run->reference->model;
  const float *n = normed(run, "attn", layer, part.owner, x);
  const float *a = attention(run, layer, part, n);
  if (!model->parallel_residual) {
    add(run, x, a);
    add(run, x, mlp(run, layer, part, normed(run, "mlp", layer, part.owner, x)));
    return;
  }
  if (!model->shared_norm)
    n = normed(run, "mlp", layer, part.owner, x);
  const float *m = mlp(run, layer, part, n);
  add(run, x, a);
  add(run, x, m);
}

static float *standard(const struct run *run, float *x)
{
  for (int l = 0; l < run->layers; l++)
    layer_of(run, l, whole(run, NO_OWNER), x);
  return x;
}

static float *parallel(const struct run *run, float *x)
{
  const struct tp_reference_part all = whole(run, NO_OWNER);
  for (int l = 0; l < run->layers; l++) {
    const float *n = normed(run, "attn", l, NO_OWNER, x);
    add(run, x, attention(run, l, all, n));
    add(run, x, mlp(run, l, all, n));
  }
  return x;
}

/* x_i = h_i(norm(x_{i-2})) + x_{i-1}, and x_{-1} = x_0. */
static float *ladder(const struct run *run, float *x)
{
  const struct tp_reference_part all = whole(run, NO_OWNER);
  const float *stale = copy(run, x);
  for (int l = 0; l < run->layers; l++) {
    const float *now = copy(run, x);
    add(run, x, attention(run, l, all, normed(run, "attn", l, NO_OWNER, stale)));
    stale = copy(run, x);
    add(run, x, mlp(run, l, all, normed(run, "mlp", l, NO_OWNER, now)));
  }
  return x;
}

/* Residuals of their own, brought together after every `group` layers and after the last. */
static float *desync(const struct run *run, float *x, int group)
{
  float *own[MAX_RANKS];
  for (int r = 0; r < run->ranks; r++)
    own[r] = copy(run, x);
  for (int l = 0; l < run->layers; l++) {
    const bool together = (l + 1) % group == 0 || l + 1 == run->layers;
    memset(x, 0, run->elements * sizeof *x);
    for (int r = 0; r < run->ranks; r++) {
      const struct tp_reference_part part = part_of(run, r);
      add(run, own[r], attention(run, l, part, normed(run, "attn", l, NO_OWNER, own[r])));
      const float *m = mlp(run, l, part, normed(run, "mlp", l, NO_OWNER, own[r]));
      for (size_t i = 0; i < run->elements; i++)
        x[i] += m[i] + own[r][i] / (float)run->ranks;
      add(run, own[r], m);
    }
    for (int r = 0; r < run->ranks && together; r++)
      memcpy(own[r], x, run->elements * sizeof *x);
  }
  return x;
}

static float *desync_2x(const struct run *run, float *x)
{
  return desync(run, x, 1);
}

static float *desync_4x(const struct run *run, float *x)
{
  return desync(run, x, 2);
}

/* x = W [y_1 .. y_N] */
static float *combine(const struct run *run, float *const *y)
{
  const int64_t d = run->block.model.hidden;
  float *x = rows(run), *part = rows(run);
  for (int i = 0; i < run->ranks; i++) {
    tp_reference_multiply(
        &run->block, (struct tp_reference_matrix){"combine", 0, NO_OWNER, d, run->ranks * d, false},
        (struct tp_reference_range){0, d, i * d, d}, y[i], part);
    add(run, x, part);
  }
  return x;
}

/* layer 1:  a = e + attn(norm(e));  y = a + mlp(norm(a))
 * layer >1: a = y + attn(norm(y));  z = a + sum of the other y;  y' = a + mlp(norm(z)) */
static float *kraken(const struct run *run, float *x)
{
  float *y[MAX_RANKS];
  for (int i = 0; i < run->ranks; i++)
    y[i] = copy(run, x);
  for (int l = 0; l < run->layers; l++) {
    float *before[MAX_RANKS];
    for (int i = 0; i < run->ranks; i++)
      before[i] = copy(run, y[i]);
    for (int i = 0; i < run->ranks; i++) {
      add(run, y[i], attention(run, l, whole(run, i), normed(run, "attn", l, i, y[i])));
      float *z = copy(run, y[i]);
      for (int j = 0; j < run->ranks && l > 0; j++)
        if (j != i)
          add(run, z, before[j]);
      add(run, y[i], mlp(run, l, whole(run, i), normed(run, "mlp", l, i, z)));
    }
  }
  return combine(run, y);
}

static float *no_comm(const struct run *run, float *x)
{
  for (int l = 0; l < run->layers; l++)
    layer_of(run, l, part_of(run, run->reference->rank), x);
  return x;
}

/* From the embedding (overwritten) to what the final norm reads. */
static const struct equation {
  const char *architecture;
  float *(*compute)(const struct run *run, float *x);
} equations[] = {
    {"standard", standard},   {"parallel", parallel},   {"ladder", ladder},
    {"desync-2x", desync_2x}, {"desync-4x", desync_4x}, {"kraken", kraken},
    {"no-comm", no_comm},
};

static struct tp_reference_matrix table_of(const struct run *run, const char *of, int64_t rows)
{
  return (struct tp_reference_matrix){
      .of = of, .owner = NO_OWNER, .rows = rows, .columns = run->block.model.hidden, .table = true};
}

/* Row of the token, and of its position where those are learned. */
static float *embed(const struct run *run)
{
  const struct tp_reference *reference = run->reference;
  const struct tp_model *model = reference->model;
  const int64_t hidden = run->block.model.hidden;
  const struct tp_reference_matrix table = table_of(run, "embedding", model->vocab);
  const struct tp_reference_matrix positions = table_of(run, "positions", model->max_positions);
  float *x = rows(run), *position = TP_NEW(run->block.arena, float, hidden);
  for (int64_t t = 0; t < reference->length; t++) {
    float *row = &x[t * hidden];
    tp_reference_row(&run->block.weights, TP_ROLE_MATRIX, table, reference->tokens[t], row);
    if (model->position != TP_POSITION_LEARNED)
      continue;
    tp_reference_row(&run->block.weights, TP_ROLE_MATRIX, positions, t, position);
    for (int64_t i = 0; i < hidden; i++)
      row[i] += position[i];
  }
  return x;
}

/* What a rank of no-comm finds in its part of the table, which nobody else adds to. */
static void drop_others_rows(const struct run *run, float *x)
{
  const struct tp_reference *reference = run->reference;
  const int64_t part = (reference->model->vocab + run->ranks - 1) / run->ranks;
  const int64_t hidden = run->block.model.hidden;
  for (int64_t t = 0; t < reference->length; t++)
    if (reference->tokens[t] / part != reference->rank)
      memset(&x[t * hidden], 0, (size_t)hidden * sizeof *x);
}

static void head(const struct run *run, const char *norm, int norm_layer, const float *x,
                 float *logits)
{
  const struct tp_model *model = run->reference->model;
  const struct tp_reference_matrix matrix =
      table_of(run, model->tied_head ? "embedding" : "head", model->vocab);
  const float *n = normed(run, norm, norm_layer, NO_OWNER, x);
  tp_reference_multiply(&run->block, matrix,
                        (struct tp_reference_range){0, matrix.rows, 0, matrix.columns}, n, logits);
}

static enum tp_status check(const struct tp_reference *reference, struct tp_error *error)
{
  const struct tp_model *model = reference->model;
  if (model->position == TP_POSITION_ALIBI)
    return tp_fail(error, TP_E_INPUT,
                   "model '%s': attention with ALiBi has no kernel here; take a model with rotary "
                   "or learned positions",
                   model->name);
  if (model->position == TP_POSITION_LEARNED && reference->length > model->max_positions)
    return tp_fail(error, TP_E_INPUT, "model '%s' has %lld positions; %lld tokens are too many",
                   model->name, (long long)model->max_positions, (long long)reference->length);
  return TP_OK;
}

/* How many share a module, or stand side by side in kraken's layers. */
static int ranks_of(const struct tp_reference *reference, bool kraken)
{
  const int degree = reference->variant->argument, ways = (int)reference->model->kraken_ways;
  return !kraken || (degree == 0 && ways == 0) ? reference->ranks : degree > 0 ? degree : ways;
}

static const struct equation *equation_of(const struct tp_reference *reference)
{
  const struct tp_architecture *architecture = reference->variant->architecture;
  const bool alone = reference->ranks == 1 && !architecture->takes_degree;
  const char *name = alone ? tp_architecture_standard.name : architecture->name;
  for (size_t i = 0; i < sizeof equations / sizeof equations[0]; i++)
    if (strcmp(equations[i].architecture, name) == 0)
      return &equations[i];
  return NULL;
}

static void compute(const struct run *run, const struct equation *equation, float *logits)
{
  float *x = embed(run);
  if (equation->compute == no_comm && run->reference->embedding_sharded)
    drop_others_rows(run, x);
  if (run->reference->model->embedding_norm)
    x = normed(run, "embed", 0, NO_OWNER, x);
  x = equation->compute(run, x);
  if (equation->compute == kraken)
    head(run, "final", 0, x, logits);
  else
    head(run, "attn", run->layers, x, logits);
}

enum tp_status tp_reference_logits(const struct tp_reference *reference, float *logits,
                                   struct tp_error *error)
{
  const struct equation *equation = equation_of(reference);
  if (equation == NULL)
    return tp_fail(error, TP_E_INPUT,
                   "architecture '%s' has no equation to be checked by; add it to reference.c",
                   reference->variant->architecture->name);
  struct run run = {.reference = reference, .layers = (int)reference->model->layers};
  TP_TRY(check(reference, error));
  run.ranks = ranks_of(reference, equation->compute == kraken);
  run.block.model = equation->compute == kraken ? tp_kraken_model(reference->model, run.ranks)
                                                : *reference->model;
  run.block.weights =
      (struct tp_reference_weights){.seed = reference->seed, .dtype = reference->dtype};
  run.block.tokens = reference->length;
  run.block.arena = tp_arena_create();
  run.elements = (size_t)(reference->length * run.block.model.hidden);
  compute(&run, equation, logits);
  tp_arena_free(run.block.arena);
  return TP_OK;
}
