/* What a file spells in another form than that in which keys are read. */
#include "model/family.h"

#include <string.h>

/* Objects whose keys are the shape's as if they stood beside them. */
static const char *const folded[] = {"attn_config", "ffn_config"};

enum tp_status tp_spelling_unfold(struct tp_reading *reading)
{
  json_t *const object = (json_t *)(uintptr_t)reading->object;
  for (size_t i = 0; i < sizeof folded / sizeof *folded; i++) {
    json_t *const part = json_object_get(object, folded[i]);
    const char *key;
    json_t *value;
    if (!json_is_object(part))
      continue;
    /* The path stays the same, so that a fault is still found in the text. */
    json_object_foreach (part, key, value)
      if (json_object_set(object, tp_arena_printf(reading->arena, "%s.%s", folded[i], key),
                          value) != 0)
        return tp_key_fail(reading, folded[i], "is not valid text");
    json_object_del(object, folded[i]);
  }
  return TP_OK;
}

/* Layers that the file counts, 0 where it does not. */
static size_t counted_layers(const struct tp_reading *reading)
{
  for (size_t i = 0; i < reading->n_fields; i++) {
    const json_t *const value = json_object_get(reading->object, reading->fields[i].key);
    if (reading->fields[i].offset == offsetof(struct tp_config, model.layers) &&
        json_is_integer(value) && json_integer_value(value) > 0)
      return (size_t)json_integer_value(value);
  }
  return 0;
}

/* Whether all items are the same whole number. */
static bool is_one_number(const json_t *list)
{
  for (size_t i = 0; i < json_array_size(list); i++)
    if (!json_is_integer(json_array_get(list, i)) ||
        !json_equal(json_array_get(list, i), json_array_get(list, 0)))
      return false;
  return json_array_size(list) > 0;
}

enum tp_status tp_spelling_settle_lists(struct tp_reading *reading)
{
  json_t *const object = (json_t *)(uintptr_t)reading->object;
  const size_t layers = counted_layers(reading);
  for (size_t i = 0; i < reading->n_fields; i++) {
    const char *const key = reading->fields[i].key;
    const json_t *const list = json_object_get(object, key);
    if (reading->fields[i].type != TP_FIELD_INT64 || json_array_size(list) != layers ||
        !json_is_integer(json_array_get(list, 0)))
      continue;
    if (!is_one_number(list))
      return tp_key_fail(reading, key, "lists unlike numbers, which no op here takes");
    json_object_set_new(object, key, json_integer(json_integer_value(json_array_get(list, 0))));
  }
  return TP_OK;
}
