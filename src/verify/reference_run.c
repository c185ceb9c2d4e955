#include "verify/reference_run.h"

#include <string.h>

float *tp_run_rows(const struct tp_reference_run *run)
{
  return TP_NEW(run->block.arena, float, run->elements);
}

void tp_run_add(const struct tp_reference_run *run, float *x, const float *h)
{
  for (size_t i = 0; i < run->elements; i++)
    x[i] += h[i];
}

float *tp_run_copy(const struct tp_reference_run *run, const float *x)
{
  return memcpy(tp_run_rows(run), x, run->elements * sizeof *x);
}

struct tp_reference_part tp_run_whole(const struct tp_reference_run *run, int owner)
{
  return (struct tp_reference_part){.owner = owner,
                                    .heads = run->block.model.heads,
                                    .inner = run->block.model.ffn,
                                    .biases = true};
}

struct tp_reference_part tp_run_part_of(const struct tp_reference_run *run, int rank)
{
  const int64_t heads = run->block.model.heads / run->ranks;
  const int64_t inner = run->block.model.ffn / run->ranks;
  return (struct tp_reference_part){.owner = TP_NO_OWNER,
                                    .first_head = rank * heads,
                                    .heads = heads,
                                    .first_inner = rank * inner,
                                    .inner = inner,
                                    .part = rank,
                                    .parts = run->ranks,
                                    .biases = rank == 0};
}

/* The two modules with their norms: h(norm(x)). */
float *tp_run_normed(const struct tp_reference_run *run, const char *of, int layer, int owner,
                     const float *x)
{
  float *n = tp_run_rows(run);
  tp_reference_norm(&run->block, of, layer, owner, x, n);
  return n;
}

float *tp_run_attention(const struct tp_reference_run *run, int layer,
                        struct tp_reference_part part, const float *n)
{
  float *y = tp_run_rows(run);
  tp_reference_attention(&run->block, layer, part, n, y);
  return y;
}

float *tp_run_mlp(const struct tp_reference_run *run, int layer, struct tp_reference_part part,
                  const float *n)
{
  float *y = tp_run_rows(run);
  tp_reference_mlp(&run->block, layer, part, n, y);
  return y;
}

float *tp_run_combine(const struct tp_reference_run *run, int rank, const float *y)
{
  const int64_t d = run->block.model.hidden;
  const struct tp_reference_matrix matrix = {"combine", 0, TP_NO_OWNER, d, run->ranks * d, false};
  float *part = tp_run_rows(run);
  tp_reference_multiply(&run->block, matrix, (struct tp_reference_range){0, d, rank * d, d}, y,
                        part);
  return part;
}
