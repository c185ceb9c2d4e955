/* Lines of a wiring as words. */
#include "base/text.h"
#include "program/wiring/reader.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST_CHARS = 200, SHOWN = 40 };

enum tp_status tp_wiring_fail(const struct tp_wiring_reader *reader, int line, const char *word,
                              const char *format, ...)
{
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (word == NULL)
    return tp_fail(reader->error, TP_E_INPUT, "%s:%d: %s", reader->wiring->path, line, text);
  return tp_fail(reader->error, TP_E_INPUT, "%s:%d: '%.*s': %s", reader->wiring->path, line, SHOWN,
                 word, text);
}

enum tp_status tp_wiring_number(const struct tp_wiring_reader *reader, const char *word, int least,
                                int most, int *number)
{
  double value = 0;
  if (word == NULL || !tp_text_number(word, &value) || value < least || value > most ||
      value != (double)(int)value)
    return tp_wiring_fail(reader, reader->line, word, "no whole number from %d to %d", least, most);
  *number = (int)value;
  return TP_OK;
}

/* Names and numbers: "desync-2x", "2401.16677", "m'". */
static bool is_letter(char c)
{
  return isalnum((unsigned char)c) || (c != '\0' && strchr("_-.'", c) != NULL);
}

/* How long the word is that begins here; signs are words, "+=" one of two. */
static size_t word_length(const char *at)
{
  size_t length = 0;
  while (is_letter(at[length]))
    length++;
  if (length > 0)
    return length;
  return at[0] == '+' && at[1] == '=' ? 2 : 1;
}

static enum tp_status cut(struct tp_wiring_reader *reader, const char *line, size_t length)
{
  const char *at = line, *const end = line + length;
  reader->n_words = 0;
  for (;;) {
    while (at < end && (*at == ' ' || *at == '\t'))
      at++;
    if (at == end || *at == '#')
      break;
    const size_t n = word_length(at);
    if (!is_letter(*at) && strchr("=+/~&,%:@", *at) == NULL)
      return tp_wiring_fail(reader, reader->line, NULL,
                            "byte 0x%02x has no meaning here; behind # anything may stand",
                            (unsigned)(unsigned char)*at);
    if (reader->n_words == TP_WIRING_MOST_WORDS)
      return tp_wiring_fail(reader, reader->line, NULL, "more than %d words; a statement has fewer",
                            (int)TP_WIRING_MOST_WORDS);
    reader->words[reader->n_words++] = tp_arena_printf(reader->arena, "%.*s", (int)n, at);
    at += n;
  }
  reader->words[reader->n_words] = NULL;
  return TP_OK;
}

static bool is_text(const char *word, size_t length)
{
  static const char *const of_text[] = {"summary", "equation", "source"};
  for (size_t i = 0; i < sizeof of_text / sizeof of_text[0]; i++)
    if (strlen(of_text[i]) == length && strncmp(word, of_text[i], length) == 0)
      return true;
  return false;
}

/* A line for people: its first word, and all behind it as it stands. */
static enum tp_status take_text(struct tp_wiring_reader *reader, const char *line, size_t length,
                                size_t word)
{
  for (size_t i = 0; i < length; i++)
    if ((unsigned char)line[i] < ' ' && line[i] != '\t')
      return tp_wiring_fail(reader, reader->line, NULL, "a control character; write text");
  reader->words[0] = tp_arena_printf(reader->arena, "%.*s", (int)word, line);
  reader->words[1] = NULL;
  reader->n_words = 1;
  while (word < length && (line[word] == ' ' || line[word] == '\t'))
    word++;
  reader->rest = tp_arena_printf(reader->arena, "%.*s", (int)(length - word), line + word);
  return TP_OK;
}

enum tp_status tp_wiring_next_line(struct tp_wiring_reader *reader, bool *any)
{
  for (reader->n_words = 0; reader->n_words == 0 && *reader->behind != '\0';) {
    const char *line = reader->behind;
    size_t length = strcspn(line, "\n");
    reader->behind = line + length + (line[length] == '\n');
    reader->line++;
    while (length > 0 && strchr(" \t\r", line[length - 1]) != NULL)
      length--;
    for (; length > 0 && (*line == ' ' || *line == '\t'); length--)
      line++;
    if (length > MOST_CHARS)
      return tp_wiring_fail(reader, reader->line, NULL, "more than %d characters in a line",
                            (int)MOST_CHARS);
    const size_t word = length > 0 ? word_length(line) : 0;
    if (is_text(line, word < length ? word : length))
      TP_TRY(take_text(reader, line, length, word));
    else
      TP_TRY(cut(reader, line, length));
  }
  *any = reader->n_words > 0;
  return TP_OK;
}

const char *tp_wiring_word(const struct tp_wiring_reader *reader, int i)
{
  return i < reader->n_words ? reader->words[i] : "";
}

bool tp_wiring_is(const struct tp_wiring_reader *reader, int word, const char *text)
{
  return word < reader->n_words && strcmp(reader->words[word], text) == 0;
}

enum tp_status tp_wiring_expect(const struct tp_wiring_reader *reader, int i, const char *text)
{
  if (tp_wiring_is(reader, i, text))
    return TP_OK;
  if (i >= reader->n_words)
    return tp_wiring_fail(reader, reader->line, NULL, "the line ends where '%s' should stand",
                          text);
  return tp_wiring_fail(reader, reader->line, reader->words[i], "'%s' should stand here", text);
}

enum tp_status tp_wiring_expect_end(const struct tp_wiring_reader *reader, int words)
{
  if (reader->n_words == words)
    return TP_OK;
  return tp_wiring_fail(reader, reader->line, reader->words[words],
                        "nothing more is expected in this line");
}
