#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t tp_child_fork(void)
{
  const pid_t parent = getpid();
  fflush(NULL);
  const pid_t child = fork();
  if (child != 0)
    return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) /* it ended before that */
    _exit(TP_E_ENVIRONMENT);
  return 0;
}

bool tp_child_runs_in_build_tree(void)
{
  char self[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", self, sizeof self);
  const size_t length = strlen(TP_BUILDDIR "/");
  return n > (ssize_t)length && memcmp(self, TP_BUILDDIR "/", length) == 0;
}

const char *tp_child_program(const char *name)
{
  static char path[2 * PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", tp_child_runs_in_build_tree() ? TP_BUILDDIR : TP_LIBEXECDIR,
           name);
  return path;
}

enum tp_status tp_child_start(int (*work)(void *data, int pipe), void *data, struct tp_child *child,
                              struct tp_error *error)
{
  int ends[2];
  if (pipe(ends) != 0)
    return tp_fail(error, TP_E_ENVIRONMENT, "no pipe: %s", strerror(errno));
  const pid_t process = tp_child_fork();
  if (process < 0) {
    const int reason = errno;
    close(ends[0]);
    close(ends[1]);
    return tp_fail(error, TP_E_ENVIRONMENT, "no process: %s", strerror(reason));
  }
  if (process == 0) {
    close(ends[0]);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    const int status = work(data, ends[1]);
    fflush(NULL);
    _exit(status);
  }
  close(ends[1]);
  *child = (struct tp_child){.process = process, .pipe = ends[0]};
  return TP_OK;
}

int tp_child_wait(struct tp_child *child)
{
  int end = 0;
  if (child->process == 0)
    return 0;
  if (child->pipe >= 0)
    close(child->pipe);
  while (waitpid(child->process, &end, 0) < 0 && errno == EINTR)
    ;
  *child = (struct tp_child){.process = 0, .pipe = -1};
  return end;
}

int tp_child_kill(struct tp_child *child)
{
  if (child->process != 0)
    kill(child->process, SIGKILL);
  return tp_child_wait(child);
}
