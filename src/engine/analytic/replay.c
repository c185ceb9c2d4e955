#include "engine/analytic/replay.h"

#include <math.h>

#define BIT(lane) (1u << (lane))

static const struct tp_plan_op *op_of(const struct tp_lane *lane)
{
  return &lane->segment->ops[lane->op];
}

/* To the first segment from `segment` on in which the stream has ops. */
static void enter(struct tp_replay *replay, int q, const struct tp_plan_segment *segment)
{
  const struct tp_plan *plan = replay->plan;
  const struct tp_plan_segment *end = &plan->segments[plan->n_segments];
  while (segment < end && segment->first[q] < 0)
    segment++;
  struct tp_lane *lane = &replay->lanes[q];
  *lane = (struct tp_lane){.segment = segment};
  if (segment == end) {
    replay->waiting &= ~BIT(q);
    return;
  }
  lane->op = segment->first[q];
  lane->costs = replay->run->costs[segment->source];
  lane->alone_s = replay->alone_s[segment - plan->segments];
  lane->spent_s = replay->spent_s[segment - plan->segments];
}

static void go_on(struct tp_replay *replay, int q)
{
  struct tp_lane *lane = &replay->lanes[q];
  const struct tp_plan_segment *segment = lane->segment;
  replay->waiting |= BIT(q);
  lane->op = segment->ops[lane->op].next;
  if (lane->op >= 0)
    return;
  lane->op = segment->first[q];
  lane->repetition++;
  if (lane->repetition == segment->repeat)
    enter(replay, q, segment + 1);
  if (q == replay->leader)
    replay->turned = true;
}

static bool is_ready(const struct tp_replay *replay, int q)
{
  const struct tp_lane *lane = &replay->lanes[q];
  const struct tp_plan_op *op = op_of(lane);
  if (!op->waits)
    return true;
  const int n = lane->repetition == 0 ? op->n_first : op->n_later;
  const struct tp_plan_wait *waits = lane->repetition == 0 ? op->first : op->later;
  for (int w = 0; w < n; w++) {
    const struct tp_plan_segment *segment = lane->segment;
    const int other = waits[w].stream;
    int64_t count = waits[w].count;
    if (waits[w].relative)
      count += segment->before[other] + lane->repetition * segment->per_repeat[other];
    if (replay->ended[other] < count)
      return false;
  }
  return true;
}

/* Of the streams that something has freed, or not, those whose op can start. */
static unsigned ready_of(const struct tp_replay *replay, unsigned freed)
{
  unsigned ready = 0;
  for (unsigned left = replay->waiting & freed; left != 0; left &= left - 1)
    if (is_ready(replay, tp_fluid_lowest(left)))
      ready |= left & -left;
  return ready;
}

static void start(struct tp_replay *replay, unsigned ready)
{
  for (unsigned left = ready; left != 0; left &= left - 1) {
    const int q = tp_fluid_lowest(left);
    const struct tp_lane *lane = &replay->lanes[q];
    tp_fluid_start(&replay->fluid, q, &lane->costs[lane->op], op_of(lane)->collective,
                   lane->alone_s[lane->op]);
  }
  replay->waiting &= ~ready;
}

/* Collectives are exposed while no kernel runs on the compute stream. */
static void count_exposed(struct tp_replay *replay, unsigned running, unsigned collectives,
                          double passed_s)
{
  if (collectives == 0 || running & ~collectives & BIT(TP_STREAM_COMPUTE))
    return;
  for (unsigned left = collectives; left != 0; left &= left - 1) {
    const struct tp_lane *lane = &replay->lanes[tp_fluid_lowest(left)];
    lane->spent_s[lane->op] += passed_s;
  }
  replay->tally.exposed_s += passed_s;
}

static void add_span(const struct tp_replay *replay, int q, double start_s)
{
  const struct tp_lane *lane = &replay->lanes[q];
  tp_timeline_add_op(replay->run->timeline, op_of(lane)->op, &lane->costs[lane->op],
                     (struct tp_span){.rank = replay->run->timeline->first_rank,
                                      .stream = q,
                                      .start_s = replay->origin_s + start_s,
                                      .end_s = replay->origin_s + replay->fluid.now_s});
}

/* The stream's op ends now.  Returns the streams that it may have freed. */
static inline __attribute__((always_inline)) unsigned end_op(struct tp_replay *replay, int q,
                                                             double start_s)
{
  const struct tp_lane *lane = &replay->lanes[q];
  const struct tp_plan_op *op = op_of(lane);
  const double lasted_s = replay->fluid.now_s - start_s;
  if (op->collective) {
    replay->tally.comm_s += lasted_s;
  } else {
    lane->spent_s[lane->op] += lasted_s;
    if (q == TP_STREAM_COMPUTE)
      replay->tally.compute_s += lasted_s;
  }
  if (replay->run->timeline != NULL)
    add_span(replay, q, start_s);
  replay->ended[q]++;
  go_on(replay, q);
  return op->frees ? ~0u : BIT(q);
}

/* Ops of the streams that run go on to the next end of one. */
static unsigned advance(struct tp_replay *replay)
{
  struct tp_fluid *fluid = &replay->fluid;
  const unsigned running = fluid->running, collectives = fluid->collectives;
  const double before_s = fluid->now_s;
  const unsigned ended = tp_fluid_advance(fluid);
  count_exposed(replay, running, collectives, fluid->now_s - before_s);
  unsigned freed = 0;
  for (unsigned left = ended; left != 0; left &= left - 1) {
    const int q = tp_fluid_lowest(left);
    freed |= end_op(replay, q, fluid->lanes[q].start_s);
  }
  return freed;
}

/* The next op of a stream, where it can start and nothing else runs or can start before it ends. */
static unsigned run_alone(struct tp_replay *replay, int q)
{
  struct tp_fluid *fluid = &replay->fluid;
  const struct tp_lane *lane = &replay->lanes[q];
  const struct tp_cost *cost = &lane->costs[lane->op];
  const double start_s = fluid->now_s;
  fluid->now_s = start_s + cost->fixed_s + (lane->alone_s[lane->op] - cost->fixed_s);
  count_exposed(replay, BIT(q), op_of(lane)->collective ? BIT(q) : 0, fluid->now_s - start_s);
  return end_op(replay, q, start_s);
}

static const double *alone_s_of(const struct tp_plan_segment *segment, const struct tp_run *run,
                                struct tp_arena *arena)
{
  if (run->alone_s != NULL)
    return run->alone_s[segment->source];
  double *const alone_s = TP_NEW_RAW(arena, double, segment->n_ops);
  for (int i = 0; i < segment->n_ops; i++)
    alone_s[i] = tp_engine_alone_s(run->machine, &run->costs[segment->source][i],
                                   segment->ops[i].collective);
  return alone_s;
}

void tp_replay_begin(struct tp_replay *replay, const struct tp_plan *plan, const struct tp_run *run,
                     struct tp_arena *arena)
{
  *replay = (struct tp_replay){.plan = plan, .run = run};
  replay->fluid.machine = run->machine;
  for (size_t s = 0; s < plan->n_segments; s++) {
    const struct tp_plan_segment *segment = &plan->segments[s];
    replay->spent_s[s] = TP_NEW(arena, double, segment->n_ops);
    replay->alone_s[s] = alone_s_of(segment, run, arena);
  }
  replay->waiting = BIT(plan->n_streams) - 1;
  for (int q = 0; q < plan->n_streams; q++)
    enter(replay, q, plan->segments);
  replay->freed = ~0u;
}

void tp_replay_start(struct tp_replay *replay)
{
  start(replay, ready_of(replay, replay->freed));
  replay->freed = 0;
}

static bool is_one(unsigned lanes)
{
  return lanes != 0 && (lanes & (lanes - 1)) == 0;
}

bool tp_replay_to_turn(struct tp_replay *replay)
{
  for (replay->turned = false; !replay->turned;) {
    const unsigned ready = ready_of(replay, replay->freed);
    if (replay->fluid.running == 0 && is_one(ready)) {
      replay->freed = run_alone(replay, tp_fluid_lowest(ready));
    } else {
      start(replay, ready);
      if (replay->fluid.running == 0)
        return false;
      replay->freed = advance(replay);
    }
    if (isinf(replay->fluid.now_s))
      return false;
  }
  return true;
}

void tp_replay_leave(struct tp_replay *replay, const struct tp_plan_segment *segment)
{
  for (int q = 0; q < replay->plan->n_streams; q++)
    if (replay->lanes[q].segment == segment && replay->lanes[q].repetition == segment->repeat)
      enter(replay, q, segment + 1);
  replay->freed = ~0u;
}

bool tp_replay_is_done(const struct tp_replay *replay, int stream)
{
  return ((replay->waiting | replay->fluid.running) >> stream & 1) == 0;
}
