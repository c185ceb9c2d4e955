/* The words of the language, and values, which are named by others. */
#include "program/wiring/reader.h"

#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { MOST_NAME = 16 };

#define X(name, text) text,
const char *const tp_wiring_groups[] = {TP_WIRING_GROUPS(X)};
const char *const tp_wiring_norms[] = {TP_WIRING_NORMS(X)};
const char *const tp_wiring_fit_words[] = {TP_WIRING_FITS(X)};
#undef X

static const char *const reserved[] = {
    "architecture", "summary", "source", "equation", "own",  "ranks",   "layers",  "rest",  "every",
    "left",         "last",    "end",    "norm",     "for",  "copy",    "combine", "head",  "wait",
    "attention",    "mlp",     "next",   "sum",      "over", "scatter", "gather",  "split", "join"};
enum { N_RESERVED = sizeof reserved / sizeof reserved[0] };

const char *tp_wiring_hint(const struct tp_wiring_reader *reader, int i)
{
  return tp_text_hint(reader->arena, tp_wiring_word(reader, i), reserved, N_RESERVED);
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

/* One that nobody wrote so far is new. */
static enum tp_status value_at(struct tp_wiring_reader *reader, int i, int *value)
{
  struct tp_wiring *wiring = reader->wiring;
  const char *const name = tp_wiring_word(reader, i);
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

enum tp_status tp_wiring_read_in(struct tp_wiring_reader *reader, int i,
                                 struct tp_wiring_statement *statement)
{
  return value_at(reader, i, &statement->in[statement->n_in++]);
}

enum tp_status tp_wiring_read_out(struct tp_wiring_reader *reader, int i,
                                  struct tp_wiring_statement *statement)
{
  return value_at(reader, i, &statement->out[statement->n_out++]);
}
