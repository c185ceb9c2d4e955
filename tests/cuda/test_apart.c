/* Work in a process of its own: what it ends with, and what it dies of. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "ranks/apart.h"
#include "ranks/team.h"

#include "../suite.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct tp_error error;
static int touched;

static enum tp_status work(void *data, void *result, struct tp_error *reason)
{
  const char *const how = data;
  touched = 1;
  if (strcmp(how, "signal") == 0)
    raise(SIGKILL);
  if (strcmp(how, "exit") == 0)
    _exit(7);
  if (strcmp(how, "fails") == 0)
    return tp_fail(reason, TP_E_ENVIRONMENT, "no GPU for %s", how);
  memset(result, 'x', 100000); /* more than a pipe holds */
  return TP_OK;
}

static char result[100000];
static double most_s = 60;

static enum tp_status run(const char *how)
{
  static char text[16];
  snprintf(text, sizeof text, "%s", how);
  memset(result, 0, sizeof result);
  return tp_run_apart(work, text, most_s, result, sizeof result, &error);
}

START_TEST(comes_back)
{
  ck_assert_int_eq(run("well"), TP_OK);
  ck_assert(result[0] == 'x' && result[99999] == 'x');
  ck_assert_int_eq(touched, 0); /* not in this process */
}
END_TEST

START_TEST(fails)
{
  ck_assert_int_eq(run("fails"), TP_E_ENVIRONMENT);
  ck_assert_str_eq(error.text, "no GPU for fails");
}
END_TEST

START_TEST(dies)
{
  ck_assert_int_eq(run("signal"), TP_E_CHECK);
  ck_assert_ptr_nonnull(strstr(error.text, "died of signal 9"));
  ck_assert_int_eq(run("exit"), TP_E_CHECK);
  ck_assert_ptr_nonnull(strstr(error.text, "with status 7"));
}
END_TEST

static void nap(void)
{
  nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* Rank 1 fails; the others wait for it on their GPUs, where nobody can tell them.  Rank 2 counts.
 */
static enum tp_status ranks_wait(void *data, void *unused, struct tp_error *reason)
{
  struct tp_team *group;
  atomic_int *const count = data;
  (void)unused;
  const enum tp_status status = tp_team_start(3, &group, reason);
  if (status != TP_OK)
    return status;
  if (tp_team_rank(group) == 1)
    return tp_team_end(group, tp_fail(reason, TP_E_ENVIRONMENT, "rank 1 fails"), reason);
  for (;; nap())
    *count += tp_team_rank(group) == 2;
}

static atomic_int *shared_count(void)
{
  return mmap(NULL, sizeof(atomic_int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void stops(const atomic_int *count)
{
  int before = -1;
  for (int i = 0; i < 100 && before != *count; i++) {
    before = *count;
    for (int naps = 0; naps < 20; naps++)
      nap();
  }
  ck_assert_int_eq(*count, before);
}

static enum tp_status counts(void *data, void *unused, struct tp_error *reason)
{
  atomic_int *const count = data;
  (void)unused;
  (void)reason;
  while (++*count > 0)
    nap();
  return TP_OK;
}

START_TEST(dies_with_who_wants_it)
{
  atomic_int *const count = shared_count();
  const pid_t other = fork();
  if (other == 0) {
    tp_run_apart(counts, count, 60, NULL, 0, &error);
    _exit(0);
  }
  while (*count == 0)
    nap();
  kill(other, SIGKILL);
  ck_assert_int_eq(waitpid(other, NULL, 0), other);
  stops(count);
  munmap(count, sizeof *count);
}
END_TEST

START_TEST(hangs)
{
  atomic_int *const count = shared_count();
  ck_assert_int_eq(tp_run_apart(ranks_wait, count, 0.5, NULL, 0, &error), TP_E_CHECK);
  ck_assert_ptr_nonnull(strstr(error.text, "was not done after 0.5 s"));
  ck_assert_int_gt(*count, 0);
  stops(count); /* it dies with its parent */
  munmap(count, sizeof *count);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("apart");
  TCase *tcase = tcase_create("cases");
  tcase_add_test(tcase, comes_back);
  tcase_add_test(tcase, fails);
  tcase_add_test(tcase, dies);
  tcase_add_test(tcase, hangs);
  tcase_add_test(tcase, dies_with_who_wants_it);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
