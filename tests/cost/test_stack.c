/* What a stack adds to the cost of an op: docs/MODEL.md, "Software stacks". */
#include "../toy.h"
#include "machines.h"

static const struct tp_op row = {.name = "row",
                                 .kind = TP_OP_GEMM,
                                 .gemm = {.m = 1, .n = 1000, .k = 999, .dtype = TP_DTYPE_FP16}};

/* 1,000 x 999 weights, 999 inputs, 1,000 outputs: 2,001,998 bytes at half of 1 TB/s, and a floor.
 */
START_TEST(one_row_is_a_reduction_over_the_weights)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.machine.dram_bytes_per_s = 1e12;
  toy.machine.program = true;
  toy.stack.fusion.matrix_vector = true;
  const double want_us = 1 + 2 * (999e3 + 999 + 1000) / 0.5e12 * 1e6;
  ck_assert_rel(toy_us(&toy, &row), want_us, 1e-12);
}
END_TEST

/* Only one row, only in programs, only where the stack says so. */
START_TEST(other_gemms_stay_library_calls)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.machine.program = true;
  const double library_us = toy_us(&toy, &row);
  toy.stack.fusion.matrix_vector = true;
  ck_assert(toy_us(&toy, &row) < library_us);
  struct tp_op two = row;
  two.gemm.m = 2;
  const double two_us = toy_us(&toy, &two);
  toy.stack.fusion.matrix_vector = false;
  ck_assert_rel(toy_us(&toy, &two), two_us, 0);
  toy.machine.program = false;
  const double benchmarked_us = toy_us(&toy, &row);
  toy.stack.fusion.matrix_vector = true;
  ck_assert_rel(toy_us(&toy, &row), benchmarked_us, 0);
}
END_TEST

static struct tp_cost all_reduce(const struct bench *bench)
{
  const struct tp_op op = {.name = "all_reduce",
                           .kind = TP_OP_COLLECTIVE,
                           .collective = {.kind = TP_ALL_REDUCE, .bytes = 1 << 20}};
  return tp_cost_op(&bench->machine, true, &op);
}

/* In a program ratio * (time alone) + in_place_s; alone nothing. */
START_TEST(collectives_cost_more_in_place)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  bench->stack.collectives.in_place_ratio = 1.25;
  bench->stack.collectives.in_place_s = 7e-6;
  const struct tp_cost alone = all_reduce(bench);
  const double alone_s = tp_cost_alone_s(&bench->machine, &alone);
  bench->machine.program = true;
  const struct tp_cost placed = all_reduce(bench);
  ck_assert_rel(tp_cost_alone_s(&bench->machine, &placed), 1.25 * alone_s + 7e-6, 1e-12);
  ck_assert_rel(placed.link_bytes, alone.link_bytes, 0);
  bench_free(bench);
}
END_TEST

/* Streams and events: 5 us of them in all, 2 by the kernel that waits; what a stack says of its
 * collectives in place has them in it. */
START_TEST(crossings_cost_both_sides)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  struct tp_op kernel = {.kind = TP_OP_MEMORY, .memory = {.read_bytes = 1e6, .write_bytes = 1e6}};
  bench->device.overlap.crossing_s = 5e-6;
  bench->device.overlap.wait_s = 2e-6;
  bench->stack.collectives.in_place_ratio = 1;
  bench->stack.collectives.in_place_s = 0;
  bench->stack.launch.kernel_gap_s = bench->stack.launch.row_latency_s = 0;
  const double alone_s = all_reduce(bench).fixed_s;
  const double kernel_s = tp_cost_op(&bench->machine, true, &kernel).fixed_s;
  kernel.n_waits = 1;
  ck_assert_rel(tp_cost_op(&bench->machine, true, &kernel).fixed_s, kernel_s + 2e-6, 1e-12);
  bench->machine.program = true;
  ck_assert_rel(all_reduce(bench).fixed_s, alone_s + 3e-6, 1e-12);
  ck_assert_rel(tp_cost_op(&bench->machine, true, &kernel).fixed_s, kernel_s + 2e-6, 1e-12);
  kernel.n_waits = 0;
  ck_assert_rel(tp_cost_op(&bench->machine, true, &kernel).fixed_s, kernel_s, 0);
  bench->stack.collectives.in_place_s = 4e-6;
  ck_assert_rel(all_reduce(bench).fixed_s, alone_s + 4e-6, 1e-12);
  bench->device.overlap.wait_s = 6e-6;
  ck_assert_rel(tp_cost_crossing_s(&bench->machine, &kernel), 0, 0);
  bench_free(bench);
}
END_TEST

/* A kernel with blocks that come late keeps held_ratio of its rate, or what the held SMs leave if
 * that is less; what is held stays the library's. */
START_TEST(held_sms_make_blocks_late)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  const double share = bench->device.nccl.ring_sms / bench->device.datasheet.sm_count;
  bench->device.overlap.held_ratio = 0.6;
  ck_assert_rel(all_reduce(bench).late_share, 0.4, 1e-12);
  ck_assert_rel(all_reduce(bench).sm_share, share, 1e-12);
  bench->device.overlap.held_ratio = 1;
  ck_assert_rel(all_reduce(bench).late_share, share, 1e-12);
  bench->device.overlap.held_ratio = 0.99;
  ck_assert_rel(all_reduce(bench).late_share, share, 1e-12);
  bench_free(bench);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("stack");
  TCase *t = tcase_create("stack");
  tcase_add_test(t, one_row_is_a_reduction_over_the_weights);
  tcase_add_test(t, other_gemms_stay_library_calls);
  tcase_add_test(t, collectives_cost_more_in_place);
  tcase_add_test(t, crossings_cost_both_sides);
  tcase_add_test(t, held_sms_make_blocks_late);
  suite_add_tcase(s, t);
  return s;
}

TP_SUITE_MAIN
