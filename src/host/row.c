/* Rows of operands as fp32, and what several ops do to one. */
#include "host/math.h"
#include "run/element.h"
#include "run/kernel_math.h"

#include <string.h>

static unsigned char *row_at(const struct tp_operand *operand, int64_t row)
{
  const int64_t elements = row * operand->row_elements;
  return (unsigned char *)operand->data +
         elements * (int64_t)tp_tensor_element_bytes(operand->tensor);
}

void tp_host_load_row(const struct tp_operand *operand, int64_t row, float *values)
{
  tp_elements_load(operand->tensor->dtype, row_at(operand, row), operand->columns, values);
}

void tp_host_store_row(const struct tp_operand *operand, int64_t row, const float *values)
{
  tp_elements_store(operand->tensor->dtype, values, operand->columns, row_at(operand, row));
}

float *tp_host_row(struct tp_arena *scratch, const struct tp_operand *operand)
{
  return TP_NEW(scratch, float, operand->columns);
}

int32_t tp_host_index(const struct tp_operand *operand, int64_t i)
{
  int32_t index;
  memcpy(&index, row_at(operand, i), sizeof index);
  return index;
}

int64_t tp_host_position(struct tp_place place, const struct tp_operand *lengths)
{
  return tp_host_index(lengths, place.sequence) - place.left;
}

float *tp_host_vector(struct tp_arena *scratch, const struct tp_operand *operand)
{
  const int64_t n = operand->rows * operand->columns;
  float *values = TP_NEW(scratch, float, n);
  tp_elements_load(operand->tensor->dtype, operand->data, n, values);
  return values;
}

void tp_host_rms_norm(float *values, const float *gain, int64_t n)
{
  float square = 0;
  for (int64_t i = 0; i < n; i++)
    square += values[i] * values[i];
  const float scale = 1 / sqrtf(square / (float)n + TP_NORM_EPSILON);
  for (int64_t i = 0; i < n; i++)
    values[i] *= scale * gain[i];
}

void tp_host_activate(const float *in, int64_t columns, float *out, int64_t n)
{
  for (int64_t i = 0; i < n; i++)
    out[i] = columns == 2 * n ? tp_silu(in[n + i]) * in[i] : tp_gelu(in[i]);
}
