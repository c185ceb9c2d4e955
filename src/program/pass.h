#ifndef TP_PROGRAM_PASS_H
#define TP_PROGRAM_PASS_H
/* A program under construction: segments, kernels, collectives and the events between them.
 *
 * Kernels go to the compute stream, collectives to the communication stream.  Every exchange has a
 * slot with two events: the last kernel before it records READY, the collective waits for that and
 * records DONE, and the next kernel after tp_pass_wait waits for DONE.  A pass without exchange
 * (one rank, or no-comm) emits neither collectives nor waits.
 *
 * Ops are of all tokens of the step, of the rank's share of them (tp_pass_share), or of one of two
 * halves (tp_pass_half), whose second has slots of its own.
 */
#include "program/operands.h"
#include "program/variant.h"

#define TP_SLOTS(X)              \
  X(EMBED, "embed")              \
  X(ATTENTION, "attn")           \
  X(MLP, "mlp")                  \
  X(DISPATCH, "moe.dispatch")    \
  X(GATHER, "moe.combine")       \
  X(EXCHANGE, "exchange")        \
  X(COMBINE, "combine")          \
  X(HEAD, "head")                \
  X(WIRED_1, "wired.1")          \
  X(WIRED_2, "wired.2")          \
  X(WIRED_3, "wired.3")          \
  X(WIRED_4, "wired.4")          \
  X(ATTENTION_GRAD, "attn.grad") \
  X(MLP_GRAD, "mlp.grad")        \
  X(ATTENTION_2, "attn.2")       \
  X(MLP_2, "mlp.2")              \
  X(WIRED_1_2, "wired.1.2")      \
  X(WIRED_2_2, "wired.2.2")      \
  X(WIRED_3_2, "wired.3.2")      \
  X(WIRED_4_2, "wired.4.2")      \
  X(REPLICAS, "gradients")
enum tp_slot {
#define X(name, text) TP_SLOT_##name,
  TP_SLOTS(X)
#undef X
      TP_N_SLOTS
};

struct tp_pass {
  const struct tp_request *request;
  struct tp_arena *arena;
  struct tp_program *program;
  const struct tp_layer *kinds;     /* what the rank holds of a layer, by the model's kinds */
  const struct tp_layer *shape;     /* of the next op's layer, ... */
  struct tp_block block;            /* ... and its block */
  struct tp_part part;              /* of the batch that ops are of, ... */
  int64_t tokens, sequences;        /* ... rows a layer works on, sequences they are of, ... */
  int half;                         /* ... 1, 2; 0: all of it */
  struct tp_part halves[2];         /* n 0: it is not split */
  int64_t residual_tokens;          /* rows of the residual here: fewer if sequence-parallel */
  enum tp_dtype wide;               /* activations, KV cache, what travels */
  bool exchange;                    /* collectives are emitted ... */
  unsigned started;                 /* ... in these slots so far */
  int layer, step;                  /* the next op's; what the next layer adds to it: 1 or -1 */
  int64_t group;                    /* layers that are emitted at a time (layers.h), ... */
  int turn, layers_calls;           /* ... how often in the open segment; calls so far */
  size_t capacity;                  /* of the open segment's ops */
  int n_waits, waits[TP_MAX_WAITS]; /* of the next kernel */
  struct tp_operands operands;
};

/* Where this pass quantises: nowhere but in GEMMs where they are not low-bit, or in training. */
enum tp_quantise_place tp_pass_quantise_place(const struct tp_request *request);

/* Rows of the LM head, and vocabulary rows a rank computes; whether ranks have parts of the logits
 * and meet. */
int64_t tp_pass_head_rows(const struct tp_pass *pass);
int64_t tp_pass_vocab(const struct tp_pass *pass);
bool tp_pass_gathers_logits(const struct tp_pass *pass);

/* pass_ends.c: for layers of these shares, one a kind, which outlive the pass; and for the rank's
 * shares of the model's own under Megatron sharding. */
void tp_pass_begin(struct tp_pass *pass, const struct tp_request *request,
                   const struct tp_layer *kinds, struct tp_arena *arena,
                   struct tp_program *program);
enum tp_status tp_pass_begin_sharded(struct tp_pass *pass, const struct tp_request *request,
                                     struct tp_arena *arena, struct tp_program *program,
                                     struct tp_error *error);
/* A whole pass under Megatron sharding, its segments by `emit`. */
enum tp_status tp_pass_build_sharded(const struct tp_request *request,
                                     void (*emit)(struct tp_pass *pass), struct tp_arena *arena,
                                     struct tp_program *program, struct tp_error *error);

/* Before any op: the pass has halves, unless it has fewer tokens than `least`; it has shares. */
void tp_pass_split(struct tp_pass *pass, int64_t least);
void tp_pass_shares(struct tp_pass *pass);

/* part.c: whether it has halves. */
bool tp_pass_splits(const struct tp_pass *pass);
/* What follows is of half 1 or 2, or of all tokens: 0. */
void tp_pass_half(struct tp_pass *pass, int half);
/* What follows, norms and additions, is of the rank's share of the tokens, padded to one size on
 * all ranks; or of all of them. */
void tp_pass_share(struct tp_pass *pass, bool share);
int64_t tp_pass_share_tokens(const struct tp_pass *pass);

/* Closes the last segment and fills in the memory a rank needs. */
void tp_pass_end(struct tp_pass *pass);

/* Opens the next segment; one with `repeat` 0 is dropped with its ops. */
void tp_pass_segment(struct tp_pass *pass, const char *name, int64_t repeat);

/* What follows belongs to the next layer; to layer `layer`. */
void tp_pass_next_layer(struct tp_pass *pass);
void tp_pass_at_layer(struct tp_pass *pass, int64_t layer);

/* The op emitted last, valid until the next. */
struct tp_op *tp_pass_last(struct tp_pass *pass);
/* The one before it in the segment, or NULL. */
struct tp_op *tp_pass_before_last(struct tp_pass *pass);

/* Kernels on the compute stream. */
void tp_pass_gemm(struct tp_pass *pass, const char *name, struct tp_gemm gemm);
void tp_pass_attention(struct tp_pass *pass, const char *name, struct tp_attention attention);
/* Makes m rows of k low-bit. */
void tp_pass_quantise(struct tp_pass *pass, const char *name, struct tp_quantise quantise);
void tp_pass_latent(struct tp_pass *pass, const char *name, struct tp_latent latent);
void tp_pass_experts(struct tp_pass *pass, const char *name, struct tp_experts experts);
/* `read` and `write` are elements of the activation type, of all tokens of the pass. */
void tp_pass_memory(struct tp_pass *pass, enum tp_function function, const char *name, double read,
                    double write);

/* Starts the collective in the slot once the kernel emitted last is done (one right after another
 * once that is, by the order of their stream), over the tensor ranks where it names no group; none
 * of a group of one. */
void tp_pass_start_collective(struct tp_pass *pass, enum tp_slot slot,
                              struct tp_collective collective);
/* Starts an all-reduce over the replicas of so many bytes of gradients, once the kernel emitted
 * last is done, on a stream of its own; nobody waits for it.  Nothing where there are no replicas.
 */
void tp_pass_sum_gradients(struct tp_pass *pass, double bytes);
/* The slot's two events are to be called so, by names that outlive the program. */
void tp_pass_name_events(struct tp_pass *pass, enum tp_slot slot, const char *ready,
                         const char *done);
/* The next kernel waits for the latest collective of the slot, if any was started there. */
void tp_pass_wait(struct tp_pass *pass, enum tp_slot slot);

/* Goes on behind the last repetition of the open segment, if any is. */
void tp_pass_close_segment(struct tp_pass *pass);

/* footprint.c: weights, KV cache and activations of one rank. */
void tp_pass_footprint(const struct tp_pass *pass, struct tp_program *program);
/* Bytes of a layer's weights, by its kind. */
double tp_pass_layer_bytes(const struct tp_pass *pass, const struct tp_layer *layer);
/* Parameters that the rank holds. */
double tp_pass_parameters(const struct tp_pass *pass);
#endif
