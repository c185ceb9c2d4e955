/* What the class that a file names, `architectures`, has or lacks, whatever the family. */
#include "model/family.h"

#include <fnmatch.h>
#include <string.h>

/* The first pattern that fits a class decides; one that fits none is not known to have a head.  A
 * bare model has layers and nothing behind them; of a file with several parts, a bare name is that
 * of all of them together, and says nothing. */
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
    {"*CausalLM*", ENDS_IN_HEAD},
    {"*CasualLM", ENDS_IN_HEAD}, /* so VILA's files spell it */
    {"*ConditionalGeneration*", ENDS_IN_HEAD},
    {"*LMHead*", ENDS_IN_HEAD},
    {"*DoubleHeadsModel", ENDS_IN_HEAD},
    {"*ChatModel", ENDS_IN_HEAD},
    {"*ForVision2Seq", ENDS_IN_HEAD},
    {"*ForImageTextToText", ENDS_IN_HEAD},
    {"*ForActionPrediction", ENDS_IN_HEAD}, /* OpenVLA's actions are words */
    {"ChatGLMModel", ENDS_IN_HEAD},         /* its head is in it, as in the next ones */
    {"AquilaModel", ENDS_IN_HEAD},
    {"Llava*Model", ENDS_IN_HEAD},
    {"GritLM", ENDS_IN_HEAD},
    {"MiniCPM[VO]", ENDS_IN_HEAD},
    {"NVLM_D*", ENDS_IN_HEAD},
    {"Llama_Nemotron_Nano_VL", ENDS_IN_HEAD},
    {"Ovis", ENDS_IN_HEAD},
    {"Ovis[0-9]*", ENDS_IN_HEAD},
    {"*RewardModel", ENDS_OTHERWISE},
    {"*Model", ENDS_BARE},
};

static enum ending ending_of(const char *name)
{
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (fnmatch(classes[i].pattern, name, 0) == 0)
      return classes[i].ending;
  return ENDS_OTHERWISE;
}

/* The part's own classes, else the file's. */
static const json_t *classes_of(const struct tp_reading *reading)
{
  const json_t *const own = json_object_get(reading->object, "architectures");
  return json_array_size(own) > 0 ? own : json_object_get(reading->doc->root, "architectures");
}

static const char *class_at(const json_t *names, size_t i)
{
  const char *const name = json_string_value(json_array_get(names, i));
  return name != NULL ? name : "";
}

bool tp_architectures_draft(const struct tp_reading *reading)
{
  const json_t *const names = classes_of(reading);
  for (size_t i = 0; i < json_array_size(names) && reading->path[0] == '\0'; i++)
    if (ending_of(class_at(names, i)) == IS_DRAFT)
      return true;
  return false;
}

/* A family's name may stand over the code of another. */
const char *tp_architectures_op(const struct tp_reading *reading)
{
  const json_t *const names = classes_of(reading);
  const char *op = NULL;
  for (size_t i = 0; i < json_array_size(names) && reading->path[0] == '\0' && op == NULL; i++)
    op = tp_refused_class(class_at(names, i), reading->arena);
  return op;
}

/* Headless where none of its classes has a head: one file may serve several. */
void tp_architectures_read(struct tp_reading *reading)
{
  const json_t *const names = classes_of(reading);
  const bool is_part = reading->path[0] != '\0';
  const char *without = NULL;
  for (size_t i = 0; i < json_array_size(names); i++) {
    const char *const name = class_at(names, i);
    const enum ending ending = ending_of(name);
    if (name[0] == '\0' || (ending != ENDS_OTHERWISE && (ending != ENDS_BARE || is_part)))
      return;
    without = name;
  }
  if (without == NULL)
    return;
  reading->config.model.headless = true;
  reading->config.model.unpriced = tp_arena_printf(
      reading->arena,
      "its class '%.60s' names no LM head, with which every pass here ends; show-model shows its "
      "sizes, and without 'architectures' it is predicted with a head",
      without);
  tp_key_note(reading,
              names == json_object_get(reading->object, "architectures") ? "architectures" : "",
              "'%.60s' names no LM head: none is counted, nor what stands in its place", without);
}
