/* Programs small enough to time by hand. */
#include "../suite.h"
#include "../toy_program.h"

enum { E0, E1, E2, E3, NONE = TP_NO_EVENT };

static struct toy toy;

static void setup(void)
{
  toy_init(&toy);
}

START_TEST(chain_is_a_sum)
{
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_work(5));
  toy_segment(&toy, 10);
  toy_kernel(&toy, E1, NONE, (struct tp_cost){.fixed_s = 1, .work_s = 2, .dram_bytes = 3000});
  toy_kernel(&toy, NONE, E0, toy_compute(6, 1));
  toy_collective(&toy, E0, E1, toy_ring(0.5, 150, 0.5));
  toy.costs[1][0].flops = 7;
  toy.costs[1][1].sigma = 0.1;
  toy.costs[1][2].sigma = 0.2;
  toy.costs[1][2].link_bytes = 11;
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.total_s, 5 + 10 * (4 + 6 + 2), 1e-15);
  ck_assert_rel(r.compute_s, 5 + 10 * (4 + 6), 1e-15);
  ck_assert_rel(r.comm_s, 20, 1e-15);
  ck_assert_rel(r.comm_exposed_s, 20, 1e-15);
  ck_assert_rel(r.flops, 70, 1e-15);
  ck_assert_rel(r.dram_bytes, 30000, 1e-15);
  ck_assert_rel(r.link_bytes, 110, 1e-15);
  ck_assert_rel(r.variance, 6 * 6 + 4 * 4, 1e-15);
  const struct tp_result full = toy_run_in_full(&toy);
  ck_assert_rel(full.total_s, r.total_s, 1e-14);
  ck_assert_rel(full.compute_s, r.compute_s, 1e-14);
  ck_assert_rel(full.comm_exposed_s, r.comm_exposed_s, 1e-14);
  ck_assert_rel(full.variance, r.variance, 1e-14);
}
END_TEST

START_TEST(streams_without_events_overlap)
{
  toy_segment(&toy, 100);
  toy_kernel(&toy, NONE, NONE, toy_work(3));
  toy_collective(&toy, NONE, NONE, toy_ring(2, 0, 0));
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.total_s, 300, 1e-14);
  ck_assert_rel(r.comm_s, 200, 1e-14);
  ck_assert(r.comm_exposed_s == 0);
}
END_TEST

/* The ladder's dependencies: a module reads what the all-reduce of the module before the last has
 * made, so each all-reduce runs under one module. */
static void ladder(int64_t layers, double module_s, double reduce_s)
{
  toy_segment(&toy, layers);
  toy_kernel(&toy, E2, E0, toy_work(module_s)); /* attention, after the reduce of attention */
  toy_collective(&toy, E0, E2, toy_ring(reduce_s, 0, 0));
  toy_kernel(&toy, E3, E1, toy_work(module_s)); /* MLP, after the reduce of the MLP */
  toy_collective(&toy, E1, E3, toy_ring(reduce_s, 0, 0));
}

START_TEST(ladder_hides_short_reduces_but_the_last)
{
  ladder(50, 3, 2);
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.total_s, 100 * 3 + 2, 1e-14);
  ck_assert_rel(r.comm_exposed_s, 2, 1e-12);
  ck_assert_rel(r.compute_s, 300, 1e-14);
}
END_TEST

/* Reduces longer than modules follow one another without a gap: module i waits for reduce i-2, so
 * the comm stream is the pipe. */
START_TEST(ladder_with_long_reduces_runs_at_their_pace)
{
  ladder(50, 3, 5);
  toy.costs[0][1].sigma = 0.5;
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.total_s, 3 + 100 * 5, 1e-14);
  ck_assert_rel(r.comm_s, 500, 1e-14);
  ck_assert_rel(r.comm_exposed_s, 503 - 300, 1e-13);
  /* Reduce 0 runs from 3 under module 1 (3 to 6): 2 exposed; from then on module i+2 starts with
   * reduce i+1: 2 of 5 exposed, but for the last, an MLP's. */
  ck_assert_rel(r.variance, (50 * 2 * 0.5) * (50 * 2 * 0.5), 1e-12);
}
END_TEST

START_TEST(reduces_nobody_waits_for_run_under_the_next_module)
{
  toy_segment(&toy, 10);
  toy_kernel(&toy, NONE, E0, toy_work(3));
  toy_collective(&toy, E0, NONE, toy_ring(2, 0, 0));
  ck_assert_rel(toy_run(&toy, NULL).total_s, 10 * 3 + 2, 1e-14);
}
END_TEST

START_TEST(collective_on_the_compute_stream_is_exposed)
{
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_work(3));
  toy_op(&toy, TP_OP_COLLECTIVE, TP_STREAM_COMPUTE, NONE, NONE, toy_ring(2, 0, 0));
  toy_op(&toy, TP_OP_MEMORY, 2, NONE, NONE, toy_work(1));
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.compute_s, 3, 1e-15);
  ck_assert_rel(r.comm_s, 2, 1e-15);
  ck_assert_rel(r.comm_exposed_s, 2, 1e-15);
}
END_TEST

/* The comm stream is a repetition ahead and makes its last record there, which frees a long op
 * behind the segment: counting repetitions must stop before. */
START_TEST(op_behind_a_segment_starts_in_its_last_but_one_repetition)
{
  toy_segment(&toy, 50);
  toy_collective(&toy, NONE, E0, toy_ring(1, 0, 0));
  toy_collective(&toy, E1, NONE, toy_ring(1, 0, 0)); /* after the kernel of the repetition before */
  toy_kernel(&toy, NONE, E1, toy_work(2));
  toy_kernel(&toy, NONE, NONE, toy_work(3));
  toy_segment(&toy, 1);
  toy_op(&toy, TP_OP_MEMORY, 2, E0, NONE, toy_work(1000));
  ck_assert_rel(toy_run(&toy, NULL).total_s, toy_run_in_full(&toy).total_s, 1e-14);
  /* Repetition r begins at 5 r; its first kernel's end at 5 r + 2 frees the second collective of
   * r + 1, and 5 r + 4 is the end of the first of r + 2: that of 49 ends in repetition 47. */
  ck_assert_rel(toy_run(&toy, NULL).total_s, 47 * 5 + 4 + 1000, 1e-14);
}
END_TEST

/* Replayed, a billion repetitions would outlast the test's time limit. */
START_TEST(a_billion_repetitions_are_counted)
{
  ladder(1000000000, 3, 5);
  ck_assert_rel(toy_run(&toy, NULL).total_s, 3 + 1e10, 1e-12);
}
END_TEST

/* A circle of four streams that takes two repetitions to go round, 1 + 1 + 1.5 + 1 s: kernels start
 * at 0, 2.5, 4.5, 7, 9 ... */
START_TEST(a_period_of_two_is_counted)
{
  toy_segment(&toy, 1000000000);
  toy_kernel(&toy, E0, E3, toy_work(1));
  toy_op(&toy, TP_OP_MEMORY, 2, E2, E1, toy_work(1.5));
  toy_collective(&toy, E1, E0, toy_ring(1, 0, 0));
  toy_op(&toy, TP_OP_MEMORY, 3, E3, E2, toy_work(1));
  ck_assert_rel(toy_run(&toy, NULL).total_s, 4.5 * 5e8, 1e-12);
}
END_TEST

/* Kernels of 0 s go round until they wait for a stream that is not there yet: its tenth op would
 * end at 5 + 10 s, the ninth, for which the last of them waits, ends a second before. */
START_TEST(a_stream_that_takes_no_time_waits_for_one_behind_it)
{
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_work(0));
  toy_op(&toy, TP_OP_MEMORY, 2, NONE, NONE, toy_work(5));
  toy_segment(&toy, 10);
  toy_kernel(&toy, NONE, NONE, toy_work(0));
  toy_kernel(&toy, E0, NONE, toy_work(0));
  toy_op(&toy, TP_OP_MEMORY, 2, NONE, E0, toy_work(1));
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_work(4));
  ck_assert_rel(toy_run(&toy, NULL).total_s, 5 + 9 + 4, 1e-15);
  ck_assert_rel(toy_run_in_full(&toy).total_s, 5 + 9 + 4, 1e-15);
}
END_TEST

/* The other stream is done with the segment 0.75 s before the first; then its next op runs, or
 * waits for the kernel of 4 s. */
START_TEST(what_follows_a_segment_may_begin_in_its_last_repetition)
{
  toy_segment(&toy, 10);
  toy_kernel(&toy, NONE, E0, toy_work(1));
  toy_kernel(&toy, NONE, NONE, toy_work(1));
  toy_op(&toy, TP_OP_MEMORY, 2, E0, NONE, toy_work(0.25));
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, E1, toy_work(4));
  toy_op(&toy, TP_OP_MEMORY, 2, _i == 0 ? NONE : E1, NONE, toy_work(8));
  const double want_s = _i == 0 ? 19 + 0.25 + 8 : 20 + 4 + 8;
  ck_assert_rel(toy_run(&toy, NULL).total_s, want_s, 1e-15);
  ck_assert_rel(toy_run_in_full(&toy).total_s, want_s, 1e-15);
}
END_TEST

START_TEST(wait_for_an_event_never_recorded_is_no_wait)
{
  toy_segment(&toy, 1);
  toy_collective(&toy, E0, NONE, toy_ring(4, 0, 0));
  toy_kernel(&toy, NONE, E0, toy_work(3)); /* issued after the wait */
  ck_assert_rel(toy_run(&toy, NULL).total_s, 4, 1e-15);
}
END_TEST

/* The second segment's wait reaches back over a segment that does not record the event. */
START_TEST(wait_reaches_back_to_the_last_repetition_of_an_earlier_segment)
{
  toy_segment(&toy, 7);
  toy_collective(&toy, NONE, E0, toy_ring(2, 0, 0));
  toy_segment(&toy, 3);
  toy_kernel(&toy, NONE, NONE, toy_work(1));
  toy_segment(&toy, 2);
  toy_kernel(&toy, E0, NONE, toy_work(1));
  ck_assert_rel(toy_run(&toy, NULL).total_s, 14 + 2, 1e-15);
}
END_TEST

/* Registers: the wait takes the latest record before it in issue order, not a later one. */
START_TEST(wait_takes_the_latest_record_before_it)
{
  toy_segment(&toy, 1);
  toy_collective(&toy, NONE, E0, toy_ring(2, 0, 0));
  toy_kernel(&toy, E0, NONE, toy_work(1));
  toy_collective(&toy, NONE, E0, toy_ring(5, 0, 0));
  toy_op(&toy, TP_OP_MEMORY, 2, E0, NONE, toy_work(1));
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.total_s, 8, 1e-15);
  ck_assert_rel(r.comm_exposed_s, 6, 1e-15);
}
END_TEST

/* As many as an op may have: collectives go on, a second each, and a kernel needs every fourth. */
START_TEST(all_waits_of_an_op_are_followed)
{
  toy_segment(&toy, 3);
  for (int event = E0; event <= E3; event++)
    toy_collective(&toy, NONE, event, toy_ring(1, 0, 0));
  struct tp_op *const kernel = toy_kernel(&toy, E0, NONE, toy_work(2));
  kernel->n_waits = TP_MAX_WAITS;
  memcpy(kernel->waits, (const int[]){E0, E1, E2, E3}, sizeof kernel->waits);
  toy_kernel(&toy, NONE, NONE, toy_work(1));
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.total_s, 3 * 4 + 2 + 1, 1e-15);
  ck_assert_rel(r.comm_exposed_s, 12 - 2 * 3, 1e-15);
}
END_TEST

START_TEST(two_memory_flows_halve_each_other)
{
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_bytes(1000));
  toy_op(&toy, TP_OP_MEMORY, 2, NONE, NONE, toy_bytes(3000));
  /* 500 B/s each until 2 s, then 2000 bytes are left at 1000 B/s. */
  ck_assert_rel(toy_run(&toy, NULL).compute_s, 2, 1e-15);
  ck_assert_rel(toy_run(&toy, NULL).total_s, 4, 1e-15);
}
END_TEST

/* 500 B/s each to 1 s, then 333: the third ends first, at 1.3 s, after its 100. */
START_TEST(a_third_memory_flow_takes_a_third)
{
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_bytes(1000));
  toy_op(&toy, TP_OP_MEMORY, 2, NONE, NONE, toy_bytes(1000));
  toy_op(&toy, TP_OP_MEMORY, 3, NONE, E0, (struct tp_cost){.fixed_s = 1, .dram_bytes = 100})->name =
      "third";
  toy_op(&toy, TP_OP_MEMORY, 3, NONE, NONE, toy_work(10));
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.total_s, 11.3, 1e-15);
  ck_assert_rel(r.compute_s, 1.3 + (1000 - 500 - 100) / 500.0, 1e-15);
}
END_TEST

START_TEST(memory_of_a_collective_slows_a_kernel_from_the_end_of_its_fixed_time)
{
  struct tp_cost reduce = toy_ring(1, 0, 0);
  reduce.fixed_s = 0.5;
  reduce.dram_bytes = 500;
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_bytes(2000));
  toy_collective(&toy, NONE, NONE, reduce);
  /* 500 bytes alone, then 500 B/s while the collective moves its 500 (to 1.5), then the rest. */
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.comm_s, 1.5, 1e-15);
  ck_assert_rel(r.compute_s, 2.5, 1e-15);
}
END_TEST

START_TEST(held_sms_slow_a_gemm)
{
  struct tp_cost reduce = toy_ring(2, 100, 0.2);
  reduce.fixed_s = 1;
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_compute(8, 1));
  toy_collective(&toy, NONE, NONE, reduce);
  /* Held from 0 to 4, fixed time and delay included: 3.2 of 8 done at 0.8. */
  ck_assert_rel(toy_run(&toy, NULL).total_s, 4 + 4.8, 1e-15);
}
END_TEST

/* The same, begun in the middle of the kernel: 2 of 8 s done, then 4 s at 0.8. */
START_TEST(sms_are_held_from_the_start_of_a_collective)
{
  struct tp_cost reduce = toy_ring(0, 0, 0.2);
  reduce.fixed_s = 4;
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_compute(8, 1));
  toy_collective(&toy, NONE, NONE, toy_ring(2, 0, 0));
  toy_collective(&toy, NONE, NONE, reduce);
  ck_assert_rel(toy_run(&toy, NULL).total_s, 2 + 4 + (8 - 2 - 3.2), 1e-15);
}
END_TEST

START_TEST(sms_a_kernel_does_not_need_slow_nothing)
{
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_compute(8, 0.7));
  toy_collective(&toy, NONE, NONE, toy_ring(4, 0, 0.3));
  ck_assert_rel(toy_run(&toy, NULL).total_s, 8, 1e-15);
}
END_TEST

START_TEST(fixed_time_and_work_do_not_stretch)
{
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE,
             (struct tp_cost){.fixed_s = 3, .work_s = 4, .compute_s = 2, .sm_share = 1});
  toy_collective(&toy, NONE, NONE, toy_ring(20, 0, 0.5));
  ck_assert_rel(toy_run(&toy, NULL).compute_s, 7, 1e-15);
}
END_TEST

START_TEST(kernels_get_on_when_collectives_hold_all_sms)
{
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_compute(5, 1));
  toy_collective(&toy, NONE, NONE, toy_ring(1000, 0, 1));
  ck_assert_rel(toy_run(&toy, NULL).total_s, 1000 + 4, 1e-12);
  ck_assert_rel(toy_run(&toy, NULL).compute_s, 1004, 1e-12);
}
END_TEST

/* 0.3 + 0.8 of the SMs: the small one keeps its 0.3, the large one gets 0.7 of its 0.8. */
START_TEST(kernels_share_sms_max_min)
{
  toy_segment(&toy, 1);
  toy_kernel(&toy, NONE, NONE, toy_compute(7, 0.8));
  toy_op(&toy, TP_OP_GEMM, 2, NONE, NONE, toy_compute(4, 0.3));
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.compute_s, 4 + (7 - 4 * 0.7 / 0.8), 1e-15);
}
END_TEST

START_TEST(collectives_share_a_pattern_only_while_both_flow)
{
  toy_segment(&toy, 1);
  toy_collective(&toy, NONE, NONE, toy_ring(1, 300, 0));              /* 1 to 4 alone */
  toy_op(&toy, TP_OP_COLLECTIVE, 2, NONE, NONE, toy_ring(2, 100, 0)); /* from 2 */
  toy_op(&toy, TP_OP_COLLECTIVE, 3, NONE, NONE, toy_ring(0, 100, 0))->records = NONE; /* 0 to 1 */
  toy.costs[0][2].phases[0].rate = &toy_rates[TP_PATTERN_DIRECT];
  /* At 2: 200 and 100 left at 50 B/s; the second ends at 4, the first has 100 left, ends at 5. */
  const struct tp_result r = toy_run(&toy, NULL);
  ck_assert_rel(r.total_s, 5, 1e-15);
  ck_assert_rel(r.comm_s, 5 + 4 + 1, 1e-15);
  ck_assert_rel(r.comm_exposed_s, 5, 1e-15);
}
END_TEST

START_TEST(phases_follow_one_another)
{
  struct tp_cost cost = {.n_phases = 3,
                         .phases = {toy_phase(TP_PATTERN_LOCAL_RING, 2, 0.5, 50),
                                    toy_phase(TP_PATTERN_ACROSS_RING, 1, 0, 100),
                                    toy_phase(TP_PATTERN_LOCAL_RING, 2, 0.5, 50)}};
  cost.phases[1].latency_s = 0.25;
  toy_segment(&toy, 1);
  toy_collective(&toy, NONE, NONE, cost);
  ck_assert_rel(toy_run(&toy, NULL).total_s, 1.5 + 1.25 + 1.5, 1e-15);
  ck_assert_rel(toy_run_in_full(&toy).total_s, 1.5 + 1.25 + 1.5, 1e-15);
}
END_TEST

START_TEST(empty_programs_and_segments_take_no_time)
{
  ck_assert(toy_run(&toy, NULL).total_s == 0);
  toy_segment(&toy, 0);
  toy_kernel(&toy, NONE, NONE, toy_work(5));
  toy_segment(&toy, 3);
  ck_assert(toy_run(&toy, NULL).total_s == 0);
  ck_assert(toy_run_in_full(&toy).total_s == 0);
}
END_TEST

/* 0: a flow without a route beside a kernel; 1: the same alone; 2: work without an end. */
START_TEST(op_without_an_end_is_an_error)
{
  struct tp_cost cost = toy_ring(1, 1, 0);
  cost.phases[0].flow_bytes_per_s = 0;
  toy_segment(&toy, 2);
  toy_kernel(&toy, NONE, NONE, toy_work(_i == 2 ? HUGE_VAL : 5));
  toy_collective(&toy, NONE, NONE, _i == 2 ? toy_work(1) : cost);
  if (_i == 1)
    toy.ops[0][1].stream = TP_STREAM_COMPUTE;
  struct tp_arena *arena = tp_arena_create();
  struct tp_error error = {{0}};
  struct tp_result result = {.total_s = -1};
  const struct tp_run run = {.program = &toy.program, .machine = &toy.machine, .costs = toy.rows};
  ck_assert_int_eq(tp_engine_analytic.run(&tp_engine_analytic, &run, arena, &result, &error),
                   TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "no route"));
  ck_assert(result.total_s == -1);
  tp_arena_free(arena);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("analytic");
  TCase *order = tcase_create("order");
  tcase_add_checked_fixture(order, setup, NULL);
  tcase_add_test(order, chain_is_a_sum);
  tcase_add_test(order, streams_without_events_overlap);
  tcase_add_test(order, ladder_hides_short_reduces_but_the_last);
  tcase_add_test(order, ladder_with_long_reduces_runs_at_their_pace);
  tcase_add_test(order, wait_for_an_event_never_recorded_is_no_wait);
  tcase_add_test(order, wait_reaches_back_to_the_last_repetition_of_an_earlier_segment);
  tcase_add_test(order, wait_takes_the_latest_record_before_it);
  tcase_add_test(order, all_waits_of_an_op_are_followed);
  tcase_add_test(order, empty_programs_and_segments_take_no_time);
  tcase_add_loop_test(order, op_without_an_end_is_an_error, 0, 3);
  tcase_add_test(order, reduces_nobody_waits_for_run_under_the_next_module);
  tcase_add_test(order, collective_on_the_compute_stream_is_exposed);
  tcase_add_test(order, op_behind_a_segment_starts_in_its_last_but_one_repetition);
  tcase_add_test(order, a_billion_repetitions_are_counted);
  tcase_add_test(order, a_period_of_two_is_counted);
  tcase_add_test(order, a_stream_that_takes_no_time_waits_for_one_behind_it);
  tcase_add_loop_test(order, what_follows_a_segment_may_begin_in_its_last_repetition, 0, 2);
  suite_add_tcase(suite, order);
  TCase *sharing = tcase_create("sharing");
  tcase_add_checked_fixture(sharing, setup, NULL);
  tcase_add_test(sharing, two_memory_flows_halve_each_other);
  tcase_add_test(sharing, memory_of_a_collective_slows_a_kernel_from_the_end_of_its_fixed_time);
  tcase_add_test(sharing, held_sms_slow_a_gemm);
  tcase_add_test(sharing, sms_a_kernel_does_not_need_slow_nothing);
  tcase_add_test(sharing, fixed_time_and_work_do_not_stretch);
  tcase_add_test(sharing, kernels_get_on_when_collectives_hold_all_sms);
  tcase_add_test(sharing, kernels_share_sms_max_min);
  tcase_add_test(sharing, collectives_share_a_pattern_only_while_both_flow);
  tcase_add_test(sharing, phases_follow_one_another);
  tcase_add_test(sharing, sms_are_held_from_the_start_of_a_collective);
  tcase_add_test(sharing, a_third_memory_flow_takes_a_third);
  suite_add_tcase(suite, sharing);
  return suite;
}
TP_SUITE_MAIN
