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

void tp_program_set_kv_len(struct tp_program *program, int64_t kv_len)
{
  for (size_t s = 0; s < program->n_segments; s++)
    for (size_t i = 0; i < program->segments[s].n_ops; i++) {
      struct tp_op *op = &program->segments[s].ops[i];
      if (op->kind == TP_OP_ATTENTION && tp_attention_decodes(&op->attention))
        op->attention.kv_len = kv_len;
    }
}
