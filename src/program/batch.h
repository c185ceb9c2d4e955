#ifndef TP_PROGRAM_BATCH_H
#define TP_PROGRAM_BATCH_H
/* What one step works on: chunks, each so many sequences alike that bring so many new tokens on so
 * much context (tokens that are cached already).
 *
 *     prefill                {B, prompt, 0}             chunked prefill     {1, 2048, 6144}
 *     decode                 {B, 1, kv_len - 1}         speculative         {B, 4, kv_len - 4}
 *     a server's mixed step  {1, 512, 1024}, {30, 1, 900}, {12, 1, 2300}
 *
 * Nothing else says which phase a step belongs to.
 */
#include <stdbool.h>
#include <stdint.h>

enum { TP_MAX_CHUNKS = 16 };

struct tp_chunk {
  int64_t sequences, tokens, context;
};

struct tp_batch {
  int n;
  struct tp_chunk chunks[TP_MAX_CHUNKS];
};

/* Of one chunk: a prompt; one new token a sequence, the last of `kv_len` that it attends. */
struct tp_batch tp_batch_prefill(int64_t sequences, int64_t prompt);
struct tp_batch tp_batch_decode(int64_t sequences, int64_t kv_len);

/* Sums over the chunks: sequences, and new tokens (rows of the GEMMs). */
int64_t tp_batch_sequences(const struct tp_batch *batch);
int64_t tp_batch_tokens(const struct tp_batch *batch);

/* Whether the chunk is a decode step: one new token on some context. */
bool tp_chunk_decodes(const struct tp_chunk *chunk);
/* Whether all of the step is: what stacks capture in graphs. */
bool tp_batch_decodes(const struct tp_batch *batch);

/* A part of a step: chunks, each a part of one of the step's, `of`. */
struct tp_part {
  int n;
  struct tp_chunk chunks[TP_MAX_CHUNKS + 1];
  int of[TP_MAX_CHUNKS + 1];
};
int64_t tp_part_sequences(const struct tp_part *part);
int64_t tp_part_tokens(const struct tp_part *part);
/* All of the step; its first half, rounded up, and the rest, which attends the first where a
 * sequence is cut.  False: one token has no halves. */
struct tp_part tp_batch_whole(const struct tp_batch *batch);
bool tp_batch_halves(const struct tp_batch *batch, struct tp_part halves[2]);
bool tp_batch_same(const struct tp_batch *a, const struct tp_batch *b);
/* But for the contexts of chunks that decode: one program serves both (tp_program_set_context). */
bool tp_batch_alike(const struct tp_batch *a, const struct tp_batch *b);
#endif
