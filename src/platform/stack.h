#ifndef TP_PLATFORM_STACK_H
#define TP_PLATFORM_STACK_H
/* The software that runs the model: platforms/stacks/NAME.json. */
#include "base/json.h"

#include <stdint.h>

/* Which kernels attention uses in a phase: enum tp_attention_style of program/op.h, in its order.
 */
#define TP_ATTENTION_STYLE_NAMES              \
  {                                           \
    "flash", "materialised", "expanded", NULL \
  }

enum tp_kv_cache { TP_KV_GROWN, TP_KV_STATIC /* every step reads prompt+generate tokens */ };
#define TP_KV_CACHE_NAMES   \
  {                         \
    "grown", "static", NULL \
  }

/* What the KV cache holds its numbers in where a point does not say: struct tp_stack. */
enum tp_kv_rule {
  TP_KV_RULE_ACTIVATIONS,
  TP_KV_RULE_WEIGHTS, /* fp8 under fp8 weights, as such checkpoints ask for */
  TP_KV_RULE_FP16,
  TP_KV_RULE_BF16,
  TP_KV_RULE_FP8
};
#define TP_KV_RULE_NAMES                                  \
  {                                                       \
    "activations", "weights", "fp16", "bf16", "fp8", NULL \
  }

enum tp_launch { TP_LAUNCH_GRAPH, TP_LAUNCH_EAGER };
#define TP_LAUNCH_NAMES    \
  {                        \
    "graph", "eager", NULL \
  }

/* Where activations become the type of low-bit GEMMs: enum tp_quantise_place of program/variant.h,
 * in its order; and by which scale: enum tp_scale of program/op.h, too. */
#define TP_QUANTISE_PLACE_NAMES     \
  {                                 \
    "gemm", "kernel", "fused", NULL \
  }
#define TP_SCALE_NAMES      \
  {                         \
    "token", "tensor", NULL \
  }

/* When a server works on prompts: in the steps that decode others, or before them, alone. */
enum tp_prefill_order { TP_PREFILL_BESIDE, TP_PREFILL_FIRST };
#define TP_PREFILL_ORDER_NAMES     \
  {                                \
    "beside-decode", "first", NULL \
  }

/* What a server's cache must have room for when it lets a request in: all tokens that it will have,
 * or those it has; when more do not fit the last one is computed anew later. */
enum tp_cache_room { TP_CACHE_RESERVED, TP_CACHE_GROWS };
#define TP_CACHE_ROOM_NAMES   \
  {                           \
    "reserved", "grows", NULL \
  }

enum tp_library {
  TP_LIBRARY_NCCL,
  TP_LIBRARY_PEER_KERNELS /* one-/two-shot, NCCL beyond */,
  TP_LIBRARY_IDEAL,
  TP_LIBRARY_STEPPED /* ideal, but nothing is pipelined inside a step of a ring */
};
#define TP_LIBRARY_NAMES                             \
  {                                                  \
    "nccl", "peer-kernels", "ideal", "stepped", NULL \
  }

/* How tokens of several replicas come to the experts: enum tp_dispatch of program/variant.h, in its
 * order. */
#define TP_DISPATCH_WORDS                                                         \
  "all-gather", "all-to-all", "deepep", "deepep-low-latency", "nvlink-one-sided", \
      "nvlink-two-sided", NULL
#define TP_DISPATCH_NAMES \
  {                       \
    TP_DISPATCH_WORDS     \
  }
/* The same of steps that decode. */
#define TP_DECODE_DISPATCH_NAMES    \
  {                                 \
    "as-prefill", TP_DISPATCH_WORDS \
  }

/* Frameworks switch at other sizes for other numbers of ranks. */
enum tp_ranks { TP_RANKS_TO_4, TP_RANKS_ABOVE_4, TP_RANKS_2 /* 0 there: as to 4 */, TP_N_RANKS };

struct tp_stack {
  const char *name, *version; /* "gpt-fast at ..., torch 2.x, NCCL 2.20" */
  struct {
    int decode, prefill;  /* enum tp_launch */
    double kernel_gap_s;  /* between dependent kernels of a captured graph */
    double row_latency_s; /* captured, of a kernel over rows: device's memory.row_latency_s more */
    double host_launch_s; /* eager: from one kernel that the host issues to the next */
    double host_step_s;   /* of a step of an inference, beside which no kernel runs: scheduling, */
    double host_sequence_s; /* sampling, answering; and more a sequence of the step */
  } launch;
  struct {
    int prefill, decode; /* enum tp_attention_style */
    int kv_cache;        /* enum tp_kv_cache */
    int kv_dtype;        /* enum tp_kv_rule */
    double score_passes; /* materialised: DRAM passes over the score matrix in the dtype */
  } attention;
  struct {
    bool residual_norm;       /* residual add and norm in one kernel */
    bool rope;                /* rotary and cache write in one kernel */
    bool activation;          /* gate, activation and product in the up GEMM's epilogue */
    bool matrix_vector;       /* a one-row GEMM is a generated reduction, not a library call */
    bool overlapped_residual; /* overlapping variants keep the residual fused, too */
    int quantise;             /* enum tp_quantise_place */
    int scale;                /* enum tp_scale: what a kernel that quantises works out */
    bool all_reduce_norm;     /* an all-reduce, the residual add and the norm in one kernel, up to
                                 what its libraries have that for */
    bool shared_experts;      /* in the kernel of the others, as more that every token takes */
  } fusion;
  struct {
    bool sharded;       /* LM head split over ranks (all-gather of logits after) */
    bool all_positions; /* prefill computes logits of the whole prompt */
    bool embedding_sharded;
  } head;
  struct {
    int library; /* enum tp_library */
    /* By enum tp_ranks: one-shot below, else two-shot or one kernel that reduces in the switch
     * below, the faster; NCCL from there on.  norm: fused with the norm below. */
    double one_shot_max_bytes[TP_N_RANKS], two_shot_max_bytes[TP_N_RANKS],
        switch_max_bytes[TP_N_RANKS], norm_max_bytes[TP_N_RANKS];
    double peer_fixed_ratio; /* fixed time of its one- and two-shot kernels over the device's */
    bool nvls;               /* in-switch reduction allowed where the switch can */
    double in_place_s;       /* added to every collective: event wait, rank skew */
    double in_place_ratio; /* in-place over stand-alone time: lost fusion, wait; below 1 where GEMMs
                              beside it ran hotter without it */
    double peer_in_place_ratio, switch_in_place_ratio; /* of those kernels; 0: the same */
  } collectives;
  struct {
    double prefill_tokens[2]; /* a step takes no more: devices to 64 GiB, above; 0: all at once */
    double reserve_ratio;     /* share of the device's memory that stays free, ... */
    double reserve_bytes;     /* ... and for context, communication buffers, allocator */
    double optimiser_bytes;   /* training: what a parameter has beyond itself and its gradient */
  } memory;
  struct {
    int dispatch;        /* enum tp_dispatch, where replicas of the attention share experts; */
    int decode_dispatch; /* of steps that decode: 1 more; 0: the same */
    double skew;         /* how unevenly tokens go to experts: share i^-skew; 0: evenly; below 0,
                            where no file says: at random */
  } experts;
  struct {
    bool sliced_sends; /* each tensor rank sends its part to the next stage, which gathers them */
  } pipeline;
  struct {
    int prefill; /* enum tp_prefill_order */
    int cache;   /* enum tp_cache_room */
  } serving;
  double spread_ratio; /* residual spread of end-to-end fits */
};

/* What one step of a prefill on such a device takes of all sequences' tokens; 0: all. */
int64_t tp_stack_prefill_tokens(const struct tp_stack *stack, double device_bytes);

static inline double tp_stack_max_bytes(const double *max_bytes, int ranks)
{
  return ranks == 2 && max_bytes[TP_RANKS_2] > 0 ? max_bytes[TP_RANKS_2]
         : ranks > 4                             ? max_bytes[TP_RANKS_ABOVE_4]
                                                 : max_bytes[TP_RANKS_TO_4];
}

/* Writes into the document what stands for keys and groups that it leaves out, so that --set finds
 * them.  Its libraries have been heard. */
void tp_stack_say_absent(const struct tp_doc *doc);
/* Of a document whose libraries tp_libraries_apply has not written into it, the libraries' part
 * stays 0. */
enum tp_status tp_stack_read(const struct tp_doc *doc, struct tp_arena *arena,
                             struct tp_stack *stack, struct tp_error *error);
#endif
