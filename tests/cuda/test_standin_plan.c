/* What a stand-in holds, moves and waits for. */
#include "run/standin_plan.h"

#include "../cost/machines.h"
#include "../random.h"

enum { DEVICE_SMS = 132 };

static struct tp_op all_reduce(double bytes)
{
  return (struct tp_op){
      .name = "all_reduce",
      .kind = TP_OP_COLLECTIVE,
      .collective = {.kind = TP_ALL_REDUCE, .bytes = bytes, .dtype = TP_DTYPE_BF16}};
}

/* Every vector belongs to one block, and blocks differ by one at most. */
START_TEST(blocks_cover_all_bytes)
{
  uint64_t random = tp_random_seed(_i);
  const struct tp_standin_plan plan = {.blocks = 1 + (int)tp_random_below(&random, 132),
                                       .vectors = (int64_t)tp_random_below(&random, 100000)};
  ck_assert_int_eq(tp_standin_first(&plan, 0), 0);
  ck_assert_int_eq(tp_standin_first(&plan, plan.blocks), plan.vectors);
  for (int block = 0; block < plan.blocks; block++) {
    const int64_t share = tp_standin_first(&plan, block + 1) - tp_standin_first(&plan, block);
    ck_assert_int_ge(share, plan.vectors / plan.blocks);
    ck_assert_int_le(share, plan.vectors / plan.blocks + 1);
  }
}
END_TEST

START_TEST(chunks_are_spread_over_the_time)
{
  const struct tp_standin_plan plan = {.blocks = 1, .nanoseconds = 1000};
  ck_assert_int_eq(tp_standin_due(&plan, 0, 4), 0);
  ck_assert_int_eq(tp_standin_due(&plan, 1, 4), 250);
  ck_assert_int_eq(tp_standin_due(&plan, 3, 4), 750);
  ck_assert_int_eq(tp_standin_due(&plan, 1, 3), 333);
}
END_TEST

/* Time and bytes are the model's for the program's phase, rounded up; the SMs those of the
 * library's kernel. */
START_TEST(plan_is_the_models)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  struct tp_machine *machine = &bench->machine;
  machine->program = machine->sustained = true;
  const struct tp_op op = all_reduce(1 << 26);
  const struct tp_cost cost = tp_cost_op(machine, false, &op);
  const struct tp_standin_plan plan =
      tp_standin_plan_make(machine, false, &op, TP_STANDIN_MODEL_SMS, DEVICE_SMS);
  ck_assert_rel((double)plan.nanoseconds, 1e9 * tp_cost_alone_s(machine, &cost), 1e-4);
  ck_assert_double_ge((double)plan.nanoseconds, 1e9 * tp_cost_alone_s(machine, &cost));
  ck_assert_rel((double)plan.vectors * 32, cost.dram_bytes, 1e-6);
  ck_assert_double_ge((double)plan.vectors * 32, cost.dram_bytes);
  ck_assert_rel(plan.blocks, cost.sm_share * bench->device.datasheet.sm_count, 0.03);
  bench_free(bench);
}
END_TEST

/* Streams and events take their time by themselves: the stand-in is not told of it. */
START_TEST(crossings_are_real)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  const struct tp_op op = all_reduce(1 << 20);
  bench->machine.program = bench->machine.sustained = true;
  bench->stack.collectives.in_place_s = 0;
  const int64_t before =
      tp_standin_plan_make(&bench->machine, true, &op, 16, DEVICE_SMS).nanoseconds;
  bench->device.overlap.crossing_s = 9e-6;
  bench->device.overlap.wait_s = 1e-6;
  ck_assert_int_eq(tp_standin_plan_make(&bench->machine, true, &op, 16, DEVICE_SMS).nanoseconds,
                   before);
  bench->stack.collectives.in_place_s = 10e-6; /* 2 us more than the crossing */
  const int64_t after =
      tp_standin_plan_make(&bench->machine, true, &op, 16, DEVICE_SMS).nanoseconds;
  ck_assert_int_le(after - before, 2001);
  ck_assert_int_ge(after - before, 1999);
  bench_free(bench);
}
END_TEST

START_TEST(holds_what_is_asked)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  const struct tp_machine *machine = &bench->machine;
  struct tp_op op = all_reduce(1 << 20);
  static const int asked[] = {1, 24, 500, TP_STANDIN_COPY_ENGINES};
  static const int want[] = {1, 24, DEVICE_SMS, 0};
  for (int i = 0; i < 4; i++)
    ck_assert_int_eq(tp_standin_plan_make(machine, true, &op, asked[i], DEVICE_SMS).blocks,
                     want[i]);
  op.collective.sms = 4; /* a limit is the model's, too */
  ck_assert_int_eq(
      tp_standin_plan_make(machine, true, &op, TP_STANDIN_MODEL_SMS, DEVICE_SMS).blocks, 4);
  op.collective.sms = TP_NO_SMS;
  ck_assert_int_eq(tp_standin_plan_make(machine, true, &op, 24, DEVICE_SMS).blocks, 0);
  ck_assert_int_eq(
      tp_standin_plan_make(machine, true, &op, TP_STANDIN_MODEL_SMS, DEVICE_SMS).blocks, 0);
  bench_free(bench);
}
END_TEST

/* Stacks whose collectives hold no SM are what copy engines are for. */
START_TEST(stacks_that_hold_none)
{
  static const char *const stacks[] = {"ideal", "t3-simulator"};
  struct bench *bench = bench_make("dgx-h100", stacks[_i], 8);
  const struct tp_op op = all_reduce(1 << 20);
  const struct tp_standin_plan plan =
      tp_standin_plan_make(&bench->machine, true, &op, TP_STANDIN_MODEL_SMS, DEVICE_SMS);
  ck_assert_int_eq(plan.blocks, 0);
  ck_assert_int_gt(plan.nanoseconds, 0);
  bench_free(bench);
}
END_TEST

/* Low-bit data are fewer bytes in less time, and never none. */
START_TEST(low_bits_move_less)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  struct tp_op op = all_reduce(1 << 28);
  const struct tp_standin_plan full =
      tp_standin_plan_make(&bench->machine, false, &op, 16, DEVICE_SMS);
  op.collective.wire = (struct tp_wire){4, 4, 128, false, TP_WIRE_INTEGER};
  const struct tp_cost cost = tp_cost_op(&bench->machine, false, &op);
  const struct tp_standin_plan low =
      tp_standin_plan_make(&bench->machine, false, &op, 16, DEVICE_SMS);
  ck_assert_rel((double)low.vectors * 32, cost.dram_bytes, 1e-6);
  ck_assert_int_lt(low.nanoseconds, full.nanoseconds);
  ck_assert_int_gt(low.vectors, 0);
  bench_free(bench);
}
END_TEST

START_TEST(lone_rank_has_nothing_to_do)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 1);
  const struct tp_op op = all_reduce(1 << 20);
  const struct tp_standin_plan plan =
      tp_standin_plan_make(&bench->machine, true, &op, TP_STANDIN_MODEL_SMS, DEVICE_SMS);
  ck_assert_int_eq(plan.blocks, 0);
  ck_assert_int_eq(plan.vectors, 0);
  ck_assert_int_eq(plan.nanoseconds, 0);
  bench_free(bench);
}
END_TEST

static Suite *suite(void)
{
  Suite *s = suite_create("standin_plan");
  TCase *c = tcase_create("plan");
  tcase_add_loop_test(c, blocks_cover_all_bytes, 0, tp_random_cases(50));
  tcase_add_test(c, chunks_are_spread_over_the_time);
  tcase_add_test(c, plan_is_the_models);
  tcase_add_test(c, crossings_are_real);
  tcase_add_test(c, holds_what_is_asked);
  tcase_add_loop_test(c, stacks_that_hold_none, 0, 2);
  tcase_add_test(c, low_bits_move_less);
  tcase_add_test(c, lone_rank_has_nothing_to_do);
  suite_add_tcase(s, c);
  return s;
}

TP_SUITE_MAIN
