#include "program/wiring/state.h"

void tp_wiring_state_other_half(struct tp_wiring_state *state)
{
  state->ran |= state->flying;
}

static void start(struct tp_wiring_state *state, const struct tp_wiring_statement *statement)
{
  const unsigned in = tp_wiring_reads(statement);
  state->flying |= in;
  state->whole = statement->half ? state->whole & ~in : state->whole | in;
  state->halved = statement->half ? state->halved | in : state->halved & ~in;
  state->gathered =
      statement->verb == TP_WIRING_GATHER ? state->gathered | in : state->gathered & ~in;
  state->ran &= ~in;
  state->ran_whole &= ~in;
  state->fresh |= in;
}

static void arrive(struct tp_wiring_state *state, unsigned values)
{
  state->flying &= ~values;
  state->whole &= state->flying;
  state->halved &= state->flying;
  state->gathered &= state->flying;
  state->ran &= state->flying;
  state->ran_whole &= state->flying;
  state->fresh = 0;
}

void tp_wiring_state_step(struct tp_wiring_state *state,
                          const struct tp_wiring_statement *statement)
{
  const unsigned in = tp_wiring_reads(statement);
  const unsigned out = tp_wiring_bits(statement->out, statement->n_out);
  const bool late = (in & ((state->flying & state->ran) | state->late)) != 0;
  state->written |= out;
  if (statement->verb == TP_WIRING_SPLIT || statement->verb == TP_WIRING_JOIN) {
    tp_wiring_state_other_half(state);
    return;
  }
  if (tp_wiring_exchanges(statement->verb)) {
    start(state, statement);
    return;
  }
  arrive(state, in);
  if (statement->verb == TP_WIRING_WAIT)
    return;
  state->ran |= state->flying;
  state->ran_whole |= state->flying;
  state->late &= ~out;
  if (statement->verb == TP_WIRING_COPY && late)
    state->late |= out;
}

void tp_wiring_state_join(struct tp_wiring_state *state, const struct tp_wiring_state *way)
{
  if (!state->reached) {
    *state = *way;
    return;
  }
  state->written &= way->written;
  state->flying |= way->flying;
  state->whole |= way->whole;
  state->halved |= way->halved;
  state->gathered |= way->gathered;
  state->ran |= way->ran;
  state->ran_whole |= way->ran_whole;
  state->fresh &= way->fresh;
  state->late |= way->late;
}

bool tp_wiring_state_same(const struct tp_wiring_state *a, const struct tp_wiring_state *b)
{
  return a->reached == b->reached && a->written == b->written && a->flying == b->flying &&
         a->whole == b->whole && a->halved == b->halved && a->gathered == b->gathered &&
         a->ran == b->ran && a->ran_whole == b->ran_whole && a->fresh == b->fresh &&
         a->late == b->late;
}
