#define _XOPEN_SOURCE 700 /* realpath */

#include "predict/name.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A folder of a hub's cache: snapshots/0123abcd.... */
static bool is_snapshot(const char *word, size_t length)
{
  enum { LEAST_HASH = 7 };
  static const char above[] = "snapshots";
  return (length == strlen(above) && memcmp(word, above, length) == 0) ||
         (length >= LEAST_HASH && strspn(word, "0123456789abcdef") >= length);
}

/* Whether one of the folders, the last first, has a name of its own. */
static bool is_telling(const char *folder, size_t length)
{
  while (length > 0) {
    size_t begin = length;
    while (begin > 0 && folder[begin - 1] != '/')
      begin--;
    const char *const word = folder + begin;
    const size_t n = length - begin;
    if (n == 2 && memcmp(word, "..", 2) == 0)
      return false;
    if (n > 0 && !(n == 1 && word[0] == '.') && !is_snapshot(word, n))
      return true;
    length = begin > 0 ? begin - 1 : 0;
  }
  return false;
}

static bool is_folder(const char *path)
{
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

const char *tp_row_name(const char *asked, struct tp_arena *arena)
{
  static const char config[] = "config.json";
  const char *const slash = strrchr(asked, '/');
  const char *const last = slash != NULL ? slash + 1 : asked;
  const bool is_config = strcmp(last, config) == 0;
  const bool is_path = slash != NULL || strcmp(asked, ".") == 0 || strcmp(asked, "..") == 0 ||
                       is_snapshot(asked, strlen(asked));
  const bool names_folder = !is_config && is_path && is_folder(asked);
  const size_t length = names_folder ? strlen(asked) : (size_t)(last - asked);
  if ((!is_config && !names_folder) || is_telling(asked, length))
    return tp_arena_strdup(arena, asked);
  const char *const folder = length > 0 ? tp_arena_printf(arena, "%.*s", (int)length, asked) : ".";
  char *const whole = realpath(folder, NULL);
  if (whole == NULL)
    return tp_arena_strdup(arena, asked);
  const char *const name = tp_arena_printf(arena, is_config ? "%s/%s" : "%s", whole, config);
  free(whole);
  return name;
}
