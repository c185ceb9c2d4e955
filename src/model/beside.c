/* Files that tools write beside config.json of what they quantised, and which it says nothing of.
 */
#include "base/file.h"
#include "model/scheme.h"

#include <string.h>
#include <unistd.h>

/* Engines look for them in this order. */
static const struct {
  const char *name;
  const char *path; /* of the object that says it, in the file; "": the whole */
  const char *method,
      *method_of_w_bit; /* what wrote it, where it does not say; by a key of AWQ's */
} files[] = {
    {"hf_quant_config.json", "quantization", NULL, NULL},
    {"quant_config.json", "", "awq", "awq"},
    {"quantize_config.json", "", "gptq", "awq"},
};
enum { N_FILES = sizeof files / sizeof *files };

bool tp_model_is_beside(const char *name)
{
  const char *const slash = strrchr(name, '/');
  for (int i = 0; i < N_FILES; i++)
    if (strcmp(slash == NULL ? name : slash + 1, files[i].name) == 0)
      return true;
  return false;
}

/* Only of a folder's config.json: any other name is of one model among many. */
static const char *beside(const struct tp_reading *reading, const char *file, const char *other)
{
  const char *const slash = strrchr(file, '/');
  const char *const path = tp_arena_printf(
      reading->arena, "%.*s%s", slash == NULL ? 0 : (int)(slash - file + 1), file, other);
  const bool is_folders = strcmp(slash == NULL ? file : slash + 1, "config.json") == 0;
  return is_folders && access(path, F_OK) == 0 ? path : NULL;
}

/* As if the file named its tool. */
static enum tp_status name_method(const struct tp_doc *doc, int i, struct tp_error *error)
{
  json_t *const object = tp_doc_at(doc, files[i].path);
  if (!json_is_object(object))
    return tp_doc_fail(doc, "", error, "'%s' is missing; add it", files[i].path);
  if (files[i].method == NULL || json_object_get(object, "quant_method") != NULL)
    return TP_OK;
  const bool by_awq = json_object_get(object, "w_bit") != NULL;
  json_object_set_new(object, "quant_method",
                      json_string(by_awq ? files[i].method_of_w_bit : files[i].method));
  return TP_OK;
}

enum tp_status tp_beside_open(const struct tp_reading *reading, const char *file,
                              struct tp_beside *found)
{
  *found = (struct tp_beside){.name = NULL};
  for (int i = 0; i < N_FILES; i++) {
    const char *const path = beside(reading, file, files[i].name);
    if (path != NULL && found->name != NULL)
      found->other = files[i].name;
    if (path == NULL || found->name != NULL)
      continue;
    const char *text;
    TP_TRY(tp_file_read(path, reading->arena, &text, reading->error));
    TP_TRY(tp_python_json_parse(path, text, reading->arena, &found->doc, reading->error));
    found->name = files[i].name;
    found->file = path;
    found->path = files[i].path;
    tp_hash_text(text, found->hash);
    const enum tp_status status = name_method(&found->doc, i, reading->error);
    if (status != TP_OK) {
      tp_doc_close(&found->doc);
      return status;
    }
  }
  return TP_OK;
}
