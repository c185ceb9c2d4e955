#include "program/program.h"

const char *tp_phase_text(enum tp_phase phase)
{
  switch (phase) {
#define X(name, text) \
  case name:          \
    return text;
    TP_PHASES(X)
#undef X
  }
  return "?";
}

static void count_op(const struct tp_op *op, int64_t repeat, struct tp_counts *counts)
{
  const double times = (double)repeat;
  counts->flops += times * tp_op_flops(op);
  counts->dram_bytes += times * tp_op_dram_bytes(op);
  if (op->kind == TP_OP_COLLECTIVE) {
    counts->collective_bytes += times * op->collective.bytes;
    counts->collectives += repeat;
  } else {
    counts->kernels += repeat;
  }
}

struct tp_counts tp_program_count(const struct tp_program *program)
{
  struct tp_counts counts = {0};
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++)
      count_op(&program->segments[s].ops[i], program->segments[s].repeat, &counts);
  return counts;
}

void tp_program_set_kv_len(struct tp_program *program, int64_t kv_len)
{
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      struct tp_op *op = &program->segments[s].ops[i];
      if (op->kind == TP_OP_ATTENTION && op->attention.decode)
        op->attention.kv_len = kv_len;
    }
}
