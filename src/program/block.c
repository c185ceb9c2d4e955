#include "program/block.h"

/* Elements of the residual that this rank holds. */
static double residual_elements(const struct tp_pass *pass)
{
  return (double)pass->residual_tokens * (double)pass->block.hidden;
}

static double norm_weights(const struct tp_pass *pass)
{
  return (double)tp_norm_elements(pass->block.norm, pass->block.hidden);
}

/* A kernel over the rows of the residual that this rank holds. */
static void over_residual(struct tp_pass *pass, enum tp_function function, const char *name,
                          double read, double write)
{
  tp_pass_memory(pass, function, name, read, write);
  tp_pass_last(pass)->memory.rows = pass->residual_tokens;
}

/* The bias that goes with a gain, of layer norms. */
static enum tp_value bias_of(const struct tp_pass *pass, enum tp_value gain)
{
  return pass->block.norm == TP_NORM_LAYER ? gain + 1 : TP_VALUE_NONE;
}

double tp_block_input_elements(const struct tp_pass *pass, double elements)
{
  const double wide = tp_dtype_bytes(pass->wide),
               narrow = tp_dtype_activation_bytes(pass->request->dtype);
  const bool fused = tp_pass_quantise_place(pass->request) == TP_QUANTISE_FUSED;
  return fused ? elements * narrow / wide : elements;
}

static double normed_elements(const struct tp_pass *pass, enum tp_value gain, double elements)
{
  const bool feeds = gain == TP_VALUE_ATTENTION_GAIN || gain == TP_VALUE_MLP_GAIN;
  return feeds ? tp_block_input_elements(pass, elements) : elements;
}

void tp_block_norm_of(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value gain,
                      enum tp_value y)
{
  const double elements = residual_elements(pass);
  over_residual(pass, TP_FUNCTION_NORM, name, elements + norm_weights(pass),
                normed_elements(pass, gain, elements));
  TP_READS(pass, x, gain, bias_of(pass, gain));
  TP_WRITES(pass, y);
}

void tp_block_norm(struct tp_pass *pass, const char *name, enum tp_value gain)
{
  tp_block_norm_of(pass, name, TP_VALUE_RESIDUAL, gain, TP_VALUE_NORMED);
}

static void add(struct tp_pass *pass, enum tp_function function, const char *name, enum tp_value x,
                enum tp_value h, enum tp_value y)
{
  const double elements = residual_elements(pass);
  over_residual(pass, function, name, 2 * elements, elements);
  TP_READS(pass, x, h);
  TP_WRITES(pass, y);
}

void tp_block_add_to(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value h,
                     enum tp_value y)
{
  add(pass, TP_FUNCTION_ADD, name, x, h, y);
}

void tp_block_add(struct tp_pass *pass, const char *name, enum tp_value h)
{
  add(pass, TP_FUNCTION_ADD, name, TP_VALUE_RESIDUAL, h, TP_VALUE_RESIDUAL);
}

void tp_block_add_share_to(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value h,
                           enum tp_value y)
{
  add(pass, TP_FUNCTION_ADD_SHARE, name, x, h, y);
}

void tp_block_add_share(struct tp_pass *pass, const char *name, enum tp_value h)
{
  tp_block_add_share_to(pass, name, TP_VALUE_RESIDUAL, h, TP_VALUE_RESIDUAL);
}

void tp_block_copy(struct tp_pass *pass, const char *name, enum tp_value x, enum tp_value y)
{
  const double elements = residual_elements(pass);
  over_residual(pass, TP_FUNCTION_COPY, name, elements, elements);
  TP_READS(pass, x);
  TP_WRITES(pass, y);
}

/* gemma2: what a module has written is normalised before it is added. */
static void post_norm(struct tp_pass *pass)
{
  const double elements = residual_elements(pass);
  if (pass->request->model->post_norms)
    over_residual(pass, TP_FUNCTION_NORM, "post.norm", elements + norm_weights(pass), elements);
}

/* Leaves the kernel emitted last to the all-reduce that it waits for: it stands where it stood, for
 * those that compute, and the all-reduce pays. */
static void carry_norm(struct tp_pass *pass, struct tp_op *all_reduce)
{
  all_reduce->collective.norm = pass->request->model->hidden;
  tp_pass_last(pass)->memory.carried = true;
}

/* Larger ones are left to kernels that only reduce. */
static bool carries_norm(const struct tp_style *style, const struct tp_op *op)
{
  return op->kind == TP_OP_COLLECTIVE && op->collective.kind == TP_ALL_REDUCE &&
         op->collective.bytes < style->fused_norm_max_bytes;
}

void tp_block_add_norm(struct tp_pass *pass, struct tp_add_norm names, bool overlapped)
{
  const enum tp_value h = names.h, gain = names.gain;
  const struct tp_style *style = &pass->request->style;
  const double x = residual_elements(pass);
  post_norm(pass);
  if (style->fused_residual_norm && (style->fused_overlapped_residual || !overlapped)) {
    over_residual(pass, TP_FUNCTION_ADD_NORM, names.fused, 2 * x + norm_weights(pass),
                  x + normed_elements(pass, gain, x));
    TP_READS(pass, names.x, h, gain, bias_of(pass, gain));
    TP_WRITES(pass, names.y, names.n);
    struct tp_op *before = tp_pass_before_last(pass);
    if (!overlapped && before != NULL && carries_norm(style, before))
      carry_norm(pass, before);
  } else {
    tp_block_add_to(pass, names.add, names.x, h, names.y);
    tp_block_norm_of(pass, names.norm, names.y, gain, names.n);
  }
}

void tp_block_add_sum_norm(struct tp_pass *pass, const char *name, struct tp_add_sum_norm values)
{
  const double x = residual_elements(pass);
  over_residual(pass, TP_FUNCTION_ADD_SUM_NORM, name, 3 * x + norm_weights(pass), 2 * x);
  TP_READS(pass, values.x, values.h, values.sum, values.gain, bias_of(pass, values.gain));
  TP_WRITES(pass, values.x, values.n);
}

struct tp_gemm tp_block_projection(const struct tp_pass *pass, unsigned projections)
{
  return (struct tp_gemm){
      .m = pass->tokens,
      .n = tp_layer_outputs(pass->shape, projections),
      .k = tp_layer_inputs(pass->shape, projections),
      .dtype = tp_request_dtype(pass->request, tp_layer_part(pass->shape, projections))};
}

/* Where its input becomes low-bit; that of wide weights, as routers have, stays as it is. */
static enum tp_quantise_place place_of(const struct tp_pass *pass, const struct tp_gemm *gemm)
{
  return tp_dtype_quantises(gemm->dtype) ? tp_pass_quantise_place(pass->request)
                                         : TP_QUANTISE_IN_GEMM;
}

/* Whether a kernel of its own does that: not what a norm or an activation has written so. */
static bool quantises_before(enum tp_quantise_place place, unsigned projections)
{
  return place == TP_QUANTISE_IN_KERNEL ||
         (place == TP_QUANTISE_FUSED && projections == TP_PROJECTION_OUT);
}

void tp_block_project(struct tp_pass *pass, const char *name, unsigned projections)
{
  struct tp_gemm gemm = tp_block_projection(pass, projections);
  const enum tp_quantise_place place = place_of(pass, &gemm);
  if (quantises_before(place, projections))
    tp_pass_quantise(
        pass, tp_arena_printf(pass->arena, "%s.quantise", name),
        (struct tp_quantise){
            .m = gemm.m, .k = gemm.k, .dtype = gemm.dtype, .scale = pass->request->style.scale});
  if (place != TP_QUANTISE_IN_GEMM)
    gemm.quantising = TP_QUANTISED_APART;
  tp_pass_gemm(pass, name, gemm);
}

enum tp_value tp_block_shift(const struct tp_pass *pass, unsigned projections, enum tp_value value)
{
  return tp_layer_is_biased(pass->shape, projections) ? value : TP_VALUE_NONE;
}

bool tp_block_fuses_activation(const struct tp_pass *pass)
{
  const struct tp_style *style = &pass->request->style;
  return style->fused_activation || (style->fused_row_activation && pass->tokens == 1);
}
