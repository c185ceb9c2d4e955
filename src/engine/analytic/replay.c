#include "engine/analytic/replay.h"

#define BIT(lane) (1u << (lane))

static const struct tp_plan_op *op_of(const struct tp_replay *replay, int q)
{
  const struct tp_lane *lane = &replay->lanes[q];
  return &replay->plan->segments[lane->segment].ops[lane->op];
}

/* To the first segment from `segment` on in which the stream has ops. */
static void enter(struct tp_replay *replay, int q, size_t segment)
{
  const struct tp_plan *plan = replay->plan;
  while (segment < plan->n_segments && plan->segments[segment].first[q] < 0)
    segment++;
  const bool done = segment == plan->n_segments;
  replay->lanes[q] = (struct tp_lane){.state = done ? TP_LANE_DONE : TP_LANE_WAITING,
                                      .segment = segment,
                                      .op = done ? 0 : plan->segments[segment].first[q]};
}

static void go_on(struct tp_replay *replay, int q)
{
  struct tp_lane *lane = &replay->lanes[q];
  const struct tp_plan_segment *segment = &replay->plan->segments[lane->segment];
  lane->state = TP_LANE_WAITING;
  lane->op = segment->ops[lane->op].next;
  if (lane->op >= 0)
    return;
  lane->op = segment->first[q];
  lane->repetition++;
  if (lane->repetition == segment->repeat)
    enter(replay, q, lane->segment + 1);
  if (q == replay->leader)
    replay->turned = true;
}

static bool ready(const struct tp_replay *replay, int q)
{
  const struct tp_lane *lane = &replay->lanes[q];
  const struct tp_plan_segment *segment = &replay->plan->segments[lane->segment];
  const struct tp_plan_op *op = &segment->ops[lane->op];
  const int n = lane->repetition == 0 ? op->n_first : op->n_later;
  const struct tp_plan_wait *waits = lane->repetition == 0 ? op->first : op->later;
  for (int w = 0; w < n; w++) {
    const int other = waits[w].stream;
    int64_t count = waits[w].count;
    if (waits[w].relative)
      count += segment->before[other] + lane->repetition * segment->per_repeat[other];
    if (replay->ended[other] < count)
      return false;
  }
  return true;
}

static void start_ready(struct tp_replay *replay)
{
  for (int q = 0; q < replay->plan->n_streams; q++) {
    if (replay->lanes[q].state != TP_LANE_WAITING || !ready(replay, q))
      continue;
    const struct tp_plan_op *op = op_of(replay, q);
    tp_fluid_start(&replay->fluid, q, op->cost, op->collective, op->alone_s);
    replay->lanes[q].state = TP_LANE_RUNNING;
  }
}

/* Collectives are exposed while no kernel runs on the compute stream. */
static void count_exposed(struct tp_replay *replay, unsigned running, double passed_s)
{
  if (running & BIT(TP_STREAM_COMPUTE) && !op_of(replay, TP_STREAM_COMPUTE)->collective)
    return;
  bool any = false;
  for (int q = 0; q < replay->plan->n_streams; q++) {
    if (!(running & BIT(q)) || !op_of(replay, q)->collective)
      continue;
    any = true;
    replay->spent_s[replay->lanes[q].segment][replay->lanes[q].op] += passed_s;
  }
  if (any)
    replay->tally.exposed_s += passed_s;
}

static void end_op(struct tp_replay *replay, int q)
{
  const struct tp_plan_op *op = op_of(replay, q);
  const double start_s = replay->fluid.lanes[q].start_s;
  const double lasted_s = replay->fluid.now_s - start_s;
  if (op->collective) {
    replay->tally.comm_s += lasted_s;
  } else {
    replay->spent_s[replay->lanes[q].segment][replay->lanes[q].op] += lasted_s;
    if (q == TP_STREAM_COMPUTE)
      replay->tally.compute_s += lasted_s;
  }
  if (replay->timeline != NULL)
    tp_timeline_add(replay->timeline,
                    (struct tp_span){.name = op->op->name,
                                     .category = tp_op_kind_text(op->op->kind),
                                     .stream = q,
                                     .start_s = replay->origin_s + start_s,
                                     .end_s = replay->origin_s + replay->fluid.now_s});
  replay->ended[q]++;
  go_on(replay, q);
}

void tp_replay_begin(struct tp_replay *replay, const struct tp_plan *plan, const struct tp_run *run,
                     struct tp_arena *arena)
{
  *replay = (struct tp_replay){.plan = plan, .timeline = run->timeline};
  replay->fluid.machine = run->machine;
  for (size_t s = 0; s < plan->n_segments; s++)
    replay->spent_s[s] = TP_NEW(arena, double, plan->segments[s].n_ops);
  for (int q = 0; q < plan->n_streams; q++)
    enter(replay, q, 0);
  start_ready(replay);
}

bool tp_replay_step(struct tp_replay *replay)
{
  const unsigned running = replay->fluid.running;
  if (running == 0)
    return false;
  const double before_s = replay->fluid.now_s;
  const unsigned ended = tp_fluid_advance(&replay->fluid);
  if (ended == 0)
    return false;
  replay->turned = false;
  count_exposed(replay, running, replay->fluid.now_s - before_s);
  for (int q = 0; q < replay->plan->n_streams; q++)
    if (ended & BIT(q))
      end_op(replay, q);
  start_ready(replay);
  return true;
}
