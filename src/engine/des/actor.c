/* A stream: its actor walks the ops in issue order. */
#include "engine/des/sim.h"
#include "engine/queue.h"

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
    const double left_s = lane->work_left_s * tp_des_slower(lane);
    if (left_s <= 0 || block_for(lane, left_s))
      break;
    tp_des_settle_work(lane);
  }
  lane->working = NULL;
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
  tp_des_place(lane, cost);
  const double begin_s = simgrid_get_clock();
  sg_exec_t dram = cost->dram_bytes > 0 ? start_dram(lane, cost) : NULL;
  const bool stalls = tp_queue_slows(cost);
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
    tp_des_settle_work(lane);
    finish_work(lane);
  } else {
    tp_des_sleep_until(lane, begin_s + cost->work_s);
  }
  tp_des_sleep_until(lane, begin_s + (computes ? 0 : cost->compute_s));
  tp_des_settle_late(lane);
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
