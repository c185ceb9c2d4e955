#include "verify/reference_block.h"

#include "run/element.h"
#include "run/weights.h"

#include <math.h>
#include <string.h>

enum { LANES = 8, KEPT_AT_ONCE = 256 };
static const double norm_epsilon = 1e-5, rotary_base = 10000;

/* Columns `first` to before first + n of the row. */
static void part_of_row(const struct tp_reference_weights *weights, enum tp_role role,
                        struct tp_reference_matrix matrix, int64_t row, int64_t first, int64_t n,
                        float *values)
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
  const float unit = tp_weight_unit(dtype);
  const struct tp_fill fill =
      tp_weight_fill(&piece, weights->seed, matrix.layer, own ? matrix.owner : 0, 1, dtype);
  float kept[KEPT_AT_ONCE];
  for (int64_t done = 0, most; done < n; done += most) {
    most = n - done < KEPT_AT_ONCE ? n - done : KEPT_AT_ONCE;
    tp_fill_values(&fill, row, first + done, most, values + done);
    tp_elements_store(dtype, values + done, most, kept);
    tp_elements_load(dtype, kept, most, values + done);
  }
  for (int64_t i = 0; i < n; i++)
    values[i] *= unit;
}

void tp_reference_row(const struct tp_reference_weights *weights, enum tp_role role,
                      struct tp_reference_matrix matrix, int64_t row, float *values)
{
  part_of_row(weights, role, matrix, row, 0, matrix.columns, values);
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

/* Rows side by side, LANES of them at a time; the last ones of too few are zeros. */
static double *side_by_side(const struct tp_reference_block *block, const float *x, int64_t n)
{
  const int64_t blocks = (block->tokens + LANES - 1) / LANES;
  double *lanes = TP_NEW(block->arena, double, blocks *LANES *n);
  for (int64_t t = 0; t < block->tokens; t++)
    for (int64_t j = 0; j < n; j++)
      lanes[(t / LANES * n + j) * LANES + t % LANES] = (double)x[t * n + j];
  return lanes;
}

/* Each sum waits for its last step, but not for its neighbours. */
typedef double two __attribute__((vector_size(2 * sizeof(double))));
static void dots(const double *lanes, const float *w, int64_t n, double sums[LANES])
{
  const two *x = (const two *)lanes;
  two sum[4] = {{0}, {0}, {0}, {0}};
  for (int64_t j = 0; j < n; j++, x += 4) {
    const double of_w = (double)w[j];
    sum[0] += x[0] * of_w;
    sum[1] += x[1] * of_w;
    sum[2] += x[2] * of_w;
    sum[3] += x[3] * of_w;
  }
  memcpy(sums, sum, sizeof sum);
}

void tp_reference_multiply(const struct tp_reference_block *block,
                           struct tp_reference_matrix matrix, struct tp_reference_range range,
                           const float *x, float *y)
{
  const int64_t n = range.n_columns;
  const double *lanes = side_by_side(block, x, n);
  float *row = TP_NEW(block->arena, float, n);
  for (int64_t i = 0; i < range.n_rows; i++) {
    part_of_row(&block->weights, TP_ROLE_MATRIX, matrix, range.first_row + i, range.first_column, n,
                row);
    for (int64_t t = 0; t < block->tokens; t += LANES) {
      double sums[LANES];
      dots(lanes + t * n, row, n, sums);
      for (int64_t r = 0; r < LANES && t + r < block->tokens; r++)
        y[(t + r) * range.n_rows + i] = (float)sums[r];
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
  const int64_t n = block->model.hidden;
  const char *const gain_of = tp_arena_printf(block->arena, "%s.gain", of);
  const char *const bias_of = tp_arena_printf(block->arena, "%s.bias", of);
  const double *gain = elements(block, TP_ROLE_GAIN, gain_of, layer, owner, n);
  const double *bias = NULL;
  if (block->model.norm == TP_NORM_LAYER)
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

struct tp_reference_matrix tp_reference_matrix_of(const struct tp_layer *table, const char *of,
                                                  int layer, int owner)
{
  const struct tp_matrix *matrix = tp_layer_matrix(table, of);
  return (struct tp_reference_matrix){
      .of = of, .layer = layer, .owner = owner, .rows = matrix->rows, .columns = matrix->columns};
}

float *tp_reference_multiply_rows(const struct tp_reference_block *block,
                                  const struct tp_layer *table, struct tp_reference_matrix matrix,
                                  int64_t first_row, int64_t n_rows, const float *x)
{
  const struct tp_matrix *found = tp_layer_matrix(table, matrix.of);
  float *y = rows_of(block, n_rows);
  tp_reference_multiply(block, matrix,
                        (struct tp_reference_range){first_row, n_rows, 0, matrix.columns}, x, y);
  if (found != NULL && found->biased)
    add_bias(block, found->bias_name, matrix.layer, matrix.owner, first_row, n_rows, y);
  return y;
}

void tp_reference_multiply_columns(const struct tp_reference_block *block,
                                   const struct tp_layer *table, struct tp_reference_matrix matrix,
                                   struct tp_reference_part part, int64_t first_column,
                                   int64_t n_columns, const float *x, float *y)
{
  const struct tp_matrix *found = tp_layer_matrix(table, matrix.of);
  tp_reference_multiply(block, matrix,
                        (struct tp_reference_range){0, matrix.rows, first_column, n_columns}, x, y);
  if (found != NULL && found->biased && part.biases)
    add_bias(block, found->bias_name, matrix.layer, matrix.owner, 0, matrix.rows, y);
}

/* Heads of q or k: normalised and rotated. */
static void place(const struct tp_reference_block *block, const struct tp_layer *table,
                  struct tp_reference_matrix matrix, int64_t heads, float *y)
{
  const int64_t dim = table->block.head_dim;
  const char *const gain_of = tp_arena_printf(block->arena, "%s.gain", matrix.of);
  const double *gain = table->block.qk_norm
                           ? elements(block, TP_ROLE_GAIN, gain_of, matrix.layer, matrix.owner, dim)
                           : NULL;
  for (int64_t t = 0; t < block->tokens; t++)
    for (int64_t h = 0; h < heads; h++) {
      float *head = &y[(t * heads + h) * dim];
      if (gain != NULL)
        norm_row(head, gain, NULL, dim, head);
      if (table->block.rotary)
        rotate(head, dim, t % block->length);
    }
}

/* out = softmax(q k' / sqrt(dim)) v over positions first to t; strides are widths of rows. */
static void attend(const float *q, const float *k, const float *v, int64_t first, int64_t t,
                   int64_t dim, int64_t kv_width, double *scores, float *out)
{
  double largest = -(double)INFINITY, sum = 0;
  for (int64_t s = first; s <= t; s++) {
    scores[s] = 0;
    for (int64_t i = 0; i < dim; i++)
      scores[s] += (double)q[i] * (double)k[s * kv_width + i] / sqrt((double)dim);
    largest = fmax(largest, scores[s]);
  }
  for (int64_t s = first; s <= t; s++)
    sum += scores[s] = exp(scores[s] - largest);
  for (int64_t i = 0; i < dim; i++) {
    double mean = 0;
    for (int64_t s = first; s <= t; s++)
      mean += scores[s] / sum * (double)v[s * kv_width + i];
    out[i] = (float)mean;
  }
}

void tp_reference_attention(const struct tp_reference_block *block, int layer,
                            struct tp_reference_part part, const float *n, float *y)
{
  const struct tp_layer table =
      tp_layer_make(&block->model, tp_model_kind_of(&block->model, layer));
  const int64_t dim = table.block.head_dim, group = table.block.heads / table.block.kv_heads;
  const int64_t first_kv = part.first_head / group;
  const int64_t kv_heads = (part.first_head + part.heads - 1) / group - first_kv + 1;
  const int64_t width = part.heads * dim, kv_width = kv_heads * dim;
  const struct tp_reference_matrix of_q =
      tp_reference_matrix_of(&table, "attn.q", layer, part.owner);
  const struct tp_reference_matrix of_k =
      tp_reference_matrix_of(&table, "attn.k", layer, part.owner);
  const struct tp_reference_matrix of_v =
      tp_reference_matrix_of(&table, "attn.v", layer, part.owner);
  float *q = tp_reference_multiply_rows(block, &table, of_q, part.first_head * dim, width, n);
  float *k = tp_reference_multiply_rows(block, &table, of_k, first_kv * dim, kv_width, n);
  const float *v = tp_reference_multiply_rows(block, &table, of_v, first_kv * dim, kv_width, n);
  place(block, &table, of_q, part.heads, q);
  place(block, &table, of_k, kv_heads, k);
  float *heads = rows_of(block, width);
  double *scores = TP_NEW(block->arena, double, block->length);
  const int64_t window = table.block.window;
  for (int64_t t = 0; t < block->tokens; t++)
    for (int64_t h = 0; h < part.heads; h++) {
      const int64_t at = t % block->length;                                   /* in its sequence */
      const int64_t first = window > 0 && at >= window ? at + 1 - window : 0; /* older: unseen */
      const int64_t kv = (t - at) * kv_width + ((part.first_head + h) / group - first_kv) * dim;
      attend(&q[t * width + h * dim], &k[kv], &v[kv], first, at, dim, kv_width, scores,
             &heads[t * width + h * dim]);
    }
  tp_reference_multiply_columns(block, &table,
                                tp_reference_matrix_of(&table, "attn.out", layer, part.owner), part,
                                part.first_head * dim, width, heads, y);
}
