#include "program/operand_rows.h"

/* Tokens next to each other, and the sequences they are of. */
struct stretch {
  int64_t first_token, tokens, first_sequence, sequences;
};

/* A sequence that is cut is of both halves. */
static struct stretch half_of(const struct tp_pass *pass)
{
  const struct tp_part *const own = &pass->halves[pass->half - 1];
  const bool second = pass->half == 2;
  const int64_t all = tp_batch_sequences(&pass->request->batch);
  return (struct stretch){.first_token = second ? tp_part_tokens(&pass->halves[0]) : 0,
                          .tokens = tp_part_tokens(own),
                          .first_sequence = second ? all - tp_part_sequences(own) : 0,
                          .sequences = tp_part_sequences(own)};
}

static struct stretch chunk_of(const struct tp_part *part, int which)
{
  struct stretch before = {.tokens = 0};
  for (int i = 0;; i++) {
    const struct tp_chunk *const chunk = &part->chunks[i];
    before.tokens = chunk->sequences * chunk->tokens;
    before.sequences = chunk->sequences;
    if (i == which)
      return before;
    before.first_token += before.tokens;
    before.first_sequence += before.sequences;
  }
}

/* Whether it has rows for each sequence, not for each token. */
static bool is_by_sequence(enum tp_value value)
{
  return value == TP_VALUE_LENGTHS || value == TP_VALUE_KEYS || value == TP_VALUE_CACHED_VALUES ||
         value == TP_VALUE_CACHED_LATENTS;
}

/* Its rows of another tensor, which has those of `sequences`. */
static struct tp_tensor rows_of(const struct tp_pass *pass, int of, enum tp_value value,
                                struct stretch stretch, int64_t sequences)
{
  struct tp_tensor tensor = pass->operands.tensors[of];
  const bool by_sequence = is_by_sequence(value);
  const int64_t each = by_sequence ? tensor.rows / sequences : 1;
  tensor.view_of = of;
  tensor.first_row = each * (by_sequence ? stretch.first_sequence : stretch.first_token);
  tensor.rows = each * (by_sequence ? stretch.sequences : stretch.tokens);
  tensor.first_column = 0;
  tensor.row_step = 1;
  return tensor;
}

struct tp_tensor tp_operand_half(const struct tp_pass *pass, int of, enum tp_value value)
{
  return rows_of(pass, of, value, half_of(pass), tp_batch_sequences(&pass->request->batch));
}

struct tp_tensor tp_operand_chunk(const struct tp_pass *pass, int of, enum tp_value value)
{
  return rows_of(pass, of, value, chunk_of(&pass->part, pass->operands.chunk),
                 tp_part_sequences(&pass->part));
}
