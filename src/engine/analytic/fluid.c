#include "engine/analytic/fluid.h"
#include "engine/sms.h"

#include <math.h>

#define BIT(part) (1u << (part))

/* The number of the lowest bit set, for loops over the few that are. */
static int lowest(unsigned bits)
{
  return __builtin_ctz(bits);
}

static double larger(double a, double b)
{
  return a > b ? a : b;
}

static double phase_delay_s(const struct tp_comm_phase *phase)
{
  return phase->steps * (phase->hop_s + phase->latency_s);
}

static double phase_flow_s(const struct tp_comm_phase *phase)
{
  return phase->flow_bytes > 0 ? phase->flow_bytes / phase->flow_bytes_per_s : 0;
}

double tp_fluid_alone_s(const struct tp_machine *machine, const struct tp_cost *cost,
                        bool collective)
{
  double longest_s = larger(cost->work_s, cost->dram_bytes / machine->dram_bytes_per_s);
  if (collective) {
    double phases_s = 0;
    for (int p = 0; p < cost->n_phases; p++)
      phases_s += phase_delay_s(&cost->phases[p]) + phase_flow_s(&cost->phases[p]);
    longest_s = larger(longest_s, phases_s);
  } else {
    longest_s = larger(longest_s, cost->compute_s);
  }
  return cost->fixed_s + longest_s;
}

/* What is left of a component at `now_s`, rescaled for its rate having changed by `slower`. */
static double rescale(double end_s, double now_s, double slower)
{
  return now_s + (end_s - now_s) * slower;
}

/* A collective that begins at this moment comes too late to keep blocks waiting. */
static struct tp_sms_held held_before(const struct tp_fluid *fluid)
{
  struct tp_sms_held held = {0};
  for (unsigned left = fluid->running; left != 0; left &= left - 1) {
    const struct tp_fluid_lane *lane = &fluid->lanes[lowest(left)];
    if (lane->collective && lane->start_s < fluid->now_s)
      tp_sms_hold(&held, lane->cost);
  }
  return held;
}

static void place_late(struct tp_fluid *fluid)
{
  const struct tp_sms_held held = held_before(fluid);
  for (unsigned left = fluid->running; left != 0; left &= left - 1) {
    struct tp_fluid_lane *lane = &fluid->lanes[lowest(left)];
    if (lane->parts & BIT(TP_PART_LATE) && tp_sms_have_room(held, lane->cost))
      lane->end_s[TP_PART_LATE] = fluid->now_s;
  }
}

static void share_sms(struct tp_fluid *fluid)
{
  double held = 0, cap[TP_MAX_STREAMS], share[TP_MAX_STREAMS];
  struct tp_fluid_lane *users[TP_MAX_STREAMS];
  int n = 0;
  for (unsigned left = fluid->running; left != 0; left &= left - 1) {
    struct tp_fluid_lane *lane = &fluid->lanes[lowest(left)];
    if (lane->collective) {
      held += lane->cost->sm_share;
    } else if (lane->parts & BIT(TP_PART_COMPUTE) && lane->cost->sm_share > 0) {
      cap[n] = lane->cost->sm_share;
      users[n++] = lane;
    }
  }
  if (n == 0)
    return;
  tp_sms_max_min(n, cap, larger(TP_SM_FLOOR, 1 - held), share);
  for (int i = 0; i < n; i++) {
    const double rate = share[i] < cap[i] ? share[i] / cap[i] : 1;
    if (rate == users[i]->rate)
      continue;
    double *end_s = &users[i]->end_s[TP_PART_COMPUTE];
    *end_s = rescale(*end_s, fluid->now_s, users[i]->rate / rate);
    users[i]->rate = rate;
  }
}

static double dram_weight(const struct tp_fluid_lane *lane)
{
  return lane->collective && lane->cost->dram_weight > 0 ? lane->cost->dram_weight : 1;
}

static void share_dram(struct tp_fluid *fluid)
{
  double sum = 0;
  for (int q = 0; q < TP_MAX_STREAMS; q++)
    if (fluid->running & BIT(q) && fluid->lanes[q].parts & BIT(TP_PART_DRAM))
      sum += dram_weight(&fluid->lanes[q]);
  if (sum == fluid->dram_weight || sum == 0)
    return;
  for (int q = 0; q < TP_MAX_STREAMS; q++) {
    double *end_s = &fluid->lanes[q].end_s[TP_PART_DRAM];
    if (fluid->running & BIT(q) && fluid->lanes[q].parts & BIT(TP_PART_DRAM))
      *end_s = rescale(*end_s, fluid->now_s, sum / fluid->dram_weight);
  }
  fluid->dram_weight = sum;
}

double tp_fluid_slower(const struct tp_cost *cost, double queued_accesses)
{
  return 1 + cost->stall_ratio *
                 (queued_accesses < cost->queue_limit ? queued_accesses : cost->queue_limit);
}

/* Kernels that wait for DRAM wait longer behind what collectives have queued there. */
static void share_queues(struct tp_fluid *fluid)
{
  double queued_accesses = 0;
  for (unsigned left = fluid->running; left != 0; left &= left - 1)
    if (fluid->lanes[lowest(left)].collective)
      queued_accesses += fluid->lanes[lowest(left)].cost->queue_accesses;
  for (unsigned left = fluid->running; left != 0; left &= left - 1) {
    struct tp_fluid_lane *lane = &fluid->lanes[lowest(left)];
    if (lane->collective || !(lane->parts & BIT(TP_PART_WORK)))
      continue;
    const double slower = tp_fluid_slower(lane->cost, queued_accesses);
    if (slower == lane->slower)
      continue;
    double *end_s = &lane->end_s[TP_PART_WORK];
    *end_s = rescale(*end_s, fluid->now_s, slower / lane->slower);
    lane->slower = slower;
  }
}

static void share_links(struct tp_fluid *fluid)
{
  const struct tp_pattern_rate *rates[TP_MAX_STREAMS];
  unsigned flowing = 0;
  for (int q = 0; q < TP_MAX_STREAMS; q++) {
    const struct tp_fluid_lane *lane = &fluid->lanes[q];
    if (!(fluid->running & BIT(q) && lane->parts & BIT(TP_PART_FLOW)))
      continue;
    flowing |= BIT(q);
    rates[q] = lane->cost->phases[lane->phase].rate;
  }
  for (int q = 0; q < TP_MAX_STREAMS; q++) {
    struct tp_fluid_lane *lane = &fluid->lanes[q];
    if (!(flowing & BIT(q)))
      continue;
    int now = 0;
    for (int other = 0; other < TP_MAX_STREAMS; other++)
      now += flowing & BIT(other) && rates[other] == rates[q];
    double *end_s = &lane->end_s[TP_PART_FLOW];
    *end_s = rescale(*end_s, fluid->now_s, (double)now / lane->sharers);
    lane->sharers = now;
  }
}

static void begin(struct tp_fluid *fluid, struct tp_fluid_lane *lane, enum tp_part part,
                  double end_s)
{
  lane->parts |= BIT(part);
  lane->end_s[part] = end_s;
  fluid->changed |= BIT(part);
}

/* Begins the present phase, or the first after it that takes time. */
static void begin_phase(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  for (; lane->phase < lane->cost->n_phases; lane->phase++) {
    const struct tp_comm_phase *phase = &lane->cost->phases[lane->phase];
    const double delay_s = phase_delay_s(phase);
    if (delay_s > 0 || phase->flow_bytes > 0) {
      begin(fluid, lane, TP_PART_DELAY, fluid->now_s + delay_s);
      return;
    }
  }
}

static void begin_compute(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  begin(fluid, lane, TP_PART_COMPUTE, fluid->now_s + lane->cost->compute_s);
}

static void begin_parts(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  const struct tp_cost *cost = lane->cost;
  if (cost->work_s > 0)
    begin(fluid, lane, TP_PART_WORK, fluid->now_s + cost->work_s);
  if (cost->dram_bytes > 0)
    begin(fluid, lane, TP_PART_DRAM,
          fluid->now_s + fluid->dram_weight / dram_weight(lane) * cost->dram_bytes /
                             fluid->machine->dram_bytes_per_s);
  if (lane->collective) {
    begin_phase(fluid, lane);
  } else if (cost->compute_s > 0) {
    const double late_s = tp_sms_late_s(held_before(fluid), cost);
    if (late_s > 0)
      begin(fluid, lane, TP_PART_LATE, fluid->now_s + late_s);
    else
      begin_compute(fluid, lane);
  }
}

/* The delay of a phase is over: its flow begins, or the next phase if it has none. */
static void begin_flow(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  const double flow_s = phase_flow_s(&lane->cost->phases[lane->phase]);
  if (flow_s > 0) {
    lane->sharers = 1;
    begin(fluid, lane, TP_PART_FLOW, fluid->now_s + flow_s);
  } else {
    lane->phase++;
    begin_phase(fluid, lane);
  }
}

/* Ends the lane's parts that are due and begins what follows them. */
static void turn(struct tp_fluid *fluid, struct tp_fluid_lane *lane)
{
  unsigned due = 0;
  for (unsigned parts = lane->parts; parts != 0; parts &= parts - 1)
    if (lane->end_s[lowest(parts)] <= fluid->now_s)
      due |= BIT(lowest(parts));
  if (due == 0)
    return;
  lane->parts &= ~due;
  fluid->changed |= due;
  if (due & BIT(TP_PART_FIXED))
    begin_parts(fluid, lane);
  if (due & BIT(TP_PART_LATE))
    begin_compute(fluid, lane);
  if (due & BIT(TP_PART_DELAY))
    begin_flow(fluid, lane);
  if (due & BIT(TP_PART_FLOW)) {
    lane->phase++;
    begin_phase(fluid, lane);
  }
}

static double next_end_s(const struct tp_fluid *fluid)
{
  double next_s = HUGE_VAL;
  for (unsigned left = fluid->running; left != 0; left &= left - 1) {
    const struct tp_fluid_lane *lane = &fluid->lanes[lowest(left)];
    for (unsigned parts = lane->parts; parts != 0; parts &= parts - 1)
      if (lane->end_s[lowest(parts)] < next_s)
        next_s = lane->end_s[lowest(parts)];
  }
  return next_s;
}

/* When the op ends if nothing else starts before: with no other running, nothing does. */
static double undisturbed_end_s(const struct tp_fluid *fluid, const struct tp_fluid_lane *lane)
{
  if (lane->parts & BIT(TP_PART_FIXED))
    return lane->end_s[TP_PART_FIXED] + (lane->alone_s - lane->cost->fixed_s);
  double end_s = fluid->now_s;
  for (unsigned parts = lane->parts; parts != 0; parts &= parts - 1)
    end_s = larger(end_s, lane->end_s[lowest(parts)]);
  if (lane->parts & BIT(TP_PART_LATE))
    return larger(end_s, lane->end_s[TP_PART_LATE] + lane->cost->compute_s);
  if (!(lane->parts & (BIT(TP_PART_DELAY) | BIT(TP_PART_FLOW))))
    return end_s;
  const bool flows = lane->parts & BIT(TP_PART_FLOW);
  double phases_end_s = lane->end_s[flows ? TP_PART_FLOW : TP_PART_DELAY];
  for (int p = lane->phase; p < lane->cost->n_phases; p++) {
    const struct tp_comm_phase *phase = &lane->cost->phases[p];
    if (p > lane->phase)
      phases_end_s += phase_delay_s(phase);
    if (p > lane->phase || !flows)
      phases_end_s += phase_flow_s(phase);
  }
  return larger(phases_end_s, end_s);
}

void tp_fluid_start(struct tp_fluid *fluid, int q, const struct tp_cost *cost, bool collective,
                    double alone_s)
{
  struct tp_fluid_lane *lane = &fluid->lanes[q];
  lane->cost = cost;
  lane->collective = collective;
  lane->alone_s = alone_s;
  lane->start_s = fluid->now_s;
  lane->phase = 0;
  lane->parts = 0;
  lane->rate = 1;
  lane->slower = 1;
  if (fluid->dram_weight == 0)
    fluid->dram_weight = 1;
  fluid->running |= BIT(q);
  begin(fluid, lane, TP_PART_FIXED, fluid->now_s + cost->fixed_s);
  if (collective) {
    share_sms(fluid);
    share_queues(fluid);
  }
}

static unsigned advance_single(struct tp_fluid *fluid, int q)
{
  fluid->now_s = undisturbed_end_s(fluid, &fluid->lanes[q]);
  if (isinf(fluid->now_s))
    return 0;
  fluid->lanes[q].parts = 0;
  fluid->running = 0;
  return BIT(q);
}

static void share(struct tp_fluid *fluid)
{
  if (fluid->changed & BIT(TP_PART_LATE))
    place_late(fluid);
  if (fluid->changed & BIT(TP_PART_COMPUTE))
    share_sms(fluid);
  if (fluid->changed & BIT(TP_PART_WORK))
    share_queues(fluid);
  if (fluid->changed & BIT(TP_PART_DRAM))
    share_dram(fluid);
  if (fluid->changed & BIT(TP_PART_FLOW))
    share_links(fluid);
  fluid->changed = 0;
}

unsigned tp_fluid_advance(struct tp_fluid *fluid)
{
  if ((fluid->running & (fluid->running - 1)) == 0)
    return advance_single(fluid, lowest(fluid->running));
  for (;;) {
    unsigned ended = 0;
    fluid->now_s = next_end_s(fluid);
    if (isinf(fluid->now_s))
      return 0;
    for (unsigned left = fluid->running; left != 0; left &= left - 1) {
      const int q = lowest(left);
      turn(fluid, &fluid->lanes[q]);
      if (fluid->lanes[q].parts != 0)
        continue;
      ended |= BIT(q);
      if (fluid->lanes[q].collective)
        fluid->changed |= /* its SMs are free */
            BIT(TP_PART_LATE) | BIT(TP_PART_COMPUTE) | BIT(TP_PART_WORK);
    }
    fluid->running &= ~ended;
    share(fluid);
    if (ended != 0)
      return ended;
  }
}

void tp_fluid_rebase(struct tp_fluid *fluid, double by_s)
{
  fluid->now_s -= by_s;
  for (int q = 0; q < TP_MAX_STREAMS; q++) {
    fluid->lanes[q].start_s -= by_s;
    for (int part = 0; part < TP_N_PARTS; part++)
      fluid->lanes[q].end_s[part] -= by_s;
  }
}

static bool lane_same(const struct tp_fluid_lane *a, const struct tp_fluid_lane *b,
                      double tolerance_s)
{
  if (a->cost != b->cost || a->parts != b->parts || a->phase != b->phase ||
      fabs(a->start_s - b->start_s) > tolerance_s)
    return false;
  for (int part = 0; part < TP_N_PARTS; part++)
    if (a->parts & BIT(part) && fabs(a->end_s[part] - b->end_s[part]) > tolerance_s)
      return false;
  return true;
}

bool tp_fluid_same(const struct tp_fluid *a, const struct tp_fluid *b, double tolerance_s)
{
  if (a->running != b->running)
    return false;
  for (int q = 0; q < TP_MAX_STREAMS; q++)
    if (a->running & BIT(q) && !lane_same(&a->lanes[q], &b->lanes[q], tolerance_s))
      return false;
  return true;
}
