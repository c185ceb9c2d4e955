/* Names that are longer than their room: cut, and still told apart. */
#include "plot/text.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { MOST_ROUNDS = 8, BARELY = 3 };

static int columns_of(const char *text, size_t n)
{
  int columns;
  tp_plot_fit(text, n, INT_MAX - 1, &columns);
  return columns;
}

/* What fits from byte `from` on, an ellipsis at either end that is cut. */
static const char *piece(const char *name, size_t from, int width, struct tp_arena *arena)
{
  int columns;
  const char *const rest = name + from, *const before = from > 0 ? TP_PLOT_ELLIPSIS : "";
  const int room = from > 0 ? width - 1 : width;
  const size_t left = strlen(rest);
  const bool whole = tp_plot_fit(rest, left, room, &columns) == left;
  const size_t bytes = whole ? left : tp_plot_fit(rest, left, room - 1, &columns);
  return tp_arena_printf(arena, "%s%.*s%s", before, (int)bytes, rest,
                         whole ? "" : TP_PLOT_ELLIPSIS);
}

/* Behind a mark that parts words, and not at another. */
static bool begins_word(const char *name, size_t at)
{
  static const char marks[] = "/-_.:+, ";
  return name[at] != '\0' && strchr(marks, name[at]) == NULL &&
         (at == 0 || strchr(marks, name[at - 1]) != NULL);
}

/* The next whole character. */
static size_t next_of(const char *name, size_t at)
{
  do
    at++;
  while (((unsigned char)name[at] & 0xc0) == 0x80);
  return at;
}

/* Where to begin so that what differs, from byte `differs` on, is in sight: up to `most` columns
 * ahead of it, or farther where the rest of the name fits; better at a word, if it begins within a
 * third of the room. */
static size_t begin_of(const char *name, size_t differs, int most, int width)
{
  int ahead = columns_of(name, differs), rest = columns_of(name, strlen(name));
  size_t from = 0;
  while (from < differs && ahead > most && rest > width - 1) {
    const size_t next = next_of(name, from);
    const int columns = columns_of(name + from, next - from);
    ahead -= columns;
    rest -= columns;
    from = next;
  }
  for (size_t at = from; columns_of(name + from, at - from) <= width / 3; at = next_of(name, at)) {
    if (begins_word(name, at))
      return at;
    if (at >= differs)
      break;
  }
  return from;
}

/* Bytes that both begin with, in whole characters. */
static size_t shared(const char *a, const char *b)
{
  size_t n = 0;
  while (a[n] != '\0' && a[n] == b[n])
    n++;
  while (n > 0 && ((unsigned char)a[n] & 0xc0) == 0x80)
    n--;
  return n;
}

/* Whether two are shown alike: as one text, or, of those just cut behind, with a difference in the
 * last few characters alone, which says little. */
static bool are_alike(const char *a, const char *b, bool barely)
{
  const size_t same = shared(a, b), left = strlen(a) - same, end = sizeof TP_PLOT_ELLIPSIS - 1;
  const bool cut = strlen(a) > end && strcmp(a + strlen(a) - end, TP_PLOT_ELLIPSIS) == 0;
  return strcmp(a, b) == 0 || (barely && cut && left <= BARELY + end);
}

/* Other names that are shown as this one is: how many, and what all of them begin with. */
static size_t find_alike(const char *const *names, const char *const *texts, size_t n, size_t of,
                         bool barely, size_t *differs)
{
  size_t n_alike = 0;
  *differs = strlen(names[of]);
  for (size_t i = 0; i < n; i++) {
    if (strcmp(names[i], names[of]) == 0 || !are_alike(texts[of], texts[i], barely))
      continue;
    const size_t same = shared(names[i], names[of]);
    *differs = same < *differs ? same : *differs;
    n_alike++;
  }
  return n_alike;
}

/* The last resort: the place of the name, which no other has. */
static const char *numbered(const char *const *names, size_t of, int width, struct tp_arena *arena)
{
  size_t first = 0;
  while (strcmp(names[first], names[of]) != 0)
    first++;
  const char *const number = tp_arena_printf(arena, "#%zu", first + 1);
  return tp_arena_printf(arena, "%s%s", piece(names[of], 0, width - (int)strlen(number), arena),
                         number);
}

/* Names that the cut made equal begin where they differ.  Those that are equal then have more in
 * common, and move on; where they have not, what differs was not in sight: they begin nearer to it.
 */
const char **tp_plot_shorten(const char *const *names, size_t n, int width, struct tp_arena *arena)
{
  struct {
    size_t differs;
    int ahead;
  } *const last = tp_arena_alloc(arena, n, sizeof *last);
  const char **texts = TP_NEW(arena, const char *, n);
  for (size_t i = 0; i < n; i++)
    texts[i] = piece(names[i], 0, width, arena);
  bool moved = true;
  for (int round = 0; round <= MOST_ROUNDS && moved; round++) {
    moved = false;
    const char **const next = TP_NEW(arena, const char *, n);
    for (size_t i = 0; i < n; i++) {
      size_t differs;
      next[i] = texts[i];
      if (strcmp(texts[i], names[i]) == 0 ||
          find_alike(names, texts, n, i, round == 0, &differs) == 0)
        continue;
      last[i].ahead = differs > last[i].differs ? width / 2 : last[i].ahead / 2;
      last[i].differs = differs;
      next[i] =
          round == MOST_ROUNDS
              ? numbered(names, i, width, arena)
              : piece(names[i], begin_of(names[i], differs, last[i].ahead, width), width, arena);
      moved = true;
    }
    texts = next;
  }
  return texts;
}
