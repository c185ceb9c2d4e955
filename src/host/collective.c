#include "host/math.h"

#include "numeric/low_bit_reduce.h"

#include <string.h>

/* ranks x (rows x columns), as fp32. */
static float *load_all(const struct tp_bound_op *const *bound, int ranks, struct tp_arena *scratch)
{
  const struct tp_operand *first = &bound[0]->in[0];
  float *values = TP_NEW(scratch, float, ranks * first->rows * first->columns);
  float *to = values;
  for (int r = 0; r < ranks; r++)
    for (int64_t row = 0; row < first->rows; row++, to += first->columns)
      tp_host_load_row(&bound[r]->in[0], row, to);
  return values;
}

static void store(const struct tp_operand *out, const float *values)
{
  for (int64_t row = 0; row < out->rows; row++)
    tp_host_store_row(out, row, values + row * out->columns);
}

static void add_up(const float *values, int ranks, int64_t n, float *sum)
{
  memcpy(sum, values, (size_t)n * sizeof *sum);
  for (int r = 1; r < ranks; r++)
    for (int64_t i = 0; i < n; i++)
      sum[i] += values[r * n + i];
}

static enum tp_status reduce_low_bit(const struct tp_wire *wire, int ranks, int64_t n,
                                     const float *values, float *sums, struct tp_error *error)
{
  const struct tp_low_bit_reduce reduce = {
      .reduce = {wire->reduce_bits, wire->group, wire->spikes},
      .gather = {wire->gather_bits, wire->group, wire->spikes},
      .n_ranks = (size_t)ranks,
      .n = (size_t)n,
  };
  return tp_low_bit_reduce(&reduce, values, sums, error);
}

static enum tp_status all_reduce(const struct tp_bound_op *const *bound, int ranks,
                                 struct tp_arena *scratch, struct tp_error *error)
{
  const struct tp_wire *wire = &bound[0]->op->collective.wire;
  const int64_t n = bound[0]->in[0].rows * bound[0]->in[0].columns;
  const float *values = load_all(bound, ranks, scratch);
  float *sums = TP_NEW(scratch, float, ranks *n);
  if (wire->reduce_bits > 0) {
    const enum tp_status status = reduce_low_bit(wire, ranks, n, values, sums, error);
    if (status != TP_OK)
      return status;
    for (int r = 0; r < ranks; r++)
      store(&bound[r]->out[0], sums + r * n);
    return TP_OK;
  }
  add_up(values, ranks, n, sums);
  for (int r = 0; r < ranks; r++)
    store(&bound[r]->out[0], sums);
  return TP_OK;
}

static void reduce_scatter(const struct tp_bound_op *const *bound, int ranks,
                           struct tp_arena *scratch)
{
  const int64_t n = bound[0]->in[0].rows * bound[0]->in[0].columns;
  const float *values = load_all(bound, ranks, scratch);
  float *sums = TP_NEW(scratch, float, n);
  add_up(values, ranks, n, sums);
  for (int r = 0; r < ranks; r++)
    store(&bound[r]->out[0], sums + r * (n / ranks));
}

/* Blocks of ranks one after the other. */
static void all_gather(const struct tp_bound_op *const *bound, int ranks, struct tp_arena *scratch)
{
  const float *values = load_all(bound, ranks, scratch);
  for (int r = 0; r < ranks; r++)
    store(&bound[r]->out[0], values);
}

enum tp_status tp_host_collect(const struct tp_bound_op *const *bound, int ranks,
                               struct tp_arena *scratch, struct tp_error *error)
{
  switch (bound[0]->op->collective.kind) {
  case TP_ALL_REDUCE:
    return all_reduce(bound, ranks, scratch, error);
  case TP_ALL_GATHER:
    all_gather(bound, ranks, scratch);
    return TP_OK;
  case TP_REDUCE_SCATTER:
    reduce_scatter(bound, ranks, scratch);
    return TP_OK;
  case TP_ALL_TO_ALL:
  case TP_SEND:
  case TP_PREPARE:
  case TP_DISPATCH:
  case TP_COMBINE:
    break;
  }
  return tp_fail(
      error, TP_E_INPUT,
      "host: op '%s': of collectives it computes all-reduce, all-gather and reduce-scatter only",
      bound[0]->op->name);
}
