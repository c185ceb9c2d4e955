#ifndef TP_GPU_KERNELS_LAUNCHERS_H
#define TP_GPU_KERNELS_LAUNCHERS_H
/* Our own kernels: one for each function of memory ops (program/op.h), and what GEMMs and attention
 * need beside their libraries.  Every launcher puts one kernel into `stream`, which may be
 * captured, and returns what CUDA says of the launch.
 *
 * Values are read as fp16, bf16 or fp32, computed in fp32 and rounded to nearest.  A row's address
 * and distance are in elements; where both are multiples of 16 bytes a thread moves 16 at once.
 */
#include "program/op.h"

#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A matrix: element (i, j) is data[i * row_elements + j]. */
struct tp_row_view {
  void *data;
  int64_t row_elements;
};

struct tp_extent {
  enum tp_dtype dtype;
  int64_t rows, columns;
};

/* y = share * x + h */
cudaError_t tp_launch_add(struct tp_extent extent, struct tp_row_view x, float share,
                          struct tp_row_view h, struct tp_row_view y, cudaStream_t stream);
cudaError_t tp_launch_copy(struct tp_extent extent, struct tp_row_view x, struct tp_row_view y,
                           cudaStream_t stream);
/* y [rows, columns]; gated: x [rows, 2 * columns], up then gate, y = silu(gate) * up; else
 * y = gelu(x). */
cudaError_t tp_launch_activate(struct tp_extent extent, bool gated, struct tp_row_view x,
                               struct tp_row_view y, cudaStream_t stream);

/* normed = norm(x); layer norm with a bias, RMS norm with bias NULL; gain and bias are contiguous.
 * With h, also x_plus_h = x + h, and normed = norm of that sum as it is rounded; with `sum` as
 * well, normed = norm(h + sum). */
struct tp_norm_rows {
  struct tp_extent extent;
  struct tp_row_view x, h, sum; /* data NULL: absent */
  struct tp_row_view x_plus_h;
  struct tp_row_view normed;
  const void *gain, *bias;
};
cudaError_t tp_launch_norm(const struct tp_norm_rows *norm, cudaStream_t stream);

/* Rows of q | k | v, `heads` and twice `kv_heads` heads of head_dim elements. */
struct tp_head_rows {
  enum tp_dtype dtype;
  struct tp_row_view qkv;
  int64_t rows, batch; /* row b * (rows / batch) + token */
  int64_t later;       /* tokens of each sequence that its length counts and that follow these */
  int heads, kv_heads, head_dim;
};
/* Normalises every head of q and k by its RMS, in place. */
cudaError_t tp_launch_qk_norm(const struct tp_head_rows *heads, const void *q_gain,
                              const void *k_gain, cudaStream_t stream);
/* q and k rotated in place (rotate), k and v put into the caches (keys.data not NULL) at row
 * b * capacity + position; lengths: of the sequences with these tokens. */
cudaError_t tp_launch_rope_cache(const struct tp_head_rows *heads, bool rotate,
                                 const int32_t *lengths, struct tp_row_view keys,
                                 struct tp_row_view values, int64_t capacity, cudaStream_t stream);

/* x = table[token - first_row] (+ positions[position]), or 0 where the table lacks the row. */
struct tp_embedding {
  struct tp_extent extent; /* of x */
  const int32_t *tokens, *lengths;
  int64_t query_len, first_token;      /* of each sequence; whose row is x's first */
  struct tp_row_view table, positions; /* positions.data NULL: none */
  int64_t table_rows, first_row, position_rows;
  struct tp_row_view x;
};
cudaError_t tp_launch_embed(const struct tp_embedding *embedding, cudaStream_t stream);

/* next[b] = the likeliest word in row b * rows_each + rows_each - 1, the first of equals, -1 where
 * all is NaN.  Logits of `blocks` ranks stand below each other, `rows` each: row r * rows + i holds
 * words r * columns and on, those below `words`. */
struct tp_vocabulary {
  enum tp_dtype dtype;
  int blocks;
  int64_t rows, rows_each, columns, words;
  struct tp_row_view logits;
};
cudaError_t tp_launch_sample(const struct tp_vocabulary *vocabulary, int64_t batch, int32_t *next,
                             cudaStream_t stream);

/* Weights: element (i, j) = mean + spread * tp_uniform(key, first_row + i, first_column + j);
 * contiguous; also fp8. */
struct tp_random {
  struct tp_extent extent;
  uint64_t key;
  int64_t first_row, first_column;
  float mean, spread;
};
cudaError_t tp_launch_fill(const struct tp_random *random, void *memory, cudaStream_t stream);

/* fp8 (E4M3), contiguous: y = x / *scale, *scale = largest magnitude / 448, or 1 if that is 0.  Two
 * kernels; `scale` has room for 1 + TP_AMAX_PARTS floats in device memory. */
enum { TP_AMAX_PARTS = 512 };
cudaError_t tp_launch_quantise(struct tp_extent extent, struct tp_row_view x, void *y, float *scale,
                               cudaStream_t stream);

/* Probabilities in place of scores: row (b * heads + h) * query_len + t of token t's query, which
 * `later` tokens follow beside those of its op, columns past its position and those a window or
 * more before it become 0.  extent: rows batch * heads * query_len, columns the keys. */
struct tp_scores {
  struct tp_extent extent;
  struct tp_row_view scores;
  const int32_t *lengths;
  int64_t query_len, later, heads;
  int64_t window; /* keys that a query sees at most; 0: all up to its own */
};
cudaError_t tp_launch_softmax(const struct tp_scores *scores, cudaStream_t stream);

/* Every KV head of `kv_len` rows a sequence, repeated for the query heads that share it:
 * [batch * kv_len, heads * head_dim] of [batch * capacity, kv_heads * head_dim]; zeros past the
 * sequence's length, where the cache may hold anything. */
struct tp_repeat {
  enum tp_dtype dtype;
  int64_t batch, kv_len, capacity;
  const int32_t *lengths;
  int heads, kv_heads, head_dim;
  struct tp_row_view from, to;
};
cudaError_t tp_launch_repeat(const struct tp_repeat *repeat, cudaStream_t stream);

/* Addresses of the matrices of a batched GEMM, [batch, heads]: base + b * batch_bytes
 * + h / heads_each * head_bytes. */
struct tp_pointers {
  void *base;
  int64_t batch_bytes, head_bytes;
  int heads_each;
};
enum { TP_POINTER_LISTS = 5 };
cudaError_t tp_launch_pointers(const struct tp_pointers lists[TP_POINTER_LISTS], int64_t batch,
                               int heads, void **const addresses[TP_POINTER_LISTS],
                               cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
