#ifndef TP_ENGINE_TIMELINE_H
#define TP_ENGINE_TIMELINE_H
/* What ran when, per rank and stream; written as Chrome/Perfetto trace-event JSON. */
#include "base/arena.h"

#include <stddef.h>
#include <stdio.h>

struct tp_span {
  const char *name;     /* op */
  const char *category; /* op kind */
  int rank, stream;
  double start_s, end_s;
};

struct tp_timeline {
  struct tp_arena *arena;
  const char *const *stream_names;
  size_t n_spans, capacity;
  struct tp_span *spans;
};

void tp_timeline_add(struct tp_timeline *timeline, struct tp_span span);

/* One process a rank, one thread a stream, complete events in microseconds, sorted by (rank,
 * stream, start).  `offset_s` shifts all: several passes in one file. */
void tp_timeline_write(const struct tp_timeline *timeline, FILE *out);
#endif
