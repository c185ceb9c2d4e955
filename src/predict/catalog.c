#include "predict/catalog.h"

#include "base/file.h"
#include "base/text.h"
#include "predict/name.h"
#include "program/wiring/wiring.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tp_catalog_entry {
  const char *name;
  const void *object;
  struct tp_catalog_entry *next;
};

struct tp_catalog_setup {
  const char *platform, *stack;
  const struct tp_setup *setup;
  struct tp_catalog_setup *next;
};

struct tp_catalog_cut {
  const struct tp_model *whole;
  struct tp_model cut;
  struct tp_catalog_cut *next;
};

static const void *look_up(struct tp_catalog_entry *list, const char *name)
{
  for (const struct tp_catalog_entry *entry = list; entry != NULL; entry = entry->next)
    if (entry->name == name || strcmp(entry->name, name) == 0)
      return entry->object;
  return NULL;
}

static void remember(struct tp_catalog *catalog, struct tp_catalog_entry **list, const char *name,
                     const void *object)
{
  struct tp_catalog_entry *entry = TP_NEW(catalog->arena, struct tp_catalog_entry, 1);
  *entry = (struct tp_catalog_entry){tp_arena_strdup(catalog->arena, name), object, *list};
  *list = entry;
}

/* "models/x.json", wherever the data directory is. */
static const char *name_below_roots(const struct tp_datadir *dirs, const char *path)
{
  for (size_t i = 0; i < dirs->n_roots; i++) {
    const size_t length = strlen(dirs->roots[i]);
    if (strncmp(path, dirs->roots[i], length) == 0 && path[length] == '/')
      return path + length + 1;
  }
  return path;
}

void tp_catalog_add_input(struct tp_catalog *catalog, const char *path, const char *hash)
{
  const char *const name = name_below_roots(catalog->dirs, path);
  for (size_t i = 0; i < catalog->n_inputs; i++)
    if (strcmp(catalog->inputs[i].name, name) == 0)
      return;
  if (catalog->n_inputs == catalog->inputs_capacity) {
    catalog->inputs_capacity = 2 * catalog->inputs_capacity + 8;
    struct tp_input_file *larger =
        TP_NEW(catalog->arena, struct tp_input_file, catalog->inputs_capacity);
    if (catalog->n_inputs > 0)
      memcpy(larger, catalog->inputs, catalog->n_inputs * sizeof *larger);
    catalog->inputs = larger;
  }
  struct tp_input_file *input = &catalog->inputs[catalog->n_inputs++];
  input->name = tp_arena_strdup(catalog->arena, name);
  memcpy(input->hash, hash, sizeof input->hash);
}

struct tp_catalog_told {
  const void *about;
  struct tp_catalog_told *next;
};

bool tp_catalog_is_news(struct tp_catalog *catalog, const void *about)
{
  for (const struct tp_catalog_told *told = catalog->told; told != NULL; told = told->next)
    if (told->about == about)
      return false;
  struct tp_catalog_told *const told = TP_NEW(catalog->arena, struct tp_catalog_told, 1);
  *told = (struct tp_catalog_told){about, catalog->told};
  catalog->told = told;
  return catalog->note != NULL;
}

/* A file, a shipped name, or a folder that holds config.json. */
static enum tp_status find_model(const struct tp_catalog *catalog, const char *name,
                                 const char **path, struct tp_error *error)
{
  struct tp_error unknown;
  const size_t length = strlen(name);
  const char *const slash = length > 0 && name[length - 1] == '/' ? "" : "/";
  const char *const inside = tp_arena_printf(catalog->arena, "%s%sconfig.json", name, slash);
  const bool is_folder = access(inside, F_OK) == 0;
  if (is_folder && strchr(name, '/') != NULL) {
    *path = inside;
    return TP_OK;
  }
  const enum tp_status status = tp_datadir_find(catalog->dirs, "model", "models", ".json", name,
                                                catalog->arena, path, &unknown);
  struct stat there;
  const char *const meant = status == TP_OK ? *path : name;
  if (!is_folder && (status != TP_OK || strchr(name, '/') != NULL) && stat(meant, &there) == 0 &&
      S_ISDIR(there.st_mode))
    return tp_fail(error, TP_E_INPUT,
                   "%s: a folder without config.json; give the file, or a folder that holds it",
                   meant);
  if (status == TP_OK || !is_folder)
    return status == TP_OK ? TP_OK : tp_fail(error, status, "%s", unknown.text);
  *path = inside;
  return TP_OK;
}

/* The other file's last part in the folder of FILE, which may have been given a longer name. */
static const char *beside(const char *file, const char *other, struct tp_arena *arena)
{
  const char *const end = strrchr(file, '/'), *const last = strrchr(other, '/');
  return tp_arena_printf(arena, "%.*s%s", end == NULL ? 0 : (int)(end + 1 - file), file,
                         last == NULL ? other : last + 1);
}

enum tp_status tp_catalog_model(struct tp_catalog *catalog, const char *name,
                                const struct tp_model **model, struct tp_error *error)
{
  *model = look_up(catalog->models, name);
  if (*model != NULL)
    return TP_OK;
  const char *path;
  struct tp_model *opened = TP_NEW(catalog->arena, struct tp_model, 1);
  enum tp_status status = find_model(catalog, name, &path, error);
  if (status == TP_OK)
    status = tp_model_open(path, catalog->arena, opened, error);
  if (status != TP_OK)
    return status;
  const char *const file = tp_row_name(path, catalog->arena);
  tp_catalog_add_input(catalog, file, opened->hash);
  if (opened->beside != NULL)
    tp_catalog_add_input(catalog, beside(file, opened->beside, catalog->arena),
                         opened->beside_hash);
  opened->name = tp_row_name(name, catalog->arena);
  remember(catalog, &catalog->models, name, opened);
  for (size_t i = 0; i < opened->n_notes && catalog->note != NULL; i++)
    catalog->note(opened->notes[i]);
  *model = opened;
  return TP_OK;
}

enum tp_status tp_catalog_cut(struct tp_catalog *catalog, int64_t layers,
                              const struct tp_model **model, struct tp_error *error)
{
  if (layers > (*model)->layers)
    return tp_fail(error, TP_E_INPUT, "%lld layers: %s has %lld; take fewer", (long long)layers,
                   (*model)->name, (long long)(*model)->layers);
  struct tp_catalog_cut *cut = catalog->cuts;
  while (cut != NULL && (cut->whole != *model || cut->cut.layers != layers))
    cut = cut->next;
  if (cut == NULL) {
    cut = TP_NEW(catalog->arena, struct tp_catalog_cut, 1);
    *cut = (struct tp_catalog_cut){.whole = *model, .cut = **model, .next = catalog->cuts};
    cut->cut.layers = layers;
    catalog->cuts = cut;
  }
  *model = &cut->cut;
  return TP_OK;
}

enum tp_status tp_catalog_variant(struct tp_catalog *catalog, const char *text,
                                  const struct tp_variant **variant, struct tp_error *error)
{
  *variant = look_up(catalog->variants, text);
  if (*variant != NULL)
    return TP_OK;
  struct tp_variant *parsed = TP_NEW(catalog->arena, struct tp_variant, 1);
  TP_TRY(tp_variant_open(catalog->dirs, text, catalog->arena, parsed, error));
  if (parsed->architecture->wiring != NULL) {
    char hash[TP_HASH_CHARS];
    tp_hash_text(parsed->architecture->wiring->text, hash);
    tp_catalog_add_input(catalog, parsed->architecture->wiring->path, hash);
  }
  remember(catalog, &catalog->variants, text, parsed);
  *variant = parsed;
  return TP_OK;
}

enum tp_status tp_catalog_engine(struct tp_catalog *catalog, const char *name,
                                 const struct tp_engine **engine, struct tp_error *error)
{
  enum { MOST_ENGINES = 8 };
  const char *names[MOST_ENGINES];
  size_t n = 0;
  for (; catalog->engines[n] != NULL && n < MOST_ENGINES; n++) {
    names[n] = catalog->engines[n]->name;
    if (strcmp(name, names[n]) == 0) {
      *engine = catalog->engines[n];
      return TP_OK;
    }
  }
  return tp_fail(error, TP_E_INPUT, "no engine '%s'%s", name,
                 tp_text_hint(catalog->arena, name, names, n));
}

/* The place of a word in a list that ends with NULL; of the first `n_known` of them, the rest being
 * words that only the hint knows. */
static enum tp_status find_word(const struct tp_catalog *catalog, const char *what,
                                const char *const *words, size_t n_known, const char *word,
                                int *place, struct tp_error *error)
{
  size_t n = 0;
  for (; words[n] != NULL; n++)
    if (n < n_known && strcmp(word, words[n]) == 0) {
      *place = (int)n;
      return TP_OK;
    }
  return tp_fail(error, TP_E_INPUT, "no %s '%s'%s", what, word,
                 tp_text_hint(catalog->arena, word, words, n));
}

enum tp_status tp_catalog_dtype(struct tp_catalog *catalog, const char *name, enum tp_dtype *dtype,
                                struct tp_error *error)
{
  static const char *const words[] = {
#define X(name, text) text,
      TP_DTYPES(X)
#undef X
          "auto",
      NULL};
  int place;
  TP_TRY(find_word(catalog, "dtype", words, sizeof words / sizeof *words - 2, name, &place, error));
  *dtype = (enum tp_dtype)place;
  return TP_OK;
}

struct tp_catalog_precision {
  const struct tp_model *model;
  struct tp_precision precision;
  struct tp_catalog_precision *next;
};

static const struct tp_precision *own_precision(struct tp_catalog *catalog,
                                                const struct tp_model *model)
{
  struct tp_catalog_precision *known = catalog->precisions;
  while (known != NULL && known->model != model)
    known = known->next;
  if (known == NULL) {
    known = TP_NEW(catalog->arena, struct tp_catalog_precision, 1);
    *known = (struct tp_catalog_precision){.model = model,
                                           .precision = tp_precision_of(model, catalog->arena),
                                           .next = catalog->precisions};
    catalog->precisions = known;
  }
  return &known->precision;
}

enum tp_status tp_catalog_precision(struct tp_catalog *catalog, const char *name,
                                    struct tp_point *point, struct tp_error *error)
{
  const bool own = name == NULL ? tp_precision_is_own(point->model) : strcmp(name, "auto") == 0;
  if (!own)
    return tp_catalog_dtype(catalog, name == NULL ? "fp16" : name, &point->dtype, error);
  const struct tp_precision *const precision = own_precision(catalog, point->model);
  point->dtype = precision->dtype;
  point->dtypes = precision->dtypes;
  point->dtype_text = precision->text;
  point->refused = precision->refused;
  return TP_OK;
}

enum tp_status tp_catalog_kv_dtype(struct tp_catalog *catalog, const char *name,
                                   enum tp_kv_dtype *kv_dtype, struct tp_error *error)
{
  static const char *const words[] = {
#define X(name, text) text,
      TP_KV_DTYPES(X)
#undef X
          NULL};
  int place;
  TP_TRY(
      find_word(catalog, "kv_dtype", words, sizeof words / sizeof *words - 1, name, &place, error));
  *kv_dtype = (enum tp_kv_dtype)place;
  return TP_OK;
}

enum tp_status tp_catalog_setup(struct tp_catalog *catalog, const char *platform, const char *stack,
                                const struct tp_setup **setup, struct tp_error *error)
{
  for (const struct tp_catalog_setup *known = catalog->setups; known != NULL; known = known->next)
    if (strcmp(known->platform, platform) == 0 && strcmp(known->stack, stack) == 0) {
      *setup = known->setup;
      return TP_OK;
    }
  const struct tp_setup_request request = {.platform = platform,
                                           .device = catalog->device,
                                           .stack = stack,
                                           .sets = catalog->sets,
                                           .n_sets = catalog->n_sets};
  struct tp_setup *opened;
  const enum tp_status status =
      tp_setup_open(catalog->dirs, &request, catalog->arena, &opened, error);
  if (status != TP_OK)
    return status;
  opened->platform.name = tp_row_name(platform, catalog->arena);
  opened->stack.name = tp_row_name(stack, catalog->arena);
  for (int i = 0; i < opened->n_inputs; i++)
    tp_catalog_add_input(catalog, opened->inputs[i].path, opened->inputs[i].hash);
  struct tp_catalog_setup *entry = TP_NEW(catalog->arena, struct tp_catalog_setup, 1);
  *entry = (struct tp_catalog_setup){.platform = tp_arena_strdup(catalog->arena, platform),
                                     .stack = tp_arena_strdup(catalog->arena, stack),
                                     .setup = opened,
                                     .next = catalog->setups};
  catalog->setups = entry;
  *setup = opened;
  return TP_OK;
}
