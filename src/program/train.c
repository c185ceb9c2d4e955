/* What every training step has: its ends, its exchanges, its memory. */
#include "program/train.h"

#include "program/block.h"
#include "program/layers.h"
#include "program/stage.h"

static double whole_rows(const struct tp_pass *pass)
{
  return (double)pass->tokens * (double)pass->block.hidden;
}

enum tp_status tp_train_begin(struct tp_pass *pass, const struct tp_request *request,
                              const char *alone, struct tp_arena *arena, struct tp_program *program,
                              struct tp_error *error)
{
  const bool split = request->training.sequence_parallel;
  if (split && alone != NULL && request->mesh.tp > 1)
    return tp_fail(error, TP_E_INPUT, "no sequence-parallel form: %s; leave it out", alone);
  if (split && request->batch.chunks[0].tokens % request->mesh.tp != 0)
    return tp_fail(error, TP_E_INPUT,
                   "sequence-parallel: tp %d does not divide the %lld tokens of a sequence",
                   request->mesh.tp, (long long)request->batch.chunks[0].tokens);
  const enum tp_status status = tp_pass_begin_sharded(pass, request, arena, program, error);
  if (status == TP_OK && split)
    pass->residual_tokens /= request->mesh.tp;
  return status;
}

/* Elements that one layer's forward pass leaves for its backward, its residuals aside: the inputs
 * of the four GEMMs; q, k and v; what the activation read; probabilities, if they are in memory.
 * Inputs that are gathered again are kept as the rank's share (tp_train_input_grad). */
static double layer_elements(const struct tp_pass *pass, int residuals)
{
  const struct tp_block *b = &pass->block;
  const struct tp_request *request = pass->request;
  const double tokens = (double)pass->tokens;
  const double attention = (double)(2 * b->heads + 2 * b->kv_heads) * (double)b->head_dim;
  const double mlp = (double)b->ffn * (b->gated ? 3 : 2);
  double scores = 0;
  if (tp_train_keeps_scores(request) && !request->training.selective_recompute)
    scores = tokens * (double)b->heads * (double)request->batch.chunks[0].tokens;
  const double input = tp_train_gathers_again(pass)
                           ? (double)pass->residual_tokens * (double)pass->block.hidden
                           : whole_rows(pass);
  return tokens * (attention + mlp) + scores + residuals * input;
}

void tp_train_end(struct tp_pass *pass, struct tp_train_rows rows)
{
  tp_pass_end(pass);
  struct tp_program *program = pass->program;
  const double element_bytes = tp_dtype_bytes(pass->wide);
  const double layers = (double)tp_stage_of(pass->request).count;
  const double residual = (double)pass->residual_tokens * (double)pass->block.hidden;
  const double layer = rows.residuals * residual + layer_elements(pass, rows.residuals);
  const bool again = pass->request->training.recompute;
  program->handed_bytes = rows.handed * residual * element_bytes;
  program->kept_bytes = (again ? layers * rows.inputs * residual : layers * layer) * element_bytes;
  if (again) /* the layer that is at its backward */
    program->activation_bytes += layer * element_bytes;
  program->state_bytes = program->weight_bytes + /* gradients are as large */
                         tp_pass_parameters(pass) * pass->request->style.optimiser_bytes;
  program->n_caches = 0;
}

void tp_train_embed(struct tp_pass *pass)
{
  const struct tp_model *model = pass->request->model;
  const double x = (double)pass->residual_tokens * (double)pass->block.hidden;
  const double rows = pass->request->style.embedding_sharded ? whole_rows(pass) : x;
  const int tables = model->position == TP_POSITION_LEARNED ? 2 : 1;
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "embed", tables * rows, rows);
  if (pass->request->style.embedding_sharded)
    tp_train_sum(pass, TP_SLOT_EMBED);
  if (model->embedding_norm)
    tp_block_norm(pass, "embed.norm", TP_VALUE_ATTENTION_GAIN);
}

/* Added to the rows of the tables that were read. */
void tp_train_embed_grad(struct tp_pass *pass)
{
  const struct tp_model *model = pass->request->model;
  const double rows = whole_rows(pass);
  const int tables = model->position == TP_POSITION_LEARNED ? 2 : 1;
  tp_train_wait_gather(pass, TP_SLOT_MLP_GRAD);
  if (model->embedding_norm) {
    tp_train_norm_grad(pass, "embed");
    tp_train_gather(pass, TP_SLOT_MLP_GRAD);
  }
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "embed.grad", (1 + tables) * rows, tables * rows);
}

/* Vocabulary-parallel cross entropy of Megatron-LM: three numbers a token cross the ranks (maximum,
 * the target's logit, sum of exponentials), here as one all-reduce. */
void tp_train_loss(struct tp_pass *pass)
{
  const int64_t rows = pass->tokens, vocab = tp_pass_vocab(pass), hidden = pass->block.hidden;
  const double logits = (double)rows * (double)vocab;
  const bool sharded = pass->request->style.head_sharded;
  const enum tp_dtype dtype = pass->wide; /* the head stays in 16 bits */
  tp_pass_gemm(pass, "head", (struct tp_gemm){.m = rows, .n = vocab, .k = hidden, .dtype = dtype});
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "loss.sums", logits, 0);
  if (sharded) {
    tp_pass_start_collective(
        pass, TP_SLOT_HEAD,
        (struct tp_collective){.kind = TP_ALL_REDUCE,
                               .bytes = 3 * tp_dtype_bytes(TP_DTYPE_FP32) * (double)rows,
                               .dtype = TP_DTYPE_FP32});
    tp_pass_wait(pass, TP_SLOT_HEAD);
  }
  tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "loss.grad", logits, logits);
  tp_pass_gemm(pass, "head.dgrad",
               (struct tp_gemm){.m = rows, .n = hidden, .k = vocab, .dtype = dtype});
  const enum tp_grad_sum sum = tp_train_sum_style(pass);
  if (sharded)
    tp_train_start_sum(pass, TP_SLOT_HEAD);
  if (sharded && sum == TP_GRAD_SUMMED)
    tp_pass_wait(pass, TP_SLOT_HEAD);
  tp_pass_gemm(pass, "head.wgrad",
               (struct tp_gemm){.m = hidden, .n = vocab, .k = rows, .dtype = dtype});
  if (sharded && sum == TP_GRAD_DEFERRED)
    tp_pass_wait(pass, TP_SLOT_HEAD);
  tp_train_norm_grad(pass, "final");
}

void tp_train_layer(struct tp_pass *pass, void (*modules)(struct tp_pass *pass))
{
  tp_train_wait_gather(pass, TP_SLOT_ATTENTION);
  modules(pass);
  tp_pass_next_layer(pass);
  tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "next.norm", ATTENTION), false);
  tp_train_start_gather(pass, TP_SLOT_ATTENTION);
}

void tp_train_layer_again(struct tp_pass *pass, void (*modules)(struct tp_pass *pass))
{
  if (!pass->request->training.recompute)
    return;
  tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
  tp_train_gather(pass, TP_SLOT_ATTENTION);
  modules(pass);
  tp_block_add(pass, "mlp.add", TP_VALUE_MLP_OUT);
}

void tp_train_emit(struct tp_pass *pass, void (*layer)(struct tp_pass *pass),
                   void (*layer_grad)(struct tp_pass *pass))
{
  const int64_t layers = pass->request->model->layers;
  tp_pass_segment(pass, "prologue", 1);
  tp_train_embed(pass);
  tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
  tp_train_start_gather(pass, TP_SLOT_ATTENTION);

  tp_pass_layers(pass, (struct tp_layers){.count = layers}, layer);

  tp_pass_segment(pass, "loss", 1);
  tp_train_wait_gather(pass, TP_SLOT_ATTENTION);
  tp_train_loss(pass);
  tp_train_start_gather(pass, TP_SLOT_MLP_GRAD);

  tp_pass_layers(pass, (struct tp_layers){.count = layers, .backward = true}, layer_grad);

  tp_pass_segment(pass, "embedding", 1);
  tp_train_embed_grad(pass);
}
