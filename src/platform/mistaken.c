#include "platform/mistaken.h"

#include "base/json.h"

#include <string.h>

static bool is_named(const struct tp_datadir *dirs, const char *folder, const char *name,
                     struct tp_arena *arena)
{
  const char *path;
  struct tp_error none;
  return strchr(name, '/') == NULL &&
         tp_datadir_find(dirs, "file", folder, ".json", name, arena, &path, &none) == TP_OK;
}

/* The device that a platform says; NULL where it says none or is no whole file. */
static const char *device_of(const struct tp_datadir *dirs, const char *platform,
                             struct tp_arena *arena)
{
  const char *path;
  struct tp_doc doc;
  struct tp_error none;
  if (tp_datadir_find(dirs, "platform", "platforms", ".json", platform, arena, &path, &none) !=
          TP_OK ||
      tp_doc_open(path, arena, &doc, &none) != TP_OK)
    return NULL;
  const char *const device = json_string_value(tp_doc_at(&doc, "device"));
  const char *const kept = device == NULL ? NULL : tp_arena_strdup(arena, device);
  tp_doc_close(&doc);
  return kept;
}

/* "dgx-h100, h100-nvl64"; "" where no platform has the device. */
static const char *platforms_with(const struct tp_datadir *dirs, const char *device,
                                  struct tp_arena *arena)
{
  enum { MOST_LISTED = 6 };
  const char **names, *list = "";
  size_t n, n_listed = 0;
  struct tp_error none;
  if (tp_datadir_list(dirs, "platforms", ".json", arena, &names, &n, &none) != TP_OK)
    return list;
  for (size_t i = 0; i < n; i++) {
    const char *const its_device = device_of(dirs, names[i], arena);
    if (its_device == NULL || strcmp(its_device, device) != 0)
      continue;
    if (n_listed++ == MOST_LISTED)
      return tp_arena_printf(arena, "%s, ...", list);
    list = tp_arena_printf(arena, "%s%s%s", list, list[0] == '\0' ? "" : ", ", names[i]);
  }
  return list;
}

void tp_mistaken_platform(const struct tp_datadir *dirs, const char *name, struct tp_arena *arena,
                          struct tp_error *error)
{
  if (!is_named(dirs, "platforms/devices", name, arena))
    return;
  const char *const platforms = platforms_with(dirs, name, arena);
  if (platforms[0] == '\0')
    tp_fail(error, TP_E_INPUT,
            "no platform '%s'; it is a device, which no platform has: give a platform and --device "
            "%s",
            name, name);
  else
    tp_fail(error, TP_E_INPUT, "no platform '%s'; it is a device, which these have: %s", name,
            platforms);
}

void tp_mistaken_device(const struct tp_datadir *dirs, const char *name, struct tp_arena *arena,
                        struct tp_error *error)
{
  const char *const device =
      is_named(dirs, "platforms", name, arena) ? device_of(dirs, name, arena) : NULL;
  if (device != NULL)
    tp_fail(error, TP_E_INPUT, "no device '%s'; it is a platform, whose device is %s", name,
            device);
}
