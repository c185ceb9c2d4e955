/* What attention needs of a row of qkv: heads of q, of k and of v next to each other; and the
 * caches, where sequence b's token at a position is row b * capacity + position. */
#include "host/math.h"
#include "run/kernel_math.h"

#include <string.h>

static enum tp_status check_position(const struct tp_bound_op *bound, int64_t capacity,
                                     int64_t position, struct tp_error *error)
{
  if (position >= 0 && position < capacity)
    return TP_OK;
  return tp_fail(error, TP_E_CHECK,
                 "host: op '%s' is at position %lld of a sequence with room for %lld tokens",
                 bound->op->name, (long long)position, (long long)capacity);
}

void tp_host_qk_norm(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_memory *shape = &bound->op->memory;
  const struct tp_operand *qkv = &bound->in[0];
  const float *q_gain = tp_host_vector(scratch, &bound->in[1]);
  const float *k_gain = tp_host_vector(scratch, &bound->in[2]);
  float *values = tp_host_row(scratch, qkv);
  for (int64_t row = 0; row < qkv->rows; row++) {
    tp_host_load_row(qkv, row, values);
    for (int head = 0; head < shape->heads + shape->kv_heads; head++)
      tp_host_rms_norm(values + head * shape->head_dim, head < shape->heads ? q_gain : k_gain,
                       shape->head_dim);
    tp_host_store_row(&bound->out[0], row, values);
  }
}

/* Element i of a head turns with element i + head_dim / 2. */
static void rotate(const struct tp_memory *shape, int64_t position, float *values)
{
  const int half = shape->head_dim / 2;
  for (int i = 0; i < half; i++) {
    const float angle = tp_rope_angle(position, i, shape->head_dim);
    const float cosine = cosf(angle), sine = sinf(angle);
    for (int head = 0; head < shape->heads + shape->kv_heads; head++) {
      float *first = values + head * shape->head_dim + i, *second = first + half;
      const float a = *first, b = *second;
      *first = a * cosine - b * sine;
      *second = b * cosine + a * sine;
    }
  }
}

void tp_host_rope(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_operand *qkv = &bound->in[0];
  const struct tp_rows rows = tp_rows_of(bound);
  float *values = tp_host_row(scratch, qkv);
  for (int64_t row = 0; row < qkv->rows; row++) {
    tp_host_load_row(qkv, row, values);
    rotate(&bound->op->memory, tp_host_position(tp_rows_place(&rows, row), &bound->in[1]), values);
    tp_host_store_row(&bound->out[0], row, values);
  }
}

/* Keys and values of qkv's rows into the caches. */
static enum tp_status keep(const struct tp_bound_op *bound, const struct tp_operand *qkv,
                           const struct tp_operand *keys, const struct tp_operand *cached,
                           struct tp_arena *scratch, struct tp_error *error)
{
  const struct tp_memory *shape = &bound->op->memory;
  const struct tp_rows rows = tp_rows_of(bound);
  const int64_t capacity = keys->rows / bound->in[1].rows; /* a sequence's */
  const int64_t k = (int64_t)shape->heads * shape->head_dim;
  const int64_t v = k + (int64_t)shape->kv_heads * shape->head_dim;
  float *values = tp_host_row(scratch, qkv);
  for (int64_t row = 0; row < qkv->rows; row++) {
    const struct tp_place place = tp_rows_place(&rows, row);
    const int64_t position = tp_host_position(place, &bound->in[1]);
    const enum tp_status status = check_position(bound, capacity, position, error);
    if (status != TP_OK)
      return status;
    tp_host_load_row(qkv, row, values);
    tp_host_store_row(keys, place.sequence * capacity + position, values + k);
    tp_host_store_row(cached, place.sequence * capacity + position, values + v);
  }
  return TP_OK;
}

enum tp_status tp_host_cache(const struct tp_bound_op *bound, struct tp_arena *scratch,
                             struct tp_error *error)
{
  return keep(bound, &bound->in[0], &bound->out[0], &bound->out[1], scratch, error);
}

enum tp_status tp_host_rope_cache(const struct tp_bound_op *bound, struct tp_arena *scratch,
                                  struct tp_error *error)
{
  tp_host_rope(bound, scratch);
  return keep(bound, &bound->out[0], &bound->out[1], &bound->out[2], scratch, error);
}

/* One head of one query over `n` keys, whose rows in the caches begin at `first_row`. */
struct query {
  const struct tp_operand *keys, *values;
  int64_t first_row, n;
  int64_t head_dim, kv_head;
  float *row, *scores; /* working memory */
};

static void attend(const struct query *query, const float *q, float *out)
{
  const int64_t d = query->head_dim, first = query->kv_head * d;
  const float scale = 1 / sqrtf((float)d);
  float largest = -INFINITY, sum = 0;
  for (int64_t j = 0; j < query->n; j++) {
    tp_host_load_row(query->keys, query->first_row + j, query->row);
    float score = 0;
    for (int64_t i = 0; i < d; i++)
      score += q[i] * query->row[first + i];
    query->scores[j] = score * scale;
    largest = fmaxf(largest, query->scores[j]);
  }
  memset(out, 0, (size_t)d * sizeof *out);
  for (int64_t j = 0; j < query->n; j++) {
    const float weight = expf(query->scores[j] - largest);
    sum += weight;
    tp_host_load_row(query->values, query->first_row + j, query->row);
    for (int64_t i = 0; i < d; i++)
      out[i] += weight * query->row[first + i];
  }
  for (int64_t i = 0; i < d; i++)
    out[i] /= sum;
}

/* Causal: the query at a position sees the keys up to it, those of its window. */
enum tp_status tp_host_attention(const struct tp_bound_op *bound, struct tp_arena *scratch,
                                 struct tp_error *error)
{
  const struct tp_attention *shape = &bound->op->attention;
  const struct tp_operand *qkv = &bound->in[0], *keys = &bound->in[1];
  const struct tp_rows rows = tp_rows_of(bound);
  const int64_t capacity = keys->rows / bound->in[3].rows;
  const int64_t shared = shape->heads / shape->kv_heads;
  float *q = tp_host_row(scratch, qkv), *out = tp_host_row(scratch, &bound->out[0]);
  struct query query = {.keys = keys,
                        .values = &bound->in[2],
                        .head_dim = shape->head_dim,
                        .row = tp_host_row(scratch, keys),
                        .scores = TP_NEW(scratch, float, capacity)};
  for (int64_t row = 0; row < qkv->rows; row++) {
    const struct tp_place place = tp_rows_place(&rows, row);
    const int64_t position = tp_host_position(place, &bound->in[3]);
    const enum tp_status status = check_position(bound, capacity, position, error);
    if (status != TP_OK)
      return status;
    query.n = shape->window > 0 && shape->window <= position ? shape->window : position + 1;
    query.first_row = place.sequence * capacity + position + 1 - query.n;
    tp_host_load_row(qkv, row, q);
    for (int64_t head = 0; head < shape->heads; head++) {
      query.kv_head = head / shared;
      attend(&query, q + head * shape->head_dim, out + head * shape->head_dim);
    }
    tp_host_store_row(&bound->out[0], row, out);
  }
  return TP_OK;
}
