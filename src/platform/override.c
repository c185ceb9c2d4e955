#include "platform/override.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LISTED = 6 };

/* A value a KEY may mean. */
struct candidate {
  struct tp_doc *doc;
  const char *path;  /* for tp_doc_set: "links[0].latency_s" */
  const char *full;  /* "platform.links[0].latency_s" */
  const char *named; /* array items by name: "platform.links.nvlink.latency_s" */
};

struct search {
  struct tp_arena *arena;
  struct tp_doc *doc;
  const char *word; /* "platform" */
  struct candidate *all;
  size_t n;
};

/* Not values of the model: what a file is called and says about itself. */
static bool is_label(const char *path)
{
  const char *dot = strrchr(path, '.');
  const char *key = dot == NULL ? path : dot + 1;
  return strncmp(key, "source", 6) == 0 || strncmp(key, "note", 4) == 0 ||
         (strcmp(key, "kind") == 0 && strchr(path, '[') == NULL) || strcmp(key, "name") == 0 ||
         strcmp(path, "format") == 0 || strcmp(path, "device") == 0 || strcmp(path, "version") == 0;
}

/* "links[0].latency_s" -> "links.nvlink.latency_s"; unchanged where items have no name. */
static const char *by_name(struct tp_arena *arena, const struct tp_doc *doc, const char *path)
{
  const char *open = strchr(path, '['), *close = strchr(path, ']');
  if (open == NULL || close == NULL)
    return path;
  const char *item = tp_arena_printf(arena, "%.*s", (int)(close + 1 - path), path);
  const char *name = json_string_value(json_object_get(tp_doc_at(doc, item), "name"));
  return name == NULL
             ? path
             : tp_arena_printf(arena, "%.*s.%s%s", (int)(open - path), path, name, close + 1);
}

static bool collect(const char *path, void *data)
{
  struct search *search = data;
  if (is_label(path))
    return true;
  struct tp_arena *arena = search->arena;
  const struct candidate found = {
      .doc = search->doc,
      .path = tp_arena_strdup(arena, path),
      .full = tp_arena_printf(arena, "%s.%s", search->word, path),
      .named = tp_arena_printf(arena, "%s.%s", search->word, by_name(arena, search->doc, path))};
  TP_APPEND(arena, search->all, search->n, found);
  return true;
}

static void collect_doc(struct search *search, const char *word, struct tp_doc *doc)
{
  if (doc == NULL)
    return;
  search->word = word;
  search->doc = doc;
  tp_doc_each_scalar(doc, collect, search);
}

static bool ends_path(const char *path, const char *key)
{
  const size_t n = strlen(path), k = strlen(key);
  return k <= n && strcmp(path + n - k, key) == 0 && (k == n || path[n - k - 1] == '.');
}

static void add_once(const char **names, size_t *n, const char *name)
{
  if (!tp_text_is_among(name, names, *n))
    names[(*n)++] = name;
}

/* What people call a quantity and what keys end with that hold one; NULL: no such word. */
static const char *ending_of(const char *word)
{
  static const struct {
    const char *word, *ending;
  } words[] = {{"bandwidth", "bytes_per_s"}, {"bw", "bytes_per_s"}, {"latency", "latency_s"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(word, words[i].word) == 0)
      return words[i].ending;
  return NULL;
}

/* "; did you mean 'links.nvlink.latency_s' or ...?", of the first keys that hold such a quantity,
 * links' before all others; with `place` in them, which may be "". */
static const char *keys_of(const struct search *search, const char *place, const char *ending)
{
  enum { MOST = 3 };
  const char *hint = "";
  size_t n = 0;
  for (size_t i = 0; i < search->n && n < MOST; i++) {
    const char *const path = strchr(search->all[i].named, '.') + 1;
    const char *const quoted = tp_arena_printf(search->arena, "'%s'", path);
    if (strstr(path, ending) == NULL || strstr(path, place) == NULL || strstr(hint, quoted) != NULL)
      continue;
    hint = tp_arena_printf(search->arena, "%s%s%s", hint, n++ == 0 ? "; did you mean " : " or ",
                           quoted);
  }
  return n == 0 ? "" : tp_arena_printf(search->arena, "%s?", hint);
}

/* Of "bandwidth" and "nvlink.bandwidth"; "" where the key is no such word. */
static const char *hint_of_quantity(const struct search *search, const char *key)
{
  const char *const dot = strrchr(key, '.'), *const word = dot == NULL ? key : dot + 1;
  const char *const ending = ending_of(word);
  if (ending == NULL)
    return "";
  const char *const hint = keys_of(
      search, dot == NULL ? "" : tp_arena_printf(search->arena, "%.*s", (int)(dot - key), key),
      ending);
  return hint[0] != '\0' ? hint : keys_of(search, "", ending);
}

/* Of a key that is close to none: the paths that end as it does or, where none does, what paths
 * begin with. */
static const char *hint_of_parts(const struct search *search, const char *key)
{
  const char *const dot = strrchr(key, '.');
  const char *hint = dot != NULL ? keys_of(search, "", dot) : "";
  if (hint[0] != '\0')
    return hint;
  const char **names = TP_NEW(search->arena, const char *, search->n + 1);
  size_t n = 0;
  for (size_t i = 0; i < search->n; i++) {
    const char *const path = strchr(search->all[i].named, '.') + 1;
    const size_t length = strcspn(path, ".[");
    if (path[length] != '\0')
      add_once(names, &n, tp_arena_printf(search->arena, "%.*s", (int)length, path));
  }
  for (size_t i = 0; i < n; i++)
    hint =
        tp_arena_printf(search->arena, "%s%s%s", hint, i == 0 ? "; keys begin " : ", ", names[i]);
  return hint;
}

static enum tp_status fail_unknown(const struct search *search, const char *key,
                                   struct tp_error *error)
{
  /* Close to a whole path without its document, or to the last part of one. */
  const char **names = TP_NEW(search->arena, const char *, 2 * search->n + 1);
  size_t n = 0;
  for (size_t i = 0; i < search->n; i++) {
    const char *path = strchr(search->all[i].named, '.') + 1;
    add_once(names, &n, path);
    add_once(names, &n, strrchr(search->all[i].named, '.') + 1);
  }
  const char *hint = hint_of_quantity(search, key);
  if (hint[0] == '\0')
    hint = tp_text_hint(search->arena, key, names, n);
  if (strncmp(hint, "; known", 7) == 0)
    hint = hint_of_parts(search, key);
  return tp_fail(error, TP_E_INPUT, "--set %s: no such value in the platform, device or stack%s",
                 key, hint);
}

/* How to write a candidate so that it means one value: by index where a name stands twice. */
static const char *spelling(const struct search *search, const struct candidate *one)
{
  for (size_t i = 0; i < search->n; i++)
    if (&search->all[i] != one && strcmp(search->all[i].named, one->named) == 0)
      return one->full;
  return one->named;
}

static enum tp_status fail_ambiguous(const struct search *search, const char *key,
                                     struct tp_error *error)
{
  const char *list = "";
  size_t n = 0;
  for (size_t i = 0; i < search->n; i++) {
    const struct candidate *one = &search->all[i];
    if (!ends_path(one->full, key) && !ends_path(one->named, key))
      continue;
    if (n < MAX_LISTED)
      list =
          tp_arena_printf(search->arena, "%s%s%s", list, n == 0 ? "" : ", ", spelling(search, one));
    n++;
  }
  return tp_fail(error, TP_E_INPUT, "--set %s: means %zu values, write more of the path: %s%s", key,
                 n, list, n > MAX_LISTED ? ", ..." : "");
}

static enum tp_status apply(struct search *search, const char *text, struct tp_error *error)
{
  const char *equals = strchr(text, '=');
  if (equals == NULL || equals == text)
    return tp_fail(error, TP_E_INPUT, "--set %s: write KEY=VALUE, as in gemm.compute_ratio=0.6",
                   text);
  const char *key = tp_arena_printf(search->arena, "%.*s", (int)(equals - text), text);
  const struct candidate *found = NULL;
  for (size_t i = 0; i < search->n; i++) {
    const struct candidate *one = &search->all[i];
    if (!ends_path(one->full, key) && !ends_path(one->named, key))
      continue;
    if (found != NULL)
      return fail_ambiguous(search, key, error);
    found = one;
  }
  return found == NULL ? fail_unknown(search, key, error)
                       : tp_doc_set(found->doc, found->path, equals + 1, error);
}

enum tp_status tp_override_apply(const struct tp_override_docs *docs, const char *text,
                                 struct tp_error *error)
{
  struct search search = {.arena = tp_arena_create()};
  collect_doc(&search, "platform", docs->platform);
  collect_doc(&search, "device", docs->device);
  collect_doc(&search, "stack", docs->stack);
  const enum tp_status status = apply(&search, text, error);
  tp_arena_free(search.arena);
  return status;
}
