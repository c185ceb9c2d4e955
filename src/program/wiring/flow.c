/* What follows from the order of statements: who reads a sum that is under way and so waits, what
 * is read that nobody wrote, or written that nobody reads.
 *
 * A body may run after several others (ways.c).  Facts that hold on every way into it are joined by
 * "and" (written), those that one way is enough for by "or" (under way, live).
 */
#include "program/wiring/reader.h"

#include <string.h>

/* What holds between two statements, a bit a value. */
struct state {
  bool reached;
  unsigned written;
  unsigned flying; /* its sum is under way, ... */
  unsigned ran;    /* ... and kernels have run since it began */
  unsigned late;   /* a copy of what came under kernels */
};

static unsigned bit(int value)
{
  return 1u << value;
}

static unsigned bits(const int *values, int n)
{
  unsigned set = 0;
  for (int i = 0; i < n; i++)
    set |= bit(values[i]);
  return set;
}

/* What a statement reads of its own accord: a sum that it starts is what others wait for. */
static unsigned reads(const struct tp_wiring_statement *statement)
{
  return bits(statement->in, statement->n_in);
}

static void step(const struct tp_wiring_statement *statement, struct state *state)
{
  const unsigned in = reads(statement), out = bits(statement->out, statement->n_out);
  const bool late = (in & ((state->flying & state->ran) | state->late)) != 0;
  state->written |= out;
  if (statement->verb == TP_WIRING_SUM) {
    state->flying |= in;
    state->ran &= ~in;
    return;
  }
  state->flying &= ~in;
  state->ran &= state->flying;
  if (statement->verb == TP_WIRING_WAIT)
    return;
  state->ran |= state->flying;
  state->late &= ~out;
  if (statement->verb == TP_WIRING_COPY && late)
    state->late |= out;
}

static void join(struct state *state, const struct state *way)
{
  if (!state->reached) {
    *state = *way;
    return;
  }
  state->written &= way->written;
  state->flying |= way->flying;
  state->ran |= way->ran;
  state->late |= way->late;
}

static struct state enter(const struct tp_wiring_reader *reader, const struct state *ends, int body)
{
  struct state state = {.reached = body == 0, .written = bit(TP_WIRING_RESIDUAL)};
  for (int i = 0; i < reader->n_bodies; i++)
    if ((reader->before[body] & bit(i)) != 0 && ends[i].reached)
      join(&state, &ends[i]);
  return state;
}

static bool same(const struct state *a, const struct state *b)
{
  return a->reached == b->reached && a->written == b->written && a->flying == b->flying &&
         a->ran == b->ran && a->late == b->late;
}

/* The states at the ends of bodies, until none changes. */
static void settle(const struct tp_wiring_reader *reader, struct state *ends)
{
  for (bool changed = true; changed;) {
    changed = false;
    for (int i = 0; i < reader->n_bodies; i++) {
      struct state state = enter(reader, ends, i);
      const struct tp_wiring_body *body = reader->bodies[i];
      for (int s = body->first; state.reached && s < body->first + body->n; s++)
        step(&reader->wiring->statements[s], &state);
      changed |= !same(&state, &ends[i]);
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

static enum tp_status check(const struct tp_wiring_reader *reader, const struct state *state,
                            const struct tp_wiring_statement *statement)
{
  const unsigned in = reads(statement), out = bits(statement->out, statement->n_out);
  const unsigned unwritten = in & ~state->written;
  if (unwritten != 0)
    return tp_wiring_fail(reader, statement->line, tp_wiring_value(reader, first_of(unwritten)),
                          "read before anybody has written it, on one way here at least");
  if (statement->verb == TP_WIRING_WAIT && (in & state->flying) == 0)
    return tp_wiring_fail(reader, statement->line, tp_wiring_value(reader, statement->in[0]),
                          "no sum of it is under way here, so the wait could never end; start one, "
                          "or drop the wait");
  if (statement->verb == TP_WIRING_SUM && (in & state->flying) != 0)
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
static enum tp_status walk_forward(const struct tp_wiring_reader *reader, const struct state *ends)
{
  for (int i = 0; i < reader->n_bodies; i++) {
    struct state state = enter(reader, ends, i);
    const struct tp_wiring_body *body = reader->bodies[i];
    for (int s = body->first; s < body->first + body->n; s++) {
      struct tp_wiring_statement *statement = &reader->wiring->statements[s];
      const unsigned in = reads(statement);
      TP_TRY(check(reader, &state, statement));
      statement->waits = statement->verb == TP_WIRING_SUM ? 0 : in & state.flying;
      statement->overlapped = (in & ((state.flying & state.ran) | state.late)) != 0;
      step(statement, &state);
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
        live &= ~bits(statement->out, statement->n_out);
        live |= statement->verb == TP_WIRING_WAIT ? 0 : reads(statement); /* it uses nothing */
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
    if ((bits(wiring->statements[s].out, wiring->statements[s].n_out) & bit(value)) != 0)
      return wiring->statements[s].line;
  return 0;
}

static enum tp_status check_live(const struct tp_wiring_reader *reader)
{
  const struct tp_wiring *wiring = reader->wiring;
  for (int s = 0; s < wiring->n_statements; s++) {
    const struct tp_wiring_statement *statement = &wiring->statements[s];
    const unsigned dead = bits(statement->out, statement->n_out) & ~statement->live;
    if (dead == 0)
      continue;
    const int value = first_of(dead), again = rewritten(reader, s, value);
    const char *const name = tp_wiring_value(reader, value);
    if (statement->verb == TP_WIRING_SUM)
      return tp_wiring_fail(reader, statement->line, name,
                            "its sum is never read; read it, or drop the ~sum");
    if (again > 0)
      return tp_wiring_fail(reader, statement->line, name,
                            "written here and again in line %d, and nobody reads it in between",
                            again);
    return tp_wiring_fail(reader, statement->line, name, "written, and nobody reads it");
  }
  return TP_OK;
}

/* A sum is of what its layer wrote, and a wait is some kernel's. */
static enum tp_status check_places(const struct tp_wiring_reader *reader)
{
  for (int i = 0; i < reader->n_bodies; i++) {
    const struct tp_wiring_body *body = reader->bodies[i];
    unsigned written = 0;
    for (int s = body->first; s < body->first + body->n; s++) {
      const struct tp_wiring_statement *statement = &reader->wiring->statements[s];
      const char *const name = tp_wiring_value(reader, statement->in[0]);
      if (statement->verb == TP_WIRING_SUM && (written & reads(statement)) == 0)
        return tp_wiring_fail(
            reader, statement->line, name,
            "its sum starts where it is written, in the same layer; move it there");
      const bool last = s + 1 == body->first + body->n;
      const enum tp_wiring_verb next = last ? TP_WIRING_WAIT : statement[1].verb;
      if (statement->verb == TP_WIRING_WAIT && (next == TP_WIRING_WAIT || next == TP_WIRING_SUM))
        return tp_wiring_fail(reader, statement->line, name,
                              "a kernel waits: one has to follow in this layer, right behind");
      written |= bits(statement->out, statement->n_out);
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
  struct state ends[TP_WIRING_MOST_BODIES] = {{.reached = false}};
  TP_TRY(check_head(reader));
  tp_wiring_ways(reader);
  settle(reader, ends);
  TP_TRY(walk_forward(reader, ends));
  find_live(reader);
  TP_TRY(check_live(reader));
  return check_places(reader);
}
