/* What follows from the order of statements: who reads a sum that is under way and so waits, what
 * is read that nobody wrote, or written that nobody reads.
 *
 * A body may run after several others (ways.c).  Facts that hold on every way into it are joined by
 * "and" (written), those that one way is enough for by "or" (under way, live).
 */
#include "program/wiring/state.h"

static unsigned bit(int value)
{
  return 1u << value;
}

static struct tp_wiring_state enter(const struct tp_wiring_reader *reader,
                                    const struct tp_wiring_state *ends, int body)
{
  struct tp_wiring_state state = {.reached = body == 0, .written = bit(TP_WIRING_RESIDUAL)};
  for (int i = 0; i < reader->n_bodies; i++)
    if ((reader->before[body] & bit(i)) != 0 && ends[i].reached)
      tp_wiring_state_join(&state, &ends[i]);
  return state;
}

/* The states at the ends of bodies, until none changes. */
static void settle(const struct tp_wiring_reader *reader, struct tp_wiring_state *ends)
{
  for (bool changed = true; changed;) {
    changed = false;
    for (int i = 0; i < reader->n_bodies; i++) {
      struct tp_wiring_state state = enter(reader, ends, i);
      const struct tp_wiring_body *body = reader->bodies[i];
      for (int s = body->first; state.reached && s < body->first + body->n; s++)
        tp_wiring_state_step(&state, &reader->wiring->statements[s]);
      if (body->n > 0 && reader->wiring->statements[body->first + body->n - 1].half)
        tp_wiring_state_other_half(&state);
      changed |= !tp_wiring_state_same(&state, &ends[i]);
      ends[i] = state;
    }
  }
}

static int first_of(unsigned set)
{
  int value = 0;
  while ((set & bit(value)) == 0)
    value++;
  return value;
}

/* A reader waits for what its own tokens had started. */
static enum tp_status check_halves(const struct tp_wiring_reader *reader,
                                   const struct tp_wiring_state *state,
                                   const struct tp_wiring_statement *statement)
{
  const unsigned in = tp_wiring_reads(statement);
  const unsigned mixed = in & state->whole & state->halved;
  const unsigned whole = statement->half ? in & state->whole : 0;
  if (mixed != 0)
    return tp_wiring_fail(reader, statement->line, tp_wiring_value(reader, first_of(mixed)),
                          "its sum is of halves on one way here, and of all tokens on another");
  if (whole != 0)
    return tp_wiring_fail(reader, statement->line, tp_wiring_value(reader, first_of(whole)),
                          "its sum is under way for all tokens, and a half would wait for both; "
                          "read it before @split, or start it behind");
  return TP_OK;
}

/* Two in a row of one value that are not the same: over one group, then over another. */
static bool follows_another(const struct tp_wiring_reader *reader,
                            const struct tp_wiring_statement *statement)
{
  const struct tp_wiring_statement *before = statement - 1;
  return statement > reader->wiring->statements && tp_wiring_exchanges(before->verb) &&
         before->in[0] == statement->in[0] && before->half == statement->half &&
         (before->verb != statement->verb || before->over != statement->over);
}

static enum tp_status check(const struct tp_wiring_reader *reader,
                            const struct tp_wiring_state *state,
                            const struct tp_wiring_statement *statement)
{
  const unsigned in = tp_wiring_reads(statement),
                 out = tp_wiring_bits(statement->out, statement->n_out);
  const unsigned unwritten = in & ~state->written;
  if (unwritten != 0)
    return tp_wiring_fail(reader, statement->line, tp_wiring_value(reader, first_of(unwritten)),
                          "read before anybody has written it, on one way here at least");
  if (statement->verb == TP_WIRING_WAIT && (in & state->flying) == 0)
    return tp_wiring_fail(reader, statement->line, tp_wiring_value(reader, statement->in[0]),
                          "no sum of it is under way here, so the wait could never end; start one, "
                          "or drop the wait");
  if (!tp_wiring_exchanges(statement->verb))
    TP_TRY(check_halves(reader, state, statement));
  else if ((in & state->flying) != 0 && !follows_another(reader, statement))
    return tp_wiring_fail(reader, statement->line, tp_wiring_value(reader, statement->in[0]),
                          "a sum of it is under way already; drop one of the two");
  const unsigned unread = statement->verb == TP_WIRING_HEAD ? state->flying & ~in : 0;
  if (unread != 0)
    return tp_wiring_fail(reader, statement->line, tp_wiring_value(reader, first_of(unread)),
                          "its sum is under way at the end, and nobody reads it");
  const unsigned lost = out & state->flying & ~in;
  if (lost != 0)
    return tp_wiring_fail(reader, statement->line, tp_wiring_value(reader, first_of(lost)),
                          "written while its sum is under way, which nobody has read");
  return TP_OK;
}

/* Notes at each statement what it waits for. */
static enum tp_status walk_forward(const struct tp_wiring_reader *reader,
                                   const struct tp_wiring_state *ends)
{
  for (int i = 0; i < reader->n_bodies; i++) {
    struct tp_wiring_state state = enter(reader, ends, i);
    const struct tp_wiring_body *body = reader->bodies[i];
    for (int s = body->first; s < body->first + body->n; s++) {
      struct tp_wiring_statement *statement = &reader->wiring->statements[s];
      const unsigned in = tp_wiring_reads(statement);
      TP_TRY(check(reader, &state, statement));
      statement->waits = tp_wiring_exchanges(statement->verb) ? 0 : in & state.flying;
      statement->halved = statement->waits & state.halved;
      statement->gathered = statement->waits & state.gathered;
      statement->fresh = in & state.fresh;
      statement->overlapped = (in & ((state.flying & state.ran) | state.late)) != 0;
      statement->overlapped_whole = (in & ((state.flying & state.ran_whole) | state.late)) != 0;
      tp_wiring_state_step(&state, statement);
    }
  }
  return TP_OK;
}

/* Backward: what somebody reads after each statement. */
static void find_live(const struct tp_wiring_reader *reader)
{
  unsigned begin[TP_WIRING_MOST_BODIES] = {0};
  for (bool changed = true; changed;) {
    changed = false;
    for (int i = reader->n_bodies - 1; i >= 0; i--) {
      const struct tp_wiring_body *body = reader->bodies[i];
      unsigned live = 0;
      for (int after = 0; after < reader->n_bodies; after++)
        if ((reader->before[after] & bit(i)) != 0)
          live |= begin[after];
      for (int s = body->first + body->n - 1; s >= body->first; s--) {
        struct tp_wiring_statement *statement = &reader->wiring->statements[s];
        statement->live = live;
        live &= ~tp_wiring_bits(statement->out, statement->n_out);
        live |= statement->verb == TP_WIRING_WAIT
                    ? 0
                    : tp_wiring_reads(statement); /* it uses nothing */
      }
      changed |= live != begin[i];
      begin[i] = live;
    }
  }
}

/* The line below that writes the value again; 0: none. */
static int rewritten(const struct tp_wiring_reader *reader, int from, int value)
{
  const struct tp_wiring *wiring = reader->wiring;
  for (int s = from + 1; s < wiring->n_statements; s++)
    if ((tp_wiring_bits(wiring->statements[s].out, wiring->statements[s].n_out) & bit(value)) != 0)
      return wiring->statements[s].line;
  return 0;
}

static const char *exchange_word(enum tp_wiring_verb verb)
{
  return verb == TP_WIRING_SUM ? "~sum" : verb == TP_WIRING_SCATTER ? "~scatter" : "~gather";
}

static enum tp_status check_live(const struct tp_wiring_reader *reader)
{
  const struct tp_wiring *wiring = reader->wiring;
  for (int s = 0; s < wiring->n_statements; s++) {
    const struct tp_wiring_statement *statement = &wiring->statements[s];
    const unsigned dead = tp_wiring_bits(statement->out, statement->n_out) & ~statement->live;
    if (dead == 0)
      continue;
    const int value = first_of(dead), again = rewritten(reader, s, value);
    const char *const name = tp_wiring_value(reader, value);
    if (tp_wiring_exchanges(statement->verb))
      return tp_wiring_fail(reader, statement->line, name, "its %s; read it, or drop the %s",
                            statement->verb == TP_WIRING_SUM ? "sum is never read"
                                                             : "tokens are never read",
                            exchange_word(statement->verb));
    if (again > 0)
      return tp_wiring_fail(reader, statement->line, name,
                            "written here and again in line %d, and nobody reads it in between",
                            again);
    return tp_wiring_fail(reader, statement->line, name, "written, and nobody reads it");
  }
  return TP_OK;
}

static bool is_mark(enum tp_wiring_verb verb)
{
  return verb == TP_WIRING_SPLIT || verb == TP_WIRING_JOIN;
}

static bool is_kernel(enum tp_wiring_verb verb)
{
  return !tp_wiring_exchanges(verb) && !is_mark(verb) && verb != TP_WIRING_WAIT;
}

/* A sum is of what its layer wrote, a wait is some kernel's, and a half is of something. */
static enum tp_status check_places(const struct tp_wiring_reader *reader)
{
  for (int i = 0; i < reader->n_bodies; i++) {
    const struct tp_wiring_body *body = reader->bodies[i];
    unsigned written = 0;
    for (int s = body->first; s < body->first + body->n; s++) {
      const struct tp_wiring_statement *statement = &reader->wiring->statements[s];
      const char *const name = tp_wiring_value(reader, statement->in[0]);
      if (tp_wiring_exchanges(statement->verb) && (written & tp_wiring_reads(statement)) == 0)
        return tp_wiring_fail(reader, statement->line, name,
                              "its %s starts where it is written, in the same layer; move it there",
                              exchange_word(statement->verb) + 1);
      const bool last = s + 1 == body->first + body->n;
      const bool kernel = !last && is_kernel(statement[1].verb);
      if (statement->verb == TP_WIRING_WAIT && !kernel)
        return tp_wiring_fail(reader, statement->line, name,
                              "a kernel waits: one has to follow in this layer, right behind");
      if (statement->verb == TP_WIRING_SPLIT && (last || is_mark(statement[1].verb)))
        return tp_wiring_fail(reader, statement->line, "@split",
                              "nothing stands behind it that halves could do; leave it out");
      written |= tp_wiring_bits(statement->out, statement->n_out);
    }
  }
  return TP_OK;
}

static enum tp_status check_head(const struct tp_wiring_reader *reader)
{
  const struct tp_wiring *wiring = reader->wiring;
  const struct tp_wiring_body *end = &wiring->end;
  if (end->n > 0 && wiring->statements[end->first + end->n - 1].verb == TP_WIRING_HEAD)
    return TP_OK;
  return tp_wiring_fail(reader, end->line, "end", "the last statement is 'head n', n being a norm");
}

enum tp_status tp_wiring_flow(struct tp_wiring_reader *reader)
{
  struct tp_wiring_state ends[TP_WIRING_MOST_BODIES] = {{.reached = false}};
  TP_TRY(check_head(reader));
  tp_wiring_ways(reader);
  settle(reader, ends);
  TP_TRY(walk_forward(reader, ends));
  find_live(reader);
  TP_TRY(check_live(reader));
  return check_places(reader);
}
