/* A mixture of experts: which ones a token goes to, and the weighted sum of their outputs. */
#include "host/math.h"
#include "run/element.h"
#include "run/weights.h"

#include <math.h>
#include <string.h>

/* The best of the scores that are left, the first of equals; it is taken out. */
static int32_t take_best(float *scores, int64_t n, float *score)
{
  int32_t best = 0;
  for (int64_t i = 1; i < n; i++)
    if (scores[i] > scores[best])
      best = (int32_t)i;
  *score = scores[best];
  scores[best] = -INFINITY;
  return best;
}

/* A softmax over the scores of those that were chosen. */
void tp_host_top_k(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_operand *scores = &bound->in[0];
  const struct tp_operand *choice = &bound->out[0], *weights = &bound->out[1];
  float *left = tp_host_row(scratch, scores), *weight = tp_host_row(scratch, weights);
  for (int64_t row = 0; row < scores->rows; row++) {
    int32_t *const chosen = (int32_t *)choice->data + row * choice->row_elements;
    float sum = 0;
    tp_host_load_row(scores, row, left);
    for (int64_t k = 0; k < choice->columns; k++)
      chosen[k] = take_best(left, scores->columns, &weight[k]);
    const float best = weight[0];
    for (int64_t k = 0; k < choice->columns; k++)
      sum += weight[k] = expf(weight[k] - best);
    for (int64_t k = 0; k < choice->columns; k++)
      weight[k] /= sum;
    tp_host_store_row(weights, row, weight);
  }
}

/* y = W x, W rows `first` and on of the matrix. */
static void multiply(const struct tp_operand *matrix, int64_t first, int64_t rows, const float *x,
                     float *row, float *y)
{
  const float unit = tp_weight_unit(matrix->tensor->dtype);
  for (int64_t i = 0; i < rows; i++) {
    float sum = 0;
    tp_host_load_row(matrix, first + i, row);
    for (int64_t j = 0; j < matrix->columns; j++)
      sum += x[j] * row[j];
    y[i] = unit * sum;
  }
}

/* What an expert has room for: a token, what is up and gate, what is inside, its output. */
struct room {
  float *x, *up, *inner, *out, *row;
};

enum tp_status tp_host_experts(const struct tp_bound_op *bound, struct tp_arena *scratch,
                               struct tp_error *error)
{
  const struct tp_operand *x = &bound->in[0], *choice = &bound->in[1], *weights = &bound->in[2];
  const struct tp_operand *up = &bound->in[3], *down = &bound->in[4], *y = &bound->out[0];
  const int64_t inner = down->columns, hidden = y->columns, experts = down->rows / hidden;
  const int64_t ups = up->rows / experts;
  const struct room room = {.x = tp_host_row(scratch, x),
                            .up = TP_NEW(scratch, float, ups),
                            .inner = TP_NEW(scratch, float, inner),
                            .out = TP_NEW(scratch, float, hidden),
                            .row = TP_NEW(scratch, float, hidden > inner ? hidden : inner)};
  float *weight = tp_host_row(scratch, weights), *sum = tp_host_row(scratch, y);
  for (int64_t token = 0; token < x->rows; token++) {
    tp_host_load_row(x, token, room.x);
    tp_host_load_row(weights, token, weight);
    memset(sum, 0, (size_t)hidden * sizeof *sum);
    for (int64_t k = 0; k < choice->columns; k++) {
      const int64_t expert = ((const int32_t *)choice->data)[token * choice->row_elements + k];
      if (expert < 0 || expert >= experts)
        return tp_fail(error, TP_E_CHECK, "host: op '%s' finds expert %lld, of %lld",
                       bound->op->name, (long long)expert, (long long)experts);
      multiply(up, expert * ups, ups, room.x, room.row, room.up);
      tp_host_activate(room.up, ups, room.inner, inner);
      multiply(down, expert * hidden, hidden, room.inner, room.row, room.out);
      for (int64_t i = 0; i < hidden; i++)
        sum[i] += weight[k] * room.out[i];
    }
    tp_host_store_row(y, token, sum);
  }
  return TP_OK;
}
