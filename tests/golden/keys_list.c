/* The keys that keys.c tries. */
#include "keys.h"

#include "base/json.h"

#include <string.h>

struct reading {
  struct keys_list *list;
  struct tp_arena *arena;
  const struct tp_doc *doc;
  const char *what; /* the document is */
};

/* The first file that has it says its value. */
static void add_key(struct keys_list *list, const char *name, const char *value,
                    struct tp_arena *arena)
{
  for (size_t i = 0; i < list->n; i++)
    if (strcmp(list->items[i].name, name) == 0)
      return;
  TP_APPEND(arena, list->items, list->n, (struct keys_key){name, value});
}

/* Every number and switch; what a library says of single devices aside. */
static bool visit(const char *path, void *data)
{
  struct reading *const reading = data;
  struct tp_arena *const arena = reading->arena;
  size_t begin, end;
  const json_t *const value = tp_doc_at(reading->doc, path);
  if (strcmp(path, "format") == 0 || strncmp(path, "devices.", 8) == 0 ||
      !(json_is_number(value) || json_is_boolean(value)) ||
      !tp_doc_span(reading->doc, path, &begin, &end))
    return true;
  add_key(reading->list, tp_arena_printf(arena, "%s.%s", reading->what, path),
          tp_arena_printf(arena, "%.*s", (int)(end - begin), reading->doc->text + begin), arena);
  return true;
}

static enum tp_status add_file(struct keys_list *list, const char *what, const char *file,
                               struct tp_arena *arena, struct tp_error *error)
{
  struct tp_doc doc;
  TP_TRY(tp_doc_open(file, arena, &doc, error));
  struct reading reading = {list, arena, &doc, what};
  tp_doc_each_scalar(&doc, visit, &reading);
  tp_doc_close(&doc);
  return TP_OK;
}

enum tp_status keys_list_read(const char *root, struct tp_arena *arena, struct keys_list *list,
                              struct tp_error *error)
{
  static const struct {
    const char *what, *file;
  } files[] = {{"device", "devices/h100-sxm"},
               {"stack", "stacks/" KEYS_STACK},
               {"stack", "libraries/vllm-custom"},
               {"stack", "libraries/torch-symmetric-memory"},
               {"stack", "libraries/nccl-2.27"}};
  *list = (struct keys_list){.n = 0};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    TP_TRY(add_file(list, files[i].what,
                    tp_arena_printf(arena, "%s/platforms/%s.json", root, files[i].file), arena,
                    error));
  add_key(list, "platform.links.nvlink.bytes_per_s_per_direction", "450e9", arena);
  add_key(list, "platform.links.nvlink.latency_s", "0.25e-6", arena);
  return TP_OK;
}
