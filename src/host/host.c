#include "host/state.h"
#include "run/fill_value.h"

#include <math.h>
#include <stdlib.h>

struct tp_host *tp_host_create(const struct tp_host_options *options)
{
  struct tp_host *host = calloc(1, sizeof *host);
  struct tp_device_state *ranks = calloc((size_t)options->ranks, sizeof *ranks);
  if (host == NULL || ranks == NULL)
    abort();
  *host = (struct tp_host){.options = *options,
                           .random = tp_mix64(options->seed),
                           .ranks = ranks,
                           .scratch = tp_arena_create()};
  for (int r = 0; r < options->ranks; r++) {
    ranks[r].host = host;
    ranks[r].rank = r;
    ranks[r].calls = tp_host_table;
    ranks[r].calls.state = &ranks[r];
    ranks[r].calls.rank = r;
    ranks[r].calls.ranks = options->ranks;
    for (int m = 0; m < TP_MAX_MARKS; m++)
      ranks[r].marks_s[m] = (double)NAN;
  }
  return host;
}

static void free_rank(struct tp_device_state *state)
{
  for (int s = 0; s < TP_MAX_STREAMS; s++) {
    struct tp_host_stream *stream = &state->streams[s];
    for (size_t i = stream->next; i < stream->n; i++)
      tp_host_task_drop(&stream->tasks[i]);
    free(stream->tasks);
  }
  for (int e = 0; e < TP_MAX_EVENTS; e++)
    tp_host_moment_drop(state->events[e]);
  tp_host_graph_free(state->captured);
}

void tp_host_free(struct tp_host *host)
{
  if (host == NULL)
    return;
  for (int r = 0; r < host->options.ranks; r++)
    free_rank(&host->ranks[r]);
  free(host->ranks);
  tp_arena_free(host->scratch);
  free(host->done);
  free(host);
}

const struct tp_calls *tp_host_calls(struct tp_host *host, int rank)
{
  return &host->ranks[rank].calls;
}

size_t tp_host_log(const struct tp_host *host, const struct tp_host_done **done)
{
  *done = host->done;
  return host->n_done;
}
