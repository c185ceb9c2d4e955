#include "../random.h"
#include "../suite.h"
#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

static bool all_are(const unsigned char *bytes, size_t n, int value)
{
  for (size_t i = 0; i < n; i++)
    if (bytes[i] != value)
      return false;
  return true;
}

START_TEST(memory_is_zeroed_aligned_and_apart)
{
  enum { PIECES = 2000 };
  struct tp_arena *const arena = tp_arena_create();
  for (int round = 0; round < 2; round++) {
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    uint64_t state = tp_random_seed(round);
    for (int i = 0; i < PIECES; i++) {
      sizes[i] = tp_random_below(&state, i % 100 == 0 ? 200000 : 300);
      pieces[i] = tp_arena_alloc(arena, sizes[i], 1);
      ck_assert_uint_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0);
      ck_assert_msg(all_are(pieces[i], sizes[i], 0), "piece %d is not zero", i);
      memset(pieces[i], i % 255 + 1, sizes[i]);
    }
    for (int i = 0; i < PIECES; i++)
      ck_assert_msg(all_are(pieces[i], sizes[i], i % 255 + 1), "piece %d overwritten", i);
    tp_arena_reset(arena);
  }
  tp_arena_free(arena);
  tp_arena_free(NULL);
}
END_TEST

START_TEST(text_is_copied_and_formatted)
{
  struct tp_arena *const arena = tp_arena_create();
  char word[] = "word";
  const char *const copy = tp_arena_strdup(arena, word);
  word[0] = 'l';
  ck_assert_str_eq(copy, "word");
  ck_assert_str_eq(tp_arena_printf(arena, "%s-%d", word, 7), "lord-7");
  tp_arena_free(arena);
}
END_TEST

/* Items stay as they were while the array moves, and room lost by a smaller n is not written
 * past. */
START_TEST(arrays_grow)
{
  struct pair {
    size_t index, square;
  };
  struct tp_arena *const arena = tp_arena_create();
  struct pair *pairs = NULL;
  size_t n = 0;
  for (size_t i = 0; i < 1000; i++)
    TP_APPEND(arena, pairs, n, (struct pair){i, i * i});
  ck_assert_uint_eq(n, 1000);
  n = 70;
  unsigned char *const behind = tp_arena_alloc(arena, 1000 * sizeof *pairs, 1);
  for (size_t i = 70; i < 1000; i++)
    TP_APPEND(arena, pairs, n, (struct pair){i, i * i});
  for (size_t i = 0; i < n; i++)
    ck_assert(pairs[i].index == i && pairs[i].square == i * i);
  ck_assert(all_are(behind, 1000 * sizeof *pairs, 0));
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("arena");
  TCase *const t = tcase_create("arena");
  tcase_set_timeout(t, 60);
  tcase_add_test(t, memory_is_zeroed_aligned_and_apart);
  tcase_add_test(t, text_is_copied_and_formatted);
  tcase_add_test(t, arrays_grow);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
