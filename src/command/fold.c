#define _DEFAULT_SOURCE /* struct winsize */

#include "command/fold.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

size_t tp_fold_width(FILE *out, size_t otherwise)
{
  enum { LEAST = 40 };
  struct winsize size;
  const char *const columns = getenv("COLUMNS");
  long width = 0;
  if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    width = size.ws_col;
  else if (columns != NULL)
    width = strtol(columns, NULL, 10);
  return width <= 0 ? otherwise : width < LEAST ? LEAST : (size_t)width;
}

static bool begins_character(char byte)
{
  return ((unsigned char)byte & 0xc0) != 0x80;
}

size_t tp_fold_columns(const char *text, size_t bytes)
{
  size_t n = 0;
  for (size_t i = 0; i < bytes; i++)
    n += begins_character(text[i]);
  return n;
}

size_t tp_fold_line(const char *text, size_t width, size_t *next)
{
  size_t columns = 0, word_end = 0, i = 0;
  for (; text[i] != '\0' && text[i] != '\n'; i++) {
    columns += begins_character(text[i]);
    if (text[i] == ' ' && i > 0 && text[i - 1] != ' ')
      word_end = i;
    if (columns > width)
      break;
  }
  if (text[i] == '\0' || text[i] == '\n') {
    *next = i + (text[i] == '\n');
    return i;
  }
  const size_t end = word_end > 0 ? word_end : i;
  *next = end + strspn(text + end, " ");
  return end;
}

static char plain(char byte)
{
  return (unsigned char)byte < ' ' || byte == '\x7f' ? '?' : byte;
}

void tp_fold_put(const char *text, size_t bytes, FILE *out)
{
  for (size_t i = 0; i < bytes; i++)
    putc(plain(text[i]), out);
}

const char *tp_fold_plain(const char *text, struct tp_arena *arena)
{
  char *const copy = tp_arena_strdup(arena, text);
  for (char *c = copy; *c != '\0'; c++)
    *c = plain(*c);
  return copy;
}

void tp_fold_print(const char *text, size_t indent, size_t width, FILE *out)
{
  enum { LEAST = 20 };
  const size_t left = width > indent + LEAST ? width - indent : width > LEAST ? LEAST : width;
  do {
    size_t next;
    tp_fold_put(text, tp_fold_line(text, left, &next), out);
    putc('\n', out);
    text += next;
    if (*text != '\0')
      fprintf(out, "%*s", (int)indent, "");
  } while (*text != '\0');
}

static bool all_fit(const char *text, size_t width)
{
  bool fit = true;
  while (*text != '\0') {
    const size_t bytes = strcspn(text, "\n");
    fit = fit && tp_fold_columns(text, bytes) <= width;
    text += bytes + (text[bytes] == '\n');
  }
  return fit;
}

/* Lines that are long and have another one at the margin below go on with that. */
static void join_lines(char *text)
{
  enum { LONG = 60 }; /* columns: what is shorter ends on purpose */
  for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
    if (tp_fold_columns(line, (size_t)(end - line)) > LONG && strchr(" \n", end[1]) == NULL)
      *end = ' ';
}

void tp_fold_flow(const char *text, size_t width, FILE *out)
{
  char *const flowing = strdup(text);
  if (flowing != NULL && !all_fit(text, width))
    join_lines(flowing);
  tp_fold_print(flowing != NULL ? flowing : text, 0, width, out);
  free(flowing);
}
