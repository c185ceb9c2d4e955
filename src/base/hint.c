/* Which of the names that there are somebody meant. */
#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { MAX_WORD = 64, MAX_SUGGESTIONS = 3, MAX_KNOWN = 12, LEAST_LETTERS = 3 };

static size_t min_size(size_t a, size_t b)
{
  return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
  return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t tp_text_distance(const char *a, const char *b)
{
  const size_t n_a = strlen(a), n_b = strlen(b);
  if (n_a > MAX_WORD || n_b > MAX_WORD)
    return n_a > n_b ? n_a : n_b;
  size_t rows[3][MAX_WORD + 1];
  size_t *before = rows[0], *previous = rows[1], *current = rows[2];
  for (size_t j = 0; j <= n_b; j++)
    previous[j] = j;
  for (size_t i = 1; i <= n_a; i++) {
    current[0] = i;
    for (size_t j = 1; j <= n_b; j++) {
      const size_t substituted = previous[j - 1] + !same_letter(a[i - 1], b[j - 1]);
      current[j] = min_size(substituted, min_size(previous[j], current[j - 1]) + 1);
      if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) && same_letter(a[i - 2], b[j - 1]))
        current[j] = min_size(current[j], before[j - 2] + 1);
    }
    size_t *const oldest = before;
    before = previous;
    previous = current;
    current = oldest;
  }
  return previous[n_b];
}

bool tp_text_is_among(const char *word, const char *const *names, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (strcmp(word, names[i]) == 0)
      return true;
  return false;
}

bool tp_text_is_slip(const char *word, const char *name)
{
  const size_t length = strlen(word), distance = tp_text_distance(word, name);
  if (distance == 0)
    return strcmp(word, name) != 0; /* capitals */
  return length >= LEAST_LETTERS && length <= MAX_WORD && strlen(name) >= LEAST_LETTERS &&
         distance <= (length < 8 ? 1 : length / 4);
}

/* "lama-8b" leaves letters out of "llama-3.1-8b": far by edits, near to a reader. */
static bool is_shortening(const char *word, const char *name)
{
  for (; *name != '\0'; name++)
    if (*word != '\0' && same_letter(*word, *name))
      word++;
  return *word == '\0';
}

/* The word as a part of the name that a mark ends: "h200" of "h200-sxm", "mxfp4" of "w4a16-mxfp4",
 * and no "h20" of "h200". */
static bool is_part(const char *word, const char *name)
{
  const size_t length = strlen(word);
  for (const char *at = name; *at != '\0'; at++) {
    size_t same = 0;
    while (same < length && at[same] != '\0' && same_letter(word[same], at[same]))
      same++;
    if (same == length && (at == name || !isalnum((unsigned char)at[-1])) &&
        !isalnum((unsigned char)at[same]))
      return true;
  }
  return false;
}

/* How a name may be close, the closest first: it is the word in other capitals, has the whole word,
 * is a few letters off, has the word's letters.  Where names of one kind are there, those of the
 * next are not meant. */
enum kind { IS_SAME, HAS_WORD, IS_OFF, HAS_LETTERS, IS_FAR };
enum { RANKS_A_KIND = 65536 };

static enum kind kind_of(size_t rank)
{
  return (enum kind)(rank / RANKS_A_KIND);
}

/* Lower is closer. */
static size_t rank_name(const char *word, const char *name)
{
  const size_t length = strlen(word), distance = tp_text_distance(word, name);
  const size_t edits = length <= 4 ? 1 : 1 + length / 4; /* h20 is no h100 */
  const size_t longer = min_size(strlen(name), RANKS_A_KIND - 1);
  if (length <= MAX_WORD && distance == 0)
    return IS_SAME;
  if (length >= LEAST_LETTERS && is_part(word, name))
    return HAS_WORD * RANKS_A_KIND + longer;
  if (length <= MAX_WORD && distance <= edits)
    return IS_OFF * RANKS_A_KIND + distance;
  if (length >= LEAST_LETTERS && is_shortening(word, name))
    return HAS_LETTERS * RANKS_A_KIND + longer;
  return IS_FAR * RANKS_A_KIND;
}

const char *tp_text_hint(struct tp_arena *arena, const char *word, const char *const *names,
                         size_t n_names)
{
  const char *best[MAX_SUGGESTIONS] = {NULL};
  size_t ranks[MAX_SUGGESTIONS + 1];
  size_t n_best = 0;
  for (size_t i = 0; i < n_names; i++) {
    const size_t rank = rank_name(word, names[i]);
    if (kind_of(rank) == IS_FAR || tp_text_is_among(names[i], best, n_best))
      continue;
    size_t at = n_best;
    while (at > 0 && ranks[at - 1] > rank)
      at--;
    if (at == MAX_SUGGESTIONS)
      continue;
    if (n_best < MAX_SUGGESTIONS)
      n_best++;
    for (size_t j = n_best - 1; j > at; j--) {
      best[j] = best[j - 1];
      ranks[j] = ranks[j - 1];
    }
    best[at] = names[i];
    ranks[at] = rank;
  }
  while (n_best > 1 && kind_of(ranks[n_best - 1]) > kind_of(ranks[0]))
    n_best--;
  if (n_best == 0 && n_names == 0)
    return "";
  const char *hint = n_best > 0 ? "; did you mean" : "; known:";
  const size_t n_listed = n_best > 0 ? n_best : min_size(n_names, MAX_KNOWN);
  for (size_t i = 0; i < n_listed; i++)
    hint = n_best > 0 ? tp_arena_printf(arena, "%s%s '%s'", hint, i > 0 ? " or" : "", best[i])
                      : tp_arena_printf(arena, "%s%s %s", hint, i > 0 ? "," : "", names[i]);
  return tp_arena_printf(arena, "%s%s", hint,
                         n_best > 0            ? "?"
                         : n_names > MAX_KNOWN ? ", ..."
                                               : "");
}
