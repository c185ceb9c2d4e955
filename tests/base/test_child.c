/* Children: what they write and how they end arrives, and none outlives its parent. */
#include "base/child.h"

#include "../suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct tp_error error;

static void put(int pipe, const char *text)
{
  if (write(pipe, text, strlen(text)) != (ssize_t)strlen(text))
    abort();
}

static int greet(void *data, int pipe)
{
  put(pipe, data);
  return 7;
}

static int wait_forever(void *data, int pipe)
{
  (void)data;
  put(pipe, "!");
  while (pause() < 0)
    ;
  return 0;
}

static struct tp_child start(int (*work)(void *data, int pipe), void *data)
{
  struct tp_child child = {.process = 0};
  ck_assert_msg(tp_child_start(work, data, &child, &error) == TP_OK, "%s", error.text);
  return child;
}

START_TEST(bytes_and_status_arrive)
{
  char word[] = "hello", got[16] = "";
  struct tp_child child = start(greet, word);
  ck_assert_int_eq(read(child.pipe, got, sizeof got), 5);
  ck_assert_int_eq(read(child.pipe, got + 5, 1), 0);
  ck_assert_str_eq(got, "hello");
  const int end = tp_child_wait(&child);
  ck_assert(WIFEXITED(end) && WEXITSTATUS(end) == 7);
  ck_assert_int_eq(tp_child_wait(&child), 0);
  ck_assert_int_eq(tp_child_kill(&child), 0);
}
END_TEST

START_TEST(a_killed_child_is_gone)
{
  char got;
  struct tp_child child = start(wait_forever, NULL);
  const pid_t process = child.process;
  ck_assert_int_eq(read(child.pipe, &got, 1), 1);
  const int end = tp_child_kill(&child);
  ck_assert(WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL);
  ck_assert_int_eq(kill(process, 0), -1);
}
END_TEST

static int keep_open(void *data, int pipe)
{
  const int *const end = data;
  (void)pipe;
  return wait_forever(NULL, *end);
}

/* The grandchild alone still has this test's pipe when its parent was killed: the pipe ends with
 * it. */
START_TEST(a_child_dies_with_its_parent)
{
  int ends[2];
  char got;
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    struct tp_child child;
    if (tp_child_start(keep_open, &ends[1], &child, NULL) != TP_OK)
      _exit(1);
    close(ends[1]);
    for (;;)
      pause();
  }
  close(ends[1]);
  ck_assert_int_eq(read(ends[0], &got, 1), 1);
  ck_assert_int_eq(kill(parent, SIGKILL), 0);
  ck_assert_int_eq(read(ends[0], &got, 1), 0);
  ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
}
END_TEST

static int say(void *data, int pipe)
{
  (void)pipe;
  fputs("child ", data);
  return 0;
}

START_TEST(what_was_not_written_yet_is_written_once)
{
  char text[64] = "";
  FILE *const file = tmpfile();
  fputs("parent ", file);
  struct tp_child child = start(say, file);
  ck_assert_int_eq(tp_child_wait(&child), 0);
  rewind(file);
  ck_assert_ptr_nonnull(fgets(text, sizeof text, file));
  ck_assert_str_eq(text, "parent child ");
  fclose(file);
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("child");
  TCase *const t = tcase_create("child");
  tcase_set_timeout(t, 20);
  tcase_add_test(t, bytes_and_status_arrive);
  tcase_add_test(t, a_killed_child_is_gone);
  tcase_add_test(t, a_child_dies_with_its_parent);
  tcase_add_test(t, what_was_not_written_yet_is_written_once);
  suite_add_tcase(s, t);
  return s;
}
TP_SUITE_MAIN
