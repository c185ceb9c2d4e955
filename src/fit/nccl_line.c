#include "fit/nccl_line.h"

#include <ctype.h>
#include <string.h>

/* "\033[32m" and what else begins so ends with a letter. */
static const char *past_colour(const char *at)
{
  if (at[0] != '\033' || at[1] != '[')
    return at;
  at += 2;
  at += strspn(at, "0123456789;?");
  return at + (*at != '\0');
}

static void take_colours_off(char *line)
{
  char *to = line;
  for (const char *from = line; *from != '\0';) {
    const char *const past = past_colour(from);
    if (past == from)
      *to++ = *from++;
    else
      from = past;
  }
  *to = '\0';
}

void tp_nccl_line_clean(char *line)
{
  take_colours_off(line);
  size_t n = strlen(line);
  while (n > 0 && isspace((unsigned char)line[n - 1]))
    n--;
  const char *const first = line + strspn(line, " \t");
  const size_t with_comma = n > 0 && line[n - 1] == ',';
  if (*first != '"' || n < with_comma + 2 || line + n - 1 - with_comma <= first ||
      line[n - 1 - with_comma] != '"')
    return;
  line[n - 1 - with_comma] = '\0';
  memmove(line, first + 1, strlen(first + 1) + 1);
}

void tp_nccl_line_split(const char *line, bool comma, struct tp_arena *arena,
                        struct tp_nccl_line *words)
{
  const char *const stops = comma ? "," : " \t\r";
  char *at = tp_arena_strdup(arena, line);
  for (words->n = 0; words->n < TP_NCCL_MOST_WORDS; at++) {
    at += strspn(at, " \t\r\"'");
    if (*at == '\0' && (!comma || words->n == 0))
      return;
    words->items[words->n++] = at;
    at += strcspn(at, stops);
    const bool ends = *at == '\0';
    for (char *last = at; last > words->items[words->n - 1] && strchr(" \t\r\"'", last[-1]);)
      *--last = '\0';
    *at = '\0';
    if (ends)
      return;
  }
}

bool tp_nccl_is_comma_number(const char *word)
{
  const size_t whole = strspn(word, "0123456789");
  const size_t digits = word[whole] == ',' ? strspn(word + whole + 1, "0123456789") : 0;
  return whole > 0 && digits > 0 && word[whole + 1 + digits] == '\0';
}
