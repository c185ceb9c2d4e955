#ifndef TP_PROGRAM_TRANSFORMS_OVERLAP_H
#define TP_PROGRAM_TRANSFORMS_OVERLAP_H
/* Overlaps: transformations of a finished program where a GEMM feeds a collective.
 *
 *     gemm -> [sum ->] all-reduce or reduce-scatter
 *
 * The sum adds the GEMM's result to a buffer of the same size (a parallel block's attention and
 * MLP).  Everything else of the program is left as it is; consumers wait for the same event.
 */
#include "program/variant.h"

extern const struct tp_transform tp_overlap_t3, tp_overlap_t3_mca, tp_overlap_chunked,
    tp_overlap_ideal, tp_overlap_ideal_nmc, tp_overlap_cu_share;

/* What is rewritten, and the segment that takes shape. */
struct tp_rewrite {
  struct tp_arena *arena;
  struct tp_program *program;
  int argument; /* the transform's N, 0: not given */
  size_t n_ops, capacity;
  struct tp_op *ops;
  const struct tp_op *gemm, *sum, *collective; /* the fusion at hand; `sum` may be NULL */
  int ready;   /* event that the collective waits for, recorded by what feeds it */
  int arrived; /* event of the transform's own */
  int dma;     /* stream of the transform's own, or -1 */
};

/* Appends an op and returns it, valid until the next. */
struct tp_op *tp_rewrite_add(struct tp_rewrite *rewrite, const struct tp_op *op);

/* The fusion's collective done differently: of this kind, called "GEMM.KIND", waiting for nothing
 * and recording nothing. */
struct tp_op tp_rewrite_collective(const struct tp_rewrite *rewrite, enum tp_collective_kind kind);
/* A send by DMA engines, likewise. */
struct tp_op tp_rewrite_send(const struct tp_rewrite *rewrite, enum tp_dma_role role, double bytes);

void tp_rewrite_wait(struct tp_op *op, int event);

/* Lets `emit` replace the ops of every fusion.  With one rank there is none; with more, a program
 * without any is refused by name. */
enum tp_status tp_rewrite_program(const struct tp_request *request,
                                  const struct tp_variant *variant, struct tp_arena *arena,
                                  bool needs_dma, void (*emit)(struct tp_rewrite *rewrite),
                                  struct tp_program *program, struct tp_error *error);
#endif
