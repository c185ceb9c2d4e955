/* tp_decimal_write gives printf's bytes. */
#include "base/decimal.h"

#include "../random.h"
#include "../suite.h"

#include <float.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void check(double value)
{
  char got[TP_DECIMAL_CHARS], want[64];
  const char *const end = tp_decimal_write(value, got);
  snprintf(want, sizeof want, "%.9g", value);
  ck_assert_msg(strcmp(got, want) == 0, "%.17g: got %s, want %s", value, got, want);
  ck_assert_msg(*end == '\0' && end == got + strlen(got), "%.17g: %s does not end there", value,
                got);
}

START_TEST(edges)
{
  static const double values[] = {0,
                                  -0.0,
                                  1,
                                  -1,
                                  9,
                                  10,
                                  0.1,
                                  1e-4,
                                  9.99999999e-5,
                                  99999999.95,
                                  999999999,
                                  999999999.5,
                                  1e9,
                                  1e10,
                                  1e15,
                                  1e22,
                                  1e35,
                                  1e36,
                                  1e-19,
                                  1e-27,
                                  1e-28,
                                  DBL_MAX,
                                  DBL_MIN,
                                  DBL_MIN / 4,
                                  0.5,
                                  1.5,
                                  2.5,
                                  123456789.5,
                                  0.99999999949,
                                  0.9999999995,
                                  1.000000005,
                                  1.0000000050000001,
                                  512,
                                  1024,
                                  1.41984023e11,
                                  (double)INFINITY,
                                  -(double)INFINITY};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    check(values[i]);
    check(-values[i]);
  }
}
END_TEST

START_TEST(random_bits)
{
  uint64_t random = tp_random_seed(_i);
  for (int i = 0; i < 200000; i++) {
    const uint64_t bits = tp_random_below(&random, SIZE_MAX);
    double value;
    memcpy(&value, &bits, sizeof value);
    if (!isnan(value))
      check(value);
  }
}
END_TEST

/* The magnitudes of results, and short decimals, which lie on roundings. */
START_TEST(random_results)
{
  uint64_t random = tp_random_seed(_i);
  for (int i = 0; i < 200000; i++) {
    const double mantissa = (double)tp_random_below(&random, 100000000000) * 1e-10;
    check(mantissa * pow(10, (double)tp_random_below(&random, 40) - 20));
    check((double)tp_random_below(&random, 20000000000) / 2);
    check((double)tp_random_below(&random, 2000000) - 1000000);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("decimal");
  TCase *tcase = tcase_create("printf");
  tcase_add_test(tcase, edges);
  tcase_add_loop_test(tcase, random_bits, 1, 4);
  tcase_add_loop_test(tcase, random_results, 1, 4);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
