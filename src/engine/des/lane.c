/* What a lane asks of SimGrid: to block, to sleep, to send; and what the lanes of a rank do to one
 * another: slow work, hold SMs. */
#include "engine/des/sim.h"
#include "engine/queue.h"
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

double tp_des_slower(const struct tp_des_lane *lane)
{
  const struct tp_des_lane *streams = lane - lane->stream;
  struct tp_queued queued = {0};
  for (int q = 0; q < lane->sim->plan->n_streams; q++)
    if (streams[q].queuing != NULL)
      tp_queue_add(&queued, streams[q].queuing);
  return tp_queue_slower(lane->working, queued);
}

void tp_des_settle_work(struct tp_des_lane *lane)
{
  const double now_s = simgrid_get_clock();
  lane->work_left_s -= (now_s - lane->work_since_s) / tp_des_slower(lane);
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
      tp_des_settle_work(&streams[q]);
  lane->queuing = collective;
  for (int q = 0; q < n; q++)
    if (streams[q].working != NULL)
      tp_des_wake(&streams[q].waiter);
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

void tp_des_settle_late(struct tp_des_lane *lane)
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
      tp_des_settle_late(&streams[q]);
}

void tp_des_place(struct tp_des_lane *lane, const struct tp_cost *cost)
{
  const struct tp_sms_held held = held_before(lane);
  lane->owed_s = 0;
  lane->late_s = tp_sms_late_s(held, cost);
  lane->late_since_s = simgrid_get_clock();
  if (lane->late_s > 0 && !tp_sms_have_room(held, cost))
    lane->placing = cost;
}
