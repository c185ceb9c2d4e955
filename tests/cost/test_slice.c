/* Slices of a GEMM and sends by DMA engines: sums, bytes by count, what the cache does, knobs. */
#include "machines.h"

static const int64_t widths[] = {3072, 4256, 12288};

static struct tp_gemm gemm_of(int64_t tokens, int64_t width, int tp)
{
  return (struct tp_gemm){.m = tokens, .n = width, .k = 4 * width / tp, .dtype = TP_DTYPE_FP16};
}

static struct tp_cost slice_of(struct bench *bench, struct tp_gemm gemm, int slices,
                               enum tp_gemm_output output)
{
  struct tp_op op = {.kind = TP_OP_GEMM, .gemm = gemm};
  op.gemm.slices = slices;
  op.gemm.output = output;
  op.gemm.continues = true;
  return tp_cost_op(&bench->machine, false, &op);
}

static struct tp_cost send_of(struct bench *bench, enum tp_dma_role role, double bytes)
{
  const struct tp_op op = {
      .kind = TP_OP_COLLECTIVE,
      .collective = {.kind = TP_SEND, .bytes = bytes, .algorithm = TP_ALGORITHM_DMA, .role = role}};
  return tp_cost_op(&bench->machine, false, &op);
}

START_TEST(test_slices_sum_to_the_kernel)
{
  struct bench *bench = bench_make("t3-ring", "ideal", 8);
  const struct tp_op whole = {.kind = TP_OP_GEMM, .gemm = gemm_of(8192, widths[_i], 8)};
  const struct tp_cost all = tp_cost_op(&bench->machine, false, &whole);
  const struct tp_cost slice = slice_of(bench, whole.gemm, 32, TP_OUTPUT_CACHED);
  ck_assert_rel(32 * slice.work_s, all.work_s, 1e-12);
  ck_assert_rel(32 * slice.compute_s, all.compute_s, 1e-12);
  ck_assert_rel(32 * slice.matrix_s, all.matrix_s, 1e-12);
  ck_assert_rel(32 * slice.flops, all.flops, 1e-12);
  ck_assert_rel(slice.sm_share, all.sm_share, 0);
  ck_assert(slice.fixed_s == 0 && all.fixed_s > 0);
  struct tp_op first = whole;
  first.gemm.slices = 32;
  ck_assert_rel(tp_cost_op(&bench->machine, false, &first).fixed_s, all.fixed_s, 0);
  bench_free(bench);
}
END_TEST

/* Chunks that a GPU reads and writes for a reduce-scatter and the GEMM before it (FACTS: 2N-1 and
 * 2N in a ring, N-2 and 2N-2 under T3). */
START_TEST(test_bytes_by_count)
{
  struct bench *bench = bench_make("t3-ring", "ideal", 8);
  const int n = _i;
  const double chunk = 1e6;
  const double stores = send_of(bench, TP_DMA_STORES, chunk).dram_bytes / chunk;
  const double forward = send_of(bench, TP_DMA_FORWARD, chunk).dram_bytes / chunk;
  ck_assert_rel(stores, 1, 1e-15);  /* what the neighbour stores here */
  ck_assert_rel(forward, 2, 1e-15); /* one read, one stored by the neighbour */
  const struct tp_gemm gemm = gemm_of(8192, 3072, 8);
  const double reads = slice_of(bench, gemm, n, TP_OUTPUT_REMOTE).dram_bytes * n;
  const double uncached = slice_of(bench, gemm, n, TP_OUTPUT_UNCACHED).dram_bytes * n;
  const double result = 8192.0 * 3072 * 2;
  ck_assert_rel(uncached - reads, result, 1e-9);
  const double writes = (n - 1) * (uncached - reads) / result + stores + (n - 2) * (forward - 1);
  ck_assert_rel(writes, 2 * n - 2, 1e-9);
  const double sent_reads = (n - 2) * (forward - stores);
  if (n == 8)
    ck_assert_rel((2 * n - 1) / sent_reads, 2.5, 1e-12);
  if (n == 16)
    ck_assert_rel((2 * n - 1) / sent_reads, 2.2, 0.01);
  bench_free(bench);
}
END_TEST

START_TEST(test_memory_that_does_not_add)
{
  struct bench *bench = bench_make("t3-ring", "ideal", 8);
  ck_assert_rel(send_of(bench, TP_DMA_SETTLE, 1e6).dram_bytes, 0, 0);
  bench->device.trigger.near_memory = 0;
  ck_assert_rel(send_of(bench, TP_DMA_STORES, 1e6).dram_bytes, 1e6, 1e-15);
  ck_assert_rel(send_of(bench, TP_DMA_FORWARD, 1e6).dram_bytes, 3e6, 1e-15);
  ck_assert_rel(send_of(bench, TP_DMA_SETTLE, 1e6).dram_bytes, 3e6, 1e-15);
  bench_free(bench);
}
END_TEST

START_TEST(test_cache)
{
  struct bench *bench = bench_make("t3-ring", "ideal", 8);
  struct tp_gemm gemm = gemm_of(8192, widths[_i], 8);
  const double compulsory = 2.0 * ((double)gemm.m + (double)gemm.n) * (double)gemm.k;
  const double cached = tp_cost_gemm_read_bytes(&bench->machine, &gemm);
  gemm.output = TP_OUTPUT_UNCACHED;
  const double uncached = tp_cost_gemm_read_bytes(&bench->machine, &gemm);
  ck_assert(compulsory < uncached && uncached < cached);
  bench->device.datasheet.l2_bytes = 1e12;
  ck_assert_rel(tp_cost_gemm_read_bytes(&bench->machine, &gemm), compulsory, 1e-3);
  bench->device.datasheet.l2_bytes = 1e5; /* nothing stays: every wave reads all it needs */
  ck_assert(tp_cost_gemm_read_bytes(&bench->machine, &gemm) > 2 * compulsory);
  bench_free(bench);
}
END_TEST

START_TEST(test_trackers_that_are_too_few)
{
  struct bench *bench = bench_make("t3-ring", "ideal", 8);
  const struct tp_gemm gemm = gemm_of(8192, 3072, 8);
  const double enough_s = slice_of(bench, gemm, 8, TP_OUTPUT_UNCACHED).work_s;
  bench->device.trigger.tracker_tiles = 80; /* half of 80 SMs with 2 tiles each */
  ck_assert_rel(slice_of(bench, gemm, 8, TP_OUTPUT_UNCACHED).work_s, 2 * enough_s, 1e-12);
  bench->device.trigger.tracker_tiles = 1e6;
  ck_assert_rel(slice_of(bench, gemm, 8, TP_OUTPUT_UNCACHED).work_s, enough_s, 1e-12);
  bench_free(bench);
}
END_TEST

START_TEST(test_no_sms)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-graph", 8);
  struct tp_op op = {.kind = TP_OP_COLLECTIVE,
                     .collective = {.kind = TP_REDUCE_SCATTER, .bytes = 1e8}};
  const struct tp_cost held = tp_cost_op(&bench->machine, false, &op);
  op.collective.sms = TP_NO_SMS;
  const struct tp_cost none = tp_cost_op(&bench->machine, false, &op);
  ck_assert(held.sm_share > 0.05);
  ck_assert_rel(none.sm_share, 0, 0);
  ck_assert_rel(none.phases[0].flow_bytes, held.phases[0].flow_bytes, 0);
  bench_free(bench);
}
END_TEST

START_TEST(test_few_sms)
{
  struct bench *bench = bench_make("t3-ring", "ideal", 8);
  struct tp_op op = {.kind = TP_OP_COLLECTIVE, .collective = {.kind = TP_ALL_REDUCE, .bytes = 1e8}};
  const struct tp_cost all = tp_cost_op(&bench->machine, false, &op);
  op.collective.sms = 8;
  const struct tp_cost few = tp_cost_op(&bench->machine, false, &op);
  ck_assert_rel(few.sm_share, 0.1, 1e-15);
  ck_assert(few.phases[0].flow_bytes > 1.2 * all.phases[0].flow_bytes);
  bench->device.trigger.sm_link_bytes_per_s = 1e12;
  ck_assert_rel(tp_cost_op(&bench->machine, false, &op).phases[0].flow_bytes,
                all.phases[0].flow_bytes, 1e-6);
  bench_free(bench);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("slice");
  TCase *costs = tcase_create("costs");
  tcase_add_loop_test(costs, test_slices_sum_to_the_kernel, 0, 3);
  tcase_add_loop_test(costs, test_bytes_by_count, 3, 17);
  tcase_add_test(costs, test_memory_that_does_not_add);
  tcase_add_loop_test(costs, test_cache, 0, 3);
  tcase_add_test(costs, test_trackers_that_are_too_few);
  tcase_add_test(costs, test_few_sms);
  tcase_add_test(costs, test_no_sms);
  suite_add_tcase(suite, costs);
  return suite;
}

TP_SUITE_MAIN
