/* JSON as Python writes it, which is not quite JSON. */
#include "model/family.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* NaN and Infinity, which no JSON has: how long one that stands here is, else 0. */
static size_t bare_word(const char *text)
{
  static const char *const words[] = {"NaN", "-Infinity", "Infinity"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strncmp(text, words[i], strlen(words[i])) == 0)
      return strlen(words[i]);
  return 0;
}

/* A number, or any other word without quotes: how long it is. */
static size_t word_length(const char *text)
{
  const char *end = text;
  while (isalnum((unsigned char)*end) || (*end != '\0' && strchr("+-._", *end) != NULL))
    end++;
  return (size_t)(end - text);
}

/* Python's integers have no end, as the 10^30 that says a tokenizer takes any length. */
static bool passes_int64(const char *word, size_t length)
{
  enum { MOST_DIGITS = 18 };
  const size_t digits = strspn(word + (*word == '-'), "0123456789");
  return digits > MOST_DIGITS && digits + (*word == '-') == length;
}

/* Bare words become text, which no number may be, and endless integers reals.  Nothing moves to
 * another line. */
static const char *in_json(const char *text, struct tp_arena *arena)
{
  char *const copy = tp_arena_alloc(arena, 3 * strlen(text) + 1, 1), *end = copy;
  bool quoted = false;
  while (*text != '\0') {
    const size_t length = quoted ? 0 : word_length(text);
    if (length > 0) {
      const char *const quote = bare_word(text) == length ? "\"" : "";
      const char *const fraction = passes_int64(text, length) ? ".0" : "";
      end += sprintf(end, "%s%.*s%s%s", quote, (int)length, text, fraction, quote);
      text += length;
      continue;
    }
    if (quoted && *text == '\\' && text[1] != '\0')
      *end++ = *text++;
    else if (*text == '"')
      quoted = !quoted;
    *end++ = *text++;
  }
  *end = '\0';
  return copy;
}

enum tp_status tp_python_json_parse(const char *name, const char *text, struct tp_arena *arena,
                                    struct tp_doc *doc, struct tp_error *error)
{
  return tp_doc_parse(name, in_json(text, arena), arena, doc, error);
}
