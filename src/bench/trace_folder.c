#include "bench/trace_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum tp_status fail_make(const char *path, struct tp_error *error)
{
  return tp_fail(error, TP_E_ENVIRONMENT, "%s: cannot be written: %s; give another place with -o",
                 path, strerror(errno));
}

/* The folders above it, too. */
static enum tp_status make(const char *path, bool *made, struct tp_error *error)
{
  char *const name = strdup(path);
  if (name == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "out of memory");
  int result = 0;
  for (char *end = strchr(name + 1, '/'); end != NULL && result == 0; end = strchr(end + 1, '/')) {
    *end = '\0';
    result = mkdir(name, 0777) == 0 || errno == EEXIST ? 0 : -1;
    *end = '/';
  }
  if (result == 0)
    result = mkdir(name, 0777);
  free(name);
  *made = result == 0;
  return result == 0 || errno == EEXIST ? TP_OK : fail_make(path, error);
}

/* Whether the path still leads to the open folder: who left it may have removed it meanwhile. */
static bool is_there(const char *path, int folder)
{
  struct stat named, opened;
  return stat(path, &named) == 0 && fstat(folder, &opened) == 0 && named.st_dev == opened.st_dev &&
         named.st_ino == opened.st_ino;
}

/* `found`: the lock is of the folder that the path leads to.  A file system that knows no locks
 * does not keep anyone from measuring. */
static enum tp_status try_take(struct tp_trace_folder *folder, bool *found, struct tp_error *error)
{
  const char *const path = folder->path;
  *found = false;
  TP_TRY(make(path, &folder->made, error));
  folder->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder->lock < 0)
    return errno == ENOENT ? TP_OK : fail_make(path, error);
  if (flock(folder->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(folder->lock);
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "%s: another bench is writing there; wait for its end, or give another place "
                   "with -o",
                   path);
  }
  *found = is_there(path, folder->lock);
  if (!*found)
    close(folder->lock);
  return TP_OK;
}

enum tp_status tp_trace_folder_take(const char *path, struct tp_trace_folder *folder,
                                    struct tp_error *error)
{
  enum { MOST_TRIES = 100 }; /* a link to nowhere would never be found */
  *folder = (struct tp_trace_folder){.path = path, .lock = -1};
  for (int i = 0; i < MOST_TRIES; i++) {
    bool found;
    TP_TRY(try_take(folder, &found, error));
    if (found)
      return TP_OK;
  }
  errno = ENOENT;
  return fail_make(path, error);
}

void tp_trace_folder_leave(struct tp_trace_folder *folder)
{
  if (folder->made)
    (void)rmdir(folder->path); /* fails where files are in it */
  close(folder->lock);
}
