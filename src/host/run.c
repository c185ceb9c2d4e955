/* Does what is ready, in random order, until nothing is left. */
#include "host/math.h"
#include "host/state.h"
#include "run/fill_value.h"

#include <string.h>

/* A collective begins when every rank has come to it. */
static bool is_ready(const struct tp_host *host, const struct tp_host_task *task)
{
  if (task == NULL)
    return false;
  if (task->kind == TP_HOST_WAIT)
    return task->moment == NULL || task->moment->done;
  if (!tp_host_is_collective(task))
    return true;
  for (int r = 0; r < host->options.ranks; r++)
    if (!tp_host_is_collective(tp_host_head(&host->ranks[r], task->stream)))
      return false;
  return true;
}

static bool same_collective(const struct tp_op *a, const struct tp_op *b)
{
  return strcmp(a->name, b->name) == 0 && a->collective.kind == b->collective.kind &&
         a->collective.bytes == b->collective.bytes && a->collective.dtype == b->collective.dtype;
}

static enum tp_status check_agreement(const struct tp_host *host,
                                      const struct tp_bound_op *const *bound,
                                      struct tp_error *error)
{
  const int ranks = host->options.ranks;
  for (int r = 1; r < ranks; r++)
    if (!same_collective(bound[0]->op, bound[r]->op))
      return tp_fail(error, TP_E_CHECK,
                     "host: ranks 0 and %d meet in different collectives: '%s' of %.0f bytes and "
                     "'%s' of %.0f",
                     r, bound[0]->op->name, bound[0]->op->collective.bytes, bound[r]->op->name,
                     bound[r]->op->collective.bytes);
  if (host->options.arithmetic && bound[0]->program->mesh.tp != ranks)
    return tp_fail(error, TP_E_CHECK,
                   "host: '%s' is among %d ranks and %d are here: without the others there is a "
                   "clock and no arithmetic",
                   bound[0]->op->name, bound[0]->program->mesh.tp, ranks);
  return TP_OK;
}

/* Begins when the last rank is there and ends for all together. */
static enum tp_status do_collective(struct tp_host *host, int stream, struct tp_error *error)
{
  const int ranks = host->options.ranks;
  const struct tp_bound_op **bound = TP_NEW(host->scratch, const struct tp_bound_op *, ranks);
  double start_s = 0, lasts_s = 0;
  for (int r = 0; r < ranks; r++) {
    const struct tp_host_task *task = tp_host_head(&host->ranks[r], stream);
    const double clock_s = host->ranks[r].streams[stream].clock_s;
    bound[r] = task->bound;
    start_s = clock_s > start_s ? clock_s : start_s;
    lasts_s = task->lasts_s > lasts_s ? task->lasts_s : lasts_s;
  }
  enum tp_status status = check_agreement(host, bound, error);
  if (status == TP_OK && host->options.arithmetic)
    status = tp_host_collect(bound, ranks, host->scratch, error);
  for (int r = 0; r < ranks && status == TP_OK; r++) {
    struct tp_host_stream *queue = &host->ranks[r].streams[stream];
    queue->clock_s = start_s + lasts_s;
    tp_host_add_done(host, bound[r]->op, r, start_s, queue->clock_s);
    tp_host_advance(queue);
  }
  return status;
}

static enum tp_status do_kernel(struct tp_host *host, struct tp_device_state *state,
                                const struct tp_host_task *task, struct tp_error *error)
{
  const double start_s = state->streams[task->stream].clock_s;
  enum tp_status status = TP_OK;
  if (host->options.arithmetic)
    status = tp_host_compute(task->bound, state->rank, host->scratch, error);
  if (status == TP_OK)
    tp_host_end_op(state, task->stream, start_s, start_s + task->lasts_s);
  return status;
}

/* Zero time, all but ops. */
static enum tp_status do_task(struct tp_host *host, struct tp_device_state *state,
                              struct tp_host_task *task, struct tp_error *error)
{
  if (tp_host_is_collective(task))
    return do_collective(host, task->stream, error);
  if (task->kind == TP_HOST_OP)
    return do_kernel(host, state, task, error);
  tp_host_do_now(state, task);
  return TP_OK;
}

/* One of the heads that are ready, each as likely; NULL: none is. */
static struct tp_host_task *choose(struct tp_host *host, struct tp_device_state **of)
{
  struct tp_host_task *chosen = NULL;
  uint64_t n = 0;
  for (int r = 0; r < host->options.ranks; r++)
    for (int s = 0; s < TP_MAX_STREAMS; s++) {
      struct tp_host_task *task = tp_host_head(&host->ranks[r], s);
      if (!is_ready(host, task) || tp_mix64(host->random++) % ++n != 0)
        continue;
      chosen = task;
      *of = &host->ranks[r];
    }
  return chosen;
}

enum tp_status tp_host_run(struct tp_host *host, struct tp_error *error)
{
  if (host->options.contends)
    return tp_host_play(host, error);
  while (tp_host_pending(host)) {
    struct tp_device_state *state = NULL;
    struct tp_host_task *task = choose(host, &state);
    if (task == NULL)
      return tp_host_stuck(host, error);
    tp_arena_reset(host->scratch);
    const enum tp_status status = do_task(host, state, task, error);
    if (status != TP_OK)
      return status;
  }
  return TP_OK;
}
