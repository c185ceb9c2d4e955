#include "serve/state.h"

/* After a step: who has a token more, whose prompt is done, who has ended. */
static void advance(struct tp_server_state *state)
{
  size_t kept = 0;
  for (size_t i = 0; i < state->n_running; i++) {
    struct tp_sequence sequence = state->running[i];
    struct tp_visit *const visit = &state->visits[sequence.request];
    const bool decoded = !tp_sequence_prefills(&sequence) && !state->prompts_alone;
    const bool began = sequence.taken > 0 && sequence.cached + sequence.taken == sequence.wanted;
    sequence.cached += sequence.taken;
    if (began && sequence.made == 0)
      visit->first_s = state->now_s;
    sequence.made += decoded || began;
    const bool stays = tp_sequence_prefills(&sequence) || sequence.made < sequence.generate;
    tp_room_change(state, &sequence, stays);
    if (stays) {
      state->running[kept++] = sequence;
      continue;
    }
    visit->ended_s = state->now_s;
    state->ended++;
  }
  state->n_running = kept;
  tp_room_put_out(state);
}

/* Nobody runs: the next one is waited for, or can never be let in. */
static enum tp_status wait_on(struct tp_server_state *state, struct tp_error *error)
{
  if (state->let_in == state->came) {
    state->now_s = state->arrivals->items[state->came].at_s;
    return TP_OK;
  }
  const struct tp_server *const server = state->server;
  const struct tp_visit *const visit = &state->visits[state->let_in];
  return tp_fail(error, TP_E_INPUT,
                 "does not fit: the cache of a request of %lld and %lld tokens takes %.3g GB a GPU "
                 "and %.3g are left for all",
                 (long long)visit->prompt, (long long)visit->generate,
                 server->cache_bytes(server->data, visit->prompt + visit->generate) * 1e-9,
                 server->room_bytes * 1e-9);
}

static enum tp_status run(struct tp_server_state *state, struct tp_serving *serving,
                          struct tp_error *error)
{
  const struct tp_server *const server = state->server;
  while (state->ended < state->arrivals->n) {
    tp_room_receive(state);
    const struct tp_batch batch = tp_step_form(state);
    double seconds;
    if (batch.n == 0) {
      TP_TRY(wait_on(state, error));
      continue;
    }
    TP_TRY(server->step(server->data, &batch, &seconds, error));
    state->now_s += seconds;
    serving->steps++;
    serving->sequences += seconds * (double)state->n_running;
    advance(state);
    if (server->progress != NULL)
      server->progress(server->progress_data, state->ended);
  }
  serving->ended_s = state->now_s;
  serving->sequences /= state->now_s;
  serving->recomputed = state->recomputed;
  return TP_OK;
}

enum tp_status tp_server_run(const struct tp_server *server, const struct tp_arrivals *arrivals,
                             int64_t concurrency, struct tp_arena *arena,
                             struct tp_serving *serving, struct tp_error *error)
{
  struct tp_server_state state = {
      .server = server, .arrivals = arrivals, .concurrency = concurrency};
  *serving = (struct tp_serving){.n = arrivals->n};
  state.visits = serving->visits = TP_NEW(arena, struct tp_visit, arrivals->n);
  state.replicas = TP_NEW(arena, struct tp_replica, server->replicas);
  state.running = TP_NEW_RAW(arena, struct tp_sequence, arrivals->n);
  state.put_out = TP_NEW_RAW(arena, struct tp_sequence, arrivals->n);
  return run(&state, serving, error);
}
