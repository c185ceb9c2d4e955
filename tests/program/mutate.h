#ifndef TP_TESTS_PROGRAM_MUTATE_H
#define TP_TESTS_PROGRAM_MUTATE_H
/* Wirings that nobody wrote: the project's, with lines dropped, doubled, swapped and taken from one
 * another, words and bytes changed. */
#include "../random.h"
#include "base/file.h"
#include "wiring.h"

enum { MUTATE_MOST_LINES = 400, MUTATE_MOST_FILES = 32 };

/* The project's wirings line by line. */
struct mutate_pool {
  struct tp_arena *arena; /* lives as long as the pool */
  size_t n_files, first[MUTATE_MOST_FILES + 1];
  const char *lines[2 * MUTATE_MOST_LINES];
};

static inline void mutate_pool_read(struct mutate_pool *pool, struct tp_arena *arena)
{
  const char **names;
  size_t n = 0, n_lines = 0;
  struct tp_error error;
  pool->arena = arena;
  ck_assert_int_eq(tp_wiring_list(&source_dirs, arena, &names, &n, &error), TP_OK);
  ck_assert_uint_le(n, MUTATE_MOST_FILES);
  for (pool->n_files = 0; pool->n_files < n; pool->n_files++) {
    const char *text;
    const char *const path =
        tp_arena_printf(arena, "%s/models/wirings/%s.tpa", TP_SRCDIR, names[pool->n_files]);
    ck_assert_int_eq(tp_file_read(path, arena, &text, &error), TP_OK);
    pool->first[pool->n_files] = n_lines;
    while (*text != '\0' && n_lines < 2 * MUTATE_MOST_LINES) {
      const size_t length = strcspn(text, "\n");
      if (text[0] != '#' && length > 0)
        pool->lines[n_lines++] = tp_arena_printf(arena, "%.*s", (int)length, text);
      text += length + (text[length] == '\n');
    }
  }
  pool->first[pool->n_files] = n_lines;
}

/* One word of the line for another of the pool's, or one byte for any. */
static inline const char *mutate_line(const struct mutate_pool *pool, const char *line,
                                      struct tp_arena *arena, uint64_t *seed)
{
  const size_t length = strlen(line), n = pool->first[pool->n_files];
  if (tp_random_below(seed, 8) == 0) {
    char *const changed = tp_arena_strdup(arena, line);
    if (length > 0)
      changed[tp_random_below(seed, length)] = (char)(1 + tp_random_below(seed, 255));
    return changed;
  }
  const char *const other = pool->lines[tp_random_below(seed, n)];
  const size_t from = tp_random_below(seed, length + 1);
  const size_t at = tp_random_below(seed, strlen(other) + 1);
  const size_t start = from - (from > 0 ? strcspn(line, " ") % (from + 1) : 0);
  const size_t end = start + strcspn(line + start, " ");
  const size_t word = at + strspn(other + at, " ");
  return tp_arena_printf(arena, "%.*s%.*s%s", (int)start, line, (int)strcspn(other + word, " "),
                         other + word, line + end);
}

/* A wiring with one to four changes. */
static inline const char *mutate(const struct mutate_pool *pool, struct tp_arena *arena,
                                 uint64_t *seed)
{
  const char *lines[2 * MUTATE_MOST_LINES];
  const size_t file = tp_random_below(seed, pool->n_files), all = pool->first[pool->n_files];
  size_t n = 0;
  for (size_t i = pool->first[file]; i < pool->first[file + 1]; i++)
    lines[n++] = pool->lines[i];
  for (size_t changes = 1 + tp_random_below(seed, 4); changes > 0 && n > 0; changes--) {
    const size_t at = tp_random_below(seed, n), other = tp_random_below(seed, n);
    const char *const line = lines[at];
    switch (tp_random_below(seed, 6)) {
    case 0: /* dropped */
      memmove(&lines[at], &lines[at + 1], (--n - at) * sizeof *lines);
      break;
    case 1: /* doubled */
    case 2: /* another file's before it */
      memmove(&lines[at + 1], &lines[at], (n++ - at) * sizeof *lines);
      lines[at] = tp_random_below(seed, 2) == 0 ? line : pool->lines[tp_random_below(seed, all)];
      break;
    case 3: /* swapped with the next, or any */
    case 4:
      if (at + 1 < n || other != at) {
        const size_t to = at + 1 < n && tp_random_below(seed, 2) == 0 ? at + 1 : other;
        lines[at] = lines[to];
        lines[to] = line;
      }
      break;
    default:
      lines[at] = mutate_line(pool, line, arena, seed);
    }
  }
  char *text = TP_NEW(arena, char, n * 512 + 1), *end = text;
  for (size_t i = 0; i < n; i++)
    end += snprintf(end, 512, "%.500s\n", lines[i]);
  return text;
}

/* The text as an architecture, where it is one. */
static inline enum tp_status mutate_read(const char *text, struct tp_arena *arena,
                                         struct tp_variant *variant, struct tp_error *error)
{
  const struct tp_wiring *wiring;
  TP_TRY(tp_wiring_read(text, "mutant.tpa", arena, &wiring, error));
  struct tp_architecture *architecture = TP_NEW(arena, struct tp_architecture, 1);
  *architecture = tp_wiring_architecture(wiring, "mutant");
  *variant = (struct tp_variant){.text = "mutant", .architecture = architecture};
  return TP_OK;
}
#endif
