/* A collective: the ranks meet, then every flow of every phase is a message after another, sent
 * when the one before it has come in.
 *
 *     detail   messages a flow          a message goes on when
 *     flow     1, of all bytes          the phase begins
 *     step     one a step               all of the step before has come in
 *     chunk    TP_DES_CHUNKS a step     the same chunk of the step before has come in
 *
 * Latency is paid as a delay before a message and not by SimGrid's links: CM02 shares a link among
 * flows by the inverse of their latencies (TCP's round trips), which DMA engines do not do.  It is
 * the pattern's, since a flow here stands for several channels, each of which turns round the ranks
 * over other routes.
 */
#include "engine/des/sim.h"
#include "engine/queue.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct tp_comm_phase *phase_of(const struct tp_des_lane *lane, int phase)
{
  return &lane->sim->plan->ops[lane->current->op].cost.phases[phase];
}

static int messages(const struct tp_des_lane *lane, const struct tp_comm_phase *phase)
{
  const enum tp_detail detail = lane->sim->plan->detail;
  return tp_des_rounds(detail, phase) * tp_des_chunks(detail);
}

static const struct tp_des_pattern *pattern_of(const struct tp_des_lane *lane, int phase)
{
  return tp_des_pattern_of(lane->sim->plan, phase_of(lane, phase));
}

/* All delays of a phase: one a step. */
static double delays_s(const struct tp_comm_phase *phase)
{
  return phase->steps * (phase->hop_s + phase->latency_s);
}

static void wake_all(struct tp_des_lane *lane)
{
  tp_des_wake(&lane->waiter);
  for (int i = 0; i < lane->n_senders; i++)
    tp_des_wake(&lane->senders[i].waiter);
}

static void deliver(struct tp_des_lane *lane, int phase, int n_in, int message)
{
  struct tp_des_inbox *inbox = &lane->inboxes[phase];
  if (++inbox->arrived[message] < n_in)
    return;
  inbox->ready_s[message] = simgrid_get_clock();
  inbox->n_ready = message + 1;
  wake_all(lane);
}

/* When the message that `message` hands on came in; blocks until it has. */
static double ready_s(struct tp_des_lane *lane, struct tp_des_waiter *waiter,
                      const struct tp_des_job *job, int message, int chunks)
{
  struct tp_des_inbox *inbox = &lane->inboxes[job->phase];
  if (message < chunks || pattern_of(lane, job->phase)->n_in[lane->rank] == 0)
    return job->begin_s;
  while (inbox->n_ready <= message - chunks)
    tp_des_block(waiter);
  return inbox->ready_s[message - chunks];
}

static void run_flow(struct tp_des_lane *lane, struct tp_des_waiter *waiter,
                     const struct tp_des_job *job)
{
  struct tp_des_sim *sim = lane->sim;
  const struct tp_des_plan *plan = sim->plan;
  const struct tp_comm_phase *phase = phase_of(lane, job->phase);
  const struct tp_des_pattern *pattern = pattern_of(lane, job->phase);
  const struct tp_flow *flow = &pattern->flows[job->flow];
  const int receiver = plan->folded ? 0 : flow->to;
  struct tp_des_lane *to = lane + (receiver - lane->rank) * plan->n_streams;
  const int n = messages(lane, phase), chunks = tp_des_chunks(plan->detail);
  const double delay_s = delays_s(phase) * chunks / n;
  const double bytes = phase->flow_bytes * flow->share / n;
  for (int message = 0; message < n; message++) {
    tp_des_sleep_until(lane, ready_s(lane, waiter, job, message, chunks) + delay_s);
    if (bytes > 0) {
      tp_des_send(lane, sim->hosts[flow->src], sim->hosts[flow->dst], bytes);
      sim->record->sent_bytes[pattern->first_sent + job->flow] += bytes;
    }
    deliver(to, job->phase, pattern->n_in[receiver], message);
  }
}

static void post(struct tp_des_lane *lane, int sender, struct tp_des_job job)
{
  lane->senders[sender].job = job;
  lane->senders[sender].posted = true;
  tp_des_wake(&lane->senders[sender].waiter);
}

/* On the memory's host, one flop a second of all its bandwidth. */
static void run_dram(struct tp_des_lane *lane)
{
  const struct tp_des_plan *plan = lane->sim->plan;
  const struct tp_cost *cost = &plan->ops[lane->current->op].cost;
  lane->sim->record->counts->executions++;
  sg_actor_execute_with_priority(cost->dram_bytes / plan->dram_bytes_per_s,
                                 cost->dram_weight > 0 ? cost->dram_weight : 1);
}

/* An actor whose data is the sender. */
static void sender_main(int argc, char **argv)
{
  (void)argc;
  (void)argv;
  struct tp_des_sender *sender = sg_actor_self_get_data();
  struct tp_des_lane *lane = sender->lane;
  while (true) {
    while (!sender->posted && !sender->quit)
      tp_des_block(&sender->waiter);
    if (!sender->posted)
      return;
    if (sender->job.phase < 0) {
      run_dram(lane);
      lane->reading = false;
    } else {
      run_flow(lane, &sender->waiter, &sender->job);
      lane->n_sending--;
    }
    sender->posted = false;
    tp_des_wake(&lane->waiter);
  }
}

/* The first flow is the lane's own work, the others go to senders; sender 0 is for DRAM. */
static void run_phase(struct tp_des_lane *lane, int phase)
{
  const struct tp_des_pattern *pattern = pattern_of(lane, phase);
  const size_t first = pattern->first[lane->rank], end = pattern->first[lane->rank + 1];
  struct tp_des_inbox *inbox = &lane->inboxes[phase];
  struct tp_des_job job = {.phase = phase, .flow = first, .begin_s = simgrid_get_clock()};
  for (job.flow = first + 1; job.flow < end; job.flow++) {
    lane->n_sending++;
    post(lane, (int)(job.flow - first), job);
  }
  job.flow = first;
  if (first < end)
    run_flow(lane, &lane->waiter, &job);
  else
    tp_des_sleep(lane, delays_s(phase_of(lane, phase)));
  const int n = messages(lane, phase_of(lane, phase));
  while (lane->n_sending > 0 || (pattern->n_in[lane->rank] > 0 && inbox->n_ready < n))
    tp_des_block(&lane->waiter);
}

static void empty_inboxes(struct tp_des_lane *lane, int n_phases)
{
  for (int p = 0; p < n_phases; p++) {
    struct tp_des_inbox *inbox = &lane->inboxes[p];
    memset(inbox->arrived, 0, (size_t)inbox->n_ready * sizeof *inbox->arrived);
    inbox->n_ready = 0;
  }
}

/* A collective's SMs are taken, not asked for.  Max-min sharing gives an execution its bound where
 * that is no more than its fair share, so a large holding is cut in pieces that are small enough:
 * what the other streams' kernels can have at least, shared among them. */
static int holding_pieces(const struct tp_des_plan *plan, double held)
{
  const double left = fmax(1 - plan->held_most, TP_SM_FLOOR);
  return (int)ceil(held * (plan->n_streams - 1) / left);
}

static sg_exec_t *hold(struct tp_des_lane *lane, double held, int *n)
{
  *n = holding_pieces(lane->sim->plan, held);
  sg_exec_t *pieces = malloc((size_t)*n * sizeof(sg_exec_t) + 1);
  if (pieces == NULL)
    abort();
  for (int i = 0; i < *n; i++) {
    pieces[i] = sg_actor_exec_init(HUGE_VAL);
    sg_exec_set_bound(pieces[i], held / *n);
    sg_exec_start(pieces[i]);
    lane->sim->record->counts->executions++;
  }
  return pieces;
}

static void release(sg_exec_t *pieces, int n)
{
  for (int i = 0; i < n; i++)
    sg_exec_cancel(pieces[i]);
  free(pieces);
}

void tp_des_collective(struct tp_des_lane *lane, const struct tp_des_item *item)
{
  const struct tp_cost *cost = &lane->sim->plan->ops[item->op].cost;
  const double dram_s = cost->dram_bytes / lane->sim->plan->dram_bytes_per_s;
  int n_pieces = 0;
  sg_exec_t *pieces = item->alone ? NULL : hold(lane, cost->sm_share, &n_pieces);
  lane->holding = cost;
  lane->holding_since_s = simgrid_get_clock();
  tp_des_queue(lane, tp_queue_holds(cost) ? cost : NULL);
  tp_des_sleep(lane, cost->fixed_s);
  if (cost->n_phases > 0)
    sg_barrier_wait(lane->sim->meeting[lane->stream]);
  const double begin_s = simgrid_get_clock();
  lane->current = item;
  lane->reading = !item->alone && cost->dram_bytes > 0;
  if (lane->reading)
    post(lane, 0, (struct tp_des_job){.phase = -1});
  for (int p = 0; p < cost->n_phases; p++)
    run_phase(lane, p);
  while (lane->reading)
    tp_des_block(&lane->waiter);
  tp_des_sleep_until(lane, begin_s + fmax(cost->work_s, item->alone ? dram_s : 0));
  empty_inboxes(lane, cost->n_phases);
  lane->holding = NULL;
  tp_des_make_room(lane);
  tp_des_queue(lane, NULL);
  release(pieces, n_pieces);
}

void tp_des_lane_open(struct tp_des_lane *lane)
{
  const struct tp_des_plan *plan = lane->sim->plan;
  const struct tp_des_stream *stream = &plan->streams[lane->stream];
  lane->n_senders = stream->max_flows > 1 ? stream->max_flows : 1;
  lane->senders = calloc((size_t)lane->n_senders, sizeof *lane->senders);
  if (lane->senders == NULL)
    abort();
  for (int i = 0; i < lane->n_senders; i++) {
    struct tp_des_sender *sender = &lane->senders[i];
    *sender = (struct tp_des_sender){.lane = lane, .waiter.wake = sg_sem_init(0)};
    sg_actor_t actor = sg_actor_init("sender", i == 0 ? lane->memory : lane->gpu);
    sg_actor_set_data(actor, sender);
    sg_actor_start(actor, sender_main, 0, NULL);
  }
  const size_t n = (size_t)plan->max_items;
  for (int p = 0; p < TP_MAX_COMM_PHASES && n > 0; p++) {
    lane->inboxes[p].arrived = calloc(n, sizeof(int));
    lane->inboxes[p].ready_s = calloc(n, sizeof(double));
    if (lane->inboxes[p].arrived == NULL || lane->inboxes[p].ready_s == NULL)
      abort();
  }
}
