#ifndef TP_PREDICT_PREDICTION_H
#define TP_PREDICT_PREDICTION_H
/* One row of the result CSV: the columns are this table, in this order.
 *
 * Columns may be added at the end, never renamed or moved.  The inputs come first.  A number that
 * does not exist (a time of a point that cannot run; a training step's time to first token) is NAN
 * and becomes an empty cell.
 */
#include "base/csv.h"

#include <stdbool.h>
#include <stdio.h>

/* X(name, unit, description) for text and numbers. */
#define TP_INPUT_COLUMNS(TEXT, NUMBER)                                          \
  TEXT(model, "", "model: a Hugging Face config.json")                          \
  TEXT(platform, "", "topology with its device")                                \
  TEXT(stack, "", "software stack")                                             \
  TEXT(variant, "", "architecture[+overlap][+wire]")                            \
  NUMBER(tp, "GPUs", "tensor-parallel degree")                                  \
  NUMBER(pp, "stages", "pipeline-parallel degree")                              \
  NUMBER(nodes, "servers", "servers that the ranks sit on")                     \
  NUMBER(batch, "sequences", "sequences at once")                               \
  NUMBER(prompt, "tokens", "prompt tokens a sequence")                          \
  NUMBER(generate, "tokens",                                                    \
         "generated tokens a sequence, the first included; 0: a prefill alone") \
  TEXT(dtype, "", "type of weights and activations")                            \
  TEXT(engine, "", "executor: analytic or des")

#define TP_OUTPUT_COLUMNS(REASON, NUMBER)                                                        \
  NUMBER(ttft_s, "s", "time to first token: prefill, head and sampling")                         \
  NUMBER(ttft_low_s, "s", "its 10 % quantile (lognormal)")                                       \
  NUMBER(ttft_high_s, "s", "its 90 % quantile (lognormal)")                                      \
  NUMBER(tpot_s, "s", "time per output token: decode time over generate-1 steps")                \
  NUMBER(tpot_low_s, "s", "its 10 % quantile (lognormal)")                                       \
  NUMBER(tpot_high_s, "s", "its 90 % quantile (lognormal)")                                      \
  NUMBER(e2e_s, "s", "prefill and all decode steps; or one training step")                       \
  NUMBER(tokens_per_s, "1/s",                                                                    \
         "batch * generate / e2e_s; training, generate 0: batch * prompt / e2e_s")               \
  NUMBER(speedup, "", "e2e_s of the standard variant at the same point over this one's")         \
  NUMBER(                                                                                        \
      comm_s, "s",                                                                               \
      "collectives, start to end, summed over the generation; in micro-batches of the mean GPU") \
  NUMBER(comm_exposed_s, "s", "part of comm_s with no kernel on the compute stream")             \
  NUMBER(compute_s, "s",                                                                         \
         "kernels on the compute stream, summed over the generation; in micro-batches of the "   \
         "mean GPU")                                                                             \
  NUMBER(memory_bytes, "bytes",                                                                  \
         "weights, KV cache, activations of one GPU; training: gradients, optimiser's state")    \
  NUMBER(fits, "",                                                                               \
         "1 where memory_bytes and the stack's reserve are within the device's memory, else 0")  \
  NUMBER(flops, "flops", "floating-point operations of one GPU, whole generation")               \
  NUMBER(dram_bytes, "bytes", "memory traffic of one GPU, whole generation")                     \
  NUMBER(link_bytes, "bytes", "payload one GPU sends, one direction, whole generation")          \
  REASON(status, "", "ok, or why the point cannot run")

/* Inputs that came later than the results: at the end. */
#define TP_LATER_INPUT_COLUMNS(TEXT, NUMBER)                                             \
  TEXT(phase, "",                                                                        \
       "inference; train, with +recompute or +selective-recompute, +sequence-parallel, " \
       "+async-reduce; op, fc-2, fc-1, ip")

/* And outputs after these. */
#define TP_LATER_OUTPUT_COLUMNS(NUMBER)                       \
  NUMBER(comm_exposed_ratio, "", "comm_exposed_s over e2e_s") \
  NUMBER(dram_ratio, "", "dram_bytes over those of the standard variant at the same point")

/* And inputs again. */
#define TP_NEWER_INPUT_COLUMNS(TEXT, NUMBER)                                                       \
  NUMBER(dp, "replicas",                                                                           \
         "replicas of the attention, each of tp GPUs, that share the experts; in training of all") \
  NUMBER(ep, "GPUs", "expert-parallel degree: the experts shared out over so many of dp x tp")     \
  TEXT(kv_dtype, "", "type of the KV cache; empty: the stack's")

/* Inputs that are written only where one of them, or one behind it, is used. */
#define TP_LAST_INPUT_COLUMNS(NUMBER)                                                          \
  NUMBER(layers, "layers", "the model cut to so many layers; empty or no such column: all")    \
  NUMBER(micro_batch, "sequences",                                                             \
         "that go through the stages at a time, filling the pipeline; empty: the whole batch") \
  NUMBER(interleave, "stages", "a rank, of a training step over pp ranks; empty: one")

/* What tells one row from another, whoever reads, chooses or compares rows. */
#define TP_EVERY_INPUT(TEXT, NUMBER)   \
  TP_INPUT_COLUMNS(TEXT, NUMBER)       \
  TP_LATER_INPUT_COLUMNS(TEXT, NUMBER) \
  TP_NEWER_INPUT_COLUMNS(TEXT, NUMBER) \
  TP_LAST_INPUT_COLUMNS(NUMBER)

/* Indices of all columns in tp_columns. */
enum tp_column_index {
#define X(name, unit, description) TP_COLUMN_##name,
  TP_INPUT_COLUMNS(X, X) TP_OUTPUT_COLUMNS(X, X) TP_LATER_INPUT_COLUMNS(X, X)
      TP_LATER_OUTPUT_COLUMNS(X) TP_NEWER_INPUT_COLUMNS(X, X) TP_LAST_INPUT_COLUMNS(X)
#undef X
          TP_N_COLUMNS
};

/* Names are borrowed, the reason is not: a copy stands by itself. */
struct tp_prediction {
#define TEXT(name, unit, description)   const char *name;
#define REASON(name, unit, description) char name[320];
#define NUMBER(name, unit, description) double name;
  TP_INPUT_COLUMNS(TEXT, NUMBER)
  TP_OUTPUT_COLUMNS(REASON, NUMBER)
  TP_LATER_INPUT_COLUMNS(TEXT, NUMBER)
  TP_LATER_OUTPUT_COLUMNS(NUMBER)
  TP_NEWER_INPUT_COLUMNS(TEXT, NUMBER)
  TP_LAST_INPUT_COLUMNS(NUMBER)
#undef TEXT
#undef REASON
#undef NUMBER
};

struct tp_column {
  const char *name, *unit, *description;
  bool is_text, is_input;
  size_t offset; /* in struct tp_prediction */
};

extern const struct tp_column tp_columns[TP_N_COLUMNS];
extern const size_t tp_n_columns;
extern const size_t tp_n_usual_columns; /* the first so many: without the last inputs */

/* All outputs NAN, status "ok". */
void tp_prediction_clear(struct tp_prediction *prediction);
/* Records why the point cannot run. */
void tp_prediction_refuse(struct tp_prediction *prediction, const char *reason);

const char *tp_prediction_text(const struct tp_prediction *prediction,
                               const struct tp_column *column);
double tp_prediction_number(const struct tp_prediction *prediction, const struct tp_column *column);

/* The names of the first `n_columns` in a line, with its newline; rows: predict/row.h. */
void tp_prediction_write_header(size_t n_columns, FILE *out);
#endif
