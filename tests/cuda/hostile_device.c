/* The calls that the hostile GPU answers: what is launched is kept and played when it is run. */
#include "bench/host.h"
#include "hostile_state.h"
#include "run/fill_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A pass takes as long again while nothing has changed; under power, until the
 * load has. */
static enum tp_status replay(struct tp_device_state *state, struct tp_graph *graph,
                             struct tp_error *error)
{
  struct hostile *hostile = state->hostile;
  (void)error;
  const bool beside = hostile->beside.held_sms > 0 || hostile->beside.copy_bytes_per_s > 0;
  if (graph->changes != hostile->changes || fabs(hostile->load - graph->load) > 5e-3)
    graph->plays = 0;
  if (graph->plays < 3) {
    graph->changes = hostile->changes;
    graph->load = hostile->load;
    hostile->work = 0;
    graph->last_s = beside ? hostile_play_beside(state, graph) : hostile_play(state, graph);
    graph->power = hostile->work / graph->last_s;
    graph->plays++;
  } else {
    hostile_warm(hostile, graph->last_s, graph->power);
  }
  hostile->now_s += hostile_noisy(hostile, graph->last_s);
  return TP_OK;
}

static enum tp_status allocate(struct tp_device_state *state, size_t bytes, void **memory,
                               struct tp_error *error)
{
  (void)error;
  *memory = state->next;
  state->hostile->allocations++;
  state->next += (bytes + 511) / 512 * 512 + 512;
  hostile_pass_s(state->hostile, 300e-6 + (double)bytes / 2e12);
  return TP_OK;
}

static void release(struct tp_device_state *state, void *memory)
{
  struct hostile *hostile = state->hostile;
  (void)memory;
  hostile_pass_s(hostile, 200e-6);
  if (--hostile->allocations > 0)
    return;
  memset(hostile->used, 0, sizeof hostile->used);
  state->next = (char *)((uintptr_t)tp_machine_ranks(&state->machine) << 44);
}

static enum tp_status fill(struct tp_device_state *state, void *memory, const struct tp_fill *fill,
                           struct tp_error *error)
{
  (void)memory;
  (void)error;
  hostile_pass_s(state->hostile, 5e-6 + (double)fill->rows * (double)fill->columns / 5e11);
  return TP_OK;
}

static enum tp_status write(struct tp_device_state *state, void *to, const void *from, size_t bytes,
                            struct tp_error *error)
{
  (void)error;
  if (bytes >= sizeof(int32_t))
    memcpy(&hostile_find(state->hostile, to)->value, from, sizeof(int32_t));
  state->hostile->changes++;
  return TP_OK;
}

static enum tp_status read(struct tp_device_state *state, void *to, const void *from, size_t bytes,
                           struct tp_error *error)
{
  (void)state;
  (void)from;
  (void)error;
  memset(to, 0, bytes);
  return TP_OK;
}

static enum tp_status add(struct tp_device_state *state, struct hostile_task task)
{
  struct tp_graph *graph = state->captured != NULL ? state->captured : &state->eager;
  if (graph->n == graph->capacity) {
    graph->capacity = 2 * graph->capacity + 64;
    graph->tasks = realloc(graph->tasks, graph->capacity * sizeof *graph->tasks);
  }
  graph->tasks[graph->n++] = task;
  hostile_pass_s(state->hostile, 2e-6);
  return TP_OK;
}

/* A library compiles a kernel for each shape of attention. */
static void plan_attention(struct tp_device_state *state, const struct tp_attention *attention)
{
  const uint64_t shape = (uint64_t)attention->batch + 1009u * (uint64_t)attention->kv_len +
                         1000003u * (uint64_t)attention->heads +
                         10007u * (uint64_t)attention->kv_heads +
                         (tp_attention_decodes(attention) ? 1u << 30 : 0);
  bool *planned = &state->planned[tp_mix64(shape) >> 52];
  const double plan_s = state->hostile->physics.plan_s;
  if (!*planned)
    hostile_pass_s(state->hostile, plan_s > 0 ? plan_s : 0.2);
  *planned = true;
}

static enum tp_status launch(struct tp_device_state *state, const struct tp_bound_op *bound,
                             struct tp_error *error)
{
  const double widest = state->hostile->physics.widest_head;
  if (bound->op->kind == TP_OP_ATTENTION) {
    if (widest > 0 && (double)bound->op->attention.head_dim > widest) {
      state->eager.n = 0;
      return tp_fail(error, TP_E_INPUT, "no plan for heads of %" PRId64,
                     bound->op->attention.head_dim);
    }
    plan_attention(state, &bound->op->attention);
  }
  return add(state, (struct hostile_task){HOSTILE_LAUNCH, bound->op->stream, 0, *bound});
}

static enum tp_status record(struct tp_device_state *state, int event, int stream,
                             struct tp_error *error)
{
  (void)error;
  return add(state,
             (struct hostile_task){.kind = HOSTILE_RECORD, .stream = stream, .event = event});
}

static enum tp_status wait(struct tp_device_state *state, int event, int stream,
                           struct tp_error *error)
{
  (void)error;
  return add(state, (struct hostile_task){.kind = HOSTILE_WAIT, .stream = stream, .event = event});
}

static enum tp_status capture(struct tp_device_state *state, struct tp_error *error)
{
  (void)error;
  state->captured = calloc(1, sizeof *state->captured);
  return TP_OK;
}

static enum tp_status capture_end(struct tp_device_state *state, struct tp_graph **graph,
                                  struct tp_error *error)
{
  (void)error;
  *graph = state->captured;
  state->captured = NULL;
  hostile_pass_s(state->hostile, 500e-6 + 3e-6 * (double)(*graph)->n);
  return TP_OK;
}

static void graph_free(struct tp_device_state *state, struct tp_graph *graph)
{
  (void)state;
  free(graph->tasks);
  free(graph);
}

static enum tp_status finish(struct tp_device_state *state, struct tp_error *error)
{
  (void)error;
  if (state->eager.n > 0)
    state->hostile->now_s += hostile_play(state, &state->eager);
  state->eager.n = 0;
  return TP_OK;
}

static enum tp_status join(struct tp_device_state *state, struct tp_error *error)
{
  return finish(state, error);
}

static enum tp_status mark(struct tp_device_state *state, int at, struct tp_error *error)
{
  (void)error;
  state->marks_s[at] = state->hostile->now_s;
  return TP_OK;
}

static enum tp_status seconds(struct tp_device_state *state, int from, int to, double *passed_s,
                              struct tp_error *error)
{
  (void)error;
  *passed_s = state->marks_s[to] - state->marks_s[from];
  return TP_OK;
}

static const struct tp_calls table = {.name = "hostile",
                                      .ranks = 1,
                                      .allocate = allocate,
                                      .release = release,
                                      .fill = fill,
                                      .write = write,
                                      .read = read,
                                      .launch = launch,
                                      .record = record,
                                      .wait = wait,
                                      .capture = capture,
                                      .capture_end = capture_end,
                                      .replay = replay,
                                      .graph_free = graph_free,
                                      .join = join,
                                      .mark = mark,
                                      .seconds = seconds,
                                      .finish = finish};

static enum tp_status open_device(void *data, const struct tp_machine *machine,
                                  struct tp_calls *calls, void **owner, struct tp_error *error)
{
  struct tp_device_state *state = calloc(1, sizeof *state);
  (void)error;
  state->hostile = data;
  state->machine = *machine;
  state->next = (char *)((uintptr_t)tp_machine_ranks(machine) << 44);
  *calls = table;
  calls->state = state;
  *owner = state;
  hostile_pass_s(data, 0.3);
  return TP_OK;
}

static void close_device(void *data, struct tp_calls *calls, void *owner)
{
  (void)data;
  (void)calls;
  free(((struct tp_device_state *)owner)->eager.tasks);
  free(owner);
}

struct tp_opener hostile_opener(struct hostile *hostile)
{
  return (struct tp_opener){open_device, close_device, hostile};
}

static enum tp_status start(struct tp_beside_state *state, const struct tp_load *load,
                            struct tp_error *error)
{
  (void)error;
  ((struct hostile *)(void *)state)->beside = *load;
  ((struct hostile *)(void *)state)->changes++;
  return TP_OK;
}

static enum tp_status stop(struct tp_beside_state *state, double *moved_bytes_per_s,
                           struct tp_error *error)
{
  struct hostile *hostile = (struct hostile *)(void *)state;
  (void)error;
  *moved_bytes_per_s = hostile->beside.copy_bytes_per_s;
  hostile->beside = (struct tp_load){0, 0};
  hostile->changes++;
  return TP_OK;
}

/* Held SMs keep no stand-in waiting, as on the host. */
struct tp_beside hostile_beside(struct hostile *hostile)
{
  struct tp_beside made = tp_beside_host(&hostile->beside);
  made.state = (struct tp_beside_state *)(void *)hostile;
  made.start = start;
  made.stop = stop;
  return made;
}
