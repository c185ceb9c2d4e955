#include "run/operand.h"

struct tp_rows tp_rows_of(const struct tp_bound_op *bound)
{
  const struct tp_op *const op = bound->op;
  const struct tp_batch *const batch = &bound->program->batch;
  struct tp_part part = tp_op_part(bound->program, op);
  struct tp_rows rows = {.n = 0};
  int64_t row = 0, sequence = 0;
  if (op->kind == TP_OP_ATTENTION) {
    part.n = 1;
    part.chunks[0] = (struct tp_chunk){op->attention.batch, op->attention.query_len, 0};
    part.of[0] = op->chunk;
  }
  for (int i = 0; i < part.n; i++) {
    const struct tp_chunk *const chunk = &part.chunks[i];
    /* A sequence's first half is all that begins where the sequence does. */
    const int64_t later = op->half == 1 ? batch->chunks[part.of[i]].tokens - chunk->tokens : 0;
    rows.runs[rows.n++] = (struct tp_run){row, sequence, chunk->sequences, chunk->tokens, later};
    row += chunk->sequences * chunk->tokens;
    sequence += chunk->sequences;
  }
  return rows;
}

int64_t tp_rows_sequences(const struct tp_rows *rows)
{
  const struct tp_run *const last = &rows->runs[rows->n - 1];
  return last->first_sequence + last->sequences;
}

struct tp_place tp_rows_place(const struct tp_rows *rows, int64_t row)
{
  int i = rows->n - 1;
  while (row < rows->runs[i].first_row)
    i--;
  const struct tp_run *const run = &rows->runs[i];
  const int64_t inside = row - run->first_row;
  return (struct tp_place){.sequence = run->first_sequence + inside / run->tokens,
                           .left = run->tokens - inside % run->tokens + run->later};
}

int64_t tp_rows_last(const struct tp_rows *rows, int64_t sequence)
{
  int i = rows->n - 1;
  while (sequence < rows->runs[i].first_sequence)
    i--;
  const struct tp_run *const run = &rows->runs[i];
  return run->first_row + (sequence - run->first_sequence + 1) * run->tokens - 1;
}

/* Of an all-gather somewhere in the program? */
static bool is_gathered(const struct tp_program *program, int tensor)
{
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      const struct tp_op *op = &program->segments[s].ops[i];
      if (op->kind == TP_OP_COLLECTIVE && op->collective.kind == TP_ALL_GATHER && op->n_out > 0 &&
          op->out[0] == tensor)
        return true;
    }
  return false;
}

struct tp_logits tp_logits_of(const struct tp_bound_op *sample)
{
  const struct tp_operand *logits = &sample->in[0];
  const struct tp_program *program = sample->program;
  const int blocks = is_gathered(program, sample->op->in[0]) ? program->mesh.tp : 1;
  const double element_bytes = tp_tensor_element_bytes(logits->tensor);
  const double sequences = (double)tp_batch_sequences(&program->batch);
  return (struct tp_logits){
      .blocks = blocks,
      .rows = logits->rows / blocks,
      .columns = logits->columns,
      /* It reads one row a sequence, without the padding. */
      .words = (int64_t)(sample->op->memory.read_bytes / element_bytes / sequences + 0.5),
  };
}

int64_t tp_logits_row(const struct tp_logits *logits, const struct tp_rows *rows, int64_t sequence)
{
  const bool all = logits->rows != tp_rows_sequences(rows);
  return all ? tp_rows_last(rows, sequence) : sequence;
}

int64_t tp_embedded_from(const struct tp_bound_op *embed, int rank)
{
  const int64_t tokens = embed->in[0].rows, rows = embed->out[0].rows;
  return rows < tokens ? rank * rows : 0;
}
