#include "platform/library.h"

#include "platform/lend.h"
#include "platform/sheet.h"

#include <string.h>

/* What a stack and a device hear of its libraries. */
struct hearing {
  const struct tp_datadir *dirs;
  struct tp_doc *stack, *device; /* the latter NULL: nobody asks */
  struct tp_arena *arena;
  struct tp_error *error;
};

enum tp_status tp_library_version(const struct tp_doc *doc, struct tp_arena *arena,
                                  const char **version, struct tp_error *error)
{
  static const struct tp_field fields[] = {{.key = "version", .type = TP_FIELD_STRING}};
  static const char *const others[] = {"format", "name", "collectives", "devices", NULL};
  const char *name;
  struct tp_origin origin;
  TP_TRY(tp_sheet_read_object(doc, "", fields, 1, others, version, arena, error));
  TP_TRY(tp_sheet_read_name(doc, &name, arena, error));
  return tp_sheet_read_origin(doc, "", &origin, arena, error);
}

static bool is_annotation(const char *key)
{
  return strcmp(key, "kind") == 0 || strncmp(key, "source", 6) == 0 || strncmp(key, "note", 4) == 0;
}

/* Copies the values of `from`, all of them or those that `to` lacks. */
static void copy(json_t *to, json_t *from, bool over)
{
  const char *key;
  json_t *value;
  json_object_foreach (from, key, value)
    if (!is_annotation(key) && (over || json_object_get(to, key) == NULL))
      json_object_set_new(to, key, json_deep_copy(value));
}

/* The entry of this device, or of the one that it is said to be like; NULL: none. */
static json_t *entry_of(const struct tp_doc *library, const char *device, bool *lent)
{
  json_t *const devices = tp_doc_at(library, "devices");
  json_t *entry = json_object_get(devices, device);
  *lent = json_is_string(entry);
  if (*lent)
    entry = json_object_get(devices, json_string_value(entry));
  return entry;
}

/* Groups of which a device's own file says nothing. */
static bool is_exchange(const char *group)
{
#define X(name, TABLE)           \
  if (strcmp(group, #name) == 0) \
    return true;
  TP_DEVICE_EXCHANGE_GROUPS(X)
#undef X
  return false;
}

/* Known as well as its library; `lent`: from another device. */
static void add_exchange(struct tp_doc *device, const struct tp_doc *library, const char *group,
                         const json_t *values, bool lent)
{
  json_t *const added = json_deep_copy(values);
  json_object_set(added, "kind", tp_doc_at(library, "kind"));
  json_object_set(added, "source", tp_doc_at(library, "source"));
  if (lent) {
    const double spread = json_number_value(json_object_get(added, "spread_ratio"));
    json_object_set_new(added, "kind", json_string("assumed"));
    json_object_set_new(added, "spread_ratio", json_real(tp_device_widened(spread)));
  }
  json_object_set_new(device->root, group, added);
}

static enum tp_status hear_device(const struct hearing *hearing, const struct tp_doc *library,
                                  json_t *entry, bool lent)
{
  const char *group;
  json_t *values;
  json_object_foreach (entry, group, values) {
    if (is_annotation(group))
      continue;
    if (is_exchange(group) && json_is_object(values)) {
      if (json_object_get(hearing->device->root, group) == NULL)
        add_exchange(hearing->device, library, group, values, lent);
      continue;
    }
    json_t *const to = strcmp(group, "collectives") == 0
                           ? tp_doc_at(hearing->stack, "collectives")
                           : json_object_get(hearing->device->root, group);
    if (!json_is_object(to) || !json_is_object(values))
      return tp_doc_fail(library, "devices", hearing->error,
                         "'%s' is no group of a device; write \"peer_kernels\", \"nccl\", "
                         "\"deepep_dispatch\" or \"collectives\"",
                         group);
    copy(to, values, strcmp(group, "collectives") != 0);
  }
  return TP_OK;
}

static enum tp_status hear(const struct hearing *hearing, const struct tp_doc *library)
{
  const char *version;
  TP_TRY(tp_library_version(library, hearing->arena, &version, hearing->error));
  json_t *const collectives = tp_doc_at(library, "collectives");
  if (!json_is_object(collectives))
    return tp_doc_fail(library, "collectives", hearing->error,
                       "is missing: say which kernels the library has");
  if (hearing->device != NULL) {
    const char *device = json_string_value(tp_doc_at(hearing->device, "name"));
    bool lent = false;
    json_t *const entry = entry_of(library, device == NULL ? "" : device, &lent);
    TP_TRY(hear_device(hearing, library, entry, lent));
  }
  copy(tp_doc_at(hearing->stack, "collectives"), collectives, false);
  return TP_OK;
}

static enum tp_status open_and_hear(const struct hearing *hearing, const char *name,
                                    struct tp_library_file *file)
{
  struct tp_doc library;
  TP_TRY(tp_datadir_find(hearing->dirs, "library", "platforms/libraries", ".json", name,
                         hearing->arena, &file->path, hearing->error));
  TP_TRY(tp_doc_open(file->path, hearing->arena, &library, hearing->error));
  file->text = library.text;
  const enum tp_status status = hear(hearing, &library);
  tp_doc_close(&library);
  return status;
}

enum tp_status tp_libraries_apply(const struct tp_datadir *dirs, struct tp_doc *stack,
                                  struct tp_doc *device, struct tp_arena *arena,
                                  struct tp_library_files *files, struct tp_error *error)
{
  const struct hearing hearing = {dirs, stack, device, arena, error};
  const char *names[TP_MAX_LIBRARIES];
  size_t i;
  json_t *name, *list = tp_doc_at(stack, "collectives.libraries");
  *files = (struct tp_library_files){0};
  if (list == NULL)
    return TP_OK;
  if (!json_is_array(list) || json_array_size(list) == 0 ||
      json_array_size(list) > TP_MAX_LIBRARIES)
    return tp_doc_fail(stack, "collectives.libraries", error,
                       "must name 1 to %d libraries: [\"nccl-2.27\"]", TP_MAX_LIBRARIES);
  json_array_foreach (list, i, name) {
    if (!json_is_string(name))
      return tp_doc_fail(stack, "collectives.libraries", error, "must be names of libraries");
    names[files->n++] = tp_arena_strdup(arena, json_string_value(name));
  }
  for (int l = 0; l < files->n; l++)
    TP_TRY(open_and_hear(&hearing, names[l], &files->items[l]));
  json_object_del(tp_doc_at(stack, "collectives"), "libraries");
  return TP_OK;
}
