#ifndef TP_GPU_SDPA_GRAPH_H
#define TP_GPU_SDPA_GRAPH_H
/* Attention as a graph of cuDNN's operations, which its flash engines know by their pattern:
 *
 *     S = scale Q K^T;  S = masked ? S : lowest;  P = exp(S - max S) / sum;  O = P V
 *
 * All but Q, K, V, O and the lengths is virtual: it never reaches memory.  Dimensions are
 * [batch, heads, tokens, head_dim]; K and V have fewer heads, each for heads / kv_heads of Q's.
 */
#include "base/error.h"
#include "program/op.h"

#include <cudnn.h>

struct tp_sdpa_shape {
  bool padded;    /* keys from a sequence's length on are masked; else causal */
  int64_t window; /* a query sees so many keys at most, its own among them; 0: all before it */
  enum tp_dtype dtype;
  int64_t batch, query_len, kv_len, heads, kv_heads, head_dim;
  int64_t capacity;                         /* rows of a sequence in keys and values */
  int64_t q_row, keys_row, values_row, row; /* elements from a row to the next; `row`: of O */
};

/* Unique ids of the tensors that the caller gives. */
enum tp_sdpa_tensor {
  TP_SDPA_Q = 1,
  TP_SDPA_KEYS,
  TP_SDPA_VALUES,
  TP_SDPA_OUT,
  TP_SDPA_SCALE,         /* by value: fp32 */
  TP_SDPA_LOWEST,        /* by value: fp32 */
  TP_SDPA_CONTEXT,       /* by value: int32, keys before the first query */
  TP_SDPA_WINDOW,        /* by value: int32 */
  TP_SDPA_QUERY_LENGTHS, /* padded only: int32 [batch] */
  TP_SDPA_KEY_LENGTHS,   /* likewise */
  TP_SDPA_INNER          /* virtual ones from here on */
};

enum { TP_SDPA_DESCRIPTORS = 96 };

/* Descriptors, kept until the last plan made of them is gone. */
struct tp_sdpa_graph {
  cudnnBackendDescriptor_t graph;
  int n;
  cudnnBackendDescriptor_t descriptors[TP_SDPA_DESCRIPTORS];
};

/* `handle` is NULL for a device that is not here.  TP_E_ENVIRONMENT where cuDNN does not know the
 * operations. */
enum tp_status tp_sdpa_graph_make(cudnnHandle_t handle, const struct tp_sdpa_shape *shape,
                                  struct tp_sdpa_graph *graph, struct tp_error *error);
void tp_sdpa_graph_free(struct tp_sdpa_graph *graph);
#endif
