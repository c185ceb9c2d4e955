/* Fused experts and how tokens lie on them, by hand. */
#include "../toy.h"

#include "cost/kernels/load.h"

#include <stddef.h>
#include <string.h>

static struct toy_gpu toy;

static void open_toy(void)
{
  toy_gpu_init(&toy);
  toy.device.experts = (struct tp_device_experts){.launch_s = 10e-6,
                                                  .sort_s = 3e-6,
                                                  .compute_ratio = 1,
                                                  .dram_ratio = 1,
                                                  .sm_bytes_per_s = 1e14,
                                                  .l2_bytes_per_s = 1e16,
                                                  .epilogue_bytes_per_s = 1e20,
                                                  .wave_ratio = 1,
                                                  .least_rows = 128,
                                                  .most_rows = 128,
                                                  .row_dram_ratio = 1,
                                                  .spread_ratio = 0.1};
}

static void close_toy(void)
{
}

static struct tp_experts experts_of(int64_t tokens, int64_t top_k, int64_t experts)
{
  return (struct tp_experts){.tokens = tokens,
                             .hidden = 1024,
                             .intermediate = 512,
                             .top_k = top_k,
                             .experts = experts,
                             .moe_tp = 1,
                             .moe_ep = 1,
                             .dtype = TP_DTYPE_BF16};
}

static double us(const struct tp_experts *experts)
{
  const struct tp_op op = {.kind = TP_OP_EXPERTS, .experts = *experts};
  return toy_us(&toy, &op);
}

/* Two tokens at two experts each come to 4 of 8, whose panels of 2^20 and 2^19 elements of 2 bytes
 * are read once: 4 * 2097152 + 4 * (1024 + 1024) * 2, then 4 * 1048576 + 4 * (512 + 1024) * 2
 * bytes, and 4 rows of 4 * 1024 + 3 * 512 * 2 bytes besides.  1e12 bytes a second. */
START_TEST(weights_of_experts_that_are_touched)
{
  toy.machine.dram_bytes_per_s = 1e12;
  toy.device.datasheet.fp16_flops_per_s = 1e30;
  struct tp_experts op = experts_of(2, 2, 8);
  ck_assert_rel(us(&op), 13 + 8.404992 + 4.206592 + 0.028672, 1e-6);
  op.tokens = 4; /* all 8 */
  ck_assert_rel(us(&op), 13 + 2 * (8.404992 + 4.206592 + 0.028672), 1e-6);
  op.moe_ep = 8; /* one of them, and one row */
  ck_assert_rel(us(&op), 13 + (8.404992 + 4.206592 + 0.028672) / 4, 1e-6);
  toy.device.experts.idle_ratio = 1; /* and rows of 7 others */
  ck_assert_rel(us(&op), 13 + (8.404992 + 4.206592) / 4 + 0.028672 * 2, 1e-6);
  op.rows_held = TP_HOLDS_OWN; /* its own alone */
  ck_assert_rel(us(&op), 13 + (8.404992 + 4.206592 + 0.028672) / 4, 1e-6);
}
END_TEST

/* 8 tokens at one of 4 experts each: 2 rows a tile of 128, and so empty by 126/128; 4 tiles of rows
 * one after the other, and a fixed time in one wave of each product. */
START_TEST(empty_tiles_and_tiles_of_rows)
{
  toy.machine.dram_bytes_per_s = 1e30;
  toy.device.datasheet.fp16_flops_per_s = 1e30;
  const struct tp_experts op = experts_of(8, 1, 4);
  const double fixed_us = us(&op); /* 13, and what the cache delivers */
  ck_assert_rel(fixed_us, 13, 1e-2);
  toy.device.experts.group_s = 1e-6;
  toy.device.experts.tile_s = 20e-6;
  ck_assert_rel(us(&op), 13 + 2 * (4 + 20), 1e-2);
  toy.device.experts.empty_stretch = 1;
  ck_assert_rel(us(&op), 13 + 2 * (4 + 20) * (2 - 2 / 128.0), 1e-2);
}
END_TEST

/* vLLM's tiles: at 65 tokens columns double, so a narrow product has half as many. */
START_TEST(tiles_by_tokens)
{
  toy.machine.dram_bytes_per_s = 1e30;
  toy.device.datasheet.fp16_flops_per_s = 1e30;
  toy.device.experts.tile_s = 100e-6;
  toy.device.experts.tiles_by_tokens = 1;
  static const struct {
    int64_t tokens;
    double waves; /* of 100 SMs: 4 experts, 16 + 16 tiles of 64 columns a tile of rows, or 8 + 8 */
  } cases[] = {{64, 1}, {65, 1}, {2048, 4 * 4 * 8 / 100.0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct tp_experts op = experts_of(cases[i].tokens, 1, 4);
    ck_assert_rel(us(&op), 13 + 2 * 100 * ceil(cases[i].waves), 2e-2);
  }
}
END_TEST

/* Triton's tiles for gpt-oss: a power of two from what an expert gets, with rows of other ranks'
 * experts counted as this one's.  All tiles fit one wave of 100 SMs, so a product takes the time of
 * one: 2 * rows * 128 * (1024 + 512) operations at 1e10 a second. */
START_TEST(tiles_by_rows)
{
  static const struct {
    int64_t tokens, ep;
    double rows;
  } cases[] = {{4, 1, 16}, {64, 1, 16}, {68, 1, 32}, {64, 2, 32}, {64, 4, 64}, {2000, 1, 128}};
  toy.machine.dram_bytes_per_s = 1e30;
  toy.device.datasheet.fp16_flops_per_s = 1e12;
  toy.device.experts.least_rows = 16;
  toy.device.experts.tiles_by_rows = 1;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tp_experts op = experts_of(cases[i].tokens, 1, 4);
    op.moe_ep = cases[i].ep;
    const double tile_us = 2 * cases[i].rows * 128 * 1536 * 1e-10 * 1e6;
    const double waves = cases[i].tokens == 2000 ? 2 : 1; /* 4 * 4 tiles of rows, 8 of columns */
    ck_assert_rel(us(&op) - 13, waves * tile_us, 1e-3);
  }
}
END_TEST

/* Integers of 4 bits are Marlin's, which was fitted apart; fp4 is unless a row says Marlin. */
START_TEST(four_bits_by_marlin)
{
  struct tp_experts op = experts_of(8, 1, 4);
  memcpy(&toy.device.experts_w4a16, &toy.device.experts, sizeof toy.device.experts);
  memcpy(&toy.device.experts_w4a16_marlin, &toy.device.experts, sizeof toy.device.experts);
  toy.device.experts_w4a16_marlin.launch_s += 5e-6;
  op.dtype = TP_DTYPE_W4A16_MXFP4;
  const double first_us = us(&op);
  op.kernel = TP_EXPERTS_MARLIN;
  ck_assert_rel(us(&op), first_us + 5, 1e-9);
  op.kernel = TP_EXPERTS_FIRST;
  op.dtype = TP_DTYPE_W4A16;
  const double integers_us = us(&op);
  op.kernel = TP_EXPERTS_MARLIN;
  ck_assert_rel(us(&op), integers_us, 0);
  toy.device.experts_w4a16_marlin.launch_s -= 5e-6;
  ck_assert_rel(us(&op), integers_us - 5, 1e-9);
}
END_TEST

/* A kernel that was fitted apart is priced apart. */
START_TEST(a_second_kernel_of_its_own)
{
  struct tp_experts op = experts_of(8, 1, 4);
  const double first_us = us(&op);
  op.kernel = TP_EXPERTS_CUTLASS;
  ck_assert_rel(us(&op), first_us, 0);
  memcpy(&toy.device.experts_cutlass, &toy.device.experts, sizeof toy.device.experts_cutlass);
  toy.device.experts_cutlass.kind = TP_PROVENANCE_FITTED;
  toy.device.experts_cutlass.launch_s += 5e-6;
  ck_assert_rel(us(&op), first_us + 5, 1e-9);
}
END_TEST

/* What a type's kernel was fitted to is asked of that type alone; without units for fp4 that is 4
 * bits beside 16. */
static const struct {
  enum tp_dtype dtype;
  enum tp_experts_kernel kernel;
  size_t figures;
} types[] = {
    {TP_DTYPE_BF16, TP_EXPERTS_FIRST, offsetof(struct tp_device, experts)},
    {TP_DTYPE_BF16, TP_EXPERTS_CUTLASS, offsetof(struct tp_device, experts_cutlass)},
    {TP_DTYPE_FP8, TP_EXPERTS_FIRST, offsetof(struct tp_device, experts_fp8)},
    {TP_DTYPE_FP8, TP_EXPERTS_CUTLASS, offsetof(struct tp_device, experts_fp8_cutlass)},
    {TP_DTYPE_FP8_BLOCK, TP_EXPERTS_FIRST, offsetof(struct tp_device, experts_fp8_block)},
    {TP_DTYPE_NVFP4, TP_EXPERTS_FIRST, offsetof(struct tp_device, experts_nvfp4)},
    {TP_DTYPE_W4A16_MXFP4, TP_EXPERTS_FIRST, offsetof(struct tp_device, experts_w4a16)},
    {TP_DTYPE_W4A16, TP_EXPERTS_FIRST, offsetof(struct tp_device, experts_w4a16_marlin)},
    {TP_DTYPE_W4A8_MXFP4, TP_EXPERTS_FIRST, offsetof(struct tp_device, experts_w4a8)},
};
enum { N_TYPES = sizeof types / sizeof *types };

static void set_figures(size_t type, double launch_s)
{
  struct tp_device_experts figures = toy.device.experts;
  figures.kind = TP_PROVENANCE_FITTED;
  figures.launch_s = launch_s;
  memcpy((char *)&toy.device + types[type].figures, &figures, sizeof figures);
}

START_TEST(each_type_has_its_own_figures)
{
  struct tp_experts op = experts_of(8, 1, 4);
  op.dtype = types[_i].dtype;
  op.kernel = types[_i].kernel;
  toy.device.datasheet.fp4_flops_per_s = 4e15;
  for (size_t i = 0; i < N_TYPES; i++)
    set_figures(i, 10e-6);
  const double all_us = us(&op);
  for (size_t i = 0; i < N_TYPES; i++) {
    set_figures(i, 15e-6);
    ck_assert_rel(us(&op), all_us + (i == (size_t)_i ? 5 : 0), 1e-9);
    set_figures(i, 10e-6);
  }
  toy.device.datasheet.fp4_flops_per_s = 0;
  set_figures(N_TYPES - 2, 15e-6); /* of Marlin */
  const bool marlin = op.dtype == TP_DTYPE_W4A16 || op.dtype == TP_DTYPE_NVFP4;
  ck_assert_msg((us(&op) > all_us + 4) == marlin, "%g, %g us", us(&op), all_us);
}
END_TEST

/* 28672 bytes of rows at 1e12 bytes a second, or at 4e12 where the cache still has them: all of no
 * more than it holds, half of half as much again. */
START_TEST(rows_that_the_cache_still_has)
{
  toy.machine.dram_bytes_per_s = 1e12;
  toy.device.datasheet.fp16_flops_per_s = 1e30;
  struct tp_experts op = experts_of(2, 2, 8);
  const double weights_us = 13 + 8.404992 + 4.206592;
  toy.device.experts.cache_bytes_per_s = 4e12;
  ck_assert_rel(us(&op), weights_us + 0.028672, 1e-6);
  toy.device.experts.cached_bytes = 28672;
  ck_assert_rel(us(&op), weights_us + 0.007168, 1e-6);
  toy.device.experts.cached_bytes = 28672 / 1.5;
  ck_assert_rel(us(&op), weights_us + (0.007168 + 0.028672) / 2, 1e-6);
  toy.device.experts.cached_bytes = 28672 / 3.0;
  ck_assert_rel(us(&op), weights_us + 0.028672, 1e-6);
  op.gated = TP_GATE_NO; /* 2 * 512 elements less a row, and half the first product */
  ck_assert_rel(us(&op), 13 + 4 * (2 * 1048576 + 2 * 1536 * 2) * 1e-6 + 4 * 6144e-6, 1e-4);
}
END_TEST

/* A token at one of 8 experts finds it unsorted: 4 of them are no more than the experts. */
START_TEST(few_tokens_are_not_sorted)
{
  struct tp_experts op = experts_of(2, 1, 8);
  const double few_us = us(&op);
  toy.device.experts.sort_s = 0;
  ck_assert_rel(us(&op), few_us, 0);
  toy.device.experts.sort_s = 3e-6;
  op.moe_ep = 2;
  const double shared_us = us(&op);
  toy.device.experts.sort_s = 0;
  ck_assert_rel(shared_us - us(&op), 3, 1e-6);
}
END_TEST

/* 4 experts of 256 rows: 8 tiles of rows by 8 of columns are one wave of 100 SMs, 2 * 128 * 128 *
 * 1024 flops at 1e13, then half as deep.  257 rows: 12 tiles, 96 blocks, a wave still; of their
 * tiles a third is not full. */
START_TEST(tiles_of_rows)
{
  struct tp_experts op = experts_of(1024, 1, 4);
  ck_assert_rel(us(&op), 13 + 3.3554432 + 1.6777216, 1e-5);
  op.tokens = 1028;
  ck_assert_rel(us(&op), 13 + 3.3554432 + 1.6777216, 1e-5);
  toy.device.experts.partial_stretch = 1.5;
  ck_assert_rel(us(&op), 13 + (3.3554432 + 1.6777216) * (1 + 0.5 / 3), 1e-5);
  op.tokens = 2048; /* 128 blocks: two waves where they are sharp */
  ck_assert_rel(us(&op), 13 + 2 * (3.3554432 + 1.6777216), 1e-5);
  toy.device.experts.wave_ratio = 0;
  ck_assert_rel(us(&op), 13 + 1.28 * (3.3554432 + 1.6777216), 1e-5);
}
END_TEST

/* The second tile of rows of an expert reads its panel again where the cache is smaller. */
START_TEST(panels_that_the_cache_keeps)
{
  toy.machine.dram_bytes_per_s = 1e12;
  toy.device.datasheet.fp16_flops_per_s = 1e30;
  struct tp_experts op = experts_of(129, 1, 1);
  const double again_us = us(&op);
  toy.device.datasheet.l2_bytes = 4e6;
  toy.device.experts.panel_cache_ratio = 1;
  ck_assert_rel(again_us - us(&op), 2.097152 + 1.048576, 1e-6);
}
END_TEST

START_TEST(other_kernels_and_widths)
{
  struct tp_experts op = experts_of(1024, 1, 4);
  const double first_us = us(&op);
  toy.device.experts.second_stretch = 1.4;
  toy.device.experts.ragged_stretch = 3;
  ck_assert_rel(us(&op), first_us, 0);
  op.kernel = TP_EXPERTS_CUTLASS;
  ck_assert_rel(us(&op), 1.4 * first_us, 1e-9);
  op.kernel = TP_EXPERTS_TRITON;
  op.intermediate = 500; /* 500 is no multiple of 16; 2 * 500 takes as many columns as 1024 */
  ck_assert_rel(us(&op), 13 + 3.3554432 + 3 * 2 * 128 * 128 * 500e-7, 1e-5);
}
END_TEST

START_TEST(gated_has_three_products)
{
  struct tp_op op = {.kind = TP_OP_EXPERTS, .experts = experts_of(100, 2, 8)};
  ck_assert_rel(tp_op_flops(&op), 2. * 3 * 200 * 1024 * 512, 1e-12);
  op.experts.gated = TP_GATE_NO;
  ck_assert_rel(tp_op_flops(&op), 2. * 2 * 200 * 1024 * 512, 1e-12);
}
END_TEST

START_TEST(tokens_evenly)
{
  const struct tp_experts op = experts_of(5, 2, 4);
  const struct tp_expert_load load = tp_expert_load(&op); /* 2 experts of 2, 2 of 3 */
  ck_assert_rel(load.rows, 10, 1e-12);
  ck_assert_rel(load.touched, 4, 1e-12);
  ck_assert_rel(tp_expert_row_tiles(&load, 2), 2 + 2 * 2, 1e-12);
  ck_assert_rel(tp_expert_partial_tiles(&load, 2), 2, 1e-12);
}
END_TEST

/* However they spread, all tokens are there on one rank, and no expert has more than all of them;
 * the busiest of several ranks has more than its share, the more so the fewer experts it has. */
START_TEST(tokens_by_a_power_law)
{
  double before = 1;
  for (int64_t ep = 1; ep <= 128; ep *= 4) {
    struct tp_experts op = experts_of(4096, 8, 128);
    op.skew = 1.2;
    op.moe_ep = ep;
    const struct tp_expert_load load = tp_expert_load(&op);
    const double over = load.rows * (double)ep / (4096 * 8);
    ck_assert_msg(ep == 1 ? fabs(over - 1) < 0.01 : over > before, "%g at %ld", over, (long)ep);
    ck_assert(load.rows <= 4096. * 128 / (double)ep && load.touched <= 128. / (double)ep);
    before = over;
  }
}
END_TEST

/* Shares that hardly differ leave no expert far above all: then the busiest of 8 ranks has Blom's
 * 1.434 deviations of the mean of its 16 experts more than its share. */
START_TEST(tokens_by_a_weak_power_law)
{
  struct tp_experts op = experts_of(4096, 8, 128);
  op.skew = 0.2;
  const struct tp_expert_load whole = tp_expert_load(&op);
  double squares = 0;
  for (int i = 0; i < whole.n_classes; i++)
    squares += pow(whole.each[i] / 256 - 1, 2) / whole.n_classes;
  ck_assert(squares > 0.1);
  op.moe_ep = 8;
  const struct tp_expert_load load = tp_expert_load(&op);
  ck_assert_rel(load.rows, 4096 * (1 + 1.434 * sqrt(squares / 16)), 1e-3);
}
END_TEST

/* At a skew of 1 quantiles are powers of the ends' ratio, and what is next to it says the same. */
START_TEST(tokens_by_the_law_of_one)
{
  struct tp_experts op = experts_of(4096, 8, 128);
  op.skew = 1;
  const struct tp_expert_load at = tp_expert_load(&op);
  op.skew = 1 + 1e-6;
  const struct tp_expert_load beside = tp_expert_load(&op);
  ck_assert_int_eq(at.n_classes, beside.n_classes);
  for (int i = 0; i < at.n_classes; i++)
    ck_assert_rel(at.each[i], beside.each[i], 1e-4);
}
END_TEST

/* Fewer pairs than experts: some experts get two, so fewer are touched than there are pairs. */
START_TEST(few_tokens_by_a_power_law)
{
  struct tp_experts op = experts_of(8, 8, 128);
  op.skew = 1.01;
  const struct tp_expert_load load = tp_expert_load(&op);
  ck_assert(load.touched > 32 && load.touched < 64);
  ck_assert_rel(load.rows, 64, 1e-9);
}
END_TEST

static double sum_of(const struct tp_expert_load *load)
{
  double sum = 0;
  for (int i = 0; i < load->n_classes; i++)
    sum += load->experts[i] * load->each[i];
  return sum;
}

/* 32 tokens with 4 of 128 experts each come to 128 (1 - (1 - 1/32)^32) of them, whose tokens are
 * 128 by quantiles, too; one token comes to as many as it takes, and all come to the only one. */
START_TEST(tokens_at_random)
{
  struct tp_experts op = experts_of(32, 4, 128);
  op.skew = TP_RANDOM_EXPERTS;
  struct tp_expert_load load = tp_expert_load(&op);
  ck_assert_rel(load.touched, 128 * (1 - pow(31. / 32, 32)), 1e-12);
  ck_assert_rel(load.rows, 128, 1e-12);
  ck_assert_rel(sum_of(&load), 128, 0.03);
  ck_assert_rel(tp_expert_row_tiles(&load, 128), load.touched, 1e-12);
  static const int64_t certain[][4] = {{1, 8, 256, 8}, {5, 1, 1, 1}, {7, 4, 4, 4}, {900, 2, 2, 2}};
  for (size_t i = 0; i < sizeof certain / sizeof *certain; i++) {
    op = experts_of(certain[i][0], certain[i][1], certain[i][2]);
    op.skew = TP_RANDOM_EXPERTS;
    load = tp_expert_load(&op);
    ck_assert_rel(load.touched, (double)certain[i][3], 1e-12);
    ck_assert_rel(load.rows, (double)(certain[i][0] * certain[i][1]), 1e-12);
    ck_assert_rel(sum_of(&load), load.rows, 1e-12);
  }
}
END_TEST

/* Of 256 tokens an expert on average half have more, and so a third tile of 128; 0.8 of a deviation
 * of 15.5 lies above the middle on average.  Of 8 ranks the busiest has Blom's 1.434 deviations of
 * 1 / sqrt(8 / 7 * 4096) more than its share. */
START_TEST(many_tokens_at_random)
{
  struct tp_experts op = experts_of(4096, 8, 128);
  op.skew = TP_RANDOM_EXPERTS;
  struct tp_expert_load load = tp_expert_load(&op);
  ck_assert_rel(load.touched, 128, 1e-12);
  ck_assert_rel(sum_of(&load), 4096 * 8, 0.01);
  ck_assert_rel(tp_expert_row_tiles(&load, 128), 2.5 * 128, 1e-12);
  double above = 0;
  for (int i = 0; i < load.n_classes; i++)
    above += fabs(load.each[i] - 256) / load.n_classes;
  ck_assert_rel(above, 0.798 * sqrt(256 * 15. / 16), 0.04);
  op.moe_ep = 8;
  load = tp_expert_load(&op);
  ck_assert_rel(load.rows, 4096 * (1 + 1.434 * sqrt(7 / 32768.)), 1e-4);
}
END_TEST

static Suite *suite(void)
{
  Suite *made = suite_create("experts");
  TCase *cases = tcase_create("experts");
  tcase_add_checked_fixture(cases, open_toy, close_toy);
  tcase_add_test(cases, weights_of_experts_that_are_touched);
  tcase_add_test(cases, few_tokens_are_not_sorted);
  tcase_add_test(cases, empty_tiles_and_tiles_of_rows);
  tcase_add_test(cases, tiles_by_tokens);
  tcase_add_test(cases, tiles_by_rows);
  tcase_add_test(cases, four_bits_by_marlin);
  tcase_add_test(cases, a_second_kernel_of_its_own);
  tcase_add_loop_test(cases, each_type_has_its_own_figures, 0, N_TYPES);
  tcase_add_test(cases, rows_that_the_cache_still_has);
  tcase_add_test(cases, tiles_of_rows);
  tcase_add_test(cases, panels_that_the_cache_keeps);
  tcase_add_test(cases, other_kernels_and_widths);
  tcase_add_test(cases, gated_has_three_products);
  tcase_add_test(cases, tokens_evenly);
  tcase_add_test(cases, tokens_by_a_power_law);
  tcase_add_test(cases, tokens_by_a_weak_power_law);
  tcase_add_test(cases, few_tokens_by_a_power_law);
  tcase_add_test(cases, tokens_by_the_law_of_one);
  tcase_add_test(cases, tokens_at_random);
  tcase_add_test(cases, many_tokens_at_random);
  suite_add_tcase(made, cases);
  return made;
}

TP_SUITE_MAIN
