#include "program/op_fields.h"
#include "program/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_tensors(FILE *out, const struct tp_program *program, const char *word,
                          const int *tensors, int n)
{
  for (int i = 0; i < n; i++)
    fprintf(out, "%s%s", i == 0 ? word : ",", program->tensors[tensors[i]].name);
}

static void print_op(FILE *out, const struct tp_program *program, const struct tp_op *op)
{
  char payload[160];
  tp_op_text(op, payload, sizeof payload);
  fprintf(out, "  %-8s %-30s %-10s %s", program->stream_names[op->stream], op->name,
          tp_op_kind_text(op->kind), payload);
  for (int i = 0; i < op->n_waits; i++)
    fprintf(out, "%s%s", i == 0 ? "  waits " : ",", program->event_names[op->waits[i]]);
  if (op->records != TP_NO_EVENT)
    fprintf(out, "  records %s", program->event_names[op->records]);
  print_tensors(out, program, "  reads ", op->in, op->n_in);
  print_tensors(out, program, "  writes ", op->out, op->n_out);
  fputc('\n', out);
}

static void print_equation(FILE *out, const char *equation)
{
  for (const char *line = equation; *line != '\0';) {
    const size_t length = strcspn(line, "\n");
    fprintf(out, "#   %.*s\n", (int)length, line);
    line += length + (line[length] == '\n');
  }
}

static void print_program(FILE *out, const struct tp_program *program)
{
  fprintf(out, "# %s\n", program->title);
  print_equation(out, program->equation);
  for (size_t s = 0; s < program->n_segments; s++) {
    const struct tp_segment *segment = &program->segments[s];
    fprintf(out, "segment %s x%lld\n", segment->name, (long long)segment->repeat);
    for (size_t i = 0; i < segment->n_ops; i++)
      print_op(out, program, &segment->ops[i]);
  }
  fprintf(out, "memory a rank: weights=%.0f ", program->weight_bytes);
  if (program->state_bytes > 0)
    fprintf(out, "gradients+optimiser=%.0f ", program->state_bytes);
  fprintf(out, "kv=%.0f activations=%.0f bytes\n",
          tp_program_kv_bytes(program, program->kv_capacity),
          program->activation_bytes + program->kept_bytes);
}

char *tp_program_text(const struct tp_program *program, struct tp_arena *arena)
{
  char *buffer = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&buffer, &size);
  if (out == NULL)
    tp_out_of_memory(); /* out of memory, as the arena itself does */
  print_program(out, program);
  if (fclose(out) != 0)
    tp_out_of_memory();
  char *text = tp_arena_strdup(arena, buffer);
  free(buffer);
  return text;
}
