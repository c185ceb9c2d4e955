/* Files of several parts, of which the language model is read. */
#include "model/family.h"

#include <string.h>

void tp_part_find(struct tp_reading *reading)
{
  static const char *const parts[] = {"text_config", "language_config", "llm_config", "llm_cfg",
                                      "thinker_config.text_config"};
  reading->object = reading->doc->root;
  reading->path = "";
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    const json_t *const part = tp_doc_at(reading->doc, parts[i]);
    if (!json_is_object(part) || json_object_size(part) == 0)
      continue;
    reading->object = part;
    reading->path = parts[i];
    return;
  }
}

/* Families of which Hugging Face's class has a language model of another one, where that part does
 * not say its own; of the rest a text model has the name of the whole, and "_text". */
static const char *const families[][2] = {
    {"aya_vision", "cohere2"},
    {"blip-2", "opt"},
    {"cohere2_vision", "cohere2"},
    {"deepseek_vl", "llama"},
    {"deepseek_vl_hybrid", "llama"},
    {"got_ocr2", "qwen2"},
    {"granite_speech", "granite"},
    {"idefics2", "mistral"},
    {"idefics3", "llama"},
    {"instructblip", "opt"},
    {"internvl", "qwen2"},
    {"janus", "llama"},
    {"llava", "llama"},
    {"llava_next", "llama"},
    {"llava_next_video", "llama"},
    {"llava_onevision", "qwen2"},
    {"mistral3", "mistral"},
    {"paligemma", "gemma"},
    {"perception_lm", "llama"},
    {"qwen2_audio", "qwen2"},
    {"smolvlm", "llama"},
    {"video_llava", "llama"},
    {"vipllava", "llama"},
    {"voxtral", "llama"},
};

const char *tp_part_family(struct tp_reading *reading, const char *whole)
{
  for (size_t i = 0; i < sizeof families / sizeof *families; i++)
    if (strcmp(families[i][0], whole) == 0) {
      tp_key_note(reading, "", "'model_type' is left out; it is '%s', as Hugging Face's %s has it",
                  families[i][1], whole);
      return families[i][1];
    }
  return tp_arena_printf(reading->arena, "%s_text", whole);
}

/* A part that sees or hears may stand beside a language model whose keys are the file's own. */
void tp_part_note(struct tp_reading *reading)
{
  static const char *const parts[] = {"vision_config",   "audio_config",    "img_processor",
                                      "audio_processor", "mm_vision_tower", "visual"};
  if (reading->path[0] != '\0') {
    tp_key_note(reading, "", "the language model alone; other parts of the file are left out");
    return;
  }
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (tp_key_is_given(reading, parts[i])) {
      tp_key_note(reading, parts[i], "is left out: the language model alone is read");
      return;
    }
}
