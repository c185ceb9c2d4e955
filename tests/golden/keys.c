/* Every key that --set takes of a device, a stack and a link: does a greater value make ops and
 * passes slower or faster, or their intervals wider, or do fewer or more fit?  keys.txt says it of
 * each, and "nothing" of one that binds nowhere; a key without a line there is a failure.  A name
 * that ends in _s must make slower, one that ends in _per_s faster, wherever it binds.
 *   keys            compares with keys.txt
 *   keys --update   writes it anew: read the difference
 */
#include "keys.h"

#include "base/file.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tp_arena *arena;
static struct tp_error error;

static void must(enum tp_status status)
{
  if (status == TP_OK)
    return;
  fprintf(stderr, "keys: %s\n", error.text);
  exit(99);
}

/* --- what a key does ------------------------------------------------------------------------ */

/* A few of many ops may go the other way: another algorithm or tile is chosen. */
static const char *verdict(const struct keys_times *low, const struct keys_times *high)
{
  const double more = 1 + 1e-8, less = 1 - 1e-8;
  size_t fits = 0, up = 0, down = 0, wider = 0, narrower = 0;
  for (size_t i = 0; i < low->n; i++) {
    const struct keys_time *const a = &low->items[i], *const b = &high->items[i];
    fits += a->fits != b->fits && !(isnan(a->fits) && isnan(b->fits));
    if (isnan(a->time_s) || isnan(b->time_s))
      continue;
    up += b->time_s > a->time_s * more;
    down += b->time_s < a->time_s * less;
    wider += b->width > a->width * more;
    narrower += b->width < a->width * less;
  }
  if (up + down > 0)
    return up > 10 * down ? "slower" : down > 10 * up ? "faster" : "mixed";
  return wider > 0 ? "wider" : narrower > 0 ? "narrower" : fits > 0 ? "fits" : "nothing";
}

/* Values stand in several pairs: each is priced once. */
struct priced {
  const char *value;
  struct keys_times times;
};

struct tries {
  const struct keys_bench *bench;
  const char *key;
  enum keys_probe probe;
  struct tp_arena *arena; /* of this key */
  struct priced *priced;
  size_t n_priced;
};

static struct keys_times price(struct tries *tries, const char *value)
{
  for (size_t i = 0; i < tries->n_priced; i++)
    if (strcmp(tries->priced[i].value, value) == 0)
      return tries->priced[i].times;
  const struct keys_settings sets = keys_settings_of(tries->key, value, tries->arena);
  const struct priced priced = {value,
                                keys_bench_times(tries->bench, tries->probe, &sets, tries->arena)};
  TP_APPEND(tries->arena, tries->priced, tries->n_priced, priced);
  return priced.times;
}

static const char *try_pairs(struct tries *tries, const struct keys_pair *pairs, size_t n)
{
  const char *found = "nothing";
  for (size_t i = 0; i < n && strcmp(found, "nothing") == 0; i++) {
    const struct keys_times low = price(tries, pairs[i].low);
    if (low.n == 0)
      continue;
    const struct keys_times high = price(tries, pairs[i].high);
    if (high.n > 0)
      found = verdict(&low, &high);
  }
  return found;
}

static const char *judge(const struct keys_bench *bench, const struct keys_key *key)
{
  struct tp_arena *const own = tp_arena_create();
  struct keys_pair pairs[KEYS_MOST_PAIRS];
  enum keys_probe probes[KEYS_PROBES_OF_ONE];
  const size_t n = keys_pairs(key->value, own, pairs);
  const char *found = "nothing";
  keys_probes(key->name, probes);
  for (int i = 0; i < KEYS_PROBES_OF_ONE && strcmp(found, "nothing") == 0; i++) {
    struct tries tries = {.bench = bench, .key = key->name, .probe = probes[i], .arena = own};
    found = try_pairs(&tries, pairs, n);
  }
  tp_arena_free(own);
  return found;
}

/* Where 0 is in a key's range it says that there is no such thing: whether a time ends all the
 * same, or is none any more. */
static bool zero_breaks(const struct keys_bench *bench, const struct keys_key *key)
{
  struct tp_arena *const own = tp_arena_create();
  enum keys_probe probes[KEYS_PROBES_OF_ONE];
  bool breaks = false;
  keys_probes(key->name, probes);
  struct tries tries = {.bench = bench, .key = key->name, .probe = probes[0], .arena = own};
  const struct keys_times zero = price(&tries, "0");
  const struct keys_times shipped = zero.n > 0 ? price(&tries, key->value) : zero;
  for (size_t i = 0; i < zero.n && i < shipped.n; i++)
    breaks = breaks || isinf(zero.items[i].time_s) || zero.items[i].time_s < 0 ||
             (isnan(zero.items[i].time_s) && !isnan(shipped.items[i].time_s));
  tp_arena_free(own);
  return breaks;
}

/* --- what is wrong -------------------------------------------------------------------------- */

struct lines {
  const char **items;
  size_t n;
};

static struct lines lines_of(const char *text)
{
  struct lines lines = {.n = 0};
  while (*text != '\0') {
    const size_t length = strcspn(text, "\n");
    TP_APPEND(arena, lines.items, lines.n, tp_arena_printf(arena, "%.*s", (int)length, text));
    text += length + (text[length] == '\n');
  }
  return lines;
}

static bool holds(const struct lines *lines, const char *line)
{
  for (size_t i = 0; i < lines->n; i++)
    if (strcmp(lines->items[i], line) == 0)
      return true;
  return false;
}

/* Lines of one that the other lacks; in another order they are the same to nobody. */
static struct lines differences(const char *expected, const char *found)
{
  struct lines wrong = {.n = 0};
  const struct lines before = lines_of(expected), now = lines_of(found);
  for (size_t i = 0; i < before.n; i++)
    if (!holds(&now, before.items[i]))
      TP_APPEND(arena, wrong.items, wrong.n, tp_arena_printf(arena, "< %s", before.items[i]));
  for (size_t i = 0; i < now.n; i++)
    if (!holds(&before, now.items[i]))
      TP_APPEND(arena, wrong.items, wrong.n, tp_arena_printf(arena, "> %s", now.items[i]));
  if (wrong.n == 0 && strcmp(expected, found) != 0)
    TP_APPEND(arena, wrong.items, wrong.n, "the same lines in another order");
  return wrong;
}

static bool is_rate(const char *line)
{
  return strstr(line, "_per_s ") != NULL || strstr(line, "_per_s_per_direction ") != NULL;
}

static bool is_time(const char *line)
{
  return strstr(line, "_s ") != NULL && strstr(line, "_per_s") == NULL;
}

/* Those of the kind that do what only another kind may, or one thing here and another there. */
static struct lines contrary(const char *found, bool (*is_kind)(const char *), const char *effect)
{
  struct lines wrong = {.n = 0};
  const struct lines lines = lines_of(found);
  for (size_t i = 0; i < lines.n; i++) {
    const char *const does = strchr(lines.items[i], ' ') + 1;
    if (is_kind(lines.items[i]) && (strcmp(does, effect) == 0 || strcmp(does, "mixed") == 0))
      TP_APPEND(arena, wrong.items, wrong.n, lines.items[i]);
  }
  return wrong;
}

static struct lines broken_by_zero(const struct keys_bench *bench, const struct keys_list *keys)
{
  struct lines wrong = {.n = 0};
  for (size_t i = 0; i < keys->n; i++)
    if (zero_breaks(bench, &keys->items[i]))
      TP_APPEND(arena, wrong.items, wrong.n, keys->items[i].name);
  return wrong;
}

static bool report(int number, const char *name, struct lines wrong)
{
  printf("%s %d - %s\n", wrong.n == 0 ? "ok" : "not ok", number, name);
  for (size_t i = 0; i < wrong.n; i++)
    printf("# %s\n", wrong.items[i]);
  return wrong.n == 0;
}

static char *judge_all(const struct keys_bench *bench, const struct keys_list *keys)
{
  char *found = NULL;
  size_t n_bytes;
  FILE *const out = open_memstream(&found, &n_bytes);
  for (size_t i = 0; i < keys->n && out != NULL; i++)
    fprintf(out, "%s %s\n", keys->items[i].name, judge(bench, &keys->items[i]));
  if (out == NULL || fclose(out) != 0)
    exit(99);
  return found;
}

static void write_file(const char *file, const char *text)
{
  FILE *const out = fopen(file, "w");
  if (out != NULL && fputs(text, out) >= 0 && fclose(out) == 0)
    return;
  perror(file);
  exit(99);
}

int main(int argc, char **argv)
{
  const char *const srcdir = getenv("SRCDIR");
  const char *const roots[] = {srcdir != NULL ? srcdir : TP_SRCDIR};
  const struct tp_datadir dirs = {roots, 1};
  arena = tp_arena_create();
  const struct keys_bench *const bench = keys_bench_open(&dirs, arena);
  struct keys_list keys;
  must(keys_list_read(roots[0], arena, &keys, &error));
  char *const found = judge_all(bench, &keys);
  const char *const file = tp_arena_printf(arena, "%s/tests/golden/keys.txt", roots[0]);
  const char *expected;
  if (argc == 2 && strcmp(argv[1], "--update") == 0)
    write_file(file, found);
  must(tp_file_read(file, arena, &expected, &error));
  bool right = report(1, "every key moves what keys.txt says", differences(expected, found));
  right = report(2, "seconds make slower", contrary(found, is_time, "faster")) && right;
  right = report(3, "rates make faster", contrary(found, is_rate, "slower")) && right;
  right =
      report(4, "a 0 that is allowed leaves every time one", broken_by_zero(bench, &keys)) && right;
  printf("1..4\n");
  free(found);
  tp_arena_free(arena);
  return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
