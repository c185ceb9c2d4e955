/* What the ranks hold of each value, and which layer's norm it is: what is added up twice, or not
 * at all, and a module that reads the norm of another are found here, whatever the numbers.
 *
 *     alike   the same on every rank: the embedding, what has been summed
 *     parts   that add up to it over the ranks: what a module computes from its share of weights
 *     own     neither: parts added to what is alike; every output of blocks of their own
 *
 * Parts may be summed over experts' shards first and over experts then, or the other way round. And
 * a value is of all tokens, or of the rank's share of them.
 */
#include "program/wiring/holding.h"

static void end_layer(struct state *state)
{
  for (int v = 0; v < TP_WIRING_MOST_VALUES; v++)
    state->values[v].age += state->values[v].age == 0;
}

/* With `checks` faults are errors; else they are for later, when all is settled. */
static enum tp_status walk(const struct tp_wiring_reader *reader, const struct tp_wiring_body *body,
                           bool of_layer, bool checks, struct state *state)
{
  struct tp_wiring_reader silent = *reader;
  silent.error = NULL;
  bool next = false;
  for (int s = body->first; s < body->first + body->n; s++) {
    struct tp_wiring_statement *statement = &reader->wiring->statements[s];
    const struct view view = {
        .reader = checks ? reader : &silent, .statement = statement, .state = state};
    struct holding output = held(NOTHING, 0);
    if (checks)
      TP_TRY(tp_wiring_check_inputs(&view));
    statement->share =
        statement->n_in > 0 && state->values[statement->in[0]].tokens == SHARE_OF_TOKENS;
    if (statement->verb == TP_WIRING_NORM && statement->norm == TP_WIRING_NORM_NEXT) {
      end_layer(state);
      next = true;
    }
    const enum tp_status status = tp_wiring_hold(&view, &output);
    if (checks && status != TP_OK)
      return status;
    for (int i = 0; i < statement->n_out; i++)
      state->values[statement->out[i]] = output;
  }
  if (of_layer && !next)
    end_layer(state);
  return TP_OK;
}

static void join(struct state *state, const struct state *way)
{
  if (!state->reached) {
    *state = *way;
    return;
  }
  for (int v = 0; v < TP_WIRING_MOST_VALUES; v++) {
    struct holding *a = &state->values[v];
    const struct holding *b = &way->values[v];
    const bool known = a->share != NOTHING;
    if (a->share == NOTHING || b->share == NOTHING)
      a->share = a->share == NOTHING ? b->share : a->share;
    else if (a->share != b->share)
      a->share = is_parts(a->share) || is_parts(b->share) || a->share == MIXED || b->share == MIXED
                     ? MIXED
                     : OWN;
    if (known && b->share != NOTHING)
      a->tokens = a->tokens == b->tokens ? a->tokens : MIXED_TOKENS;
    else if (!known)
      a->tokens = b->tokens;
    a->scattered = a->scattered > b->scattered ? a->scattered : b->scattered;
    a->norm = a->norm == b->norm ? a->norm : MIXED_NORM;
    a->age = a->age > b->age ? a->age : b->age;
    a->since = a->since > b->since ? a->since : b->since;
  }
}

static struct state enter(const struct tp_wiring_reader *reader, const struct state *ends, int body)
{
  struct state state = {.reached = body == 0};
  for (int v = 0; v < TP_WIRING_MOST_VALUES; v++)
    state.values[v] = held(v == TP_WIRING_RESIDUAL ? ALIKE : NOTHING, 0);
  if (reader->wiring->shared_out > 0)
    state.values[TP_WIRING_RESIDUAL].tokens = SHARE_OF_TOKENS;
  for (int i = 0; i < reader->n_bodies; i++)
    if ((reader->before[body] & 1u << i) != 0 && ends[i].reached)
      join(&state, &ends[i]);
  return state;
}

enum tp_status tp_wiring_meaning(struct tp_wiring_reader *reader)
{
  /* What is held only grows towards MIXED, NO_NORM and higher ages and lines: each body may change
   * what the others find a few times. */
  enum { ROUNDS = 4 * TP_WIRING_MOST_BODIES };
  struct state ends[TP_WIRING_MOST_BODIES] = {{.reached = false}};
  for (int round = 0; round <= ROUNDS; round++)
    for (int i = 0; i < reader->n_bodies; i++) {
      const bool of_layer = i > 0 && i + 1 < reader->n_bodies;
      struct state state = enter(reader, ends, i);
      TP_TRY(walk(reader, reader->bodies[i], of_layer, round == ROUNDS, &state));
      ends[i] = state;
    }
  return TP_OK;
}
