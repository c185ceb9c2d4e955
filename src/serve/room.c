#include "serve/state.h"

void tp_room_receive(struct tp_server_state *state)
{
  const struct tp_arrivals *const arrivals = state->arrivals;
  const size_t wanted = state->ended + (size_t)state->concurrency;
  while (state->came < arrivals->n &&
         (state->concurrency > 0 ? state->came < wanted
                                 : arrivals->items[state->came].at_s <= state->now_s)) {
    const struct tp_arrival *const arrival = &arrivals->items[state->came];
    state->visits[state->came++] = (struct tp_visit){
        .came_s = state->concurrency > 0 ? state->now_s : arrival->at_s,
        .prompt = arrival->prompt,
        .generate = arrival->generate,
    };
  }
}

/* What a sequence takes of the cache: for all tokens it will have, or for those it has and the
 * one that comes next, if one does. */
static double bytes_of(const struct tp_server *server, const struct tp_sequence *sequence)
{
  const bool grows = server->cache_grows && sequence->made < sequence->generate;
  return server->cache_bytes(server->data,
                             sequence->prompt + (grows ? sequence->made + 1 : sequence->generate));
}

/* The one that is let in next: one that was put out, or the first that waits. */
static struct tp_sequence next_of(const struct tp_server_state *state)
{
  if (state->n_put_out > 0)
    return state->put_out[state->n_put_out - 1];
  const struct tp_visit *const visit = &state->visits[state->let_in];
  return (struct tp_sequence){.request = state->let_in,
                              .prompt = visit->prompt,
                              .generate = visit->generate,
                              .wanted = visit->prompt};
}

/* Where it goes: -1: nowhere now. */
static int replica_for(const struct tp_server_state *state, double bytes)
{
  int found = -1;
  for (int i = 0; i < state->server->replicas; i++) {
    const struct tp_replica *const replica = &state->replicas[i];
    const bool has_room = replica->cache_bytes + bytes <= state->server->room_bytes;
    if (has_room && replica->left > 0 &&
        (found < 0 || replica->n_running < state->replicas[found].n_running))
      found = i;
  }
  return found;
}

bool tp_room_let_in(struct tp_server_state *state)
{
  const struct tp_server *const server = state->server;
  if ((state->n_put_out == 0 && state->let_in == state->came) ||
      (server->most_sequences > 0 && state->n_running >= (size_t)server->most_sequences))
    return false;
  struct tp_sequence next = next_of(state);
  next.cache_bytes = bytes_of(server, &next);
  next.replica = replica_for(state, next.cache_bytes);
  if (next.replica < 0)
    return false;
  if (state->n_put_out > 0)
    state->n_put_out--;
  else
    state->let_in++;
  state->replicas[next.replica].cache_bytes += next.cache_bytes;
  state->replicas[next.replica].n_running++;
  state->running[state->n_running++] = next;
  return true;
}

void tp_room_change(struct tp_server_state *state, struct tp_sequence *sequence, bool stays)
{
  struct tp_replica *const replica = &state->replicas[sequence->replica];
  replica->cache_bytes -= sequence->cache_bytes;
  sequence->cache_bytes = stays ? bytes_of(state->server, sequence) : 0;
  replica->cache_bytes += sequence->cache_bytes;
  replica->n_running -= !stays;
}

void tp_room_put_out(struct tp_server_state *state)
{
  for (size_t i = state->n_running; i-- > 0;) {
    struct tp_sequence last = state->running[i];
    const struct tp_replica *const replica = &state->replicas[last.replica];
    if (replica->cache_bytes <= state->server->room_bytes || replica->n_running == 1)
      continue;
    tp_room_change(state, &last, false);
    state->recomputed += (double)tp_sequence_context(&last);
    last.wanted = last.prompt + last.made;
    last.cached = 0;
    state->put_out[state->n_put_out++] = last;
    for (size_t k = i + 1; k < state->n_running; k++)
      state->running[k - 1] = state->running[k];
    state->n_running--;
  }
}
