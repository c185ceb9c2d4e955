#include "engine/analytic/fluid.h"

/* What is left of a component at `now_s`, rescaled for its rate having changed by `slower`. */
static double rescale(double end_s, double now_s, double slower)
{
  return now_s + (end_s - now_s) * slower;
}

struct tp_sms_held tp_fluid_held_before(const struct tp_fluid *fluid)
{
  struct tp_sms_held held = {0};
  for (unsigned left = fluid->holders; left != 0; left &= left - 1) {
    const struct tp_fluid_lane *lane = &fluid->lanes[tp_fluid_lowest(left)];
    if (lane->start_s < fluid->now_s)
      tp_sms_hold(&held, lane->cost);
  }
  return held;
}

void tp_fluid_settle_late(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  if ((fluid->late & lane->bit) == 0)
    return;
  lane->owed_s = tp_sms_owed_s(lane->cost, lane->late_s, fluid->now_s - lane->late_since_s);
  fluid->late &= ~lane->bit;
}

static void place_late(struct tp_fluid *fluid)
{
  if (fluid->late == 0)
    return;
  const struct tp_sms_held held = tp_fluid_held_before(fluid);
  for (unsigned left = fluid->late; left != 0; left &= left - 1) {
    struct tp_fluid_lane *lane = &fluid->lanes[tp_fluid_lowest(left)];
    if (tp_sms_have_room(held, lane->cost))
      tp_fluid_settle_late(fluid, lane);
  }
}

static void share_sms(struct tp_fluid *fluid)
{
  double held = 0, cap[TP_MAX_STREAMS], share[TP_MAX_STREAMS];
  struct tp_fluid_lane *users[TP_MAX_STREAMS];
  int n = 0;
  for (unsigned left = fluid->holders; left != 0; left &= left - 1)
    held += fluid->lanes[tp_fluid_lowest(left)].cost->sm_share;
  for (unsigned left = fluid->computing; left != 0; left &= left - 1) {
    struct tp_fluid_lane *lane = &fluid->lanes[tp_fluid_lowest(left)];
    if (lane->stage_end_s <= fluid->now_s) {
      fluid->computing &= ~lane->bit;
    } else {
      cap[n] = lane->cost->sm_share;
      users[n++] = lane;
    }
  }
  tp_sms_max_min(n, cap, tp_fluid_larger(TP_SM_FLOOR, 1 - held), share);
  for (int i = 0; i < n; i++) {
    const double rate = share[i] < cap[i] ? share[i] / cap[i] : 1;
    if (rate == users[i]->rate)
      continue;
    users[i]->stage_end_s = rescale(users[i]->stage_end_s, fluid->now_s, users[i]->rate / rate);
    users[i]->rate = rate;
  }
}

/* Kernels that wait for memory wait longer behind what collectives ask of it. */
static void share_queues(struct tp_fluid *fluid)
{
  struct tp_queued queued = {0};
  for (unsigned left = fluid->queuers; left != 0; left &= left - 1)
    tp_queue_add(&queued, fluid->lanes[tp_fluid_lowest(left)].cost);
  for (unsigned left = fluid->stalling; left != 0; left &= left - 1) {
    struct tp_fluid_lane *lane = &fluid->lanes[tp_fluid_lowest(left)];
    const double slower = tp_queue_slower(lane->cost, queued);
    if (slower == lane->slower || lane->work_end_s <= fluid->now_s)
      continue;
    lane->work_end_s = rescale(lane->work_end_s, fluid->now_s, slower / lane->slower);
    lane->slower = slower;
  }
}

static void share_dram(struct tp_fluid *fluid)
{
  double sum = 0;
  for (unsigned left = fluid->loading; left != 0; left &= left - 1) {
    const struct tp_fluid_lane *lane = &fluid->lanes[tp_fluid_lowest(left)];
    if (lane->dram_end_s <= fluid->now_s)
      fluid->loading &= ~lane->bit;
    else
      sum += lane->dram_weight;
  }
  if (sum == fluid->dram_weight || sum == 0)
    return;
  const double slower = sum / fluid->dram_weight;
  for (unsigned left = fluid->loading; left != 0; left &= left - 1) {
    struct tp_fluid_lane *lane = &fluid->lanes[tp_fluid_lowest(left)];
    lane->dram_end_s = rescale(lane->dram_end_s, fluid->now_s, slower);
  }
  fluid->dram_weight = sum;
}

static void share_links(struct tp_fluid *fluid)
{
  for (unsigned left = fluid->flowing; left != 0; left &= left - 1) {
    struct tp_fluid_lane *lane = &fluid->lanes[tp_fluid_lowest(left)];
    int sharers = 0;
    for (unsigned others = fluid->flowing; others != 0; others &= others - 1) {
      const struct tp_fluid_lane *other = &fluid->lanes[tp_fluid_lowest(others)];
      sharers += tp_fluid_share_links(&lane->cost->phases[lane->phase],
                                      &other->cost->phases[other->phase]);
    }
    const double slower = sharers == lane->sharers ? 1 : (double)sharers / lane->sharers;
    lane->stage_end_s = rescale(lane->stage_end_s, fluid->now_s, slower);
    lane->sharers = sharers;
  }
}

void tp_fluid_share(struct tp_fluid *fluid)
{
  const unsigned changed = fluid->changed;
  fluid->changed = 0;
  if (changed & TP_SHARE_LATE)
    place_late(fluid);
  if (changed & TP_SHARE_SMS && fluid->computing != 0)
    share_sms(fluid);
  if (changed & TP_SHARE_QUEUES && fluid->stalling != 0)
    share_queues(fluid);
  if (changed & TP_SHARE_DRAM)
    share_dram(fluid);
  if (changed & TP_SHARE_LINKS)
    share_links(fluid);
}
