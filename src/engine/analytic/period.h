#ifndef TP_ENGINE_ANALYTIC_PERIOD_H
#define TP_ENGINE_ANALYTIC_PERIOD_H
/* Repetitions that need not be replayed: where the state, as the leading stream turns to one, is
 * that of a few before, all that follows repeats.
 */
#include "engine/analytic/replay.h"

enum { TP_MAX_PERIOD = 4 };

/* The state when the leader turned to a repetition, its clock set back to 0. */
struct tp_snapshot {
  double lasted_s; /* since the turn before */
  unsigned waiting;
  struct tp_fluid fluid; /* its lanes as far as there are streams */
  struct tp_lane lanes[TP_MAX_STREAMS];
  struct tp_tally tally;
  double *spent_s;
};

struct tp_history {
  int64_t n_turns;
  struct tp_snapshot snapshots[TP_MAX_PERIOD + 1];
};

/* Room for what turns of any segment of the plan leave. */
void tp_history_begin(struct tp_history *history, const struct tp_plan *plan,
                      struct tp_arena *arena);

/* The leader has turned to a repetition, and what can start has not: starts it and keeps the state;
 * if it is a known one, goes on to the end of the segment or to its last repetitions. */
void tp_history_turn(struct tp_history *history, struct tp_replay *replay);
#endif
