#include "sweep/sidecar.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *tp_sidecar_text(const struct tp_catalog *catalog, const struct tp_sweep_file *target,
                      struct tp_arena *arena)
{
  json_t *command = json_array(), *inputs = json_array();
  for (size_t i = 0; i < target->n_command; i++)
    json_array_append_new(command, tp_json_text(target->command[i]));
  for (size_t i = 0; i < catalog->n_inputs; i++)
    json_array_append_new(inputs,
                          json_pack("{s:o, s:s}", "file", tp_json_text(catalog->inputs[i].name),
                                    "fnv1a64", catalog->inputs[i].hash));
  json_t *root = json_pack("{s:s, s:s, s:o, s:o}", "tpsim", target->version, "build", target->build,
                           "command", command, "inputs", inputs);
  char *const text = json_dumps(root, JSON_INDENT(1));
  char *const kept = tp_arena_printf(arena, "%s\n", text);
  free(text);
  json_decref(root);
  return kept;
}

struct comparing {
  const char *result, *sidecar;
  struct tp_arena *arena;
  struct tp_notes notes;
};

static void add_note(struct comparing *self, const char *text)
{
  TP_APPEND(self->arena, self->notes.texts, self->notes.n, text);
}

static void compare_inputs(struct comparing *self, const json_t *inputs,
                           const struct tp_catalog *catalog)
{
  for (size_t i = 0; i < json_array_size(inputs); i++) {
    const json_t *const input = json_array_get(inputs, i);
    const char *const name = json_string_value(json_object_get(input, "file"));
    const char *const hash = json_string_value(json_object_get(input, "fnv1a64"));
    for (size_t j = 0; name != NULL && hash != NULL && j < catalog->n_inputs; j++)
      if (strcmp(catalog->inputs[j].name, name) == 0 && strcmp(catalog->inputs[j].hash, hash) != 0)
        add_note(self, tp_arena_printf(self->arena,
                                       "%s was made with another %s (fnv1a64 %s, now %s): its "
                                       "numbers differ",
                                       self->result, name, hash, catalog->inputs[j].hash));
  }
}

static bool is_among(const char *name, const json_t *inputs)
{
  for (size_t i = 0; i < json_array_size(inputs); i++) {
    const char *const file = json_string_value(json_object_get(json_array_get(inputs, i), "file"));
    if (file != NULL && strcmp(file, name) == 0)
      return true;
  }
  return false;
}

static bool is_read(const char *name, const struct tp_catalog *catalog)
{
  for (size_t i = 0; i < catalog->n_inputs; i++)
    if (strcmp(catalog->inputs[i].name, name) == 0)
      return true;
  return false;
}

/* Files that nobody names are read where they stand beside a model's. */
static void compare_beside(struct comparing *self, const json_t *inputs,
                           const struct tp_catalog *catalog)
{
  for (size_t i = 0; i < json_array_size(inputs); i++) {
    const char *const name = json_string_value(json_object_get(json_array_get(inputs, i), "file"));
    if (name != NULL && tp_model_is_beside(name) && !is_read(name, catalog))
      add_note(self, tp_arena_printf(self->arena,
                                     "%s was made with %s, which is not there now: its numbers "
                                     "differ",
                                     self->result, name));
  }
  for (size_t i = 0; i < catalog->n_inputs; i++)
    if (tp_model_is_beside(catalog->inputs[i].name) && !is_among(catalog->inputs[i].name, inputs))
      add_note(self, tp_arena_printf(self->arena,
                                     "%s was made without %s, which is there now: its numbers "
                                     "differ",
                                     self->result, catalog->inputs[i].name));
}

static const char *const untold[] = {
#define X(name, option, placeholder, help) "--" option,
    TP_UNTOLD_LIST(X, X)
#undef X
};
enum { N_UNTOLD = sizeof untold / sizeof untold[0] };

/* "--set=a=1" of `words[*i]`, or of that and the next; NULL where it is another option. */
static const char *untold_at(const char *const *words, size_t n, size_t *i, struct tp_arena *arena)
{
  const char *const word = words[*i];
  for (size_t k = 0; k < N_UNTOLD; k++) {
    const size_t length = strlen(untold[k]);
    if (strncmp(word, untold[k], length) != 0)
      continue;
    if (word[length] == '=')
      return word;
    if (word[length] == '\0' && *i + 1 < n)
      return tp_arena_printf(arena, "%s=%s", untold[k], words[++*i]);
  }
  return NULL;
}

static bool is_given(const char *option, const char *const *words, size_t n, struct tp_arena *arena)
{
  for (size_t i = 0; i < n; i++) {
    const char *const given = untold_at(words, n, &i, arena);
    if (given != NULL && strcmp(given, option) == 0)
      return true;
  }
  return false;
}

/* Options of `then` that are not given now. */
static struct tp_notes missing_options(const json_t *then, const char *const *now, size_t n_now,
                                       struct tp_arena *arena)
{
  struct tp_notes missing = {.n = 0};
  const size_t n = json_array_size(then);
  const char **const words = TP_NEW(arena, const char *, n + 1);
  for (size_t i = 0; i < n; i++) {
    const char *const word = json_string_value(json_array_get(then, i));
    words[i] = word != NULL ? word : "";
  }
  for (size_t i = 0; i < n; i++) {
    const char *const option = untold_at(words, n, &i, arena);
    if (option != NULL && !is_given(option, now, n_now, arena))
      TP_APPEND(arena, missing.texts, missing.n, option);
  }
  return missing;
}

static void compare_options(struct comparing *self, const json_t *then, const char *const *now,
                            size_t n_now)
{
  const struct tp_notes missing = missing_options(then, now, n_now, self->arena);
  for (size_t i = 0; i < missing.n; i++)
    add_note(self, tp_arena_printf(self->arena,
                                   "%s was made with %s, which is not given now: its numbers "
                                   "differ",
                                   self->result, missing.texts[i]));
}

struct tp_notes tp_sidecar_differences(const char *result, const struct tp_catalog *catalog,
                                       const char *const *command, size_t n_command,
                                       struct tp_arena *arena)
{
  struct comparing self = {
      .result = result, .sidecar = tp_arena_printf(arena, "%s.json", result), .arena = arena};
  struct tp_doc doc;
  struct tp_error error;
  if (access(self.sidecar, F_OK) != 0)
    return self.notes;
  if (tp_doc_open(self.sidecar, arena, &doc, &error) != TP_OK) {
    add_note(&self, tp_arena_printf(arena, "%s; whether files have changed since is not known",
                                    error.text));
    return self.notes;
  }
  compare_inputs(&self, tp_doc_at(&doc, "inputs"), catalog);
  compare_beside(&self, tp_doc_at(&doc, "inputs"), catalog);
  compare_options(&self, tp_doc_at(&doc, "command"), command, n_command);
  tp_doc_close(&doc);
  return self.notes;
}

const char *tp_sidecar_missing(const char *result, const char *const *command, size_t n_command,
                               struct tp_arena *arena)
{
  const char *const sidecar = tp_arena_printf(arena, "%s.json", result), *text = "";
  struct tp_doc doc;
  struct tp_error error;
  if (access(sidecar, F_OK) != 0 || tp_doc_open(sidecar, arena, &doc, &error) != TP_OK)
    return text;
  const struct tp_notes missing =
      missing_options(tp_doc_at(&doc, "command"), command, n_command, arena);
  for (size_t i = 0; i < missing.n; i++)
    text = tp_arena_printf(arena, "%s %s", text, missing.texts[i]);
  tp_doc_close(&doc);
  return text;
}
