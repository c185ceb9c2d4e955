#ifndef TP_COMMAND_PROGRESS_H
#define TP_COMMAND_PROGRESS_H
/* A bar on standard error with rate and time left, where that is a terminal and the work takes
 * more than a second. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tp_progress {
  size_t total;
  size_t skipped;          /* done before this run; SIZE_MAX: nothing is told yet */
  double begin_s, drawn_s; /* of the monotonic clock; drawn_s 0: nothing drawn */
  bool wanted;
};

void tp_progress_begin(struct tp_progress *progress, size_t total);
void tp_progress_step(struct tp_progress *progress, size_t done);
void tp_progress_end(struct tp_progress *progress); /* wipes the bar */
#endif
