#include "sweep/sidecar.h"

#include "base/json.h"

#include <stdlib.h>

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
  json_t *root =
      json_pack("{s:s, s:o, s:o}", "tpsim", target->version, "command", command, "inputs", inputs);
  char *const text = json_dumps(root, JSON_INDENT(1));
  char *const kept = tp_arena_printf(arena, "%s\n", text);
  free(text);
  json_decref(root);
  return kept;
}
