#include "command/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 30 };
static const double first_after_s = 1, again_after_s = 0.1;

static double now_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void tp_progress_begin(struct tp_progress *progress, size_t total)
{
  *progress = (struct tp_progress){.total = total,
                                   .skipped = SIZE_MAX,
                                   .begin_s = now_s(),
                                   .wanted = isatty(STDERR_FILENO) == 1};
}

void tp_progress_step(struct tp_progress *progress, size_t done)
{
  if (!progress->wanted || done == 0)
    return;
  if (progress->skipped == SIZE_MAX)
    progress->skipped = done - 1;
  const double now = now_s(), elapsed_s = now - progress->begin_s;
  if (elapsed_s < first_after_s || now - progress->drawn_s < again_after_s)
    return;
  progress->drawn_s = now;
  const double rate = (double)(done - progress->skipped) / elapsed_s;
  const int filled = (int)(WIDTH * done / progress->total);
  char bar[WIDTH + 1];
  memset(bar, '.', WIDTH);
  memset(bar, '#', (size_t)filled);
  bar[WIDTH] = '\0';
  fprintf(stderr, "\r[%s] %zu/%zu  %.4g/s  %.0f s left \x1b[K", bar, done, progress->total, rate,
          (double)(progress->total - done) / rate);
}

void tp_progress_end(struct tp_progress *progress)
{
  if (progress->drawn_s > 0)
    fputs("\r\x1b[K", stderr);
}
