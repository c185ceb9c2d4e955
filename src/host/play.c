/* Does what a lone rank was issued in the order of time: ops that run at once, and a load beside
 * them, slow each other by the rule of engine/engine.h. */
#include "engine/analytic/fluid.h"
#include "host/state.h"

#include <assert.h>
#include <math.h>

/* Of a load, beside which no program has so many streams. */
enum { LOAD_LANE = TP_MAX_STREAMS - 1 };

struct play {
  struct tp_host *host;
  struct tp_device_state *state;
  struct tp_fluid fluid; /* its time begins with the play */
  double begun_s;        /* of the virtual clock */
  unsigned load;         /* its lane's bit; 0: none */
  struct tp_cost costs[TP_MAX_STREAMS];
  const struct tp_op *costed[TP_MAX_STREAMS]; /* whose costs these are: an op may run many times */
  double starts_s[TP_MAX_STREAMS];
};

static double now_s(const struct play *play)
{
  return play->begun_s + play->fluid.now_s;
}

/* A collective without end: it holds SMs as one does, and weighs in DRAM so that it gets the rate
 * of its copy, at most a half, from whatever else would take all. */
static void start_load(struct play *play, const struct tp_load *load)
{
  const struct tp_machine *machine = play->host->options.machine;
  const double endless_s = 1e9;
  const double held = load->held_sms / machine->device->datasheet.sm_count;
  const double share = fmin(load->copy_bytes_per_s / machine->dram_bytes_per_s, 0.5);
  struct tp_cost *cost = &play->costs[LOAD_LANE];
  play->load = 1u << LOAD_LANE;
  *cost = (struct tp_cost){.work_s = endless_s,
                           .sm_share = held,
                           .late_share = tp_cost_held_share(machine, held),
                           .dram_bytes = share > 0 ? endless_s * machine->dram_bytes_per_s : 0,
                           .dram_weight = share / (1 - share)};
  tp_fluid_start(&play->fluid, LOAD_LANE, cost, true, endless_s);
}

static void start_op(struct play *play, const struct tp_host_task *task)
{
  const struct tp_machine *machine = play->host->options.machine;
  const struct tp_bound_op *bound = task->bound;
  const bool collective = bound->op->kind == TP_OP_COLLECTIVE;
  struct tp_cost *cost = &play->costs[task->stream];
  assert((play->load & 1u << task->stream) == 0);
  if (play->costed[task->stream] != bound->op)
    *cost = tp_cost_op(machine, tp_batch_decodes(&bound->program->batch), bound->op);
  play->costed[task->stream] = bound->op;
  play->starts_s[task->stream] = now_s(play);
  tp_fluid_start(&play->fluid, task->stream, cost, collective,
                 tp_engine_alone_s(machine, cost, collective));
}

/* The next of a stream; false where it runs an op, waits, or has come to its end. */
static bool step(struct play *play, int stream)
{
  struct tp_host_task *task = tp_host_head(play->state, stream);
  if (task == NULL || play->fluid.running & ~play->load & 1u << stream)
    return false;
  if (task->kind == TP_HOST_WAIT && task->moment != NULL && !task->moment->done)
    return false;
  if (task->kind == TP_HOST_OP) {
    start_op(play, task);
  } else {
    play->state->streams[stream].clock_s = now_s(play);
    tp_host_do_now(play->state, task);
  }
  return true;
}

/* All that needs no time, for what one stream records another may wait for. */
static void go_on(struct play *play)
{
  bool goes = true;
  while (goes) {
    goes = false;
    for (int s = 0; s < TP_MAX_STREAMS; s++)
      while (step(play, s))
        goes = true;
  }
}

enum tp_status tp_host_play(struct tp_host *host, struct tp_error *error)
{
  const struct tp_load *load = host->options.load;
  struct play play = {.host = host, .state = &host->ranks[0]};
  assert(host->options.ranks == 1 && !host->options.arithmetic && host->options.machine != NULL);
  play.fluid.machine = host->options.machine;
  for (int s = 0; s < TP_MAX_STREAMS; s++)
    play.begun_s = fmax(play.begun_s, play.state->streams[s].clock_s);
  if (load != NULL && (load->held_sms > 0 || load->copy_bytes_per_s > 0))
    start_load(&play, load);
  for (go_on(&play); (play.fluid.running & ~play.load) != 0; go_on(&play))
    for (unsigned ended = tp_fluid_advance(&play.fluid); ended != 0; ended &= ended - 1) {
      const int stream = tp_fluid_lowest(ended);
      tp_host_end_op(play.state, stream, play.starts_s[stream], now_s(&play));
    }
  return tp_host_pending(host) ? tp_host_stuck(host, error) : TP_OK;
}
