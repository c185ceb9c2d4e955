/* Every key that a family reads changes the model: a value other than its default, or what follows
 * from it is lost.  Tests by published files tell nothing of keys that stand there as by default.
 */
#include "model/family.h"
#include "open.h"

#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

/* NULL: it is refused.  What tells files apart, and not models, is left out. */
static const struct tp_model *read_model(const char *family, const char *more)
{
  const char *const path = tp_arena_printf(arena, "test_family_keys.%ld.json", (long)getpid());
  struct tp_model *const model = TP_NEW(arena, struct tp_model, 1);
  FILE *const out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  fprintf(out, "{\"model_type\":\"%s\"%s}", family, more);
  fclose(out);
  const enum tp_status status = tp_model_open(path, arena, model, NULL);
  unlink(path);
  model->name = model->family = NULL;
  model->unpriced = model->unpriced != NULL ? "said" : NULL;
  model->notes = NULL;
  model->n_notes = 0;
  memset(model->hash, 0, sizeof model->hash);
  return status == TP_OK ? model : NULL;
}

static bool differ(const struct tp_model *a, const struct tp_model *b)
{
  struct tp_model like_a = *b;
  like_a.kind_of = a->kind_of;
  if (memcmp(a, &like_a, sizeof *a) != 0 || (a->kind_of == NULL) != (b->kind_of == NULL))
    return true;
  return a->kind_of != NULL && memcmp(a->kind_of, b->kind_of, (size_t)a->layers) != 0;
}

/* What stands beside a key: a shape where the family (NULL: any) has none of its own, and what
 * makes a key bind. */
static const struct {
  const char *family;
  struct {
    const char *key, *value;
  } pairs[12];
} files[] = {
    {NULL,
     {{"num_hidden_layers", "4"},
      {"hidden_size", "64"},
      {"num_attention_heads", "4"},
      {"intermediate_size", "128"},
      {"vocab_size", "99"}}},
    {"kraken",
     {{"n_layer", "12"},
      {"n_embd", "64"},
      {"n_head", "4"},
      {"kraken_ways", "2"},
      {"vocab_size", "99"},
      {"n_positions", "10"}}},
    {"telechat",
     {{"n_layer", "2"},
      {"hidden_size", "64"},
      {"n_head", "4"},
      {"ffn_hidden_size", "128"},
      {"vocab_size", "99"}}},
    {"mpt", {{"n_layers", "24"}, {"attn_config.alibi", "false"}}},
    {"falcon", {{"n_layer", "32"}, {"new_decoder_architecture", "true"}}},
    {"RefinedWebModel", {{"n_layer", "32"}, {"new_decoder_architecture", "true"}}},
    {"chatglm", {{"num_layers", "28"}, {"multi_query_attention", "true"}}},
    {"mpt", {{"d_model", "2048"}}},
    {"dbrx", {{"d_model", "2048"}}},
    {"llama4_text", {{"hidden_size", "5120"}}},
    /* The rest as the family's class has it. */
    {NULL, {{"num_hidden_layers", "24"}}},
    {NULL, {{"hidden_size", "4096"}}},
    {"gemma4_text",
     {{"num_hidden_layers", "4"},
      {"hidden_size", "64"},
      {"num_attention_heads", "4"},
      {"num_key_value_heads", "2"},
      {"head_dim", "16"},
      {"intermediate_size", "128"},
      {"vocab_size", "99"},
      {"num_experts", "4"},
      {"top_k_experts", "2"},
      {"moe_intermediate_size", "32"}}},
    {"mimo_v2_flash",
     {{"num_hidden_layers", "2"},
      {"hidden_size", "64"},
      {"num_attention_heads", "4"},
      {"num_key_value_heads", "2"},
      {"head_dim", "16"},
      {"v_head_dim", "16"},
      {"intermediate_size", "128"},
      {"vocab_size", "99"},
      {"sliding_window", "8"},
      {"hybrid_layer_pattern", "[0,1]"}}},
    {"qwen2", {{"hidden_size", "4096"}, {"use_sliding_window", "true"}}},
    {"gpt_neo", {{"num_layers", "24"}, {"attention_types", "[[[\"global\",\"local\"],12]]"}}},
};
enum { N_FILES = sizeof files / sizeof *files };

/* Two keys may spell one field. */
static const struct tp_field *field_of(const char *name, const char *key)
{
  const struct tp_family *family;
  for (size_t f = 0; (family = tp_family_at(f)) != NULL; f++)
    for (size_t i = 0; i < family->n_fields && strcmp(family->name, name) == 0; i++)
      if (strcmp(family->fields[i].key, key) == 0)
        return &family->fields[i];
  return NULL;
}

static bool spell_one(const char *family, const char *a, const char *b)
{
  const struct tp_field *const of_a = field_of(family, a), *const of_b = field_of(family, b);
  return of_a != NULL && of_b != NULL && of_a->offset == of_b->offset;
}

/* The pairs of a file, none past the last, `key` in its place with its value; NULL: as they are. */
static const char *beside(const char *family, size_t file, const char *key, const char *value)
{
  const char *text = key != NULL ? tp_arena_printf(arena, ",\"%s\":%s", key, value) : "";
  for (size_t i = 0; file < N_FILES && files[file].pairs[i].key != NULL; i++)
    if (key == NULL || (strcmp(files[file].pairs[i].key, key) != 0 &&
                        !spell_one(family, files[file].pairs[i].key, key)))
      text = tp_arena_printf(arena, "%s,\"%s\":%s", text, files[file].pairs[i].key,
                             files[file].pairs[i].value);
  return text;
}

static bool changes(const char *family, const char *key, const char *value)
{
  for (size_t file = 0; file <= N_FILES; file++) {
    if (file < N_FILES && files[file].family != NULL && strcmp(files[file].family, family) != 0)
      continue;
    const struct tp_model *const before = read_model(family, beside(family, file, NULL, NULL)),
                                 *const after =
                                     read_model(family, beside(family, file, key, value));
    if (before != NULL && after != NULL && differ(before, after))
      return true;
  }
  return false;
}

static bool key_changes(const struct tp_family *family, const struct tp_field *field)
{
  static const char *const numbers[] = {"1",  "2",  "3",  "4",   "8",    "16",
                                        "32", "64", "96", "142", "4096", NULL},
                           *const switches[] = {"true", "false", NULL};
  const char *const *const values = field->type == TP_FIELD_BOOL   ? switches
                                    : field->type == TP_FIELD_ENUM ? field->names
                                                                   : numbers;
  const char *const quote = field->type == TP_FIELD_ENUM ? "\"" : "";
  for (size_t i = 0; values[i] != NULL; i++)
    if (changes(family->name, field->key,
                tp_arena_printf(arena, "%s%s%s", quote, values[i], quote)))
      return true;
  return false;
}

/* A width that is refused unless it is the model's, and words that only another of these families
 * means something by. */
static const char *const idle[][2] = {{"opt", "word_embed_proj_dim"},
                                      {"RefinedWeb", "multi_query"}};

START_TEST(keys_change_the_model)
{
  const struct tp_family *family;
  for (size_t f = 0; (family = tp_family_at(f)) != NULL; f++)
    for (size_t i = 0; i < family->n_fields; i++) {
      const char *const key = family->fields[i].key;
      bool bears = true;
      for (size_t n = 0; n < sizeof idle / sizeof *idle; n++)
        bears = bears && (strcmp(idle[n][0], family->name) != 0 || strcmp(idle[n][1], key) != 0);
      ck_assert_msg(key_changes(family, &family->fields[i]) == bears, "%s: %s", family->name, key);
    }
}
END_TEST

/* Of the keys that families share, in one of them at least; layers that predict further tokens are
 * not the model's. */
START_TEST(shared_keys_change_a_model)
{
  const struct tp_family *family;
  for (size_t t = 0; t < tp_n_key_tables; t++)
    for (size_t i = 0; i < tp_key_tables[t].n; i++) {
      const struct tp_field *const field = &tp_key_tables[t].fields[i];
      bool changed = field->offset == offsetof(struct tp_config, further_tokens);
      for (size_t f = 0; (family = tp_family_at(f)) != NULL && !changed; f++)
        changed = (family->keys & tp_key_tables[t].group) != 0 && key_changes(family, field);
      ck_assert_msg(changed, "%s", field->key);
    }
}
END_TEST

static const struct tp_model *any_model(const char *family, const char *key, const char *value)
{
  const struct tp_model *model = NULL;
  for (size_t file = 0; file <= N_FILES && model == NULL; file++)
    if (file == N_FILES || files[file].family == NULL)
      model = read_model(family, beside(family, file, key, value));
  return model;
}

/* Where a family reads of biases, attention gets them by `attention_bias` or by `bias`; stablelm
 * has a word of its own.  Families that need more than a plain shape are passed over. */
START_TEST(biases_of_attention_are_read)
{
  static const char own_words[] = "stablelm stablelm_epoch molmo";
  static const char *const keys[] = {"attention_bias", "bias"};
  const struct tp_family *family;
  size_t n_read = 0;
  for (size_t f = 0; (family = tp_family_at(f)) != NULL; f++) {
    bool gets = false;
    if ((family->keys & TP_KEYS_BIASES) == 0 || strstr(own_words, family->name) != NULL ||
        any_model(family->name, keys[0], "true") == NULL)
      continue;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
      const struct tp_model *const with = any_model(family->name, keys[i], "true"),
                                   *const without = any_model(family->name, keys[i], "false");
      gets = gets || with->qkv_bias != without->qkv_bias || with->out_bias != without->out_bias;
    }
    ck_assert_msg(gets, "%s", family->name);
    n_read++;
  }
  ck_assert_uint_ge(n_read, 60);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("family keys");
  TCase *const t = tcase_create("family keys");
  tcase_add_checked_fixture(t, setup, teardown);
  tcase_add_test(t, keys_change_the_model);
  tcase_add_test(t, shared_keys_change_a_model);
  tcase_add_test(t, biases_of_attention_are_read);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
