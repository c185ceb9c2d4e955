#ifndef TP_ENGINE_TIMELINE_H
#define TP_ENGINE_TIMELINE_H
/* What ran when, per rank and stream; written as Chrome/Perfetto trace-event JSON. */
#include "cost/cost.h"

struct tp_span {
  const char *name;     /* op */
  const char *category; /* op kind */
  const char *detail;   /* its sizes in words; NULL: not said */
  const char *pass;     /* of the timeline when it was added */
  int point, rank, stream;
  double start_s, end_s;
  double flops, dram_bytes, link_bytes; /* its cost */
  double sms;                           /* that it can use or, of a collective, holds */
};

/* The caller sets arena, stream_names (as many as streams appear) and, before each pass of
 * several that go in one file, offset_s and pass; before each stage of a pipeline, its ranks;
 * before each of several points, point and points[point].  The rest starts zeroed. */
struct tp_timeline {
  struct tp_arena *arena;
  const char *const *stream_names;
  double offset_s;           /* added to the times of every span that is added */
  const char *pass;          /* "prefill"; NULL: there is one */
  int first_rank, n_ranks;   /* that the program is of: an engine shows those of them that it runs
                                apart, or the first; 0: of all ranks */
  double sm_count;           /* of the GPU; 0: SMs are not counted */
  int point;                 /* from 0 */
  const char *const *points; /* their names; NULL: there is one */
  size_t n_spans;
  struct tp_span *spans;
};

/* What follows is of `n_ranks` ranks from `first_rank` on, and begins at `offset_s`. */
static inline void tp_timeline_place(struct tp_timeline *timeline, int first_rank, int n_ranks,
                                     double offset_s)
{
  timeline->first_rank = first_rank;
  timeline->n_ranks = n_ranks;
  timeline->offset_s = offset_s;
}

void tp_timeline_add(struct tp_timeline *timeline, struct tp_span span);

/* An op of a run, with what it is and costs copied. */
void tp_timeline_add_op(struct tp_timeline *timeline, const struct tp_op *op,
                        const struct tp_cost *cost, struct tp_span span);

/* By (point, rank, stream, start). */
void tp_timeline_sort(struct tp_timeline *timeline);

/* Sorts the spans, then writes one process a rank of a point, one thread a stream and one for the
 * passes, complete events in microseconds. */
void tp_timeline_write(struct tp_timeline *timeline, FILE *out);
#endif
