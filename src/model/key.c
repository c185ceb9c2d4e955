/* Where a key of a model's file stands, for whoever speaks of it, and whether it says anything. */
#include "model/family.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool tp_key_says_something(const json_t *value)
{
  if (json_is_array(value))
    return json_array_size(value) > 0;
  if (json_is_object(value))
    return json_object_size(value) > 0;
  if (json_is_number(value))
    return json_number_value(value) != 0;
  return json_is_true(value) || (json_is_string(value) && json_string_value(value)[0] != '\0');
}

/* Most do not, by their first letter, and fnmatch is slow to say so. */
bool tp_key_matches(const char *pattern, const char *key)
{
  const bool may = pattern[0] == key[0] || strchr("*?[", pattern[0]) != NULL;
  return may && fnmatch(pattern, key, 0) == 0;
}

const char *tp_key_path(const struct tp_reading *reading, const char *key)
{
  return tp_arena_printf(reading->arena, "%s%s%s", reading->path,
                         reading->path[0] == '\0' || key[0] == '\0' ? "" : ".", key);
}

const char *tp_key_of(const struct tp_reading *reading, size_t offset)
{
  const char *usual = "";
  for (size_t i = reading->n_fields; i-- > 0;) {
    const struct tp_field *const field = &reading->fields[i];
    if (field->offset != offset)
      continue;
    usual = field->key;
    if (tp_key_is_given(reading, field->key))
      return field->key;
  }
  return usual;
}

bool tp_key_is_null(const struct tp_reading *reading, size_t offset)
{
  bool is_null = false;
  for (size_t i = 0; i < reading->n_fields; i++)
    if (reading->fields[i].offset == offset)
      is_null = is_null || json_is_null(json_object_get(reading->object, reading->fields[i].key));
  return is_null && !tp_key_is_given(reading, tp_key_of(reading, offset));
}

enum tp_status tp_key_fail(const struct tp_reading *reading, const char *key, const char *format,
                           ...)
{
  char what[sizeof reading->error->text];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  return tp_doc_fail(reading->doc, tp_key_path(reading, key), reading->error, "%s", what);
}

void tp_key_note(struct tp_reading *reading, const char *key, const char *format, ...)
{
  char what[256];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  const char *const path = tp_key_path(reading, key);
  const char *const note =
      tp_arena_printf(reading->arena, "%s:%d: %s%s%s", reading->doc->path,
                      tp_doc_line(reading->doc, path), path, path[0] == '\0' ? "" : ": ", what);
  TP_APPEND(reading->arena, reading->notes, reading->n_notes, note);
}
