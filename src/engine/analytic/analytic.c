/* The analytic engine: max-plus over streams and events, with a fluid model of what ops share.
 *
 * Three ways to the same times, the cheapest that is exact.  A program whose ops follow one another
 * is a sum.  Any other is replayed; where the state, as the leading stream turns to a repetition,
 * is that of a few repetitions ago, all that follows repeats and is counted instead of replayed,
 * up to the last repetitions of the segment.  A segment that never settles is replayed to its end.
 */
#include "engine/analytic/replay.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { MAX_PERIOD = 4 };

/* Times of two repetitions are the same when they differ by less than this part of a repetition:
 * some roundings of the sums inside one. */
static const double SAME_RATIO = 1e-14;

/* The state when the leader turned to a repetition, its clock set back to 0. */
struct snapshot {
  double lasted_s; /* since the turn before */
  unsigned waiting;
  struct tp_fluid fluid; /* its lanes as far as there are streams */
  struct tp_lane lanes[TP_MAX_STREAMS];
  struct tp_tally tally;
  double *spent_s;
};

struct history {
  int64_t n_turns;
  struct snapshot snapshots[MAX_PERIOD + 1];
};

/* What an op adds to the result besides the times of engine.h; `spent_s` is its time in all
 * repetitions. */
static void add_op(struct tp_result *result, const struct tp_cost *cost, double repeat,
                   double spent_s)
{
  const double deviation_s = cost->sigma * spent_s;
  result->flops += repeat * cost->flops;
  result->dram_bytes += repeat * cost->dram_bytes;
  result->link_bytes += repeat * cost->link_bytes;
  result->variance += deviation_s * deviation_s;
}

static void run_chain(const struct tp_run *run, struct tp_result *result)
{
  for (size_t s = 0; s < run->program->n_segments; s++) {
    const struct tp_segment *segment = &run->program->segments[s];
    const double repeat = (double)segment->repeat;
    for (size_t i = 0; i < segment->n_ops && segment->repeat > 0; i++) {
      const struct tp_cost *cost = &run->costs[s][i];
      const struct tp_op *op = &segment->ops[i];
      const bool collective = op->kind == TP_OP_COLLECTIVE;
      const double spent_s = repeat * tp_fluid_alone_s(run->machine, cost, collective);
      result->total_s += spent_s;
      if (collective)
        result->comm_s += spent_s;
      else if (op->stream == TP_STREAM_COMPUTE)
        result->compute_s += spent_s;
      add_op(result, cost, repeat, spent_s);
    }
  }
  result->comm_exposed_s = result->comm_s;
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
static bool same_lanes(const struct snapshot *a, const struct snapshot *b, int leader,
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

static void begin_history(struct history *history, const struct tp_plan *plan,
                          struct tp_arena *scratch)
{
  int most_ops = 0;
  for (size_t s = 0; s < plan->n_segments; s++)
    most_ops = plan->segments[s].n_ops > most_ops ? plan->segments[s].n_ops : most_ops;
  double *spent_s = TP_NEW(scratch, double, most_ops *(MAX_PERIOD + 1));
  history->n_turns = 0;
  for (int i = 0; i <= MAX_PERIOD; i++)
    history->snapshots[i].spent_s = &spent_s[i * most_ops];
}

static struct snapshot *turn_before(struct history *history, int64_t turns)
{
  return &history->snapshots[(history->n_turns - 1 - turns) % (MAX_PERIOD + 1)];
}

static void keep(const struct tp_replay *replay, struct history *history, double lasted_s)
{
  const struct tp_plan *plan = replay->plan;
  const struct tp_plan_segment *segment = replay->lanes[replay->leader].segment;
  history->n_turns++;
  struct snapshot *snapshot = turn_before(history, 0);
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
static void repeat_since(struct tp_replay *replay, const struct snapshot *past, int64_t period,
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

/* The leader has turned to a repetition: keeps the state and, if it is a known one, goes on to the
 * last repetitions. */
static void look_for_period(struct tp_replay *replay, struct history *history)
{
  const double lasted_s = replay->fluid.now_s;
  replay->origin_s += lasted_s;
  tp_fluid_rebase(&replay->fluid, lasted_s);
  keep(replay, history, lasted_s);

  const struct snapshot *now = turn_before(history, 0);
  const int64_t left = repetitions_left(replay);
  double period_s = 0;
  for (int period = 1; period <= MAX_PERIOD && period < history->n_turns; period++) {
    const struct snapshot *past = turn_before(history, period);
    period_s += turn_before(history, period - 1)->lasted_s;
    if (left >= period && same_lanes(past, now, replay->leader, replay->plan->n_streams) &&
        tp_fluid_same(&past->fluid, &now->fluid, SAME_RATIO * period_s)) {
      repeat_since(replay, past, period, period_s, left / period);
      history->n_turns = 0; /* the turns kept are no longer one repetition apart */
      return;
    }
  }
}

static int leader_of(const struct tp_replay *replay)
{
  for (int q = 0; q < replay->plan->n_streams; q++)
    if (!tp_replay_is_done(replay, q))
      return q;
  return 0;
}

static void run_replay(const struct tp_run *run, const struct tp_plan *plan,
                       struct tp_arena *scratch, struct tp_result *result)
{
  struct tp_replay replay;
  tp_replay_begin(&replay, plan, run, scratch);
  struct history history;
  begin_history(&history, plan, scratch);
  replay.leader = leader_of(&replay);
  while (tp_replay_to_turn(&replay)) {
    if (tp_replay_is_done(&replay, replay.leader)) {
      replay.leader = leader_of(&replay);
      history.n_turns = 0;
    } else if (run->timeline == NULL) {
      look_for_period(&replay, &history);
    }
  }

  result->total_s = replay.origin_s + replay.fluid.now_s;
  result->compute_s = replay.tally.compute_s;
  result->comm_s = replay.tally.comm_s;
  result->comm_exposed_s = replay.tally.exposed_s;
  for (size_t s = 0; s < plan->n_segments; s++) {
    const struct tp_plan_segment *segment = &plan->segments[s];
    for (int i = 0; i < segment->n_ops; i++)
      add_op(result, &run->costs[segment->source][i], (double)segment->repeat,
             replay.spent_s[s][i]);
  }
}

static const struct tp_plan *plan_of(const struct tp_program *program, struct tp_arena *arena)
{
  static const struct tp_plan chain = {.is_chain = true};
  return tp_program_is_chain(program) ? &chain : tp_plan_make(program, arena);
}

static enum tp_status run_analytic(const struct tp_engine *engine, const struct tp_run *run,
                                   struct tp_arena *scratch, struct tp_result *result,
                                   struct tp_error *error)
{
  (void)engine;
  struct tp_result found = {0};
  const struct tp_plan *plan = run->plan != NULL ? run->plan : plan_of(run->program, scratch);
  if (plan->is_chain && run->timeline == NULL)
    run_chain(run, &found);
  else
    run_replay(run, plan->is_chain ? tp_plan_make(run->program, scratch) : plan, scratch, &found);
  if (!isfinite(found.total_s))
    return tp_fail(error, TP_E_INPUT,
                   "%s: an op never ends: a collective uses a pattern of the platform that has no "
                   "route, or a cost is not finite",
                   run->program->title);
  *result = found;
  return TP_OK;
}

const struct tp_engine tp_engine_analytic = {
    .name = "analytic",
    .summary = "max-plus over streams with a fluid model of shared SMs, memory and links",
    .plan = plan_of,
    .run = run_analytic};
