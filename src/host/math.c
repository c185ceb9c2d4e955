#include "host/math.h"

#include "run/element.h"
#include "run/kernel_math.h"

#include <string.h>

static void layer_norm(float *values, const float *gain, const float *bias, int64_t n)
{
  float mean = 0, variance = 0;
  for (int64_t i = 0; i < n; i++)
    mean += values[i] / (float)n;
  for (int64_t i = 0; i < n; i++)
    variance += (values[i] - mean) * (values[i] - mean) / (float)n;
  const float scale = 1 / sqrtf(variance + TP_NORM_EPSILON);
  for (int64_t i = 0; i < n; i++)
    values[i] = (values[i] - mean) * scale * gain[i] + bias[i];
}

/* Gain and, of a layer norm, bias: operands `first` and the one after it. */
struct norm {
  const float *gain, *bias;
};

static struct norm norm_of(const struct tp_bound_op *bound, int first, struct tp_arena *scratch)
{
  const bool layer = bound->op->n_in > first + 1;
  return (struct norm){
      .gain = tp_host_vector(scratch, &bound->in[first]),
      .bias = layer ? tp_host_vector(scratch, &bound->in[first + 1]) : NULL,
  };
}

static void normalise(const struct norm *norm, float *values, int64_t n)
{
  if (norm->bias != NULL)
    layer_norm(values, norm->gain, norm->bias, n);
  else
    tp_host_rms_norm(values, norm->gain, n);
}

static void compute_norm(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_operand *x = &bound->in[0];
  const struct norm norm = norm_of(bound, 1, scratch);
  float *values = tp_host_row(scratch, x);
  for (int64_t row = 0; row < x->rows; row++) {
    tp_host_load_row(x, row, values);
    normalise(&norm, values, x->columns);
    tp_host_store_row(&bound->out[0], row, values);
  }
}

/* x / share + h */
static void compute_add(const struct tp_bound_op *bound, float share, struct tp_arena *scratch)
{
  const struct tp_operand *x = &bound->in[0], *h = &bound->in[1];
  float *sum = tp_host_row(scratch, x), *added = tp_host_row(scratch, h);
  for (int64_t row = 0; row < x->rows; row++) {
    tp_host_load_row(x, row, sum);
    tp_host_load_row(h, row, added);
    for (int64_t i = 0; i < x->columns; i++)
      sum[i] = sum[i] / share + added[i];
    tp_host_store_row(&bound->out[0], row, sum);
  }
}

static void compute_add_norm(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_operand *x = &bound->in[0], *h = &bound->in[1];
  const struct norm norm = norm_of(bound, 2, scratch);
  float *sum = tp_host_row(scratch, x), *added = tp_host_row(scratch, h);
  for (int64_t row = 0; row < x->rows; row++) {
    tp_host_load_row(x, row, sum);
    tp_host_load_row(h, row, added);
    for (int64_t i = 0; i < x->columns; i++)
      sum[i] += added[i];
    tp_host_store_row(&bound->out[0], row, sum);
    tp_host_load_row(&bound->out[0], row, sum); /* as it is kept */
    normalise(&norm, sum, x->columns);
    tp_host_store_row(&bound->out[1], row, sum);
  }
}

/* x + h, and norm(h + sum): what Kraken's ranks normalise is not what they keep. */
static void compute_add_sum_norm(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_operand *x = &bound->in[0], *h = &bound->in[1], *others = &bound->in[2];
  const struct norm norm = norm_of(bound, 3, scratch);
  float *kept = tp_host_row(scratch, x), *added = tp_host_row(scratch, h);
  float *normed = tp_host_row(scratch, others);
  for (int64_t row = 0; row < x->rows; row++) {
    tp_host_load_row(x, row, kept);
    tp_host_load_row(h, row, added);
    tp_host_load_row(others, row, normed);
    for (int64_t i = 0; i < x->columns; i++) {
      kept[i] += added[i];
      normed[i] += added[i];
    }
    normalise(&norm, normed, x->columns);
    tp_host_store_row(&bound->out[0], row, kept);
    tp_host_store_row(&bound->out[1], row, normed);
  }
}

static void compute_activation(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_operand *up = &bound->in[0], *inner = &bound->out[0];
  float *in = tp_host_row(scratch, up), *out = tp_host_row(scratch, inner);
  for (int64_t row = 0; row < up->rows; row++) {
    tp_host_load_row(up, row, in);
    tp_host_activate(in, up->columns, out, inner->columns);
    tp_host_store_row(inner, row, out);
  }
}

static void compute_copy(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  float *values = tp_host_row(scratch, &bound->in[0]);
  for (int64_t row = 0; row < bound->in[0].rows; row++) {
    tp_host_load_row(&bound->in[0], row, values);
    tp_host_store_row(&bound->out[0], row, values);
  }
}

static enum tp_status compute_memory(const struct tp_bound_op *bound, int rank,
                                     struct tp_arena *scratch, struct tp_error *error)
{
  switch (bound->op->memory.function) {
  case TP_FUNCTION_UNNAMED:
    return tp_fail(error, TP_E_INPUT, "host: op '%s' does not say what it computes",
                   bound->op->name);
  case TP_FUNCTION_EMBED:
    return tp_host_embed(bound, rank, scratch, error);
  case TP_FUNCTION_NORM:
    compute_norm(bound, scratch);
    return TP_OK;
  case TP_FUNCTION_ADD:
    compute_add(bound, 1, scratch);
    return TP_OK;
  case TP_FUNCTION_ADD_SHARE:
    compute_add(bound, (float)bound->program->mesh.tp, scratch);
    return TP_OK;
  case TP_FUNCTION_ADD_NORM:
    compute_add_norm(bound, scratch);
    return TP_OK;
  case TP_FUNCTION_ADD_SUM_NORM:
    compute_add_sum_norm(bound, scratch);
    return TP_OK;
  case TP_FUNCTION_QK_NORM:
    tp_host_qk_norm(bound, scratch);
    return TP_OK;
  case TP_FUNCTION_ROPE:
    tp_host_rope(bound, scratch);
    return TP_OK;
  case TP_FUNCTION_CACHE:
    return tp_host_cache(bound, scratch, error);
  case TP_FUNCTION_ROPE_CACHE:
    return tp_host_rope_cache(bound, scratch, error);
  case TP_FUNCTION_ACTIVATION:
    compute_activation(bound, scratch);
    return TP_OK;
  case TP_FUNCTION_COPY:
    compute_copy(bound, scratch);
    return TP_OK;
  case TP_FUNCTION_SAMPLE:
    tp_host_sample(bound, scratch);
    return TP_OK;
  case TP_FUNCTION_TOP_K:
    tp_host_top_k(bound, scratch);
    return TP_OK;
  }
  return tp_fail(error, TP_E_INPUT, "host: op '%s' is of a function that it does not know",
                 bound->op->name);
}

enum tp_status tp_host_compute(const struct tp_bound_op *bound, int rank, struct tp_arena *scratch,
                               struct tp_error *error)
{
  switch (bound->op->kind) {
  case TP_OP_GEMM:
    tp_host_gemm(bound, scratch);
    return TP_OK;
  case TP_OP_ATTENTION:
    return tp_host_attention(bound, scratch, error);
  case TP_OP_MEMORY:
    return compute_memory(bound, rank, scratch, error);
  case TP_OP_EXPERTS:
    return tp_host_experts(bound, scratch, error);
  case TP_OP_LATENT:
    break;
  case TP_OP_COLLECTIVE: /* among ranks: tp_host_collect */
    return TP_OK;
  case TP_OP_QUANTISE:
    break;
  }
  return tp_fail(error, TP_E_INPUT, "host: op '%s' is of a kind that it does not know",
                 bound->op->name);
}
