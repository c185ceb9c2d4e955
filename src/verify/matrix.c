#include "verify/matrix.h"

#include "program/wiring/build.h"
#include "verify/computed.h"

enum { MODELS = 8 };

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

struct matrix {
  struct tp_arena *arena;
  uint64_t seed;
  const struct tp_variant *against;
  struct tp_selftest_case *cases;
  size_t n;
  size_t n_mixed; /* variants and degrees so far whose steps are mixed */
};

/* Two sequences; four where a rank has some of the tokens, so that all degrees divide them; three
 * where a half has, so that one is cut. */
static struct tp_batch batch_of(const struct tp_variant *variant)
{
  const struct tp_wiring *wiring = variant->architecture->wiring;
  const bool shares = wiring != NULL && tp_wiring_has_shares(wiring);
  const bool splits = wiring != NULL && wiring->splits;
  return tp_batch_prefill(shares ? 4 : splits ? 3 : 2, 5);
}

/* Whether the architecture, or the one whose equations are asked for, is of such models. */
static bool fits(const struct tp_variant *variant, const struct tp_model *model)
{
  const struct tp_architecture *architecture = variant == NULL ? NULL : variant->architecture;
  if (architecture == NULL)
    return true;
  const bool mixes = model->experts.count > 0 && architecture->takes_degree;
  return !mixes && (architecture->wiring == NULL || tp_wiring_fits(architecture->wiring, model));
}

/* Scores that differ by as little as a number's rounding choose other experts, and what those give
 * has nothing to do with the others'.  Overlaps cut GEMMs before a sum: where experts are there may
 * be none. */
static bool suits_experts(const struct tp_variant *variant, enum tp_dtype dtype)
{
  const bool cuts = variant->overlap != NULL && variant->architecture != tp_architectures[0];
  return dtype == TP_DTYPE_FP32 && variant->wire == NULL && !cuts;
}

static struct tp_selftest_case *add(struct matrix *matrix, const struct tp_model *model,
                                    const struct tp_variant *variant, int tp, enum tp_dtype dtype,
                                    const struct style *style)
{
  struct tp_selftest_case *const made = &matrix->cases[matrix->n];
  if (!fits(variant, model) || !fits(matrix->against, model) ||
      (model->experts.count > 0 && !suits_experts(variant, dtype)))
    return NULL;
  *made = (struct tp_selftest_case){.name = tp_arena_printf(matrix->arena, "%s %s tp %d %s %s",
                                                            model->name, variant->text, tp,
                                                            tp_dtype_text(dtype), style->name),
                                    .variant = variant->text,
                                    .check = {.request = {.model = model,
                                                          .mesh = tp_mesh_of_tp(tp),
                                                          .batch = batch_of(variant),
                                                          .dtype = dtype,
                                                          .style = style->style},
                                              .variant = variant,
                                              .against = matrix->against,
                                              .steps = 2,
                                              .captured = style->captured,
                                              .seed = matrix->seed + matrix->n}};
  matrix->n++;
  return made;
}

/* A server's steps, whose tokens all degrees divide: prompts of unlike lengths; then two sequences
 * that decode beside two that bring more of theirs; then three and one. */
static void add_mixed(struct matrix *matrix, const struct tp_model *model,
                      const struct tp_variant *variant, int tp, enum tp_dtype dtype,
                      const struct style *style)
{
  struct tp_selftest_case *const made = add(matrix, model, variant, tp, dtype, style);
  if (made == NULL)
    return;
  made->name = tp_arena_printf(matrix->arena, "%s mixed", made->name);
  made->check.request.batch = (struct tp_batch){2, {{2, 3, 0}, {2, 5, 0}}};
  made->check.n_between = 2;
  made->check.between[0] = (struct tp_batch){3, {{2, 1, 3}, {1, 4, 5}, {1, 2, 5}}};
  made->check.between[1] = (struct tp_batch){3, {{2, 1, 4}, {1, 1, 9}, {1, 5, 7}}};
}

static void add_all(struct matrix *matrix, const struct tp_variant *variant, int tp,
                    enum tp_dtype dtype)
{
  for (size_t m = 0; m < MODELS; m++)
    for (size_t s = 0; s < STYLES; s++)
      add(matrix, tp_selftest_models[m], variant, tp, dtype, &styles[s]);
}

/* The two models and styles that differ most. */
static void add_some(struct matrix *matrix, const struct tp_variant *variant, int tp,
                     enum tp_dtype dtype)
{
  for (size_t m = 0; m <= 2; m += 2)
    for (size_t s = 0; s < 2; s++)
      add(matrix, tp_selftest_models[m], variant, tp, dtype, &styles[s]);
}

/* Every model by one style or another, so that both meet all of them. */
static void add_all_mixed(struct matrix *matrix, const struct tp_variant *variant, int tp,
                          enum tp_dtype dtype)
{
  for (size_t m = 0; m < MODELS; m++)
    add_mixed(matrix, tp_selftest_models[m], variant, tp, dtype,
              &styles[(m + matrix->n_mixed) % STYLES]);
  matrix->n_mixed++;
}

/* One rank arranges nothing: standard stands for all but what has sub-layers of its own. */
static bool says_something(const struct tp_variant *variant, int tp)
{
  const bool alone = variant->overlap == NULL && variant->wire == NULL;
  const bool blocks = variant->architecture->takes_degree && variant->architecture->wiring == NULL;
  const bool differs = variant->architecture == tp_architectures[0] || blocks;
  return tp > 1 || (alone && differs);
}

/* All styles and models in fp32, whose bound is the sharpest, and by one rank in bf16, whose fused
 * attention every GPU has.  A wire meets collectives alone, and where an overlap goes with another
 * architecture its parts have been tried: a few kernels do. */
static void add_variant(struct matrix *matrix, const struct tp_variant *variant, int tp)
{
  const bool first = variant->architecture == tp_architectures[0];
  const bool few = variant->wire != NULL || (variant->overlap != NULL && !first);
  if (!says_something(variant, tp))
    return;
  if (few)
    add_some(matrix, variant, tp, TP_DTYPE_FP32);
  else
    add_all(matrix, variant, tp, TP_DTYPE_FP32);
  if (variant->wire == NULL)
    add_all_mixed(matrix, variant, tp, TP_DTYPE_FP32);
  if (first && !few) /* by fused attention, too */
    add_all_mixed(matrix, variant, tp, TP_DTYPE_BF16);
  if (variant->wire == NULL) { /* the values of fp8 travel as bf16, too */
    add_some(matrix, variant, tp, TP_DTYPE_FP16);
    add_some(matrix, variant, tp, TP_DTYPE_FP8);
  }
  if (tp == 1)
    add_all(matrix, variant, tp, TP_DTYPE_BF16);
  else
    add_some(matrix, variant, tp, TP_DTYPE_BF16);
}

size_t tp_selftest_matrix_of(struct tp_arena *arena, uint64_t seed,
                             struct tp_selftest_choice choice,
                             const struct tp_selftest_case **cases)
{
  enum { DEGREES = 3 };
  const struct tp_variant *variants = choice.variants;
  const size_t n = choice.n > 0 ? choice.n : tp_computed_variants(arena, &variants);
  const size_t most = n * DEGREES * MODELS * STYLES * 5;
  struct matrix matrix = {.arena = arena,
                          .seed = seed,
                          .against = choice.against,
                          .cases = TP_NEW(arena, struct tp_selftest_case, most)};
  for (size_t v = 0; v < n; v++)
    for (int tp = 1; tp <= 4; tp *= 2)
      add_variant(&matrix, &variants[v], tp);
  *cases = matrix.cases;
  return matrix.n;
}
