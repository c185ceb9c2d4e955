#include "host/math.h"
#include "run/element.h"
#include "run/weights.h"

#include <math.h>
#include <string.h>

/* The columns of a row in turn to the outputs; the last is the activation's if the op activates. */
static void store_columns(const struct tp_bound_op *bound, int64_t row, const float *y,
                          struct tp_arena *scratch)
{
  const int last = bound->op->n_out - 1;
  int64_t left = bound->op->gemm.n;
  for (int o = 0; o < last; o++) {
    tp_host_store_row(&bound->out[o], row, y);
    y += bound->out[o].columns;
    left -= bound->out[o].columns;
  }
  if (!bound->op->gemm.activates) {
    tp_host_store_row(&bound->out[last], row, y);
    return;
  }
  float *inner = tp_host_row(scratch, &bound->out[last]);
  tp_host_activate(y, left, inner, bound->out[last].columns);
  tp_host_store_row(&bound->out[last], row, inner);
}

/* y = x W' goes by LANES rows of x and as many of W at a time: a sum waits for its last step, but
 * not for its neighbours. */
typedef float lanes __attribute__((vector_size(4 * sizeof(float))));
enum { LANES = sizeof(lanes) / sizeof(float) };

/* Rows side by side, so that each column of LANES of them lies in one place; where they are too
 * few, zeros stand for the last ones. */
static lanes *side_by_side(const float *rows, int64_t m, int64_t k, struct tp_arena *scratch)
{
  float *const made = TP_NEW(scratch, float, (m + LANES - 1) / LANES * LANES * k);
  for (int64_t i = 0; i < m; i++)
    for (int64_t c = 0; c < k; c++)
      made[(i / LANES * k + c) * LANES + i % LANES] = rows[i * k + c];
  return (lanes *)made;
}

/* sums[w][i]: row i of x by row w of W, which has k columns. */
static void multiply(const lanes *x, const float *w, int64_t k, float sums[LANES][LANES])
{
  lanes sum[LANES] = {{0}, {0}, {0}, {0}};
  for (int64_t c = 0; c < k; c++) {
    sum[0] += x[c] * w[c];
    sum[1] += x[c] * w[k + c];
    sum[2] += x[c] * w[2 * k + c];
    sum[3] += x[c] * w[3 * k + c];
  }
  memcpy(sums, sum, sizeof sum);
}

/* x as a GEMM in fp8 reads it: under one scale that makes its largest magnitude the type's, 448. */
static void quantise(float *values, int64_t n)
{
  const float most = 448;
  float largest = 0;
  for (int64_t i = 0; i < n; i++)
    largest = fmaxf(largest, fabsf(values[i]));
  const float scale = largest > 0 ? largest / most : 1;
  for (int64_t i = 0; i < n; i++) {
    uint8_t code;
    tp_element_set(TP_DTYPE_FP8, &code, 0, values[i] / scale);
    values[i] = tp_element_value(TP_DTYPE_FP8, &code, 0) * scale;
  }
}

/* x, or its rows of the sequences' last tokens where the outputs have no more. */
static float *load_rows(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_operand *x = &bound->in[0];
  const int64_t m = bound->out[0].rows, k = x->columns;
  const bool last = m != x->rows;
  const struct tp_rows of = last ? tp_rows_of(bound) : (struct tp_rows){.n = 0};
  float *rows = TP_NEW(scratch, float, m *k);
  for (int64_t i = 0; i < m; i++)
    tp_host_load_row(x, last ? tp_rows_last(&of, i) : i, rows + i * k);
  return rows;
}

/* y = x W' + b; each row of W is read once, for its elements are slow to read. */
void tp_host_gemm(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_operand *x = &bound->in[0], *weight = &bound->in[1];
  const bool biased = bound->op->n_in > 2;
  const int64_t m = bound->out[0].rows, n = weight->rows, k = weight->columns;
  const float unit = tp_weight_unit(weight->tensor->dtype);
  const float *bias = biased ? tp_host_vector(scratch, &bound->in[2]) : NULL;
  float *rows = load_rows(bound, scratch), *y = TP_NEW(scratch, float, m *n);
  float *w = TP_NEW(scratch, float, LANES *k), sums[LANES][LANES];
  if (weight->tensor->dtype == TP_DTYPE_FP8 && x->tensor->dtype != TP_DTYPE_FP8)
    quantise(rows, m * k);
  const lanes *const columns = side_by_side(rows, m, k, scratch);
  for (int64_t j = 0, n_w; j < n; j += n_w) {
    n_w = n - j < LANES ? n - j : LANES;
    for (int64_t r = 0; r < n_w; r++)
      tp_host_load_row(weight, j + r, w + r * k);
    for (int64_t i = 0; i < m; i += LANES) {
      multiply(columns + i / LANES * k, w, k, sums);
      for (int64_t r = 0; r < n_w; r++)
        for (int64_t t = 0; t < LANES && i + t < m; t++)
          y[(i + t) * n + j + r] = unit * sums[r][t] + (biased ? bias[j + r] : 0);
    }
  }
  for (int64_t i = 0; i < m; i++)
    store_columns(bound, i, y + i * n, scratch);
}
