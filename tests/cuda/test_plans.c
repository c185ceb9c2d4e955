#include "../suite.h"
#include "run/keep.h"

#include <stdlib.h>

static struct tp_keep_key key_of(int64_t number)
{
  return (struct tp_keep_key){.words = {number % 8, 4096, number / 8}};
}

static int released;

static void release(void *plan)
{
  released++;
  free(plan);
}

/* Many more than the table began with, keys that differ in one word only. */
START_TEST(finds_what_was_added)
{
  enum { PLANS = 1000 };
  struct tp_keep *plans = tp_keep_create();
  for (int64_t i = 0; i < PLANS; i++) {
    const struct tp_keep_key key = key_of(i);
    ck_assert_ptr_null(tp_keep_find(plans, &key));
    int64_t *plan = malloc(sizeof *plan);
    *plan = i;
    ck_assert(tp_keep_add(plans, &key, plan));
  }
  for (int64_t i = 0; i < PLANS; i++) {
    const struct tp_keep_key key = key_of(i);
    const int64_t *plan = tp_keep_find(plans, &key);
    ck_assert_ptr_nonnull(plan);
    ck_assert_int_eq(*plan, i);
  }
  const struct tp_keep_key other = {.words = {0, 4095}};
  ck_assert_ptr_null(tp_keep_find(plans, &other));
  released = 0;
  tp_keep_free(plans, release);
  ck_assert_int_eq(released, PLANS);
}
END_TEST

/* The last word counts as the first does. */
START_TEST(every_word_counts)
{
  struct tp_keep *plans = tp_keep_create();
  for (int i = 0; i < TP_KEEP_WORDS; i++) {
    struct tp_keep_key key = {.words = {0}};
    key.words[i] = 7;
    ck_assert_ptr_null(tp_keep_find(plans, &key));
    ck_assert(tp_keep_add(plans, &key, malloc(1)));
  }
  struct tp_keep_key none = {.words = {0}};
  ck_assert_ptr_null(tp_keep_find(plans, &none));
  tp_keep_free(plans, release);
  tp_keep_free(NULL, release);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("plans");
  TCase *tcase = tcase_create("cases");
  tcase_add_test(tcase, finds_what_was_added);
  tcase_add_test(tcase, every_word_counts);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
