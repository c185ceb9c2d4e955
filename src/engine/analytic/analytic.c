/* The analytic engine: max-plus over streams and events, with a fluid model of what ops share.
 *
 * Three ways to the same times, the cheapest that is exact.  A program whose ops follow one another
 * is a sum.  Any other is replayed; where the state, as the leading stream turns to a repetition,
 * is that of a few repetitions ago, all that follows repeats and is counted instead of replayed,
 * up to the last repetitions of the segment.  A segment that never settles is replayed to its end.
 */
#include "engine/analytic/period.h"
#include "engine/deviation.h"
#include "program/check.h"

#include <math.h>

/* What an op adds to the result besides the times of engine.h; `spent_s` is its time in all
 * repetitions. */
static void add_op(struct tp_result *result, struct tp_deviation *deviation, const struct tp_op *op,
                   const struct tp_cost *cost, double repeat, double spent_s)
{
  result->flops += repeat * cost->flops;
  result->dram_bytes += repeat * cost->dram_bytes;
  result->link_bytes += repeat * cost->link_bytes;
  tp_deviation_add(deviation, op, cost->sigma * spent_s);
}

static void run_chain(const struct tp_run *run, struct tp_arena *scratch, struct tp_result *result)
{
  struct tp_deviation deviation = tp_deviation_begin(run->program, scratch);
  for (size_t s = 0; s < run->program->n_segments; s++) {
    const struct tp_segment *segment = &run->program->segments[s];
    const double repeat = (double)segment->repeat;
    for (size_t i = 0; i < segment->n_ops && segment->repeat > 0; i++) {
      const struct tp_cost *cost = &run->costs[s][i];
      const struct tp_op *op = &segment->ops[i];
      const bool collective = op->kind == TP_OP_COLLECTIVE;
      const double alone_s = run->alone_s != NULL
                                 ? run->alone_s[s][i]
                                 : tp_engine_alone_s(run->machine, cost, collective);
      const double spent_s = repeat * alone_s;
      result->total_s += spent_s;
      if (collective)
        result->comm_s += spent_s;
      else if (op->stream == TP_STREAM_COMPUTE)
        result->compute_s += spent_s;
      add_op(result, &deviation, op, cost, repeat, spent_s);
    }
  }
  result->variance = tp_deviation_variance(&deviation);
  result->comm_exposed_s = result->comm_s;
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
  struct tp_history history;
  tp_history_begin(&history, plan, scratch);
  replay.leader = leader_of(&replay);
  while (tp_replay_to_turn(&replay)) {
    if (tp_replay_is_done(&replay, replay.leader)) {
      replay.leader = leader_of(&replay);
      history.n_turns = 0;
    } else if (run->timeline == NULL) {
      tp_history_turn(&history, &replay);
    }
  }

  result->total_s = replay.origin_s + replay.fluid.now_s;
  result->compute_s = replay.tally.compute_s;
  result->comm_s = replay.tally.comm_s;
  result->comm_exposed_s = replay.tally.exposed_s;
  struct tp_deviation deviation = tp_deviation_begin(run->program, scratch);
  for (size_t s = 0; s < plan->n_segments; s++) {
    const struct tp_plan_segment *segment = &plan->segments[s];
    for (int i = 0; i < segment->n_ops; i++)
      add_op(result, &deviation, segment->ops[i].op, &run->costs[segment->source][i],
             (double)segment->repeat, replay.spent_s[s][i]);
  }
  result->variance = tp_deviation_variance(&deviation);
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
  if (run->plan == NULL)
    TP_TRY(tp_program_check(run->program, error));
  const struct tp_plan *plan = run->plan != NULL ? run->plan : plan_of(run->program, scratch);
  if (plan->is_chain && run->timeline == NULL)
    run_chain(run, scratch, &found);
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
