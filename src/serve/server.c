#include "serve/server.h"

#include <math.h>

/* One that was let in. */
struct sequence {
  size_t request;
  int64_t prompt, generate; /* tokens it came with, and is to make */
  int64_t made;
  int64_t wanted, cached; /* before it decodes: its prompt, of one that was put out what it had
                             made, too; and how much of that is there */
  int64_t taken;          /* of it in the step under way */
  double cache_bytes;
};

struct state {
  const struct tp_server *server;
  const struct tp_arrivals *arrivals;
  int64_t concurrency;
  struct tp_visit *visits;
  struct sequence *running, *put_out; /* in the order they were let in; put out, the next last */
  size_t n_running, n_put_out;
  size_t came, let_in, ended; /* requests that did */
  bool prompts_alone;         /* the step under way decodes nothing */
  double now_s, cache_bytes;
};

static bool prefills(const struct sequence *sequence)
{
  return sequence->cached < sequence->wanted;
}

/* Who is there by now: of a closed loop one for each that ended. */
static void receive(struct state *state)
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
 * one that comes next. */
static double bytes_of(const struct tp_server *server, const struct sequence *sequence)
{
  return server->cache_bytes(server->data, server->cache_grows
                                               ? sequence->prompt + sequence->made + 1
                                               : sequence->prompt + sequence->generate);
}

/* The one that is let in next: one that was put out, or the first that waits. */
static struct sequence next_of(const struct state *state)
{
  if (state->n_put_out > 0)
    return state->put_out[state->n_put_out - 1];
  const struct tp_visit *const visit = &state->visits[state->let_in];
  return (struct sequence){.request = state->let_in,
                           .prompt = visit->prompt,
                           .generate = visit->generate,
                           .wanted = visit->prompt};
}

/* Lets it in where there is room; false: it waits on. */
static bool let_in(struct state *state)
{
  const struct tp_server *const server = state->server;
  if (state->n_put_out == 0 && state->let_in == state->came)
    return false;
  struct sequence next = next_of(state);
  next.cache_bytes = bytes_of(server, &next);
  if (state->cache_bytes + next.cache_bytes > server->room_bytes * server->replicas ||
      (server->most_sequences > 0 && state->n_running >= (size_t)server->most_sequences))
    return false;
  if (state->n_put_out > 0)
    state->n_put_out--;
  else
    state->let_in++;
  state->cache_bytes += next.cache_bytes;
  state->running[state->n_running++] = next;
  return true;
}

/* As sequences grow the last ones that were let in are put out, until the others have room; they
 * come in again before all that wait, and compute anew what they had. */
static void put_out(struct state *state)
{
  const struct tp_server *const server = state->server;
  while (state->cache_bytes > server->room_bytes * server->replicas && state->n_running > 1) {
    struct sequence last = state->running[--state->n_running];
    state->cache_bytes -= last.cache_bytes;
    last.wanted = last.prompt + last.made;
    last.cached = 0;
    state->put_out[state->n_put_out++] = last;
  }
}

/* Shares the budget out to the prompts of those that run and of those that are let in for it. */
static int64_t take_prompts(struct state *state, int64_t budget)
{
  int64_t taken = 0;
  for (size_t i = 0; taken < budget; i++) {
    if (i == state->n_running && !let_in(state))
      break;
    struct sequence *const sequence = &state->running[i];
    const int64_t left = sequence->wanted - sequence->cached, most = budget - taken;
    sequence->taken = left < most ? left : most;
    taken += sequence->taken;
  }
  return taken;
}

/* Sequences that are taken for alike. */
struct bin {
  int64_t sequences, tokens, context; /* sums */
};

static void put(struct bin *bin, int64_t tokens, int64_t context)
{
  bin->sequences++;
  bin->tokens += tokens;
  bin->context += context;
}

/* What the fullest replica has of them, all at their means. */
static void add_chunk(const struct bin *bin, int replicas, struct tp_batch *batch)
{
  const double n = (double)bin->sequences;
  if (bin->sequences > 0)
    batch->chunks[batch->n++] = (struct tp_chunk){
        .sequences = (bin->sequences + replicas - 1) / replicas,
        .tokens = llround((double)bin->tokens / n),
        .context = llround((double)bin->context / n),
    };
}

static struct tp_batch form_step(struct state *state)
{
  const struct tp_server *const server = state->server;
  struct bin decode = {0}, begin = {0}, go_on = {0};
  int64_t n_decode = 0;
  for (size_t i = 0; i < state->n_running; i++) {
    state->running[i].taken = 0;
    n_decode += !prefills(&state->running[i]);
  }
  const int64_t all = server->step_tokens * server->replicas;
  const int64_t taken = take_prompts(state, server->prefills_first ? all : all - n_decode);
  state->prompts_alone = server->prefills_first && taken > 0;
  for (size_t i = 0; i < state->n_running; i++) {
    const struct sequence *const sequence = &state->running[i];
    if (sequence->taken > 0)
      put(sequence->cached > 0 ? &go_on : &begin, sequence->taken, sequence->cached);
    else if (!prefills(sequence) && !state->prompts_alone)
      put(&decode, 1, sequence->prompt + sequence->made - 1);
  }
  struct tp_batch batch = {.n = 0};
  add_chunk(&go_on, server->replicas, &batch);
  add_chunk(&begin, server->replicas, &batch);
  add_chunk(&decode, server->replicas, &batch);
  return batch;
}

/* After a step: who has a token more, whose prompt is done, who has ended. */
static void advance(struct state *state)
{
  size_t kept = 0;
  for (size_t i = 0; i < state->n_running; i++) {
    struct sequence sequence = state->running[i];
    struct tp_visit *const visit = &state->visits[sequence.request];
    const bool decoded = !prefills(&sequence) && !state->prompts_alone;
    const bool began = sequence.taken > 0 && sequence.cached + sequence.taken == sequence.wanted;
    sequence.cached += sequence.taken;
    if (began && sequence.made == 0)
      visit->first_s = state->now_s;
    sequence.made += decoded || began;
    state->cache_bytes -= sequence.cache_bytes;
    if (prefills(&sequence) || sequence.made < sequence.generate) {
      sequence.cache_bytes = bytes_of(state->server, &sequence);
      state->cache_bytes += sequence.cache_bytes;
      state->running[kept++] = sequence;
      continue;
    }
    visit->ended_s = state->now_s;
    state->ended++;
  }
  state->n_running = kept;
  put_out(state);
}

/* Nobody runs: the next one is waited for, or can never be let in. */
static enum tp_status wait_on(struct state *state, struct tp_error *error)
{
  if (state->let_in == state->came) {
    state->now_s = state->arrivals->items[state->came].at_s;
    return TP_OK;
  }
  const struct tp_server *const server = state->server;
  const struct tp_visit *const visit = &state->visits[state->let_in];
  const int64_t tokens = visit->prompt + visit->generate;
  return tp_fail(error, TP_E_INPUT,
                 "does not fit: the cache of a request of %lld and %lld tokens takes %.3g GB a GPU "
                 "and %.3g are left for all",
                 (long long)visit->prompt, (long long)visit->generate,
                 server->cache_bytes(server->data, tokens) * 1e-9,
                 server->room_bytes * server->replicas * 1e-9);
}

static enum tp_status run(struct state *state, struct tp_serving *serving, struct tp_error *error)
{
  const struct tp_server *const server = state->server;
  while (state->ended < state->arrivals->n) {
    receive(state);
    const struct tp_batch batch = form_step(state);
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
  return TP_OK;
}

enum tp_status tp_server_run(const struct tp_server *server, const struct tp_arrivals *arrivals,
                             int64_t concurrency, struct tp_arena *arena,
                             struct tp_serving *serving, struct tp_error *error)
{
  struct state state = {.server = server, .arrivals = arrivals, .concurrency = concurrency};
  *serving = (struct tp_serving){.n = arrivals->n};
  state.visits = serving->visits = TP_NEW(arena, struct tp_visit, arrivals->n);
  state.running = TP_NEW_RAW(arena, struct sequence, arrivals->n);
  state.put_out = TP_NEW_RAW(arena, struct sequence, arrivals->n);
  return run(&state, serving, error);
}
