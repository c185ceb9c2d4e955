#ifndef TP_TESTS_CUDA_HOSTILE_STATE_H
#define TP_TESTS_CUDA_HOSTILE_STATE_H
/* What the hostile GPU remembers: caches, clocks, passes. */
#include "hostile.h"

enum hostile_task_kind { HOSTILE_LAUNCH, HOSTILE_RECORD, HOSTILE_WAIT };

struct hostile_task {
  enum hostile_task_kind kind;
  int stream, event;
  struct tp_bound_op bound;
};

struct tp_graph {
  struct hostile_task *tasks;
  size_t n, capacity;
  int plays;          /* since something changed */
  int changes;        /* that it has seen */
  double last_s;      /* how long it took */
  double load, power; /* when it was played last; in its mean */
};

/* When an address was used: by bytes that all ops had touched. */
struct hostile_used {
  const void *data;
  double at_bytes;
  int32_t value; /* first, where it was written */
};
enum { HOSTILE_N_USED = 1 << 15 };

struct hostile {
  struct hostile_physics physics;
  double now_s, host_s; /* of the GPU; of the host beyond it */
  double load, work;    /* of the arithmetic: lately; in seconds of all of it */
  double touched_bytes;
  struct hostile_used used[HOSTILE_N_USED];
  uint64_t random;
  struct tp_load beside;
  int changes; /* of what passes take */
  int allocations;
};

struct tp_device_state {
  struct hostile *hostile;
  struct tp_machine machine;
  struct tp_graph eager, *captured;
  double marks_s[TP_MAX_MARKS];
  char *next;            /* address */
  bool planned[1 << 12]; /* attentions, by a hash of their shape */
};

struct hostile_used *hostile_find(struct hostile *hostile, const void *data);

/* So long at a load, which the clock follows. */
void hostile_warm(struct hostile *hostile, double seconds, double power);

/* How long the pass takes now; leaves caches and clock as it does. */
double hostile_play(struct tp_device_state *state, const struct tp_graph *graph);
/* The same of a lone op's, beside the load. */
double hostile_play_beside(struct tp_device_state *state, const struct tp_graph *graph);

/* As a clock would show it. */
double hostile_noisy(struct hostile *hostile, double seconds);
#endif
