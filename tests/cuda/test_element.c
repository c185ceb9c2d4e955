/* Conversions by the formats' definitions, and every code there and back. */
#include "run/element.h"

#include "../suite.h"

static const struct {
  enum tp_dtype dtype;
  float value, kept;
} rounded[] = {
    {TP_DTYPE_FP32, 0.1F, 0.1F},
    {TP_DTYPE_FP16, 2049, 2048}, /* 11 bits, tie to even */
    {TP_DTYPE_FP16, 2051, 2052},
    {TP_DTYPE_BF16, 257, 256}, /* 8 bits, tie to even */
    {TP_DTYPE_BF16, 259, 260},
    {TP_DTYPE_BF16, -3.0078125F, -3},          /* 3 + 2^-7: a tie */
    {TP_DTYPE_BF16, 3.39e38F, 3.38953139e38F}, /* the largest */
    {TP_DTYPE_BF16, 3.4e38F, INFINITY},
    {TP_DTYPE_FP8, 17, 16}, /* 4 bits, tie to even */
    {TP_DTYPE_FP8, 19, 20},
    {TP_DTYPE_FP8, -0.3F, -0.3125F},
    {TP_DTYPE_FP8, 470, 448}, /* would be 480, which is NaN */
    {TP_DTYPE_FP8, 1e6F, 448},
    {TP_DTYPE_FP8, -1e6F, -448},
    {TP_DTYPE_FP8, 0.0029296875F, 0.00390625F}, /* 1.5 of 2^-9: tie to 2 */
    {TP_DTYPE_FP8, 0.0009F, 0},
};

START_TEST(rounds)
{
  float kept[2];
  tp_element_set(rounded[_i].dtype, kept, 1, rounded[_i].value);
  const float got = tp_element_value(rounded[_i].dtype, kept, 1);
  ck_assert_msg(got == rounded[_i].kept, "%g becomes %g, want %g", (double)rounded[_i].value,
                (double)got, (double)rounded[_i].kept);
}
END_TEST

START_TEST(every_code_is_kept)
{
  const enum tp_dtype dtypes[] = {TP_DTYPE_FP16, TP_DTYPE_BF16, TP_DTYPE_FP8};
  const int64_t codes = dtypes[_i] == TP_DTYPE_FP8 ? 1 << 8 : 1 << 16;
  for (int64_t code = 0; code < codes; code++) {
    const uint16_t bits = (uint16_t)code;
    float value, again;
    uint16_t kept = 0;
    tp_elements_load(dtypes[_i], &bits, 1, &value);
    tp_elements_store(dtypes[_i], &value, 1, &kept);
    tp_elements_load(dtypes[_i], &kept, 1, &again);
    if (isnan(value))
      ck_assert(isnan(again));
    else
      ck_assert_msg(kept == bits, "%x is %g, which is kept as %x", bits, (double)value, kept);
  }
}
END_TEST

START_TEST(unwritten_is_nan)
{
  const unsigned char poison[4] = {0xff, 0xff, 0xff, 0xff};
  ck_assert(isnan(tp_element_value((enum tp_dtype)_i, poison, 0)));
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("element");
  TCase *cases = tcase_create("cases");
  tcase_add_loop_test(cases, rounds, 0, (int)(sizeof rounded / sizeof *rounded));
  tcase_add_loop_test(cases, every_code_is_kept, 0, 3);
  tcase_add_loop_test(cases, unwritten_is_nan, 0, 4);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
