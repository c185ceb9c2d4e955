/* Statements of a wiring, one a line. */
#include "program/wiring/reader.h"

#include "base/text.h"

/* over GROUP */
static enum tp_status read_group(struct tp_wiring_reader *reader,
                                 struct tp_wiring_statement *statement)
{
  for (int i = 0; i < TP_WIRING_N_GROUPS; i++)
    if (tp_wiring_is(reader, 4, tp_wiring_groups[i])) {
      statement->over = (enum tp_wiring_group)i;
      if (statement->over == TP_WIRING_OVER_TENSOR || statement->verb == TP_WIRING_SUM)
        return TP_OK;
      return tp_wiring_fail(reader, reader->line, tp_wiring_groups[i],
                            "tokens are shared out over the tensor ranks; leave out 'over'");
    }
  if (tp_wiring_is(reader, 4, "data"))
    return tp_wiring_fail(reader, reader->line, "data",
                          "replicas work on other tokens, and a sum would mix them; what their "
                          "experts exchange the module does itself: sum over tensor");
  if (tp_wiring_is(reader, 4, "stages"))
    return tp_wiring_fail(reader, reader->line, "stages",
                          "stages hand on what they have and sum nothing; sum over tensor");
  if (reader->n_words < 5)
    return tp_wiring_fail(reader, reader->line, "over",
                          "over whom? Write tensor, experts or expert-tensor");
  return tp_wiring_fail(
      reader, reader->line, tp_wiring_word(reader, 4),
      "no group of ranks; write tensor, experts or expert-tensor%s",
      tp_text_hint(reader->arena, tp_wiring_word(reader, 4), tp_wiring_groups, TP_WIRING_N_GROUPS));
}

/* V ~sum, V ~scatter, V ~gather */
static enum tp_status read_exchange(struct tp_wiring_reader *reader,
                                    struct tp_wiring_statement *statement, int *end)
{
  const bool scatters = tp_wiring_is(reader, 2, "scatter");
  const bool gathers = tp_wiring_is(reader, 2, "gather");
  statement->verb = scatters ? TP_WIRING_SCATTER : gathers ? TP_WIRING_GATHER : TP_WIRING_SUM;
  *end = 3;
  if (!scatters && !gathers)
    TP_TRY(tp_wiring_expect(reader, 2, "sum"));
  TP_TRY(tp_wiring_read_in(reader, 0, statement));
  TP_TRY(tp_wiring_read_out(reader, 0, statement));
  if (!tp_wiring_is(reader, 3, "over"))
    return TP_OK;
  *end = 5;
  return read_group(reader, statement);
}

/* @split, @join */
static enum tp_status read_part(struct tp_wiring_reader *reader,
                                struct tp_wiring_statement *statement, int *end)
{
  const bool splits = tp_wiring_is(reader, 1, "split");
  if (!splits && !tp_wiring_is(reader, 1, "join"))
    return tp_wiring_fail(reader, reader->line, "@",
                          "write @split, for what follows to run for one half of the tokens and "
                          "then for the other, or @join, for all of them");
  statement->verb = splits ? TP_WIRING_SPLIT : TP_WIRING_JOIN;
  reader->wiring->splits |= splits;
  *end = 2;
  return TP_OK;
}

/* V = norm V for G */
static enum tp_status read_norm(struct tp_wiring_reader *reader,
                                struct tp_wiring_statement *statement, int *end)
{
  statement->verb = TP_WIRING_NORM;
  *end = 6;
  TP_TRY(tp_wiring_read_in(reader, 3, statement));
  TP_TRY(tp_wiring_expect(reader, 4, "for"));
  for (int i = 0; i < TP_WIRING_N_NORMS; i++)
    if (tp_wiring_is(reader, 5, tp_wiring_norms[i])) {
      statement->norm = (enum tp_wiring_norm)i;
      if (reader->wiring->normed < 0)
        reader->wiring->normed = statement->out[0];
      return TP_OK;
    }
  return tp_wiring_fail(reader, reader->line, tp_wiring_word(reader, 5),
                        "whose norm? Write attention, mlp, next (the next layer's attention) or "
                        "head");
}

/* V = V + V, V = V / ranks + V */
static enum tp_status read_addition(struct tp_wiring_reader *reader,
                                    struct tp_wiring_statement *statement, int *end)
{
  const bool share = tp_wiring_is(reader, 3, "/");
  statement->verb = share ? TP_WIRING_SHARE : TP_WIRING_ADD;
  *end = share ? 7 : 5;
  if (!share && !tp_wiring_is(reader, 3, "+"))
    return tp_wiring_fail(reader, reader->line, tp_wiring_word(reader, 2),
                          "neither a sum of two values nor norm, attention, mlp, attention & mlp, "
                          "copy or combine; a module of its own is written in C");
  TP_TRY(tp_wiring_read_in(reader, 2, statement));
  if (share)
    TP_TRY(tp_wiring_expect(reader, 4, "ranks"));
  TP_TRY(tp_wiring_expect(reader, *end - 2, "+"));
  return tp_wiring_read_in(reader, *end - 1, statement);
}

static void note(int *noted, int value)
{
  if (*noted < 0)
    *noted = value;
}

/* What stands behind "V =". */
static enum tp_status read_assignment(struct tp_wiring_reader *reader,
                                      struct tp_wiring_statement *statement, int *end)
{
  struct tp_wiring *wiring = reader->wiring;
  TP_TRY(tp_wiring_read_out(reader, 0, statement));
  if (tp_wiring_is(reader, 2, "norm"))
    return read_norm(reader, statement, end);
  if (tp_wiring_is(reader, 2, "attention"))
    statement->verb = TP_WIRING_ATTENTION;
  else if (tp_wiring_is(reader, 2, "mlp"))
    statement->verb = TP_WIRING_MLP;
  else if (tp_wiring_is(reader, 2, "copy"))
    statement->verb = TP_WIRING_COPY;
  else if (tp_wiring_is(reader, 2, "combine"))
    statement->verb = TP_WIRING_COMBINE;
  else
    return read_addition(reader, statement, end);
  *end = 4;
  if (tp_wiring_is(reader, 3, "&"))
    return tp_wiring_fail(reader, reader->line, "&",
                          "two modules have two results; write 'a, m = attention & mlp n'");
  if (statement->verb == TP_WIRING_ATTENTION)
    note(&wiring->attention_out, statement->out[0]);
  if (statement->verb == TP_WIRING_MLP)
    note(&wiring->mlp_out, statement->out[0]);
  wiring->combines |= statement->verb == TP_WIRING_COMBINE;
  return tp_wiring_read_in(reader, 3, statement);
}

/* a, m = attention & mlp n */
static enum tp_status read_both(struct tp_wiring_reader *reader,
                                struct tp_wiring_statement *statement, int *end)
{
  static const char *const words[] = {"=", "attention", "&", "mlp"};
  statement->verb = TP_WIRING_BOTH;
  TP_TRY(tp_wiring_read_out(reader, 0, statement));
  TP_TRY(tp_wiring_read_out(reader, 2, statement));
  for (int i = 0; i < 4; i++)
    TP_TRY(tp_wiring_expect(reader, 3 + i, words[i]));
  if (statement->out[0] == statement->out[1])
    return tp_wiring_fail(reader, reader->line, tp_wiring_word(reader, 2),
                          "both results at once; name two");
  note(&reader->wiring->attention_out, statement->out[0]);
  note(&reader->wiring->mlp_out, statement->out[1]);
  *end = 8;
  return tp_wiring_read_in(reader, 7, statement);
}

static enum tp_status read(struct tp_wiring_reader *reader, struct tp_wiring_statement *statement,
                           int *end)
{
  const bool waits = tp_wiring_is(reader, 0, "wait"), head = tp_wiring_is(reader, 0, "head");
  if (waits || head) {
    statement->verb = waits ? TP_WIRING_WAIT : TP_WIRING_HEAD;
    *end = 2;
    return tp_wiring_read_in(reader, 1, statement);
  }
  if (tp_wiring_is(reader, 1, "~"))
    return read_exchange(reader, statement, end);
  if (tp_wiring_is(reader, 1, ","))
    return read_both(reader, statement, end);
  if (tp_wiring_is(reader, 1, "=") && reader->n_words > 2)
    return read_assignment(reader, statement, end);
  if (tp_wiring_is(reader, 1, "+=")) { /* x += h is x = x + h */
    statement->verb = TP_WIRING_ADD;
    *end = 3;
    TP_TRY(tp_wiring_read_in(reader, 0, statement));
    TP_TRY(tp_wiring_read_in(reader, 2, statement));
    return tp_wiring_read_out(reader, 0, statement);
  }
  if (tp_wiring_is(reader, 0, "@"))
    return read_part(reader, statement, end);
  return tp_wiring_fail(reader, reader->line, tp_wiring_word(reader, 0), "begins no statement%s",
                        tp_wiring_hint(reader, 0));
}

enum tp_status tp_wiring_statement(struct tp_wiring_reader *reader, struct tp_wiring_body *body,
                                   bool of_layer)
{
  struct tp_wiring *wiring = reader->wiring;
  struct tp_wiring_statement statement = {.line = reader->line};
  int end = 0;
  TP_TRY(read(reader, &statement, &end));
  if (reader->n_words > end)
    return tp_wiring_fail(reader, reader->line, tp_wiring_word(reader, end),
                          "the statement ends before it");
  TP_TRY(tp_wiring_check_place(reader, &statement, body, of_layer));
  statement.half = statement.verb != TP_WIRING_SPLIT && statement.verb != TP_WIRING_JOIN &&
                   tp_wiring_split_at(wiring, body) > 0;
  if (wiring->n_statements == TP_WIRING_MOST_STATEMENTS)
    return tp_wiring_fail(reader, reader->line, tp_wiring_word(reader, 0),
                          "more than %d statements", (int)TP_WIRING_MOST_STATEMENTS);
  wiring->statements[wiring->n_statements++] = statement;
  body->n++;
  return TP_OK;
}
