/* Passes played over streams and events; what they find in the cache, and at which clock. */
#include "engine/analytic/fluid.h"
#include "hostile_state.h"
#include "run/fill_value.h"

#include <math.h>
#include <stdlib.h>

struct hostile *hostile_create(const struct hostile_physics *physics)
{
  struct hostile *made = calloc(1, sizeof *made);
  made->physics = *physics;
  struct tp_device *device = &made->physics.device;
  device->gemm.warm_bytes = device->gemm_fp8.warm_bytes = 0;
  device->attention_prefill.warm_bytes = device->attention_decode.warm_bytes = 0;
  return made;
}

void hostile_free(struct hostile *hostile)
{
  free(hostile);
}

double hostile_now_s(const struct hostile *hostile)
{
  return hostile->now_s + hostile->host_s;
}

void hostile_warm(struct hostile *hostile, double seconds, double power)
{
  hostile->work += seconds * power;
  if (hostile->physics.power_s > 0)
    hostile->load += (power - hostile->load) * -expm1(-seconds / hostile->physics.power_s);
}

void hostile_pass_s(struct hostile *hostile, double seconds)
{
  hostile->host_s += seconds;
  hostile_warm(hostile, seconds, 0);
}

/* Addresses find places by multiplication; a place taken is the next one's. */
struct hostile_used *hostile_find(struct hostile *hostile, const void *data)
{
  size_t at = ((uintptr_t)data >> 8) * 0x9e3779b97f4a7c15u >> 49;
  while (hostile->used[at].data != NULL && hostile->used[at].data != data)
    at = (at + 1) % HOSTILE_N_USED;
  if (hostile->used[at].data == NULL)
    hostile->used[at] = (struct hostile_used){data, -1e18, 0};
  return &hostile->used[at];
}

static double bytes_of(const struct tp_operand *operand)
{
  return (double)operand->rows * (double)operand->columns *
         tp_tensor_element_bytes(operand->tensor);
}

/* Bytes of the operand that an op reads: of a cache as far as it has grown, of
 * a table some rows.
 */
static double read_bytes(const struct hostile_op *what, const struct tp_operand *operand)
{
  if (operand->tensor->kind == TP_TENSOR_INDEX)
    return 0;
  if (what->op->kind == TP_OP_MEMORY && what->op->memory.function == TP_FUNCTION_EMBED)
    return what->op->memory.read_bytes;
  if (operand->tensor->kind == TP_TENSOR_CACHE && what->op->kind == TP_OP_ATTENTION)
    return fmin(bytes_of(operand), what->kv_len * (double)what->op->attention.batch *
                                       (double)operand->columns *
                                       tp_tensor_element_bytes(operand->tensor));
  return bytes_of(operand);
}

/* Touches what the op reads and writes; counts what was not in the last-level
 * cache. */
static void use(struct hostile *hostile, const struct tp_bound_op *bound, struct hostile_op *what)
{
  for (int i = 0; i < bound->op->n_in; i++) {
    const double bytes = read_bytes(what, &bound->in[i]);
    struct hostile_used *used = hostile_find(hostile, bound->in[i].data);
    const double since = hostile->touched_bytes - used->at_bytes;
    what->all_bytes += bytes;
    if (since > hostile->physics.l2_bytes)
      what->cold_bytes += bytes;
    hostile->touched_bytes += bytes;
    used->at_bytes = hostile->touched_bytes - bytes;
  }
  for (int i = 0; i < bound->op->n_out; i++) {
    if (bound->out[i].tensor->kind == TP_TENSOR_CACHE && tp_batch_decodes(&bound->program->batch))
      continue; /* a row of it */
    hostile_find(hostile, bound->out[i].data)->at_bytes = hostile->touched_bytes;
    hostile->touched_bytes += bytes_of(&bound->out[i]);
  }
}

static double kv_len_of(struct hostile *hostile, const struct tp_bound_op *bound)
{
  const struct tp_attention *attention = &bound->op->attention;
  for (int i = 0; i < bound->op->n_in && tp_attention_decodes(attention); i++)
    if (bound->in[i].tensor->kind == TP_TENSOR_INDEX && bound->in[i].data != NULL) {
      const int32_t value = hostile_find(hostile, bound->in[i].data)->value;
      return value > 0 && value <= attention->kv_len ? value : (double)attention->kv_len;
    }
  return (double)attention->kv_len;
}

static struct tp_cost cost_of(struct tp_device_state *state, const struct tp_bound_op *bound,
                              bool crosses, double held_sms)
{
  struct hostile *hostile = state->hostile;
  struct hostile_op what = {.op = bound->op, .decodes = tp_batch_decodes(&bound->program->batch)};
  const double power = fmin(1, fmax(0, (hostile->load - 0.25) / 0.5));
  if (bound->op->kind == TP_OP_ATTENTION)
    what.kv_len = kv_len_of(hostile, bound);
  what.clock_ratio = 1 - hostile->physics.power_ratio * power;
  what.held_sms = held_sms;
  use(hostile, bound, &what);
  if (hostile->physics.l2_bytes == 0)
    what.cold_bytes = what.all_bytes;
  struct tp_op at = *bound->op;
  if (at.kind == TP_OP_ATTENTION && at.attention.query_len == 1)
    at.attention.kv_len = (int64_t)what.kv_len;
  what.op = &at;
  struct tp_cost cost = hostile_cost(&hostile->physics, &state->machine, &what);
  if (crosses)
    cost.fixed_s += hostile->physics.crossing_s;
  return cost;
}

/* One pass being played. */
struct play {
  struct tp_device_state *state;
  const struct tp_graph *graph;
  struct tp_fluid fluid;
  size_t at[TP_MAX_STREAMS];    /* next task of the stream */
  bool crosses[TP_MAX_STREAMS]; /* its next op waited for another stream */
  struct tp_cost costs[TP_MAX_STREAMS];
  double begun_s[TP_MAX_STREAMS];
  double held_sms;
  bool *done; /* by task: records */
};

static size_t next_of(const struct tp_graph *graph, size_t from, int stream)
{
  while (from < graph->n && graph->tasks[from].stream != stream)
    from++;
  return from;
}

/* The record that a wait at `at` means: the latest before it. */
static size_t record_of(const struct tp_graph *graph, size_t at)
{
  for (size_t i = at; i-- > 0;)
    if (graph->tasks[i].kind == HOSTILE_RECORD && graph->tasks[i].event == graph->tasks[at].event)
      return i;
  return at;
}

/* A stream goes on until it runs an op or waits. */
static void go_on(struct play *play, int stream)
{
  const struct tp_graph *graph = play->graph;
  for (;;) {
    const size_t at = play->at[stream] = next_of(graph, play->at[stream], stream);
    if (at == graph->n || play->fluid.running & 1u << stream)
      return;
    const struct hostile_task *task = &graph->tasks[at];
    if (task->kind == HOSTILE_WAIT) {
      const size_t record = record_of(graph, at);
      if (record != at && !play->done[record])
        return;
      play->crosses[stream] |= record != at && graph->tasks[record].stream != stream;
    } else if (task->kind == HOSTILE_RECORD) {
      play->done[at] = true;
    } else {
      const bool collective = task->bound.op->kind == TP_OP_COLLECTIVE;
      play->costs[stream] =
          cost_of(play->state, &task->bound, play->crosses[stream], play->held_sms);
      play->crosses[stream] = false;
      play->begun_s[stream] = play->fluid.now_s;
      tp_fluid_start(&play->fluid, stream, &play->costs[stream], collective,
                     tp_engine_alone_s(&play->state->machine, &play->costs[stream], collective));
      return;
    }
    play->at[stream]++;
  }
}

/* SMs that a collective of the pass would hold: kernels are told, for they lose
 * by it. */
static double held_by(const struct tp_device_state *state, const struct tp_graph *graph)
{
  for (size_t i = 0; i < graph->n; i++) {
    const struct tp_bound_op *bound = &graph->tasks[i].bound;
    if (graph->tasks[i].kind == HOSTILE_LAUNCH && bound->op->kind == TP_OP_COLLECTIVE)
      return round(tp_cost_bare(&state->machine, bound->op).sm_share *
                   state->machine.device->datasheet.sm_count);
  }
  return 0;
}

static double arithmetic_ratio(const struct tp_device_state *state, const struct tp_op *op,
                               const struct tp_cost *cost, double lasted_s)
{
  const double peak = state->machine.device->datasheet.fp16_flops_per_s *
                      (op->kind == TP_OP_GEMM && op->gemm.dtype == TP_DTYPE_FP8 ? 2 : 1);
  return cost->flops / lasted_s / peak;
}

static void play_through(struct play *play)
{
  struct tp_device_state *state = play->state;
  for (;;) {
    for (int again = 0; again < 3; again++) /* a record may free another stream */
      for (int s = 0; s < TP_MAX_STREAMS; s++)
        go_on(play, s);
    if (play->fluid.running == 0)
      return;
    for (unsigned ended = tp_fluid_advance(&play->fluid), s = 0; ended >> s != 0; s++) {
      if ((ended >> s & 1) == 0)
        continue;
      const struct tp_op *op = play->graph->tasks[play->at[s]].bound.op;
      const double lasted_s = play->fluid.now_s - play->begun_s[s];
      if (op->kind != TP_OP_COLLECTIVE)
        hostile_warm(state->hostile, lasted_s,
                     arithmetic_ratio(state, op, &play->costs[s], lasted_s));
      play->at[s]++;
    }
  }
}

double hostile_play(struct tp_device_state *state, const struct tp_graph *graph)
{
  struct play play = {.state = state, .graph = graph, .held_sms = held_by(state, graph)};
  play.fluid.machine = &state->machine;
  play.done = calloc(graph->n + 1, sizeof *play.done);
  play_through(&play);
  free(play.done);
  return play.fluid.now_s;
}

/* A lone kernel beside a load, in place of streams. */
double hostile_play_beside(struct tp_device_state *state, const struct tp_graph *graph)
{
  const struct tp_load *load = &state->hostile->beside;
  const double weight = state->hostile->physics.dram_weight;
  double sum_s = 0;
  for (size_t i = 0; i < graph->n; i++) {
    if (graph->tasks[i].kind != HOSTILE_LAUNCH)
      continue;
    const struct tp_cost cost = cost_of(state, &graph->tasks[i].bound, false, load->held_sms);
    const double sms_s =
        hostile_sms_s(&state->hostile->physics, &state->machine, load->held_sms, &cost);
    const double left = state->machine.dram_bytes_per_s -
                        load->copy_bytes_per_s * (weight > 0 ? 1 + 0.5 * (1 - weight) : 1);
    sum_s += cost.fixed_s + fmax(fmax(cost.work_s, sms_s), cost.dram_bytes / left);
  }
  return sum_s;
}

static double uniform(struct hostile *hostile)
{
  return (hostile_hash(hostile->random++) + 1) / 2;
}

double hostile_noisy(struct hostile *hostile, double seconds)
{
  const double ratio = hostile->physics.noise_ratio;
  double sum = -6;
  if (ratio == 0)
    return seconds;
  for (int i = 0; i < 12; i++)
    sum += uniform(hostile);
  const double drift = 0.5 * ratio * sin(hostile_now_s(hostile) / 20);
  return seconds * (1 + ratio * sum + drift) * (uniform(hostile) < 0.025 ? 1.3 : 1);
}
