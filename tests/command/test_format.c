/* The format of rows: what is named, or else a table for a terminal and CSV for anything else. */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#include "command/table.h"

#include "../suite.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../arena.h"

/* What `name` means where standard output is `file`, which then is again what it was. */
static enum tp_format format_on(int file, const char *name)
{
  enum tp_format format = TP_FORMAT_JSON;
  struct tp_error error = {""};
  const int kept = dup(STDOUT_FILENO);
  ck_assert(kept >= 0 && dup2(file, STDOUT_FILENO) == STDOUT_FILENO);
  const enum tp_status status = tp_format_parse(name, arena, &format, &error);
  ck_assert_int_eq(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
  close(kept);
  ck_assert_msg(status == TP_OK, "%s", error.text);
  return format;
}

START_TEST(a_terminal_gets_a_table)
{
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ck_assert(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  const int screen = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  ck_assert_int_ge(screen, 0);
  ck_assert_int_eq(format_on(screen, NULL), TP_FORMAT_TABLE);
  ck_assert_int_eq(format_on(screen, "csv"), TP_FORMAT_CSV);
  ck_assert_int_eq(format_on(screen, "json"), TP_FORMAT_JSON);
  close(screen);
  close(terminal);
}
END_TEST

START_TEST(a_file_gets_csv)
{
  const int file = open("/dev/null", O_WRONLY);
  ck_assert_int_ge(file, 0);
  ck_assert_int_eq(format_on(file, NULL), TP_FORMAT_CSV);
  ck_assert_int_eq(format_on(file, "table"), TP_FORMAT_TABLE);
  ck_assert_int_eq(format_on(file, "json"), TP_FORMAT_JSON);
  close(file);
}
END_TEST

START_TEST(another_word_is_no_format)
{
  enum tp_format format;
  struct tp_error error = {""};
  ck_assert_int_eq(tp_format_parse("cvs", arena, &format, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "no format 'cvs'; did you mean 'csv'"));
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("format");
  TCase *const choice = tcase_create("choice");
  tcase_add_checked_fixture(choice, setup, teardown);
  tcase_add_test(choice, a_terminal_gets_a_table);
  tcase_add_test(choice, a_file_gets_csv);
  tcase_add_test(choice, another_word_is_no_format);
  suite_add_tcase(s, choice);
  return s;
}
TP_SUITE_MAIN
