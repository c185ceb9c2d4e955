#include "run/operand.h"

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
  return (struct tp_logits){
      .blocks = blocks,
      .rows = logits->rows / blocks,
      .rows_each = logits->rows / blocks / tp_program_chunk(program)->sequences,
      .columns = logits->columns,
      /* It reads one row a sequence, without the padding. */
      .words = (int64_t)(sample->op->memory.read_bytes / element_bytes /
                             (double)tp_program_chunk(program)->sequences +
                         0.5),
  };
}

int64_t tp_embedded_from(const struct tp_bound_op *embed, int rank)
{
  const int64_t tokens = embed->in[0].rows, rows = embed->out[0].rows;
  return rows < tokens ? rank * rows : 0;
}
