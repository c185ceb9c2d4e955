#include "verify/matrix.h"

#include <assert.h>
#include <string.h>

enum { MODELS = 5 };

/* Query heads of two KV heads that ranks beyond two share. */
static const struct tp_model llama = {.name = "llama",
                                      .layers = 3,
                                      .hidden = 64,
                                      .heads = 8,
                                      .kv_heads = 2,
                                      .head_dim = 16,
                                      .ffn = 128,
                                      .vocab = 101,
                                      .norm = TP_NORM_RMS,
                                      .position = TP_POSITION_ROTARY,
                                      .gated_mlp = true};

static const struct tp_model qwen = {.name = "qwen",
                                     .layers = 2,
                                     .hidden = 96,
                                     .heads = 4,
                                     .kv_heads = 4,
                                     .head_dim = 16,
                                     .ffn = 64,
                                     .vocab = 83,
                                     .norm = TP_NORM_RMS,
                                     .position = TP_POSITION_ROTARY,
                                     .gated_mlp = true,
                                     .tied_head = true,
                                     .qkv_bias = true,
                                     .qk_norm = true};

static const struct tp_model gpt2 = {.name = "gpt2",
                                     .layers = 2,
                                     .hidden = 64,
                                     .heads = 4,
                                     .kv_heads = 4,
                                     .head_dim = 16,
                                     .ffn = 256,
                                     .vocab = 97,
                                     .max_positions = 32,
                                     .norm = TP_NORM_LAYER,
                                     .position = TP_POSITION_LEARNED,
                                     .tied_head = true,
                                     .qkv_bias = true,
                                     .out_bias = true,
                                     .mlp_bias = true,
                                     .embedding_norm = true};

static const struct tp_model gpt_neox = {.name = "gpt-neox",
                                         .layers = 2,
                                         .hidden = 64,
                                         .heads = 4,
                                         .kv_heads = 4,
                                         .head_dim = 16,
                                         .ffn = 128,
                                         .vocab = 103,
                                         .norm = TP_NORM_LAYER,
                                         .position = TP_POSITION_ROTARY,
                                         .qkv_bias = true,
                                         .out_bias = true,
                                         .mlp_bias = true,
                                         .parallel_residual = true};

static const struct tp_model falcon = {.name = "falcon",
                                       .layers = 2,
                                       .hidden = 64,
                                       .heads = 4,
                                       .kv_heads = 1,
                                       .head_dim = 16,
                                       .ffn = 128,
                                       .vocab = 89,
                                       .norm = TP_NORM_LAYER,
                                       .position = TP_POSITION_ROTARY,
                                       .tied_head = true,
                                       .parallel_residual = true,
                                       .shared_norm = true};

const struct tp_model *const tp_selftest_models[] = {&llama,    &qwen,   &gpt2,
                                                     &gpt_neox, &falcon, NULL};

/* How a stack's kernels are cut, by name: as gpt-fast, vLLM, an eager library and two in between
 * have it. */
struct style {
  const char *name;
  struct tp_style style;
  bool captured;
};
static const struct style styles[] = {
    {.name = "fused",
     .style = {.fused_residual_norm = true,
               .fused_rope = true,
               .fused_activation = true,
               .fused_overlapped_residual = true,
               .head_sharded = true,
               .embedding_sharded = true}},
    {.name = "plain",
     .style = {.attention_prefill = TP_ATTENTION_MATERIALISED,
               .attention_decode = TP_ATTENTION_EXPANDED,
               .score_passes = 5}},
    {.name = "static",
     .style = {.attention_prefill = TP_ATTENTION_MATERIALISED,
               .attention_decode = TP_ATTENTION_EXPANDED,
               .score_passes = 5,
               .fused_residual_norm = true,
               .fused_activation = true,
               .all_positions = true},
     .captured = true},
    {.name = "flash",
     .captured = true,
     .style = {.fused_residual_norm = true,
               .fused_rope = true,
               .head_sharded = true,
               .all_positions = true}},
    {.name = "table",
     .style = {.attention_decode = TP_ATTENTION_MATERIALISED,
               .score_passes = 5,
               .fused_activation = true,
               .embedding_sharded = true}},
};
enum { STYLES = sizeof styles / sizeof styles[0] };

static const char *const variants[] = {
    "standard",
    "parallel",
    "ladder",
    "desync-2x",
    "desync-4x",
    "kraken",
    "no-comm",
    "chunked:3",
    "flash-int8",
    "flash-int4",
    "ladder+flash-int8",
    "kraken+flash-int8",
    "parallel+chunked:3",
};

static bool stands_for_one_rank(const char *variant)
{
  return strcmp(variant, "standard") == 0 || strcmp(variant, "kraken") == 0;
}

struct matrix {
  struct tp_arena *arena;
  uint64_t seed;
  struct tp_selftest_case *cases;
  size_t n;
};

static void add(struct matrix *matrix, const struct tp_model *model, const char *text, int tp,
                enum tp_dtype dtype, const struct style *style)
{
  if (tp == 1 && !stands_for_one_rank(text))
    return;
  struct tp_variant *variant = TP_NEW(matrix->arena, struct tp_variant, 1);
  struct tp_error error;
  const enum tp_status status = tp_variant_parse(text, matrix->arena, variant, &error);
  assert(status == TP_OK); /* of the list above */
  (void)status;
  matrix->cases[matrix->n] = (struct tp_selftest_case){
      .name = tp_arena_printf(matrix->arena, "%s %s tp %d %s %s", model->name, text, tp,
                              tp_dtype_text(dtype), style->name),
      .variant = text,
      .check = {.request = {.model = model,
                            .mesh = tp_mesh_of_tp(tp),
                            .batch = tp_batch_prefill(2, 5),
                            .dtype = dtype,
                            .style = style->style},
                .variant = variant,
                .steps = 2,
                .captured = style->captured,
                .seed = matrix->seed + matrix->n}};
  matrix->n++;
}

static void add_all(struct matrix *matrix, const char *text, int tp, enum tp_dtype dtype)
{
  for (size_t m = 0; m < MODELS; m++)
    for (size_t s = 0; s < STYLES; s++)
      add(matrix, tp_selftest_models[m], text, tp, dtype, &styles[s]);
}

/* The two models and styles that differ most. */
static void add_some(struct matrix *matrix, const char *text, int tp, enum tp_dtype dtype)
{
  for (size_t m = 0; m <= 2; m += 2)
    for (size_t s = 0; s < 2; s++)
      add(matrix, tp_selftest_models[m], text, tp, dtype, &styles[s]);
}

/* All styles and models in fp32, whose bound is the sharpest, and by one rank in bf16, whose fused
 * attention every GPU has. */
size_t tp_selftest_matrix(struct tp_arena *arena, uint64_t seed,
                          const struct tp_selftest_case **cases)
{
  enum { DEGREES = 3, VARIANTS = sizeof variants / sizeof variants[0] };
  const size_t most = (size_t)VARIANTS * DEGREES * MODELS * STYLES * 4;
  struct matrix matrix = {
      .arena = arena, .seed = seed, .cases = TP_NEW(arena, struct tp_selftest_case, most)};
  for (int v = 0; v < VARIANTS; v++)
    for (int tp = 1; tp <= 4; tp *= 2) {
      add_all(&matrix, variants[v], tp, TP_DTYPE_FP32);
      add_some(&matrix, variants[v], tp, TP_DTYPE_FP16);
      add_some(&matrix, variants[v], tp, TP_DTYPE_FP8);
      if (tp == 1)
        add_all(&matrix, variants[v], tp, TP_DTYPE_BF16);
      else
        add_some(&matrix, variants[v], tp, TP_DTYPE_BF16);
    }
  *cases = matrix.cases;
  return matrix.n;
}
