#include "../suite.h"
#include "engine/analytic/fluid.h"
#include "engine/sms.h"

START_TEST(max_min_fills_small_users_first)
{
  double share[TP_MAX_STREAMS];
  tp_sms_max_min(4, (const double[]){0.9, 0.1, 0.9, 0.2}, 1, share);
  ck_assert_rel(share[0], 0.35, 1e-15);
  ck_assert_rel(share[1], 0.1, 1e-15);
  ck_assert_rel(share[2], 0.35, 1e-15);
  ck_assert_rel(share[3], 0.2, 1e-15);
}
END_TEST

/* 0.3 is above the first level of 0.25, but below the 0.35 left when the others are served. */
START_TEST(max_min_serves_who_becomes_small)
{
  double share[TP_MAX_STREAMS];
  tp_sms_max_min(4, (const double[]){0.1, 0.1, 0.3, 0.9}, 1, share);
  ck_assert_rel(share[2], 0.3, 1e-15);
  ck_assert_rel(share[3], 0.5, 1e-15);
}
END_TEST

START_TEST(max_min_gives_no_more_than_asked)
{
  double share[TP_MAX_STREAMS];
  tp_sms_max_min(2, (const double[]){0.3, 0.4}, 1, share);
  ck_assert_rel(share[0], 0.3, 1e-15);
  ck_assert_rel(share[1], 0.4, 1e-15);
  tp_sms_max_min(2, (const double[]){0.55, 0.9}, 1, share);
  ck_assert_rel(share[0], 0.5, 1e-15);
  ck_assert_rel(share[1], 0.5, 1e-15);
}
END_TEST

static struct tp_machine machine(void)
{
  return (struct tp_machine){.dram_bytes_per_s = 10};
}

static const struct tp_pattern_rate ring = {.flow_bytes_per_s = 4, .latency_s = 1};

static struct tp_comm_phase phase(int steps, double hop_s, double flow_bytes)
{
  struct tp_comm_phase phase = tp_comm_phase_of(&ring, steps, flow_bytes);
  phase.hop_s = hop_s;
  return phase;
}

START_TEST(alone_is_fixed_time_and_the_longest_component)
{
  const struct tp_machine m = machine();
  const struct tp_cost kernel = {
      .fixed_s = 1, .work_s = 2, .compute_s = 5, .sm_share = 0.5, .dram_bytes = 30};
  ck_assert_rel(tp_engine_alone_s(&m, &kernel, false), 6, 1e-15);
  const struct tp_cost reduce = {.fixed_s = 1,
                                 .work_s = 2,
                                 .compute_s = 50,
                                 .dram_bytes = 30,
                                 .n_phases = 2,
                                 .phases = {phase(2, 0.5, 4), phase(0, 9, 2)}};
  ck_assert_rel(tp_engine_alone_s(&m, &reduce, true), 1 + 3 + 1 + 0.5, 1e-15);
}
END_TEST

START_TEST(op_run_alone_lasts_as_long_as_alone)
{
  const struct tp_machine m = machine();
  const struct tp_cost cost = {.fixed_s = 1,
                               .dram_bytes = 30,
                               .sm_share = 0.1,
                               .n_phases = 2,
                               .phases = {phase(2, 0.5, 4), phase(0, 9, 2)}};
  struct tp_fluid fluid = {.machine = &m, .now_s = 3};
  tp_fluid_start(&fluid, 2, &cost, true, tp_engine_alone_s(&m, &cost, true));
  ck_assert_uint_eq(tp_fluid_advance(&fluid), 1u << 2);
  ck_assert_rel(fluid.now_s, 3 + 5.5, 1e-15);
  ck_assert_uint_eq(fluid.running, 0);
}
END_TEST

/* Two kernels of 20 and 40 bytes: at 4 s the first ends; the state set back by 3 s goes on alike.
 */
START_TEST(rebased_state_goes_on_alike)
{
  const struct tp_machine m = machine();
  const struct tp_cost small = {.dram_bytes = 20}, large = {.dram_bytes = 40};
  struct tp_fluid fluid = {.machine = &m};
  tp_fluid_start(&fluid, 0, &small, false, 2);
  tp_fluid_start(&fluid, 1, &large, false, 4);
  ck_assert_uint_eq(tp_fluid_advance(&fluid), 1u);
  ck_assert_rel(fluid.now_s, 4, 1e-15);
  struct tp_fluid early = fluid;
  tp_fluid_rebase(&early, 3);
  ck_assert(!tp_fluid_same(&fluid, &early, 1e-9));
  ck_assert(tp_fluid_same(&early, &early, 0));
  struct tp_fluid late = fluid; /* by 2 s after the other: the tolerance itself is within it */
  tp_fluid_rebase(&late, 1);
  ck_assert(tp_fluid_same(&late, &early, 2));
  ck_assert(!tp_fluid_same(&late, &early, 1.999));
  ck_assert_uint_eq(tp_fluid_advance(&fluid), 2u);
  ck_assert_uint_eq(tp_fluid_advance(&early), 2u);
  ck_assert_rel(fluid.now_s, 6, 1e-15);
  ck_assert_rel(early.now_s, 3, 1e-15);
}
END_TEST

/* 3 s of work, half of it waiting for memory; from 1 s to 2 s a collective queues 2 accesses, so
 * that a second's work takes 1 + 0.5 * 2 = 2 s; under a limit of 1, 1.5 s.  One that crowds the
 * memory so that this takes 3 times as long makes it (0.5 + 0.5 * 3^4)^(1/4). */
START_TEST(test_queued_accesses_slow_work)
{
  const struct tp_machine m = {.dram_bytes_per_s = 10};
  const struct tp_cost first = {.work_s = 1};
  const struct tp_cost queues = {
      .fixed_s = 1, .queue_accesses = _i == 2 ? 0 : 2, .crowding = _i == 2 ? 2 : 0};
  struct tp_cost work = {.work_s = 3, .stall_ratio = 0.5, .queue_limit = _i == 1 ? 1 : HUGE_VAL};
  if (_i == 2)
    work = (struct tp_cost){.work_s = 3, .memory_share = 0.5};
  struct tp_fluid fluid = {.machine = &m};
  tp_fluid_start(&fluid, 0, &work, false, 3);
  tp_fluid_start(&fluid, 1, &first, false, 1);
  ck_assert_uint_eq(tp_fluid_advance(&fluid), 2u);
  tp_fluid_start(&fluid, 1, &queues, true, 1);
  ck_assert_uint_eq(tp_fluid_advance(&fluid), 2u);
  ck_assert_rel(fluid.now_s, 2, 1e-15);
  ck_assert_uint_eq(tp_fluid_advance(&fluid), 1u);
  static const double ends_s[] = {3.5, 2 + 4.0 / 3, 4 - 0.39518826};
  ck_assert_rel(fluid.now_s, ends_s[_i], 1e-6);
}
END_TEST

/* 60 bytes of a kernel and 10 of a collective that weighs a fifth, at 10 bytes/s: after 6 s the
 * kernel has had 50 and the collective its 10; the rest alone. */
START_TEST(test_light_collectives_get_less_dram)
{
  const struct tp_machine m = {.dram_bytes_per_s = 10};
  const struct tp_cost kernel = {.dram_bytes = 60,
                                 .dram_weight = 9 /* of kernels: not looked at */};
  const struct tp_cost light = {.dram_bytes = 10, .dram_weight = 0.2};
  struct tp_fluid fluid = {.machine = &m};
  tp_fluid_start(&fluid, 0, &kernel, false, 6);
  tp_fluid_start(&fluid, 1, &light, true, 1);
  ck_assert_uint_eq(tp_fluid_advance(&fluid), 2u);
  ck_assert_rel(fluid.now_s, 6, 1e-15);
  ck_assert_uint_eq(tp_fluid_advance(&fluid), 1u);
  ck_assert_rel(fluid.now_s, 7, 1e-15);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("fluid");
  TCase *tcase = tcase_create("fluid");
  tcase_add_test(tcase, max_min_fills_small_users_first);
  tcase_add_test(tcase, max_min_serves_who_becomes_small);
  tcase_add_test(tcase, max_min_gives_no_more_than_asked);
  tcase_add_test(tcase, alone_is_fixed_time_and_the_longest_component);
  tcase_add_test(tcase, op_run_alone_lasts_as_long_as_alone);
  tcase_add_test(tcase, rebased_state_goes_on_alike);
  tcase_add_loop_test(tcase, test_queued_accesses_slow_work, 0, 3);
  tcase_add_test(tcase, test_light_collectives_get_less_dram);
  suite_add_tcase(suite, tcase);
  return suite;
}
TP_SUITE_MAIN
