#ifndef TP_CUDA_BENCH_OP_H
#define TP_CUDA_BENCH_OP_H
/* One op, timed in a captured graph that repeats it over copies of its weights or cache:
 *
 *     layer 0: copy 0   layer 1: copy 1   ...   layer C: copy 0   ...
 *
 * The copies are more than the last-level cache holds, so that each repetition finds its weights
 * in DRAM, as a pass does.  Activations stay where the kernel before left them.
 */
#include "cost/cost.h"
#include "cuda/bench.h"

struct tp_op_rounds {
  int copies;      /* of weights and caches */
  int64_t repeats; /* in the graph, a multiple of copies */
};

/* Copies for a cache of `l2_bytes`; repeats for a graph of about `graph_s`. */
struct tp_op_rounds tp_op_rounds(const struct tp_op *op, double l2_bytes, double op_s,
                                 double graph_s);

/* A memory op over `rows` rows: of `columns` of the residual or (activation) of the MLP's inner
 * width; of heads; of the vocabulary.  Bytes as the programs of a model count them. */
struct tp_rows {
  int64_t rows, columns;
  int heads, kv_heads, head_dim;
};
struct tp_op tp_op_of_rows(enum tp_function function, const struct tp_rows *shape);

/* The op by itself, its operands said: gemm, attention, norm, add_norm, activation, copy,
 * rope_cache, sample, and collectives.  TP_E_INPUT names any other. */
enum tp_status tp_op_program(const struct tp_op *op, const struct tp_op_rounds *rounds,
                             struct tp_arena *arena, struct tp_program *program,
                             struct tp_error *error);

/* Memory that its tensors take. */
double tp_op_program_bytes(const struct tp_program *program, const struct tp_op_rounds *rounds);

/* Of one repetition.  Operands hold random numbers, lengths the op's. */
enum tp_status tp_bench_op(const struct tp_bench *bench, const struct tp_machine *machine,
                           const struct tp_op *op, double budget_s, struct tp_spread *spread,
                           struct tp_error *error);
#endif
