#include "base/json.h"

#include "base/file.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PATH_BYTES = 1024, MAX_SCALARS = 4096 };

enum tp_status tp_doc_parse(const char *name, const char *text, struct tp_arena *arena,
                            struct tp_doc *doc, struct tp_error *error)
{
  json_error_t fault;
  json_t *const root = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
  if (root == NULL && text[strspn(text, " \t\r\n")] == '\0')
    return tp_fail(error, TP_E_INPUT, "%s:1: empty; a JSON object { ... } must stand here", name);
  if (root == NULL)
    return tp_fail(error, TP_E_INPUT, "%s:%d: not valid JSON: %s; mend it at column %d", name,
                   fault.line < 1 ? 1 : fault.line, fault.text,
                   fault.column < 1 ? 1 : fault.column);
  if (!json_is_object(root)) {
    json_decref(root);
    return tp_fail(error, TP_E_INPUT, "%s:1: an array; a JSON object { ... } must stand here",
                   name);
  }
  *doc = (struct tp_doc){
      .path = tp_arena_strdup(arena, name), .text = tp_arena_strdup(arena, text), .root = root};
  return TP_OK;
}

enum tp_status tp_doc_open(const char *file, struct tp_arena *arena, struct tp_doc *doc,
                           struct tp_error *error)
{
  const char *text;
  TP_TRY(tp_file_read(file, arena, &text, error));
  return tp_doc_parse(file, text, arena, doc, error);
}

void tp_doc_close(struct tp_doc *doc)
{
  json_decref(doc->root);
  doc->root = NULL;
}

/* Steps from `value` along the first part of *path and moves *path behind it; NULL: no such. */
static json_t *step(json_t *value, const char **path)
{
  const char *at = *path;
  if (*at == '[') {
    char *end;
    const unsigned long index = strtoul(at + 1, &end, 10);
    if (end == at + 1 || *end != ']')
      return NULL;
    *path = end[1] == '.' ? end + 2 : end + 1;
    return json_array_get(value, index);
  }
  char key[MAX_PATH_BYTES];
  const size_t length = strcspn(at, ".[");
  if (length >= sizeof key)
    return NULL;
  memcpy(key, at, length);
  key[length] = '\0';
  *path = at[length] == '.' ? at + length + 1 : at + length;
  return json_object_get(value, key);
}

json_t *tp_doc_at(const struct tp_doc *doc, const char *path)
{
  json_t *value = doc->root;
  while (value != NULL && *path != '\0')
    value = step(value, &path);
  return value;
}

enum tp_status tp_doc_fail(const struct tp_doc *doc, const char *path, struct tp_error *error,
                           const char *format, ...)
{
  char what[sizeof error->text];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  return tp_fail(error, TP_E_INPUT, "%s:%d: %s%s%s", doc->path, tp_doc_line(doc, path), path,
                 path[0] == '\0' ? "" : ": ", what);
}

struct walk {
  char path[MAX_PATH_BYTES];
  bool (*visit)(const char *path, void *data);
  void *data;
};

/* Visits the scalars under `value`, whose path is the first `length` bytes of walk->path. */
static bool walk_value(struct walk *walk, json_t *value, size_t length)
{
  const size_t room = sizeof walk->path - length;
  if (json_is_object(value)) {
    const char *key;
    json_t *child;
    json_object_foreach (value, key, child) {
      const int n = snprintf(walk->path + length, room, "%s%s", length > 0 ? "." : "", key);
      if ((size_t)n < room && !walk_value(walk, child, length + (size_t)n))
        return false;
    }
    return true;
  }
  if (json_is_array(value)) {
    size_t index;
    json_t *child;
    json_array_foreach (value, index, child) {
      const int n = snprintf(walk->path + length, room, "[%zu]", index);
      if ((size_t)n < room && !walk_value(walk, child, length + (size_t)n))
        return false;
    }
    return true;
  }
  walk->path[length] = '\0';
  return walk->visit(walk->path, walk->data);
}

void tp_doc_each_scalar(const struct tp_doc *doc, bool (*visit)(const char *path, void *data),
                        void *data)
{
  struct walk walk = {.visit = visit, .data = data};
  walk_value(&walk, doc->root, 0);
}

struct scalar_paths {
  struct tp_arena *arena;
  const char *paths[MAX_SCALARS];
  size_t count;
};

static bool collect_path(const char *path, void *data)
{
  struct scalar_paths *const all = data;
  all->paths[all->count++] = tp_arena_strdup(all->arena, path);
  return all->count < MAX_SCALARS;
}

static enum tp_status fail_unknown(const struct tp_doc *doc, const char *path,
                                   struct tp_error *error)
{
  struct tp_arena *const arena = tp_arena_create();
  struct scalar_paths *const all = TP_NEW(arena, struct scalar_paths, 1);
  all->arena = arena;
  tp_doc_each_scalar(doc, collect_path, all);
  const enum tp_status status = tp_fail(error, TP_E_INPUT, "%s has no value '%s'%s", doc->path,
                                        path, tp_text_hint(arena, path, all->paths, all->count));
  tp_arena_free(arena);
  return status;
}

/* VALUE as JSON of the kind `old` has, else NULL. */
static json_t *value_like(const json_t *old, const char *value)
{
  json_t *new = json_loads(value, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
  const bool alike = json_is_null(old) ? new == NULL || !(json_is_object(new) || json_is_array(new))
                     : json_is_number(old)  ? json_is_number(new)
                     : json_is_boolean(old) ? json_is_boolean(new)
                                            : json_is_string(new);
  if (alike && new != NULL)
    return new;
  json_decref(new);
  return json_is_string(old) || json_is_null(old) ? json_string(value) : NULL;
}

/* Puts `value` (taken over) in the place of the existing value at `path`. */
static bool replace(struct tp_doc *doc, const char *path, json_t *value)
{
  json_t *parent = doc->root;
  for (const char *rest = path;;) {
    const char *const part = rest;
    json_t *const child = step(parent, &rest);
    if (*rest != '\0') {
      parent = child;
      continue;
    }
    if (*part == '[')
      return json_array_set_new(parent, strtoul(part + 1, NULL, 10), value) == 0;
    return json_object_set_new(parent, part, value) == 0;
  }
}

enum tp_status tp_doc_set(struct tp_doc *doc, const char *path, const char *value,
                          struct tp_error *error)
{
  const json_t *const old = tp_doc_at(doc, path);
  if (old == NULL)
    return fail_unknown(doc, path, error);
  if (json_is_object(old) || json_is_array(old))
    return tp_doc_fail(doc, path, error, "not a single value; name one inside it");
  json_t *const new = value_like(old, value);
  if (new == NULL)
    return tp_doc_fail(doc, path, error, "'%.60s' is not a %s, as the value in the file is", value,
                       json_is_number(old) ? "number" : "true or false");
  if (!replace(doc, path, new))
    return tp_doc_fail(doc, path, error, "'%.60s' is not valid text", value);
  return TP_OK;
}
