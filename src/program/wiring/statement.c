/* Statements of a wiring, one a line. */
#include "program/wiring/reader.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { MOST_NAME = 16 };

static const char *const reserved[] = {
    "architecture", "summary", "source", "equation", "own",  "ranks",   "layers",  "rest",  "every",
    "left",         "last",    "end",    "norm",     "for",  "copy",    "combine", "head",  "wait",
    "attention",    "mlp",     "next",   "sum",      "over", "scatter", "gather",  "split", "join"};
enum { N_RESERVED = sizeof reserved / sizeof reserved[0] };

static const char *word(const struct tp_wiring_reader *reader, int i)
{
  return i < reader->n_words ? reader->words[i] : "";
}

static enum tp_status check_name(const struct tp_wiring_reader *reader, const char *name)
{
  bool plain = isalpha((unsigned char)name[0]) && strlen(name) <= MOST_NAME;
  for (const char *c = name; *c != '\0'; c++)
    plain &= *c != '-' && *c != '.';
  if (!plain)
    return tp_wiring_fail(reader, reader->line, name,
                          "no value; names are letters and digits, a letter first, %d at most",
                          (int)MOST_NAME);
  for (int i = 0; i < N_RESERVED; i++)
    if (strcmp(name, reserved[i]) == 0)
      return tp_wiring_fail(reader, reader->line, name,
                            "a word of the language; name the value "
                            "otherwise");
  if (reader->wiring->argument != NULL && strcmp(name, reader->wiring->argument) == 0)
    return tp_wiring_fail(reader, reader->line, name,
                          "the architecture's argument; name the value otherwise");
  return TP_OK;
}

/* The value that the word names; one that nobody wrote so far is new. */
static enum tp_status value_at(struct tp_wiring_reader *reader, int i, int *value)
{
  struct tp_wiring *wiring = reader->wiring;
  const char *const name = word(reader, i);
  if (name[0] == '\0')
    return tp_wiring_fail(reader, reader->line, NULL, "the line ends where a value should stand");
  TP_TRY(check_name(reader, name));
  for (*value = 0; *value < wiring->n_values; (*value)++)
    if (strcmp(wiring->values[*value], name) == 0)
      return TP_OK;
  if (wiring->n_values == TP_WIRING_MOST_VALUES)
    return tp_wiring_fail(reader, reader->line, name, "more than %d values; use a name again",
                          (int)TP_WIRING_MOST_VALUES);
  wiring->values[wiring->n_values++] = name;
  return TP_OK;
}

static enum tp_status expect(const struct tp_wiring_reader *reader, int i, const char *text)
{
  if (tp_wiring_is(reader, i, text))
    return TP_OK;
  if (i >= reader->n_words)
    return tp_wiring_fail(reader, reader->line, NULL, "the line ends where '%s' should stand",
                          text);
  return tp_wiring_fail(reader, reader->line, word(reader, i), "'%s' should stand here", text);
}

static enum tp_status read_in(struct tp_wiring_reader *reader, int i,
                              struct tp_wiring_statement *statement)
{
  return value_at(reader, i, &statement->in[statement->n_in++]);
}

static enum tp_status read_out(struct tp_wiring_reader *reader, int i,
                               struct tp_wiring_statement *statement)
{
  return value_at(reader, i, &statement->out[statement->n_out++]);
}

/* over GROUP */
static enum tp_status read_group(struct tp_wiring_reader *reader,
                                 struct tp_wiring_statement *statement)
{
  static const char *const names[] = {
#define X(name, text) text,
      TP_WIRING_GROUPS(X)
#undef X
  };
  for (int i = 0; i < TP_WIRING_N_GROUPS; i++)
    if (tp_wiring_is(reader, 4, names[i])) {
      statement->over = (enum tp_wiring_group)i;
      if (statement->over == TP_WIRING_OVER_TENSOR || statement->verb == TP_WIRING_SUM)
        return TP_OK;
      return tp_wiring_fail(reader, reader->line, names[i],
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
  return tp_wiring_fail(reader, reader->line, word(reader, 4),
                        "no group of ranks; write tensor, experts or expert-tensor%s",
                        tp_text_hint(reader->arena, word(reader, 4), names, TP_WIRING_N_GROUPS));
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
    TP_TRY(expect(reader, 2, "sum"));
  TP_TRY(read_in(reader, 0, statement));
  TP_TRY(read_out(reader, 0, statement));
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
  static const char *const names[] = {
#define X(name, text) text,
      TP_WIRING_NORMS(X)
#undef X
  };
  statement->verb = TP_WIRING_NORM;
  *end = 6;
  TP_TRY(read_in(reader, 3, statement));
  TP_TRY(expect(reader, 4, "for"));
  for (int i = 0; i < TP_WIRING_N_NORMS; i++)
    if (tp_wiring_is(reader, 5, names[i])) {
      statement->norm = (enum tp_wiring_norm)i;
      if (reader->wiring->normed < 0)
        reader->wiring->normed = statement->out[0];
      return TP_OK;
    }
  return tp_wiring_fail(reader, reader->line, word(reader, 5),
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
    return tp_wiring_fail(reader, reader->line, word(reader, 2),
                          "neither a sum of two values nor norm, attention, mlp, attention & mlp, "
                          "copy or combine; a module of its own is written in C");
  TP_TRY(read_in(reader, 2, statement));
  if (share)
    TP_TRY(expect(reader, 4, "ranks"));
  TP_TRY(expect(reader, *end - 2, "+"));
  return read_in(reader, *end - 1, statement);
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
  TP_TRY(read_out(reader, 0, statement));
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
  return read_in(reader, 3, statement);
}

/* a, m = attention & mlp n */
static enum tp_status read_both(struct tp_wiring_reader *reader,
                                struct tp_wiring_statement *statement, int *end)
{
  static const char *const words[] = {"=", "attention", "&", "mlp"};
  statement->verb = TP_WIRING_BOTH;
  TP_TRY(read_out(reader, 0, statement));
  TP_TRY(read_out(reader, 2, statement));
  for (int i = 0; i < 4; i++)
    TP_TRY(expect(reader, 3 + i, words[i]));
  if (statement->out[0] == statement->out[1])
    return tp_wiring_fail(reader, reader->line, word(reader, 2), "both results at once; name two");
  note(&reader->wiring->attention_out, statement->out[0]);
  note(&reader->wiring->mlp_out, statement->out[1]);
  *end = 8;
  return read_in(reader, 7, statement);
}

static enum tp_status read(struct tp_wiring_reader *reader, struct tp_wiring_statement *statement,
                           int *end)
{
  const bool waits = tp_wiring_is(reader, 0, "wait"), head = tp_wiring_is(reader, 0, "head");
  if (waits || head) {
    statement->verb = waits ? TP_WIRING_WAIT : TP_WIRING_HEAD;
    *end = 2;
    return read_in(reader, 1, statement);
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
    TP_TRY(read_in(reader, 0, statement));
    TP_TRY(read_in(reader, 2, statement));
    return read_out(reader, 0, statement);
  }
  if (tp_wiring_is(reader, 0, "@"))
    return read_part(reader, statement, end);
  return tp_wiring_fail(reader, reader->line, word(reader, 0), "begins no statement%s",
                        tp_text_hint(reader->arena, word(reader, 0), reserved, N_RESERVED));
}

enum tp_status tp_wiring_statement(struct tp_wiring_reader *reader, struct tp_wiring_body *body,
                                   bool of_layer)
{
  struct tp_wiring *wiring = reader->wiring;
  struct tp_wiring_statement statement = {.line = reader->line};
  int end = 0;
  TP_TRY(read(reader, &statement, &end));
  if (reader->n_words > end)
    return tp_wiring_fail(reader, reader->line, word(reader, end), "the statement ends before it");
  TP_TRY(tp_wiring_check_place(reader, &statement, body, of_layer));
  statement.half = statement.verb != TP_WIRING_SPLIT && statement.verb != TP_WIRING_JOIN &&
                   tp_wiring_split_at(wiring, body) > 0;
  if (wiring->n_statements == TP_WIRING_MOST_STATEMENTS)
    return tp_wiring_fail(reader, reader->line, word(reader, 0), "more than %d statements",
                          (int)TP_WIRING_MOST_STATEMENTS);
  wiring->statements[wiring->n_statements++] = statement;
  body->n++;
  return TP_OK;
}
