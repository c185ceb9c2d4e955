/* Kraken (arXiv 2408.07802): a layer is N smaller blocks with weights of their own, one a rank.
 * y: output of this rank's block; e: embedding; a: residual inside a block. */
#include "program/block.h"
#include "program/layers.h"
#include "program/variants/architectures.h"

#include <math.h>

/* Layer 1 reads the embedding and exchanges nothing. */
static void first_layer(struct tp_pass *pass)
{
  for (int i = 0; i < pass->block.copies; i++)
    tp_block_norm(pass, "attn.norm", TP_VALUE_ATTENTION_GAIN);
  for (int i = 0; i < pass->block.copies; i++)
    tp_block_attention(pass);
  for (int i = 0; i < pass->block.copies; i++)
    tp_block_add_norm(pass, TP_ADD_NORM("attn.add", ATTENTION_OUT, "mlp.norm", MLP), false);
  for (int i = 0; i < pass->block.copies; i++)
    tp_block_mlp(pass);
  tp_pass_next_layer(pass);
}

/* Sum of all y: over ranks in a copy, so that y itself stays; over the blocks of a lone rank. */
static void start_exchange(struct tp_pass *pass)
{
  const double y = (double)pass->tokens * (double)pass->block.hidden;
  if (pass->exchange) {
    tp_block_copy(pass, "exchange.copy_in", TP_VALUE_RESIDUAL, TP_VALUE_EXCHANGE);
    tp_block_start_all_reduce(pass, TP_SLOT_EXCHANGE, TP_VALUE_EXCHANGE);
  } else if (pass->block.copies > 1) {
    tp_pass_memory(pass, TP_FUNCTION_UNNAMED, "exchange.sum", (double)pass->block.copies * y, y);
  }
}

static void finish_exchange(struct tp_pass *pass)
{
  if (!pass->exchange)
    return;
  tp_pass_wait(pass, TP_SLOT_EXCHANGE);
  tp_block_copy(pass, "exchange.copy_out", TP_VALUE_EXCHANGE, TP_VALUE_EXCHANGED);
}

/* a = y + attention;  norm(z), z = a + sum of the other y = attention + sum of all. */
static void add_exchange_norm(struct tp_pass *pass)
{
  const struct tp_style *style = &pass->request->style;
  if (style->fused_residual_norm && style->fused_overlapped_residual) {
    tp_block_add_sum_norm(pass, "attn.add+exchange.add+mlp.norm",
                          (struct tp_add_sum_norm){TP_VALUE_RESIDUAL, TP_VALUE_ATTENTION_OUT,
                                                   TP_VALUE_EXCHANGED, TP_VALUE_MLP_GAIN,
                                                   TP_VALUE_NORMED});
    return;
  }
  tp_block_add(pass, "attn.add", TP_VALUE_ATTENTION_OUT);
  tp_block_add_to(pass, "exchange.add", TP_VALUE_ATTENTION_OUT, TP_VALUE_EXCHANGED,
                  TP_VALUE_SUMMED);
  tp_block_norm_of(pass, "mlp.norm", TP_VALUE_SUMMED, TP_VALUE_MLP_GAIN, TP_VALUE_NORMED);
}

static void layer(struct tp_pass *pass)
{
  const int64_t copies = pass->block.copies;
  for (int i = 0; i < copies; i++)
    tp_block_add_norm(pass, TP_ADD_NORM("mlp.add", MLP_OUT, "attn.norm", ATTENTION), false);
  start_exchange(pass);
  for (int i = 0; i < copies; i++)
    tp_block_attention(pass);
  finish_exchange(pass);
  for (int i = 0; i < copies; i++)
    if (pass->exchange || copies > 1)
      add_exchange_norm(pass);
    else
      tp_block_add_norm(pass, TP_ADD_NORM("attn.add", ATTENTION_OUT, "mlp.norm", MLP), false);
  for (int i = 0; i < copies; i++)
    tp_block_mlp(pass);
  tp_pass_next_layer(pass);
}

void tp_kraken_combine(struct tp_pass *pass, enum tp_value x, enum tp_value y)
{
  tp_pass_gemm(pass, "combine",
               (struct tp_gemm){.m = pass->tokens,
                                .n = pass->block.hidden,
                                .k = pass->block.copies * pass->block.hidden,
                                .dtype = pass->request->dtype});
  TP_READS(pass, x, TP_VALUE_COMBINE_WEIGHT);
  TP_WRITES(pass, y);
}

/* x = W [y_1 .. y_N]: every rank multiplies its y by its columns of W, the all-reduce adds. */
static void combine(struct tp_pass *pass)
{
  for (int i = 0; i < pass->block.copies; i++)
    tp_block_add(pass, "mlp.add", TP_VALUE_MLP_OUT);
  tp_kraken_combine(pass, TP_VALUE_RESIDUAL, TP_VALUE_COMBINED);
  tp_block_all_reduce(pass, TP_SLOT_COMBINE, TP_VALUE_COMBINED);
  tp_block_norm_of(pass, "final.norm", TP_VALUE_COMBINED, TP_VALUE_FINAL_GAIN, TP_VALUE_NORMED);
  tp_block_head(pass);
}

/* Width of N sub-layers with the parameters of one layer of the model: N * 8 d^2 (attention 4 d^2,
 * an MLP of width 2 d as much); heads shared out, head size rounded to a multiple of 8. */
static struct tp_model sublayers_of(const struct tp_model *model, int degree)
{
  const double q = (double)model->heads * (double)model->head_dim;
  const double kv = (double)model->kv_heads * (double)model->head_dim;
  const double mlp = (double)model->ffn * (model->gated_mlp ? 3 : 2);
  const double parameters = (double)model->hidden * (2 * q + 2 * kv + mlp);
  const double width = sqrt(parameters / (8.0 * degree));
  struct tp_model narrow = *model;
  narrow.heads = narrow.kv_heads = model->heads >= degree ? model->heads / degree : 1;
  const int64_t eighths = (int64_t)llround(width / (double)narrow.heads / 8);
  narrow.head_dim = 8 * (eighths > 0 ? eighths : 1);
  narrow.hidden = narrow.heads * narrow.head_dim;
  narrow.ffn = 2 * narrow.hidden;
  narrow.gated_mlp = false;
  narrow.kraken_ways = degree;
  return narrow;
}

struct tp_model tp_kraken_model(const struct tp_model *model, int degree)
{
  return model->kraken_ways > 0 ? *model : sublayers_of(model, degree);
}

static enum tp_status degree_make(const struct tp_request *request,
                                  const struct tp_variant *variant, int *degree,
                                  struct tp_error *error)
{
  const struct tp_model *model = request->model;
  const int given = variant->argument, ways = (int)model->kraken_ways;
  if (given > 0 && ways > 0 && given != ways)
    return tp_fail(error, TP_E_INPUT,
                   "variant '%s': model '%s' was trained with %d sub-layers a layer; use kraken:%d",
                   variant->text, model->name, ways, ways);
  *degree = given > 0 ? given : ways > 0 ? ways : request->mesh.tp;
  if (request->mesh.tp != 1 && request->mesh.tp != *degree)
    return tp_fail(error, TP_E_INPUT,
                   "variant '%s': %d sub-layers of '%s' need tp %d (one a rank) or 1, not %d",
                   variant->text, *degree, model->name, *degree, request->mesh.tp);
  return TP_OK;
}

void tp_kraken_begin(struct tp_pass *pass, const struct tp_request *request, int degree,
                     struct tp_arena *arena, struct tp_program *program)
{
  const struct tp_model narrow = tp_kraken_model(request->model, degree);
  const int n = tp_model_n_kinds(&narrow);
  struct tp_layer *kinds = TP_NEW(arena, struct tp_layer, n);
  for (int kind = 0; kind < n; kind++) {
    kinds[kind] = tp_layer_make(&narrow, kind);
    tp_layer_share(&kinds[kind], request->mesh.tp);
  }
  tp_pass_begin(pass, request, kinds, arena, program);
}

void tp_kraken_add_combine_weights(const struct tp_pass *pass)
{
  const double width = (double)pass->block.hidden; /* this rank's columns of W */
  pass->program->weight_bytes +=
      (double)pass->block.copies * width * width * tp_dtype_bytes(pass->request->dtype);
}

static enum tp_status build(const struct tp_request *request, const struct tp_variant *variant,
                            struct tp_arena *arena, struct tp_program *program,
                            struct tp_error *error)
{
  int degree = 0;
  const enum tp_status status = degree_make(request, variant, &degree, error);
  if (status != TP_OK)
    return status;
  struct tp_pass pass;
  tp_kraken_begin(&pass, request, degree, arena, program);
  tp_pass_segment(&pass, "prologue", 1);
  tp_block_embed(&pass);
  tp_pass_segment(&pass, "layer 1", 1);
  first_layer(&pass);
  tp_pass_layers(&pass, (struct tp_layers){.first = 1, .count = request->model->layers - 1}, layer);
  tp_pass_segment(&pass, "epilogue", 1);
  combine(&pass);
  tp_pass_end(&pass);
  tp_kraken_add_combine_weights(&pass);
  return TP_OK;
}

const struct tp_architecture tp_architecture_kraken = {
    .name = "kraken",
    .summary = "N smaller blocks a layer, one a rank; one all-reduce a layer under attention "
               "(kraken:N; N is tp by default)",
    .equation = "layer 1:  a = e + attn(norm(e));    y  = a + mlp(norm(a))\n"
                "layer >1: a = y + attn(norm(y));    z = a + sum of the other sub-layers' y;    "
                "y' = a + mlp(norm(z))\n"
                "end:      x = W [y_1 .. y_N]",
    .takes_degree = true,
    .argument = "sub-layers",
    .least = 1,
    .most = 64,
    .build = build,
};
