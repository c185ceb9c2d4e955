/* How long a sequence may be: the positions that a model was trained for, times what a scaling of
 * its rotary angles adds. */
#include "model/family.h"

#include <math.h>
#include <string.h>

static const json_t *scaling_of(const struct tp_reading *reading)
{
  static const char *const keys[] = {"rope_scaling", "rope_parameters"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const json_t *const scaling = json_object_get(reading->object, keys[i]);
    const json_t *const full = json_object_get(scaling, "full_attention"); /* by kind of layer */
    if (json_is_object(scaling))
      return json_is_object(full) ? full : scaling;
  }
  return NULL;
}

static const char *type_of(const json_t *scaling)
{
  const char *const type = json_string_value(json_object_get(scaling, "rope_type"));
  const char *const old = json_string_value(json_object_get(scaling, "type"));
  return type != NULL ? type : old != NULL ? old : "default";
}

/* As serving engines read it: yarn stretches the positions of its original, and most others what
 * the file says; but some files give the stretched number. */
static double stretched(const struct tp_reading *reading, double positions)
{
  static const char *const counted[] = {"default", "llama3", "longrope",
                                        "su",      "mrope",  "proportional"};
  const json_t *const scaling = scaling_of(reading);
  const char *const type = type_of(scaling);
  const double factor = json_number_value(json_object_get(scaling, "factor"));
  const json_t *original = json_object_get(scaling, "original_max_position_embeddings");
  if (original == NULL)
    original = json_object_get(reading->object, "original_max_position_embeddings");
  for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
    if (strcmp(type, counted[i]) == 0)
      return positions;
  if (!(factor > 1) || strncmp(reading->family->name, "gemma3", 6) == 0)
    return positions;
  if (strstr(type, "yarn") != NULL && json_is_number(original))
    return fmax(positions, factor * json_number_value(original));
  return factor * positions;
}

/* Qwen's 1M files: queries see keys of their chunk as ever, but for those of the chunk's end, and
 * keys of others by other angles. */
static enum tp_status read_chunks(struct tp_reading *reading)
{
  static const char key[] = "dual_chunk_attention_config";
  const json_t *const chunks = json_object_get(reading->object, key);
  const json_int_t size = json_integer_value(json_object_get(chunks, "chunk_size")),
                   end = json_integer_value(json_object_get(chunks, "local_size"));
  if (!tp_key_is_given(reading, key))
    return TP_OK;
  if (end < 0 || size <= end)
    return tp_key_fail(reading, key,
                       "must be an object whose 'chunk_size' is above its "
                       "'local_size', in tokens");
  reading->config.model.chunk = size - end;
  return TP_OK;
}

enum tp_status tp_positions_read(struct tp_reading *reading)
{
  enum { MOST = 1000 * 1000 * 1000 };
  static const char *const keys[] = {"max_position_embeddings", "seq_length",  "max_seq_len",
                                     "max_sequence_length",     "n_positions", "model_max_length"};
  TP_TRY(read_chunks(reading));
  const bool turns = reading->config.model.position == TP_POSITION_ROTARY;
  const char *key = keys[0];
  /* The other words count where angles were trained: of a table, no sequence is longer. */
  for (size_t i = sizeof keys / sizeof *keys; turns && i-- > 0;)
    if (tp_key_is_given(reading, keys[i]))
      key = keys[i];
  const json_t *const value = json_object_get(reading->object, key);
  const double positions = json_number_value(value);
  /* So much, from a tokenizer, means that any length will do. */
  if (!tp_key_is_given(reading, key) || positions >= 1e30)
    return TP_OK;
  if (!json_is_number(value) || positions < 1 || positions != floor(positions) || positions > MOST)
    return tp_key_fail(reading, key, "must be a whole number from 1 to %d", (int)MOST);
  reading->config.model.context = (int64_t)fmin(stretched(reading, positions), MOST);
  return TP_OK;
}
