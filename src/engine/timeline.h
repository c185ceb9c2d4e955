#ifndef TP_ENGINE_TIMELINE_H
#define TP_ENGINE_TIMELINE_H
/* What ran when, per rank and stream; written as Chrome/Perfetto trace-event JSON. */
#include "base/arena.h"

#include <stddef.h>
#include <stdio.h>

struct tp_span {
  const char *name;     /* op; borrowed */
  const char *category; /* op kind; borrowed */
  int rank, stream;
  double start_s, end_s;
};

/* The caller sets arena, stream_names (as many as streams appear) and, before each pass of
 * several that go in one file, offset_s; the rest starts zeroed. */
struct tp_timeline {
  struct tp_arena *arena;
  const char *const *stream_names;
  double offset_s; /* added to the times of every span that is added */
  size_t n_spans;
  struct tp_span *spans;
};

void tp_timeline_add(struct tp_timeline *timeline, struct tp_span span);

/* Sorts the spans by (rank, stream, start), then writes one process a rank, one thread a stream,
 * complete events in microseconds. */
void tp_timeline_write(struct tp_timeline *timeline, FILE *out);
#endif
