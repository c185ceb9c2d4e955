#define _POSIX_C_SOURCE 200809L /* fdopen */

#include "base/output.h"

#include "base/claim.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static enum tp_status fail_open(const char *file, struct tp_error *error)
{
  return tp_fail(error, TP_E_ENVIRONMENT, "%s: cannot be written: %s; give another place", file,
                 strerror(errno));
}

enum tp_status tp_output_open(const char *file, struct tp_arena *arena, struct tp_output *output,
                              struct tp_error *error)
{
  int special = 0, descriptor = -1;
  *output = (struct tp_output){.path = NULL};
  TP_TRY(tp_claim_target(file, arena, &output->path, &special, error));
  if (special) {
    output->stream = fopen(output->path, "a");
    return output->stream != NULL ? TP_OK : fail_open(file, error);
  }
  output->temporary = tp_arena_printf(arena, "%s.tmp", output->path);
  TP_TRY(tp_claim_file(output->temporary, file, &descriptor, error));
  output->stream = ftruncate(descriptor, 0) == 0 ? fdopen(descriptor, "w") : NULL;
  if (output->stream != NULL)
    return TP_OK;
  const enum tp_status status = fail_open(file, error);
  close(descriptor);
  return status;
}

/* A stream that failed remembers that, not why: one byte more, which is dropped with the others,
 * fails for the same reason. */
static void fail_again(FILE *stream)
{
  clearerr(stream);
  putc('\n', stream);
  fflush(stream);
}

enum tp_status tp_output_commit(struct tp_output *output, struct tp_error *error)
{
  errno = 0;
  int failed = fflush(output->stream) != 0 || ferror(output->stream);
  if (failed && errno == 0)
    fail_again(output->stream);
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
  return tp_fail(error, TP_E_ENVIRONMENT,
                 "%s: cannot be written: %s; nothing was kept: free space, or give another place",
                 output->path, reason != 0 ? strerror(reason) : "a write failed");
}

void tp_output_abort(struct tp_output *output)
{
  fclose(output->stream);
  output->stream = NULL;
  if (output->temporary != NULL)
    unlink(output->temporary);
}
