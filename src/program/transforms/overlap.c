#include "program/transforms/overlap.h"

#include <assert.h>
#include <string.h>

struct tp_op *tp_rewrite_add(struct tp_rewrite *rewrite, const struct tp_op *op)
{
  if (rewrite->n_ops == rewrite->capacity) {
    rewrite->capacity = rewrite->capacity * 2 + 16;
    struct tp_op *grown = TP_NEW(rewrite->arena, struct tp_op, rewrite->capacity);
    if (rewrite->n_ops > 0)
      memcpy(grown, rewrite->ops, rewrite->n_ops * sizeof *grown);
    rewrite->ops = grown;
  }
  rewrite->ops[rewrite->n_ops] = *op;
  return &rewrite->ops[rewrite->n_ops++];
}

void tp_rewrite_wait(struct tp_op *op, int event)
{
  assert(op->n_waits < TP_MAX_WAITS);
  op->waits[op->n_waits++] = event;
}

struct tp_op tp_rewrite_collective(const struct tp_rewrite *rewrite, enum tp_collective_kind kind)
{
  struct tp_op op = *rewrite->collective;
  op.name = tp_arena_printf(rewrite->arena, "%s.%s", rewrite->gemm->name, tp_collective_text(kind));
  op.n_waits = 0;
  op.records = TP_NO_EVENT;
  op.collective.kind = kind;
  return op;
}

struct tp_op tp_rewrite_send(const struct tp_rewrite *rewrite, enum tp_dma_role role, double bytes)
{
  struct tp_op op = tp_rewrite_collective(rewrite, TP_SEND);
  op.name = tp_arena_printf(rewrite->arena, "%s.%s", rewrite->gemm->name, tp_dma_role_text(role));
  op.stream = rewrite->dma >= 0 ? rewrite->dma : op.stream;
  op.collective.bytes = bytes;
  op.collective.algorithm = TP_ALGORITHM_DMA;
  op.collective.role = role;
  return op;
}

static double result_bytes(const struct tp_gemm *gemm)
{
  return (double)gemm->m * (double)gemm->n * tp_dtype_bytes(tp_dtype_wide(gemm->dtype));
}

static bool is_sum(const struct tp_op *op, double bytes)
{
  return op->kind == TP_OP_MEMORY && op->n_waits == 0 && op->memory.read_bytes == 2 * bytes &&
         op->memory.write_bytes == bytes;
}

/* How many of the last ops of `ops` make up what feeds the collective that follows: 0 (not a GEMM
 * that can be fused), 1 or 2 (with a sum). */
static size_t feeding(const struct tp_op *ops, size_t n, const struct tp_op *collective, int ranks)
{
  const enum tp_collective_kind kind = collective->collective.kind;
  if (n == 0 || (kind != TP_ALL_REDUCE && kind != TP_REDUCE_SCATTER) || collective->n_waits != 1 ||
      ops[n - 1].records != collective->waits[0])
    return 0;
  const double bytes = collective->collective.bytes;
  const bool summed = n > 1 && is_sum(&ops[n - 1], bytes) && ops[n - 2].records == TP_NO_EVENT &&
                      ops[n - 2].stream == ops[n - 1].stream;
  const struct tp_op *gemm = &ops[n - (summed ? 2 : 1)];
  const struct tp_group group = collective->collective.group;
  const bool of_all = group.size == 0 || (group.size == ranks && group.stride <= 1);
  if (gemm->kind != TP_OP_GEMM || !of_all || result_bytes(&gemm->gemm) != bytes)
    return 0;
  return summed ? 2 : 1;
}

static int rewrite_segment(struct tp_rewrite *rewrite, struct tp_segment *segment,
                           void (*emit)(struct tp_rewrite *rewrite))
{
  int fusions = 0;
  rewrite->n_ops = rewrite->capacity = 0;
  for (size_t i = 0; i < segment->n_ops; i++) {
    const struct tp_op *op = &segment->ops[i];
    const size_t fed =
        op->kind == TP_OP_COLLECTIVE ? feeding(segment->ops, i, op, rewrite->program->mesh.tp) : 0;
    if (fed == 0) {
      tp_rewrite_add(rewrite, op);
      continue;
    }
    rewrite->n_ops -= fed;
    rewrite->gemm = op - fed;
    rewrite->sum = fed == 2 ? op - 1 : NULL;
    rewrite->collective = op;
    rewrite->ready = op->waits[0];
    emit(rewrite);
    fusions++;
  }
  segment->ops = rewrite->ops;
  segment->n_ops = rewrite->n_ops;
  return fusions;
}

enum tp_status tp_rewrite_program(const struct tp_request *request,
                                  const struct tp_variant *variant, struct tp_arena *arena,
                                  bool needs_dma, void (*emit)(struct tp_rewrite *rewrite),
                                  struct tp_program *program, struct tp_error *error)
{
  if (tp_request_ranks(request) == 1)
    return TP_OK;
  struct tp_rewrite rewrite = {.arena = arena,
                               .program = program,
                               .argument = variant->overlap_argument,
                               .arrived = program->n_events++,
                               .dma = -1};
  assert(program->n_events <= TP_MAX_EVENTS);
  program->event_names[rewrite.arrived] = "arrived";
  if (needs_dma) {
    assert(program->n_streams < TP_MAX_STREAMS);
    rewrite.dma = program->n_streams++;
    program->stream_names[rewrite.dma] = "dma";
  }
  int fusions = 0;
  for (size_t s = 0; s < program->n_segments; s++)
    fusions += rewrite_segment(&rewrite, &program->segments[s], emit);
  if (fusions > 0)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT,
                 "variant '%s': no GEMM of %s feeds an all-reduce or a reduce-scatter, so '%s' has "
                 "nothing to overlap; drop it",
                 variant->text, variant->architecture->name, variant->overlap->name);
}
