/* The yardsticks of T3: a reduce-scatter that starts with the GEMM as if it needed nothing of it,
 * then the all-gather.  By the library, on a few SMs, or by DMA engines with memory that adds. */
#include "program/transforms/overlap.h"

enum { SMS = 8 /* where none are asked for */ };

/* Adds what stands before the GEMM whose result it sends: it reads nothing that is there, or a stage
 * would have to be handed it. */
static void add_ahead(struct tp_rewrite *rewrite, struct tp_op op)
{
  op.n_in = op.n_out = 0;
  tp_rewrite_add(rewrite, &op);
}

/* Nothing but an event on the compute stream, as the GEMM begins. */
static void add_begin(struct tp_rewrite *rewrite)
{
  struct tp_op begin = tp_rewrite_send(rewrite, TP_DMA_SETTLE, 0);
  begin.name = tp_arena_printf(rewrite->arena, "%s.begin", rewrite->gemm->name);
  begin.stream = rewrite->gemm->stream;
  for (int i = 0; i < rewrite->gemm->n_waits; i++)
    tp_rewrite_wait(&begin, rewrite->gemm->waits[i]);
  begin.records = rewrite->ready;
  add_ahead(rewrite, begin);
}

static void add_gemm(struct tp_rewrite *rewrite)
{
  struct tp_op *op = tp_rewrite_add(rewrite, rewrite->gemm);
  op->n_waits = 0;
  op->gemm.slices = 0; /* nothing slows it */
  if (rewrite->sum != NULL)
    op = tp_rewrite_add(rewrite, rewrite->sum);
  op->records = rewrite->arrived;
}

/* After the GEMM and what has gone before on the communication stream. */
static void add_end(struct tp_rewrite *rewrite)
{
  struct tp_op end = rewrite->collective->collective.kind == TP_REDUCE_SCATTER
                         ? tp_rewrite_send(rewrite, TP_DMA_SETTLE, 0)
                         : tp_rewrite_collective(rewrite, TP_ALL_GATHER);
  tp_rewrite_wait(&end, rewrite->arrived);
  end.records = rewrite->collective->records;
  tp_rewrite_add(rewrite, &end);
}

static void emit_scatter(struct tp_rewrite *rewrite, int sms)
{
  add_begin(rewrite);
  struct tp_op scatter = tp_rewrite_collective(rewrite, TP_REDUCE_SCATTER);
  scatter.collective.sms = sms;
  tp_rewrite_wait(&scatter, rewrite->ready);
  add_ahead(rewrite, scatter);
  add_gemm(rewrite);
  add_end(rewrite);
}

static void emit_ideal(struct tp_rewrite *rewrite)
{
  emit_scatter(rewrite, TP_NO_SMS);
}

static void emit_shared(struct tp_rewrite *rewrite)
{
  emit_scatter(rewrite, rewrite->argument > 0 ? rewrite->argument : SMS);
}

static void emit_near_memory(struct tp_rewrite *rewrite)
{
  const int ranks = rewrite->program->mesh.tp;
  add_begin(rewrite);
  for (int step = 0; step < ranks - 1; step++) {
    struct tp_op send =
        tp_rewrite_send(rewrite, TP_DMA_FORWARD, rewrite->collective->collective.bytes / ranks);
    tp_rewrite_wait(&send, rewrite->ready);
    add_ahead(rewrite, send);
  }
  add_gemm(rewrite);
  add_end(rewrite);
}

static enum tp_status apply_ideal(const struct tp_request *request,
                                  const struct tp_variant *variant, struct tp_arena *arena,
                                  struct tp_program *program, struct tp_error *error)
{
  return tp_rewrite_program(request, variant, arena, false, emit_ideal, program, error);
}

static enum tp_status apply_shared(const struct tp_request *request,
                                   const struct tp_variant *variant, struct tp_arena *arena,
                                   struct tp_program *program, struct tp_error *error)
{
  return tp_rewrite_program(request, variant, arena, false, emit_shared, program, error);
}

static enum tp_status apply_near_memory(const struct tp_request *request,
                                        const struct tp_variant *variant, struct tp_arena *arena,
                                        struct tp_program *program, struct tp_error *error)
{
  return tp_rewrite_program(request, variant, arena, false, emit_near_memory, program, error);
}

const struct tp_transform tp_overlap_ideal = {
    .name = "ideal-overlap",
    .summary = "yardstick: the reduce-scatter starts with the GEMM whose result it needs, for free",
    .apply = apply_ideal,
};

const struct tp_transform tp_overlap_ideal_nmc = {
    .name = "ideal-nmc",
    .summary = "the same by DMA engines, with memory that adds",
    .apply = apply_near_memory,
};

const struct tp_transform tp_overlap_cu_share = {
    .name = "cu-share",
    .summary = "the same by a kernel that takes N SMs from the GEMM (cu-share:N; 8)",
    .argument = "SMs",
    .least = 1,
    .most = 64,
    .apply = apply_shared,
};
