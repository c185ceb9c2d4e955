#include "ops/platform.h"

#include <string.h>

static int awkwardness_of(const struct tp_platform *platform)
{
  bool has_switch = false;
  for (size_t i = 0; i < platform->n_vertices; i++)
    has_switch = has_switch || platform->vertices[i].kind == TP_VERTEX_SWITCH;
  return 2 * (platform->n_nodes > 1) + !has_switch;
}

static void insert(struct tp_op_platform *platforms, size_t n, const struct tp_op_platform *fresh)
{
  size_t at = n;
  for (; at > 0; at--) {
    const struct tp_op_platform *before = &platforms[at - 1];
    if (before->awkwardness < fresh->awkwardness ||
        (before->awkwardness == fresh->awkwardness && before->n_gpus <= fresh->n_gpus))
      break;
    platforms[at] = *before;
  }
  platforms[at] = *fresh;
}

/* Reads the platform `name`; `has_device` says whether it is of this device. */
static enum tp_status consider(const struct tp_datadir *dirs, const char *name, const char *device,
                               struct tp_arena *arena, struct tp_op_platform *fresh,
                               bool *has_device, struct tp_error *error)
{
  const char *path;
  struct tp_doc doc;
  struct tp_platform platform;
  enum tp_status status =
      tp_datadir_find(dirs, "platform", "platforms", ".json", name, arena, &path, error);
  if (status == TP_OK)
    status = tp_doc_open(path, arena, &doc, error);
  if (status != TP_OK)
    return status;
  const char *const its_device = json_string_value(tp_doc_at(&doc, "device"));
  *has_device = its_device != NULL && strcmp(its_device, device) == 0;
  if (*has_device)
    status = tp_platform_read(&doc, arena, &platform, error);
  if (*has_device && status == TP_OK)
    *fresh = (struct tp_op_platform){name, awkwardness_of(&platform), platform.n_gpus};
  tp_doc_close(&doc);
  return status;
}

enum tp_status tp_op_platforms(const struct tp_datadir *dirs, const char *device,
                               struct tp_arena *arena, struct tp_op_platform **platforms, size_t *n,
                               struct tp_error *error)
{
  const char **names;
  size_t n_names, n_found = 0;
  TP_TRY(tp_datadir_list(dirs, "platforms", ".json", arena, &names, &n_names, error));
  struct tp_op_platform *found = TP_NEW(arena, struct tp_op_platform, n_names + 1);
  for (size_t i = 0; i < n_names; i++) {
    struct tp_op_platform fresh;
    bool has_device;
    TP_TRY(consider(dirs, names[i], device, arena, &fresh, &has_device, error));
    if (has_device)
      insert(found, n_found++, &fresh);
  }
  *platforms = found;
  *n = n_found;
  return TP_OK;
}
