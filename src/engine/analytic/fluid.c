#include "engine/analytic/fluid.h"

#include <math.h>

void tp_fluid_start(struct tp_fluid *fluid, int q, const struct tp_cost *cost, bool collective,
                    double alone_s)
{
  struct tp_fluid_lane *lane = &fluid->lanes[q];
  lane->cost = cost;
  lane->alone_s = alone_s;
  lane->bit = 1u << q;
  lane->phase = 0;
  lane->owed_s = 0;
  lane->start_s = lane->work_end_s = lane->dram_end_s = fluid->now_s;
  lane->stage = TP_STAGE_FIXED;
  lane->stage_end_s = fluid->now_s + cost->fixed_s;
  if (fluid->dram_weight == 0)
    fluid->dram_weight = 1;
  fluid->running |= lane->bit;
  if (!collective)
    return;
  fluid->collectives |= lane->bit;
  if (cost->sm_share > 0 || cost->late_share > 0) {
    fluid->holders |= lane->bit;
    fluid->changed |= TP_SHARE_SMS;
  }
  if (tp_queue_holds(cost)) {
    fluid->queuers |= lane->bit;
    fluid->changed |= TP_SHARE_QUEUES;
  }
  if (fluid->changed != 0)
    tp_fluid_share(fluid);
}

static void end_ops(struct tp_fluid *fluid, unsigned ended)
{
  if (ended & fluid->holders)
    fluid->changed |= TP_SHARE_LATE | TP_SHARE_SMS;
  if (ended & fluid->queuers)
    fluid->changed |= TP_SHARE_QUEUES;
  fluid->running &= ~ended;
  fluid->collectives &= ~ended;
  fluid->holders &= ~ended;
  fluid->queuers &= ~ended;
  fluid->computing &= ~ended;
  fluid->stalling &= ~ended;
}

/* The end of a component can matter to others only if they have the same one. */
static unsigned if_several(unsigned lanes)
{
  return (lanes & (lanes - 1)) != 0 ? lanes : 0;
}

static double last_end_s(const struct tp_fluid_lane *lane)
{
  return tp_fluid_larger(lane->stage_end_s, tp_fluid_larger(lane->work_end_s, lane->dram_end_s));
}

/* When the op ends, or something of it before that matters to it or to others. */
static double next_end_s(const struct tp_fluid_lane *lane, unsigned computing, unsigned loading)
{
  const bool stage_matters = lane->stage < TP_STAGE_COMPUTE || computing & lane->bit;
  if (loading & lane->bit)
    return stage_matters && lane->stage_end_s < lane->dram_end_s ? lane->stage_end_s
                                                                 : lane->dram_end_s;
  if (stage_matters)
    return lane->stage_end_s;
  return last_end_s(lane);
}

static unsigned advance_several(struct tp_fluid *fluid)
{
  struct tp_fluid_lane *lanes[TP_MAX_STREAMS];
  double next_s[TP_MAX_STREAMS];
  int n = 0;
  for (unsigned left = fluid->running; left != 0; left &= left - 1)
    lanes[n++] = &fluid->lanes[tp_fluid_lowest(left)];
  for (;;) {
    const unsigned computing = if_several(fluid->computing), loading = if_several(fluid->loading);
    double now_s = HUGE_VAL;
    for (int i = 0; i < n; i++) {
      next_s[i] = next_end_s(lanes[i], computing, loading);
      now_s = next_s[i] < now_s ? next_s[i] : now_s;
    }
    fluid->now_s = now_s;
    if (now_s == HUGE_VAL)
      return 0;
    unsigned ended = 0;
    for (int i = 0; i < n; i++)
      if (next_s[i] <= now_s && tp_fluid_turn(fluid, lanes[i]))
        ended |= lanes[i]->bit;
    if (ended != 0)
      end_ops(fluid, ended);
    if (fluid->changed != 0)
      tp_fluid_share(fluid);
    if (ended != 0)
      return ended;
  }
}

unsigned tp_fluid_advance(struct tp_fluid *fluid)
{
  const unsigned running = fluid->running;
  if ((running & (running - 1)) != 0)
    return advance_several(fluid);
  struct tp_fluid_lane *lane = &fluid->lanes[tp_fluid_lowest(running)];
  fluid->now_s = tp_fluid_undisturbed_end_s(lane) + lane->owed_s;
  fluid->running = fluid->collectives = fluid->holders = fluid->queuers = 0;
  fluid->late = fluid->computing = fluid->stalling = fluid->loading = fluid->flowing = 0;
  return running;
}

/* What is over is over alike, whenever that was; but an op that ends at this moment is still to be
 * ended. */
static void rebase_lane(struct tp_fluid *fluid, struct tp_fluid_lane *lane, double by_s)
{
  const double over_s = last_end_s(lane) > fluid->now_s ? fluid->now_s : -HUGE_VAL;
  if (lane->stage == TP_STAGE_COMPUTE && lane->stage_end_s <= over_s) {
    lane->stage = TP_STAGE_OVER;
    fluid->computing &= ~lane->bit;
  }
  lane->start_s -= by_s;
  lane->late_since_s -= by_s;
  lane->stage_end_s = lane->stage == TP_STAGE_OVER ? -HUGE_VAL : lane->stage_end_s - by_s;
  lane->work_end_s = lane->work_end_s <= over_s ? -HUGE_VAL : lane->work_end_s - by_s;
  lane->dram_end_s = lane->dram_end_s <= over_s ? -HUGE_VAL : lane->dram_end_s - by_s;
}

void tp_fluid_rebase(struct tp_fluid *fluid, double by_s)
{
  for (unsigned left = fluid->running; left != 0; left &= left - 1)
    rebase_lane(fluid, &fluid->lanes[tp_fluid_lowest(left)], by_s);
  fluid->now_s -= by_s;
}

/* Also where both are over. */
static bool near(double a_s, double b_s, double tolerance_s)
{
  return a_s == b_s || fabs(a_s - b_s) <= tolerance_s;
}

static bool lane_same(const struct tp_fluid_lane *a, const struct tp_fluid_lane *b,
                      double tolerance_s)
{
  return a->cost == b->cost && a->stage == b->stage && a->phase == b->phase &&
         near(a->owed_s, b->owed_s, tolerance_s) && near(a->start_s, b->start_s, tolerance_s) &&
         near(a->stage_end_s, b->stage_end_s, tolerance_s) &&
         near(a->work_end_s, b->work_end_s, tolerance_s) &&
         near(a->dram_end_s, b->dram_end_s, tolerance_s);
}

/* Of two that have no room. */
static bool same_place(const struct tp_fluid_lane *a, const struct tp_fluid_lane *b,
                       double tolerance_s)
{
  return a->late_s == b->late_s && near(a->late_since_s, b->late_since_s, tolerance_s);
}

bool tp_fluid_same(const struct tp_fluid *a, const struct tp_fluid *b, double tolerance_s)
{
  if (a->running != b->running || a->late != b->late)
    return false;
  for (unsigned left = a->running; left != 0; left &= left - 1) {
    const int q = tp_fluid_lowest(left);
    if (!lane_same(&a->lanes[q], &b->lanes[q], tolerance_s))
      return false;
    if (a->late >> q & 1 && !same_place(&a->lanes[q], &b->lanes[q], tolerance_s))
      return false;
  }
  return true;
}
