#ifndef TP_ENGINE_ANALYTIC_REPLAY_H
#define TP_ENGINE_ANALYTIC_REPLAY_H
/* A plan being run: where each stream stands, what runs, what has been spent so far. */
#include "engine/analytic/fluid.h"
#include "engine/analytic/plan.h"

enum tp_lane_state { TP_LANE_WAITING, TP_LANE_RUNNING, TP_LANE_DONE };

/* A stream's next or present op; `segment` is n_segments when it is done. */
struct tp_lane {
  enum tp_lane_state state;
  size_t segment;
  int64_t repetition;
  int op;
};

struct tp_tally {
  double compute_s, comm_s, exposed_s;
};

struct tp_replay {
  const struct tp_plan *plan;
  struct tp_timeline *timeline;
  double origin_s; /* when the fluid's clock was 0 */
  struct tp_fluid fluid;
  struct tp_lane lanes[TP_MAX_STREAMS];
  int64_t ended[TP_MAX_STREAMS]; /* ops each stream has ended */
  struct tp_tally tally;
  double *spent_s[TP_MAX_SEGMENTS]; /* by op: the time that counts for the variance */
  int leader;                       /* the stream whose steps from repetition to repetition count */
  bool turned;                      /* the leader has just gone on to another repetition */
};

/* Every stream at its first op; those that wait for nothing run. */
void tp_replay_begin(struct tp_replay *replay, const struct tp_plan *plan, const struct tp_run *run,
                     struct tp_arena *arena);

/* Goes on to the next end of an op and starts what it frees; false once nothing runs. */
bool tp_replay_step(struct tp_replay *replay);
#endif
