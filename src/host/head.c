/* The heads of streams: what is next, and what becomes of it. */
#include "host/state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct tp_host_task *tp_host_head(const struct tp_device_state *state, int stream)
{
  const struct tp_host_stream *queue = &state->streams[stream];
  return queue->next < queue->n ? &queue->tasks[queue->next] : NULL;
}

bool tp_host_is_collective(const struct tp_host_task *task)
{
  return task != NULL && task->kind == TP_HOST_OP && task->bound->op->kind == TP_OP_COLLECTIVE;
}

bool tp_host_pending(const struct tp_host *host)
{
  for (int r = 0; r < host->options.ranks; r++)
    for (int s = 0; s < TP_MAX_STREAMS; s++)
      if (tp_host_head(&host->ranks[r], s) != NULL)
        return true;
  return false;
}

void tp_host_add_done(struct tp_host *host, const struct tp_op *op, int rank, double start_s,
                      double end_s)
{
  if (!host->options.logs)
    return;
  host->done = tp_host_enough(host->done, host->n_done, &host->done_capacity, sizeof *host->done);
  host->done[host->n_done++] =
      (struct tp_host_done){.op = op, .rank = rank, .start_s = start_s, .end_s = end_s};
}

void tp_host_advance(struct tp_host_stream *stream)
{
  tp_host_task_drop(&stream->tasks[stream->next]);
  if (++stream->next == stream->n)
    stream->next = stream->n = 0;
}

void tp_host_end_op(struct tp_device_state *state, int stream, double start_s, double end_s)
{
  struct tp_host_stream *queue = &state->streams[stream];
  queue->clock_s = end_s;
  tp_host_add_done(state->host, tp_host_head(state, stream)->bound->op, state->rank, start_s,
                   end_s);
  tp_host_advance(queue);
}

void tp_host_do_now(struct tp_device_state *state, struct tp_host_task *task)
{
  struct tp_host_stream *queue = &state->streams[task->stream];
  switch (task->kind) {
  case TP_HOST_OP:
    assert(false);
    break;
  case TP_HOST_RECORD:
    task->moment->done = true;
    task->moment->time_s = queue->clock_s;
    break;
  case TP_HOST_WAIT:
    if (task->moment != NULL && task->moment->time_s > queue->clock_s)
      queue->clock_s = task->moment->time_s;
    break;
  case TP_HOST_MARK:
    state->marks_s[task->mark] = queue->clock_s;
    break;
  case TP_HOST_WRITE:
    memcpy(task->to, task->data, task->bytes);
    break;
  }
  tp_host_advance(queue);
}

static const char *const stream_names[TP_MAX_STREAMS] = {"compute", "comm", "stream 2", "stream 3"};

/* The first rank that has not come to a collective that waits. */
static int absent_rank(const struct tp_host *host, int stream)
{
  int r = 0;
  while (r < host->options.ranks - 1 &&
         tp_host_is_collective(tp_host_head(&host->ranks[r], stream)))
    r++;
  return r;
}

static int say_head(const struct tp_host *host, int rank, int stream, char *text, size_t size)
{
  const struct tp_host_task *task = tp_host_head(&host->ranks[rank], stream);
  if (task->kind == TP_HOST_OP)
    return snprintf(text, size, "; rank %d %s is at '%s', where rank %d is not", rank,
                    stream_names[stream], task->bound->op->name, absent_rank(host, stream));
  if (task->moment->after != NULL)
    return snprintf(text, size, "; rank %d %s waits for the end of '%s'", rank,
                    stream_names[stream], task->moment->after->name);
  return snprintf(text, size, "; rank %d %s waits for a stream's begin", rank,
                  stream_names[stream]);
}

/* Waits are for what was issued before, so that in the end all wait for a collective. */
enum tp_status tp_host_stuck(const struct tp_host *host, struct tp_error *error)
{
  char text[512] = "";
  size_t used = 0;
  for (int r = 0; r < host->options.ranks; r++)
    for (int s = 0; s < TP_MAX_STREAMS; s++)
      if (tp_host_head(&host->ranks[r], s) != NULL && used < sizeof text)
        used += (size_t)say_head(host, r, s, text + used, sizeof text - used);
  return tp_fail(error, TP_E_CHECK, "host: nothing can go on%s", text);
}
