#ifndef TP_HOST_STATE_H
#define TP_HOST_STATE_H
/* Inside the host device: what waits in streams, and when it was done. */
#include "host/host.h"

/* A place in a stream that others may wait for.  Events are registers that point at the latest; a
 * moment lives as long as an event or something in a stream refers to it. */
struct tp_host_moment {
  int references;
  bool done;
  double time_s;
  const struct tp_op *after; /* last op before it in its stream, or NULL */
};

enum tp_host_kind {
  TP_HOST_OP,
  TP_HOST_RECORD, /* `moment` is done */
  TP_HOST_WAIT,   /* for `moment` */
  TP_HOST_MARK,   /* the clock is read */
  TP_HOST_WRITE   /* `bytes` of `data` go to `to` */
};

/* It owns `data`. */
struct tp_host_task {
  enum tp_host_kind kind;
  int stream;
  int event; /* RECORD, WAIT; TP_NO_EVENT: a join's */
  int mark;
  struct tp_host_moment *moment;   /* NULL while captured */
  const struct tp_bound_op *bound; /* OP: in `data`, or in that of the graph's task */
  double lasts_s;
  void *to, *data;
  size_t bytes;
};

/* Tasks from `next` on are to be done. */
struct tp_host_stream {
  struct tp_host_task *tasks;
  size_t next, n, capacity;
  const struct tp_op *issued; /* last, or NULL */
  double clock_s;
};

/* A captured pass: tasks in the order they were issued. */
struct tp_graph {
  struct tp_host_task *tasks;
  size_t n, capacity;
};

struct tp_device_state {
  struct tp_host *host;
  int rank;
  struct tp_calls calls;
  struct tp_host_stream streams[TP_MAX_STREAMS];
  struct tp_host_moment *events[TP_MAX_EVENTS]; /* NULL: never recorded */
  double marks_s[TP_MAX_MARKS];                 /* NAN: not there yet */
  struct tp_graph *captured;                    /* NULL: not capturing */
};

struct tp_host {
  struct tp_host_options options;
  uint64_t random;
  struct tp_device_state *ranks;
  struct tp_arena *scratch; /* of one op */
  struct tp_host_done *done;
  size_t n_done, done_capacity;
};

/* queue.c */
struct tp_host_moment *tp_host_moment_take(struct tp_host_moment *moment); /* NULL is fine */
void tp_host_moment_drop(struct tp_host_moment *moment);                   /* NULL is fine */
void tp_host_task_drop(struct tp_host_task *task);                         /* what it owns */
void tp_host_graph_free(struct tp_graph *graph);                           /* NULL is fine */

/* Room for one more than `n` items of `size`; out of memory aborts. */
void *tp_host_enough(void *items, size_t n, size_t *capacity, size_t size);

/* Puts a task at the end of its stream; its event is looked up and set in `events`.  Returns the
 * copy in the stream, valid until the next call. */
struct tp_host_task *tp_host_enqueue(struct tp_device_state *state, struct tp_host_task task,
                                     struct tp_host_moment **events);
/* Makes the compute stream wait for what the others were issued; makes the others wait for it. */
void tp_host_meet_in_compute(struct tp_device_state *state);
void tp_host_start_with_compute(struct tp_device_state *state);

/* head.c: has any stream something left to do? */
bool tp_host_pending(const struct tp_host *host);
/* What a stream does next; NULL: nothing is left. */
struct tp_host_task *tp_host_head(const struct tp_device_state *state, int stream);
bool tp_host_is_collective(const struct tp_host_task *task); /* NULL is none */
/* An op of the rank ran from start to end. */
void tp_host_add_done(struct tp_host *host, const struct tp_op *op, int rank, double start_s,
                      double end_s);
/* The head of the stream is done. */
void tp_host_advance(struct tp_host_stream *stream);
/* Does the head of a stream, no op, at the stream's clock. */
void tp_host_do_now(struct tp_device_state *state, struct tp_host_task *task);
/* The head of the stream, an op, ran from start to end. */
void tp_host_end_op(struct tp_device_state *state, int stream, double start_s, double end_s);
/* Says what waits for what. */
enum tp_status tp_host_stuck(const struct tp_host *host, struct tp_error *error);

/* play.c: tp_host_run where ops contend. */
enum tp_status tp_host_play(struct tp_host *host, struct tp_error *error);

/* calls.c: the calls, of no rank yet. */
extern const struct tp_calls tp_host_table;
#endif
