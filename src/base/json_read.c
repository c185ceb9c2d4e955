/* Reads JSON objects into structs by table. */
#include "base/json.h"
#include "base/text.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct reading {
  const struct tp_doc *doc;
  const char *path; /* of the value being read */
  struct tp_arena *arena;
  struct tp_error *error;
};

static const char *shown(const struct reading *reading, const json_t *value)
{
  if (json_is_object(value))
    return "an object";
  if (json_is_array(value))
    return "an array";
  char *const text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
  const char *const copy = text == NULL ? "this" : tp_arena_printf(reading->arena, "%.60s", text);
  free(text);
  return json_is_string(value) ? tp_arena_printf(reading->arena, "the string %s", copy) : copy;
}

static bool unbounded(const struct tp_field *field)
{
  return field->min == 0 && field->max == 0;
}

static enum tp_status fail_number(const struct reading *reading, const struct tp_field *field,
                                  const json_t *value)
{
  const char *const noun = field->type == TP_FIELD_DOUBLE ? "a number" : "a whole number";
  const char *const range =
      unbounded(field)
          ? ""
          : tp_arena_printf(reading->arena, " from %.15g to %.15g", field->min, field->max);
  return tp_doc_fail(reading->doc, reading->path, reading->error, "must be %s%s, not %s", noun,
                     range, shown(reading, value));
}

static enum tp_status read_number(const struct reading *reading, const struct tp_field *field,
                                  const json_t *value, void *target)
{
  const double number = json_number_value(value);
  const bool in_range =
      unbounded(field) ? isfinite(number) : number >= field->min && number <= field->max;
  if (!json_is_number(value) || !in_range)
    return fail_number(reading, field, value);
  /* 80.0 is 80; a real of 2^53 or more no longer says which integer it is. */
  if (field->type != TP_FIELD_DOUBLE && json_is_real(value) &&
      (number != floor(number) || fabs(number) >= 0x1p53))
    return fail_number(reading, field, value);
  if (field->type == TP_FIELD_INT64)
    *(int64_t *)target = json_is_real(value) ? (int64_t)number : json_integer_value(value);
  else
    *(double *)target = number;
  return TP_OK;
}

static enum tp_status read_enum(const struct reading *reading, const struct tp_field *field,
                                const json_t *value, void *target)
{
  size_t n_names = 0;
  for (; field->names[n_names] != NULL; n_names++)
    if (json_is_string(value) && strcmp(field->names[n_names], json_string_value(value)) == 0) {
      *(int *)target = (int)n_names;
      return TP_OK;
    }
  const char *known = "";
  for (size_t i = 0; i < n_names; i++)
    known =
        tp_arena_printf(reading->arena, "%s%s\"%s\"", known, i == 0 ? "" : ", ", field->names[i]);
  return tp_doc_fail(reading->doc, reading->path, reading->error, "must be one of %s, not %s",
                     known, shown(reading, value));
}

static enum tp_status read_value(const struct reading *reading, const struct tp_field *field,
                                 const json_t *value, void *target)
{
  switch (field->type) {
  case TP_FIELD_DOUBLE:
  case TP_FIELD_INT64:
  case TP_FIELD_COUNT:
    return read_number(reading, field, value, target);
  case TP_FIELD_BOOL:
    if (!json_is_boolean(value))
      return tp_doc_fail(reading->doc, reading->path, reading->error,
                         "must be true or false, not %s", shown(reading, value));
    *(bool *)target = json_is_true(value);
    return TP_OK;
  case TP_FIELD_STRING:
    if (!json_is_string(value))
      return tp_doc_fail(reading->doc, reading->path, reading->error, "must be a string, not %s",
                         shown(reading, value));
    *(const char **)target = tp_arena_strdup(reading->arena, json_string_value(value));
    return TP_OK;
  case TP_FIELD_ENUM:
    return read_enum(reading, field, value, target);
  }
  return TP_OK;
}

static const struct tp_field *find_field(const struct tp_field *fields, size_t n_fields,
                                         const char *key)
{
  for (size_t i = 0; i < n_fields; i++)
    if (strcmp(fields[i].key, key) == 0)
      return &fields[i];
  return NULL;
}

static bool is_annotation(const char *key)
{
  return strncmp(key, "source", 6) == 0 || strncmp(key, "kind", 4) == 0 ||
         strncmp(key, "note", 4) == 0;
}

static enum tp_status fail_unknown(const struct reading *reading, const struct tp_field *fields,
                                   size_t n_fields, const char *key)
{
  const char **const keys = TP_NEW(reading->arena, const char *, n_fields + 1);
  for (size_t i = 0; i < n_fields; i++)
    keys[i] = fields[i].key;
  return tp_doc_fail(reading->doc, reading->path, reading->error, "unknown key%s",
                     tp_text_hint(reading->arena, key, keys, n_fields));
}

static const char *join(struct tp_arena *arena, const char *path, const char *key)
{
  return tp_arena_printf(arena, "%s%s%s", path, path[0] == '\0' ? "" : ".", key);
}

enum tp_status tp_doc_read(const struct tp_doc *doc, const char *path,
                           const struct tp_field *fields, size_t n_fields, bool open, void *out,
                           struct tp_arena *arena, struct tp_error *error)
{
  json_t *const object = tp_doc_at(doc, path);
  if (!json_is_object(object))
    return tp_doc_fail(doc, path, error,
                       object == NULL ? "missing; an object must stand here" : "must be an object");
  const char *key;
  json_t *value;
  json_object_foreach (object, key, value) {
    const struct reading reading = {doc, join(arena, path, key), arena, error};
    const struct tp_field *const field = find_field(fields, n_fields, key);
    if (field == NULL && !open && !is_annotation(key))
      return fail_unknown(&reading, fields, n_fields, key);
    if (field != NULL && !(field->optional && json_is_null(value)))
      TP_TRY(read_value(&reading, field, value, (char *)out + field->offset));
  }
  for (size_t i = 0; i < n_fields; i++)
    if (!fields[i].optional && json_object_get(object, fields[i].key) == NULL)
      return tp_doc_fail(doc, path, error, "'%s' is missing; add it", fields[i].key);
  return TP_OK;
}
