#ifndef TP_TESTS_SUITE_H
#define TP_TESTS_SUITE_H
/* The main() every unit-test program shares, and the comparison Check lacks. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

/* Check notes in a file every assertion that held, to say where a program was when it crashed: more
 * than half the time of tests that assert millions of elements.  A debugger says that, too. */
#define _mark_point(file, line) ((void)0)

/* Relative comparison: Check's own tolerances are absolute, useless on microseconds. */
#define ck_assert_rel(got, want, rel)                                                             \
  do {                                                                                            \
    const double got_ = (got), want_ = (want), rel_ = (rel);                                      \
    ck_assert_msg(fabs(got_ - want_) <= rel_ * fabs(want_), "%s = %.17g, want %.17g +- %g", #got, \
                  got_, want_, rel_);                                                             \
  } while (0)

/* Each source file defines `static Suite *suite(void)` and ends with TP_SUITE_MAIN. */
#define TP_SUITE_MAIN                                 \
  int main(void)                                      \
  {                                                   \
    SRunner *runner = srunner_create(suite());        \
    srunner_run_all(runner, CK_ENV);                  \
    const int failed = srunner_ntests_failed(runner); \
    srunner_free(runner);                             \
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE; \
  }
#endif
