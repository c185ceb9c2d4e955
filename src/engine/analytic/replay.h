#ifndef TP_ENGINE_ANALYTIC_REPLAY_H
#define TP_ENGINE_ANALYTIC_REPLAY_H
/* A plan being run: where each stream stands, what runs, what has been spent so far. */
#include "engine/analytic/fluid.h"
#include "engine/analytic/plan.h"

/* A stream's next or present op; `segment` is the end of the plan's when the stream is done. */
struct tp_lane {
  const struct tp_plan_segment *segment;
  int64_t repetition;
  int op;
  /* Of the ops of the segment. */
  const struct tp_cost *costs;
  const double *alone_s;
  double *spent_s;
};

struct tp_tally {
  double compute_s, comm_s, exposed_s;
};

struct tp_replay {
  const struct tp_plan *plan;
  const struct tp_run *run;
  double origin_s; /* when the fluid's clock was 0 */
  struct tp_fluid fluid;
  unsigned waiting; /* bit 1 << stream: those that neither run an op nor are done */
  unsigned freed;   /* those whose op may be ready, and has not started */
  struct tp_lane lanes[TP_MAX_STREAMS];
  int64_t ended[TP_MAX_STREAMS]; /* ops each stream has ended */
  struct tp_tally tally;
  const double *alone_s[TP_MAX_SEGMENTS]; /* by op: tp_engine_alone_s */
  double *spent_s[TP_MAX_SEGMENTS];       /* by op: the time that counts for the variance */
  int leader;  /* the stream whose steps from repetition to repetition count */
  bool turned; /* the leader has just gone on to another repetition */
};

/* Every stream at its first op; nothing runs yet. */
void tp_replay_begin(struct tp_replay *replay, const struct tp_plan *plan, const struct tp_run *run,
                     struct tp_arena *arena);

/* Starts what can start.  tp_replay_to_turn does so, too. */
void tp_replay_start(struct tp_replay *replay);

/* Goes on until the leader turns to another repetition or is done; false once nothing runs, or
 * where no op ends any more: then the time is infinite. */
bool tp_replay_to_turn(struct tp_replay *replay);

/* Streams that wait for a repetition that the segment does not have go on to the next segment. */
void tp_replay_leave(struct tp_replay *replay, const struct tp_plan_segment *segment);

bool tp_replay_is_done(const struct tp_replay *replay, int stream);
#endif
