/* The table of calls: what is issued joins its stream, or the graph being captured. */
#include "host/state.h"

#include "run/element.h"
#include "run/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum tp_status issue(struct tp_device_state *state, struct tp_host_task task)
{
  struct tp_graph *graph = state->captured;
  if (graph == NULL) {
    tp_host_enqueue(state, task, state->events);
    return TP_OK;
  }
  graph->tasks = tp_host_enough(graph->tasks, graph->n, &graph->capacity, sizeof task);
  graph->tasks[graph->n++] = task;
  return TP_OK;
}

static enum tp_status not_captured(const struct tp_device_state *state, const char *call,
                                   struct tp_error *error)
{
  if (state->captured == NULL)
    return TP_OK;
  return tp_fail(error, TP_E_CHECK, "host, rank %d: %s while a pass is captured: end it first",
                 state->rank, call);
}

/* Where the caller waits for the device. */
static enum tp_status settle(struct tp_device_state *state, const char *call,
                             struct tp_error *error)
{
  const enum tp_status status = not_captured(state, call, error);
  if (status != TP_OK || !tp_host_pending(state->host))
    return status;
  if (state->host->options.ranks == 1)
    return tp_host_run(state->host, error);
  return tp_fail(error, TP_E_CHECK,
                 "host, rank %d: %s while ops of %d ranks wait to be run: run the host first",
                 state->rank, call, state->host->options.ranks);
}

static enum tp_status host_allocate(struct tp_device_state *state, size_t bytes, void **memory,
                                    struct tp_error *error)
{
  const size_t held_bytes = state->host->options.arithmetic && bytes > 0 ? bytes : 1;
  void *made = malloc(held_bytes);
  if (made == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "host, rank %d: no memory for %zu bytes", state->rank,
                   bytes);
  memset(made, 0xff, held_bytes);
  *memory = made;
  return TP_OK;
}

static void host_release(struct tp_device_state *state, void *memory)
{
  (void)state;
  free(memory);
}

enum { FILLED_AT_ONCE = 256 };

static enum tp_status host_fill(struct tp_device_state *state, void *memory,
                                const struct tp_fill *fill, struct tp_error *error)
{
  (void)error;
  if (!state->host->options.arithmetic)
    return TP_OK;
  unsigned char *to = memory;
  for (int64_t i = 0; i < fill->rows; i++)
    for (int64_t j = 0, n; j < fill->columns; j += n) {
      float values[FILLED_AT_ONCE];
      n = fill->columns - j < FILLED_AT_ONCE ? fill->columns - j : FILLED_AT_ONCE;
      tp_fill_values(fill, i, j, n, values);
      tp_elements_store(fill->dtype, values, n, to);
      to += (size_t)((double)n * tp_dtype_bytes(fill->dtype));
    }
  return TP_OK;
}

static enum tp_status host_write(struct tp_device_state *state, void *to, const void *from,
                                 size_t bytes, struct tp_error *error)
{
  const enum tp_status status = not_captured(state, "write", error);
  if (status != TP_OK || !state->host->options.arithmetic || bytes == 0)
    return status;
  void *data = malloc(bytes);
  if (data == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "host, rank %d: no memory for %zu bytes", state->rank,
                   bytes);
  memcpy(data, from, bytes);
  return issue(state, (struct tp_host_task){.kind = TP_HOST_WRITE,
                                            .stream = TP_STREAM_COMPUTE,
                                            .to = to,
                                            .data = data,
                                            .bytes = bytes});
}

static enum tp_status host_read(struct tp_device_state *state, void *to, const void *from,
                                size_t bytes, struct tp_error *error)
{
  const enum tp_status status = settle(state, "read", error);
  if (status != TP_OK)
    return status;
  if (state->host->options.arithmetic)
    memcpy(to, from, bytes);
  else
    memset(to, 0, bytes);
  return TP_OK;
}

static double cost_s(const struct tp_host *host, const struct tp_bound_op *bound)
{
  const struct tp_machine *machine = host->options.machine;
  if (machine == NULL)
    return 1e-6;
  const struct tp_cost cost =
      tp_cost_op(machine, tp_batch_decodes(&bound->program->batch), bound->op);
  return tp_cost_alone_s(machine, &cost);
}

static struct tp_bound_op *copy_of(const struct tp_bound_op *bound)
{
  struct tp_bound_op *const copy = malloc(sizeof *copy);
  if (copy == NULL)
    abort(); /* as arenas do */
  *copy = *bound;
  return copy;
}

static enum tp_status host_launch(struct tp_device_state *state, const struct tp_bound_op *bound,
                                  struct tp_error *error)
{
  (void)error;
  struct tp_bound_op *const own = copy_of(bound);
  return issue(state, (struct tp_host_task){.kind = TP_HOST_OP,
                                            .stream = bound->op->stream,
                                            .bound = own,
                                            .data = own,
                                            .lasts_s = cost_s(state->host, bound)});
}

static enum tp_status host_record(struct tp_device_state *state, int event, int stream,
                                  struct tp_error *error)
{
  (void)error;
  return issue(state,
               (struct tp_host_task){.kind = TP_HOST_RECORD, .stream = stream, .event = event});
}

static enum tp_status host_wait(struct tp_device_state *state, int event, int stream,
                                struct tp_error *error)
{
  (void)error;
  return issue(state,
               (struct tp_host_task){.kind = TP_HOST_WAIT, .stream = stream, .event = event});
}

static enum tp_status host_capture(struct tp_device_state *state, struct tp_error *error)
{
  const enum tp_status status = not_captured(state, "capture", error);
  if (status != TP_OK)
    return status;
  state->captured = calloc(1, sizeof *state->captured);
  if (state->captured == NULL)
    return tp_fail(error, TP_E_ENVIRONMENT, "host, rank %d: no memory", state->rank);
  return TP_OK;
}

static enum tp_status host_capture_end(struct tp_device_state *state, struct tp_graph **graph,
                                       struct tp_error *error)
{
  if (state->captured == NULL)
    return tp_fail(error, TP_E_CHECK, "host, rank %d: nothing is captured", state->rank);
  *graph = state->captured;
  state->captured = NULL;
  return TP_OK;
}

/* A graph's events are its own. */
static enum tp_status host_replay(struct tp_device_state *state, struct tp_graph *graph,
                                  struct tp_error *error)
{
  const enum tp_status status = not_captured(state, "replay", error);
  if (status != TP_OK)
    return status;
  struct tp_host_moment *events[TP_MAX_EVENTS] = {NULL};
  tp_host_start_with_compute(state);
  for (size_t i = 0; i < graph->n; i++) {
    struct tp_host_task task = graph->tasks[i];
    task.data = NULL; /* the graph's */
    tp_host_enqueue(state, task, events);
  }
  tp_host_meet_in_compute(state);
  for (int e = 0; e < TP_MAX_EVENTS; e++)
    tp_host_moment_drop(events[e]);
  return TP_OK;
}

/* What was replayed and has not run yet outlives its graph. */
static void own_ops(struct tp_host_stream *stream)
{
  for (size_t i = stream->next; i < stream->n; i++) {
    struct tp_host_task *const task = &stream->tasks[i];
    if (task->kind == TP_HOST_OP && task->data == NULL)
      task->bound = task->data = copy_of(task->bound);
  }
}

static void host_graph_free(struct tp_device_state *state, struct tp_graph *graph)
{
  for (int s = 0; s < TP_MAX_STREAMS; s++)
    own_ops(&state->streams[s]);
  tp_host_graph_free(graph);
}

static enum tp_status host_join(struct tp_device_state *state, struct tp_error *error)
{
  const enum tp_status status = not_captured(state, "join", error);
  if (status != TP_OK)
    return status;
  tp_host_meet_in_compute(state);
  tp_host_start_with_compute(state);
  return TP_OK;
}

static enum tp_status host_mark(struct tp_device_state *state, int mark, struct tp_error *error)
{
  const enum tp_status status = not_captured(state, "mark", error);
  if (status != TP_OK)
    return status;
  state->marks_s[mark] = (double)NAN;
  return issue(state, (struct tp_host_task){
                          .kind = TP_HOST_MARK, .stream = TP_STREAM_COMPUTE, .mark = mark});
}

static enum tp_status host_seconds(struct tp_device_state *state, int from, int to, double *seconds,
                                   struct tp_error *error)
{
  const enum tp_status status = settle(state, "seconds", error);
  if (status != TP_OK)
    return status;
  const double passed_s = state->marks_s[to] - state->marks_s[from];
  if (isnan(passed_s))
    return tp_fail(error, TP_E_CHECK, "host, rank %d: mark %d or %d was never set", state->rank,
                   from, to);
  *seconds = passed_s;
  return TP_OK;
}

static enum tp_status host_finish(struct tp_device_state *state, struct tp_error *error)
{
  return settle(state, "finish", error);
}

const struct tp_calls tp_host_table = {
    .name = "host",
    .allocate = host_allocate,
    .release = host_release,
    .fill = host_fill,
    .write = host_write,
    .read = host_read,
    .launch = host_launch,
    .record = host_record,
    .wait = host_wait,
    .capture = host_capture,
    .capture_end = host_capture_end,
    .replay = host_replay,
    .graph_free = host_graph_free,
    .join = host_join,
    .mark = host_mark,
    .seconds = host_seconds,
    .finish = host_finish,
};
