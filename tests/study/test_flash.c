/* What published figures of low-bit all-reduces must come to: `tpsim reproduce flash`, by case. */
#include "judge/reproduce.h"

#include "../suite.h"
#include "world.h"

#include <string.h>

static struct world world;
static struct tp_reproduced *rows;
static size_t n_rows;

static void set_up(void)
{
  struct tp_error error;
  world_open(&world);
  if (tp_reproduce(TP_SRCDIR "/results/published/flash.csv", &world.catalog, world.arena, &rows,
                   &n_rows, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
}

static void tear_down(void)
{
  world_close(&world);
}

static const struct {
  const char *words; /* in the case */
  double least, most;
} wanted[] = {
    {"share of prefill on 4 L40", 0.59, 0.71}, /* reported 0.65 */
    {"share of prefill on 4 A100", 0.10, 0.14},
    {"2.06x on L40", 2.06 - 0.25, 2.06 + 0.25},
    {"on 4 A100: int4", 1, 1.25},
    {"1.19x on A100", 1, 1.25},
    {"NCCL ring on 4 L40: 64 MiB", 3, 4},
    {"NCCL ring on 4 L40: 512 MiB", 3, 4},
    {"V2: hierarchical", 2.4, 4},
    {"int8 two-shot on NVLink", 1, 1.12},
};

START_TEST(comes_to)
{
  bool found = false;
  for (size_t i = 0; i < n_rows; i++)
    if (strstr(rows[i].label, wanted[_i].words) != NULL) {
      found = true;
      ck_assert_str_eq(rows[i].status, "ok");
      ck_assert_msg(rows[i].predicted >= wanted[_i].least && rows[i].predicted <= wanted[_i].most,
                    "%s: %g is outside %g to %g", rows[i].label, rows[i].predicted,
                    wanted[_i].least, wanted[_i].most);
    }
  ck_assert_msg(found, "no case '%s'", wanted[_i].words);
}
END_TEST

/* Each narrower width gains on PCIe. */
START_TEST(fewer_bits_gain)
{
  static const char *const widths[] = {"L40: int8", "L40: int6", "L40: int5", "L40: int4",
                                       "L40: int3"};
  double last = 1;
  for (size_t w = 0; w < sizeof widths / sizeof widths[0]; w++)
    for (size_t i = 0; i < n_rows; i++)
      if (strcmp(rows[i].metric, "speedup") == 0 && strstr(rows[i].label, "over 16 bits") != NULL &&
          strstr(rows[i].label, widths[w]) != NULL && strstr(rows[i].label, "-int8") == NULL) {
        ck_assert_double_gt(rows[i].predicted, last);
        last = rows[i].predicted;
      }
  ck_assert_double_gt(last, 1.8);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("flash");
  TCase *cases = tcase_create("published");
  tcase_add_checked_fixture(cases, set_up, tear_down);
  tcase_add_loop_test(cases, comes_to, 0, (int)(sizeof wanted / sizeof wanted[0]));
  tcase_add_test(cases, fewer_bits_gain);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
