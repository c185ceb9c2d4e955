#ifndef TP_PROGRAM_VARIANT_H
#define TP_PROGRAM_VARIANT_H
/* How communication is arranged: ARCH[+OVERLAP][+WIRE], and the builders behind the names.
 *
 * A builder file exports one const struct tp_architecture; architectures.c lists them.  Overlap and
 * wire choices are transformations of a finished program (const struct tp_transform).
 */
#include "base/datadir.h"
#include "base/error.h"
#include "model/shard.h"
#include "program/program.h"

/* Where activations become the type of low-bit GEMMs.  FUSED: in the norm or activation before, and
 * in a kernel of its own what attention writes. */
enum tp_quantise_place { TP_QUANTISE_IN_GEMM, TP_QUANTISE_IN_KERNEL, TP_QUANTISE_FUSED };

/* How tokens of several replicas come to the experts, and back. */
enum tp_dispatch {
  TP_DISPATCH_GATHER,     /* all to all ranks: an all-gather and a reduce-scatter */
  TP_DISPATCH_ALL_TO_ALL, /* to the ranks of their experts, as the next ones: all-to-alls, ... */
  TP_DISPATCH_DEEPEP,     /* ... or kernels of a library */
  TP_DISPATCH_DEEPEP_LOW_LATENCY,
  TP_DISPATCH_NVLINK_ONE_SIDED,
  TP_DISPATCH_NVLINK_TWO_SIDED
};

/* The kernel that does it; AUTO where collectives do. */
enum tp_algorithm tp_dispatch_algorithm(enum tp_dispatch dispatch);

/* What a tensor rank sends the next stage of what all of them have: all, or its part, which the
 * next ranks gather, or, where they exchange nothing (no-comm), leave as it is. */
enum tp_sends { TP_SENDS_WHOLE, TP_SENDS_SLICES, TP_SENDS_SLICES_APART };

/* How the stack's kernels are cut; a copy of what the stack file says, so that programs know no
 * stack. */
struct tp_style {
  enum tp_attention_style attention_prefill, attention_decode;
  double score_passes;
  bool fused_residual_norm, fused_rope, fused_activation, fused_overlapped_residual;
  bool fused_row_activation;       /* fused_activation where the pass has one token */
  enum tp_quantise_place quantise; /* inference; training steps leave it to the GEMMs */
  enum tp_scale scale;
  double fused_norm_max_bytes; /* what waits for a smaller all-reduce and normalises, in its kernel;
                                * 0: in none */
  bool head_sharded, all_positions, embedding_sharded;
  double optimiser_bytes; /* training: what a parameter has beyond itself and its gradient */
  enum tp_dispatch dispatch_prefill, dispatch_decode;
  double expert_skew; /* how unevenly tokens go to experts: struct tp_experts */
  bool fused_shared_experts;
  enum tp_sends sends; /* between stages */
};

static inline enum tp_dispatch tp_style_dispatch(const struct tp_style *style,
                                                 const struct tp_batch *batch)
{
  return tp_batch_decodes(batch) ? style->dispatch_decode : style->dispatch_prefill;
}

/* Which kernels attend a chunk. */
static inline enum tp_attention_style tp_style_attention(const struct tp_style *style,
                                                         const struct tp_chunk *chunk)
{
  return tp_chunk_decodes(chunk) ? style->attention_decode : style->attention_prefill;
}

/* How a training step is arranged; all false: Megatron-LM's first form, which T3's Sequential is.
 */
struct tp_training {
  /* Residuals and norms on tokens/tp rows of a rank, reduce-scatter and all-gather in place of the
   * all-reduce (arXiv 2205.05198). */
  bool sequence_parallel;
  /* The forward pass of a layer again before its backward, all of it, from its stored input. */
  bool recompute;
  /* The weight gradient under the all-reduce of the input's gradient (Megatron-LM's
   * async_tensor_model_parallel_allreduce); else the all-reduce is waited for first. */
  bool async_reduce;
  /* Scores and probabilities again before their backward, where a kernel keeps them in memory
   * (arXiv 2205.05198, section 5); not with `recompute`, which does that, too. */
  bool selective_recompute;
};

/* What of a training step a program is: a pipeline's stages take the two passes of other batches in
 * between.  Over replicas the whole step and the last backward pass sum gradients, a layer's as
 * soon as it has them, beside what is left of the pass. */
enum tp_training_pass {
  TP_TRAINING_STEP,
  TP_TRAINING_FORWARD,
  TP_TRAINING_BACKWARD,
  TP_TRAINING_LAST_BACKWARD,
  TP_TRAINING_UPDATE /* the optimiser's, when all gradients are there */
};
static inline bool tp_training_goes_back(enum tp_training_pass pass)
{
  return pass == TP_TRAINING_BACKWARD || pass == TP_TRAINING_LAST_BACKWARD;
}

/* One pass to build. */
struct tp_request {
  const struct tp_model *model;
  struct tp_mesh mesh;
  int stage;      /* of tp_request_stages: whose layers, and what comes before and after them */
  int interleave; /* stages a rank, which takes the s-th, the s + pp-th ...; 0: one */
  struct tp_batch batch; /* a training step's: one chunk without context */
  int64_t kv_capacity;   /* tokens a sequence that the cache is allocated for: prompt + generate */
  enum tp_dtype dtype;
  enum tp_kv_dtype kv_dtype; /* of the cache; AUTO: that of activations */
  struct tp_style style;
  const enum tp_dtype *dtypes; /* of the GEMMs of a part of the model (TP_N_PARTS); NULL: `dtype` */
  bool train;                  /* a training step: forward, loss and backward */
  struct tp_training training; /* how it is arranged, ... */
  enum tp_training_pass pass;  /* ... and what of it */
  bool operands; /* ops say what they read and write, for executors that compute; it costs time */
};

/* Into how many parts the layers are cut. */
static inline int tp_request_stages(const struct tp_request *request)
{
  return tp_mesh_parts(&request->mesh, request->interleave);
}
/* Ranks that a layer's sums go over: replicas that train share no layer, those that infer share
 * experts. */
static inline int tp_request_ranks(const struct tp_request *request)
{
  return request->train ? request->mesh.tp : tp_mesh_stage_ranks(&request->mesh);
}
/* Whether gradients are summed over replicas. */
static inline bool tp_request_sums_gradients(const struct tp_request *request)
{
  return request->train && request->mesh.dp > 1 &&
         (request->pass == TP_TRAINING_STEP || request->pass == TP_TRAINING_LAST_BACKWARD);
}
static inline bool tp_request_ends(const struct tp_request *request)
{
  return request->stage + 1 >= tp_request_stages(request);
}

/* Of the GEMMs of a part; routers are never quantised, heads only where the checkpoint says so. */
static inline enum tp_dtype tp_request_dtype(const struct tp_request *request,
                                             enum tp_model_part part)
{
  if (part == TP_PART_ROUTER || (part == TP_PART_HEAD && request->dtypes == NULL))
    return tp_dtype_wide(request->dtype);
  return request->dtypes != NULL ? request->dtypes[part] : request->dtype;
}

struct tp_variant;

struct tp_architecture {
  const char *name;     /* "ladder"; "kraken" takes ":N" */
  const char *summary;  /* one line for `tpsim list variants` */
  const char *equation; /* the paper's dataflow, for `tpsim show-program` */
  bool takes_degree;    /* kraken: other shapes than the model's, so it differs at tp 1, too */
  bool apart;           /* no-comm: ranks exchange nothing, and their results differ */
  const char *argument; /* what N of "name:N" counts; NULL: takes none */
  int least, most;      /* of N */
  const struct tp_wiring *wiring; /* the text that it is; NULL: it is written in C */
  enum tp_status (*build)(const struct tp_request *request, const struct tp_variant *variant,
                          struct tp_arena *arena, struct tp_program *program,
                          struct tp_error *error);
  /* A training step (program/train.h); NULL: not modelled. */
  enum tp_status (*build_train)(const struct tp_request *request, struct tp_arena *arena,
                                struct tp_program *program, struct tp_error *error);
};

struct tp_transform {
  const char *name, *summary;
  const char *argument; /* what N of "name:N" counts, "chunks"; NULL: takes none */
  int least, most;      /* of N; without ":N" the transform chooses */
  struct tp_wire wire;  /* wires: what travels without ":N"; overlaps: none */
  enum tp_status (*apply)(const struct tp_request *request, const struct tp_variant *variant,
                          struct tp_arena *arena, struct tp_program *program,
                          struct tp_error *error);
};

struct tp_variant {
  const char *text; /* canonical */
  const struct tp_architecture *architecture;
  int argument;                              /* N of kraken:N; 0: not given */
  const struct tp_transform *overlap, *wire; /* NULL: none */
  int overlap_argument, wire_argument;       /* N of "name:N"; 0: not given */
};

/* Registries, NULL-terminated (architectures.c). */
extern const struct tp_architecture *const tp_architectures[];
extern const struct tp_transform *const tp_overlaps[];
extern const struct tp_transform *const tp_wires[];

/* Parses and refuses by name what has no meaning.  An architecture is one of the list, or a wiring
 * (wiring/wiring.h): the path of a .tpa file, or a name in models/wirings of `dirs`, which may be
 * NULL. */
enum tp_status tp_variant_open(const struct tp_datadir *dirs, const char *text,
                               struct tp_arena *arena, struct tp_variant *variant,
                               struct tp_error *error);
static inline enum tp_status tp_variant_parse(const char *text, struct tp_arena *arena,
                                              struct tp_variant *variant, struct tp_error *error)
{
  return tp_variant_open(NULL, text, arena, variant, error);
}

/* What its all-reduces carry; reduce_bits 0 without a wire. */
struct tp_wire tp_variant_wire(const struct tp_variant *variant);

/* Builds the pass: the architecture's builder, then overlap, then wire.
 *
 * With one rank there is nothing to arrange: every architecture but kraken builds standard's
 * program.  A Kraken model file runs with kraken only. */
enum tp_status tp_variant_build(const struct tp_variant *variant, const struct tp_request *request,
                                struct tp_arena *arena, struct tp_program *program,
                                struct tp_error *error);

/* The overlap and the wire alone, on a finished program of the standard architecture; any other is
 * refused.  The program's title names the pass, and becomes a whole one. */
enum tp_status tp_variant_rearrange(const struct tp_variant *variant,
                                    const struct tp_request *request, struct tp_arena *arena,
                                    struct tp_program *program, struct tp_error *error);
#endif
