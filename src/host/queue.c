#include "host/state.h"

#include <stdlib.h>

struct tp_host_moment *tp_host_moment_take(struct tp_host_moment *moment)
{
  if (moment != NULL)
    moment->references++;
  return moment;
}

void tp_host_moment_drop(struct tp_host_moment *moment)
{
  if (moment != NULL && --moment->references == 0)
    free(moment);
}

void tp_host_task_drop(struct tp_host_task *task)
{
  tp_host_moment_drop(task->moment);
  free(task->data);
}

void tp_host_graph_free(struct tp_graph *graph)
{
  if (graph == NULL)
    return;
  for (size_t i = 0; i < graph->n; i++)
    tp_host_task_drop(&graph->tasks[i]);
  free(graph->tasks);
  free(graph);
}

void *tp_host_enough(void *items, size_t n, size_t *capacity, size_t size)
{
  if (n < *capacity)
    return items;
  *capacity = *capacity * 2 + 64;
  void *grown = realloc(items, *capacity * size);
  if (grown == NULL)
    abort(); /* as arenas do */
  return grown;
}

/* An event's register now points at the record issued last; a wait takes what it points at. */
static void resolve(struct tp_host_task *task, const struct tp_host_stream *stream,
                    struct tp_host_moment **events)
{
  if (task->kind == TP_HOST_RECORD) {
    task->moment = calloc(1, sizeof *task->moment);
    if (task->moment == NULL)
      abort();
    task->moment->after = stream->issued;
    tp_host_moment_take(task->moment);
    if (task->event != TP_NO_EVENT) {
      tp_host_moment_drop(events[task->event]);
      events[task->event] = tp_host_moment_take(task->moment);
    }
  } else if (task->kind == TP_HOST_WAIT && task->event != TP_NO_EVENT) {
    task->moment = tp_host_moment_take(events[task->event]);
  }
}

struct tp_host_task *tp_host_enqueue(struct tp_device_state *state, struct tp_host_task task,
                                     struct tp_host_moment **events)
{
  struct tp_host_stream *stream = &state->streams[task.stream];
  resolve(&task, stream, events);
  if (task.kind == TP_HOST_OP)
    stream->issued = task.bound->op;
  stream->tasks = tp_host_enough(stream->tasks, stream->n, &stream->capacity, sizeof task);
  stream->tasks[stream->n] = task;
  return &stream->tasks[stream->n++];
}

/* `stream` goes on when `other` has come as far as it is issued. */
static void meet(struct tp_device_state *state, int stream, int other)
{
  struct tp_host_moment *moment =
      tp_host_enqueue(
          state,
          (struct tp_host_task){.kind = TP_HOST_RECORD, .stream = other, .event = TP_NO_EVENT},
          NULL)
          ->moment;
  tp_host_enqueue(state,
                  (struct tp_host_task){.kind = TP_HOST_WAIT,
                                        .stream = stream,
                                        .event = TP_NO_EVENT,
                                        .moment = tp_host_moment_take(moment)},
                  NULL);
}

void tp_host_meet_in_compute(struct tp_device_state *state)
{
  for (int s = 0; s < TP_MAX_STREAMS; s++)
    if (s != TP_STREAM_COMPUTE)
      meet(state, TP_STREAM_COMPUTE, s);
}

void tp_host_start_with_compute(struct tp_device_state *state)
{
  for (int s = 0; s < TP_MAX_STREAMS; s++)
    if (s != TP_STREAM_COMPUTE)
      meet(state, s, TP_STREAM_COMPUTE);
}
