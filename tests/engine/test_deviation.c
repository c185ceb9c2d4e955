/* How far off a pass may be, by hand: the same in both engines, folded or not. */
#include "rig.h"

enum { E0, E1, NONE = TP_NO_EVENT };

static struct rig rig;

static void open_dgx(void)
{
  rig_open(&rig, "dgx-h100", 4);
}

static void close_rig(void)
{
  rig_close(&rig);
}

/* Times in us. */
static struct tp_cost lasts(double time, double sigma)
{
  return (struct tp_cost){.work_s = time * 1e-6, .sigma = sigma};
}

static void kernel(int alike, int wait, int records, double time, double sigma)
{
  toy_kernel(&rig.toy, wait, records, lasts(time, sigma))->alike = alike;
}

static void collective(int alike, double time, double sigma)
{
  toy_collective(&rig.toy, E0, E1, lasts(time, sigma))->alike = alike;
}

static void check_variance(int n_alike, double wanted)
{
  rig.toy.program.n_alike = n_alike;
  const struct tp_result results[] = {rig_analytic(&rig),
                                      rig_des(&rig, TP_DETAIL_FLOW, false, NULL),
                                      rig_des(&rig, TP_DETAIL_FLOW, true, NULL)};
  for (int i = 0; i < 3; i++)
    ck_assert_msg(fabs(results[i].variance * 1e12 - wanted) <= 1e-9 * wanted,
                  "way %d: variance %.12g us^2, not %.12g", i, results[i].variance * 1e12, wanted);
}

/* One after another: the kernel of 5 us stands in both segments, 2 + 1 times; so does the
 * collective of 4 us, which may be off by more the second time. */
static void emit_chain(int kernels, int collectives)
{
  toy_segment(&rig.toy, 2);
  kernel(kernels, E1, NONE, 5, 0.1);
  kernel(0, NONE, E0, 3, 0.2);
  collective(collectives, 4, 0.3);
  toy_segment(&rig.toy, 1);
  kernel(kernels, E1, E0, 5, 0.1);
  collective(collectives, 4, 0.6);
}

static double square(double x)
{
  return x * x;
}

START_TEST(ops_that_are_alike_err_alike)
{
  emit_chain(1, 2);
  check_variance(2, square(0.1 * 15) + square(0.2 * 6) + square(0.3 * 8 + 0.6 * 4));
}
END_TEST

START_TEST(others_err_independently)
{
  emit_chain(0, 0);
  check_variance(0, square(0.1 * 10) + square(0.1 * 5) + square(0.2 * 6) + square(0.3 * 8) +
                        square(0.6 * 4));
}
END_TEST

START_TEST(each_number_is_a_sum_of_its_own)
{
  emit_chain(1, 1);
  check_variance(2, square(0.1 * 15 + 0.3 * 8 + 0.6 * 4) + square(0.2 * 6));
}
END_TEST

/* Of a collective counts what is exposed: of 5 us the 4 after the kernel beside it, three times. */
START_TEST(exposed_parts_of_ops_that_are_alike_add_up)
{
  for (int repeat = 2; repeat >= 1; repeat--) {
    toy_segment(&rig.toy, repeat);
    kernel(1, E1, E0, 2, 0.1);
    collective(2, 5, 0.2);
    kernel(0, NONE, NONE, 1, 0.3);
  }
  check_variance(2, square(0.1 * 6) + square(0.2 * 12) + square(0.3 * 2) + square(0.3 * 1));
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("deviation");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 60);
  tcase_add_checked_fixture(cases, open_dgx, close_rig);
  tcase_add_test(cases, ops_that_are_alike_err_alike);
  tcase_add_test(cases, others_err_independently);
  tcase_add_test(cases, each_number_is_a_sum_of_its_own);
  tcase_add_test(cases, exposed_parts_of_ops_that_are_alike_add_up);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
