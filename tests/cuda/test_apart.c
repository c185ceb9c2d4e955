/* Work in a process of its own: what it ends with, and what it dies of. */
#define _XOPEN_SOURCE 700
#include "cuda/apart.h"

#include "../suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
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

static enum tp_status run(const char *how)
{
  static char text[16];
  snprintf(text, sizeof text, "%s", how);
  memset(result, 0, sizeof result);
  return tp_run_apart(work, text, result, sizeof result, &error);
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

static Suite *suite(void)
{
  Suite *suite = suite_create("apart");
  TCase *tcase = tcase_create("cases");
  tcase_add_test(tcase, comes_back);
  tcase_add_test(tcase, fails);
  tcase_add_test(tcase, dies);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
