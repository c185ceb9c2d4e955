/* What each statement makes of what ranks hold, and when it means nothing. */
#include "program/wiring/holding.h"

/* "x", and since when it has fewer tokens than there are. */
static const char *scattered(const struct view *view, int i)
{
  const int line = in(view, i)->scattered;
  return line == 0 ? "since the embedding"
                   : tp_arena_printf(view->reader->arena, "since line %d", line);
}

/* Two that are added have the same tokens. */
static enum tp_status check_tokens(const struct view *view)
{
  const struct tp_wiring_statement *statement = view->statement;
  const int less = in(view, 0)->tokens == SHARE_OF_TOKENS ? 0 : 1;
  if (statement->n_in < 2 || in(view, 0)->tokens == in(view, 1)->tokens)
    return TP_OK;
  return tp_wiring_fail(view->reader, statement->line, name(view, less),
                        "holds this rank's share of the tokens %s, and '%s' all of them; ~gather "
                        "the one or ~scatter the other before",
                        scattered(view, less), name(view, 1 - less));
}

/* Nobody reads a value that is a sum on one way here and parts on another, or of other tokens. */
enum tp_status tp_wiring_check_inputs(const struct view *view)
{
  for (int i = 0; i < view->statement->n_in; i++)
    if (in(view, i)->tokens == MIXED_TOKENS)
      return tp_wiring_fail(view->reader, view->statement->line, name(view, i),
                            "holds all tokens on one way here and this rank's share of them on "
                            "another; ~scatter or ~gather it on both");
  TP_TRY(check_tokens(view));
  for (int i = 0; i < view->statement->n_in; i++)
    if (in(view, i)->share == MIXED)
      return tp_wiring_fail(view->reader, view->statement->line, name(view, i),
                            "summed over ranks on one way here and not on another; sum it on both");
  return TP_OK;
}

static enum tp_status add(const struct view *view, struct holding *sum)
{
  const struct holding *a = in(view, 0), *b = in(view, 1);
  const int since = a->since > 0 ? a->since : b->since > 0 ? b->since : view->statement->line;
  *sum = held(a->share == b->share ? a->share : OWN, since);
  sum->tokens = a->tokens;
  sum->scattered = a->scattered > b->scattered ? a->scattered : b->scattered;
  return TP_OK;
}

static enum tp_status share(const struct view *view, struct holding *sum)
{
  const struct holding *x = in(view, 0), *h = in(view, 1);
  if (is_parts(x->share))
    return tp_wiring_fail(view->reader, view->statement->line, name(view, 0),
                          "parts that add up over ranks already; leave out '/ranks'");
  if (h->share != PARTS && !is_own_of(view))
    return tp_wiring_fail(
        view->reader, view->statement->line, name(view, 1),
        "not parts that add up over ranks: the sum of x/ranks + %s would count it "
        "once a rank",
        name(view, 1));
  *sum = held(is_own_of(view) ? OWN : PARTS, view->statement->line);
  return TP_OK;
}

/* What is left of parts: nothing, or those over the other of two groups. */
static enum tp_status sum_parts(const struct view *view, struct holding *sum)
{
  static const char *const other[] = {
      [PARTS_OF_EXPERTS] = "experts", [PARTS_OF_SHARDS] = "expert-tensor"};
  const enum share share = in(view, 0)->share;
  const enum tp_wiring_group over = view->statement->over;
  const enum share left = over == TP_WIRING_OVER_EXPERTS         ? PARTS_OF_SHARDS
                          : over == TP_WIRING_OVER_EXPERT_TENSOR ? PARTS_OF_EXPERTS
                                                                 : ALIKE;
  if (share == PARTS || share == OWN) {
    sum->share = left;
    return TP_OK;
  }
  if (left == ALIKE || left == share)
    return tp_wiring_fail(view->reader, view->statement->line, name(view, 0),
                          "summed over one group already: what is left are parts over %s; write "
                          "~sum over %s",
                          other[share], other[share]);
  return TP_OK;
}

static enum tp_status sum_up(const struct view *view, struct holding *sum)
{
  const struct holding *value = in(view, 0);
  const int line = view->statement->line;
  const bool scatters = view->statement->verb == TP_WIRING_SCATTER;
  if (value->tokens == SHARE_OF_TOKENS)
    return tp_wiring_fail(view->reader, line, name(view, 0),
                          "holds this rank's share of the tokens %s, and other ranks have others; "
                          "~gather it, or sum parts of all",
                          scattered(view, 0));
  if (value->share == ALIKE)
    return tp_wiring_fail(view->reader, line, name(view, 0),
                          "the same on every rank already: its sum would be as many times as much; "
                          "drop the ~%s",
                          scatters ? "scatter" : "sum");
  if (value->share == OWN && !is_own_of(view))
    return tp_wiring_fail(
        view->reader, line, name(view, 0),
        "holds what every rank has, since line %d: its sum would count that once a "
        "rank; write x = x/ranks + m before, or sum parts alone",
        value->since);
  *sum = held(ALIKE, 0);
  return sum_parts(view, sum);
}

static enum tp_status gather(const struct view *view, struct holding *whole)
{
  if (in(view, 0)->tokens == ALL_TOKENS)
    return tp_wiring_fail(view->reader, view->statement->line, name(view, 0),
                          "holds all tokens already; drop the ~gather");
  *whole = *in(view, 0);
  whole->tokens = ALL_TOKENS;
  return TP_OK;
}

static enum tp_status norm(const struct view *view, struct holding *normed)
{
  const enum tp_wiring_norm kind = view->statement->norm;
  if (is_parts(in(view, 0)->share))
    return tp_wiring_fail(view->reader, view->statement->line, name(view, 0),
                          "parts that add up over ranks: their norms do not; ~sum it first");
  *normed = *in(view, 0);
  normed->norm = kind == TP_WIRING_NORM_NEXT ? TP_WIRING_NORM_ATTENTION : (int)kind;
  normed->age = 0;
  return TP_OK;
}

static const char *norm_fault(const struct holding *n)
{
  if (n->norm == NO_NORM)
    return "a module reads a norm, and this is none";
  return n->norm == MIXED_NORM ? "a norm with another module's gains, on one way here at least"
                               : "a norm with another module's gains";
}

static enum tp_status check_all_tokens(const struct view *view, const char *reader)
{
  if (in(view, 0)->tokens != SHARE_OF_TOKENS)
    return TP_OK;
  return tp_wiring_fail(view->reader, view->statement->line, name(view, 0),
                        "holds this rank's share of the tokens %s, and %s needs all of them; "
                        "write %s ~gather before",
                        scattered(view, 0), reader, name(view, 0));
}

/* A module reads a norm of its own layer; the MLP attention's where they stand side by side. */
static enum tp_status module(const struct view *view, struct holding *output)
{
  const struct holding *n = in(view, 0);
  const int line = view->statement->line;
  const bool of_mlp = view->statement->verb == TP_WIRING_MLP;
  TP_TRY(check_all_tokens(view, of_mlp ? "the MLP" : "attention"));
  if (n->norm != TP_WIRING_NORM_ATTENTION && !(of_mlp && n->norm == TP_WIRING_NORM_MLP))
    return tp_wiring_fail(view->reader, line, name(view, 0), "%s; write %s = norm x for %s before",
                          norm_fault(n), name(view, 0), of_mlp ? "mlp" : "attention");
  if (n->age > 0)
    return tp_wiring_fail(
        view->reader, line, name(view, 0),
        "the norm of a layer before, with that layer's gains; this one has to make "
        "its own");
  view->reader->wiring->drops |=
      n->share == OWN && !is_own_of(view) && !view->reader->wiring->apart;
  *output = held(is_own_of(view) ? OWN : PARTS, line);
  return TP_OK;
}

static enum tp_status head(const struct view *view, struct holding *output)
{
  const struct tp_wiring *wiring = view->reader->wiring;
  const struct holding *n = in(view, 0);
  const int line = view->statement->line;
  const bool attention = n->norm == TP_WIRING_NORM_ATTENTION && n->age == 0 && !wiring->own;
  *output = held(NOTHING, 0);
  TP_TRY(check_all_tokens(view, "the head"));
  if (n->norm != TP_WIRING_NORM_HEAD && !attention)
    return tp_wiring_fail(view->reader, line, name(view, 0),
                          "the head reads the last norm; write %s = norm x for head before",
                          name(view, 0));
  if (n->share != ALIKE && !wiring->apart)
    return tp_wiring_fail(view->reader, line, name(view, 0),
                          "differs from rank to rank since line %d, where parts were added that "
                          "nobody has summed; ~sum them, or say 'ranks apart'",
                          n->since);
  return TP_OK;
}

enum tp_status tp_wiring_hold(const struct view *view, struct holding *output)
{
  switch (view->statement->verb) {
  case TP_WIRING_NORM:
    return norm(view, output);
  case TP_WIRING_ATTENTION:
  case TP_WIRING_MLP:
  case TP_WIRING_BOTH:
    return module(view, output);
  case TP_WIRING_ADD:
    return add(view, output);
  case TP_WIRING_SHARE:
    return share(view, output);
  case TP_WIRING_COMBINE:
    *output = held(PARTS, 0);
    return check_all_tokens(view, "combine");
  case TP_WIRING_SUM:
    return sum_up(view, output);
  case TP_WIRING_SCATTER:
    TP_TRY(sum_up(view, output));
    output->tokens = SHARE_OF_TOKENS;
    output->scattered = view->statement->line;
    return TP_OK;
  case TP_WIRING_GATHER:
    return gather(view, output);
  case TP_WIRING_HEAD:
    return head(view, output);
  case TP_WIRING_COPY:
  case TP_WIRING_WAIT:
  case TP_WIRING_SPLIT:
  case TP_WIRING_JOIN:
    break;
  }
  *output = *in(view, 0);
  return TP_OK;
}
