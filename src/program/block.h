#ifndef TP_PROGRAM_BLOCK_H
#define TP_PROGRAM_BLOCK_H
/* The kernels of a transformer block, in the words the papers use.
 *
 * Names say what an op computes: "attn.add" adds the attention's output to the residual,
 * "attn.add+mlp.norm" does so and normalises the sum for the MLP in one kernel.
 */
#include "program/pass.h"

/* norm(residual), its bias following the gain; y = norm(x) */
void tp_block_norm(struct tp_pass *pass, const char *name, enum tp_value gain);
void tp_block_norm_of(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value gain,
                      enum tp_value y);
/* residual += h, a module's output; y = x + h; residual = residual / ranks + h */
void tp_block_add(struct tp_pass *pass, const char *name, enum tp_value h);
void tp_block_add_to(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value h,
                     enum tp_value y);
void tp_block_add_share(struct tp_pass *pass, const char *name, enum tp_value h);
void tp_block_add_share_to(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value h,
                           enum tp_value y);
void tp_block_copy(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value y);
/* y = x + h and n = norm(y), in one kernel where the stack fuses them; `overlapped`: the output
 * comes from a collective that ran under other kernels, which some stacks cannot fuse. */
struct tp_add_norm {
  const char *add, *norm, *fused;
  enum tp_value h, gain, x, y, n;
};
#define TP_ADD_NORM(add, h, norm, gain)                                                   \
  (struct tp_add_norm)                                                                    \
  {                                                                                       \
    (add), (norm), add "+" norm, TP_VALUE_##h, TP_VALUE_##gain##_GAIN, TP_VALUE_RESIDUAL, \
        TP_VALUE_RESIDUAL, TP_VALUE_NORMED                                                \
  }
void tp_block_add_norm(struct tp_pass *pass, struct tp_add_norm names, bool overlapped);
/* x += h and n = norm(h + sum), in one kernel. */
struct tp_add_sum_norm {
  enum tp_value x, h, sum, gain, n;
};
void tp_block_add_sum_norm(struct tp_pass *pass, const char *name, struct tp_add_sum_norm values);

/* The GEMM by the layer's matrices of `projections`, a set of enum tp_projection; emitted; its
 * bias, the value of that name or NONE. */
struct tp_gemm tp_block_projection(const struct tp_pass *pass, unsigned projections);
void tp_block_project(struct tp_pass *pass, const char *name, unsigned projections);
enum tp_value tp_block_shift(const struct tp_pass *pass, unsigned projections, enum tp_value value);

/* Whether the activation is the epilogue of the up GEMM, not a kernel. */
bool tp_block_fuses_activation(const struct tp_pass *pass);

/* What a kernel writes, in elements of the activation type, where the input of GEMMs has so many.
 */
double tp_block_input_elements(const struct tp_pass *pass, double elements);

/* modules.c.  Of attention what follows the QKV GEMM: rotary, cache, attention and output
 * projection; all. */
void tp_block_attend(struct tp_pass *pass);
void tp_block_attention(struct tp_pass *pass);

/* Of the MLP what follows the up (and gate) GEMM: activation and down projection; all. */
void tp_block_down(struct tp_pass *pass);
void tp_block_mlp(struct tp_pass *pass);

/* mixture.c: the same of a layer with experts, up to their weighted sum; and the way of the
 * sums, `value`, back to the replicas that the tokens are of. */
void tp_block_mixture(struct tp_pass *pass);
void tp_block_start_combine(struct tp_pass *pass, enum tp_value value);
/* latent.c: attention over a latent, all of it. */
void tp_block_latent_attention(struct tp_pass *pass);

/* What the last kernel wrote, tokens x hidden, among the ranks of a group: all-reduce, or the sum's
 * shares of the tokens (reduce-scatter), or the shares of all (all-gather).  In the slot of the MLP
 * a mixture's combine goes before sums.  False where there is nobody to exchange with. */
struct tp_exchange {
  enum tp_collective_kind kind;
  struct tp_group group; /* size 0: the tensor ranks */
  enum tp_value from, to;
};
bool tp_block_start(struct tp_pass *pass, enum tp_slot slot, struct tp_exchange exchange);
/* Bytes of an all-reduce of the tokens at hand. */
double tp_block_all_reduce_bytes(const struct tp_pass *pass);
/* The all-reduce over tensor ranks: started; started and waited for. */
void tp_block_start_all_reduce(struct tp_pass *pass, enum tp_slot slot, enum tp_value value);
void tp_block_all_reduce(struct tp_pass *pass, enum tp_slot slot, enum tp_value value);

/* Token (and learned position) rows -> residual; BLOOM's norm after them; the sum over ranks of a
 * sharded table. */
void tp_block_embed(struct tp_pass *pass);
/* The same of the rank's share of the tokens, where the residual is that. */
void tp_block_embed_share(struct tp_pass *pass, enum tp_value share);
/* LM head (with the gather of sharded logits) and sampling. */
void tp_block_head(struct tp_pass *pass);
#endif
