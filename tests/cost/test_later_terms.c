/* Terms whose keys came after device files had been written by others, by hand. */
#include "../toy.h"

static struct toy_gpu toy;

static void open_toy(void)
{
  toy_gpu_init(&toy);
  toy.machine.dram_bytes_per_s = 1e12;
}

static void close_toy(void)
{
}

static struct tp_op rows_of(enum tp_function function, double bytes)
{
  return (struct tp_op){
      .kind = TP_OP_MEMORY,
      .memory = {.read_bytes = bytes / 2, .write_bytes = bytes / 2, .function = function}};
}

/* A floor of 1 us, a row's latency, and 2e6 bytes at half of 1e12 B/s; within a cache of 4e6 none
 * of them goes to DRAM, of 6e6 one half. */
START_TEST(bytes_within_the_cache)
{
  struct tp_op op = rows_of(TP_FUNCTION_ADD, 2e6);
  const double latency_us = 2 * 2e6 / (2e6 + 1000) / 3;
  ck_assert_rel(toy_us(&toy, &op), 1 + latency_us + 4, 1e-12);
  toy.device.memory.cached_bytes = 4e6;
  ck_assert_rel(toy_us(&toy, &op), 1 + latency_us + 4, 1e-12); /* a cache without a rate */
  toy.device.memory.cache_bytes_per_s = 4e12;
  ck_assert_rel(toy_us(&toy, &op), 1 + latency_us + 0.5, 1e-12);
  op = rows_of(TP_FUNCTION_ADD, 6e6);
  const double wider_us = 2 * 6e6 / (6e6 + 1000) / 3;
  ck_assert_rel(toy_us(&toy, &op), 1 + wider_us + 6 + 0.75, 1e-12);
}
END_TEST

/* 1 us and 4 us of DRAM, and 2 us of latency in thirds. */
START_TEST(functions_wait_for_their_rows)
{
  static const struct {
    enum tp_function function;
    int waits;
  } cases[] = {{TP_FUNCTION_COPY, 0},       {TP_FUNCTION_EMBED, 0}, {TP_FUNCTION_ADD, 1},
               {TP_FUNCTION_ACTIVATION, 1}, {TP_FUNCTION_NORM, 2},  {TP_FUNCTION_ROPE, 2},
               {TP_FUNCTION_ADD_NORM, 3}};
  const struct tp_op op = rows_of(cases[_i].function, 2e6);
  ck_assert_rel(toy_us(&toy, &op), 1 + cases[_i].waits * 2e6 / (2e6 + 1000) * 2 / 3 + 4, 1e-12);
}
END_TEST

/* Weights of four bits alone, where nothing multiplies them. */
START_TEST(fp4_is_widened_without_units)
{
  struct tp_op op = {.kind = TP_OP_GEMM,
                     .gemm = {.m = 4096, .n = 4096, .k = 4096, .dtype = TP_DTYPE_NVFP4}};
  struct tp_op wide = op;
  wide.gemm.dtype = TP_DTYPE_W4A16;
  toy.device.datasheet.fp4_flops_per_s = 0;
  ck_assert_rel(toy_us(&toy, &op), toy_us(&toy, &wide), 0);
}
END_TEST

START_TEST(rope_takes_longer)
{
  const struct tp_op norm = rows_of(TP_FUNCTION_NORM, 2e6), rope = rows_of(TP_FUNCTION_ROPE, 2e6),
                     cache = rows_of(TP_FUNCTION_ROPE_CACHE, 2e6);
  const double plain_us = toy_us(&toy, &norm);
  ck_assert_rel(toy_us(&toy, &rope), plain_us, 0);
  toy.device.memory.rope_stretch = 1.5;
  ck_assert_rel(toy_us(&toy, &norm), plain_us, 0);
  ck_assert_rel(toy_us(&toy, &rope), plain_us + 2, 1e-12);
  ck_assert_rel(toy_us(&toy, &cache), plain_us + 2, 1e-12);
}
END_TEST

/* 2e6 bytes in 1,000 rows: 2,000 a row, which a block streams at 1e9 bytes a second in 2 us; the
 * device's own latency, 3 us for three waits, then shows whole: 2 us of a norm's two. */
START_TEST(blocks_stream_their_rows)
{
  struct tp_op norm = rows_of(TP_FUNCTION_NORM, 2e6), rope = rows_of(TP_FUNCTION_ROPE, 2e6),
               copy = rows_of(TP_FUNCTION_COPY, 2e6);
  toy.device.memory.row_latency_s = 0;
  const double plain_us = toy_us(&toy, &norm), copy_us = toy_us(&toy, &copy);
  toy.device.memory.row_latency_s = 3e-6;
  toy.device.memory.row_bytes_per_s = 1e9;
  ck_assert_rel(toy_us(&toy, &norm), plain_us + 2, 1e-12); /* nobody says its rows */
  norm.memory.rows = rope.memory.rows = copy.memory.rows = 1000;
  ck_assert_rel(toy_us(&toy, &norm), plain_us + 2 + 2, 1e-12);
  ck_assert_rel(toy_us(&toy, &copy), copy_us, 1e-12); /* its blocks take elements */
  norm.memory.rows = 500;
  ck_assert_rel(toy_us(&toy, &norm), plain_us + 2 + 4, 1e-12);
  toy.device.memory.rope_stretch = 1.5;
  toy.device.memory.angle_s = 0.5e-6;
  ck_assert_rel(toy_us(&toy, &rope), plain_us + 2 + 1.5 * 2 + 2 + 0.5, 1e-12);
}
END_TEST

/* Heads of 128 in decode and of 256 in prefill are the widest that fast kernels take. */
START_TEST(wide_heads_stretch)
{
  static const int64_t widest[] = {128, 256};
  const bool decodes = _i == 0;
  struct tp_op op = {.kind = TP_OP_ATTENTION,
                     .attention = {.style = TP_ATTENTION_FLASH,
                                   .batch = 100,
                                   .query_len = decodes ? 1 : 512,
                                   .kv_len = 512,
                                   .heads = 1,
                                   .kv_heads = 1,
                                   .head_dim = widest[_i],
                                   .dtype = TP_DTYPE_BF16}};
  toy.machine.dram_bytes_per_s = 1e18;
  toy.device.attention_decode.sm_bytes_per_s = 1e11;
  const double floor_us = decodes ? 4 : 3, narrow_us = toy_us(&toy, &op);
  op.attention.head_dim++;
  const double wide_us = toy_us(&toy, &op);
  toy.device.attention_decode.wide_stretch = toy.device.attention_prefill.wide_stretch = 3;
  ck_assert_double_gt(wide_us - floor_us, 1);
  ck_assert_rel(toy_us(&toy, &op) - floor_us, 3 * (wide_us - floor_us), 1e-6);
  op.attention.head_dim--;
  ck_assert_rel(toy_us(&toy, &op), narrow_us, 0);
}
END_TEST

/* What is drawn at the clock b by products that take U of the pass and transfers that take D. */
static double drawn(const struct tp_power_use *use, double boost)
{
  const struct tp_device_overlap *power = &toy.device.overlap;
  const double pass_s = use->pass_s - use->matrix_s * (1 - 1 / boost);
  const double products = use->matrix_s / pass_s, transfers = use->dram_s / pass_s;
  return power->idle_power_ratio * (1 - products / boost) + products * boost +
         power->dram_power_ratio * transfers;
}

/* Where idle SMs and DRAM draw nothing, U b = 1 for U = 0.6 / (0.4 + 0.6 / b). */
START_TEST(clock_by_hand)
{
  const struct tp_power_use use = {.pass_s = 1e-3, .matrix_s = 0.6e-3, .dram_s = 0.2e-3};
  ck_assert_rel(tp_power_boost(&toy.device, &use), 1, 0);
  toy.device.overlap.burst_ratio = 2;
  ck_assert_rel(tp_power_boost(&toy.device, &use), (2. / 3 + sqrt(4. / 9 + 4)) / 2, 1e-9);
  toy.device.overlap.burst_ratio = 1.2;
  ck_assert_rel(tp_power_boost(&toy.device, &use), 1.2, 0);
}
END_TEST

START_TEST(clock_draws_what_is_allowed)
{
  toy.device.overlap.burst_ratio = 3;
  toy.device.overlap.idle_power_ratio = 0.2;
  toy.device.overlap.dram_power_ratio = 0.5;
  double before = 3;
  for (int tenths = 4; tenths < 10; tenths++) {
    const struct tp_power_use use = {
        .pass_s = 1e-3, .matrix_s = 1e-4 * tenths, .dram_s = 1e-4 * (10 - tenths)};
    const double boost = tp_power_boost(&toy.device, &use);
    ck_assert_double_lt(boost, before);
    ck_assert_rel(drawn(&use, boost), 1, 1e-9);
    before = boost;
  }
  const struct tp_power_use products = {.pass_s = 1e-3, .matrix_s = 1e-3};
  ck_assert_rel(tp_power_boost(&toy.device, &products), 1, 1e-12);
}
END_TEST

/* Also where idle SMs draw nothing and DRAM alone would draw more than the limit. */
START_TEST(more_drawn_by_memory_slows_clocks)
{
  const struct tp_power_use use = {.pass_s = 1e-3, .matrix_s = 0.4e-3, .dram_s = 0.8e-3};
  toy.device.overlap.burst_ratio = 3;
  double before = 3;
  for (int tenths = 10; tenths <= 20; tenths += 5) {
    toy.device.overlap.dram_power_ratio = 0.1 * tenths;
    const double boost = tp_power_boost(&toy.device, &use);
    ck_assert_double_lt(boost, before);
    ck_assert_rel(drawn(&use, boost), 1, 1e-9);
    before = boost;
  }
}
END_TEST

/* At 1.25 of the clock 8 us of arithmetic take 6.4; a kernel of memory stays. */
START_TEST(faster_clocks_speed_arithmetic)
{
  struct tp_cost gemm = {.work_s = 8e-6, .compute_s = 8e-6, .matrix_s = 7e-6, .wave_s = 4e-6};
  struct tp_cost copy = {.work_s = 8e-6};
  tp_cost_boost(&gemm, 1.25);
  tp_cost_boost(&copy, 1.25);
  ck_assert_rel(gemm.work_s, 6.4e-6, 1e-12);
  ck_assert_rel(gemm.compute_s, 6.4e-6, 1e-12);
  ck_assert_rel(gemm.wave_s, 3.2e-6, 1e-12);
  ck_assert_rel(copy.work_s, 8e-6, 0);
}
END_TEST

/* 3 us of arithmetic of which the host launches one each 4 us. */
START_TEST(faster_clocks_speed_no_host)
{
  struct tp_cost gemm = {.work_s = 4e-6, .compute_s = 3e-6, .matrix_s = 3e-6, .launch_s = 4e-6};
  tp_cost_boost(&gemm, 1.25);
  ck_assert_rel(gemm.work_s, 4e-6, 0);
  ck_assert_rel(gemm.compute_s, 2.4e-6, 1e-12);
}
END_TEST

/* 6.5536 us of products after a launch of 2 us were measured at b = 1 / U, U = m / (1 - m + m / b)
 * for m = 6.5536 / 8.5536; a small GEMM at the highest clock.  There they stay as they are. */
START_TEST(kernels_hold_at_their_own_clock)
{
  const struct tp_op large = toy_gemm(1280, 2560, 1000), small = toy_gemm(16, 64, 64);
  const double rest = 2 / 6.5536;
  toy.machine.dram_bytes_per_s = 1e18;
  toy.device.overlap.burst_ratio = 2;
  ck_assert_rel(tp_cost_op(&toy.machine, true, &large).clock, 0, 0); /* of no program */
  toy.machine.program = true;
  struct tp_cost cost = tp_cost_op(&toy.machine, true, &large);
  ck_assert_rel(cost.clock, (rest + sqrt(rest * rest + 4)) / 2, 1e-3);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &small).clock, 2, 0);
  const double work_s = cost.work_s;
  tp_cost_boost(&cost, cost.clock);
  ck_assert_rel(cost.work_s, work_s, 1e-12);
  tp_cost_boost(&cost, 1);
  ck_assert_double_gt(cost.work_s, 1.1 * work_s);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("later_terms");
  TCase *tcase = tcase_create("terms");
  tcase_add_checked_fixture(tcase, open_toy, close_toy);
  tcase_add_test(tcase, bytes_within_the_cache);
  tcase_add_loop_test(tcase, functions_wait_for_their_rows, 0, 7);
  tcase_add_test(tcase, fp4_is_widened_without_units);
  tcase_add_test(tcase, rope_takes_longer);
  tcase_add_test(tcase, blocks_stream_their_rows);
  tcase_add_loop_test(tcase, wide_heads_stretch, 0, 2);
  tcase_add_test(tcase, clock_by_hand);
  tcase_add_test(tcase, clock_draws_what_is_allowed);
  tcase_add_test(tcase, more_drawn_by_memory_slows_clocks);
  tcase_add_test(tcase, faster_clocks_speed_arithmetic);
  tcase_add_test(tcase, kernels_hold_at_their_own_clock);
  tcase_add_test(tcase, faster_clocks_speed_no_host);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
