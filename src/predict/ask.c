#include "predict/ask.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

struct value {
  const char *word;
  double number;
  const char *absent; /* what 0 stands for, which nobody asks for by that number; NULL: 0 itself */
};

static const struct value defaults[TP_N_AXES] = {
    [TP_AXIS_stack] = {.word = "vllm-0.24"},
    [TP_AXIS_variant] = {.word = "standard"},
    [TP_AXIS_tp] = {.number = 1},
    [TP_AXIS_pp] = {.number = 1},
    [TP_AXIS_nodes] = {.absent = "as many as the ranks need"},
    [TP_AXIS_batch] = {.number = 1},
    [TP_AXIS_prompt] = {.number = 1024},
    [TP_AXIS_generate] = {.number = 512},
    [TP_AXIS_dtype] = {.word = ""}, /* fp16, or as a quantised checkpoint has it */
    [TP_AXIS_engine] = {.word = "analytic"},
    [TP_AXIS_phase] = {.word = "inference"},
    [TP_AXIS_dp] = {.number = 1},
    [TP_AXIS_ep] = {.number = 1},
    [TP_AXIS_kv_dtype] = {.word = ""}, /* the stack's */
    [TP_AXIS_layers] = {.absent = "all"},
    [TP_AXIS_micro_batch] = {.absent = "the whole batch"},
    [TP_AXIS_interleave] = {.absent = "one stage a rank"},
};

const struct tp_column *tp_axis_column(enum tp_axis_name axis)
{
  static const enum tp_column_index columns[TP_N_AXES] = {
#define X(name, unit, description) [TP_AXIS_##name] = TP_COLUMN_##name,
      TP_EVERY_INPUT(X, X)
#undef X
  };
  return &tp_columns[columns[axis]];
}

double tp_axis_usual(enum tp_axis_name axis)
{
  return defaults[axis].number;
}

/* Where a name is to blame, `text` says which. */
static enum tp_status fail_word(const struct tp_ask *ask, enum tp_status status,
                                struct tp_error *error, const char *text)
{
  if (status == TP_E_INPUT && ask->file != NULL)
    return tp_fail(error, status, "%s:%d: %s", ask->file, ask->line, text);
  return tp_fail(error, status, "%s", text);
}

static enum tp_status fail_number(const struct tp_ask *ask, enum tp_axis_name axis,
                                  struct tp_error *error, const char *text)
{
  const char *const name = tp_axis_column(axis)->name;
  if (ask->file != NULL && ask->values[axis].text != NULL)
    return tp_fail(error, TP_E_INPUT, "%s:%d: column '%s': %s", ask->file, ask->line, name, text);
  return tp_fail(error, TP_E_INPUT, "%s: %s", name, text);
}

static enum tp_status word_at(const struct tp_ask *ask, enum tp_axis_name axis, const char **word,
                              struct tp_error *error)
{
  const char *const name = tp_axis_column(axis)->name, *const text = ask->values[axis].text;
  *word = text != NULL ? text : defaults[axis].word;
  if (*word != NULL)
    return TP_OK;
  return tp_fail(error, TP_E_INPUT, "no %s is given; add --%s NAME (`tpsim list %ss` shows them)",
                 name, name, name);
}

/* What the stack holds a cache in where nobody says. */
static enum tp_kv_dtype kv_dtype_of(const struct tp_stack *stack, enum tp_dtype dtype)
{
  switch ((enum tp_kv_rule)stack->attention.kv_dtype) {
  case TP_KV_RULE_ACTIVATIONS:
    break;
  case TP_KV_RULE_WEIGHTS:
    return tp_dtype_quantises(dtype) ? TP_KV_FP8 : TP_KV_AUTO;
  case TP_KV_RULE_FP16:
    return TP_KV_FP16;
  case TP_KV_RULE_BF16:
    return TP_KV_BF16;
  case TP_KV_RULE_FP8:
    return TP_KV_FP8;
  }
  return TP_KV_AUTO;
}

static enum tp_status read_kv_dtype(const char *word, struct tp_catalog *catalog,
                                    struct tp_point *point, struct tp_error *error)
{
  const bool own =
      point->dtype_text != NULL; /* types as the checkpoint has them: the cache's, too */
  enum tp_kv_dtype kv_dtype = own ? TP_KV_AUTO : kv_dtype_of(point->stack, point->dtype);
  if ((word[0] == '\0' || strcmp(word, "auto") == 0) && own && point->model->kv_dtype != NULL)
    word = point->model->kv_dtype;
  if (word[0] != '\0')
    TP_TRY(tp_catalog_kv_dtype(catalog, word, &kv_dtype, error));
  point->kv_dtype = tp_kv_dtype_of(kv_dtype, tp_dtype_wide(point->dtype));
  return TP_OK;
}

static enum tp_status read_words(const struct tp_ask *ask, struct tp_catalog *catalog,
                                 struct tp_point *point, struct tp_error *error)
{
  const char *words[TP_N_AXES];
  const struct tp_setup *setup = NULL;
  for (int i = 0; i < TP_N_AXES; i++)
    if (tp_axis_column((enum tp_axis_name)i)->is_text)
      TP_TRY(word_at(ask, (enum tp_axis_name)i, &words[i], error));
  if (words[TP_AXIS_dtype][0] == '\0')
    words[TP_AXIS_dtype] = NULL;
  TP_TRY(tp_catalog_model(catalog, words[TP_AXIS_model], &point->model, error));
  TP_TRY(tp_catalog_setup(catalog, words[TP_AXIS_platform], words[TP_AXIS_stack], &setup, error));
  TP_TRY(tp_catalog_variant(catalog, words[TP_AXIS_variant], &point->variant, error));
  TP_TRY(tp_catalog_precision(catalog, words[TP_AXIS_dtype], point, error));
  TP_TRY(tp_catalog_engine(catalog, words[TP_AXIS_engine], &point->engine, error));
  TP_TRY(tp_workload_parse(words[TP_AXIS_phase], &point->workload, error));
  point->platform = &setup->platform;
  point->device = &setup->device;
  point->stack = &setup->stack;
  return read_kv_dtype(words[TP_AXIS_kv_dtype], catalog, point, error);
}

static enum tp_status number_at(const struct tp_ask *ask, enum tp_axis_name axis, double least,
                                double most, int64_t *number, struct tp_error *error)
{
  const struct tp_ask_value *asked = &ask->values[axis];
  double value = asked->number;
  if (asked->text == NULL && isnan(value)) {
    *number = (int64_t)defaults[axis].number;
    return TP_OK;
  }
  const bool readable = asked->text == NULL || tp_text_number(asked->text, &value);
  if (readable && value >= least && value <= most && value == floor(value)) {
    *number = (int64_t)value;
    return TP_OK;
  }
  char text[128];
  if (readable && value == 0 && defaults[axis].absent != NULL)
    snprintf(text, sizeof text, "give a whole number from 1 to %g, or leave it out: %s", most,
             defaults[axis].absent);
  else if (readable)
    snprintf(text, sizeof text, "%.9g is not a whole number from %g to %g", value, least, most);
  else
    snprintf(text, sizeof text, "'%.32s' is not a number%s", asked->text,
             tp_text_number_mend(asked->text));
  return fail_number(ask, axis, error, text);
}

static enum tp_status read_numbers(const struct tp_ask *ask, struct tp_point *point,
                                   struct tp_error *error)
{
  int64_t tp, pp, dp, ep, nodes, interleave;
  TP_TRY(number_at(ask, TP_AXIS_tp, 1, 1e6, &tp, error));
  TP_TRY(number_at(ask, TP_AXIS_pp, 1, 1e6, &pp, error));
  TP_TRY(number_at(ask, TP_AXIS_dp, 1, 1e4, &dp, error));
  TP_TRY(number_at(ask, TP_AXIS_ep, 1, 1e6, &ep, error));
  TP_TRY(number_at(ask, TP_AXIS_nodes, 1, 1e6, &nodes, error));
  TP_TRY(number_at(ask, TP_AXIS_batch, 1, 1e6, &point->batch, error));
  TP_TRY(number_at(ask, TP_AXIS_prompt, 1, 1e8, &point->prompt, error));
  TP_TRY(number_at(ask, TP_AXIS_generate, 0, 1e8, &point->generate, error));
  TP_TRY(number_at(ask, TP_AXIS_layers, 1, 1e6, &point->layers, error));
  TP_TRY(number_at(ask, TP_AXIS_micro_batch, 1, 1e6, &point->micro_batch, error));
  TP_TRY(number_at(ask, TP_AXIS_interleave, 1, 1e3, &interleave, error));
  point->interleave = (int)interleave;
  point->mesh = tp_mesh_of_tp((int)tp);
  point->mesh.pp = (int)pp;
  point->mesh.dp = (int)dp;
  point->mesh.ep = (int)ep;
  point->mesh.etp = (int)(dp * tp / ep); /* where that is no whole number, the mesh is refused */
  point->nodes = (int)nodes;
  return TP_OK;
}

static bool is_given(const struct tp_ask_value *value)
{
  return value->text != NULL ? value->text[0] != '\0' && strcmp(value->text, "0") != 0
                             : !isnan(value->number) && value->number != 0;
}

/* What was asked and changes nothing: each once. */
static void tell_unused(const struct tp_ask *ask, const struct tp_point *point,
                        struct tp_catalog *catalog)
{
  static const enum tp_axis_name of_generations[] = {TP_AXIS_generate, TP_AXIS_kv_dtype};
  for (int i = 0; i < 2 && !tp_point_generates(point); i++) {
    const struct tp_column *const column = tp_axis_column(of_generations[i]);
    if (is_given(&ask->values[of_generations[i]]) && tp_catalog_is_news(catalog, column))
      catalog->note(tp_arena_printf(catalog->arena,
                                    "a training step and a sub-layer generate no tokens and keep "
                                    "no cache: %s is not used there",
                                    column->name));
  }
}

void tp_ask_tell_positions(const struct tp_model *model, int64_t tokens, struct tp_catalog *catalog)
{
  if (model->context == 0 || tokens <= model->context || !tp_catalog_is_news(catalog, model))
    return;
  catalog->note(tp_arena_printf(catalog->arena,
                                "model %s: sequences of %lld tokens are longer than the %lld "
                                "positions it is made for (max_position_embeddings, scaling of "
                                "rotary angles included)",
                                model->name, (long long)tokens, (long long)model->context));
}

/* Once a device: fp8 is expected to be the faster one.  Tiles of 128 rows are empty but for the row
 * or two that an expert gets in decode, where those of 16 bits have tiles of 16. */
static void tell_experts(const struct tp_point *point, struct tp_catalog *catalog)
{
  const struct tp_device *const device = point->device;
  const enum tp_dtype dtype = point->dtypes != NULL ? point->dtypes[TP_PART_EXPERTS] : point->dtype;
  const bool own = point->dtype_text != NULL && point->model->experts.count > 0;
  if (!own || dtype != TP_DTYPE_FP8 ||
      device->experts_fp8.least_rows <= device->experts.least_rows ||
      !tp_catalog_is_news(catalog, device))
    return;
  catalog->note(tp_arena_printf(catalog->arena,
                                "fp8 experts on %s are priced as vLLM's CUTLASS kernels, tiles of "
                                "%.0f rows and more, slower than bf16 at few tokens; a checkpoint "
                                "served by Triton is faster",
                                device->name, device->experts_fp8.least_rows));
}

enum tp_status tp_ask_resolve(const struct tp_ask *ask, struct tp_catalog *catalog,
                              struct tp_point *point, struct tp_error *error)
{
  struct tp_error reason;
  *point = (struct tp_point){.detail = ask->detail, .collective = ask->collective};
  const enum tp_status status = read_words(ask, catalog, point, &reason);
  if (status != TP_OK)
    return fail_word(ask, status, error, reason.text);
  TP_TRY(read_numbers(ask, point, error));
  tell_unused(ask, point, catalog);
  tp_ask_tell_positions(point->model,
                        point->prompt + (tp_point_generates(point) ? tp_point_generated(point) : 0),
                        catalog);
  tell_experts(point, catalog);
  if (point->layers == 0)
    return TP_OK;
  return tp_catalog_cut(catalog, point->layers, &point->model, &reason) == TP_OK
             ? TP_OK
             : fail_number(ask, TP_AXIS_layers, error, reason.text);
}
