/* Groups quantised by hand; half a step at most on random ones. */
#include "../random.h"
#include "../suite.h"
#include "numeric/half.h"
#include "numeric/quantise.h"

#include <string.h>

enum { MOST = 16 };

/* One group.  `codes` are digits of base 36. */
static const struct {
  const char *name;
  int bits;
  bool spikes;
  int n;
  float values[MOST];
  const char *codes;
  float scale, zero;
} cases[] = {
    {"0 to 15 are their own codes",
     4,
     false,
     16,
     {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
     "0123456789abcdef",
     1,
     0},
    {"below 0", 2, false, 4, {-3, -1, 1, 3}, "0123", 2, -3},
    {"ties to even", 2, false, 6, {0, 3, 0.5f, 1.5f, 2.5f, 2.4f}, "030222", 1, 0},
    {"a constant group has no scale", 8, false, 3, {7, 7, 7}, "000", 0, 7},
    {"one value", 3, false, 1, {-2.5f}, "0", 0, -2.5f},
    {"all zeros", 5, false, 4, {0, 0, 0, 0}, "0000", 0, 0},
    {"a zero rounded up: what lies below it is clamped",
     2,
     false,
     2,
     {-2048.5f, -2042},
     "03",
     2,
     -2048},
    {"a zero rounded down counts in the scale", 2, false, 2, {2049.0f, 2054}, "03", 2, 2048},
    {"far below such a zero", 2, false, 2, {-2049, -2047}, "03", 0.333251953125f, -2048},
    {"a zero above all", 2, false, 2, {2051, 2051}, "00", 0, 2052},
    {"a subnormal scale rounded down", 2, false, 2, {0, 0x1.1p-22f}, "03", 0x1p-24f, 0},
    {"a range too small for a scale", 2, false, 2, {0, 0x1p-26f}, "00", 0, 0},
    {"spikes leave 1 to 4", 2, true, 6, {4, -90, 1, 2, 3, 80}, "300120", 1, 1},
    {"two values are spikes", 4, true, 2, {5, -5}, "00", 0, 0},
    {"one value is both spikes", 4, true, 1, {5}, "0", 0, 0},
    {"equal spikes", 4, true, 3, {5, 5, 5}, "000", 0, 5},
};

static unsigned digit(char c)
{
  return (unsigned)(strchr("0123456789abcdefghijklmnopqrstuvwxyz", c) -
                    "0123456789abcdefghijklmnopqrstuvwxyz");
}

START_TEST(by_hand)
{
  const char *const name = cases[_i].name;
  const struct tp_low_bit format = {cases[_i].bits, MOST, cases[_i].spikes};
  struct tp_arena *arena = tp_arena_create();
  struct tp_quantised q = tp_quantised_create(&format, MOST, arena);
  ck_assert_int_eq(tp_quantise(&format, cases[_i].values, (size_t)cases[_i].n, &q, NULL), TP_OK);
  ck_assert_msg(tp_half_value(q.groups[0].scale) == cases[_i].scale, "%s: scale %g", name,
                (double)tp_half_value(q.groups[0].scale));
  ck_assert_msg(tp_half_value(q.groups[0].zero) == cases[_i].zero, "%s: zero %g", name,
                (double)tp_half_value(q.groups[0].zero));
  for (int i = 0; i < cases[_i].n; i++)
    ck_assert_msg(q.codes[i] == digit(cases[_i].codes[i]), "%s: code %d is %u", name, i,
                  (unsigned)q.codes[i]);
  tp_arena_free(arena);
}
END_TEST

START_TEST(spikes_come_back_in_place)
{
  const struct tp_low_bit format = {2, 4, true};
  const float values[] = {100, 1, 4, -100, 9, 3, 3, 9, 0.1f};
  const float wanted[] = {100, 1, 4, -100, 9, 3, 3, 9, 0.0999755859375f};
  float got[9];
  struct tp_arena *arena = tp_arena_create();
  struct tp_quantised q = tp_quantised_create(&format, 9, arena);
  ck_assert_int_eq(tp_quantise(&format, values, 9, &q, NULL), TP_OK);
  tp_dequantise(&format, &q, 9, got);
  for (int i = 0; i < 9; i++)
    ck_assert_msg(got[i] == wanted[i], "value %d is %.9g", i, (double)got[i]);
  ck_assert_uint_eq(q.groups[0].places[0], 3);
  ck_assert_uint_eq(q.groups[0].places[1], 0);
  ck_assert_uint_eq(q.groups[1].places[0], 1);
  ck_assert_uint_eq(q.groups[1].places[1], 0);
  ck_assert_uint_eq(q.groups[2].places[0], 0);
  ck_assert_uint_eq(q.groups[2].places[1], 0);
  tp_arena_free(arena);
}
END_TEST

START_TEST(groups_do_not_meet)
{
  const struct tp_low_bit format = {4, 3, false};
  const float values[] = {0, 15, 1, 1000, 1000, 1015, -30, 0};
  const float wanted[] = {0, 15, 1, 1000, 1000, 1015, -30, 0};
  float got[8];
  struct tp_arena *arena = tp_arena_create();
  struct tp_quantised q = tp_quantised_create(&format, 8, arena);
  ck_assert_uint_eq(tp_low_bit_groups(&format, 8), 3);
  ck_assert_int_eq(tp_quantise(&format, values, 8, &q, NULL), TP_OK);
  tp_dequantise(&format, &q, 8, got);
  for (int i = 0; i < 8; i++)
    ck_assert(got[i] == wanted[i]);
  tp_arena_free(arena);
}
END_TEST

START_TEST(refuses_what_fp16_cannot_hold)
{
  const float wrong[] = {NAN, INFINITY, -INFINITY, 65505.0f, -7e4f};
  const struct tp_low_bit format = {4, 32, false};
  struct tp_arena *arena = tp_arena_create();
  struct tp_quantised q = tp_quantised_create(&format, 3, arena);
  const float values[] = {1, wrong[_i], 2};
  struct tp_error error;
  ck_assert_int_eq(tp_quantise(&format, values, 3, &q, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "value 2 of 3"));
  tp_arena_free(arena);
}
END_TEST

static float random_value(uint64_t *state)
{
  return tp_half_round(((float)tp_random_below(state, 2000001) - 1e6f) * 1e-5f);
}

/* Values are fp16 already, so half a step bounds the error but for fp32's own rounding. */
START_TEST(errs_by_half_a_step_at_most)
{
  enum { N = 301, CASES = 20 };
  for (int round = 0; round < tp_random_cases(CASES); round++) {
    const uint64_t seed = tp_random_seed(round);
    uint64_t state = seed;
    const struct tp_low_bit format = {2 + _i / 2, 1 + (int64_t)tp_random_below(&state, 128),
                                      _i % 2 != 0};
    float values[N], got[N];
    for (int i = 0; i < N; i++)
      values[i] = random_value(&state);
    struct tp_arena *arena = tp_arena_create();
    struct tp_quantised q = tp_quantised_create(&format, N, arena);
    ck_assert_int_eq(tp_quantise(&format, values, N, &q, NULL), TP_OK);
    tp_dequantise(&format, &q, N, got);
    for (int i = 0; i < N; i++) {
      const float scale = tp_half_value(q.groups[i / format.group].scale);
      ck_assert_msg(fabsf(got[i] - values[i]) <= 0.5f * scale + 2e-6f,
                    "seed %llu: value %d is %.9g for %.9g at scale %g", (unsigned long long)seed, i,
                    (double)got[i], (double)values[i], (double)scale);
    }
    tp_arena_free(arena);
  }
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("quantise");
  TCase *t = tcase_create("cases");
  tcase_add_loop_test(t, by_hand, 0, (int)(sizeof cases / sizeof cases[0]));
  tcase_add_test(t, spikes_come_back_in_place);
  tcase_add_test(t, groups_do_not_meet);
  tcase_add_loop_test(t, refuses_what_fp16_cannot_hold, 0, 5);
  tcase_add_loop_test(t, errs_by_half_a_step_at_most, 0, 14);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
