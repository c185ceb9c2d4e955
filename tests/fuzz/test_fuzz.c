/* Every target of the fuzzer for a moment, from fixed seeds: shipped files, damaged at random. */
#include "../random.h"
#include "../suite.h"
#include "targets.h"

#include "base/file.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 1500, MOST_SEEDS = 64, N_TARGETS = 12 };

struct seeds {
  const char *texts[MOST_SEEDS];
  size_t n;
};

static struct tp_arena *arena;

static void setup(void)
{
  arena = tp_arena_create();
  fuzz_open();
}

static void teardown(void)
{
  fuzz_close();
  tp_arena_free(arena);
}

static struct seeds seeds_of(const struct fuzz_target *target)
{
  const char *const srcdir = getenv("SRCDIR");
  struct seeds seeds = {.n = 0};
  glob_t found = {.gl_pathc = 0};
  if (target->seed != NULL)
    seeds.texts[seeds.n++] = target->seed;
  if (target->seeds == NULL)
    return seeds;
  glob(tp_arena_printf(arena, "%s/%s", srcdir != NULL ? srcdir : TP_SRCDIR, target->seeds), 0, NULL,
       &found);
  for (size_t i = 0; i < found.gl_pathc && seeds.n < MOST_SEEDS; i++) {
    struct tp_error error;
    ck_assert_msg(tp_file_read(found.gl_pathv[i], arena, &seeds.texts[seeds.n++], &error) == TP_OK,
                  "%s", error.text);
  }
  globfree(&found);
  return seeds;
}

/* Letters and words that mean something to one of the readers. */
static const char *const pieces[] = {
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    "/",
    "=",
    "\"",
    "'",
    ",",
    ":",
    ";",
    "\n",
    "\r\n",
    "\t",
    " ",
    "#",
    "-",
    "+",
    "0",
    "1",
    ".",
    "e9",
    "1e308",
    "-1e99",
    "1e-9",
    "nan",
    "null",
    "true",
    "false",
    "&amp;",
    "\xff",
    "x",
    "9999999999999999999999",
    "# nThread 1\n",
    "# Rank 0\n",
    "#wrong",
    "size",
    "time",
    "algbw",
    "1024 256 float sum -1 18.5 0.06 0.06 0\n",
    "int8",
    "_perf",
    "&a",
    "*a",
    "- ",
    "~scatter\n",
    "~gather\n",
    "@split\n",
    "@join\n",
    "over experts\n",
    "<!--",
    "]]>",
};
enum { N_PIECES = sizeof pieces / sizeof pieces[0] };

/* `text` with a few places cut, doubled, written over or filled in. */
static char *damage(const char *text, uint64_t *state)
{
  char *now = tp_arena_strdup(arena, text);
  for (size_t n = 1 + tp_random_below(state, 4); n > 0; n--) {
    const size_t length = strlen(now);
    const size_t at = tp_random_below(state, length + 1), rest = length - at;
    const size_t some = tp_random_below(state, rest < 40 ? rest + 1 : 40);
    const char *const piece = pieces[tp_random_below(state, N_PIECES)];
    const char *const end = now + at;
    switch (tp_random_below(state, 4)) {
    case 0: /* cut */
      now = tp_arena_printf(arena, "%.*s%s", (int)at, now, end + some);
      break;
    case 1: /* doubled */
      now = tp_arena_printf(arena, "%.*s%.*s%s", (int)at, now, (int)some, end, end);
      break;
    case 2: /* filled in */
      now = tp_arena_printf(arena, "%.*s%s%s", (int)at, now, piece, end);
      break;
    default: /* written over */
      now = tp_arena_printf(arena, "%.*s%s%s", (int)at, now, piece, rest > 0 ? end + 1 : end);
      break;
    }
  }
  return now;
}

START_TEST(reads_or_refuses)
{
  const struct fuzz_target *const target = &fuzz_targets[_i];
  const struct seeds seeds = seeds_of(target);
  uint64_t state = 7 + (uint64_t)_i;
  ck_assert_uint_gt(seeds.n, 0);
  for (size_t i = 0; i < seeds.n; i++)
    fuzz_run(target, (const uint8_t *)seeds.texts[i], strlen(seeds.texts[i]));
  for (int i = 0; i < RUNS; i++) {
    struct tp_arena *const kept = arena;
    const char *const seed = seeds.texts[tp_random_below(&state, seeds.n)];
    arena = tp_arena_create();
    const char *const text = damage(seed, &state);
    fuzz_run(target, (const uint8_t *)text, strlen(text));
    tp_arena_free(arena);
    arena = kept;
  }
}
END_TEST

START_TEST(all_targets_are_run)
{
  ck_assert_ptr_nonnull(fuzz_targets[N_TARGETS - 1].name);
  ck_assert_ptr_null(fuzz_targets[N_TARGETS].name);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("fuzz");
  TCase *tcase = tcase_create("readers");
  tcase_set_timeout(tcase, 120);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_loop_test(tcase, reads_or_refuses, 0, N_TARGETS);
  tcase_add_test(tcase, all_targets_are_run);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
