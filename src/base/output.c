#define _XOPEN_SOURCE 700 /* realpath */

#include "base/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum tp_status tp_output_open(const char *file, struct tp_arena *arena, struct tp_output *output,
                              struct tp_error *error)
{
  /* rename() would replace a symbolic link, not the file it points to. */
  char *const target = realpath(file, NULL);
  struct stat info;
  const int special = target != NULL && stat(target, &info) == 0 && !S_ISREG(info.st_mode);
  *output = (struct tp_output){
      .path = tp_arena_strdup(arena, target != NULL && !special ? target : file),
  };
  free(target);
  if (!special)
    output->temporary = tp_arena_printf(arena, "%s.tmp", output->path);
  output->stream = fopen(special ? output->path : output->temporary, "w");
  if (output->stream == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "%s: cannot be written: %s; give another place", file,
                   strerror(errno));
  return TP_OK;
}

enum tp_status tp_output_commit(struct tp_output *output, struct tp_error *error)
{
  errno = 0;
  int failed = fflush(output->stream) != 0 || ferror(output->stream);
  if (!failed && output->temporary != NULL)
    failed = fsync(fileno(output->stream)) != 0;
  int reason = errno;
  if (fclose(output->stream) != 0 && !failed) {
    failed = 1;
    reason = errno;
  }
  if (!failed && output->temporary != NULL && rename(output->temporary, output->path) != 0) {
    failed = 1;
    reason = errno;
  }
  output->stream = NULL;
  if (!failed)
    return TP_OK;
  if (output->temporary != NULL)
    unlink(output->temporary);
  return tp_fail(error, TP_E_ENVIRONMENT, "%s: cannot be written: %s; nothing was kept: free space, or give another place",
                 output->path, reason != 0 ? strerror(reason) : "a write failed");
}

void tp_output_abort(struct tp_output *output)
{
  fclose(output->stream);
  output->stream = NULL;
  if (output->temporary != NULL)
    unlink(output->temporary);
}
