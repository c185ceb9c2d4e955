/* The two ends of a model: tokens in, tokens out. */
#include "host/math.h"
#include "run/operand.h"

#include <math.h>
#include <string.h>

static enum tp_status outside(const struct tp_bound_op *bound, const char *what, int64_t index,
                              int64_t most, struct tp_error *error)
{
  return tp_fail(error, TP_E_CHECK, "host: op '%s' finds %s %lld, of %lld", bound->op->name, what,
                 (long long)index, (long long)most);
}

/* Tokens whose row of the table another rank has are zeros here, or their positions would be summed
 * over ranks. */
enum tp_status tp_host_embed(const struct tp_bound_op *bound, int rank, struct tp_arena *scratch,
                             struct tp_error *error)
{
  const struct tp_operand *tokens = &bound->in[0], *table = &bound->in[2], *x = &bound->out[0];
  const struct tp_operand *positions = bound->op->n_in > 3 ? &bound->in[3] : NULL;
  const struct tp_piece *piece = &table->tensor->pieces[0];
  const int64_t first = tp_piece_first_row(piece, rank);
  const int64_t all = table->rows * (piece->split == TP_SPLIT_ROWS ? bound->program->mesh.tp : 1);
  const int64_t before = tp_embedded_from(bound, rank);
  const struct tp_rows rows = tp_rows_of(bound);
  float *values = tp_host_row(scratch, x), *added = tp_host_row(scratch, x);
  for (int64_t row = 0; row < x->rows; row++) {
    const int64_t token = tp_host_index(tokens, before + row);
    if (token < 0 || token >= all)
      return outside(bound, "token", token, all, error);
    memset(values, 0, (size_t)x->columns * sizeof *values);
    const bool here = token >= first && token < first + table->rows;
    if (here)
      tp_host_load_row(table, token - first, values);
    if (here && positions != NULL) {
      const struct tp_place place = tp_rows_place(&rows, before + row);
      const int64_t position = tp_host_position(place, &bound->in[1]);
      if (position < 0 || position >= positions->rows)
        return outside(bound, "position", position, positions->rows, error);
      tp_host_load_row(positions, position, added);
      for (int64_t i = 0; i < x->columns; i++)
        values[i] += added[i];
    }
    tp_host_store_row(x, row, values);
  }
  return TP_OK;
}

/* Ties go to the first; where all is NaN there is no token: -1. */
static int32_t likeliest(const struct tp_operand *operand, const struct tp_logits *logits,
                         int64_t row, float *values)
{
  int32_t token = -1;
  float largest = -INFINITY;
  for (int block = 0; block < logits->blocks; block++) {
    const int64_t first = block * logits->columns;
    tp_host_load_row(operand, block * logits->rows + row, values);
    for (int64_t i = 0; i < logits->columns && first + i < logits->words; i++)
      if (values[i] > largest || (token < 0 && values[i] == largest)) {
        token = (int32_t)(first + i);
        largest = values[i];
      }
  }
  return token;
}

void tp_host_sample(const struct tp_bound_op *bound, struct tp_arena *scratch)
{
  const struct tp_logits logits = tp_logits_of(bound);
  const struct tp_rows rows = tp_rows_of(bound);
  float *values = tp_host_row(scratch, &bound->in[0]);
  for (int64_t b = 0; b < tp_rows_sequences(&rows); b++) {
    const int32_t token =
        likeliest(&bound->in[0], &logits, tp_logits_row(&logits, &rows, b), values);
    memcpy((int32_t *)bound->out[0].data + b, &token, sizeof token);
  }
}
