/* The bar of a long run, on a terminal of the test's own: what it says, when, and that it goes. */
#define _XOPEN_SOURCE 700 /* terminals */
#include "command/progress.h"

#include "../suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int terminal, kept;

/* Standard error is the terminal. */
static void set_up(void)
{
  terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ck_assert(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  const int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  kept = dup(STDERR_FILENO);
  ck_assert(end >= 0 && kept >= 0 && dup2(end, STDERR_FILENO) >= 0);
  close(end);
  ck_assert_int_eq(fcntl(terminal, F_SETFL, O_NONBLOCK), 0);
}

static void tear_down(void)
{
  dup2(kept, STDERR_FILENO);
  close(kept);
  close(terminal);
}

/* What the terminal got since it was last asked. */
static const char *shown(void)
{
  static char text[256];
  fflush(stderr);
  const ssize_t n = read(terminal, text, sizeof text - 1);
  text[n > 0 ? n : 0] = '\0';
  return text;
}

/* The bar and what is done of 12 to the byte; a rate and a time to what a busy machine adds to it.
 */
static void assert_shown(const char *bar, double rate, double left_s)
{
  const char *const text = shown();
  double got_rate, got_left_s;
  ck_assert_msg(strncmp(text, bar, strlen(bar)) == 0, "%s", text);
  ck_assert_int_eq(sscanf(text + strlen(bar), "/12 %lf/s %lf s left", &got_rate, &got_left_s), 2);
  ck_assert_rel(got_rate, rate, 0.05);
  ck_assert_rel(got_left_s, left_s, 0.05);
  ck_assert_str_eq(text + strlen(text) - 4, " \x1b[K");
}

/* Six of twelve in what is as good as 200 seconds, the first two found done. */
START_TEST(says_how_far_and_goes)
{
  struct tp_progress progress;
  tp_progress_begin(&progress, 12);
  tp_progress_step(&progress, 3);
  ck_assert_str_eq(shown(), ""); /* nothing of what is done in a moment */
  progress.begin_s -= 200;
  tp_progress_step(&progress, 6);
  assert_shown("\r[###############...............] 6", 4 / 200.0, 300);
  progress.drawn_s += 100;
  tp_progress_step(&progress, 7);
  ck_assert_str_eq(shown(), ""); /* not sooner than anybody reads */
  progress.drawn_s -= 101;
  tp_progress_step(&progress, 12);
  assert_shown("\r[##############################] 12", 10 / 200.0, 0);
  tp_progress_end(&progress);
  ck_assert_str_eq(shown(), "\r\x1b[K");
}
END_TEST

/* What never was drawn is not cleared; nor is anything said to a file. */
START_TEST(is_silent_elsewhere)
{
  struct tp_progress progress;
  tp_progress_begin(&progress, 12);
  tp_progress_step(&progress, 12);
  tp_progress_end(&progress);
  ck_assert_str_eq(shown(), "");
  FILE *const file = tmpfile();
  const int is_terminal = dup(STDERR_FILENO);
  ck_assert(file != NULL && dup2(fileno(file), STDERR_FILENO) >= 0);
  tp_progress_begin(&progress, 12);
  progress.begin_s -= 2;
  tp_progress_step(&progress, 6);
  tp_progress_end(&progress);
  fflush(stderr);
  const off_t size = lseek(STDERR_FILENO, 0, SEEK_END);
  dup2(is_terminal, STDERR_FILENO);
  close(is_terminal);
  fclose(file);
  ck_assert_int_eq(size, 0);
  ck_assert_str_eq(shown(), "");
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("progress");
  TCase *const t = tcase_create("progress");
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_add_test(t, says_how_far_and_goes);
  tcase_add_test(t, is_silent_elsewhere);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
