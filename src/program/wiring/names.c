/* Names of a wiring's ops, and which statements are one kernel where the stack fuses them. */
#include "program/wiring/reader.h"

#include <string.h>

static const char *const norm_names[] = {"attn.norm", "mlp.norm", "next.norm", "final.norm"};

/* "attn" of attention's output, else the value's name. */
static const char *short_name(const struct tp_wiring *wiring, int value)
{
  if (value == wiring->attention_out)
    return "attn";
  return value == wiring->mlp_out ? "mlp" : wiring->values[value];
}

static const char *name_of(const struct tp_wiring_reader *reader,
                           const struct tp_wiring_statement *statement)
{
  const struct tp_wiring *wiring = reader->wiring;
  switch (statement->verb) {
  case TP_WIRING_NORM:
    return norm_names[statement->norm];
  case TP_WIRING_ADD:
  case TP_WIRING_SHARE:
    return tp_arena_printf(reader->arena, "%s.add", short_name(wiring, statement->in[1]));
  case TP_WIRING_COPY:
    return tp_arena_printf(reader->arena, "%s.copy", short_name(wiring, statement->out[0]));
  case TP_WIRING_SUM:
    return tp_arena_printf(reader->arena, "%s.all_reduce", short_name(wiring, statement->in[0]));
  case TP_WIRING_SCATTER:
    return tp_arena_printf(reader->arena, "%s.reduce_scatter",
                           short_name(wiring, statement->in[0]));
  case TP_WIRING_GATHER:
    return tp_arena_printf(reader->arena, "%s.all_gather", short_name(wiring, statement->in[0]));
  case TP_WIRING_COMBINE:
    return "combine";
  case TP_WIRING_ATTENTION:
  case TP_WIRING_MLP:
  case TP_WIRING_BOTH:
  case TP_WIRING_WAIT:
  case TP_WIRING_SPLIT:
  case TP_WIRING_JOIN:
  case TP_WIRING_HEAD:
    break;
  }
  return "";
}

static bool has(const struct tp_wiring_statement *statement, int value)
{
  return statement->in[0] == value || statement->in[1] == value;
}

/* Of the statements from `first` on, `n` of which are left in their body. */
static enum tp_wiring_fusion fusion_of(const struct tp_wiring_statement *first, int n)
{
  const struct tp_wiring_statement *second = first + 1, *third = first + 2;
  if (n < 2 || first->verb != TP_WIRING_ADD)
    return TP_WIRING_ALONE;
  if (second->verb == TP_WIRING_NORM && second->in[0] == first->out[0])
    return TP_WIRING_ADD_NORM;
  const int h = first->in[1];
  const bool chained = n > 2 && first->in[0] == first->out[0] && h != first->out[0] &&
                       second->verb == TP_WIRING_ADD && has(second, h) &&
                       !has(second, first->out[0]) && second->out[0] != first->out[0] &&
                       third->verb == TP_WIRING_NORM && third->in[0] == second->out[0];
  const bool unread =
      chained && (third->live & 1u << second->out[0]) == 0 && third->out[0] != first->out[0];
  return unread ? TP_WIRING_ADD_SUM_NORM : TP_WIRING_ALONE;
}

static void name_body(const struct tp_wiring_reader *reader, const struct tp_wiring_body *body)
{
  struct tp_wiring_statement *statements = &reader->wiring->statements[body->first];
  for (int i = 0; i < body->n; i++)
    statements[i].name = name_of(reader, &statements[i]);
  for (int i = 0; i < body->n; i++) {
    struct tp_wiring_statement *one = &statements[i];
    one->fuses = fusion_of(one, body->n - i);
    if (one->fuses == TP_WIRING_ADD_NORM)
      one->fused = tp_arena_printf(reader->arena, "%s+%s", one->name, one[1].name);
    if (one->fuses == TP_WIRING_ADD_SUM_NORM)
      one->fused = tp_arena_printf(reader->arena, "%s+%s+%s", one->name, one[1].name, one[2].name);
  }
}

/* Values that a layer leaves to later ones, beside the residual, a norm and two outputs. */
static int count_carried(const struct tp_wiring_reader *reader)
{
  const struct tp_wiring *wiring = reader->wiring;
  unsigned carried = 0;
  int n = 0;
  for (int i = 1; i + 1 < reader->n_bodies; i++) {
    const struct tp_wiring_body *body = reader->bodies[i];
    carried |= wiring->statements[body->first + body->n - 1].live;
  }
  for (int v = 0; v < wiring->n_values; v++)
    n += (carried & 1u << v) != 0 && v != TP_WIRING_RESIDUAL && v != wiring->normed &&
         v != wiring->attention_out && v != wiring->mlp_out;
  return n;
}

static bool sums(const struct tp_wiring *wiring, int value)
{
  for (int s = 0; s < wiring->n_statements; s++)
    if (tp_wiring_exchanges(wiring->statements[s].verb) && wiring->statements[s].in[0] == value)
      return true;
  return false;
}

static enum tp_status number_sums(const struct tp_wiring_reader *reader)
{
  struct tp_wiring *wiring = reader->wiring;
  unsigned numbered = 0;
  int n = 0;
  wiring->residual_for_mlp = !wiring->own && !sums(wiring, wiring->mlp_out);
  for (int s = 0; s < wiring->n_statements; s++) {
    const struct tp_wiring_statement *statement = &wiring->statements[s];
    const int value = statement->in[0];
    if (!tp_wiring_exchanges(statement->verb) || value == wiring->attention_out ||
        value == wiring->mlp_out || (numbered & 1u << value) != 0 ||
        (value == TP_WIRING_RESIDUAL && wiring->residual_for_mlp))
      continue;
    if (n == TP_WIRING_MOST_SUMS)
      return tp_wiring_fail(reader, statement->line, wiring->values[value],
                            "sums of more than %d values beside the modules' outputs",
                            (int)TP_WIRING_MOST_SUMS);
    wiring->slots[value] = n++;
    wiring->events[value][0] = tp_arena_printf(reader->arena, "%s.ready", wiring->values[value]);
    wiring->events[value][1] = tp_arena_printf(reader->arena, "%s.done", wiring->values[value]);
    numbered |= 1u << value;
  }
  return TP_OK;
}

/* Values that are a share of the tokens where some statement reads or writes them. */
static enum tp_status number_shares(const struct tp_wiring_reader *reader)
{
  struct tp_wiring *wiring = reader->wiring;
  int n = 0;
  for (int v = 0; v < TP_WIRING_MOST_VALUES; v++)
    wiring->shares[v] = -1;
  if (wiring->shared_out > 0)
    wiring->shares[TP_WIRING_RESIDUAL] = n++;
  for (int s = 0; s < wiring->n_statements; s++) {
    const struct tp_wiring_statement *statement = &wiring->statements[s];
    const bool written = statement->verb == TP_WIRING_SCATTER ||
                         (statement->share && statement->verb != TP_WIRING_GATHER);
    if (!written || statement->n_out == 0 || wiring->shares[statement->out[0]] >= 0)
      continue;
    if (n == TP_WIRING_MOST_SHARES)
      return tp_wiring_fail(reader, statement->line, wiring->values[statement->out[0]],
                            "more than %d values of shares; use a name again",
                            (int)TP_WIRING_MOST_SHARES);
    wiring->shares[statement->out[0]] = n++;
  }
  return TP_OK;
}

/* The values whose sums have one kind of reader, the very next statement on every way: it adds what
 * was summed and normalises. */
static unsigned find_carried_norms(const struct tp_wiring *wiring)
{
  unsigned awaited = 0, spoilt = 0;
  for (int s = 0; s < wiring->n_statements; s++) {
    const struct tp_wiring_statement *statement = &wiring->statements[s];
    const bool tensor = statement->over == TP_WIRING_OVER_TENSOR;
    const unsigned value = statement->n_in > 1 ? 1u << statement->in[1] : 0;
    const bool carried =
        statement->fuses == TP_WIRING_ADD_NORM && statement->waits == (statement->fresh & value);
    awaited |= statement->waits;
    spoilt |= carried ? 0 : statement->waits;
    if (tp_wiring_exchanges(statement->verb) && (statement->verb != TP_WIRING_SUM || !tensor))
      spoilt |= 1u << statement->in[0];
  }
  return awaited & ~spoilt;
}

bool tp_wiring_has_shares(const struct tp_wiring *wiring)
{
  bool any = false;
  for (int v = 0; v < wiring->n_values; v++)
    any |= wiring->shares[v] >= 0;
  return any;
}

enum tp_status tp_wiring_name(struct tp_wiring_reader *reader)
{
  for (int i = 0; i < reader->n_bodies; i++)
    name_body(reader, reader->bodies[i]);
  reader->wiring->carried_norms = find_carried_norms(reader->wiring);
  reader->wiring->carried = count_carried(reader);
  TP_TRY(number_shares(reader));
  return number_sums(reader);
}
