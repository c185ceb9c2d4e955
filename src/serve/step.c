#include "serve/state.h"

#include <math.h>

/* Sequences that are taken for alike. */
struct bin {
  int64_t sequences, tokens, context; /* sums */
};

/* Prompts that begin are told apart by the octave of their tokens, for attention grows with the
 * square; those beyond the last are alike. */
enum { OCTAVES = TP_MAX_CHUNKS - 2 };

struct bins {
  struct bin decode, go_on, begin[OCTAVES];
};

static int octave_of(int64_t tokens)
{
  int octave = 0;
  while (octave + 1 < OCTAVES && tokens >> (octave + 1) > 0)
    octave++;
  return octave;
}

static void put(struct bin *bin, int64_t tokens, int64_t context)
{
  bin->sequences++;
  bin->tokens += tokens;
  bin->context += context;
}

/* All at their means. */
static void add_chunk(const struct bin *bin, struct tp_batch *batch)
{
  const double n = (double)bin->sequences;
  if (bin->sequences > 0)
    batch->chunks[batch->n++] = (struct tp_chunk){
        .sequences = bin->sequences,
        .tokens = llround((double)bin->tokens / n),
        .context = llround((double)bin->context / n),
    };
}

static bool decodes(const struct tp_server_state *state, const struct tp_sequence *sequence)
{
  return !tp_sequence_prefills(sequence) && !state->prompts_alone;
}

/* What every replica may take of prompts: what those that decode leave of its budget. */
static void give_budgets(struct tp_server_state *state)
{
  const struct tp_server *const server = state->server;
  for (int i = 0; i < server->replicas; i++) {
    state->replicas[i].left = server->step_tokens;
    state->replicas[i].tokens = state->replicas[i].context = 0;
  }
  for (size_t i = 0; i < state->n_running; i++) {
    state->running[i].taken = 0;
    if (!tp_sequence_prefills(&state->running[i]) && !server->prefills_first)
      state->replicas[state->running[i].replica].left--;
  }
}

/* Shares the budgets out to the prompts of those that run and of those that are let in for it. */
static int64_t take_prompts(struct tp_server_state *state)
{
  int64_t taken = 0;
  for (size_t i = 0; i < state->n_running || tp_room_let_in(state); i++) {
    struct tp_sequence *const sequence = &state->running[i];
    int64_t *const left = &state->replicas[sequence->replica].left;
    const int64_t wanted = sequence->wanted - sequence->cached;
    sequence->taken = wanted < *left ? wanted : *left > 0 ? *left : 0;
    *left -= sequence->taken;
    taken += sequence->taken;
  }
  return taken;
}

static bool is_fuller(const struct tp_replica *a, const struct tp_replica *b)
{
  return a->tokens > b->tokens || (a->tokens == b->tokens && a->context > b->context);
}

/* That has most tokens to work on, and of those alike the one whose tokens attend most: the others
 * wait for it. */
static int fullest_of(struct tp_server_state *state)
{
  int fullest = 0;
  for (size_t i = 0; i < state->n_running; i++) {
    const struct tp_sequence *const sequence = &state->running[i];
    if (sequence->taken == 0 && !decodes(state, sequence))
      continue;
    state->replicas[sequence->replica].tokens += sequence->taken > 0 ? sequence->taken : 1;
    state->replicas[sequence->replica].context += tp_sequence_context(sequence);
  }
  for (int r = 1; r < state->server->replicas; r++)
    if (is_fuller(&state->replicas[r], &state->replicas[fullest]))
      fullest = r;
  return fullest;
}

struct tp_batch tp_step_form(struct tp_server_state *state)
{
  struct bins bins = {.decode = {0}};
  state->prompts_alone = false;
  give_budgets(state);
  state->prompts_alone = take_prompts(state) > 0 && state->server->prefills_first;
  const int fullest = fullest_of(state);
  for (size_t i = 0; i < state->n_running; i++) {
    const struct tp_sequence *const sequence = &state->running[i];
    if (sequence->replica != fullest)
      continue;
    if (sequence->taken > 0)
      put(sequence->cached > 0 ? &bins.go_on : &bins.begin[octave_of(sequence->taken)],
          sequence->taken, tp_sequence_context(sequence));
    else if (decodes(state, sequence))
      put(&bins.decode, 1, tp_sequence_context(sequence));
  }
  struct tp_batch batch = {.n = 0};
  add_chunk(&bins.go_on, &batch);
  for (int octave = OCTAVES; octave-- > 0;)
    add_chunk(&bins.begin[octave], &batch);
  add_chunk(&bins.decode, &batch);
  return batch;
}
