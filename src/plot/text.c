#include "plot/text.h"

#include <stdbool.h>
#include <string.h>

static const char ellipsis[] = "\xe2\x80\xa6", unreadable[] = "\xef\xbf\xbd",
                  no_space[] = "\xe2\x80\x8b";

/* Bytes of the well-formed UTF-8 character (RFC 3629) that `s` begins with; 0: none. */
static size_t character(const unsigned char *s)
{
  const size_t n = s[0] < 0x80                  ? 1
                   : s[0] < 0xc2 || s[0] > 0xf4 ? 0
                   : s[0] < 0xe0                ? 2
                   : s[0] < 0xf0                ? 3
                                                : 4;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  const bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
  const bool surrogate = s[0] == 0xed && s[1] >= 0xa0;
  const bool beyond = s[0] == 0xf4 && s[1] >= 0x90;
  return overlong || surrogate || beyond ? 0 : n;
}

/* Characters that XML forbids or that a terminal obeys. */
static bool is_control(const unsigned char *s)
{
  return s[0] < ' ' || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0) ||
         (s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe);
}

/* gnuplot lets "&#" through to SVG, where it begins a reference: a space without width parts it. */
static const char *clean(const char *text, struct tp_arena *arena)
{
  char *const result = TP_NEW(arena, char, 4 * strlen(text) + 1), *end = result;
  while (*text != '\0') {
    const unsigned char *const s = (const unsigned char *)text;
    const size_t n = character(s);
    const char *const shown = n == 0          ? unreadable
                              : is_control(s) ? " "
                              : text[0] == '&' && text[1] == '#'
                                  ? tp_arena_printf(arena, "&%s", no_space)
                                  : tp_arena_printf(arena, "%.*s", (int)n, text);
    end = stpcpy(end, shown);
    text += n == 0 ? 1 : n;
  }
  return result;
}

/* Bytes of the characters that fit into `width` columns, of at most `n` bytes; the columns taken.
 */
static size_t fit(const char *text, size_t n, int width, int *taken)
{
  size_t at = 0;
  *taken = 0;
  while (at < n) {
    const size_t bytes = character((const unsigned char *)text + at);
    const int columns = bytes > 2 ? 2 : 1;
    if (*taken + columns > width)
      break;
    at += bytes;
    *taken += columns;
  }
  return at;
}

static void add_line(struct tp_plot_text *text, const char *line, size_t n, int width,
                     struct tp_arena *arena)
{
  int columns;
  const bool whole = fit(line, n, width, &columns) == n;
  const size_t bytes = whole ? n : fit(line, n, width - 1, &columns);
  TP_APPEND(arena, text->lines, text->n,
            tp_arena_printf(arena, "%.*s%s", (int)bytes, line, whole ? "" : ellipsis));
  columns += whole ? 0 : 1;
  text->width = columns > text->width ? columns : text->width;
}

struct tp_plot_text tp_plot_cut(const char *text, int width, struct tp_arena *arena)
{
  struct tp_plot_text result = {.n = 0};
  const char *const line = clean(text, arena);
  add_line(&result, line, strlen(line), width, arena);
  return result;
}

/* Where a line of at most `n` bytes ends: behind a comma if there is one, else at a space, else at
 * the end of the word, which is too long then. */
static size_t last_break(const char *text, size_t n)
{
  for (size_t at = n; at > 1; at--)
    if (text[at] == ' ' && text[at - 1] == ',')
      return at;
  for (size_t at = n; at > 0; at--)
    if (text[at] == ' ')
      return at;
  return strcspn(text, " ");
}

struct tp_plot_text tp_plot_wrap(const char *text, int width, struct tp_arena *arena)
{
  struct tp_plot_text result = {.n = 0};
  int columns;
  for (const char *rest = clean(text, arena);;) {
    rest += strspn(rest, " ");
    const size_t left = strlen(rest), whole = fit(rest, left, width, &columns);
    const size_t n = whole == left ? left : last_break(rest, whole);
    if (left == 0 && result.n > 0)
      return result;
    add_line(&result, rest, n, width, arena);
    rest += n;
  }
}

/* In single quotes nothing has a meaning; one in the text stands apart, as gnuplot takes '' within
 * them, which it documents, for an end at some places. */
void tp_plot_put_text(struct tp_plot_text text, FILE *out)
{
  for (size_t i = 0; i < text.n; i++) {
    fputs(i > 0 ? ".\"\\n\".'" : "'", out);
    for (const char *c = text.lines[i]; *c != '\0'; c++)
      if (*c == '\'')
        fputs("'.\"\\047\".'", out);
      else
        putc(*c, out);
    putc('\'', out);
  }
}
