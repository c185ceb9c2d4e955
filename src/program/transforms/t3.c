/* Track and trigger (T3, arXiv 2401.16677): the GEMM and the ring reduce-scatter of its result are
 * one.  The result is computed chunk after chunk, each rank beginning at another one, so that what
 * I compute next is what my neighbour has just sent me:
 *
 *     compute   chunk 0     chunk 1    chunk 2  ...  chunk N-1
 *     dma          stores of 0 | forward 1 | forward 2 ...
 *
 * The stores of chunk 0 go straight to the next rank's memory; a later chunk is forwarded by DMA
 * once this rank's part and the neighbour's have been added up in memory, tile by tile (here: part
 * by part); the last one stays.  Then the all-gather, as ever. */
#include "program/transforms/overlap.h"

enum { PARTS = 4 /* of a chunk, where none are asked for */ };

static void add_slice(struct tp_rewrite *rewrite, int chunk, int slice, int slices, bool arbitrated)
{
  struct tp_op *op = tp_rewrite_add(rewrite, rewrite->gemm);
  if (slice > 0)
    op->n_waits = 0;
  op->records = rewrite->ready;
  op->gemm.slices = slices;
  op->gemm.continues = slice > 0;
  op->gemm.output = chunk == 0 ? TP_OUTPUT_REMOTE : TP_OUTPUT_UNCACHED;
  op->gemm.arbitrated = arbitrated;
}

static void add_send(struct tp_rewrite *rewrite, int chunk, bool continues, double bytes,
                     bool arbitrated)
{
  struct tp_op op = tp_rewrite_send(rewrite, chunk == 0 ? TP_DMA_STORES : TP_DMA_FORWARD, bytes);
  op.collective.continues = continues;
  op.collective.arbitrated = arbitrated;
  tp_rewrite_wait(&op, rewrite->ready);
  tp_rewrite_add(rewrite, &op);
}

/* What waits for the reduce-scatter waits for the last chunk, here and from the neighbour. */
static void add_end(struct tp_rewrite *rewrite, double chunk_bytes)
{
  struct tp_op settle = tp_rewrite_send(rewrite, TP_DMA_SETTLE, chunk_bytes);
  tp_rewrite_wait(&settle, rewrite->ready);
  settle.records = rewrite->arrived;
  if (rewrite->collective->collective.kind == TP_REDUCE_SCATTER)
    settle.records = rewrite->collective->records;
  tp_rewrite_add(rewrite, &settle);
  if (rewrite->collective->collective.kind == TP_REDUCE_SCATTER)
    return;
  struct tp_op gather = tp_rewrite_collective(rewrite, TP_ALL_GATHER);
  tp_rewrite_wait(&gather, rewrite->arrived);
  gather.records = rewrite->collective->records;
  tp_rewrite_add(rewrite, &gather);
}

static void emit(struct tp_rewrite *rewrite, bool arbitrated)
{
  const int ranks = rewrite->program->mesh.tp;
  const int parts = rewrite->argument > 0 ? rewrite->argument : PARTS;
  const double chunk_bytes = rewrite->collective->collective.bytes / ranks;
  for (int chunk = 0; chunk < ranks; chunk++)
    for (int part = 0; part < parts; part++) {
      add_slice(rewrite, chunk, chunk * parts + part, ranks * parts, arbitrated);
      if (chunk < ranks - 1)
        add_send(rewrite, chunk, part > 0, chunk_bytes / parts, arbitrated);
    }
  add_end(rewrite, chunk_bytes);
}

static void emit_plain(struct tp_rewrite *rewrite)
{
  emit(rewrite, false);
}

static void emit_arbitrated(struct tp_rewrite *rewrite)
{
  emit(rewrite, true);
}

static enum tp_status apply_plain(const struct tp_request *request,
                                  const struct tp_variant *variant, struct tp_arena *arena,
                                  struct tp_program *program, struct tp_error *error)
{
  return tp_rewrite_program(request, variant, arena, true, emit_plain, program, error);
}

static enum tp_status apply_arbitrated(const struct tp_request *request,
                                       const struct tp_variant *variant, struct tp_arena *arena,
                                       struct tp_program *program, struct tp_error *error)
{
  return tp_rewrite_program(request, variant, arena, true, emit_arbitrated, program, error);
}

const struct tp_transform tp_overlap_t3 = {
    .name = "t3",
    .summary = "track and trigger: DMA engines send each chunk of a GEMM's result round the ring "
               "as it is computed, memory adds (t3:N follows N parts of a chunk; 4)",
    .argument = "parts",
    .least = 1,
    .most = 16,
    .apply = apply_plain,
};

const struct tp_transform tp_overlap_t3_mca = {
    .name = "t3-mca",
    .summary = "t3 with memory controllers that put the GEMM's accesses first",
    .argument = "parts",
    .least = 1,
    .most = 16,
    .apply = apply_arbitrated,
};
