/* Quantising by hand, and a scaled product without it. */
#include "../toy.h"

static void init(struct toy_gpu *toy)
{
  toy_gpu_init(toy);
  toy->machine.dram_bytes_per_s = 1e12;
  toy->device.scaling = (struct tp_device_scaling){.launch_s = 2e-6,
                                                   .element_s = 1e-10,
                                                   .row_s = 1e-9,
                                                   .dram_ratio = 0.5,
                                                   .cached_bytes = 3e6,
                                                   .cache_bytes_per_s = 3e12,
                                                   .scale_s = 1e-6,
                                                   .scale_element_s = 2e-10,
                                                   .scale_bytes_per_s = 4e12,
                                                   .spread_ratio = 0.2};
}

static struct tp_op quantise(int64_t m, int64_t k, enum tp_scale scale)
{
  return (struct tp_op){.name = "quantise",
                        .kind = TP_OP_QUANTISE,
                        .quantise = {.m = m, .k = k, .dtype = TP_DTYPE_FP8, .scale = scale}};
}

/* 2 us, 0.1 us for a row's 1000 elements, then 1000 rows: 3 MB within the cache 1 us, rows 1 us, or
 * 6 MB past it at half of 1e12 B/s. */
START_TEST(by_a_scale_of_the_tensor)
{
  struct toy_gpu toy;
  init(&toy);
  const struct tp_op warm = quantise(1000, 1000, TP_SCALE_TENSOR);
  const struct tp_op cold = quantise(2000, 1000, TP_SCALE_TENSOR);
  ck_assert_rel(toy_us(&toy, &warm), 2.1 + pow(2, 0.25), 1e-9);
  ck_assert_rel(toy_us(&toy, &cold), 2.1 + pow(pow(12, 4) + pow(2, 4), 0.25), 1e-9);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &warm).dram_bytes, 0, 0);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &cold).dram_bytes, 6e6, 1e-15);
}
END_TEST

/* And 1 us, 0.2 us for a row's elements, 2 MB read once more. */
START_TEST(by_a_scale_of_each_token)
{
  struct toy_gpu toy;
  init(&toy);
  const struct tp_op op = quantise(1000, 1000, TP_SCALE_TOKEN);
  ck_assert_rel(toy_us(&toy, &op), 2.1 + 1.2 + pow(2, 0.25) + 0.5, 1e-9);
  ck_assert_rel(tp_cost_op(&toy.machine, true, &op).sigma, 0.2, 1e-15);
}
END_TEST

/* A device that knows no such kernel: as one that moves 2 + 1 bytes an element. */
START_TEST(where_no_file_tells)
{
  struct toy_gpu toy;
  toy_gpu_init(&toy);
  toy.machine.dram_bytes_per_s = 1e12;
  const struct tp_op op = quantise(1000, 1000, TP_SCALE_TOKEN);
  const struct tp_op moved = {
      .name = "copy", .kind = TP_OP_MEMORY, .memory = {.read_bytes = 2e6, .write_bytes = 1e6}};
  ck_assert_rel(toy_us(&toy, &op), toy_us(&toy, &moved), 1e-15);
}
END_TEST

/* With the kernel of 2.1 + 1.2 us (16 rows take next to nothing), and without; never below the
 * fixed time of a product in 16 bits. */
START_TEST(a_product_apart_from_it)
{
  struct toy_gpu toy;
  init(&toy);
  toy.device.gemm_fp8.launch_s = 6e-6;
  struct tp_op op = toy_gemm(16, 4096, 1000);
  op.gemm.dtype = TP_DTYPE_FP8;
  const struct tp_op alone = quantise(16, 1000, TP_SCALE_TOKEN);
  const double with_us = toy_us(&toy, &op);
  op.gemm.quantising = TP_QUANTISED_APART;
  ck_assert_rel(with_us - toy_us(&toy, &op), toy_us(&toy, &alone), 1e-9);
  toy.device.gemm_fp8.launch_s = toy.device.gemm.launch_s + 1e-6;
  ck_assert_rel(1e6 * tp_cost_op(&toy.machine, true, &op).fixed_s, 1e6 * toy.device.gemm.launch_s,
                1e-12);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("quantise");
  TCase *hand = tcase_create("by hand");
  tcase_add_test(hand, by_a_scale_of_the_tensor);
  tcase_add_test(hand, by_a_scale_of_each_token);
  tcase_add_test(hand, where_no_file_tells);
  tcase_add_test(hand, a_product_apart_from_it);
  suite_add_tcase(suite, hand);
  return suite;
}
TP_SUITE_MAIN
