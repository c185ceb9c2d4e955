/* Which layers have a window in families that say it in words of their own. */
#include "model/family.h"

#include <inttypes.h>
#include <string.h>

bool tp_is_word(const json_t *value, const char *word)
{
  return json_is_string(value) && strcmp(json_string_value(value), word) == 0;
}

/* gpt_neo: [[["global", "local"], 12]], words in turns and how often; local ones slide. */
static enum tp_status read_turns(const struct tp_reading *reading, bool *slides)
{
  static const char key[] = "attention_types";
  const json_t *const turns = json_object_get(reading->object, key);
  const size_t layers = (size_t)reading->config.model.layers;
  size_t layer = 0;
  for (size_t i = 0; i < json_array_size(turns); i++) {
    const json_t *const words = json_array_get(json_array_get(turns, i), 0);
    const json_int_t times = json_integer_value(json_array_get(json_array_get(turns, i), 1));
    for (json_int_t time = 0; time < times && layer < layers && json_array_size(words) > 0; time++)
      for (size_t j = 0; j < json_array_size(words) && layer < layers; j++)
        slides[layer++] = tp_is_word(json_array_get(words, j), "local");
  }
  if (layer != layers)
    return tp_key_fail(reading, key,
                       "must name each of %zu layers, in turns: [[[\"global\", \"local\"], 12]]",
                       layers);
  return TP_OK;
}

/* gpt_neo: the same written out, ["global", "local", ...]. */
static enum tp_status read_written_out(const struct tp_reading *reading, bool *slides)
{
  static const char key[] = "attention_layers";
  const json_t *const words = json_object_get(reading->object, key);
  const int64_t layers = reading->config.model.layers;
  if (!json_is_array(words) || (int64_t)json_array_size(words) != layers)
    return tp_key_fail(reading, key, "must be a list of \"global\" and \"local\", one a layer");
  for (size_t layer = 0; layer < (size_t)layers; layer++) {
    const json_t *const word = json_array_get(words, layer);
    if (!tp_is_word(word, "local") && !tp_is_word(word, "global"))
      return tp_key_fail(reading, tp_arena_printf(reading->arena, "%s[%zu]", key, layer),
                         "must be \"global\" or \"local\"");
    if (tp_key_is_given(reading, "attention_types") && slides[layer] != tp_is_word(word, "local"))
      return tp_key_fail(reading, tp_arena_printf(reading->arena, "%s[%zu]", key, layer),
                         "contradicts 'attention_types'; keep one of them");
    slides[layer] = tp_is_word(word, "local");
  }
  return TP_OK;
}

enum tp_status tp_turns_read(struct tp_reading *reading, bool *slides)
{
  const bool in_turns = reading->config.in_turns,
             given = tp_key_is_given(reading, "attention_types");
  if (given)
    TP_TRY(read_turns(reading, slides));
  if (in_turns && tp_key_is_given(reading, "attention_layers"))
    return read_written_out(reading, slides);
  if (in_turns && !given)
    tp_key_note(reading, "",
                "'attention_types' is left out; every other layer is local, as Hugging "
                "Face's %s has it",
                reading->family->name);
  return TP_OK;
}

/* smollm3: 1 turns queries and keys by their positions, 0 does not. */
static enum tp_status read_rope(const struct tp_reading *reading, const json_t *rope, bool *slides)
{
  static const char key[] = "no_rope_layers";
  const int64_t layers = reading->config.model.layers;
  if ((int64_t)json_array_size(rope) != layers)
    return tp_key_fail(reading, key, "must be a list of 0 and 1, one a layer");
  for (size_t layer = 0; layer < (size_t)layers; layer++)
    slides[layer] = !tp_key_says_something(json_array_get(rope, layer));
  return TP_OK;
}

enum tp_status tp_unturned_read(struct tp_reading *reading, bool *slides)
{
  static const char list[] = "no_rope_layers", step[] = "no_rope_layer_interval";
  const json_t *const rope = json_object_get(reading->object, list);
  const json_t *const every = json_object_get(reading->object, step);
  const json_int_t interval = tp_key_is_given(reading, step) ? json_integer_value(every) : 4;
  if (tp_key_is_given(reading, list))
    return read_rope(reading, rope, slides);
  if (interval < 1)
    return tp_key_fail(reading, step, "must be a whole number of layers from 1 on");
  if (!tp_key_is_given(reading, step))
    tp_key_note(reading, "",
                "'%s' is left out; it is %" PRId64 ", as Hugging Face's %s has it: so many layers "
                "on, one slides",
                step, (int64_t)interval, reading->family->name);
  for (int64_t layer = 0; layer < reading->config.model.layers; layer++)
    slides[layer] = (layer + 1) % interval == 0;
  return TP_OK;
}
