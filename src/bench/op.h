#ifndef TP_BENCH_OP_H
#define TP_BENCH_OP_H
/* One op, timed in a captured graph that repeats it over copies of its weights or cache:
 *
 *     layer 0: copy 0   layer 1: copy 1   ...   layer C: copy 0   ...
 *
 * There are more copies than the last-level cache holds, so that each repetition finds its weights
 * in DRAM, as a pass does.  Activations stay where the kernel before left them.
 */
#include "bench/bench.h"
#include "cost/cost.h"

/* What a memory op works on: rows of the residual (norm, add_norm, copy), of the MLP's inner width
 * (activation), of the vocabulary (sample), or of heads (rope_cache). */
struct tp_row_shape {
  int64_t rows, columns;
};

/* An op without operands. */
struct tp_lone_op {
  struct tp_op op;
  struct tp_row_shape rows; /* memory ops */
  /* A collective on the other stream after each repetition; the next repetition waits for it. Bytes
   * 0: none.  The op runs `beside` more times without waiting, which hides the collective. */
  struct tp_collective between;
  int beside;
};

/* Ops with the counts that a model's programs have, in bf16. */
struct tp_lone_op tp_lone_gemm(int64_t m, int64_t n, int64_t k, enum tp_dtype dtype);
struct tp_lone_op tp_lone_attention(const struct tp_attention *attention);
struct tp_lone_op tp_lone_rows(enum tp_function function, struct tp_row_shape rows);
/* `like`: heads, kv_heads and head_dim of q, k and v. */
struct tp_lone_op tp_lone_heads(enum tp_function function, int64_t rows,
                                const struct tp_attention *like);
struct tp_lone_op tp_lone_collective(const struct tp_collective *collective);

struct tp_op_rounds {
  int copies;      /* of weights and caches */
  int64_t repeats; /* in the graph, a multiple of copies */
};

/* Copies for a cache of `l2_bytes`; repeats for a graph of about `graph_s`. */
struct tp_op_rounds tp_op_rounds(const struct tp_lone_op *lone, double l2_bytes, double op_s,
                                 double graph_s);

/* A program of the op by itself among `ranks`, with its operands. */
void tp_lone_program(const struct tp_lone_op *lone, const struct tp_op_rounds *rounds, int ranks,
                     struct tp_arena *arena, struct tp_program *program);

/* Bytes of memory that the program's tensors take. */
double tp_lone_bytes(const struct tp_program *program, const struct tp_op_rounds *rounds);

/* Sets the op's columns of a trace. */
void tp_lone_name(const struct tp_lone_op *lone, struct tp_trace_row *row);

/* A captured graph of it, ready to be replayed. */
struct tp_lone_run {
  const struct tp_calls *calls;
  struct tp_team *group;
  struct tp_arena *arena;
  struct tp_store *store;
  struct tp_graph *graph;
  struct tp_op_rounds rounds;
};

/* Operands hold random numbers, and lengths are the op's.  `machine` says how long the op may last
 * and how much cache and memory there is.  TP_E_INPUT where memory does not hold it.  Where it
 * fails on one rank of the bench, it fails on all. */
enum tp_status tp_lone_open(const struct tp_bench *bench, const struct tp_machine *machine,
                            const struct tp_lone_op *lone, struct tp_lone_run **run,
                            struct tp_error *error);
void tp_lone_close(struct tp_lone_run *run); /* NULL is fine */

/* Times one op: samples of the graph, divided by its repetitions. */
enum tp_status tp_lone_measure(const struct tp_bench *bench, struct tp_lone_run *run,
                               double budget_s, struct tp_spread *spread, struct tp_error *error);
#endif
