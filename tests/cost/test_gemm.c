/* GEMM costs by hand: one term of the model at a time. */
#include "../toy.h"

#include <string.h>

/* 1280 x 2560 is exactly 100 tiles of 128 x 256, each 2*128*256*1000 / 1e13 = 6.5536 us. */
START_TEST(one_full_wave)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  const struct tp_op op = toy_gemm(1280, 2560, 1000);
  ck_assert_rel(toy_us(&toy, &op), 2 + 6.5536, 1e-3);
  const struct tp_cost cost = tp_cost_op(&toy.machine, true, &op);
  ck_assert_rel(cost.flops, 2.0 * 1280 * 2560 * 1000, 1e-15);
  ck_assert_rel(cost.compute_s, 6.5536e-6, 1e-3);
  ck_assert_rel(cost.sm_share, 1, 1e-15);
  ck_assert_rel(cost.sigma, 0.1, 1e-15);
}
END_TEST

/* One row more: 64 x 64 tiles waste least, 21 * 40 = 840 of them in 9 waves of 0.8192 us; where
 * waves flow into each other it is 8.4 of them. */
START_TEST(wave_quantisation)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  const struct tp_op op = toy_gemm(1281, 2560, 1000);
  ck_assert_rel(toy_us(&toy, &op), 2 + 9 * 0.8192, 1e-3);
  toy.device.gemm.wave_ratio = 0;
  ck_assert_rel(toy_us(&toy, &op), 2 + 8.4 * 0.8192, 1e-3);
  toy.device.gemm.wave_ratio = 0.5;
  ck_assert_rel(toy_us(&toy, &op), 2 + 8.7 * 0.8192, 1e-3);
}
END_TEST

/* Of 100 SMs get one: 100 tiles of 128x256, 6.5536 us each; ten times as many; 80 of 128x64 where
 * larger ones are few; of one row of tiles 100 with 64 columns each, or with 32.  Before it
 * computes a late block waits for 512 elements of depth, or for all where these are fewer. */
START_TEST(blocks_that_are_placed)
{
  static const struct {
    int64_t m, n, k;
    double share, wave_us, latency_us;
  } cases[] = {{1280, 2560, 1000, 1, 6.5536, 0.512},
               {1280, 512, 1000, 0.8, 1.6384, 0.512},
               {12800, 2560, 1000, 1, 6.5536, 0.512},
               {16, 6400, 400, 1, 0.08192, 0.4},
               {16, 3200, 1000, 1, 0.1024, 0.512}};
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.gemm.wave_ratio = 0;
  const struct tp_op op = toy_gemm(cases[_i].m, cases[_i].n, cases[_i].k);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &op).sm_share, cases[_i].share, 1e-12);
  ck_assert_rel(1e6 * tp_cost_op(&toy.machine, true, &op).wave_s, cases[_i].wave_us, 1e-3);
  toy.device.gemm.depth_s = 1e-9;
  ck_assert_rel(1e6 * tp_cost_op(&toy.machine, true, &op).wave_s,
                cases[_i].wave_us + cases[_i].latency_us, 1e-3);
}
END_TEST

/* What a type's GEMM was fitted to is asked of that type alone, where there are units for fp8. */
START_TEST(each_type_has_its_own_figures)
{
  static const struct {
    enum tp_dtype dtype;
    int figures;
  } types[] = {{TP_DTYPE_FP16, 0}, {TP_DTYPE_BF16, 0},       {TP_DTYPE_W4A16, 0},
               {TP_DTYPE_FP8, 1},  {TP_DTYPE_W4A8_MXFP4, 1}, {TP_DTYPE_FP8_BLOCK, 2},
               {TP_DTYPE_NVFP4, 3}};
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  struct tp_device *const device = &toy.device;
  double *const launch_s[] = {&device->gemm.launch_s, &device->gemm_fp8.launch_s,
                              &device->gemm_fp8_block.launch_s, &device->gemm_nvfp4.launch_s};
  memcpy(&device->gemm_fp8, &device->gemm, sizeof device->gemm);
  memcpy(&device->gemm_fp8_block, &device->gemm, sizeof device->gemm);
  memcpy(&device->gemm_nvfp4, &device->gemm, sizeof device->gemm);
  struct tp_op op = toy_gemm(1280, 2560, 1024);
  op.gemm.dtype = types[_i].dtype;
  device->datasheet.fp4_flops_per_s = 4e15;
  for (int units = 0; units < 2; units++) {
    device->datasheet.fp8_flops_per_s = units * 2e15;
    const double all_us = toy_us(&toy, &op);
    for (int i = 0; i < 4; i++) {
      *launch_s[i] += 5e-6;
      ck_assert_rel(toy_us(&toy, &op), all_us + (i == units * types[_i].figures ? 5 : 0), 1e-9);
      *launch_s[i] -= 5e-6;
    }
  }
}
END_TEST

/* 2 * (4096*4096 + 2*16*4096) bytes over 1e12 B/s. */
START_TEST(weights_from_dram)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.machine.dram_bytes_per_s = 1e12;
  const struct tp_op op = toy_gemm(16, 4096, 4096);
  ck_assert_rel(toy_us(&toy, &op), 2 + 33.816576, 1e-3);
  toy.device.gemm.dram_ratio = 0.5;
  ck_assert_rel(toy_us(&toy, &op), 2 + 67.633152, 1e-3);
  const struct tp_cost cost = tp_cost_op(&toy.machine, true, &op);
  ck_assert_rel(cost.dram_bytes, 33816576, 1e-15);
}
END_TEST

/* One tile of 16 x 64 draws 80 * 8192 * 2 bytes at 1e11 B/s: 13.1072 us by one SM; 16 SMs at most
 * share it, 512 deep each. */
START_TEST(split_k)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.gemm.sm_bytes_per_s = 1e11;
  const struct tp_op op = toy_gemm(16, 64, 8192);
  ck_assert_rel(toy_us(&toy, &op), 2 + 13.1072, 1e-3);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &op).sm_share, 0.01, 1e-12);
  toy.device.gemm.split_s = 1e-6;
  ck_assert_rel(toy_us(&toy, &op), 2 + 1 + 13.1072 / 16, 1e-3);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &op).sm_share, 0.16, 1e-12);
  /* Through a cache of 1e11 B/s all operands take 13.1072 us again, and 17 partial tiles of 4 bytes
   * an element 0.69632 us: not splitting wins. */
  toy.device.gemm.l2_bytes_per_s = 1e11;
  ck_assert_rel(toy_us(&toy, &op), 2 + 13.1072, 1e-3);
  toy.device.gemm.l2_bytes_per_s = 2e11;
  ck_assert_rel(toy_us(&toy, &op), 2 + 13.1072 / 2 + 1 + 3 * 4096 / 2e5, 1e-3); /* in two */
}
END_TEST

/* The cache delivers 100 tiles * (128 + 256) * 1000 * 2 bytes at 1e12 B/s. */
START_TEST(operands_through_the_cache)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.gemm.l2_bytes_per_s = 1e12;
  const struct tp_op op = toy_gemm(1280, 2560, 1000);
  ck_assert_rel(toy_us(&toy, &op), 2 + 76.8, 1e-3);
}
END_TEST

START_TEST(latencies)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.gemm.depth_s = 1e-7;
  struct tp_op op = toy_gemm(64, 64, 100);
  ck_assert_rel(toy_us(&toy, &op), 2 + 10, 1e-3);
  toy.device.gemm.depth_s = 0;
  toy.device.gemm.epilogue_bytes_per_s =
      1e9; /* 64*64*2 bytes: 8.192 us, 2*64*64*100 / 1e13: 0.08 */
  ck_assert_rel(toy_us(&toy, &op), 2 + 8.192 + 0.08192, 1e-3);
}
END_TEST

/* m alone decides: 64 x 64, half and whole tiles, the rows of an instruction there or not, whole
 * ones in pairs along m: 3 of them are 4, and with 50 columns of tiles two waves. */
START_TEST(tiles_by_rows)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.gemm.half_tile_rows = 128;
  static const struct {
    int64_t m, n;
    double us;
  } cases[] = {{1, 64, 0.8192},    {64, 64, 0.8192},    {65, 128, 1.6384},   {128, 128, 1.6384},
               {129, 128, 3.2768}, {256, 6400, 3.2768}, {257, 6400, 6.5536}, {512, 6400, 6.5536}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct tp_op op = toy_gemm(cases[i].m, cases[i].n, 1000);
    ck_assert_rel(toy_us(&toy, &op), 2 + cases[i].us, 1e-3);
  }
}
END_TEST

/* 64 x 128 at least from so many rows on, although 64 x 64 would have one wave of half the time. */
START_TEST(wide_tiles)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.device.gemm.wide_tile_rows = 257;
  static const struct {
    int64_t m, n;
    double us;
  } cases[] = {{256, 128, 0.8192},
               {257, 128, 1.6384},
               {320, 2560, 1.6384},
               {384, 2560, 3.2768},
               {1280, 2560, 6.5536}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct tp_op op = toy_gemm(cases[i].m, cases[i].n, 1000);
    ck_assert_rel(toy_us(&toy, &op), 2 + cases[i].us, 1e-3);
  }
}
END_TEST

/* fp8: twice the flops, half the bytes, and its own quantising kernel. */
START_TEST(quantised)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  struct tp_op op = toy_gemm(1280, 2560, 1000);
  op.gemm.dtype = TP_DTYPE_FP8;
  ck_assert_rel(toy_us(&toy, &op), 2 + 3.2768, 1e-3);
  toy.device.gemm_fp8.quantise_row_s = 1e-8;
  toy.device.gemm_fp8.quantise_bytes_per_s = 1e12;
  ck_assert_rel(toy_us(&toy, &op), 2 + 12.8 + 3.2768, 1e-3); /* 1280 rows; 3.84 us by bytes */
  toy.device.gemm_fp8.quantise_bytes_per_s = 1e11;
  ck_assert_rel(toy_us(&toy, &op), 2 + 38.4 + 3.2768, 1e-3);
  toy.device.datasheet.fp8_flops_per_s = 0; /* no such units: as 16 bit, nothing to quantise */
  ck_assert_rel(toy_us(&toy, &op), 2 + 6.5536, 1e-3);
}
END_TEST

/* 2 * 3 * 1000^2 bytes: 6 MB. */
START_TEST(warm_in_a_benchmark_cold_in_a_layer)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  const struct tp_op op = toy_gemm(1000, 1000, 1000);
  static const struct {
    double warm_bytes, share;
  } cases[] = {{0, 1}, {3e6, 1}, {4e6, 0.5}, {6e6, 0}, {1e9, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    toy.device.gemm.warm_bytes = cases[i].warm_bytes;
    toy.machine.program = false;
    ck_assert_double_eq_tol(tp_cost_op(&toy.machine, true, &op).dram_bytes, 6e6 * cases[i].share,
                            1);
    toy.machine.program = true;
    ck_assert_rel(tp_cost_op(&toy.machine, true, &op).dram_bytes, 6e6, 1e-12);
  }
  /* Weights alone count where the activations weigh nothing: 2 MB of 3 MB that stay. */
  toy.machine.program = false;
  toy.device.gemm.warm_bytes = 3e6;
  toy.device.gemm.activation_ratio = 0;
  ck_assert_double_eq_tol(tp_cost_op(&toy.machine, true, &op).dram_bytes, 0, 1);
}
END_TEST

START_TEST(sustained_clock)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.machine.sustained = true;
  const struct tp_op op = toy_gemm(1280, 2560, 1000);
  ck_assert_rel(toy_us(&toy, &op), 2 + 2 * 6.5536, 1e-3);
}
END_TEST

/* Two resources at the same time take 2^(1/4) of either. */
START_TEST(imperfect_overlap)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  const struct tp_op op = toy_gemm(1280, 2560, 1000);
  const double bytes = 2e3 * (1280 + 2560) + 2.0 * 1280 * 2560;
  toy.machine.dram_bytes_per_s = bytes / 6.5536e-6;
  ck_assert_rel(toy_us(&toy, &op), 2 + 6.5536 * pow(2, 0.25), 1e-3);
}
END_TEST

START_TEST(launch_modes)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  const struct tp_op op = toy_gemm(1280, 2560, 1000);
  toy.machine.program = true;
  toy.stack.launch.kernel_gap_s = 1e-6;
  ck_assert_rel(toy_us(&toy, &op), 3 + 6.5536, 1e-3);
  toy.stack.launch.decode = TP_LAUNCH_EAGER;
  toy.stack.launch.host_launch_s = 5e-6; /* hidden under the kernel */
  ck_assert_rel(toy_us(&toy, &op), 2 + 6.5536, 1e-3);
  toy.stack.launch.host_launch_s = 50e-6;
  ck_assert_rel(toy_us(&toy, &op), 50, 1e-12);
  const struct tp_cost prefill = tp_cost_op(&toy.machine, false, &op);
  ck_assert_rel(tp_cost_alone_s(&toy.machine, &prefill), 9.5536e-6, 1e-3);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("gemm");
  TCase *tcase = tcase_create("cases");
  tcase_add_test(tcase, one_full_wave);
  tcase_add_loop_test(tcase, each_type_has_its_own_figures, 0, 7);
  tcase_add_test(tcase, wave_quantisation);
  tcase_add_loop_test(tcase, blocks_that_are_placed, 0, 5);
  tcase_add_test(tcase, weights_from_dram);
  tcase_add_test(tcase, split_k);
  tcase_add_test(tcase, operands_through_the_cache);
  tcase_add_test(tcase, latencies);
  tcase_add_test(tcase, tiles_by_rows);
  tcase_add_test(tcase, wide_tiles);
  tcase_add_test(tcase, quantised);
  tcase_add_test(tcase, warm_in_a_benchmark_cold_in_a_layer);
  tcase_add_test(tcase, sustained_clock);
  tcase_add_test(tcase, imperfect_overlap);
  tcase_add_test(tcase, launch_modes);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
