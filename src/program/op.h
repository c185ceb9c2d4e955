#ifndef TP_PROGRAM_OP_H
#define TP_PROGRAM_OP_H
/* Ops: what one rank asks its GPU to do, in counts (tokens, bytes, flops), never in seconds. */
#include "program/mesh.h"

#include <stdbool.h>
#include <stdint.h>

#define TP_DTYPES(X)       \
  X(TP_DTYPE_FP16, "fp16") \
  X(TP_DTYPE_BF16, "bf16") \
  X(TP_DTYPE_FP8, "fp8")   \
  X(TP_DTYPE_FP32, "fp32")
enum tp_dtype {
#define X(name, text) name,
  TP_DTYPES(X)
#undef X
};
const char *tp_dtype_text(enum tp_dtype dtype);
double tp_dtype_bytes(enum tp_dtype dtype);
/* What an op of this type writes and what travels between ranks: fp8 GEMMs write bf16. */
enum tp_dtype tp_dtype_wide(enum tp_dtype dtype);

#define TP_OP_KINDS(X)            \
  X(TP_OP_GEMM, "gemm")           \
  X(TP_OP_ATTENTION, "attention") \
  X(TP_OP_MEMORY, "memory")       \
  X(TP_OP_COLLECTIVE, "collective")
enum tp_op_kind {
#define X(name, text) name,
  TP_OP_KINDS(X)
#undef X
};
const char *tp_op_kind_text(enum tp_op_kind kind);

/* Where the result of a GEMM goes. */
enum tp_gemm_output {
  TP_OUTPUT_CACHED,   /* to memory, through the last-level cache */
  TP_OUTPUT_UNCACHED, /* to memory past the cache, which adds it to what is there */
  TP_OUTPUT_REMOTE    /* over the link, likewise to the memory of the next rank of the ring */
};

/* C[m,n] = A[m,k] B[k,n], B being weights. */
struct tp_gemm {
  int64_t m, n, k;
  enum tp_dtype dtype;
  int slices;     /* the op is one of so many equal slices of this one kernel; 0: all of it */
  bool continues; /* not the first slice: nothing is launched */
  enum tp_gemm_output output;
  bool arbitrated; /* memory controllers put its accesses before those of DMA engines */
  bool activates;  /* its epilogue applies the MLP's activation */
};

enum tp_attention_style {
  TP_ATTENTION_FLASH,        /* one fused kernel; K and V read once a KV head */
  TP_ATTENTION_MATERIALISED, /* score matrix written and read in several passes */
  TP_ATTENTION_EXPANDED      /* decode: K and V read once a query head (repeated) */
};

struct tp_attention {
  bool decode;   /* one query token a sequence against kv_len */
  bool backward; /* gradients of q, k and v, in training */
  enum tp_attention_style style;
  int64_t batch, query_len, kv_len, heads, kv_heads, head_dim;
  int64_t window;      /* a query sees so many keys at most, its own among them; 0: all before it */
  double score_passes; /* materialised style only */
  enum tp_dtype dtype;
  /* Fused prefill, timed alone: the kernel that moves K and V to the cache counts with it.  In a
   * program that is an op of its own. */
  bool writes_cache;
};

/* What an elementwise or row-wise kernel computes, with its operands in order; x: residual, h: a
 * module's output.  A norm with two vectors is a layer norm (gain, bias: columns), with one an RMS
 * norm.  Embeddings of tokens whose row of the table another rank has are 0, positions and all.
 *
 *   embed         tokens, lengths, table [, positions]     -> x
 *   norm          x, gain [, bias]                         -> norm(x)
 *   add           x, h                                     -> x + h
 *   add_share     x, h                                     -> x / ranks + h
 *   add_norm      x, h, gain [, bias]                      -> x + h, norm(x + h)
 *   add_sum_norm  x, h, sum, gain [, bias]                 -> x + h, norm(h + sum)
 *   qk_norm       qkv, gain of q, gain of k                -> qkv, a head's q and k normalised
 *   rope          qkv, lengths                             -> qkv, q and k rotated
 *   cache         qkv, lengths                             -> keys, values: rows of the new tokens
 *   rope_cache    qkv, lengths                             -> qkv, keys, values
 *   activation    up [next to it: gate]                    -> silu(gate) * up, or gelu(up)
 *   copy          x                                        -> x
 *   sample        logits                                   -> the likeliest token a sequence */
#define TP_FUNCTIONS(X)                                                               \
  X(TP_FUNCTION_UNNAMED,                                                              \
    "unnamed") /* counted only: what a program does not say, no device can compute */ \
  X(TP_FUNCTION_EMBED, "embed")                                                       \
  X(TP_FUNCTION_NORM, "norm")                                                         \
  X(TP_FUNCTION_ADD, "add")                                                           \
  X(TP_FUNCTION_ADD_SHARE, "add_share")                                               \
  X(TP_FUNCTION_ADD_NORM, "add_norm")                                                 \
  X(TP_FUNCTION_ADD_SUM_NORM, "add_sum_norm")                                         \
  X(TP_FUNCTION_QK_NORM, "qk_norm")                                                   \
  X(TP_FUNCTION_ROPE, "rope")                                                         \
  X(TP_FUNCTION_CACHE, "cache")                                                       \
  X(TP_FUNCTION_ROPE_CACHE, "rope_cache")                                             \
  X(TP_FUNCTION_ACTIVATION, "activation")                                             \
  X(TP_FUNCTION_COPY, "copy")                                                         \
  X(TP_FUNCTION_SAMPLE, "sample")
enum tp_function {
#define X(name, text) name,
  TP_FUNCTIONS(X)
#undef X
};
const char *tp_function_text(enum tp_function function);

struct tp_memory {
  double read_bytes, write_bytes;
  enum tp_function function;
  int heads, kv_heads, head_dim; /* of qkv rows; 0 where there are none */
};

#define TP_COLLECTIVES(X)                \
  X(TP_ALL_REDUCE, "all_reduce")         \
  X(TP_ALL_GATHER, "all_gather")         \
  X(TP_REDUCE_SCATTER, "reduce_scatter") \
  X(TP_ALL_TO_ALL, "all_to_all")         \
  X(TP_SEND, "send")
enum tp_collective_kind {
#define X(name, text) name,
  TP_COLLECTIVES(X)
#undef X
};
const char *tp_collective_text(enum tp_collective_kind kind);

#define TP_ALGORITHMS(X)                       \
  X(TP_ALGORITHM_AUTO, "auto")                 \
  X(TP_ALGORITHM_FASTEST, "fastest")           \
  X(TP_ALGORITHM_RING, "ring")                 \
  X(TP_ALGORITHM_TREE, "tree")                 \
  X(TP_ALGORITHM_NVLS, "nvls")                 \
  X(TP_ALGORITHM_ONE_SHOT, "one-shot")         \
  X(TP_ALGORITHM_TWO_SHOT, "two-shot")         \
  X(TP_ALGORITHM_DIRECT, "direct")             \
  X(TP_ALGORITHM_HIERARCHICAL, "hierarchical") \
  X(TP_ALGORITHM_DMA, "dma")                   \
  X(TP_ALGORITHM_FLASH, "flash")               \
  X(TP_ALGORITHM_FLASH_HIERARCHICAL, "flash-hierarchical")
enum tp_algorithm {
#define X(name, text) name,
  TP_ALGORITHMS(X)
#undef X
};
const char *tp_algorithm_text(enum tp_algorithm algorithm);

/* What a send of TP_ALGORITHM_DMA does. */
#define TP_DMA_ROLES(X)                                                                     \
  X(TP_DMA_FORWARD, "forward") /* reads the bytes and sends them on */                      \
  X(TP_DMA_STORES, "stores")   /* the stores of a running kernel travel: nothing is read */ \
  X(TP_DMA_SETTLE, "settle")   /* nothing travels: sums what has arrived, if memory does not */
enum tp_dma_role {
#define X(name, text) name,
  TP_DMA_ROLES(X)
#undef X
};
const char *tp_dma_role_text(enum tp_dma_role role);
/* Low-bit data on the wire (Flash Communication, arXiv 2412.04964; V2: 2508.03760): an element is
 * `reduce_bits` on its way to the rank that sums it and `gather_bits` on the sum's way to all. Each
 * group of elements brings its scale and zero in fp16; with `spikes` its least and largest element,
 * too, with their places.  Odd widths travel as bit planes (5 as 4 and 1): the same bytes. */
struct tp_wire {
  int reduce_bits, gather_bits; /* 2 to 8; 0: full precision */
  int group;                    /* elements, a multiple of 8 */
  bool spikes;
};
/* Bytes of `elements` elements at `bits` bits with what their groups bring. */
double tp_wire_bytes(const struct tp_wire *wire, int bits, double elements);

enum { TP_NO_SMS = -1 /* holds none, whoever moves its bytes: an ideal */ };

struct tp_collective {
  enum tp_collective_kind kind;
  struct tp_group group; /* who takes part; size 0: all ranks of the stage */
  double bytes;          /* buffer of one rank, as nccl-tests counts */
  enum tp_dtype dtype;
  enum tp_algorithm algorithm; /* AUTO: the stack decides; FASTEST: of what its library has */
  enum tp_dma_role role;       /* DMA only */
  bool continues;              /* DMA only: on the wire right after the one before it */
  bool arbitrated;             /* DMA only: memory controllers put kernels first */
  int sms;                     /* no more SMs than these; 0: as many as it likes; or TP_NO_SMS */
  struct tp_wire wire;         /* all-reduces only */
};

enum { TP_MAX_WAITS = 4, TP_NO_EVENT = -1, TP_MAX_INPUTS = 5, TP_MAX_OUTPUTS = 3 };

/* A kernel or collective on a stream.  Before it starts, the stream waits for the latest record of
 * every event in `waits` (one never recorded is no wait, as in CUDA); when it ends it records
 * `records`.
 *
 * Operands are tensors of the program (tensor.h):
 *   gemm        x [m, k], weight [n, k] [, bias [n, 1]]  -> y [m, n]; if it activates, n columns
 *               become the activation's: [m, n] by gelu, [m, n / 2] by silu(gate) * up; two outputs
 *               take the columns in turn, and the activation is that of the second
 *   attention   qkv, keys, values, lengths               -> heads side by side
 *   memory      as its function says
 *   collective  all-reduce: buffer -> the same; all-gather: shard -> shards in the order of ranks
 * A program without any (training, single sub-layers) can be timed by a model and not computed. */
struct tp_op {
  const char *name; /* "attn.qkv" */
  enum tp_op_kind kind;
  int stream;
  int n_waits;
  int waits[TP_MAX_WAITS];
  int records; /* event, or TP_NO_EVENT */
  int layer;   /* whose weights and cache it uses, in the first repetition of its segment */
  int64_t first_row, rows; /* of its operands, where it is one part of a whole; rows 0: all of it */
  int n_in, n_out;
  int in[TP_MAX_INPUTS], out[TP_MAX_OUTPUTS];
  union {
    struct tp_gemm gemm;
    struct tp_attention attention;
    struct tp_memory memory;
    struct tp_collective collective;
  };
};

/* Keys of a sequence that its queries read: in decode the window's; in prefill all that one of them
 * sees, a materialised kernel reading those it masks, too. */
int64_t tp_attention_keys(const struct tp_attention *attention);

/* Products of a query-key pair: forward QK' and PV.  Backward dV, dP, dQ and dK; a flash kernel,
 * which stored no scores, computes QK' once more (FlashAttention-2, arXiv 2307.08691, section 3.1).
 */
int tp_attention_products(const struct tp_attention *attention);

/* Of one op on one rank.  Attention is causal: a flash kernel skips the masked pairs and those
 * outside the window, a materialised one computes them all.  Elementwise flops are not counted. */
double tp_op_flops(const struct tp_op *op);
#endif
