#ifndef TP_PROGRAM_TRAIN_H
#define TP_PROGRAM_TRAIN_H
/* A training step of one tensor-parallel rank: forward, loss, backward.
 *
 *     prologue   layer xL   loss                layer.grad xL      embedding
 *     embed      ...        head, loss,         mlp: down, up      embed.grad
 *                           head's gradients    attn: out .. qkv
 *
 * Every GEMM C = A B of the forward pass has two in the backward: the data gradient dA = dC B'
 * ("dgrad": m, k, n) and the weight gradient dB = A' dC ("wgrad": k, n, m), m being the tokens.  A
 * forward all-reduce after a module passes gradients on as they are; the copy of a module's input
 * to all ranks becomes an all-reduce of its gradient ("FC-1" and "IP" of Megatron-LM, arXiv
 * 1909.08053, figure 4).  Bias and norm weight gradients come with the kernels that hold their
 * operands.
 *
 * Memory counts weights, their gradients and what the forward pass keeps for the backward.  Beside
 * these, what the optimiser keeps of a parameter.  Gradients are summed
 * over replicas by tp_pass_layers, and the optimiser runs behind the pass (train_update.c), whatever
 * the builder.
 */
#include "program/pass.h"

/* Builders of struct tp_architecture, a file each. */
#define TP_TRAIN_BUILDER(name)                                                             \
  enum tp_status tp_train_##name(const struct tp_request *request, struct tp_arena *arena, \
                                 struct tp_program *program, struct tp_error *error)
TP_TRAIN_BUILDER(standard);
TP_TRAIN_BUILDER(no_comm);
TP_TRAIN_BUILDER(parallel);
TP_TRAIN_BUILDER(ladder);
TP_TRAIN_BUILDER(desync_2x);
TP_TRAIN_BUILDER(desync_4x);

/* Opens the pass.  `alone` is why the architecture cannot split its residual over ranks, NULL if it
 * can; TP_E_INPUT with it where the request is sequence-parallel. */
enum tp_status tp_train_begin(struct tp_pass *pass, const struct tp_request *request,
                              const char *alone, struct tp_arena *arena, struct tp_program *program,
                              struct tp_error *error);
/* Rows of a layer, tokens x hidden each: residuals that its norms read, which are kept for the
 * backward; those of them that a recomputation of the layer starts from; and what one layer hands
 * to the next, or back: the residual, and outputs whose sums are under way. */
struct tp_train_rows {
  int residuals, inputs, handed;
};
/* Closes it. */
void tp_train_end(struct tp_pass *pass, struct tp_train_rows rows);

/* Sum over ranks of partial rows, tokens x hidden: an all-reduce, or the reduce-scatter if
 * sequence-parallel; started, and started and waited for. */
void tp_train_start_sum(struct tp_pass *pass, enum tp_slot slot);
void tp_train_sum(struct tp_pass *pass, enum tp_slot slot);
/* If sequence-parallel: the rows that the last kernel wrote, from all ranks; started, waited for
 * by the next kernel, both. */
void tp_train_start_gather(struct tp_pass *pass, enum tp_slot slot);
void tp_train_wait_gather(struct tp_pass *pass, enum tp_slot slot);
void tp_train_gather(struct tp_pass *pass, enum tp_slot slot);

/* Whether the gathered input of a GEMM is gathered again for its weight's gradient, under the
 * input's gradient, and not kept whole (arXiv 2205.05198, section 4.2.2): no recomputation has
 * gathered it. */
bool tp_train_gathers_again(const struct tp_pass *pass);

/* Whether attention's kernels write scores to memory and read them. */
static inline bool tp_train_keeps_scores(const struct tp_request *request)
{
  return request->style.attention_prefill == TP_ATTENTION_MATERIALISED;
}

/* Embedding, and its gradient. */
void tp_train_embed(struct tp_pass *pass);
void tp_train_embed_grad(struct tp_pass *pass);
/* LM head and cross entropy over all tokens, their gradients, and that of the final norm. */
void tp_train_loss(struct tp_pass *pass);

/* Of layers on one residual that every module of a layer adds to (standard, parallel): a layer by
 * its modules, between the gather of its norm and that of the next; the same computed again for the
 * backward, where the request says so; and the whole step. */
void tp_train_layer(struct tp_pass *pass, void (*modules)(struct tp_pass *pass));
void tp_train_layer_again(struct tp_pass *pass, void (*modules)(struct tp_pass *pass));
void tp_train_emit(struct tp_pass *pass, void (*layer)(struct tp_pass *pass),
                   void (*layer_grad)(struct tp_pass *pass));

/* What becomes of the input's gradient that a module's ranks hold parts of. */
enum tp_grad_sum {
  TP_GRAD_KEPT,     /* nothing */
  TP_GRAD_SUMMED,   /* summed over ranks before the weight gradient */
  TP_GRAD_DEFERRED, /* the sum is started; the caller waits for it */
};
/* SUMMED or DEFERRED, as the request says. */
enum tp_grad_sum tp_train_sum_style(const struct tp_pass *pass);

/* Gradients of the MLP: of down and activation; and of up. */
void tp_train_down_grad(struct tp_pass *pass);
void tp_train_mlp_grad(struct tp_pass *pass, enum tp_grad_sum sum);
/* Of attention: of output projection, attention and rotary; and of QKV. */
void tp_train_attend_grad(struct tp_pass *pass);
void tp_train_attention_grad(struct tp_pass *pass, enum tp_grad_sum sum);
/* Of the GEMM by `projections`, which reads a norm. */
struct tp_input_grad {
  const char *dgrad, *wgrad;
  unsigned projections;
  enum tp_slot slot;  /* of its gradient's sum, ... */
  enum tp_slot again; /* ... of the input itself, gathered again */
};
void tp_train_input_grad(struct tp_pass *pass, const struct tp_input_grad *input,
                         enum tp_grad_sum sum);

/* Gradient of a norm; and added to that of the residual, in one kernel where the stack fuses the
 * two: "mlp.norm.grad+add". */
void tp_train_norm_grad(struct tp_pass *pass, const char *module);
void tp_train_norm_grad_add(struct tp_pass *pass, const char *module);
#endif
