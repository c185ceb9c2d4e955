/* Text folded at words: paragraphs anew, lists as they are. */
#define _XOPEN_SOURCE 700 /* open_memstream */
#include "command/fold.h"

#include "../suite.h"

#include <stdio.h>
#include <stdlib.h>

static const char paragraphs[] =
    "A line of more than sixty columns goes on with the next one, so that\n"
    "no word stands alone. A short one\n"
    "ends on purpose:\n"
    "  a list behind a line of more than sixty columns, too, keeps its place\n"
    "  and its lines.\n"
    "\n"
    "So does what follows an empty line.";

static const char *flow(size_t width)
{
  static char *text;
  size_t size;
  free(text);
  FILE *const out = open_memstream(&text, &size);
  tp_fold_flow(paragraphs, width, out);
  fclose(out);
  return text;
}

START_TEST(what_fits_stays)
{
  const char *const text = flow(72);
  ck_assert_int_eq(strncmp(text, paragraphs, sizeof paragraphs - 1), 0);
  ck_assert_str_eq(text + sizeof paragraphs - 1, "\n");
}
END_TEST

START_TEST(paragraphs_are_folded_anew)
{
  ck_assert_str_eq(flow(50), "A line of more than sixty columns goes on with the\n"
                             "next one, so that no word stands alone. A short\n"
                             "one\n"
                             "ends on purpose:\n"
                             "  a list behind a line of more than sixty columns,\n"
                             "too, keeps its place\n"
                             "  and its lines.\n"
                             "\n"
                             "So does what follows an empty line.\n");
}
END_TEST

static Suite *suite(void)
{
  Suite *const s = suite_create("fold");
  TCase *const t = tcase_create("fold");
  tcase_add_test(t, what_fits_stays);
  tcase_add_test(t, paragraphs_are_folded_anew);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
