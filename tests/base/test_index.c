/* Numbers by name. */
#include "base/index.h"

#include "../suite.h"

START_TEST(finds_what_was_added)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_index index = {.arena = arena};
  ck_assert_int_eq(tp_index_find(&index, "gpu0"), -1);
  for (int i = 0; i < 5000; i++) {
    const char *name = tp_arena_printf(arena, "gpu%d", i);
    ck_assert_int_eq(tp_index_find(&index, name), -1);
    tp_index_add(&index, name, i);
  }
  for (int i = 0; i < 5000; i++)
    ck_assert_int_eq(tp_index_find(&index, tp_arena_printf(arena, "gpu%d", i)), i);
  ck_assert_int_eq(tp_index_find(&index, "gpu"), -1);
  ck_assert_int_eq(tp_index_find(&index, ""), -1);
  ck_assert_int_eq(tp_index_find(&index, "gpu5000"), -1);
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("index");
  TCase *tcase = tcase_create("index");
  tcase_add_test(tcase, finds_what_was_added);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
