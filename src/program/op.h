#ifndef TP_PROGRAM_OP_H
#define TP_PROGRAM_OP_H
/* Ops: what one rank asks its GPU to do, in counts (tokens, bytes, flops), never in seconds. */
#include "program/mesh.h"

#include <stdbool.h>
#include <stdint.h>

/* Of numbers, and behind fp32 how GEMMs read their operands: fp8 scaled by blocks of 128; nvfp4,
 * groups of 16 with a scale in fp8; int4, groups of 128, under activations in bf16; mxfp4, groups
 * of 32 with a power of 2, under activations in bf16 or mxfp8. */
#define TP_DTYPES(X)                     \
  X(TP_DTYPE_FP16, "fp16")               \
  X(TP_DTYPE_BF16, "bf16")               \
  X(TP_DTYPE_FP8, "fp8")                 \
  X(TP_DTYPE_FP32, "fp32")               \
  X(TP_DTYPE_FP8_BLOCK, "fp8-block")     \
  X(TP_DTYPE_NVFP4, "nvfp4")             \
  X(TP_DTYPE_W4A16, "w4a16")             \
  X(TP_DTYPE_W4A16_MXFP4, "w4a16-mxfp4") \
  X(TP_DTYPE_W4A8_MXFP4, "w4a8-mxfp4")
enum tp_dtype {
#define X(name, text) name,
  TP_DTYPES(X)
#undef X
};
const char *tp_dtype_text(enum tp_dtype dtype);
/* Bytes of an element of a weight, its share of the scales included. */
double tp_dtype_bytes(enum tp_dtype dtype);
/* The same of the activations that a GEMM multiplies such a weight by. */
double tp_dtype_activation_bytes(enum tp_dtype dtype);
/* What an op of this type writes and what travels between ranks: low-bit GEMMs write bf16. */
enum tp_dtype tp_dtype_wide(enum tp_dtype dtype);
/* Whether the activations of its GEMMs are not as wide. */
bool tp_dtype_quantises(enum tp_dtype dtype);

#define TP_OP_KINDS(X)            \
  X(TP_OP_GEMM, "gemm")           \
  X(TP_OP_ATTENTION, "attention") \
  X(TP_OP_LATENT, "latent")       \
  X(TP_OP_EXPERTS, "experts")     \
  X(TP_OP_MEMORY, "memory")       \
  X(TP_OP_QUANTISE, "quantise")   \
  X(TP_OP_COLLECTIVE, "collective")
enum tp_op_kind {
#define X(name, text) name,
  TP_OP_KINDS(X)
#undef X
};
const char *tp_op_kind_text(enum tp_op_kind kind);

/* Payloads are tables of fields, one a kind, from which come the structs below, what a cost depends
 * on (op_key.h), and what is written and read of an op (op_fields.h):
 *
 *     X(type, name, cost, column, show, text)
 *
 *     type    COUNT (int64_t), NUMBER (double), INT, FLAG, GROUP, WIRE, a list of words;
 *             SKEW (double), written "balanced" where it is 0, "random" below and else
 *             "power_law_A";
 *             LIMIT (int64_t) and AMOUNT (double): a row may leave them out, 0 being none
 *     cost    COSTS or FREE: whether the time of the op may depend on it
 *     column  of tables of single ops; NULL: no such table has it
 *     show    in the text of a program: ALWAYS, NEVER,
 *             SET (where it is neither 0 nor its list's first)
 *     text    what stands before its value there; of a flag, all that stands there
 */

/* Where the result of a GEMM goes. */
#define TP_GEMM_OUTPUTS(X)                                                                         \
  X(TP_OUTPUT_CACHED, "cached")     /* to memory, through the last-level cache */                  \
  X(TP_OUTPUT_UNCACHED, "uncached") /* to memory past the cache, which adds it to what is there */ \
  X(TP_OUTPUT_REMOTE, "remote")     /* over the link, likewise to the next rank of the ring */
enum tp_gemm_output {
#define X(name, text) name,
  TP_GEMM_OUTPUTS(X)
#undef X
};

/* Where the activations of a low-bit GEMM become low-bit: tables of frameworks time it with the
 * GEMM that works out a scale a token. */
#define TP_QUANTISINGS(X)      \
  X(TP_QUANTISED_WITH, "with") \
  X(TP_QUANTISED_APART, "apart") /* before it: a plain scaled product */
enum tp_quantising {
#define X(name, text) name,
  TP_QUANTISINGS(X)
#undef X
};

/* C[m,n] = A[m,k] B[k,n], B being weights.
 *   slices      the op is one of so many equal slices of this one kernel; 0: all of it
 *   continues   not the first slice: nothing is launched
 *   arbitrated  memory controllers put its accesses before those of DMA engines
 *   activates   its epilogue applies the MLP's activation */
#define TP_GEMM_FIELDS(X)                         \
  X(COUNT, m, COSTS, "m", ALWAYS, "m=")           \
  X(COUNT, n, COSTS, "n", ALWAYS, " n=")          \
  X(COUNT, k, COSTS, "k", ALWAYS, " k=")          \
  X(DTYPE, dtype, COSTS, "dtype", ALWAYS, " ")    \
  X(INT, slices, COSTS, NULL, SET, " 1/")         \
  X(FLAG, continues, COSTS, NULL, NEVER, "")      \
  X(OUTPUT, output, COSTS, NULL, SET, " ")        \
  X(FLAG, arbitrated, COSTS, NULL, SET, " first") \
  X(FLAG, activates, COSTS, NULL, NEVER, "")      \
  X(QUANTISING, quantising, COSTS, "quantise", SET, " quantised ")

/* Activations of m rows of k become the A of a GEMM in `dtype`.  By a scale of each token, which
 * this kernel works out, or by one of the tensor, which was found before. */
#define TP_SCALES(X)         \
  X(TP_SCALE_TOKEN, "token") \
  X(TP_SCALE_TENSOR, "tensor")
enum tp_scale {
#define X(name, text) name,
  TP_SCALES(X)
#undef X
};
#define TP_QUANTISE_FIELDS(X)                  \
  X(COUNT, m, COSTS, "m", ALWAYS, "m=")        \
  X(COUNT, k, COSTS, "k", ALWAYS, " k=")       \
  X(DTYPE, dtype, COSTS, "dtype", ALWAYS, " ") \
  X(SCALE, scale, COSTS, "scale", ALWAYS, " scale a ")

#define TP_ATTENTION_STYLES(X)                                                               \
  X(TP_ATTENTION_FLASH, "flash") /* one fused kernel; K and V read once a KV head */         \
  X(TP_ATTENTION_MATERIALISED,                                                               \
    "materialised")                    /* score matrix written and read in several passes */ \
  X(TP_ATTENTION_EXPANDED, "expanded") /* decode: K and V read once a query head (repeated) */
enum tp_attention_style {
#define X(name, text) name,
  TP_ATTENTION_STYLES(X)
#undef X
};

/* Whether a table's time of a prefill counts the kernel that moves K and V to the cache.  In a
 * program that is an op of its own. */
#define TP_CACHE_WRITES(X)           \
  X(TP_CACHE_WRITTEN_APART, "apart") \
  X(TP_CACHE_WRITTEN_WITH, "with")
enum tp_cache_write {
#define X(name, text) name,
  TP_CACHE_WRITES(X)
#undef X
};

/* Elements of a cache of keys and values. */
#define TP_KV_DTYPES(X)                                       \
  X(TP_KV_AUTO, "auto") /* as those of the op */              \
  X(TP_KV_FP8, "fp8")   /* read and written with one scale */ \
  X(TP_KV_FP16, "fp16")                                       \
  X(TP_KV_BF16, "bf16")                                       \
  X(TP_KV_FP32, "fp32")
enum tp_kv_dtype {
#define X(name, text) name,
  TP_KV_DTYPES(X)
#undef X
};
const char *tp_kv_dtype_text(enum tp_kv_dtype dtype);
double tp_kv_dtype_bytes(enum tp_kv_dtype dtype, enum tp_dtype of_op);
/* `dtype`, or auto where that says the same of an op of this type. */
enum tp_kv_dtype tp_kv_dtype_of(enum tp_kv_dtype dtype, enum tp_dtype of_op);

/* `batch` sequences alike, each with `query_len` new tokens, the last of the `kv_len` attended.
 *   backward      gradients of q, k and v, in training
 *   window        a query sees so many keys at most, its own among them
 *   score_passes  of the materialised style only */
#define TP_ATTENTION_FIELDS(X)                                 \
  X(STYLE, style, COSTS, NULL, ALWAYS, "")                     \
  X(FLAG, backward, COSTS, NULL, SET, " backward")             \
  X(COUNT, batch, COSTS, "batch", ALWAYS, " batch=")           \
  X(COUNT, query_len, COSTS, "seq_len", ALWAYS, " q=")         \
  X(COUNT, kv_len, COSTS, "kv_len", ALWAYS, " kv=")            \
  X(COUNT, heads, COSTS, "heads", ALWAYS, " heads=")           \
  X(COUNT, kv_heads, COSTS, "kv_heads", ALWAYS, "/")           \
  X(COUNT, head_dim, COSTS, "head_dim", ALWAYS, " dim=")       \
  X(DTYPE, dtype, COSTS, "dtype", ALWAYS, " ")                 \
  X(LIMIT, window, COSTS, "window", SET, " window=")           \
  X(NUMBER, score_passes, COSTS, NULL, NEVER, "")              \
  X(CACHE_WRITE, cache_write, COSTS, "cache_write", NEVER, "") \
  X(KV_DTYPE, kv_dtype, COSTS, "kv_dtype", SET, " cache=")

/* Attention over a latent (DeepSeek-V2, arXiv 2405.04434): of each token the cache keeps one row
 * for all heads, `kv_rank` wide and `rope_dim` of position behind it.  Prefill has it expanded to
 * keys (nope_dim + rope_dim) and values (v_dim) of every head, and this op is what follows;
 * `absorbed`, as decode has it, queries come as wide as the row and all heads read it.  The
 * projections are GEMMs of their own. */
#define TP_LATENT_FIELDS(X)                               \
  X(FLAG, absorbed, COSTS, NULL, SET, "absorbed ")        \
  X(COUNT, batch, COSTS, "batch", ALWAYS, "batch=")       \
  X(COUNT, query_len, COSTS, "seq_len", ALWAYS, " q=")    \
  X(COUNT, kv_len, COSTS, "kv_len", ALWAYS, " kv=")       \
  X(COUNT, heads, COSTS, "heads", ALWAYS, " heads=")      \
  X(LIMIT, kv_rank, COSTS, "kv_rank", ALWAYS, " rank=")   \
  X(LIMIT, rope_dim, COSTS, "rope_dim", ALWAYS, " rope=") \
  X(LIMIT, nope_dim, COSTS, "nope_dim", ALWAYS, " nope=") \
  X(LIMIT, v_dim, COSTS, "v_dim", ALWAYS, " v=")          \
  X(DTYPE, dtype, COSTS, "dtype", ALWAYS, " ")            \
  X(KV_DTYPE, kv_dtype, COSTS, "kv_dtype", SET, " cache=")

/* Which of an engine's kernels computes experts.  It takes its first where that one knows their
 * activation, and else another. */
#define TP_EXPERTS_KERNELS(X)      \
  X(TP_EXPERTS_FIRST, "first")     \
  X(TP_EXPERTS_TRITON, "triton")   \
  X(TP_EXPERTS_TRTLLM, "trtllm")   \
  X(TP_EXPERTS_CUTLASS, "cutlass") \
  X(TP_EXPERTS_MARLIN, "marlin")
enum tp_experts_kernel {
#define X(name, text) name,
  TP_EXPERTS_KERNELS(X)
#undef X
};

/* Whether an expert multiplies by a gate, up and down, or by up and down alone. */
#define TP_GATES(X) X(TP_GATE_YES, "yes") X(TP_GATE_NO, "no")
enum tp_gate {
#define X(name, text) name,
  TP_GATES(X)
#undef X
};

/* Of which tokens a rank holds rows: of the whole group, or of those alone that an exchange took to
 * its experts. */
#define TP_HELD_ROWS(X) X(TP_HOLDS_ALL, "all") X(TP_HOLDS_OWN, "own")
enum tp_held_rows {
#define X(name, text) name,
  TP_HELD_ROWS(X)
#undef X
};

/* The experts of one rank, fused: tokens sorted by expert, up and gate, activation, down, their
 * weighted sum.  `tokens` are those of the whole group that shares the experts out, each to
 * `top_k` of all `experts`; the rank has experts / moe_ep of them, intermediate / moe_tp wide.
 *   skew     how tokens spread: 0 evenly; above 0 expert i of the likeliest first gets a share like
 *            i^-skew; TP_RANDOM_EXPERTS: a token takes any as likely as any other.  But for 0 the
 *            op is the busiest rank's.
 *   kernel   another than the engine's first
 */
#define TP_RANDOM_EXPERTS (-1.0)
#define TP_EXPERTS_FIELDS(X)                                       \
  X(COUNT, tokens, COSTS, "tokens", ALWAYS, "tokens=")             \
  X(COUNT, hidden, COSTS, "hidden", ALWAYS, " hidden=")            \
  X(COUNT, intermediate, COSTS, "intermediate", ALWAYS, " inner=") \
  X(COUNT, top_k, COSTS, "top_k", ALWAYS, " top=")                 \
  X(COUNT, experts, COSTS, "experts", ALWAYS, "/")                 \
  X(COUNT, moe_tp, COSTS, "moe_tp", ALWAYS, " tp=")                \
  X(COUNT, moe_ep, COSTS, "moe_ep", ALWAYS, " ep=")                \
  X(SKEW, skew, COSTS, "distribution", ALWAYS, " ")                \
  X(DTYPE, dtype, COSTS, "dtype", ALWAYS, " ")                     \
  X(EXPERTS_KERNEL, kernel, COSTS, "kernel", SET, " by ")          \
  X(GATE, gated, COSTS, "gated", SET, " gated=")                   \
  X(HELD_ROWS, rows_held, COSTS, "rows_held", SET, " rows=")

/* What an elementwise or row-wise kernel computes, with its operands in order; x: residual, h: a
 * module's output.  A norm with two vectors is a layer norm (gain, bias: columns), with one an RMS
 * norm.  Embeddings of tokens whose row of the table another rank has are 0, positions and all.
 *
 *   embed         tokens, lengths, table [, positions]     -> x, or the rank's share of its rows
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
 *   sample        logits                                   -> the likeliest token a sequence
 *   top_k         scores                                   -> the best experts of a token, best
 *                 first; their weights: a softmax over their scores */
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
  X(TP_FUNCTION_SAMPLE, "sample")                                                     \
  X(TP_FUNCTION_TOP_K, "top_k")
enum tp_function {
#define X(name, text) name,
  TP_FUNCTIONS(X)
#undef X
};
const char *tp_function_text(enum tp_function function);

/* rows: of a kernel whose blocks take one each, 0 where nobody says.  heads, kv_heads and head_dim
 * are of qkv rows, 0 where there are none. */
#define TP_MEMORY_FIELDS(X)                                       \
  X(AMOUNT, read_bytes, COSTS, "read_bytes", ALWAYS, "read=")     \
  X(AMOUNT, write_bytes, COSTS, "write_bytes", ALWAYS, " write=") \
  X(FUNCTION, function, COSTS, "function", NEVER, "")             \
  X(LIMIT, rows, COSTS, "rows", NEVER, "")                        \
  X(INT, heads, FREE, NULL, NEVER, "")                            \
  X(INT, kv_heads, FREE, NULL, NEVER, "")                         \
  X(INT, head_dim, FREE, NULL, NEVER, "")                         \
  X(FLAG, carried, COSTS, NULL, SET, " carried")

#define TP_COLLECTIVES(X)                                                                 \
  X(TP_ALL_REDUCE, "all_reduce")                                                          \
  X(TP_ALL_GATHER, "all_gather")                                                          \
  X(TP_REDUCE_SCATTER, "reduce_scatter")                                                  \
  X(TP_ALL_TO_ALL, "all_to_all")                                                          \
  X(TP_SEND, "send")                                                                      \
  X(TP_PREPARE, "prepare")   /* tells how many tokens a dispatch brings to each expert */ \
  X(TP_DISPATCH, "dispatch") /* tokens to the ranks of their experts, by one kernel */    \
  X(TP_COMBINE, "combine")   /* what experts made of them back, and summed */
enum tp_collective_kind {
#define X(name, text) name,
  TP_COLLECTIVES(X)
#undef X
};
enum { TP_N_COLLECTIVES = TP_COMBINE + 1 };
const char *tp_collective_text(enum tp_collective_kind kind);

#define TP_ALGORITHMS(X)                                   \
  X(TP_ALGORITHM_AUTO, "auto")                             \
  X(TP_ALGORITHM_FASTEST, "fastest")                       \
  X(TP_ALGORITHM_RING, "ring")                             \
  X(TP_ALGORITHM_TREE, "tree")                             \
  X(TP_ALGORITHM_NVLS, "nvls")                             \
  X(TP_ALGORITHM_NVLS_TREE, "nvls-tree")                   \
  X(TP_ALGORITHM_ONE_SHOT, "one-shot")                     \
  X(TP_ALGORITHM_TWO_SHOT, "two-shot")                     \
  X(TP_ALGORITHM_DIRECT, "direct")                         \
  X(TP_ALGORITHM_HIERARCHICAL, "hierarchical")             \
  X(TP_ALGORITHM_DMA, "dma")                               \
  X(TP_ALGORITHM_FLASH, "flash")                           \
  X(TP_ALGORITHM_FLASH_HIERARCHICAL, "flash-hierarchical") \
  X(TP_ALGORITHM_DEEPEP, "deepep")                         \
  X(TP_ALGORITHM_DEEPEP_LOW_LATENCY, "deepep-low-latency") \
  X(TP_ALGORITHM_NVLINK_ONE_SIDED, "nvlink-one-sided")     \
  X(TP_ALGORITHM_NVLINK_TWO_SIDED, "nvlink-two-sided")
enum tp_algorithm {
#define X(name, text) name,
  TP_ALGORITHMS(X)
#undef X
};
const char *tp_algorithm_text(enum tp_algorithm algorithm);

/* Which experts tokens choose, so on how many ranks a token's are. */
#define TP_ROUTINGS(X)                            \
  X(TP_ROUTED_RANDOM, "random") /* any of them */ \
  X(TP_ROUTED_EVEN, "even")     /* on as many ranks as there are */
enum tp_routing {
#define X(name, text) name,
  TP_ROUTINGS(X)
#undef X
};
/* Of a token's top_k experts of `count`, drawn evenly, on how many of `ranks` any of them is. */
double tp_ranks_met(double count, double top_k, double ranks);

/* What a send of TP_ALGORITHM_DMA does. */
#define TP_DMA_ROLES(X)                                                                     \
  X(TP_DMA_NONE, "none")       /* of what is no such send */                                \
  X(TP_DMA_FORWARD, "forward") /* reads the bytes and sends them on */                      \
  X(TP_DMA_STORES, "stores")   /* the stores of a running kernel travel: nothing is read */ \
  X(TP_DMA_SETTLE, "settle")   /* nothing travels: sums what has arrived, if memory does not */
enum tp_dma_role {
#define X(name, text) name,
  TP_DMA_ROLES(X)
#undef X
};
const char *tp_dma_role_text(enum tp_dma_role role);

/* How the bits of an element on the wire stand for its number: in integers, the step of a group
 * from its least to its greatest.  An executor refuses a code that it has no arithmetic for. */
#define TP_WIRE_CODES(X) X(TP_WIRE_INTEGER, "integer")
enum tp_wire_code {
#define X(name, text) name,
  TP_WIRE_CODES(X)
#undef X
};

/* Low-bit data on the wire (Flash Communication, arXiv 2412.04964; V2: 2508.03760): an element is
 * `reduce_bits` on its way to the rank that sums it and `gather_bits` on the sum's way to all, 2 to
 * 8, or 0: full precision.  Each group of `group` elements, a multiple of 8, brings its scale and
 * zero in fp16; with `spikes` its least and largest element, too, with their places.  Odd widths
 * travel as bit planes (5 as 4 and 1): the same bytes. */
#define TP_WIRE_FIELDS(X)                       \
  X(INT, reduce_bits, COSTS, NULL, SET, " int") \
  X(INT, gather_bits, COSTS, NULL, SET, "/int") \
  X(INT, group, COSTS, NULL, SET, " group=")    \
  X(FLAG, spikes, COSTS, NULL, SET, " spikes")  \
  X(CODE, code, COSTS, NULL, SET, " ")

enum { TP_NO_SMS = -1 /* holds none, whoever moves its bytes: an ideal */ };

/*   group       who takes part; size 0: all ranks of the stage
 *   bytes       buffer of one rank, as nccl-tests counts
 *   algorithm   AUTO: the stack decides; FASTEST: of what its library has
 *   role        DMA only, as the next two
 *   continues   on the wire right after the one before it
 *   arbitrated  memory controllers put kernels first
 *   sms         no more SMs than these; 0: as many as it likes; or TP_NO_SMS
 *   norm        all-reduces only: adds the residual and normalises rows of so many elements, too;
 *               the kernel after it, which says so, is `carried`; 0: not
 *   wire        all-reduces only
 * and of prepare, dispatch and combine only, which need no `bytes`:
 *   tokens      of one rank, each `hidden` elements, that go to top_k of all ranks' experts */
#define TP_COLLECTIVE_FIELDS(X)                         \
  X(KIND, kind, COSTS, NULL, ALWAYS, "")                \
  X(GROUP, group, COSTS, NULL, NEVER, "")               \
  X(NUMBER, bytes, COSTS, "bytes", SET, " bytes=")      \
  X(DTYPE, dtype, COSTS, "dtype", ALWAYS, " ")          \
  X(ALGORITHM, algorithm, COSTS, "algorithm", SET, " ") \
  X(ROLE, role, COSTS, NULL, SET, " ")                  \
  X(FLAG, continues, COSTS, NULL, NEVER, "")            \
  X(FLAG, arbitrated, COSTS, NULL, NEVER, "")           \
  X(INT, sms, COSTS, "sms", SET, " sms=")               \
  X(LIMIT, norm, COSTS, "hidden", SET, " norm=")        \
  X(LIMIT, tokens, COSTS, "tokens", SET, " tokens=")    \
  X(LIMIT, hidden, COSTS, "hidden", SET, " hidden=")    \
  X(LIMIT, top_k, COSTS, "top_k", SET, " top=")         \
  X(LIMIT, experts, COSTS, "experts", SET, "/")         \
  X(ROUTING, routing, COSTS, "routing", SET, " ")       \
  X(WIRE, wire, COSTS, NULL, NEVER, "")

#define TP_TYPE_OF_COUNT          int64_t
#define TP_TYPE_OF_LIMIT          int64_t
#define TP_TYPE_OF_NUMBER         double
#define TP_TYPE_OF_AMOUNT         double
#define TP_TYPE_OF_SKEW           double
#define TP_TYPE_OF_INT            int
#define TP_TYPE_OF_FLAG           bool
#define TP_TYPE_OF_GROUP          struct tp_group
#define TP_TYPE_OF_WIRE           struct tp_wire
#define TP_TYPE_OF_DTYPE          enum tp_dtype
#define TP_TYPE_OF_OUTPUT         enum tp_gemm_output
#define TP_TYPE_OF_QUANTISING     enum tp_quantising
#define TP_TYPE_OF_SCALE          enum tp_scale
#define TP_TYPE_OF_STYLE          enum tp_attention_style
#define TP_TYPE_OF_CACHE_WRITE    enum tp_cache_write
#define TP_TYPE_OF_KV_DTYPE       enum tp_kv_dtype
#define TP_TYPE_OF_FUNCTION       enum tp_function
#define TP_TYPE_OF_KIND           enum tp_collective_kind
#define TP_TYPE_OF_ALGORITHM      enum tp_algorithm
#define TP_TYPE_OF_ROLE           enum tp_dma_role
#define TP_TYPE_OF_ROUTING        enum tp_routing
#define TP_TYPE_OF_CODE           enum tp_wire_code
#define TP_TYPE_OF_EXPERTS_KERNEL enum tp_experts_kernel
#define TP_TYPE_OF_GATE           enum tp_gate
#define TP_TYPE_OF_HELD_ROWS      enum tp_held_rows

#define X(type, name, cost, column, show, text) TP_TYPE_OF_##type name;
struct tp_gemm {
  TP_GEMM_FIELDS(X)
};
struct tp_quantise {
  TP_QUANTISE_FIELDS(X)
};
struct tp_attention {
  TP_ATTENTION_FIELDS(X)
};
struct tp_latent {
  TP_LATENT_FIELDS(X)
};
struct tp_experts {
  TP_EXPERTS_FIELDS(X)
};
struct tp_memory {
  TP_MEMORY_FIELDS(X)
};
struct tp_wire {
  TP_WIRE_FIELDS(X)
};
struct tp_collective {
  TP_COLLECTIVE_FIELDS(X)
};
#undef X

/* Bytes of `elements` elements at `bits` bits with what their groups bring. */
double tp_wire_bytes(const struct tp_wire *wire, int bits, double elements);

enum { TP_MAX_WAITS = 4, TP_NO_EVENT = -1, TP_MAX_INPUTS = 5, TP_MAX_OUTPUTS = 3 };

/* A kernel or collective on a stream.  Before it starts, the stream waits for the latest record of
 * every event in `waits` (one never recorded is no wait, as in CUDA); when it ends it records
 * `records`.
 *
 * Operands are tensors of the program (tensor.h):
 *   gemm        x [m, k], weight [n, k] [, bias [n, 1]]  -> y [m, n]; if it activates, n columns
 *               become the activation's: [m, n] by gelu, [m, n / 2] by silu(gate) * up; two outputs
 *               take the columns in turn, and the activation is that of the second
 *               where x has more rows than m it multiplies the last one of every sequence
 *   attention   qkv, keys, values, lengths               -> heads side by side, all of one chunk
 *   experts     x, choice [tokens, top_k], weights of the same, up and gate of one expert after the
 *               other, down likewise                     -> the weighted sum of their outputs
 *   memory      as its function says
 *   collective  all-reduce: buffer -> the same; all-gather: shard -> shards in the order of ranks;
 *               reduce-scatter: buffer -> the rank's shard of the sum
 * A program without any (training, single sub-layers) can be timed by a model and not computed. */
struct tp_op {
  const char *name; /* "attn.qkv" */
  enum tp_op_kind kind;
  int stream;
  int n_waits;
  int waits[TP_MAX_WAITS];
  int records; /* event, or TP_NO_EVENT */
  int layer;   /* whose weights and cache it uses, in the first repetition of its segment */
  int turn;    /* of its segment's, as tp_pass_layers emits it: a layer, or so many at a time */
  int alike;   /* ops of one number are one kernel in several layers (alike.h); 0: no other is */
  int chunk;   /* of the batch; attention only */
  int half;    /* of the step's tokens: 1, 2; 0: all of them, or a rank's share */
  int64_t first_row, rows; /* of its operands, where it is one part of a whole; rows 0: all of it */
  int n_in, n_out;
  int in[TP_MAX_INPUTS], out[TP_MAX_OUTPUTS];
  union {
    struct tp_gemm gemm;
    struct tp_attention attention;
    struct tp_latent latent;
    struct tp_experts experts;
    struct tp_memory memory;
    struct tp_quantise quantise;
    struct tp_collective collective;
  };
};

/* One new token a sequence: the work of a decode step. */
bool tp_attention_decodes(const struct tp_attention *attention);

/* Keys of a sequence that the kernel reads: those that one of the queries sees; a materialised one
 * of several queries reads all and masks. */
int64_t tp_attention_keys(const struct tp_attention *attention);

/* Products of a query-key pair: forward QK' and PV.  Backward dV, dP, dQ and dK; a flash kernel,
 * which stored no scores, computes QK' once more (FlashAttention-2, arXiv 2307.08691, section 3.1).
 */
int tp_attention_products(const struct tp_attention *attention);

/* Query-key pairs of a head, of several: the last of `queries` sees all `keys`, each before it one
 * fewer. */
double tp_causal_pairs(double queries, double keys);

/* Of one op on one rank.  Attention is causal: a flash kernel skips the masked pairs and those
 * outside the window, a materialised one computes them all.  Elementwise flops are not counted. */
double tp_op_flops(const struct tp_op *op);
#endif
