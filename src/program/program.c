#include "program/program.h"

bool tp_op_attends(const struct tp_op *op)
{
  return op->kind == TP_OP_ATTENTION || op->kind == TP_OP_LATENT;
}

void tp_op_set_context(struct tp_op *op, const struct tp_batch *batch)
{
  const struct tp_chunk *const chunk = &batch->chunks[op->chunk];
  if (!tp_chunk_decodes(chunk))
    return;
  if (op->kind == TP_OP_ATTENTION)
    op->attention.kv_len = chunk->context + chunk->tokens;
  else if (op->kind == TP_OP_LATENT)
    op->latent.kv_len = chunk->context + chunk->tokens;
}

struct tp_part tp_op_part(const struct tp_program *program, const struct tp_op *op)
{
  struct tp_part halves[2];
  if (op->half == 0 || !tp_batch_halves(&program->batch, halves))
    return tp_batch_whole(&program->batch);
  return halves[op->half - 1];
}

void tp_program_set_contexts(struct tp_program *program, const struct tp_batch *batch)
{
  program->batch = *batch;
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      tp_op_set_context(&program->segments[s].ops[i], batch);
}

double tp_program_kv_bytes(const struct tp_program *program, int64_t capacity)
{
  double bytes = 0;
  for (int i = 0; i < program->n_caches; i++)
    bytes += program->caches[i].token_bytes *
             (double)tp_window_tokens(program->caches[i].window, capacity);
  return bytes;
}
