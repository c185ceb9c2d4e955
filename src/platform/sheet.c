#include "platform/sheet.h"

#include "base/text.h"

#include <stdint.h>
#include <string.h>

static const char *const provenance_names[] = {"datasheet", "measured", "fitted", "assumed", NULL};

bool tp_sheet_is_name(const char *name)
{
  return name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                              "0123456789-_")] == '\0';
}

static const char *join(struct tp_arena *arena, const char *path, const char *key)
{
  return path[0] == '\0' ? key : tp_arena_printf(arena, "%s.%s", path, key);
}

static bool is_annotation(const char *key)
{
  return strncmp(key, "source", 6) == 0 || strncmp(key, "note", 4) == 0 || strcmp(key, "kind") == 0;
}

enum tp_status tp_sheet_read_object(const struct tp_doc *doc, const char *path,
                                    const struct tp_field *fields, size_t n_fields,
                                    const char *const *others, void *out, struct tp_arena *arena,
                                    struct tp_error *error)
{
  size_t n_others = 0;
  while (others[n_others] != NULL)
    n_others++;
  const size_t n_known = n_fields + n_others;
  const char **known = TP_NEW(arena, const char *, n_known + 1);
  for (size_t i = 0; i < n_known; i++)
    known[i] = i < n_fields ? fields[i].key : others[i - n_fields];

  const char *key;
  json_t *value;
  json_object_foreach (tp_doc_at(doc, path), key, value) {
    bool found = is_annotation(key);
    for (size_t i = 0; i < n_known && !found; i++)
      found = strcmp(key, known[i]) == 0;
    if (!found)
      return tp_doc_fail(doc, join(arena, path, key), error, "unknown key%s",
                         tp_text_hint(arena, key, known, n_known));
  }
  return tp_doc_read(doc, path, fields, n_fields, true, out, arena, error);
}

enum tp_status tp_sheet_read_name(const struct tp_doc *doc, const char **name,
                                  struct tp_arena *arena, struct tp_error *error)
{
  struct head {
    int64_t format;
    const char *name;
  } head = {0};
  static const struct tp_field fields[] = {
      {.key = "format",
       .type = TP_FIELD_INT64,
       .offset = offsetof(struct head, format),
       .max = 1e9},
      {.key = "name", .type = TP_FIELD_STRING, .offset = offsetof(struct head, name)},
  };
  TP_TRY(tp_doc_read(doc, "", fields, 2, true, &head, arena, error));
  if (head.format != TP_SHEET_FORMAT)
    return tp_doc_fail(doc, "format", error, "this release reads format %d only", TP_SHEET_FORMAT);
  if (head.name[0] == '\0')
    return tp_doc_fail(doc, "name", error, "is empty; give the file's name without .json");
  *name = head.name;
  return TP_OK;
}

enum tp_status tp_sheet_read_origin(const struct tp_doc *doc, const char *path,
                                    struct tp_origin *origin, struct tp_arena *arena,
                                    struct tp_error *error)
{
  struct read {
    int kind;
    const char *source;
  } read = {0};
  static const struct tp_field fields[] = {
      {.key = "kind",
       .type = TP_FIELD_ENUM,
       .offset = offsetof(struct read, kind),
       .names = provenance_names},
      {.key = "source", .type = TP_FIELD_STRING, .offset = offsetof(struct read, source)},
  };
  TP_TRY(tp_doc_read(doc, path, fields, 2, true, &read, arena, error));
  if (read.source[0] == '\0')
    return tp_doc_fail(doc, join(arena, path, "source"), error,
                       "is empty; say where the values are from");
  *origin = (struct tp_origin){(enum tp_provenance)(read.kind + 1), read.source};
  return TP_OK;
}

enum tp_status tp_sheet_read_section(const struct tp_doc *doc, const char *path,
                                     const struct tp_field *fields, size_t n_fields, void *out,
                                     struct tp_origin *origin, struct tp_arena *arena,
                                     struct tp_error *error)
{
  static const char *const nothing[] = {NULL};
  TP_TRY(tp_sheet_read_origin(doc, path, origin, arena, error));
  return tp_sheet_read_object(doc, path, fields, n_fields, nothing, out, arena, error);
}
