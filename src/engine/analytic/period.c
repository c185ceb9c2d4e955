#include "engine/analytic/period.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Times of two repetitions are the same when they differ by less than this part of a repetition:
 * some roundings of the sums inside one. */
static const double SAME_RATIO = 1e-14;

void tp_history_begin(struct tp_history *history, const struct tp_plan *plan,
                      struct tp_arena *arena)
{
  int most_ops = 0;
  for (size_t s = 0; s < plan->n_segments; s++)
    most_ops = plan->segments[s].n_ops > most_ops ? plan->segments[s].n_ops : most_ops;
  double *spent_s = TP_NEW(arena, double, most_ops *(TP_MAX_PERIOD + 1));
  history->n_turns = 0;
  for (int i = 0; i <= TP_MAX_PERIOD; i++)
    history->snapshots[i].spent_s = &spent_s[i * most_ops];
}

/* Repetitions after this one that may be counted: no stream may leave the segment meanwhile.  One
 * that waits behind the segment may be freed by what another does in the last repetition. */
static int64_t repetitions_left(const struct tp_replay *replay)
{
  const struct tp_lane *leader = &replay->lanes[replay->leader];
  int64_t last = leader->segment->repeat - 1;
  int64_t furthest = leader->repetition;
  for (int q = 0; q < replay->plan->n_streams; q++) {
    const struct tp_lane *lane = &replay->lanes[q];
    if (lane->segment == leader->segment)
      furthest = lane->repetition > furthest ? lane->repetition : furthest;
    else if (replay->waiting >> q & 1)
      last = leader->segment->repeat - 2;
  }
  return last - furthest;
}

/* Whether b stands as a does, the streams inside the leader's segment as many repetitions further
 * as the leader.  If also the fluid is the same, b goes on as a did:
 *   - an op that runs outside the segment runs in both, which it cannot: its start would differ;
 *     so streams outside wait or are done, and no wait for an earlier segment is open;
 *   - the waits of repetition 0, if a had those still before it, are fewer than the later ones only
 *     by records of earlier repetitions; at b each stream is past these. */
static bool same_lanes(const struct tp_snapshot *a, const struct tp_snapshot *b, int leader,
                       int n_streams)
{
  if (a->waiting != b->waiting)
    return false;
  const int64_t moved = b->lanes[leader].repetition - a->lanes[leader].repetition;
  for (int q = 0; q < n_streams; q++) {
    const struct tp_lane *x = &a->lanes[q], *y = &b->lanes[q];
    const bool inside = x->segment == a->lanes[leader].segment;
    if (x->segment != y->segment || x->op != y->op ||
        x->repetition + (inside ? moved : 0) != y->repetition)
      return false;
  }
  return true;
}

static struct tp_snapshot *turn_before(struct tp_history *history, int64_t turns)
{
  return &history->snapshots[(history->n_turns - 1 - turns) % (TP_MAX_PERIOD + 1)];
}

static void keep(const struct tp_replay *replay, struct tp_history *history, double lasted_s)
{
  const struct tp_plan *plan = replay->plan;
  const struct tp_plan_segment *segment = replay->lanes[replay->leader].segment;
  history->n_turns++;
  struct tp_snapshot *snapshot = turn_before(history, 0);
  snapshot->lasted_s = lasted_s;
  snapshot->waiting = replay->waiting;
  snapshot->tally = replay->tally;
  memcpy(&snapshot->fluid, &replay->fluid,
         offsetof(struct tp_fluid, lanes) + (size_t)plan->n_streams * sizeof *replay->fluid.lanes);
  memcpy(snapshot->lanes, replay->lanes, (size_t)plan->n_streams * sizeof *replay->lanes);
  memcpy(snapshot->spent_s, replay->spent_s[segment - plan->segments],
         (size_t)segment->n_ops * sizeof *snapshot->spent_s);
}

/* Repeats `times` times what has happened since `past`: `period` repetitions in `period_s`. */
static void repeat_since(struct tp_replay *replay, const struct tp_snapshot *past, int64_t period,
                         double period_s, int64_t times)
{
  const struct tp_plan_segment *segment = replay->lanes[replay->leader].segment;
  double *spent_s = replay->spent_s[segment - replay->plan->segments];
  const double n = (double)times;
  replay->origin_s += n * period_s;
  replay->tally.compute_s += n * (replay->tally.compute_s - past->tally.compute_s);
  replay->tally.comm_s += n * (replay->tally.comm_s - past->tally.comm_s);
  replay->tally.exposed_s += n * (replay->tally.exposed_s - past->tally.exposed_s);
  for (int i = 0; i < segment->n_ops; i++)
    spent_s[i] += n * (spent_s[i] - past->spent_s[i]);
  for (int q = 0; q < replay->plan->n_streams; q++) {
    if (replay->lanes[q].segment != segment)
      continue;
    replay->lanes[q].repetition += times * period;
    replay->ended[q] += times * period * segment->per_repeat[q];
  }
}

void tp_history_turn(struct tp_history *history, struct tp_replay *replay)
{
  tp_replay_start(replay);
  const double lasted_s = replay->fluid.now_s;
  replay->origin_s += lasted_s;
  tp_fluid_rebase(&replay->fluid, lasted_s);
  keep(replay, history, lasted_s);

  const struct tp_snapshot *now = turn_before(history, 0);
  const int64_t left = repetitions_left(replay);
  double period_s = 0;
  for (int period = 1; period <= TP_MAX_PERIOD && period < history->n_turns; period++) {
    const struct tp_snapshot *past = turn_before(history, period);
    period_s += turn_before(history, period - 1)->lasted_s;
    if (left >= period && same_lanes(past, now, replay->leader, replay->plan->n_streams) &&
        tp_fluid_same(&past->fluid, &now->fluid, SAME_RATIO * period_s)) {
      repeat_since(replay, past, period, period_s, left / period);
      history->n_turns = 0; /* the turns kept are no longer one repetition apart */
      return;
    }
  }
}
