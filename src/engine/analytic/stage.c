#include "engine/analytic/fluid.h"

static void begin(struct tp_fluid_lane *lane, enum tp_stage stage, double end_s)
{
  lane->stage = stage;
  lane->stage_end_s = end_s;
}

/* Begins the delay of the present phase, or of the first after it that takes time. */
static void begin_phase(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  for (; lane->phase < lane->cost->n_phases; lane->phase++) {
    const struct tp_comm_phase *phase = &lane->cost->phases[lane->phase];
    const double delay_s = tp_fluid_delay_s(phase);
    if (delay_s > 0 || phase->flow_bytes > 0) {
      begin(lane, TP_STAGE_DELAY, fluid->now_s + delay_s);
      return;
    }
  }
  lane->stage = TP_STAGE_OVER;
}

/* The delay of a phase is over: its flow begins, or the next phase if it has none. */
static void begin_flow(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  const double flow_s = tp_fluid_flow_s(&lane->cost->phases[lane->phase]);
  if (flow_s > 0) {
    lane->sharers = 1;
    begin(lane, TP_STAGE_FLOW, fluid->now_s + flow_s);
    fluid->flowing |= lane->bit;
    fluid->changed |= TP_SHARE_LINKS;
  } else {
    lane->phase++;
    begin_phase(fluid, lane);
  }
}

static void begin_compute(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  begin(lane, TP_STAGE_COMPUTE, fluid->now_s + lane->cost->compute_s);
  if (lane->cost->sm_share <= 0)
    return;
  lane->rate = 1;
  if (fluid->computing != 0 || fluid->holders != 0 || lane->cost->sm_share > 1)
    fluid->changed |= TP_SHARE_SMS;
  fluid->computing |= lane->bit;
}

static void begin_work(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  lane->work_end_s = fluid->now_s + lane->cost->work_s;
  if (fluid->collectives & lane->bit || !tp_queue_slows(lane->cost))
    return;
  lane->slower = 1;
  fluid->stalling |= lane->bit;
  if (fluid->queuers != 0)
    fluid->changed |= TP_SHARE_QUEUES;
}

static void begin_dram(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  const struct tp_cost *cost = lane->cost;
  const bool weighs = fluid->collectives & lane->bit && cost->dram_weight > 0;
  lane->dram_weight = weighs ? cost->dram_weight : 1;
  lane->dram_end_s = fluid->now_s + fluid->dram_weight / lane->dram_weight * cost->dram_bytes /
                                        fluid->machine->dram_bytes_per_s;
  if (fluid->loading != 0 || fluid->dram_weight != lane->dram_weight)
    fluid->changed |= TP_SHARE_DRAM;
  fluid->loading |= lane->bit;
}

static void begin_components(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  if (lane->cost->work_s > 0)
    begin_work(fluid, lane);
  if (lane->cost->dram_bytes > 0)
    begin_dram(fluid, lane);
  if (fluid->collectives & lane->bit)
    begin_phase(fluid, lane);
  else if (lane->cost->compute_s > 0)
    begin_compute(fluid, lane);
  else
    lane->stage = TP_STAGE_OVER;
}

/* Whether blocks of the kernel find no place on an SM. */
static void place(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  if (fluid->holders == 0 || fluid->collectives & lane->bit)
    return;
  const struct tp_sms_held held = tp_fluid_held_before(fluid);
  lane->late_s = tp_sms_late_s(held, lane->cost);
  if (lane->late_s <= 0 || tp_sms_have_room(held, lane->cost))
    return;
  lane->late_since_s = fluid->now_s;
  fluid->late |= lane->bit;
}

/* Others of the set, if there are any, get what the lane had. */
static void leave(struct tp_fluid *fluid, unsigned *set, const struct tp_fluid_lane *lane,
                  unsigned share)
{
  *set &= ~lane->bit;
  if (*set != 0)
    fluid->changed |= share;
}

static void end_stage(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  switch (lane->stage) {
  case TP_STAGE_FIXED:
    place(fluid, lane);
    begin_components(fluid, lane);
    break;
  case TP_STAGE_DELAY:
    begin_flow(fluid, lane);
    break;
  case TP_STAGE_FLOW:
    leave(fluid, &fluid->flowing, lane, TP_SHARE_LINKS);
    lane->phase++;
    begin_phase(fluid, lane);
    break;
  case TP_STAGE_LATE:
    lane->stage = TP_STAGE_OVER;
    break;
  case TP_STAGE_COMPUTE:
    leave(fluid, &fluid->computing, lane, TP_SHARE_SMS);
    lane->stage = TP_STAGE_OVER;
    break;
  case TP_STAGE_OVER:
    break;
  }
}

bool tp_fluid_turn(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  if (lane->dram_end_s <= fluid->now_s && fluid->loading & lane->bit)
    leave(fluid, &fluid->loading, lane, TP_SHARE_DRAM);
  if (lane->stage_end_s <= fluid->now_s)
    end_stage(fluid, lane);
  if (lane->stage != TP_STAGE_OVER || lane->work_end_s > fluid->now_s ||
      lane->dram_end_s > fluid->now_s)
    return false;
  tp_fluid_settle_late(fluid, lane);
  if (lane->owed_s <= 0)
    return true;
  leave(fluid, &fluid->computing, lane, TP_SHARE_SMS);
  begin(lane, TP_STAGE_LATE, fluid->now_s + lane->owed_s);
  lane->owed_s = 0;
  return false;
}
