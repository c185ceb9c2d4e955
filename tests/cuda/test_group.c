#include "../suite.h"
#include "ranks/team.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RANKS = 4 };

static struct tp_error error;

static struct tp_team *start(int ranks)
{
  struct tp_team *group = NULL;
  error.text[0] = '\0';
  ck_assert_int_eq(tp_team_start(ranks, &group, &error), TP_OK);
  return group;
}

static void nap(long milliseconds)
{
  nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

/* What the children find goes through rank 0's end, for only rank 0 is the test's process. */
static enum tp_status expect(bool holds, const char *what)
{
  return holds ? TP_OK : tp_fail(&error, TP_E_CHECK, "%s", what);
}

START_TEST(alone)
{
  struct tp_team *group = start(1);
  ck_assert_ptr_null(group);
  ck_assert_int_eq(tp_team_rank(group), 0);
  ck_assert_int_eq(tp_team_ranks(group), 1);
  ck_assert_int_eq(tp_team_local_rank(group), 0);
  int all = 0;
  ck_assert_int_eq(tp_team_gather(group, &(int){7}, sizeof all, &all, &error), TP_OK);
  ck_assert_int_eq(all, 7);
  ck_assert_int_eq(tp_team_end(group, TP_OK, &error), TP_OK);
}
END_TEST

/* Many small ones in a row: rank r brings 1000 round + r; some ranks dawdle. */
START_TEST(gathers_in_order)
{
  struct tp_team *group = start(RANKS);
  const int rank = tp_team_rank(group);
  enum tp_status status = expect(tp_team_ranks(group) == RANKS, "ranks");
  for (int round = 0; round < 200 && status == TP_OK; round++) {
    int all[RANKS] = {0};
    if (round % 67 == rank)
      nap(2);
    status = tp_team_gather(group, &(int){1000 * round + rank}, sizeof all[0], all, &error);
    for (int i = 0; i < RANKS && status == TP_OK; i++)
      status = expect(all[i] == 1000 * round + i, "a number of another round or rank");
  }
  ck_assert_msg(tp_team_end(group, status, &error) == TP_OK, "%s", error.text);
}
END_TEST

/* More than a slot holds, and no bytes at all: a barrier. */
START_TEST(gathers_large_and_nothing)
{
  enum { BYTES = 200001 };
  struct tp_team *group = start(3);
  const int rank = tp_team_rank(group);
  unsigned char *mine = malloc(BYTES), *all = malloc(3 * BYTES);
  for (int i = 0; i < BYTES; i++)
    mine[i] = (unsigned char)(i * 7 + rank);
  enum tp_status status = tp_team_gather(group, mine, BYTES, all, &error);
  for (int i = 0; i < 3 * BYTES && status == TP_OK; i++)
    status = expect(all[i] == (unsigned char)(i % BYTES * 7 + i / BYTES), "a wrong byte");
  if (status == TP_OK)
    status = tp_team_gather(group, NULL, 0, all, &error);
  free(mine);
  free(all);
  ck_assert_msg(tp_team_end(group, status, &error) == TP_OK, "%s", error.text);
}
END_TEST

/* Rank 2 finds no GPU; the others wait for it.  Rank 0 gets its status and words. */
START_TEST(a_rank_fails)
{
  struct tp_team *group = start(RANKS);
  int all[RANKS];
  enum tp_status status;
  if (tp_team_rank(group) == 2)
    status = tp_fail(&error, TP_E_ENVIRONMENT, "no GPU 2 here");
  else
    status = tp_team_gather(group, &(int){1}, sizeof all[0], all, &error);
  ck_assert_int_eq(tp_team_end(group, status, &error), TP_E_ENVIRONMENT);
  ck_assert_msg(strstr(error.text, "rank 2") != NULL && strstr(error.text, "no GPU 2") != NULL,
                "%s", error.text);
}
END_TEST

/* Rank 0 itself is done and well when another fails. */
START_TEST(a_rank_fails_last)
{
  struct tp_team *group = start(RANKS);
  enum tp_status status = TP_OK;
  if (tp_team_rank(group) == 3) {
    nap(20);
    status = tp_fail(&error, TP_E_INPUT, "wrong at last");
  }
  ck_assert_int_eq(tp_team_end(group, status, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "rank 3: wrong at last");
}
END_TEST

/* One is killed while all others wait for it; in round 0 and after some. */
START_TEST(a_rank_dies)
{
  struct tp_team *group = start(RANKS);
  int all[RANKS];
  enum tp_status status = TP_OK;
  for (int round = 0; round < 20 && status == TP_OK; round++) {
    if (tp_team_rank(group) == 1 && round == 10 * _i)
      raise(SIGKILL);
    status = tp_team_gather(group, &round, sizeof all[0], all, &error);
  }
  ck_assert_int_eq(tp_team_end(group, status, &error), TP_E_CHECK);
  ck_assert_msg(strstr(error.text, "rank 1 died") != NULL, "%s", error.text);
}
END_TEST

/* A rank that leaves without a word, though by a clean exit. */
START_TEST(a_rank_leaves)
{
  struct tp_team *group = start(2);
  if (tp_team_rank(group) == 1)
    _exit(0);
  ck_assert_int_eq(tp_team_end(group, TP_OK, &error), TP_E_CHECK);
  ck_assert_str_eq(error.text, "rank 1 died");
}
END_TEST

/* Rank 1 has ended well; the others want one exchange more. */
START_TEST(a_rank_ends_early)
{
  struct tp_team *group = start(3);
  int all[3];
  enum tp_status status = TP_OK;
  if (tp_team_rank(group) != 1)
    status = tp_team_gather(group, &(int){1}, sizeof all[0], all, &error);
  ck_assert_int_eq(tp_team_end(group, status, &error), TP_E_CHECK);
  ck_assert_str_eq(error.text, "rank 1 ended before the others");
}
END_TEST

START_TEST(ranks_disagree)
{
  struct tp_team *group = start(2);
  const size_t bytes = tp_team_rank(group) == 0 ? 4 : 8;
  char all[16];
  const enum tp_status status = tp_team_gather(group, "1234567", bytes, all, &error);
  ck_assert_int_eq(tp_team_end(group, status, &error), TP_E_CHECK);
  ck_assert_str_eq(error.text, "rank 1 brings 8 bytes where rank 0 brings 4");
}
END_TEST

/* Groups one after another, as benchmarks over several degrees make them. */
START_TEST(one_after_another)
{
  for (int ranks = 2; ranks <= RANKS; ranks++) {
    struct tp_team *group = start(ranks);
    int all[RANKS];
    enum tp_status status = tp_team_gather(group, &ranks, sizeof all[0], all, &error);
    ck_assert_int_eq(tp_team_end(group, status, &error), TP_OK);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("group");
  TCase *tcase = tcase_create("cases");
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, alone);
  tcase_add_test(tcase, gathers_in_order);
  tcase_add_test(tcase, gathers_large_and_nothing);
  tcase_add_test(tcase, a_rank_fails);
  tcase_add_test(tcase, a_rank_fails_last);
  tcase_add_loop_test(tcase, a_rank_dies, 0, 2);
  tcase_add_test(tcase, a_rank_leaves);
  tcase_add_test(tcase, a_rank_ends_early);
  tcase_add_test(tcase, ranks_disagree);
  tcase_add_test(tcase, one_after_another);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
