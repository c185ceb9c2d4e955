#define _XOPEN_SOURCE 700
#include "ranks/apart.h"

#include "base/child.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct job {
  enum tp_status (*work)(void *data, void *result, struct tp_error *error);
  void *data, *result;
  size_t bytes;
};

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

static int run(void *data, int pipe)
{
  const struct job *const job = data;
  struct outcome mine = {.error = {.text = ""}};
  mine.status = job->work(job->data, job->result, &mine.error);
  return write_all(pipe, &mine, sizeof mine) != 0 || write_all(pipe, job->result, job->bytes) != 0;
}

static enum tp_status how_it_died(int ending, struct tp_error *error)
{
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
  struct job job = {work, data, result, bytes};
  struct tp_child child;
  TP_TRY(tp_child_start(run, &job, &child, error));
  struct outcome outcome;
  const double end_s = now_s() + most_s;
  const bool whole = read_all(child.pipe, end_s, &outcome, sizeof outcome) == 0 &&
                     read_all(child.pipe, end_s, result, bytes) == 0;
  if (!whole && now_s() >= end_s) {
    tp_child_kill(&child);
    return tp_fail(error, TP_E_CHECK, "the measuring process was not done after %.4g s", most_s);
  }
  const int ending = tp_child_wait(&child);
  if (!whole)
    return how_it_died(ending, error);
  return outcome.status == TP_OK ? TP_OK : tp_fail(error, outcome.status, "%s", outcome.error.text);
}
