#ifndef TP_PROGRAM_OPERANDS_H
#define TP_PROGRAM_OPERANDS_H
/* What the ops of a pass read and write, by the names the papers use.
 *
 * A value is declared, with its shape and how ranks share it, when an op first names it.  In a pass
 * that does not say its operands (struct tp_program's `unsaid`) all calls here do nothing.
 */
#include "program/batch.h"
#include "program/tensor.h"

#define TP_VALUES(X)                                                                              \
  X(TOKENS, "tokens")                                                                             \
  X(LENGTHS, "lengths")                                                                           \
  X(RESIDUAL, "residual")                                                                         \
  X(NORMED, "normed")                                                                             \
  X(LAST, "normed.last") /* of each sequence */                                                   \
  X(INPUT, "qkv+up")     /* of a parallel block: both in one */                                   \
  X(QKV, "qkv")                                                                                   \
  X(KEYS, "keys")                                                                                 \
  X(CACHED_VALUES, "values")                                                                      \
  X(ATTENDED, "attended")                                                                         \
  X(ATTENTION_OUT, "attn.out")                                                                    \
  X(UP, "up")                                                                                     \
  X(INNER, "inner")                                                                               \
  X(MLP_OUT, "mlp.out")                                                                           \
  X(EXCHANGE, "exchange") /* Kraken: the sum of all sub-layers' outputs, where it is made, ... */ \
  X(EXCHANGED, "exchanged") /* ... where it is read, ... */                                       \
  X(SUMMED, "summed")       /* ... and with the attention's output */                             \
  X(COMBINED, "combined")                                                                         \
  X(LATENTS, "latents") /* attention over a latent: of queries, keys and values, ... */           \
  X(CACHED_LATENTS, "latents.cached")                                                             \
  X(QUERIES, "queries")                                                                           \
  X(EXPANDED, "expanded") /* ... keys and values of the heads, ... */                             \
  X(ABSORBED, "absorbed") /* ... queries as wide as the latent, ... */                            \
  X(ATTENDED_LATENTS, "attended.latents")                                                         \
  X(SCORES, "scores") /* mixtures: of the experts, by a token, ... */                             \
  X(CHOICE, "choice")                                                                             \
  X(CHOICE_WEIGHTS, "choice.weights")                                                             \
  X(DISPATCHED, "dispatched") /* ... rows of all replicas, ... */                                 \
  X(SHARED_UP, "shared.up")   /* ... and the expert that all tokens meet */                       \
  X(SHARED_INNER, "shared.inner")                                                                 \
  X(SHARED_OUT, "shared.out")                                                                     \
  X(WIRED_1, "wired.1") /* values of a wiring beside the residual, a norm and two outputs */      \
  X(WIRED_2, "wired.2")                                                                           \
  X(WIRED_3, "wired.3")                                                                           \
  X(WIRED_4, "wired.4")                                                                           \
  X(WIRED_5, "wired.5")                                                                           \
  X(WIRED_6, "wired.6")                                                                           \
  X(WIRED_7, "wired.7")                                                                           \
  X(WIRED_8, "wired.8")                                                                           \
  X(WIRED_9, "wired.9")                                                                           \
  X(WIRED_10, "wired.10")                                                                         \
  X(WIRED_11, "wired.11")                                                                         \
  X(WIRED_12, "wired.12")                                                                         \
  X(WIRED_13, "wired.13")                                                                         \
  X(WIRED_14, "wired.14")                                                                         \
  X(WIRED_15, "wired.15")                                                                         \
  X(SHARE_1, "share.1") /* of a wiring's values on the rank's share of the tokens */              \
  X(SHARE_2, "share.2")                                                                           \
  X(SHARE_3, "share.3")                                                                           \
  X(SHARE_4, "share.4")                                                                           \
  X(SHARE_5, "share.5")                                                                           \
  X(SHARE_6, "share.6")                                                                           \
  X(SHARE_7, "share.7")                                                                           \
  X(SHARE_8, "share.8")                                                                           \
  X(LOGITS, "logits")                                                                             \
  X(GATHERED, "logits.all")                                                                       \
  X(NEXT, "next")                                                                                 \
  X(EMBEDDING, "embedding")                                                                       \
  X(POSITIONS, "positions")                                                                       \
  X(EMBED_GAIN, "embed.gain")                                                                     \
  X(EMBED_BIAS, "embed.bias")                                                                     \
  X(ATTENTION_GAIN, "attn.gain") /* of layer `layers`: the final norm's */                        \
  X(ATTENTION_BIAS, "attn.bias")                                                                  \
  X(MLP_GAIN, "mlp.gain")                                                                         \
  X(MLP_BIAS, "mlp.bias")                                                                         \
  X(FINAL_GAIN, "final.gain") /* Kraken: norms of sub-layers are their own, this is shared */     \
  X(FINAL_BIAS, "final.bias")                                                                     \
  X(Q_GAIN, "q.gain")                                                                             \
  X(K_GAIN, "k.gain")                                                                             \
  X(QKV_WEIGHT, "qkv.weight")                                                                     \
  X(QKV_SHIFT, "qkv.bias")                                                                        \
  X(INPUT_WEIGHT, "qkv+up.weight")                                                                \
  X(INPUT_SHIFT, "qkv+up.bias")                                                                   \
  X(OUT_WEIGHT, "out.weight")                                                                     \
  X(OUT_SHIFT, "out.bias")                                                                        \
  X(UP_WEIGHT, "up.weight")                                                                       \
  X(UP_SHIFT, "up.bias")                                                                          \
  X(DOWN_WEIGHT, "down.weight")                                                                   \
  X(DOWN_SHIFT, "down.bias")                                                                      \
  X(ROUTER_WEIGHT, "router.weight")                                                               \
  X(ROUTER_SHIFT, "router.bias")                                                                  \
  X(EXPERT_UP_WEIGHT, "expert.up.weight") /* of all experts */                                    \
  X(EXPERT_DOWN_WEIGHT, "expert.down.weight")                                                     \
  X(SHARED_UP_WEIGHT, "shared.up.weight")                                                         \
  X(SHARED_DOWN_WEIGHT, "shared.down.weight")                                                     \
  X(COMBINE_WEIGHT, "combine.weight")                                                             \
  X(HEAD_WEIGHT, "head.weight")
enum tp_value {
#define X(name, text) TP_VALUE_##name,
  TP_VALUES(X)
#undef X
      TP_N_VALUES,
  TP_VALUE_NONE = TP_N_VALUES /* an operand that this model lacks */
};

struct tp_pass;

/* Of all tokens, of one half, of the other; of the chunks of each what attention works on. */
enum {
  TP_MAX_CHUNK_VIEWS = 3 * 5 * (TP_MAX_CHUNKS + 1),
  TP_MAX_TENSORS = 3 * TP_N_VALUES + TP_MAX_CHUNK_VIEWS
};

/* The table of a pass: a value's tensor, or TP_NO_TENSOR; of all tokens, and of either half. */
struct tp_operands {
  bool said, joined;
  int chunk; /* of the pass's part, whose rows ops work on; -1: those of all */
  int n, of[3][TP_N_VALUES];
  enum tp_value
      bound[TP_N_VALUES]; /* what the block's name for a value stands for: itself, or ... */
  const char *names[TP_N_VALUES];
  struct tp_tensor *tensors;
};

/* Empties the table of a new pass; `said`: its ops will say their operands. */
void tp_operands_begin(struct tp_pass *pass, bool said);
/* QKV and UP become parts of INPUT, which one GEMM writes. */
void tp_operands_join_input(struct tp_pass *pass);

/* What the block calls `name` is `value`, until all are unbound: a module reads and writes other
 * values than the block's own. */
void tp_operands_bind(struct tp_pass *pass, enum tp_value name, enum tp_value value);
void tp_operands_unbind(struct tp_pass *pass);
/* What follows reads and writes the rows of a chunk of the pass's part, its sequences' caches and
 * lengths; of all, -1. */
void tp_operands_chunk(struct tp_pass *pass, int which);
/* The value's tensor is to be called so, by a name that outlives the program. */
void tp_operands_name(struct tp_pass *pass, enum tp_value value, const char *name);

/* Operands of the op emitted last, in order; NONE is left out. */
#define TP_READS(pass, ...) \
  tp_operands_read((pass), (const enum tp_value[]){__VA_ARGS__, TP_N_VALUES + 1})
#define TP_WRITES(pass, ...) \
  tp_operands_write((pass), (const enum tp_value[]){__VA_ARGS__, TP_N_VALUES + 1})
void tp_operands_read(struct tp_pass *pass, const enum tp_value *values);
void tp_operands_write(struct tp_pass *pass, const enum tp_value *values);

/* Gives the table to the program. */
void tp_operands_end(struct tp_pass *pass);

/* operand_weights.c */
struct tp_tensor tp_operands_weight(struct tp_pass *pass, enum tp_value value);
#endif
