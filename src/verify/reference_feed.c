/* The feed-forward of a block by its equations: an MLP, or experts of which a token meets a few. */
#include "verify/reference_block.h"

#include <math.h>
#include <string.h>

static double silu(double x)
{
  return x / (1 + exp(-x));
}

/* GELU by tanh, as GPT-2 has it (arXiv 1606.08415, section 2). */
static double gelu(double x)
{
  return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

/* What a module works with: matrices, of an expert that is `which` of several or -1, and the
 * columns of its inner width that are the part's. */
struct module {
  const char *up, *gate, *down;
  int which;
  int64_t first, inner;
};

/* Weights of experts are named by their number, too. */
static struct tp_reference_matrix matrix_of(const struct tp_reference_block *block,
                                            const struct tp_layer *table,
                                            const struct module *module, const char *of, int layer,
                                            int owner)
{
  struct tp_reference_matrix matrix = tp_reference_matrix_of(table, of, layer, owner);
  if (module->which >= 0)
    matrix.of = tp_arena_printf(block->arena, "%s.%d", of, module->which);
  return matrix;
}

/* y = down(act(up n)), or of act(gate n) * up n */
static void feed(const struct tp_reference_block *block, const struct tp_layer *table, int layer,
                 struct tp_reference_part part, const struct module *m, const float *n, float *y)
{
  const bool gated = table->block.gated;
  float *inner = tp_reference_multiply_rows(
      block, table, matrix_of(block, table, m, m->up, layer, part.owner), m->first, m->inner, n);
  const float *gate =
      gated ? tp_reference_multiply_rows(block, table,
                                         matrix_of(block, table, m, m->gate, layer, part.owner),
                                         m->first, m->inner, n)
            : NULL;
  for (int64_t i = 0; i < block->tokens * m->inner; i++)
    inner[i] = (float)(gated ? silu((double)gate[i]) * (double)inner[i] : gelu((double)inner[i]));
  tp_reference_multiply_columns(block, table,
                                matrix_of(block, table, m, m->down, layer, part.owner), part,
                                m->first, m->inner, inner, y);
}

/* The part's columns of an inner width. */
static struct module cut(struct module module, struct tp_reference_part part, int64_t width)
{
  const int64_t parts = part.parts > 0 ? part.parts : 1;
  module.inner = width / parts;
  module.first = part.part * module.inner;
  return module;
}

/* The weight of expert `which` for a token: a softmax over the `top_k` largest scores, 0 for all
 * others. Of equals the first ones are larger. */
static double weight_of(const float *scores, int64_t n, int64_t top_k, int64_t which)
{
  double sum = 0;
  bool chosen = false;
  for (int64_t i = 0; i < n; i++) {
    int64_t larger = 0;
    for (int64_t j = 0; j < n; j++)
      larger += scores[j] > scores[i] || (scores[j] == scores[i] && j < i);
    if (larger >= top_k)
      continue;
    sum += exp((double)scores[i] - (double)scores[which]);
    chosen = chosen || i == which;
  }
  return chosen ? 1 / sum : 0;
}

/* y = sum of weight * expert over those that are chosen, + shared(n); every rank chooses alike. */
static void mix(const struct tp_reference_block *block, const struct tp_layer *table, int layer,
                struct tp_reference_part part, const float *n, float *y)
{
  const struct tp_expert_shape *const all = &table->block.experts;
  const int64_t hidden = block->model.hidden;
  float *out = TP_NEW(block->arena, float, block->tokens *hidden);
  const float *scores = tp_reference_multiply_rows(
      block, table, tp_reference_matrix_of(table, "router", layer, part.owner), 0, all->count, n);
  memset(y, 0, (size_t)(block->tokens * hidden) * sizeof *y);
  for (int64_t e = 0; e < all->count; e++) {
    const struct module expert = cut(
        (struct module){"expert.up", "expert.gate", "expert.down", (int)e, 0, 0}, part, all->ffn);
    feed(block, table, layer, part, &expert, n, out);
    for (int64_t t = 0; t < block->tokens; t++) {
      const double weight = weight_of(&scores[t * all->count], all->count, all->top_k, e);
      for (int64_t i = 0; i < hidden; i++)
        y[t * hidden + i] += (float)(weight * (double)out[t * hidden + i]);
    }
  }
  if (all->shared_ffn == 0)
    return;
  const struct module shared = cut(
      (struct module){"shared.up", "shared.gate", "shared.down", -1, 0, 0}, part, all->shared_ffn);
  feed(block, table, layer, part, &shared, n, out);
  for (int64_t i = 0; i < block->tokens * hidden; i++)
    y[i] += out[i];
}

void tp_reference_mlp(const struct tp_reference_block *block, int layer,
                      struct tp_reference_part part, const float *n, float *y)
{
  const struct tp_layer table =
      tp_layer_make(&block->model, tp_model_kind_of(&block->model, layer));
  const struct module mlp = {"mlp.up", "mlp.gate", "mlp.down", -1, part.first_inner, part.inner};
  if (table.block.experts.count > 0)
    mix(block, &table, layer, part, n, y);
  else
    feed(block, &table, layer, part, &mlp, n, y);
}
