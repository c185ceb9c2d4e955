#define _XOPEN_SOURCE 700
#include "ranks/apart.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the other process tells first; the result follows. */
struct outcome {
  enum tp_status status;
  struct tp_error error;
};

static int write_all(int file, const void *from, size_t bytes)
{
  const char *next = from;
  while (bytes > 0) {
    const ssize_t written = write(file, next, bytes);
    if (written < 0 && errno != EINTR)
      return -1;
    if (written > 0) {
      next += written;
      bytes -= (size_t)written;
    }
  }
  return 0;
}

static double now_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Until something can be read or it is `end_s`. */
static bool is_late(int file, double end_s)
{
  for (;;) {
    struct pollfd ready = {.fd = file, .events = POLLIN};
    const double left_s = end_s - now_s();
    if (left_s <= 0)
      return true;
    if (poll(&ready, 1, (int)ceil(1e3 * fmin(left_s, 1e5))) > 0)
      return false;
  }
}

static int read_all(int file, double end_s, void *to, size_t bytes)
{
  char *next = to;
  while (bytes > 0) {
    if (is_late(file, end_s))
      return -1;
    const ssize_t got = read(file, next, bytes);
    if (got == 0 || (got < 0 && errno != EINTR))
      return -1;
    if (got > 0) {
      next += got;
      bytes -= (size_t)got;
    }
  }
  return 0;
}

static enum tp_status how_it_died(pid_t process, struct tp_error *error)
{
  int ending = 0;
  while (waitpid(process, &ending, 0) < 0 && errno == EINTR)
    ;
  if (WIFSIGNALED(ending))
    return tp_fail(error, TP_E_CHECK, "the measuring process died of signal %d (%s)",
                   WTERMSIG(ending), strsignal(WTERMSIG(ending)));
  return tp_fail(error, TP_E_CHECK, "the measuring process ended early, with status %d",
                 WEXITSTATUS(ending));
}

enum tp_status
tp_run_apart(enum tp_status (*work)(void *data, void *result, struct tp_error *error), void *data,
             double most_s, void *result, size_t bytes, struct tp_error *error)
{
  int ends[2];
  fflush(NULL);
  if (pipe(ends) != 0)
    return tp_fail(error, TP_E_ENVIRONMENT, "no pipe: %s", strerror(errno));
  const pid_t process = fork();
  if (process < 0) {
    close(ends[0]);
    close(ends[1]);
    return tp_fail(error, TP_E_ENVIRONMENT, "no process: %s", strerror(errno));
  }
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* who is killed leaves no one on the GPU */
    struct outcome mine = {.error = {.text = ""}};
    close(ends[0]);
    mine.status = work(data, result, &mine.error);
    fflush(NULL);
    const int failed =
        write_all(ends[1], &mine, sizeof mine) != 0 || write_all(ends[1], result, bytes) != 0;
    _exit(failed);
  }
  struct outcome outcome;
  close(ends[1]);
  const double end_s = now_s() + most_s;
  const int whole = read_all(ends[0], end_s, &outcome, sizeof outcome) == 0 &&
                    read_all(ends[0], end_s, result, bytes) == 0;
  close(ends[0]);
  if (!whole && now_s() >= end_s) {
    kill(process, SIGKILL);
    how_it_died(process, NULL);
    return tp_fail(error, TP_E_CHECK, "the measuring process was not done after %.4g s", most_s);
  }
  if (!whole)
    return how_it_died(process, error);
  while (waitpid(process, NULL, 0) < 0 && errno == EINTR)
    ;
  return outcome.status == TP_OK ? TP_OK : tp_fail(error, outcome.status, "%s", outcome.error.text);
}
