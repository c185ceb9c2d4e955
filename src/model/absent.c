/* What a file leaves out: what its configuration class has for it is said, and what nobody has is
 * refused. */
#include "model/family.h"

#include <inttypes.h>
#include <string.h>

static bool is_zero(const struct tp_reading *reading, const char *key)
{
  const json_t *const value = json_object_get(reading->object, key);
  return json_is_integer(value) && json_integer_value(value) == 0;
}

/* DeepSeek-V2's code has ordinary attention, too: where its file says so, or, as serving engines
 * have it, gives latent keys no width.  What the file says of latents then counts for nothing. */
bool tp_has_latents(const struct tp_reading *reading)
{
  return reading->family->keys & TP_KEYS_LATENT &&
         !json_is_false(json_object_get(reading->object, "use_mla")) &&
         !(is_zero(reading, "qk_nope_head_dim") && is_zero(reading, "qk_rope_head_dim"));
}

/* A width of latents that is null is none, and not the family's. */
enum tp_status tp_latents_check(const struct tp_reading *reading)
{
  static const char *const keys[] = {"kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim",
                                     "v_head_dim"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys && tp_has_latents(reading); i++)
    if (json_is_null(json_object_get(reading->object, keys[i])))
      return tp_key_fail(reading, keys[i],
                         "null gives latent attention no width; give it, or 'use_mla' false where "
                         "attention is ordinary");
  return TP_OK;
}

/* Layers that `layer_types` lists where no other key counts them, else 0. */
int64_t tp_counted_layers(const struct tp_reading *reading)
{
  const json_t *const types = json_object_get(reading->object, "layer_types");
  const bool counts = reading->family->keys & TP_KEYS_SHAPE && json_is_array(types) &&
                      !tp_key_is_given(reading, "num_hidden_layers");
  return counts && json_array_size(types) <= 2000 ? (int64_t)json_array_size(types) : 0;
}

static int64_t count_at(const struct tp_config *config, size_t offset)
{
  return *(const int64_t *)(const void *)((const char *)config + offset);
}

static void note_left_out(struct tp_reading *reading, size_t offset)
{
  tp_key_note(reading, "", "'%s' is left out; it is %" PRId64 ", as Hugging Face's %s has it",
              tp_key_of(reading, offset), count_at(&reading->config, offset),
              reading->family->name);
}

static bool any_kind(const struct tp_model *model, bool (*has)(const struct tp_layer_kind *kind))
{
  for (int kind = 0; kind < tp_model_n_kinds(model); kind++)
    if (has(&model->kinds[kind]))
      return true;
  return false;
}

static bool is_dense(const struct tp_layer_kind *kind)
{
  return !kind->mixture && !kind->no_mlp;
}

static bool slides(const struct tp_layer_kind *kind)
{
  return kind->window > 0;
}

/* Numbers that a file may leave to its class, where they bear on its layers: one of the class's
 * own, or as many key/value heads as there are heads. */
static void note_absent_numbers(struct tp_reading *reading)
{
  const struct tp_config *const config = &reading->config;
  const struct tp_expert_shape *const experts = &config->model.experts;
  const bool has_latents = tp_has_latents(reading), has_experts = experts->count > 0;
  const bool has_heads = reading->family->keys & TP_KEYS_SHAPE && !has_latents;
  const bool by_layer = reading->family->keys & TP_KEYS_BLOCKS ||
                        tp_key_is_given(reading, "num_key_value_heads_per_layer");
  const bool has_shared = has_experts && experts->shared_ffn > 0;
  const bool counts_shared =
      has_shared && !tp_key_is_given(reading, TP_KEY(reading, model.experts.shared_ffn));
  const bool has_dense = any_kind(&config->model, is_dense);
  const bool has_windows = any_kind(&config->model, slides);
  const bool slides_from = config->sliding == TP_SLIDING_FROM && config->use_window &&
                           !tp_key_is_given(reading, "layer_types");
  const struct {
    size_t offset;
    bool counts;
  } numbers[] = {{offsetof(struct tp_config, model.kv_heads), has_heads && !by_layer},
                 {offsetof(struct tp_config, model.head_dim), has_heads},
                 {offsetof(struct tp_config, window), has_windows},
                 {offsetof(struct tp_config, max_window_layers), slides_from},
                 {offsetof(struct tp_config, model.experts.count), has_experts},
                 {offsetof(struct tp_config, model.experts.top_k), has_experts},
                 {offsetof(struct tp_config, model.experts.ffn), has_experts},
                 {offsetof(struct tp_config, model.experts.shared_ffn), has_shared},
                 {offsetof(struct tp_config, n_shared), counts_shared},
                 {offsetof(struct tp_config, dense_ffn), has_dense},
                 {offsetof(struct tp_config, first_dense),
                  has_experts && has_dense && !tp_mixtures_are_listed(reading)},
                 {offsetof(struct tp_config, model.latent.q_rank), has_latents},
                 {offsetof(struct tp_config, model.latent.nope_dim), has_latents},
                 {offsetof(struct tp_config, model.latent.rope_dim), has_latents},
                 {offsetof(struct tp_config, model.latent.value_dim), has_latents}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    const size_t offset = numbers[i].offset;
    const char *const key = tp_key_of(reading, offset);
    const bool of_heads = offset == offsetof(struct tp_config, model.kv_heads);
    const bool as_heads = of_heads && json_is_null(json_object_get(reading->object, key));
    const bool is_own = of_heads || count_at(reading->family->defaults, offset) > 0;
    if (numbers[i].counts && is_own && count_at(config, offset) > 0 && !as_heads &&
        !tp_key_is_given(reading, key))
      note_left_out(reading, offset);
  }
}

/* GPT-2 and those of its time have no other head than their embedding; of later ones nobody knows
 * it without their class. */
static bool leaves_out_tying(const struct tp_reading *reading)
{
  static const char usual[] = "tie_word_embeddings";
  const struct tp_model *const model = &reading->config.model;
  return model->tied_head && !model->headless && reading->family->keys & TP_KEYS_SHAPE &&
         reading->family->defaults->model.tied_head &&
         !tp_key_is_given(reading, TP_KEY(reading, model.tied_head)) &&
         !json_is_boolean(json_object_get(reading->doc->root, usual));
}

void tp_absent_note(struct tp_reading *reading)
{
  const struct tp_config *const config = &reading->config;
  const char *const family = reading->family->name;
  note_absent_numbers(reading);
  if (any_kind(&config->model, slides) && tp_windows_are_by_class(reading))
    tp_key_note(reading, "",
                "'layer_types' is left out; of %" PRId64 " layers the last sees all tokens, as "
                "Hugging Face's %s has it",
                config->window_pattern, family);
  if (leaves_out_tying(reading))
    tp_key_note(reading, "", "'%s' is left out; it is true, as Hugging Face's %s has it",
                TP_KEY(reading, model.tied_head), family);
}

static bool gives_size(const struct tp_reading *reading, const struct tp_field *fields, size_t n)
{
  static const size_t sizes[] = {
      offsetof(struct tp_config, model.layers), offsetof(struct tp_config, model.hidden),
      offsetof(struct tp_config, model.heads), offsetof(struct tp_config, model.vocab)};
  for (size_t i = 0; i < n; i++)
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
      if (fields[i].offset == sizes[s] && tp_key_is_given(reading, fields[i].key))
        return true;
  return false;
}

/* In any family's words, since the file's family may be unknown. */
static bool gives_any_size(const struct tp_reading *reading)
{
  const struct tp_family *family;
  for (size_t i = 0; (family = tp_family_at(i)) != NULL; i++)
    if (gives_size(reading, family->fields, family->n_fields))
      return true;
  for (size_t t = 0; t < tp_n_key_tables; t++)
    if (gives_size(reading, tp_key_tables[t].fields, tp_key_tables[t].n))
      return true;
  return tp_key_is_given(reading, "layer_types") || tp_key_is_given(reading, "block_configs");
}

/* The classes' defaults are of one model among many.  A part of a file may lean on them, and one
 * that was taken out of it, since its tools leave out what is as in the class; a file that does not
 * even say its vocabulary is another tool's, of GGUF. */
enum tp_status tp_sizes_check(const struct tp_reading *reading)
{
  if (reading->path[0] != '\0' || gives_any_size(reading))
    return TP_OK;
  return tp_key_fail(
      reading, "",
      "says nothing of its sizes, neither layers nor width nor vocabulary, as files do "
      "that stand beside GGUF's; give the config.json of the model that those were "
      "made from");
}

/* Sizes that no file does without, and whether they must be there. */
enum tp_status tp_absent_check(struct tp_reading *reading)
{
  const struct tp_config *const config = &reading->config;
  const struct {
    size_t offset;
    bool needed;
  } counts[] = {
      {offsetof(struct tp_config, model.layers), true},
      {offsetof(struct tp_config, model.hidden), true},
      {offsetof(struct tp_config, model.heads), true},
      {offsetof(struct tp_config, model.ffn), !(reading->family->keys & TP_KEYS_BLOCKS)},
      {offsetof(struct tp_config, model.vocab), true},
      {offsetof(struct tp_config, model.latent.kv_rank), tp_has_latents(reading)},
      {offsetof(struct tp_config, model.max_positions),
       config->model.position == TP_POSITION_LEARNED},
      {offsetof(struct tp_config, model.kraken_ways), strcmp(reading->family->name, "kraken") == 0},
  };
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    const int64_t value = count_at(config, counts[i].offset);
    const char *const key = tp_key_of(reading, counts[i].offset);
    const bool is_ffn = counts[i].offset == offsetof(struct tp_config, model.ffn);
    const bool is_vocab = counts[i].offset == offsetof(struct tp_config, model.vocab);
    const bool follows = (is_ffn && (config->ffn_expansion > 0 || key[0] == '\0')) ||
                         (is_vocab && config->embedding_rows > 0);
    const bool is_null = json_is_null(json_object_get(reading->object, key)) && !follows;
    if (!counts[i].needed)
      continue;
    if (value == 0 || is_null)
      return tp_key_fail(reading, "", "'%s' is missing; a %s config.json has it, add it", key,
                         reading->family->name);
    if (!tp_key_is_given(reading, key) && !follows && value != tp_counted_layers(reading))
      note_left_out(reading, counts[i].offset);
  }
  return TP_OK;
}
