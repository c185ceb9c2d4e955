/* A stream: its actor walks the ops in issue order. */
#include "engine/analytic/fluid.h"
#include "engine/des/sim.h"
#include "engine/sms.h"

void tp_des_block(struct tp_des_waiter *waiter)
{
  waiter->blocked = true;
  sg_sem_acquire(waiter->wake);
}

void tp_des_wake(struct tp_des_waiter *waiter)
{
  if (!waiter->blocked)
    return;
  waiter->blocked = false;
  sg_sem_release(waiter->wake);
}

void tp_des_sleep(struct tp_des_lane *lane, double duration_s)
{
  if (duration_s <= 0)
    return;
  lane->sim->record->counts->sleeps++;
  sg_actor_sleep_for(duration_s);
}

void tp_des_sleep_until(struct tp_des_lane *lane, double when_s)
{
  tp_des_sleep(lane, when_s - simgrid_get_clock());
}

void tp_des_send(struct tp_des_lane *lane, sg_host_t from, sg_host_t to, double bytes)
{
  lane->sim->record->counts->messages++;
  sg_host_sendto(from, to, TP_DES_PARTS_PER_BYTE * bytes);
}

static bool may_start(const struct tp_des_lane *lane, const struct tp_des_item *item)
{
  const struct tp_des_lane *streams = lane - lane->stream;
  for (int w = 0; w < item->n_waits; w++)
    if (streams[item->waits[w].stream].ended < item->waits[w].count)
      return false;
  return true;
}

static void end_ops(struct tp_des_lane *lane, size_t n)
{
  lane->ended += (int64_t)n;
  struct tp_des_lane *streams = lane - lane->stream;
  for (int q = 0; q < lane->sim->plan->n_streams; q++)
    if (q != lane->stream)
      tp_des_wake(&streams[q].waiter);
}

/* The host's speed is 1 and one flop is one second of all SMs, so a kernel that can use a share of
 * them is that share of its time in flops, bounded by the share. */
static sg_exec_t start_compute(struct tp_des_lane *lane, const struct tp_cost *cost)
{
  sg_exec_t exec = sg_actor_exec_init(cost->compute_s * cost->sm_share);
  sg_exec_set_bound(exec, cost->sm_share);
  sg_exec_start(exec);
  lane->sim->record->counts->executions++;
  return exec;
}

/* How much longer the lane's work takes at present. */
static double slower(const struct tp_des_lane *lane)
{
  const struct tp_des_lane *streams = lane - lane->stream;
  struct tp_fluid_queued queued = {0};
  for (int q = 0; q < lane->sim->plan->n_streams; q++)
    if (streams[q].queuing != NULL) {
      queued.accesses += streams[q].queuing->queue_accesses;
      queued.crowding += streams[q].queuing->crowding;
    }
  return tp_fluid_slower(lane->working, queued);
}

static void settle_work(struct tp_des_lane *lane)
{
  const double now_s = simgrid_get_clock();
  lane->work_left_s -= (now_s - lane->work_since_s) / slower(lane);
  lane->work_since_s = now_s;
}

void tp_des_queue(struct tp_des_lane *lane, const struct tp_cost *collective)
{
  if (collective == lane->queuing)
    return;
  struct tp_des_lane *streams = lane - lane->stream;
  const int n = lane->sim->plan->n_streams;
  for (int q = 0; q < n; q++)
    if (streams[q].working != NULL)
      settle_work(&streams[q]);
  lane->queuing = collective;
  for (int q = 0; q < n; q++)
    if (streams[q].working != NULL)
      tp_des_wake(&streams[q].waiter);
}

/* Blocks the actor until tp_des_wake or for so long; whether that has passed. */
static bool block_for(struct tp_des_lane *lane, double duration_s)
{
  lane->waiter.blocked = true;
  lane->sim->record->counts->sleeps++;
  const bool passed = sg_sem_acquire_timeout(lane->waiter.wake, duration_s);
  lane->waiter.blocked = false;
  return passed;
}

/* Goes on until the work is done, starting again whenever its rate has changed. */
static void finish_work(struct tp_des_lane *lane)
{
  for (;;) {
    const double left_s = lane->work_left_s * slower(lane);
    if (left_s <= 0 || block_for(lane, left_s))
      break;
    settle_work(lane);
  }
  lane->working = NULL;
}

/* By collectives that did not begin at this moment: those come too late to keep blocks waiting. */
static struct tp_sms_held held_before(const struct tp_des_lane *lane)
{
  const struct tp_des_lane *streams = lane - lane->stream;
  struct tp_sms_held held = {0};
  for (int q = 0; q < lane->sim->plan->n_streams; q++)
    if (streams[q].holding != NULL && streams[q].holding_since_s < simgrid_get_clock())
      tp_sms_hold(&held, streams[q].holding);
  return held;
}

static void settle_late(struct tp_des_lane *lane)
{
  if (lane->placing == NULL)
    return;
  lane->owed_s =
      tp_sms_owed_s(lane->placing, lane->late_s, simgrid_get_clock() - lane->late_since_s);
  lane->placing = NULL;
}

void tp_des_make_room(struct tp_des_lane *lane)
{
  struct tp_des_lane *streams = lane - lane->stream;
  for (int q = 0; q < lane->sim->plan->n_streams; q++)
    if (streams[q].placing != NULL && tp_sms_have_room(held_before(lane), streams[q].placing))
      settle_late(&streams[q]);
}

/* Whether blocks of the kernel find no place on an SM. */
static void place(struct tp_des_lane *lane, const struct tp_cost *cost)
{
  const struct tp_sms_held held = held_before(lane);
  lane->owed_s = 0;
  lane->late_s = tp_sms_late_s(held, cost);
  lane->late_since_s = simgrid_get_clock();
  if (lane->late_s > 0 && !tp_sms_have_room(held, cost))
    lane->placing = cost;
}

/* DRAM traffic: one flop on the memory's host is a second of all its bandwidth. */
static sg_exec_t start_dram(struct tp_des_lane *lane, const struct tp_cost *cost)
{
  sg_exec_t exec = sg_actor_exec_init(cost->dram_bytes / lane->sim->plan->dram_bytes_per_s);
  sg_exec_set_host(exec, lane->memory);
  sg_exec_start(exec);
  lane->sim->record->counts->executions++;
  return exec;
}

static void run_kernel(struct tp_des_lane *lane, const struct tp_cost *cost)
{
  const bool computes = cost->compute_s > 0 && cost->sm_share > 0;
  tp_des_sleep(lane, cost->fixed_s);
  place(lane, cost);
  const double begin_s = simgrid_get_clock();
  sg_exec_t dram = cost->dram_bytes > 0 ? start_dram(lane, cost) : NULL;
  const bool stalls = cost->stall_ratio > 0 || cost->memory_share > 0;
  if (stalls) {
    lane->working = cost;
    lane->work_left_s = cost->work_s;
    lane->work_since_s = begin_s;
  }
  sg_exec_t compute = computes ? start_compute(lane, cost) : NULL;
  if (dram != NULL)
    sg_exec_wait(dram);
  if (computes)
    sg_exec_wait(compute);
  if (stalls) {
    settle_work(lane);
    finish_work(lane);
  } else {
    tp_des_sleep_until(lane, begin_s + cost->work_s);
  }
  tp_des_sleep_until(lane, begin_s + (computes ? 0 : cost->compute_s));
  settle_late(lane);
  tp_des_sleep(lane, lane->owed_s);
}

/* Kernels beside which nothing can run and between which nothing is waited for: one sleep, with
 * the times inside it known.  Returns how many. */
static size_t run_alone(struct tp_des_lane *lane, struct tp_des_span *spans, size_t first)
{
  const struct tp_des_plan *plan = lane->sim->plan;
  const struct tp_des_stream *stream = &plan->streams[lane->stream];
  const double begin_s = simgrid_get_clock();
  double now_s = begin_s;
  size_t i = first;
  do {
    spans[i].start_s = now_s;
    now_s += plan->ops[stream->items[i].op].alone_s;
    spans[i].end_s = now_s;
    i++;
  } while (i < stream->n_items && stream->items[i].alone && !stream->items[i].collective &&
           stream->items[i].n_waits == 0);
  tp_des_sleep(lane, now_s - begin_s);
  return i - first;
}

static void close_senders(struct tp_des_lane *lane)
{
  for (int i = 0; i < lane->n_senders; i++) {
    lane->senders[i].quit = true;
    tp_des_wake(&lane->senders[i].waiter);
  }
}

void tp_des_lane_main(int argc, char **argv)
{
  (void)argc;
  (void)argv;
  struct tp_des_lane *lane = sg_actor_self_get_data();
  const struct tp_des_plan *plan = lane->sim->plan;
  const struct tp_des_stream *stream = &plan->streams[lane->stream];
  struct tp_des_span *spans =
      lane->sim->record->spans + (size_t)lane->rank * plan->n_items + stream->first;
  for (size_t i = 0, n; i < stream->n_items; i += n) {
    const struct tp_des_item *item = &stream->items[i];
    while (!may_start(lane, item))
      tp_des_block(&lane->waiter);
    n = 1;
    if (item->alone && !item->collective) {
      n = run_alone(lane, spans, i);
    } else {
      spans[i].start_s = simgrid_get_clock();
      if (item->collective)
        tp_des_collective(lane, item);
      else
        run_kernel(lane, &plan->ops[item->op].cost);
      spans[i].end_s = simgrid_get_clock();
    }
    end_ops(lane, n);
  }
  close_senders(lane);
}
