/* The head of a wiring: what it is called, where it is from, what its argument counts. */
#include "program/wiring/reader.h"

#include <ctype.h>
#include <string.h>

enum { MOST_ARGUMENT = 1000000 /* it may count tokens */ };

enum tp_status tp_wiring_title(struct tp_wiring_reader *reader)
{
  struct tp_wiring *wiring = reader->wiring;
  if (!tp_wiring_is(reader, 0, "architecture"))
    return tp_wiring_fail(reader, reader->line, reader->words[0],
                          "a wiring begins with a line 'architecture NAME'");
  if (reader->n_words < 2 || !isalpha((unsigned char)reader->words[1][0]))
    return tp_wiring_fail(reader, reader->line, reader->words[1],
                          "an architecture has a name that begins with a letter");
  wiring->name = reader->words[1];
  if (reader->n_words == 2)
    return TP_OK;
  if (!tp_wiring_is(reader, 2, ":") || reader->n_words < 4 ||
      !isupper((unsigned char)reader->words[3][0]) || reader->words[3][1] != '\0')
    return tp_wiring_fail(reader, reader->line, reader->words[2],
                          "an argument is a capital letter; write 'architecture %s:P'",
                          wiring->name);
  wiring->argument = reader->words[3];
  return tp_wiring_expect_end(reader, 4);
}

/* P from 1 to 100, layers in a hundred */
static enum tp_status read_range(struct tp_wiring_reader *reader)
{
  struct tp_wiring *wiring = reader->wiring;
  if (!tp_wiring_is(reader, 1, "from") || !tp_wiring_is(reader, 3, "to"))
    return tp_wiring_fail(reader, reader->line, reader->words[1],
                          "write '%s from 1 to 100', a range", wiring->argument);
  TP_TRY(tp_wiring_number(reader, reader->words[2], 1, MOST_ARGUMENT, &wiring->least));
  TP_TRY(tp_wiring_number(reader, reader->words[4], 1, MOST_ARGUMENT, &wiring->most));
  if (wiring->most < wiring->least)
    return tp_wiring_fail(reader, reader->line, reader->words[4],
                          "is less than %s; write the least first: '%s from %s to %s'",
                          reader->words[2], wiring->argument, reader->words[4], reader->words[2]);
  wiring->counts = "";
  if (reader->n_words > 5 && !tp_wiring_is(reader, 5, ","))
    return tp_wiring_fail(reader, reader->line, reader->words[5],
                          "behind the range a comma, and what is counted");
  for (int i = 6; i < reader->n_words; i++)
    wiring->counts = tp_arena_printf(reader->arena, "%s%s%s", wiring->counts, i > 6 ? " " : "",
                                     reader->words[i]);
  return TP_OK;
}

static const char *appended(const struct tp_wiring_reader *reader, const char *text)
{
  return text == NULL ? reader->rest : tp_arena_printf(reader->arena, "%s\n%s", text, reader->rest);
}

/* modules side by side */
static enum tp_status read_fit(struct tp_wiring_reader *reader)
{
  const char *said = reader->n_words > 1 ? reader->words[1] : "";
  for (int i = 2; i < reader->n_words; i++)
    said = tp_arena_printf(reader->arena, "%s %s", said, reader->words[i]);
  for (int i = TP_WIRING_FIT_ANY + 1; i < TP_WIRING_N_FITS; i++)
    if (strcmp(said, tp_wiring_fit_words[i]) == 0) {
      reader->wiring->fit = (enum tp_wiring_fit)i;
      return TP_OK;
    }
  return tp_wiring_fail(reader, reader->line, "modules",
                        "of models that have them how? Write modules in turn, modules side by "
                        "side, or modules on one norm");
}

/* halves from 1024 tokens */
static enum tp_status read_halves(struct tp_wiring_reader *reader)
{
  struct tp_wiring *wiring = reader->wiring;
  if (!tp_wiring_is(reader, 1, "from") || !tp_wiring_is(reader, 3, "tokens"))
    return tp_wiring_fail(reader, reader->line, "halves",
                          "write 'halves from 1024 tokens': a step of fewer is not split");
  wiring->halves = reader->line;
  wiring->halves_by_argument =
      wiring->argument != NULL && tp_wiring_is(reader, 2, wiring->argument);
  if (!wiring->halves_by_argument)
    TP_TRY(tp_wiring_number(reader, reader->words[2], 2, MOST_ARGUMENT, &wiring->halves_from));
  return tp_wiring_expect_end(reader, 4);
}

/* A line of the head; `taken` is false where it is none. */
enum tp_status tp_wiring_head(struct tp_wiring_reader *reader, bool *taken)
{
  struct tp_wiring *wiring = reader->wiring;
  *taken = true;
  if (tp_wiring_is(reader, 0, "equation")) {
    wiring->equation = appended(reader, wiring->equation);
  } else if (tp_wiring_is(reader, 0, "source")) {
    wiring->source = appended(reader, wiring->source);
  } else if (tp_wiring_is(reader, 0, "summary")) {
    if (wiring->summary != NULL)
      return tp_wiring_fail(reader, reader->line, "summary", "there is one already; it is a line");
    wiring->summary = reader->rest;
  } else if (tp_wiring_is(reader, 0, "own") && tp_wiring_is(reader, 1, "blocks")) {
    wiring->own = true;
    return tp_wiring_expect_end(reader, 2);
  } else if (tp_wiring_is(reader, 0, "ranks") && tp_wiring_is(reader, 1, "apart")) {
    wiring->apart = true;
    return tp_wiring_expect_end(reader, 2);
  } else if (tp_wiring_is(reader, 0, "tokens") && tp_wiring_is(reader, 1, "shared") &&
             tp_wiring_is(reader, 2, "out")) {
    wiring->shared_out = reader->line;
    return tp_wiring_expect_end(reader, 3);
  } else if (tp_wiring_is(reader, 0, "modules")) {
    return read_fit(reader);
  } else if (tp_wiring_is(reader, 0, "halves")) {
    return read_halves(reader);
  } else if (wiring->argument != NULL && tp_wiring_is(reader, 0, wiring->argument) &&
             tp_wiring_is(reader, 1, "from")) {
    return read_range(reader);
  } else {
    *taken = false;
  }
  return TP_OK;
}
