/* Where statements may stand. */
#include "program/wiring/reader.h"

int tp_wiring_split_at(const struct tp_wiring *wiring, const struct tp_wiring_body *body)
{
  int line = 0;
  for (int s = body->first; s < wiring->n_statements; s++) {
    const struct tp_wiring_statement *statement = &wiring->statements[s];
    if (statement->verb == TP_WIRING_SPLIT)
      line = statement->line;
    else if (statement->verb == TP_WIRING_JOIN)
      line = 0;
  }
  return line;
}

/* Modules are of layers, the head is at the end, combine of blocks of their own. */
enum tp_status tp_wiring_check_place(const struct tp_wiring_reader *reader,
                                     const struct tp_wiring_statement *statement,
                                     const struct tp_wiring_body *body, bool of_layer)
{
  const struct tp_wiring *wiring = reader->wiring;
  const bool module = statement->verb == TP_WIRING_ATTENTION || statement->verb == TP_WIRING_MLP ||
                      statement->verb == TP_WIRING_BOTH;
  const struct tp_wiring_statement *last =
      wiring->n_statements > body->first ? &wiring->statements[wiring->n_statements - 1] : NULL;
  const int line = reader->line;
  if (module && !of_layer)
    return tp_wiring_fail(reader, line, NULL, "modules are of layers; open a segment before");
  if (statement->verb == TP_WIRING_NORM && statement->norm == TP_WIRING_NORM_NEXT && !of_layer)
    return tp_wiring_fail(reader, line, "next", "no layer is under way here; which norm is it?");
  if (statement->verb == TP_WIRING_HEAD && body != &wiring->end)
    return tp_wiring_fail(reader, line, "head", "belongs behind the line 'end'");
  if (last != NULL && last->verb == TP_WIRING_HEAD)
    return tp_wiring_fail(reader, line, reader->words[0], "never runs: line %d is the head",
                          last->line);
  if (statement->verb == TP_WIRING_COMBINE && !wiring->own)
    return tp_wiring_fail(reader, line, "combine",
                          "joins blocks of their own; the model's are joined by ~sum");
  if (statement->verb == TP_WIRING_COMBINE && body != &wiring->end)
    return tp_wiring_fail(reader, line, "combine", "belongs behind the line 'end'");
  if (tp_wiring_exchanges(statement->verb) && wiring->apart)
    return tp_wiring_fail(reader, line, tp_arena_printf(reader->arena, "~%s", reader->words[2]),
                          "'ranks apart' exchange nothing; drop one of them");
  const int split = tp_wiring_split_at(wiring, body);
  if (statement->verb == TP_WIRING_JOIN && split == 0)
    return tp_wiring_fail(reader, line, "@join", "no @split stands before it in this layer");
  if (statement->verb == TP_WIRING_HEAD && split > 0)
    return tp_wiring_fail(reader, line, "head",
                          "works on all tokens, and line %d has split them; write @join before",
                          split);
  return TP_OK;
}

enum tp_status tp_wiring_check_modules(const struct tp_wiring_reader *reader,
                                       const struct tp_wiring_body *body)
{
  static const char *const names[] = {"attention", "mlp"};
  int lines[] = {0, 0}, next = 0;
  for (int i = body->first; i < body->first + body->n; i++) {
    const struct tp_wiring_statement *statement = &reader->wiring->statements[i];
    if (statement->verb == TP_WIRING_NORM && statement->norm == TP_WIRING_NORM_NEXT) {
      if (next > 0)
        return tp_wiring_fail(reader, statement->line, "next",
                              "line %d has gone on to the next layer", next);
      next = statement->line;
    }
    for (int m = 0; m < 2; m++) {
      const enum tp_wiring_verb own = m == 0 ? TP_WIRING_ATTENTION : TP_WIRING_MLP;
      if (statement->verb != own && statement->verb != TP_WIRING_BOTH)
        continue;
      if (lines[m] > 0)
        return tp_wiring_fail(reader, statement->line, names[m],
                              "a second time in this layer, after line %d; a layer has one",
                              lines[m]);
      if (next > 0)
        return tp_wiring_fail(reader, statement->line, names[m],
                              "its layer has ended in line %d, with the norm for the next", next);
      lines[m] = statement->line;
    }
  }
  for (int m = 0; m < 2; m++)
    if (lines[m] == 0)
      return tp_wiring_fail(reader, body->line, names[m],
                            "missing in this layer; every layer has attention and mlp");
  return TP_OK;
}
