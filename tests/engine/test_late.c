/* Blocks that find no SM, by hand: the same in both engines, folded or not. */
#include "rig.h"

enum { NONE = TP_NO_EVENT };

static struct rig rig;

static void open_dgx(void)
{
  rig_open(&rig, "dgx-h100", 4);
  rig.toy.program.n_streams = 3;
  toy_segment(&rig.toy, 1);
}

static void close_rig(void)
{
  rig_close(&rig);
}

/* 6 us on all SMs, looking for places at 1 us. */
static const struct tp_cost kernel = {.fixed_s = 1e-6, .compute_s = 6e-6, .sm_share = 1};

/* Beside it, that kernel gets on at 0.8, and its late blocks take up to 4.5 us: 12 us in all, half
 * of its rate. */
static struct tp_cost holds(double seconds)
{
  return (struct tp_cost){.work_s = seconds, .sm_share = 0.2, .late_share = 0.5};
}

static void check_kernel_s(double wanted_s)
{
  ck_assert_rel(rig_analytic(&rig).compute_s, wanted_s, 1e-12);
  ck_assert_rel(rig_des(&rig, TP_DETAIL_FLOW, false, NULL).compute_s, wanted_s, 1e-12);
  ck_assert_rel(rig_des(&rig, TP_DETAIL_FLOW, true, NULL).compute_s, wanted_s, 1e-12);
}

/* 2 us at 0.8, a third of the time of the blocks that have a place. */
START_TEST(blocks_begin_when_sms_are_free)
{
  toy_kernel(&rig.toy, NONE, NONE, kernel);
  toy_collective(&rig.toy, NONE, NONE, holds(3e-6));
  check_kernel_s(3e-6 + (6e-6 - 0.8 * 2e-6) + 4.5e-6 / 3);
}
END_TEST

START_TEST(or_when_the_first_blocks_end)
{
  toy_kernel(&rig.toy, NONE, NONE, kernel);
  toy_collective(&rig.toy, NONE, NONE, holds(50e-6));
  check_kernel_s(1e-6 + 2 * 6e-6);
}
END_TEST

/* As long as those that have a place take, at 0.8. */
START_TEST(no_later_than_the_first_blocks_end)
{
  toy_kernel(&rig.toy, NONE, NONE, kernel);
  toy_collective(&rig.toy, NONE, NONE, holds(7e-6));
  check_kernel_s(7e-6 + (6e-6 - 0.8 * 6e-6) + 4.5e-6);
}
END_TEST

/* The second begins as the first ends, too late for blocks that wait: 4 us at 0.8, 2 us without
 * room. */
START_TEST(blocks_go_before_the_next_collective)
{
  toy_kernel(&rig.toy, NONE, NONE, kernel);
  toy_collective(&rig.toy, NONE, NONE, holds(3e-6));
  toy_collective(&rig.toy, NONE, NONE, holds(2e-6));
  check_kernel_s(5e-6 + (6e-6 - 0.8 * 4e-6) + 4.5e-6 / 3);
}
END_TEST

/* Another on a third stream, from 2 us to 4 us: for 1 us at 0.6. */
START_TEST(one_that_goes_on_keeps_sms_held)
{
  toy_kernel(&rig.toy, NONE, NONE, kernel);
  toy_collective(&rig.toy, NONE, NONE, holds(3e-6));
  toy_op(&rig.toy, TP_OP_COLLECTIVE, 2, NONE, NONE, toy_work(2e-6));
  toy_op(&rig.toy, TP_OP_COLLECTIVE, 2, NONE, NONE, holds(2e-6));
  check_kernel_s(4e-6 + (6e-6 - 2.2e-6) + 4.5e-6 / 2);
}
END_TEST

/* Of two at once the worse one makes blocks wait, and both hold SMs: 2 us, then 10 at 0.6. */
START_TEST(the_worse_of_two_makes_blocks_wait)
{
  struct tp_cost milder = holds(50e-6);
  milder.late_share = 0.3;
  toy_kernel(&rig.toy, NONE, NONE, kernel);
  toy_collective(&rig.toy, NONE, NONE, _i == 0 ? milder : holds(50e-6));
  toy_op(&rig.toy, TP_OP_COLLECTIVE, 2, NONE, NONE, _i == 0 ? holds(50e-6) : milder);
  check_kernel_s(1e-6 + 2e-6 + 10e-6);
}
END_TEST

START_TEST(blocks_with_a_place_do_not_wait)
{
  toy_kernel(&rig.toy, NONE, NONE, kernel);
  toy_collective(&rig.toy, NONE, NONE, toy_work(2e-6));
  toy_collective(&rig.toy, NONE, NONE, holds(2e-6));
  check_kernel_s(7e-6 + 0.2 * 2e-6);
}
END_TEST

/* Whichever of the two an engine looks at first: a kernel with bytes has more to begin. */
START_TEST(who_begins_at_once_gets_a_place)
{
  const int stream = _i == 0 ? TP_STREAM_COMPUTE : 2;
  struct tp_cost soon = kernel;
  soon.fixed_s = 0;
  soon.dram_bytes = _i == 0 ? 0 : 1;
  toy_op(&rig.toy, TP_OP_GEMM, stream, NONE, NONE, soon);
  toy_collective(&rig.toy, NONE, NONE, holds(2e-6));
  const double wanted_s = 6e-6 + 0.2 * 2e-6;
  ck_assert_rel(rig_analytic(&rig).total_s, wanted_s, 1e-12);
  ck_assert_rel(rig_des(&rig, TP_DETAIL_FLOW, false, NULL).total_s, wanted_s, 1e-12);
  ck_assert_rel(rig_des(&rig, TP_DETAIL_FLOW, true, NULL).total_s, wanted_s, 1e-12);
}
END_TEST

START_TEST(few_blocks_find_room)
{
  struct tp_cost few = kernel;
  few.sm_share = 0.5;
  toy_kernel(&rig.toy, NONE, NONE, few);
  toy_collective(&rig.toy, NONE, NONE, holds(50e-6));
  check_kernel_s(7e-6);
}
END_TEST

/* Of 0.6 of the SMs, 0.5 are left: a fifth more. */
START_TEST(some_blocks_find_room)
{
  struct tp_cost some = kernel;
  some.sm_share = 0.6;
  toy_kernel(&rig.toy, NONE, NONE, some);
  toy_collective(&rig.toy, NONE, NONE, holds(50e-6));
  check_kernel_s(1e-6 + 1.2 * 6e-6);
}
END_TEST

/* 3 us at 0.4. */
START_TEST(the_share_held_counts_where_it_is_worse)
{
  struct tp_cost most = holds(4e-6);
  most.sm_share = 0.6;
  toy_kernel(&rig.toy, NONE, NONE, kernel);
  toy_collective(&rig.toy, NONE, NONE, most);
  check_kernel_s(4e-6 + (6e-6 - 0.4 * 3e-6));
}
END_TEST

/* Blocks that wait for memory take 9 us beside each other, of 2 us of which the late ones make 2/9
 * of what they would lose: their time less what of the bytes was not on its way.  Where the memory
 * alone is asked for too much, the others' blocks are as fast. */
START_TEST(late_blocks_make_up_for_what_others_wait)
{
  struct tp_cost more = kernel;
  if (_i == 0)
    more.work_s = 9e-6;
  else
    more.dram_bytes = 9e-6 * 2e12;
  toy_kernel(&rig.toy, NONE, NONE, more);
  toy_collective(&rig.toy, NONE, NONE, holds(3e-6));
  check_kernel_s(10e-6 + (_i == 0 ? (4.5e-6 - 0.2 * 1.5e-6) * 2 / 9 : 4.5e-6 / 3));
}
END_TEST

/* Bytes of the kernel move meanwhile: those of the second from 2.5 us on, from 2.7 us at half the
 * rate, until the collective ends with its own 12 us later; 2.8 us are left then. */
START_TEST(bytes_move_meanwhile)
{
  struct tp_cost first = {.compute_s = 1e-6, .dram_bytes = 2e-6 * 2e12, .sm_share = 0.1};
  struct tp_cost second = kernel, moves = holds(5e-6);
  second.fixed_s = 0.5e-6;
  second.dram_bytes = 9e-6 * 2e12;
  moves.fixed_s = 2.7e-6;
  moves.dram_bytes = 6e-6 * 2e12;
  toy_kernel(&rig.toy, NONE, NONE, first);
  toy_kernel(&rig.toy, NONE, NONE, second);
  toy_collective(&rig.toy, NONE, NONE, moves);
  const double both_s = 14.7e-6 + 2.8e-6 + 4.5e-6;
  ck_assert_rel(rig_analytic(&rig).total_s, both_s, 1e-9);
  ck_assert_rel(rig_des(&rig, TP_DETAIL_FLOW, false, NULL).total_s, both_s, 1e-9);
}
END_TEST

/* Of three waves one is late, 2 us of SM time at half the rate in place of 0.8: 1.5 us; then 6 us
 * at 0.8.  Beside one that ends after 1 us of it, half of that. */
START_TEST(a_wave_is_late_at_most)
{
  struct tp_cost many = kernel;
  many.wave_s = 2e-6;
  toy_kernel(&rig.toy, NONE, NONE, many);
  toy_collective(&rig.toy, NONE, NONE, holds(_i == 0 ? 50e-6 : 2e-6));
  check_kernel_s(_i == 0 ? 1e-6 + 1.5e-6 + 7.5e-6 : 2e-6 + 5.2e-6 + 0.75e-6);
}
END_TEST

/* Blocks of 2 us, late by 1.5; of the 2.5 us that the others wait for memory beyond their share of
 * the SMs, a fifth of the bytes is not on its way.  Where they wait no longer than that, nothing is
 * gained. */
START_TEST(late_bytes_leave_memory_to_others)
{
  struct tp_cost waits = kernel;
  waits.compute_s = 2e-6;
  waits.work_s = _i == 0 ? 5e-6 : 2.4e-6;
  toy_kernel(&rig.toy, NONE, NONE, waits);
  toy_collective(&rig.toy, NONE, NONE, holds(50e-6));
  check_kernel_s(_i == 0 ? 1e-6 + 1e-6 + 5e-6 : 1e-6 + 1.5e-6 + 2.5e-6);
}
END_TEST

/* An end on the third stream wakes the lane in vain. */
START_TEST(other_ends_change_nothing)
{
  toy_kernel(&rig.toy, NONE, NONE, kernel);
  toy_collective(&rig.toy, NONE, NONE, holds(3e-6));
  toy_op(&rig.toy, TP_OP_MEMORY, 2, NONE, NONE, toy_work(2e-6));
  check_kernel_s(3e-6 + 4.4e-6 + 1.5e-6);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("late");
  TCase *tcase = tcase_create("late");
  tcase_add_checked_fixture(tcase, open_dgx, close_rig);
  tcase_add_test(tcase, blocks_begin_when_sms_are_free);
  tcase_add_test(tcase, or_when_the_first_blocks_end);
  tcase_add_test(tcase, no_later_than_the_first_blocks_end);
  tcase_add_test(tcase, blocks_go_before_the_next_collective);
  tcase_add_test(tcase, one_that_goes_on_keeps_sms_held);
  tcase_add_loop_test(tcase, the_worse_of_two_makes_blocks_wait, 0, 2);
  tcase_add_test(tcase, blocks_with_a_place_do_not_wait);
  tcase_add_loop_test(tcase, who_begins_at_once_gets_a_place, 0, 2);
  tcase_add_test(tcase, few_blocks_find_room);
  tcase_add_test(tcase, some_blocks_find_room);
  tcase_add_test(tcase, the_share_held_counts_where_it_is_worse);
  tcase_add_loop_test(tcase, late_blocks_make_up_for_what_others_wait, 0, 2);
  tcase_add_test(tcase, bytes_move_meanwhile);
  tcase_add_loop_test(tcase, a_wave_is_late_at_most, 0, 2);
  tcase_add_loop_test(tcase, late_bytes_leave_memory_to_others, 0, 2);
  tcase_add_test(tcase, other_ends_change_nothing);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
