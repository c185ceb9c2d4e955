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

/* The lanes that there are, and what stands before them. */
static void copy_fluid(struct tp_fluid *to, const struct tp_fluid *from, int n_streams)
{
  memcpy(to, from, offsetof(struct tp_fluid, lanes) + (size_t)n_streams * sizeof *from->lanes);
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
  copy_fluid(&snapshot->fluid, &replay->fluid, plan->n_streams);
  memcpy(snapshot->lanes, replay->lanes, (size_t)plan->n_streams * sizeof *replay->lanes);
  memcpy(snapshot->spent_s, replay->spent_s[segment - plan->segments],
         (size_t)segment->n_ops * sizeof *snapshot->spent_s);
}

struct tp_period {
  int64_t repetitions;
  double lasted_s;
};

/* Repeats `times` times what has happened since `past`, a period ago. */
static void repeat_since(struct tp_replay *replay, const struct tp_snapshot *past,
                         struct tp_period period, int64_t times)
{
  const struct tp_plan_segment *segment = replay->lanes[replay->leader].segment;
  double *spent_s = replay->spent_s[segment - replay->plan->segments];
  const double n = (double)times;
  replay->origin_s += n * period.lasted_s;
  replay->tally.compute_s += n * (replay->tally.compute_s - past->tally.compute_s);
  replay->tally.comm_s += n * (replay->tally.comm_s - past->tally.comm_s);
  replay->tally.exposed_s += n * (replay->tally.exposed_s - past->tally.exposed_s);
  for (int i = 0; i < segment->n_ops; i++)
    spent_s[i] += n * (spent_s[i] - past->spent_s[i]);
  for (int q = 0; q < replay->plan->n_streams; q++) {
    if (replay->lanes[q].segment != segment)
      continue;
    replay->lanes[q].repetition += times * period.repetitions;
    replay->ended[q] += times * period.repetitions * segment->per_repeat[q];
  }
}

/* Whether the stream's first op behind `segment`, if there is one, waits for one of the leader's
 * that is behind it, too. */
static bool follows_leader(const struct tp_plan *plan, const struct tp_plan_segment *segment, int q,
                           int leader)
{
  const struct tp_plan_segment *end = &plan->segments[plan->n_segments];
  do
    segment++;
  while (segment < end && segment->first[q] < 0);
  if (segment == end)
    return true;
  const struct tp_plan_op *op = &segment->ops[segment->first[q]];
  for (int w = 0; w < op->n_first; w++)
    if (op->first[w].stream == leader && op->first[w].relative)
      return true;
  return false;
}

/* Whether nothing happens in the last repetition of the leader's segment that did not in those
 * before: no other stream is ahead of the leader, behind the segment, or gets there before. */
static bool ends_alike(const struct tp_replay *replay, unsigned waiting)
{
  const struct tp_plan *plan = replay->plan;
  const struct tp_lane *leader = &replay->lanes[replay->leader];
  for (int q = 0; q < plan->n_streams; q++) {
    const struct tp_lane *lane = &replay->lanes[q];
    if (q == replay->leader || lane->segment == &plan->segments[plan->n_segments])
      continue;
    const bool at_first = waiting >> q & 1 && lane->op == leader->segment->first[q];
    if (lane->segment != leader->segment ||
        lane->repetition >= leader->repetition + (at_first ? 1 : 0) ||
        !follows_leader(plan, leader->segment, q, replay->leader))
      return false;
  }
  return true;
}

/* How the period before the leader's repetition began. */
static const struct tp_snapshot *find_same(struct tp_history *history,
                                           const struct tp_replay *replay, int64_t most,
                                           struct tp_period *found)
{
  const struct tp_snapshot *now = turn_before(history, 0);
  *found = (struct tp_period){0};
  for (int turns = 1; turns <= TP_MAX_PERIOD && turns < history->n_turns && turns <= most;
       turns++) {
    const struct tp_snapshot *past = turn_before(history, turns);
    found->repetitions = turns;
    found->lasted_s += turn_before(history, turns - 1)->lasted_s;
    if (same_lanes(past, now, replay->leader, replay->plan->n_streams) &&
        tp_fluid_same(&past->fluid, &now->fluid, SAME_RATIO * found->lasted_s))
      return past;
  }
  return NULL;
}

/* Repetitions up to the end of the segment are counted as they would begin, before anything starts
 * in the next segment; otherwise up to the last, which are run. */
void tp_history_turn(struct tp_history *history, struct tp_replay *replay)
{
  const int n_streams = replay->plan->n_streams;
  struct tp_fluid before;
  const unsigned waiting = replay->waiting;
  copy_fluid(&before, &replay->fluid, n_streams);
  tp_replay_start(replay);
  const double lasted_s = replay->fluid.now_s;
  replay->origin_s += lasted_s;
  tp_fluid_rebase(&replay->fluid, lasted_s);
  keep(replay, history, lasted_s);

  const struct tp_plan_segment *segment = replay->lanes[replay->leader].segment;
  const bool to_end = ends_alike(replay, waiting);
  const int64_t left = to_end ? segment->repeat - replay->lanes[replay->leader].repetition
                              : repetitions_left(replay);
  struct tp_period period;
  const struct tp_snapshot *past = find_same(history, replay, left, &period);
  if (past == NULL)
    return;
  repeat_since(replay, past, period, left / period.repetitions);
  history->n_turns = 0; /* the turns kept are no longer one repetition apart */
  if (!to_end)
    return;
  replay->origin_s -= lasted_s;
  copy_fluid(&replay->fluid, &before, n_streams);
  replay->waiting = waiting;
  tp_replay_leave(replay, segment);
}
