/* fp16 by hand, and every one of its 65,536 numbers. */
#include "numeric/half.h"

#include "../suite.h"

static const struct {
  const char *name;
  float value;
  uint16_t half;
} cases[] = {
    {"zero", 0.0f, 0x0000},
    {"minus zero", -0.0f, 0x8000},
    {"one", 1.0f, 0x3c00},
    {"minus two", -2.0f, 0xc000},
    {"a third", 1.0f / 3.0f, 0x3555},
    {"largest", 65504.0f, 0x7bff},
    {"just below half a step above it", 65519.996f, 0x7bff},
    {"half a step above it", 65520.0f, 0x7c00},
    {"infinity", INFINITY, 0x7c00},
    {"minus infinity", -INFINITY, 0xfc00},
    {"smallest normal", 0x1p-14f, 0x0400},
    {"subnormals round up into it", 0x1.ffep-15f, 0x0400},
    {"largest subnormal", 0x3ffp-24f, 0x03ff},
    {"smallest subnormal", 0x1p-24f, 0x0001},
    {"half of it: to even", 0x1p-25f, 0x0000},
    {"one and a half of it: to even", 0x3p-25f, 0x0002},
    {"tie down to even: 1 + 2^-11", 1.00048828125f, 0x3c00},
    {"tie up to even: 1 + 3 * 2^-11", 1.00146484375f, 0x3c02},
    {"just above a tie", 0x1.002002p0f, 0x3c01},
    {"a carry into the exponent: 2 - 2^-11", 1.99951171875f, 0x4000},
};

START_TEST(rounds_to_even)
{
  const uint16_t got = tp_half_of(cases[_i].value);
  ck_assert_msg(got == cases[_i].half, "%s: got 0x%04x, want 0x%04x", cases[_i].name, (unsigned)got,
                (unsigned)cases[_i].half);
}
END_TEST

START_TEST(nan_stays_nan)
{
  ck_assert(isnan(tp_half_value(tp_half_of(NAN))));
  ck_assert(isnan(tp_half_value(0x7c01)));
}
END_TEST

START_TEST(every_number_comes_back)
{
  for (unsigned half = 0; half < 0x10000; half++)
    if (!isnan(tp_half_value((uint16_t)half)))
      ck_assert_uint_eq(tp_half_of(tp_half_value((uint16_t)half)), half);
}
END_TEST

START_TEST(middles_go_to_the_even_neighbour)
{
  for (unsigned half = 0; half < 0x7bff; half++) {
    const float low = tp_half_value((uint16_t)half), high = tp_half_value((uint16_t)(half + 1));
    const float middle = (low + high) / 2.0f; /* exact: fp32 has 13 more bits */
    ck_assert_uint_eq(tp_half_of(middle), half + half % 2);
    ck_assert_uint_eq(tp_half_of(nextafterf(middle, 0.0f)), half);
    ck_assert_uint_eq(tp_half_of(-nextafterf(middle, INFINITY)), 0x8000 | (half + 1));
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("half");
  TCase *t = tcase_create("cases");
  tcase_add_loop_test(t, rounds_to_even, 0, (int)(sizeof cases / sizeof cases[0]));
  tcase_add_test(t, nan_stays_nan);
  tcase_add_test(t, every_number_comes_back);
  tcase_add_test(t, middles_go_to_the_even_neighbour);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
