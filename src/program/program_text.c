#include "program/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const style_names[] = {"flash", "materialised", "expanded"};

static void gemm_text(const struct tp_gemm *gemm, char *text, size_t size)
{
  static const char *const outputs[] = {"", " uncached", " remote"};
  char slices[24] = "";
  if (gemm->slices > 1)
    snprintf(slices, sizeof slices, " 1/%d", gemm->slices);
  snprintf(text, size, "m=%lld n=%lld k=%lld %s%s%s%s", (long long)gemm->m, (long long)gemm->n,
           (long long)gemm->k, tp_dtype_text(gemm->dtype), slices, outputs[gemm->output],
           gemm->arbitrated ? " first" : "");
}

static void collective_text(const struct tp_collective *collective, char *text, size_t size)
{
  const bool dma = collective->algorithm == TP_ALGORITHM_DMA;
  char sms[24] = "";
  if (collective->sms > 0)
    snprintf(sms, sizeof sms, " sms=%d", collective->sms);
  snprintf(text, size, "%s bytes=%.0f %s%s%s%s%s%s", tp_collective_text(collective->kind),
           collective->bytes, tp_dtype_text(collective->dtype),
           collective->algorithm == TP_ALGORITHM_AUTO ? "" : " ",
           collective->algorithm == TP_ALGORITHM_AUTO ? ""
                                                      : tp_algorithm_text(collective->algorithm),
           dma ? " " : "", dma ? tp_dma_role_text(collective->role) : "", sms);
}

static void append_wire(const struct tp_wire *wire, char *text, size_t size)
{
  const size_t used = strlen(text);
  snprintf(text + used, size - used, " int%d/int%d group=%d%s", wire->reduce_bits,
           wire->gather_bits, wire->group, wire->spikes ? " spikes" : "");
}

static void append_window(int64_t window, char *text, size_t size)
{
  const size_t used = strlen(text);
  snprintf(text + used, size - used, " window=%lld", (long long)window);
}

static void payload_text(const struct tp_op *op, char *text, size_t size)
{
  switch (op->kind) {
  case TP_OP_GEMM:
    gemm_text(&op->gemm, text, size);
    break;
  case TP_OP_ATTENTION:
    snprintf(text, size, "%s%s batch=%lld q=%lld kv=%lld heads=%lld/%lld dim=%lld %s",
             style_names[op->attention.style], op->attention.backward ? " backward" : "",
             (long long)op->attention.batch, (long long)op->attention.query_len,
             (long long)op->attention.kv_len, (long long)op->attention.heads,
             (long long)op->attention.kv_heads, (long long)op->attention.head_dim,
             tp_dtype_text(op->attention.dtype));
    if (op->attention.window > 0)
      append_window(op->attention.window, text, size);
    break;
  case TP_OP_MEMORY:
    snprintf(text, size, "read=%.0f write=%.0f", op->memory.read_bytes, op->memory.write_bytes);
    break;
  case TP_OP_COLLECTIVE:
    collective_text(&op->collective, text, size);
    if (op->collective.wire.reduce_bits > 0)
      append_wire(&op->collective.wire, text, size);
    break;
  }
}

static void print_tensors(FILE *out, const struct tp_program *program, const char *word,
                          const int *tensors, int n)
{
  for (int i = 0; i < n; i++)
    fprintf(out, "%s%s", i == 0 ? word : ",", program->tensors[tensors[i]].name);
}

static void print_op(FILE *out, const struct tp_program *program, const struct tp_op *op)
{
  char payload[160];
  payload_text(op, payload, sizeof payload);
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
  fprintf(out, "memory a rank: weights=%.0f kv=%.0f activations=%.0f bytes\n",
          program->weight_bytes, program->kv_bytes, program->activation_bytes);
}

char *tp_program_text(const struct tp_program *program, struct tp_arena *arena)
{
  char *buffer = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&buffer, &size);
  if (out == NULL)
    abort(); /* out of memory, as the arena itself does */
  print_program(out, program);
  if (fclose(out) != 0)
    abort();
  char *text = tp_arena_strdup(arena, buffer);
  free(buffer);
  return text;
}
