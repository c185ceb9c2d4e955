#ifndef TP_PROGRAM_PROGRAM_H
#define TP_PROGRAM_PROGRAM_H
/* What one tensor-parallel rank does in one pass, in CUDA's vocabulary.
 *
 *     segment "prologue" x1   segment "layer" x80        segment "epilogue" x1
 *       embed                   qkv .. out  up .. down     norm  lm_head  sample
 *                               stream comm:  AR    AR
 *
 * The ops of a segment stand in issue order (the host's order over all streams); a segment is
 * issued `repeat` times in a row.  Events are registers: a wait means the latest record issued
 * before it, so it may reach back to the previous repetition or the previous segment.
 */
#include "base/arena.h"
#include "program/batch.h"
#include "program/mesh.h"
#include "program/op.h"
#include "program/tensor.h"

#include <stddef.h>

enum {
  TP_STREAM_COMPUTE,
  TP_STREAM_COMM,
  TP_MAX_STREAMS = 4,
  TP_MAX_EVENTS = 48,
  TP_MAX_SEGMENTS = 24
};

struct tp_segment {
  const char *name;
  int64_t repeat;
  int layers; /* of the model that one repetition passes: op.layer grows by so many; below 0 in a
                 backward pass */
  int layers_call; /* which call of tp_pass_layers it is of, from 1 on; 0: none */
  size_t n_ops;
  struct tp_op *ops;
};

/* The KV cache of all layers of a kind: bytes that a token of its capacity takes, of which it keeps
 * `window` tokens at most (0: all). */
struct tp_program_cache {
  double token_bytes;
  int64_t window;
};

struct tp_program {
  const char *title;    /* "llama-3.1-70b ladder tp=8 decode batch=1 kv_len=1025" */
  const char *equation; /* what the ops compute, as the paper writes it; lines end with \n */
  struct tp_mesh mesh;
  struct tp_batch batch; /* rows are chunks, sequences of one, tokens of one next to each other */
  int n_streams, n_events;
  int aside; /* the stream of sums over replicas, which no kernel waits for; 0: there is none */
  const char *stream_names[TP_MAX_STREAMS];
  const char *event_names[TP_MAX_EVENTS];
  size_t n_segments;
  struct tp_segment segments[TP_MAX_SEGMENTS];
  int n_alike;        /* the ops' `alike` is 0 .. n_alike */
  const char *unsaid; /* why ops do not say their operands, and the mend; NULL: they do */
  int n_tensors;
  const struct tp_tensor *tensors;
  /* What a pass reads and leaves: tokens, lengths of the sequences after it, logits, next tokens.
   */
  int tokens, lengths, logits, next;
  /* Memory one rank needs: in training, gradients and the optimiser's state beside the weights, ...
   */
  double weight_bytes, state_bytes, activation_bytes;
  double kept_bytes;   /* ... what a forward pass leaves for its backward, ... */
  double handed_bytes; /* (what one of its layers hands to the next, or back), ... */
  int n_caches;
  struct tp_program_cache caches[TP_MAX_LAYER_KINDS]; /* ... and by kinds of layers the KV cache */
  int64_t kv_capacity;                                /* that the program was built for */
};

/* The KV cache of one rank where every sequence has room for `capacity` tokens. */
double tp_program_kv_bytes(const struct tp_program *program, int64_t capacity);

/* The first chunk: the only one of programs of a single op. */
static inline const struct tp_chunk *tp_program_chunk(const struct tp_program *program)
{
  return &program->batch.chunks[0];
}

/* The step's chunks, or parts of them, whose rows the op works on: those of its half. */
struct tp_part tp_op_part(const struct tp_program *program, const struct tp_op *op);

/* The same step with other contexts of the chunks that decode: later in a generation.  `batch` is
 * alike (tp_batch_alike). */
void tp_program_set_contexts(struct tp_program *program, const struct tp_batch *batch);

/* Whether contexts are anything to the op, and what of them is. */
bool tp_op_attends(const struct tp_op *op);
void tp_op_set_context(struct tp_op *op, const struct tp_batch *batch);

/* One op a line, as `tpsim show-program` prints; golden-tested.  The text is arena-owned. */
char *tp_program_text(const struct tp_program *program, struct tp_arena *arena);
#endif
