#include "verify/reference_block.h"

#include "run/element.h"
#include "run/weights.h"

#include <math.h>
#include <string.h>

static const double norm_epsilon = 1e-5, rotary_base = 10000;

void tp_reference_row(const struct tp_reference_weights *weights, enum tp_role role,
                      struct tp_reference_matrix matrix, int64_t row, float *values)
{
  const bool own = matrix.owner >= 0;
  const struct tp_piece piece = {.of = matrix.of,
                                 .role = role,
                                 .split = own ? TP_SPLIT_OWN : TP_SPLIT_WHOLE,
                                 .rows = matrix.rows,
                                 .columns = matrix.columns,
                                 .sharers = 1};
  const bool wide = matrix.table || role != TP_ROLE_MATRIX;
  const enum tp_dtype dtype = wide ? tp_dtype_wide(weights->dtype) : weights->dtype;
  const struct tp_fill fill =
      tp_weight_fill(&piece, weights->seed, matrix.layer, own ? matrix.owner : 0, 1, dtype);
  for (int64_t column = 0; column < matrix.columns; column++) {
    float kept;
    tp_element_set(dtype, &kept, 0, tp_fill_value(&fill, row, column));
    values[column] = tp_element_value(dtype, &kept, 0) * tp_weight_unit(dtype);
  }
}

/* Element i of the gain or bias `of`. */
static double element(const struct tp_reference_block *block, enum tp_role role, const char *of,
                      int layer, int owner, int64_t i)
{
  float value;
  tp_reference_row(&block->weights, role,
                   (struct tp_reference_matrix){
                       .of = of, .layer = layer, .owner = owner, .rows = i + 1, .columns = 1},
                   i, &value);
  return (double)value;
}

static float *rows_of(const struct tp_reference_block *block, int64_t width)
{
  return TP_NEW(block->arena, float, block->tokens *width);
}

void tp_reference_multiply(const struct tp_reference_block *block,
                           struct tp_reference_matrix matrix, struct tp_reference_range range,
                           const float *x, float *y)
{
  float *row = TP_NEW(block->arena, float, matrix.columns);
  for (int64_t i = 0; i < range.n_rows; i++) {
    tp_reference_row(&block->weights, TP_ROLE_MATRIX, matrix, range.first_row + i, row);
    for (int64_t t = 0; t < block->tokens; t++) {
      double sum = 0;
      for (int64_t j = 0; j < range.n_columns; j++)
        sum += (double)x[t * range.n_columns + j] * (double)row[range.first_column + j];
      y[t * range.n_rows + i] = (float)sum;
    }
  }
}

static void add_bias(const struct tp_reference_block *block, const char *of, int layer, int owner,
                     int64_t first, int64_t n, float *y)
{
  for (int64_t i = 0; i < n; i++) {
    const double bias = element(block, TP_ROLE_BIAS, of, layer, owner, first + i);
    for (int64_t t = 0; t < block->tokens; t++)
      y[t * n + i] = (float)((double)y[t * n + i] + bias);
  }
}

/* One row: (x - mean) / deviation * gain + bias; an RMS norm has neither mean nor bias. */
static void norm_row(const float *x, const double *gain, const double *bias, int64_t n, float *y)
{
  double mean = 0, square = 0;
  for (int64_t i = 0; i < n && bias != NULL; i++)
    mean += (double)x[i] / (double)n;
  for (int64_t i = 0; i < n; i++)
    square += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)n;
  const double scale = 1 / sqrt(square + norm_epsilon);
  for (int64_t i = 0; i < n; i++)
    y[i] = (float)(((double)x[i] - mean) * scale * gain[i] + (bias != NULL ? bias[i] : 0));
}

static double *elements(const struct tp_reference_block *block, enum tp_role role, const char *of,
                        int layer, int owner, int64_t n)
{
  double *values = TP_NEW(block->arena, double, n);
  for (int64_t i = 0; i < n; i++)
    values[i] = element(block, role, of, layer, owner, i);
  return values;
}

void tp_reference_norm(const struct tp_reference_block *block, const char *of, int layer, int owner,
                       const float *x, float *y)
{
  const int64_t n = block->shape.hidden;
  const char *const gain_of = tp_arena_printf(block->arena, "%s.gain", of);
  const char *const bias_of = tp_arena_printf(block->arena, "%s.bias", of);
  const double *gain = elements(block, TP_ROLE_GAIN, gain_of, layer, owner, n);
  const double *bias = NULL;
  if (block->shape.norm == TP_NORM_LAYER)
    bias = elements(block, TP_ROLE_BIAS, bias_of, layer, owner, n);
  for (int64_t t = 0; t < block->tokens; t++)
    norm_row(&x[t * n], gain, bias, n, &y[t * n]);
}

/* Rotates pairs (i, i + dim/2) of a head by position * base^(-2i/dim). */
static void rotate(float *head, int64_t dim, int64_t position)
{
  for (int64_t i = 0; i < dim / 2; i++) {
    const double angle = (double)position * pow(rotary_base, -2 * (double)i / (double)dim);
    const double a = (double)head[i], b = (double)head[i + dim / 2];
    head[i] = (float)(a * cos(angle) - b * sin(angle));
    head[i + dim / 2] = (float)(b * cos(angle) + a * sin(angle));
  }
}

/* Rows of q, k or v of `heads` heads from `first` on; q and k normalised and rotated. */
static float *project(const struct tp_reference_block *block, const char *of, int layer, int owner,
                      int64_t all_heads, int64_t first, int64_t heads, const float *n)
{
  const struct tp_block *shape = &block->shape;
  const int64_t dim = shape->head_dim, width = heads * dim;
  float *y = rows_of(block, width);
  tp_reference_multiply(
      block, (struct tp_reference_matrix){of, layer, owner, all_heads * dim, shape->hidden, false},
      (struct tp_reference_range){first * dim, width, 0, shape->hidden}, n, y);
  if (shape->qkv_bias)
    add_bias(block, tp_arena_printf(block->arena, "%s.bias", of), layer, owner, first * dim, width,
             y);
  if (strcmp(of, "attn.v") == 0)
    return y;
  const char *const gain_of = tp_arena_printf(block->arena, "%s.gain", of);
  const double *gain =
      shape->qk_norm ? elements(block, TP_ROLE_GAIN, gain_of, layer, owner, dim) : NULL;
  for (int64_t t = 0; t < block->tokens; t++)
    for (int64_t h = 0; h < heads; h++) {
      float *head = &y[t * width + h * dim];
      if (gain != NULL)
        norm_row(head, gain, NULL, dim, head);
      if (shape->rotary)
        rotate(head, dim, t);
    }
  return y;
}

/* out = softmax(q k' / sqrt(dim)) v over positions 0 to t; strides are widths of rows. */
static void attend(const float *q, const float *k, const float *v, int64_t t, int64_t dim,
                   int64_t kv_width, double *scores, float *out)
{
  double largest = -(double)INFINITY, sum = 0;
  for (int64_t s = 0; s <= t; s++) {
    scores[s] = 0;
    for (int64_t i = 0; i < dim; i++)
      scores[s] += (double)q[i] * (double)k[s * kv_width + i] / sqrt((double)dim);
    largest = fmax(largest, scores[s]);
  }
  for (int64_t s = 0; s <= t; s++)
    sum += scores[s] = exp(scores[s] - largest);
  for (int64_t i = 0; i < dim; i++) {
    double mean = 0;
    for (int64_t s = 0; s <= t; s++)
      mean += scores[s] / sum * (double)v[s * kv_width + i];
    out[i] = (float)mean;
  }
}

void tp_reference_attention(const struct tp_reference_block *block, int layer,
                            struct tp_reference_part part, const float *n, float *y)
{
  const struct tp_block *shape = &block->shape;
  const int64_t dim = shape->head_dim, group = shape->heads / shape->kv_heads;
  const int64_t first_kv = part.first_head / group;
  const int64_t kv_heads = (part.first_head + part.heads - 1) / group - first_kv + 1;
  const int64_t width = part.heads * dim, kv_width = kv_heads * dim;
  const int owner = part.owner;
  const float *q =
      project(block, "attn.q", layer, owner, shape->heads, part.first_head, part.heads, n);
  const float *k = project(block, "attn.k", layer, owner, shape->kv_heads, first_kv, kv_heads, n);
  const float *v = project(block, "attn.v", layer, owner, shape->kv_heads, first_kv, kv_heads, n);
  float *heads = rows_of(block, width);
  double *scores = TP_NEW(block->arena, double, block->tokens);
  for (int64_t t = 0; t < block->tokens; t++)
    for (int64_t h = 0; h < part.heads; h++) {
      const int64_t kv = ((part.first_head + h) / group - first_kv) * dim;
      attend(&q[t * width + h * dim], &k[kv], &v[kv], t, dim, kv_width, scores,
             &heads[t * width + h * dim]);
    }
  tp_reference_multiply(block,
                        (struct tp_reference_matrix){"attn.out", layer, owner, shape->hidden,
                                                     shape->heads * dim, false},
                        (struct tp_reference_range){0, shape->hidden, part.first_head * dim, width},
                        heads, y);
  if (shape->out_bias && part.biases)
    add_bias(block, "attn.out.bias", layer, owner, 0, shape->hidden, y);
}

static double silu(double x)
{
  return x / (1 + exp(-x));
}

/* GELU by tanh, as GPT-2 has it (arXiv 1606.08415, section 2). */
static double gelu(double x)
{
  return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

static float *widen(const struct tp_reference_block *block, const char *of, const char *bias_of,
                    int layer, struct tp_reference_part part, const float *n)
{
  const struct tp_block *shape = &block->shape;
  float *y = rows_of(block, part.inner);
  tp_reference_multiply(
      block, (struct tp_reference_matrix){of, layer, part.owner, shape->ffn, shape->hidden, false},
      (struct tp_reference_range){part.first_inner, part.inner, 0, shape->hidden}, n, y);
  if (shape->mlp_bias)
    add_bias(block, bias_of, layer, part.owner, part.first_inner, part.inner, y);
  return y;
}

void tp_reference_mlp(const struct tp_reference_block *block, int layer,
                      struct tp_reference_part part, const float *n, float *y)
{
  const struct tp_block *shape = &block->shape;
  float *inner = widen(block, "mlp.up", "mlp.up.bias", layer, part, n);
  const float *gate =
      shape->gated ? widen(block, "mlp.gate", "mlp.gate.bias", layer, part, n) : NULL;
  for (int64_t i = 0; i < block->tokens * part.inner; i++)
    inner[i] =
        (float)(gate != NULL ? silu((double)gate[i]) * (double)inner[i] : gelu((double)inner[i]));
  tp_reference_multiply(
      block,
      (struct tp_reference_matrix){"mlp.down", layer, part.owner, shape->hidden, shape->ffn, false},
      (struct tp_reference_range){0, shape->hidden, part.first_inner, part.inner}, inner, y);
  if (shape->mlp_bias && part.biases)
    add_bias(block, "mlp.down.bias", layer, part.owner, 0, shape->hidden, y);
}
