#include "program/batch.h"

/* Chunks behind the first stay as they are. */
static struct tp_batch batch_of_one(struct tp_chunk chunk)
{
  struct tp_batch batch;
  batch.n = 1;
  batch.chunks[0] = chunk;
  return batch;
}

struct tp_batch tp_batch_prefill(int64_t sequences, int64_t prompt)
{
  return batch_of_one((struct tp_chunk){sequences, prompt, 0});
}

struct tp_batch tp_batch_decode(int64_t sequences, int64_t kv_len)
{
  return batch_of_one((struct tp_chunk){sequences, 1, kv_len - 1});
}

static int64_t sum_sequences(const struct tp_chunk *chunks, int n)
{
  int64_t sum = 0;
  for (int i = 0; i < n; i++)
    sum += chunks[i].sequences;
  return sum;
}

static int64_t sum_tokens(const struct tp_chunk *chunks, int n)
{
  int64_t sum = 0;
  for (int i = 0; i < n; i++)
    sum += chunks[i].sequences * chunks[i].tokens;
  return sum;
}

int64_t tp_batch_sequences(const struct tp_batch *batch)
{
  return sum_sequences(batch->chunks, batch->n);
}

int64_t tp_batch_tokens(const struct tp_batch *batch)
{
  return sum_tokens(batch->chunks, batch->n);
}

bool tp_chunk_decodes(const struct tp_chunk *chunk)
{
  return chunk->tokens == 1 && chunk->context > 0;
}

bool tp_batch_decodes(const struct tp_batch *batch)
{
  for (int i = 0; i < batch->n; i++)
    if (!tp_chunk_decodes(&batch->chunks[i]))
      return false;
  return true;
}

/* `alike`: contexts of chunks that decode do not count. */
static bool compare(const struct tp_batch *a, const struct tp_batch *b, bool alike)
{
  if (a->n != b->n)
    return false;
  for (int i = 0; i < a->n; i++) {
    const struct tp_chunk *x = &a->chunks[i], *y = &b->chunks[i];
    if (x->sequences != y->sequences || x->tokens != y->tokens ||
        tp_chunk_decodes(x) != tp_chunk_decodes(y))
      return false;
    if (x->context != y->context && !(alike && tp_chunk_decodes(x)))
      return false;
  }
  return true;
}

bool tp_batch_same(const struct tp_batch *a, const struct tp_batch *b)
{
  return compare(a, b, false);
}

bool tp_batch_alike(const struct tp_batch *a, const struct tp_batch *b)
{
  return compare(a, b, true);
}

int64_t tp_part_sequences(const struct tp_part *part)
{
  return sum_sequences(part->chunks, part->n);
}

int64_t tp_part_tokens(const struct tp_part *part)
{
  return sum_tokens(part->chunks, part->n);
}

static void append(struct tp_part *part, struct tp_chunk chunk, int of)
{
  if (chunk.sequences == 0 || chunk.tokens == 0)
    return;
  part->chunks[part->n] = chunk;
  part->of[part->n++] = of;
}

struct tp_part tp_batch_whole(const struct tp_batch *batch)
{
  struct tp_part whole = {.n = 0};
  for (int i = 0; i < batch->n; i++)
    append(&whole, batch->chunks[i], i);
  return whole;
}

bool tp_batch_halves(const struct tp_batch *batch, struct tp_part halves[2])
{
  const int64_t tokens = tp_batch_tokens(batch);
  int64_t left = tokens - tokens / 2; /* of the first half */
  struct tp_part *const first = &halves[0], *const second = &halves[1];
  first->n = second->n = 0;
  for (int i = 0; i < batch->n; i++) {
    const struct tp_chunk all = batch->chunks[i];
    const int64_t fitting = left / all.tokens;
    const int64_t whole = fitting < all.sequences ? fitting : all.sequences;
    const int64_t cut = whole < all.sequences ? left % all.tokens : 0;
    append(first, (struct tp_chunk){whole, all.tokens, all.context}, i);
    append(first, (struct tp_chunk){1, cut, all.context}, i);
    append(second, (struct tp_chunk){cut > 0, all.tokens - cut, all.context + cut}, i);
    append(second, (struct tp_chunk){all.sequences - whole - (cut > 0), all.tokens, all.context},
           i);
    left -= whole * all.tokens + cut;
  }
  return tokens > 1;
}
