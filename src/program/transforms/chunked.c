/* What software does: the GEMM cut along its rows in kernels of their own, the collective of each
 * under the kernels that follow. */
#include "program/transforms/overlap.h"

enum { CHUNKS = 4 /* where none are asked for */ };

static void emit(struct tp_rewrite *rewrite)
{
  const struct tp_op *gemm = rewrite->gemm, *sum = rewrite->sum;
  const int64_t rows = gemm->gemm.m;
  const int64_t asked = rewrite->argument > 0 ? rewrite->argument : CHUNKS;
  const int64_t chunks = asked < rows ? asked : rows;
  for (int64_t i = 0; i < chunks; i++) {
    const int64_t m = rows * (i + 1) / chunks - rows * i / chunks;
    const double share = (double)m / (double)rows;
    struct tp_op *op = tp_rewrite_add(rewrite, gemm);
    op->gemm.m = m;
    op->first_row = rows * i / chunks;
    op->rows = m;
    if (i > 0)
      op->n_waits = 0;
    if (sum != NULL) {
      op = tp_rewrite_add(rewrite, sum);
      op->first_row = rows * i / chunks;
      op->rows = m;
      op->memory.read_bytes *= share;
      op->memory.write_bytes *= share;
    }
    op->records = rewrite->ready;
    op = tp_rewrite_add(rewrite, rewrite->collective);
    op->first_row = rows * i / chunks;
    op->rows = m;
    op->collective.bytes *= share;
  }
}

static enum tp_status apply(const struct tp_request *request, const struct tp_variant *variant,
                            struct tp_arena *arena, struct tp_program *program,
                            struct tp_error *error)
{
  return tp_rewrite_program(request, variant, arena, false, emit, program, error);
}

const struct tp_transform tp_overlap_chunked = {
    .name = "chunked",
    .summary = "the GEMM before a collective cut in N kernels, each chunk's collective under the "
               "next (chunked:N; 4)",
    .argument = "chunks",
    .least = 1,
    .most = 64,
    .apply = apply,
};
