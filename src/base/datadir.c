#include "base/datadir.h"

#include "base/text.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *text, const char *end)
{
  const size_t n_text = strlen(text), n_end = strlen(end);
  return n_text > n_end && strcmp(text + n_text - n_end, end) == 0;
}

struct name_list {
  const char **names;
  size_t count;
};

static void list_folder(const char *folder, const char *extension, struct tp_arena *arena,
                        struct name_list *list)
{
  DIR *const dir = opendir(folder);
  if (dir == NULL)
    return; /* not every root has every folder */
  for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
    if (entry->d_name[0] == '.' || !ends_with(entry->d_name, extension))
      continue;
    char *const name = tp_arena_strdup(arena, entry->d_name);
    name[strlen(name) - strlen(extension)] = '\0';
    TP_APPEND(arena, list->names, list->count, name);
  }
  closedir(dir);
}

static int compare_names(const void *a, const void *b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum tp_status tp_datadir_list(const struct tp_datadir *dirs, const char *folder,
                               const char *extension, struct tp_arena *arena, const char ***names,
                               size_t *n_names, struct tp_error *error)
{
  struct name_list list = {.names = NULL};
  for (size_t i = 0; i < dirs->n_roots; i++)
    list_folder(tp_arena_printf(arena, "%s/%s", dirs->roots[i], folder), extension, arena, &list);
  if (list.count == 0)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "no %s/*%s in any data directory; install the package whole, or name a source "
                   "tree: by TPSIM_DATA, or to tpsim_open of the library",
                   folder, extension);
  qsort(list.names, list.count, sizeof *list.names, compare_names);
  size_t unique = 1;
  for (size_t i = 1; i < list.count; i++)
    if (strcmp(list.names[i], list.names[unique - 1]) != 0)
      list.names[unique++] = list.names[i];
  *names = list.names;
  *n_names = unique;
  return TP_OK;
}

static bool is_file(const char *path)
{
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

enum tp_status tp_datadir_find(const struct tp_datadir *dirs, const char *what, const char *folder,
                               const char *extension, const char *name, struct tp_arena *arena,
                               const char **path, struct tp_error *error)
{
  if (strchr(name, '/') != NULL || ends_with(name, extension)) {
    if (access(name, F_OK) != 0)
      return tp_fail(error, TP_E_INPUT, "%s: no such file; give the path of a %s file or a name",
                     name, what);
    *path = tp_arena_strdup(arena, name);
    return TP_OK;
  }
  for (size_t i = 0; i < dirs->n_roots; i++) {
    const char *const candidate =
        tp_arena_printf(arena, "%s/%s/%s%s", dirs->roots[i], folder, name, extension);
    if (access(candidate, F_OK) == 0) {
      *path = candidate;
      return TP_OK;
    }
  }
  if (is_file(name) || is_file(tp_arena_printf(arena, "%s/config%s", name, extension)))
    return tp_fail(error, TP_E_INPUT, "no %s '%s' in the data; './%s' is the one here", what, name,
                   name);
  const char **names;
  size_t n_names;
  TP_TRY(tp_datadir_list(dirs, folder, extension, arena, &names, &n_names, error));
  return tp_fail(error, TP_E_INPUT, "no %s '%s'%s", what, name,
                 tp_text_hint(arena, name, names, n_names));
}
