/* Wirings by name, as architectures. */
#include "base/file.h"
#include "program/wiring/build.h"

#include <string.h>
#include <unistd.h>

static const char folder[] = "models/wirings", extension[] = ".tpa";

static bool ends_with(const char *text, const char *end)
{
  const size_t n_text = strlen(text), n_end = strlen(end);
  return n_text > n_end && strcmp(text + n_text - n_end, end) == 0;
}

/* The first root's file of the name, with or without extension; NULL: none has it. */
static const char *look_up(const struct tp_datadir *dirs, const char *name, struct tp_arena *arena)
{
  const char *const end = ends_with(name, extension) ? "" : extension;
  for (size_t i = 0; dirs != NULL && i < dirs->n_roots; i++) {
    const char *path = tp_arena_printf(arena, "%s/%s/%s%s", dirs->roots[i], folder, name, end);
    if (access(path, F_OK) == 0)
      return path;
  }
  return NULL;
}

static enum tp_status path_of(const struct tp_datadir *dirs, const char *name,
                              struct tp_arena *arena, const char **path, struct tp_error *error)
{
  const bool is_path = strchr(name, '/') != NULL, is_file = is_path || ends_with(name, extension);
  *path = is_file && access(name, F_OK) == 0 ? name : NULL;
  if (*path == NULL && !is_path && name[0] != '\0')
    *path = look_up(dirs, name, arena);
  if (*path == NULL && is_file)
    return tp_fail(
        error, TP_E_INPUT,
        "%s: no such file; give the path of a wiring, or a name of `tpsim list variants`", name);
  return TP_OK;
}

struct tp_architecture tp_wiring_architecture(const struct tp_wiring *wiring, const char *name)
{
  const bool counts = wiring->argument != NULL && wiring->counts[0] != '\0';
  return (struct tp_architecture){.name = name,
                                  .summary = wiring->summary,
                                  .equation = wiring->equation,
                                  .takes_degree = wiring->own,
                                  .apart = wiring->apart,
                                  .argument = counts ? wiring->counts : wiring->argument,
                                  .least = wiring->least,
                                  .most = wiring->most,
                                  .wiring = wiring,
                                  .build = tp_wiring_build};
}

enum tp_status tp_wiring_find(const struct tp_datadir *dirs, const char *name,
                              struct tp_arena *arena, const struct tp_architecture **found,
                              struct tp_error *error)
{
  const char *path, *text;
  const struct tp_wiring *wiring;
  *found = NULL;
  TP_TRY(path_of(dirs, name, arena, &path, error));
  if (path == NULL)
    return TP_OK;
  TP_TRY(tp_file_read(path, arena, &text, error));
  TP_TRY(tp_wiring_read(text, path, arena, &wiring, error));
  struct tp_architecture *architecture = TP_NEW(arena, struct tp_architecture, 1);
  *architecture = tp_wiring_architecture(wiring, tp_arena_strdup(arena, name));
  *found = architecture;
  return TP_OK;
}

enum tp_status tp_wiring_list(const struct tp_datadir *dirs, struct tp_arena *arena,
                              const char ***names, size_t *n, struct tp_error *error)
{
  return tp_datadir_list(dirs, folder, extension, arena, names, n, error);
}
