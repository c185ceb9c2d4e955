#include "verify/reference.h"

#include "program/variants/architectures.h"
#include "verify/reference_run.h"

#include <string.h>

enum { MAX_RANKS = 64 };

/* One layer on a residual: all of it, or a rank's part. */
static void layer_of(const struct tp_reference_run *run, int layer, struct tp_reference_part part,
                     float *x)
{
  const struct tp_model *model = run->reference->model;
  const float *n = tp_run_normed(run, "attn", layer, part.owner, x);
  const float *a = tp_run_attention(run, layer, part, n);
  if (!model->parallel_residual) {
    tp_run_add(run, x, a);
    tp_run_add(run, x,
               tp_run_mlp(run, layer, part, tp_run_normed(run, "mlp", layer, part.owner, x)));
    return;
  }
  if (!model->shared_norm)
    n = tp_run_normed(run, "mlp", layer, part.owner, x);
  const float *m = tp_run_mlp(run, layer, part, n);
  tp_run_add(run, x, a);
  tp_run_add(run, x, m);
}

static float *standard(const struct tp_reference_run *run, float *x)
{
  for (int l = 0; l < run->layers; l++)
    layer_of(run, l, tp_run_whole(run, TP_NO_OWNER), x);
  return x;
}

static float *parallel(const struct tp_reference_run *run, float *x)
{
  const struct tp_reference_part all = tp_run_whole(run, TP_NO_OWNER);
  for (int l = 0; l < run->layers; l++) {
    const float *n = tp_run_normed(run, "attn", l, TP_NO_OWNER, x);
    tp_run_add(run, x, tp_run_attention(run, l, all, n));
    tp_run_add(run, x, tp_run_mlp(run, l, all, n));
  }
  return x;
}

/* x_i = h_i(norm(x_{i-2})) + x_{i-1}, and x_{-1} = x_0. */
static float *ladder(const struct tp_reference_run *run, float *x)
{
  const struct tp_reference_part all = tp_run_whole(run, TP_NO_OWNER);
  const float *stale = tp_run_copy(run, x);
  for (int l = 0; l < run->layers; l++) {
    const float *now = tp_run_copy(run, x);
    tp_run_add(run, x,
               tp_run_attention(run, l, all, tp_run_normed(run, "attn", l, TP_NO_OWNER, stale)));
    stale = tp_run_copy(run, x);
    tp_run_add(run, x, tp_run_mlp(run, l, all, tp_run_normed(run, "mlp", l, TP_NO_OWNER, now)));
  }
  return x;
}

/* Residuals of their own, brought together after every `group` layers and after the last. */
static float *desync(const struct tp_reference_run *run, float *x, int group)
{
  float *own[MAX_RANKS];
  for (int r = 0; r < run->ranks; r++)
    own[r] = tp_run_copy(run, x);
  for (int l = 0; l < run->layers; l++) {
    const bool together = (l + 1) % group == 0 || l + 1 == run->layers;
    memset(x, 0, run->elements * sizeof *x);
    for (int r = 0; r < run->ranks; r++) {
      const struct tp_reference_part part = tp_run_part_of(run, r);
      tp_run_add(
          run, own[r],
          tp_run_attention(run, l, part, tp_run_normed(run, "attn", l, TP_NO_OWNER, own[r])));
      const float *m = tp_run_mlp(run, l, part, tp_run_normed(run, "mlp", l, TP_NO_OWNER, own[r]));
      for (size_t i = 0; i < run->elements; i++)
        x[i] += m[i] + own[r][i] / (float)run->ranks;
      tp_run_add(run, own[r], m);
    }
    for (int r = 0; r < run->ranks && together; r++)
      memcpy(own[r], x, run->elements * sizeof *x);
  }
  return x;
}

static float *desync_2x(const struct tp_reference_run *run, float *x)
{
  return desync(run, x, 1);
}

static float *desync_4x(const struct tp_reference_run *run, float *x)
{
  return desync(run, x, 2);
}

/* x = W [y_1 .. y_N] */
static float *combine(const struct tp_reference_run *run, float *const *y)
{
  float *x = tp_run_rows(run);
  for (int i = 0; i < run->ranks; i++)
    tp_run_add(run, x, tp_run_combine(run, i, y[i]));
  return x;
}

/* layer 1:  a = e + attn(norm(e));  y = a + tp_run_mlp(norm(a))
 * layer >1: a = y + attn(norm(y));  z = a + sum of the other y;  y' = a + tp_run_mlp(norm(z)) */
static float *kraken(const struct tp_reference_run *run, float *x)
{
  float *y[MAX_RANKS];
  for (int i = 0; i < run->ranks; i++)
    y[i] = tp_run_copy(run, x);
  for (int l = 0; l < run->layers; l++) {
    float *before[MAX_RANKS];
    for (int i = 0; i < run->ranks; i++)
      before[i] = tp_run_copy(run, y[i]);
    for (int i = 0; i < run->ranks; i++) {
      tp_run_add(
          run, y[i],
          tp_run_attention(run, l, tp_run_whole(run, i), tp_run_normed(run, "attn", l, i, y[i])));
      float *z = tp_run_copy(run, y[i]);
      for (int j = 0; j < run->ranks && l > 0; j++)
        if (j != i)
          tp_run_add(run, z, before[j]);
      tp_run_add(run, y[i],
                 tp_run_mlp(run, l, tp_run_whole(run, i), tp_run_normed(run, "mlp", l, i, z)));
    }
  }
  return combine(run, y);
}

static float *no_comm(const struct tp_reference_run *run, float *x)
{
  for (int l = 0; l < run->layers; l++)
    layer_of(run, l, tp_run_part_of(run, run->reference->rank), x);
  return x;
}

/* From the embedding (overwritten) to what the final norm reads. */
static const struct equation {
  const char *architecture;
  float *(*compute)(const struct tp_reference_run *run, float *x);
} equations[] = {
    {"standard", standard},   {"parallel", parallel},   {"ladder", ladder},
    {"desync-2x", desync_2x}, {"desync-4x", desync_4x}, {"kraken", kraken},
    {"no-comm", no_comm},
};

static struct tp_reference_matrix table_of(const struct tp_reference_run *run, const char *of,
                                           int64_t rows)
{
  return (struct tp_reference_matrix){.of = of,
                                      .owner = TP_NO_OWNER,
                                      .rows = rows,
                                      .columns = run->block.model.hidden,
                                      .table = true};
}

/* Row of the token, and of its position where those are learned. */
static float *embed(const struct tp_reference_run *run)
{
  const struct tp_reference *reference = run->reference;
  const struct tp_reference_block *block = &run->block;
  const struct tp_model *model = reference->model;
  const int64_t hidden = run->block.model.hidden;
  const struct tp_reference_matrix table = table_of(run, "embedding", model->vocab);
  const struct tp_reference_matrix positions = table_of(run, "positions", model->max_positions);
  float *x = tp_run_rows(run), *position = TP_NEW(run->block.arena, float, hidden);
  for (int64_t t = 0; t < block->tokens; t++) {
    float *row = &x[t * hidden];
    tp_reference_row(&block->weights, TP_ROLE_MATRIX, table, reference->tokens[t], row);
    if (model->position != TP_POSITION_LEARNED)
      continue;
    tp_reference_row(&block->weights, TP_ROLE_MATRIX, positions, t % block->length, position);
    for (int64_t i = 0; i < hidden; i++)
      row[i] += position[i];
  }
  return x;
}

/* What a rank of no-comm finds in its part of the table, which nobody else adds to. */
static void drop_others_rows(const struct tp_reference_run *run, float *x)
{
  const struct tp_reference *reference = run->reference;
  const int64_t part = (reference->model->vocab + run->ranks - 1) / run->ranks;
  const int64_t hidden = run->block.model.hidden;
  for (int64_t t = 0; t < run->block.tokens; t++)
    if (reference->tokens[t] / part != reference->rank)
      memset(&x[t * hidden], 0, (size_t)hidden * sizeof *x);
}

/* Of rows that have had the last norm. */
static void head(const struct tp_reference_run *run, const float *n, float *logits)
{
  const struct tp_model *model = run->reference->model;
  const struct tp_reference_matrix matrix =
      table_of(run, model->tied_head ? "embedding" : "head", model->vocab);
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

static const struct tp_architecture *architecture_of(const struct tp_reference *reference)
{
  const struct tp_architecture *architecture = reference->variant->architecture;
  const bool alone = reference->ranks == 1 && !architecture->takes_degree;
  return alone ? &tp_architecture_standard : architecture;
}

/* NULL: none is written here. */
static const struct equation *equation_of(const struct tp_architecture *architecture)
{
  for (size_t i = 0; i < sizeof equations / sizeof equations[0]; i++)
    if (architecture->wiring == NULL && strcmp(equations[i].architecture, architecture->name) == 0)
      return &equations[i];
  return NULL;
}

static enum tp_status compute(const struct tp_reference_run *run,
                              const struct tp_architecture *architecture, float *logits,
                              struct tp_error *error)
{
  const struct equation *const equation = equation_of(architecture);
  const float *n;
  float *x = embed(run);
  if (architecture->apart && run->reference->embedding_sharded)
    drop_others_rows(run, x);
  if (run->reference->model->embedding_norm)
    x = tp_run_normed(run, "embed", 0, TP_NO_OWNER, x);
  if (equation == NULL) {
    TP_TRY(tp_reference_wiring(run, x, &n, error));
  } else {
    x = equation->compute(run, x);
    n = architecture->takes_degree ? tp_run_normed(run, "final", 0, TP_NO_OWNER, x)
                                   : tp_run_normed(run, "attn", run->layers, TP_NO_OWNER, x);
  }
  head(run, n, logits);
  return TP_OK;
}

enum tp_status tp_reference_logits(const struct tp_reference *reference, float *logits,
                                   struct tp_error *error)
{
  const struct tp_architecture *const architecture = architecture_of(reference);
  const bool own = architecture->takes_degree;
  if (equation_of(architecture) == NULL && architecture->wiring == NULL)
    return tp_fail(error, TP_E_INPUT,
                   "architecture '%s' has no equation to be checked by; add it to reference.c",
                   architecture->name);
  struct tp_reference_run run = {.reference = reference, .layers = (int)reference->model->layers};
  TP_TRY(check(reference, error));
  run.ranks = ranks_of(reference, own && architecture->wiring == NULL);
  run.block.model = own ? tp_kraken_model(reference->model, run.ranks) : *reference->model;
  run.block.weights =
      (struct tp_reference_weights){.seed = reference->seed, .dtype = reference->dtype};
  run.block.tokens = reference->sequences * reference->length;
  run.block.length = reference->length;
  run.block.arena = tp_arena_create();
  run.elements = (size_t)(run.block.tokens * run.block.model.hidden);
  const enum tp_status status = compute(&run, architecture, logits, error);
  tp_arena_free(run.block.arena);
  return status;
}
