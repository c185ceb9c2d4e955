/* Dispatch and combine by kernels of libraries: by hand, and who can run them. */
#include "cost/collectives/algorithm.h"
#include "machines.h"

#include <math.h>
#include <string.h>

static struct bench *bench;

/* Rates of round numbers, links out of the way. */
static void open_round(void)
{
  bench = bench_make("dgx-h100", "vllm-0.24-deepep", 8);
  bench->device.deepep_dispatch = (struct tp_device_deepep_dispatch){.base_s = 10e-6,
                                                                     .expert_s = 1e-7,
                                                                     .row_bytes_per_s = 1e10,
                                                                     .token_s = 1e-6,
                                                                     .sm_bytes_per_s = 1e10,
                                                                     .wire_ratio = 1,
                                                                     .sms = 10,
                                                                     .most_ranks = 8,
                                                                     .most_tokens = 1000,
                                                                     .spread_ratio = 0.1};
}

static void close_round(void)
{
  bench_free(bench);
}

static struct tp_collective dispatch_of(int64_t tokens, int64_t top_k, int64_t experts)
{
  return (struct tp_collective){.kind = TP_DISPATCH,
                                .dtype = TP_DTYPE_BF16,
                                .algorithm = TP_ALGORITHM_DEEPEP,
                                .tokens = tokens,
                                .hidden = 1000,
                                .top_k = top_k,
                                .experts = experts};
}

static double us(const struct tp_collective *collective)
{
  struct tp_cost cost;
  tp_cost_collective(&bench->machine, collective, &cost);
  return 1e6 * tp_cost_alone_s(&bench->machine, &cost);
}

static double beside(double a, double b)
{
  return sqrt(sqrt(pow(a, 4) + pow(b, 4)));
}

/* A token of 1000 elements of 2 bytes and a choice of 8: 2008 bytes, to one rank.  Its own block
 * moves it twice, one expert a rank is counted; 10 SMs take 1 us and 2008 bytes a token; links of
 * 450 GB/s to 7 others. */
START_TEST(one_message_a_token)
{
  struct tp_collective op = dispatch_of(100, 1, 8);
  const double fixed_us = 10 + 0.1 + 2 * 0.2008 + 0.5, wire_us = 100 * 2008 * 7 / 8.0 / 450e3;
  ck_assert_rel(us(&op), fixed_us + beside(10 * (1 + 0.2008), wire_us), 1e-9);
  op.sms = 20;
  ck_assert_rel(us(&op), fixed_us + beside(5 * (1 + 0.2008), wire_us), 1e-9);
  op.dtype = TP_DTYPE_FP8_BLOCK; /* 1000 bytes, and of each 128 a scale of 4 */
  const double narrow_us = 0.103925;
  ck_assert_rel(us(&op),
                10 + 0.1 + 2 * narrow_us + 0.5 +
                    beside(5 * (1 + narrow_us), 100 * 1039.25 * 7 / 8 / 450e3),
                1e-9);
}
END_TEST

/* Two experts of 16 on 8 ranks: the second is with the first at one place of 15. */
START_TEST(a_rank_gets_a_token_once)
{
  struct tp_collective op = dispatch_of(100, 2, 16);
  struct tp_cost random, even;
  tp_cost_collective(&bench->machine, &op, &random);
  ck_assert_rel(random.link_bytes, 100 * (1 + 14 / 15.0) * 2016 * 7 / 8, 1e-12);
  op.routing = TP_ROUTED_EVEN;
  tp_cost_collective(&bench->machine, &op, &even);
  ck_assert_rel(even.link_bytes, 100 * 2 * 2016 * 7 / 8.0, 1e-12);
  op.top_k = 12; /* no more ranks than there are */
  tp_cost_collective(&bench->machine, &op, &even);
  ck_assert_rel(even.link_bytes, 100 * 8 * (2000 + 96) * 7 / 8.0, 1e-12);
}
END_TEST

/* Combining moves sums, too, and is 16 bits wide whatever was dispatched. */
START_TEST(combine_writes_the_sums)
{
  memcpy(&bench->device.deepep_combine, &bench->device.deepep_dispatch,
         sizeof bench->device.deepep_combine);
  struct tp_collective op = dispatch_of(100, 1, 8);
  op.kind = TP_COMBINE;
  op.dtype = TP_DTYPE_FP8_BLOCK;
  ck_assert_rel(us(&op),
                10 + 0.1 + 2 * 0.2008 + 0.5 +
                    beside(10 * (1 + 2 * 0.2008), 100 * 2008 * 7 / 8.0 / 450e3),
                1e-9);
}
END_TEST

/* The kernels of low latency send to experts and have a block for each: 160 are two a block on 132
 * SMs. */
START_TEST(low_latency_has_blocks_of_experts)
{
  struct tp_collective op = dispatch_of(100, 8, 160);
  op.algorithm = TP_ALGORITHM_DEEPEP_LOW_LATENCY;
  struct tp_cost cost;
  tp_cost_collective(&bench->machine, &op, &cost);
  ck_assert_rel(cost.link_bytes, 100 * 8 * (2000 + 64) * 7 / 8.0, 1e-12);
  ck_assert_rel(cost.sm_share, 80 / 132.0, 1e-12);
  op.experts = 128;
  tp_cost_collective(&bench->machine, &op, &cost);
  ck_assert_rel(cost.sm_share, 128 / 132.0, 1e-12);
}
END_TEST

START_TEST(held_sms_are_those_asked_for)
{
  struct tp_collective op = dispatch_of(100, 8, 256);
  struct tp_cost cost;
  tp_cost_collective(&bench->machine, &op, &cost);
  ck_assert_rel(cost.sm_share, 10 / 132.0, 1e-12);
  op.sms = 24;
  tp_cost_collective(&bench->machine, &op, &cost);
  ck_assert_rel(cost.sm_share, 24 / 132.0, 1e-12);
  const struct tp_op in_program = {.kind = TP_OP_COLLECTIVE, .collective = op};
  cost = tp_cost_op(&bench->machine, true, &in_program);
  ck_assert_double_ge(cost.late_share, 24 / 132.0); /* a kernel on all SMs loses these beside it */
}
END_TEST

/* NULL: it runs. */
static const char *refusal(const char *platform, const char *stack, int ranks,
                           const struct tp_collective *op)
{
  static char text[sizeof(struct tp_error)];
  struct bench *const other = bench_make(platform, stack, ranks);
  struct tp_error error = {""};
  const enum tp_status status = tp_collective_check(&other->machine, op, &error);
  snprintf(text, sizeof text, "%s", error.text);
  bench_free(other);
  return status == TP_OK ? NULL : text;
}

START_TEST(it_runs_where_its_library_does)
{
  struct tp_collective op = dispatch_of(4096, 8, 256);
  static const char *const stack = "vllm-0.24-deepep";
  ck_assert_ptr_null(refusal("dgx-h100", stack, 8, &op));
  ck_assert_ptr_null(refusal("dgx-h200", stack, 8, &op));
  ck_assert_ptr_null(refusal("gb200-nvl72", stack, 4, &op));
  ck_assert_ptr_nonnull(strstr(refusal("dgx-h100-x2", stack, 16, &op), "dispatch by deepep"));
  ck_assert_ptr_nonnull(refusal("gb200-nvl72", stack, 16, &op)); /* more than it reaches */
  ck_assert_ptr_nonnull(refusal("l40s-x8", stack, 8, &op));      /* PCIe, and nobody measured */
  ck_assert_ptr_nonnull(refusal("dgx-h100", "vllm-0.24", 8, &op));
  op.algorithm = TP_ALGORITHM_DEEPEP_LOW_LATENCY; /* whose buffers hold 1024 */
  ck_assert_ptr_nonnull(strstr(refusal("dgx-h100", stack, 8, &op), "4096 tokens"));
  op.algorithm = TP_ALGORITHM_NVLINK_ONE_SIDED; /* no other library's stands in for it */
  ck_assert_ptr_nonnull(refusal("dgx-h100", stack, 8, &op));
  ck_assert_ptr_null(refusal("gb200-nvl72", "trtllm-1.3-nvlink", 64, &op));
  op.kind = TP_PREPARE;
  ck_assert_ptr_nonnull(refusal("gb200-nvl72", "trtllm-1.3-nvlink", 64, &op));
  op.algorithm = TP_ALGORITHM_NVLINK_TWO_SIDED;
  ck_assert_ptr_null(refusal("gb200-nvl72", "trtllm-1.3-nvlink", 64, &op));
}
END_TEST

/* By the stack's fastest where no kernel is named; the shipped ones cross where tokens get many. */
START_TEST(the_faster_kernel_where_none_is_named)
{
  bench_free(bench);
  bench = bench_make("dgx-h100", "vllm-0.24-deepep", 8);
  struct tp_cost cost;
  struct tp_collective op = dispatch_of(8, 8, 256);
  op.hidden = 7168;
  op.algorithm = TP_ALGORITHM_AUTO;
  tp_cost_collective(&bench->machine, &op, &cost);
  ck_assert_int_eq(cost.algorithm, TP_ALGORITHM_DEEPEP_LOW_LATENCY);
  op.tokens = 4096;
  tp_cost_collective(&bench->machine, &op, &cost);
  ck_assert_int_eq(cost.algorithm, TP_ALGORITHM_DEEPEP);
}
END_TEST

/* Whichever library's ends first, where all have one. */
START_TEST(any_kernel_may_be_the_fastest)
{
  static const enum tp_algorithm kernels[] = {TP_ALGORITHM_DEEPEP, TP_ALGORITHM_DEEPEP_LOW_LATENCY,
                                              TP_ALGORITHM_NVLINK_ONE_SIDED,
                                              TP_ALGORITHM_NVLINK_TWO_SIDED};
  struct tp_device *const device = &bench->device;
  struct tp_collective op = dispatch_of(100, 1, 8);
#define ALIKE(base)                                                                              \
  .base_s = (base), .row_bytes_per_s = 1e10, .sm_bytes_per_s = 1e10, .wire_ratio = 1, .sms = 10, \
  .most_ranks = 8, .most_tokens = 1000
  device->deepep_dispatch = (struct tp_device_deepep_dispatch){ALIKE(_i == 0 ? 5e-6 : 9e-6)};
  device->deepep_ll_dispatch = (struct tp_device_deepep_ll_dispatch){ALIKE(_i == 1 ? 5e-6 : 9e-6)};
  device->one_sided_dispatch = (struct tp_device_one_sided_dispatch){ALIKE(_i == 2 ? 5e-6 : 9e-6)};
  device->two_sided_dispatch = (struct tp_device_two_sided_dispatch){ALIKE(_i == 3 ? 5e-6 : 9e-6)};
#undef ALIKE
  op.algorithm = kernels[_i];
  const double named_us = us(&op);
  struct tp_cost cost;
  op.algorithm = TP_ALGORITHM_AUTO;
  tp_cost_collective(&bench->machine, &op, &cost);
  ck_assert_int_eq(cost.algorithm, kernels[_i]);
  ck_assert_double_eq(us(&op), named_us);
}
END_TEST

/* Parameters of another device are called assumed, and are less sure. */
START_TEST(a_lent_kernel_is_less_sure)
{
  struct bench *const h100 = bench_make("dgx-h100", "vllm-0.24-deepep", 8),
                      *const h200 = bench_make("dgx-h200", "vllm-0.24-deepep", 8);
  const struct tp_device_deepep_combine *const own = &h100->device.deepep_combine,
                                               *const lent = &h200->device.deepep_combine;
  ck_assert_int_eq(own->kind, TP_PROVENANCE_FITTED);
  ck_assert_int_eq(lent->kind, TP_PROVENANCE_ASSUMED);
  ck_assert_rel(lent->base_s, own->base_s, 0);
  ck_assert_rel(lent->spread_ratio, hypot(own->spread_ratio, 0.1), 1e-12);
  bench_free(h100);
  bench_free(h200);
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("exchange");
  TCase *cases = tcase_create("round numbers");
  tcase_add_checked_fixture(cases, open_round, close_round);
  tcase_add_test(cases, one_message_a_token);
  tcase_add_test(cases, a_rank_gets_a_token_once);
  tcase_add_test(cases, combine_writes_the_sums);
  tcase_add_test(cases, low_latency_has_blocks_of_experts);
  tcase_add_test(cases, held_sms_are_those_asked_for);
  tcase_add_test(cases, the_faster_kernel_where_none_is_named);
  tcase_add_loop_test(cases, any_kernel_may_be_the_fastest, 0, 4);
  suite_add_tcase(made, cases);
  TCase *shipped = tcase_create("shipped");
  tcase_add_test(shipped, it_runs_where_its_library_does);
  tcase_add_test(shipped, a_lent_kernel_is_less_sure);
  suite_add_tcase(made, shipped);
  return made;
}

TP_SUITE_MAIN
