#define _GNU_SOURCE /* O_NOFOLLOW, realpath, flock */

#include "base/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Streams that the shell has opened: /dev/stdout, /dev/fd/63 of >(...), /proc/self/fd/1.  Behind
 * them may stand a pipe, whose name is none, or a file that others write, too. */
static bool is_stream(const char *file)
{
  static const char *const places[] = {"/dev/fd/", "/dev/std", "/proc/"};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    if (strncmp(file, places[i], strlen(places[i])) == 0)
      return true;
  return false;
}

enum tp_status tp_claim_target(const char *file, struct tp_arena *arena, const char **target,
                               int *special, struct tp_error *error)
{
  if (strcmp(file, "-") == 0)
    return tp_fail(error, TP_E_INPUT,
                   "-: is no name of a file; give one, or leave the option out where standard "
                   "output is what comes then");
  struct stat info;
  const bool is_link = lstat(file, &info) == 0 && S_ISLNK(info.st_mode);
  const bool is_there = stat(file, &info) == 0;
  char *const real = realpath(file, NULL);
  *special = is_there && (!S_ISREG(info.st_mode) || is_stream(file) || real == NULL);
  *target = tp_arena_strdup(arena, real != NULL && is_link && !*special ? real : file);
  const bool dangles = is_link && !is_there;
  free(real);
  if (dangles)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "%s: cannot be written: it links to a file that is not there; give another "
                   "place",
                   file);
  return TP_OK;
}

/* The path may have become another file between open() and flock(): its owner renamed it. */
static bool is_still(const char *path, int descriptor)
{
  struct stat there, open_one;
  return lstat(path, &there) == 0 && fstat(descriptor, &open_one) == 0 &&
         there.st_dev == open_one.st_dev && there.st_ino == open_one.st_ino;
}

static enum tp_status open_claimed(const char *path, const char *file, int *descriptor,
                                   struct tp_error *error)
{
  struct stat info;
  *descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0666);
  if (*descriptor < 0 && errno != ELOOP)
    return tp_fail(error, TP_E_ENVIRONMENT, "%s: cannot be written: %s; give another place", file,
                   strerror(errno));
  if (*descriptor < 0 || fstat(*descriptor, &info) != 0 || !S_ISREG(info.st_mode) ||
      info.st_nlink > 1)
    return tp_fail(
        error, TP_E_ENVIRONMENT,
        "%s: cannot be written: %s, which it grows as, is a link or no file; remove that", file,
        path);
  if (flock(*descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "%s: another process is writing it; wait for that, or give another place", file);
  return TP_OK;
}

enum tp_status tp_claim_file(const char *path, const char *file, int *descriptor,
                             struct tp_error *error)
{
  for (;;) {
    const enum tp_status status = open_claimed(path, file, descriptor, error);
    if (status == TP_OK && is_still(path, *descriptor))
      return TP_OK;
    if (*descriptor >= 0)
      close(*descriptor);
    if (status != TP_OK)
      return status;
  }
}
