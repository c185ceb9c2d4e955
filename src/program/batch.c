#include "program/batch.h"

struct tp_batch tp_batch_prefill(int64_t sequences, int64_t prompt)
{
  return (struct tp_batch){.n = 1, .chunks = {{sequences, prompt, 0}}};
}

struct tp_batch tp_batch_decode(int64_t sequences, int64_t kv_len)
{
  return (struct tp_batch){.n = 1, .chunks = {{sequences, 1, kv_len - 1}}};
}

int64_t tp_batch_sequences(const struct tp_batch *batch)
{
  int64_t sum = 0;
  for (int i = 0; i < batch->n; i++)
    sum += batch->chunks[i].sequences;
  return sum;
}

int64_t tp_batch_tokens(const struct tp_batch *batch)
{
  int64_t sum = 0;
  for (int i = 0; i < batch->n; i++)
    sum += batch->chunks[i].sequences * batch->chunks[i].tokens;
  return sum;
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
