/* What the class that a file names, `architectures`, has or lacks, whatever the family. */
#include "model/family.h"

#include <fnmatch.h>
#include <string.h>

/* The first pattern that fits a class decides.  A bare model has layers and nothing behind them; of
 * a file with several parts, a bare name is that of all of them together, and says nothing. */
enum ending { ENDS_IN_HEAD, ENDS_OTHERWISE, ENDS_BARE, IS_DRAFT };
static const struct {
  const char *pattern;
  enum ending ending;
} classes[] = {
    {"*[Ee]agle*", IS_DRAFT},
    {"*EAGLE*", IS_DRAFT},
    {"*Medusa*", IS_DRAFT},
    {"*Speculator*", IS_DRAFT},
    {"*MTPModel", IS_DRAFT},
    {"*NextN", IS_DRAFT},
    {"*LMHead*", ENDS_IN_HEAD},
    {"*DoubleHeadsModel", ENDS_IN_HEAD},
    {"*ChatModel", ENDS_IN_HEAD},
    {"ChatGLMModel", ENDS_IN_HEAD}, /* its head is in it */
    {"Llava*", ENDS_IN_HEAD},
    {"*For*Classification", ENDS_OTHERWISE},
    {"*ForRewardModel", ENDS_OTHERWISE},
    {"*ForProcessRewardModel", ENDS_OTHERWISE},
    {"*ForQuestionAnswering", ENDS_OTHERWISE},
    {"*For*Embedding", ENDS_OTHERWISE},
    {"*Model", ENDS_BARE},
};

static enum ending ending_of(const char *name)
{
  for (size_t i = 0; name != NULL && i < sizeof classes / sizeof *classes; i++)
    if (fnmatch(classes[i].pattern, name, 0) == 0)
      return classes[i].ending;
  return ENDS_IN_HEAD;
}

/* The part's own classes, else the file's. */
static const json_t *classes_of(const struct tp_reading *reading)
{
  const json_t *const own = json_object_get(reading->object, "architectures");
  return json_array_size(own) > 0 ? own : json_object_get(reading->doc->root, "architectures");
}

bool tp_architectures_draft(const struct tp_reading *reading)
{
  const json_t *const names = classes_of(reading);
  for (size_t i = 0; i < json_array_size(names) && reading->path[0] == '\0'; i++)
    if (ending_of(json_string_value(json_array_get(names, i))) == IS_DRAFT)
      return true;
  return false;
}

/* Headless where none of its classes has a head: one file may serve several. */
void tp_architectures_read(struct tp_reading *reading)
{
  const json_t *const names = classes_of(reading);
  const bool is_part = reading->path[0] != '\0';
  const char *without = NULL;
  for (size_t i = 0; i < json_array_size(names); i++) {
    const char *const name = json_string_value(json_array_get(names, i));
    const enum ending ending = ending_of(name);
    if (ending != ENDS_OTHERWISE && (ending != ENDS_BARE || is_part))
      return;
    without = name;
  }
  if (without == NULL)
    return;
  reading->config.model.headless = true;
  reading->config.model.unpriced = tp_arena_printf(
      reading->arena,
      "its class '%.60s' has no LM head, with which every pass here ends; show-model shows its "
      "sizes, and without 'architectures' it is predicted with a head",
      without);
  tp_key_note(reading,
              names == json_object_get(reading->object, "architectures") ? "architectures" : "",
              "'%.60s' has no LM head: none is counted, nor what stands in its place", without);
}
