/* The low-bit all-reduce: bytes in closed form, times by hand, where it pays and where not. */
#include "cost/collectives/algorithm.h"
#include "machines.h"

static struct tp_collective low_bit(int reduce_bits, int gather_bits, double bytes)
{
  return (struct tp_collective){
      .kind = TP_ALL_REDUCE,
      .bytes = bytes,
      .dtype = TP_DTYPE_FP16,
      .wire = {.reduce_bits = reduce_bits, .gather_bits = gather_bits, .group = 128}};
}

static struct tp_cost cost_of(const struct bench *bench, struct tp_collective collective,
                              enum tp_algorithm algorithm)
{
  struct tp_cost cost;
  collective.algorithm = algorithm;
  tp_cost_collective(&bench->machine, &collective, &cost);
  return cost;
}

static double time_of(const struct bench *bench, struct tp_collective collective,
                      enum tp_algorithm algorithm)
{
  const struct tp_cost cost = cost_of(bench, collective, algorithm);
  return tp_cost_alone_s(&bench->machine, &cost);
}

/* 2^20 fp16 elements, 4 ranks: 3 peers get 2^18 elements of 4.25 bits, and 8.25 bits back. */
START_TEST(link_bytes_in_closed_form)
{
  static const char *const stacks[] = {"ideal", "gpt-fast-compile", "vllm-graph"};
  for (int s = 0; s < 3; s++) {
    struct bench *bench = bench_make("dgx-h100", stacks[s], 4);
    const struct tp_cost cost = cost_of(bench, low_bit(4, 8, 2 << 20), TP_ALGORITHM_AUTO);
    ck_assert_int_eq(cost.algorithm, TP_ALGORITHM_FLASH);
    ck_assert_double_eq(cost.link_bytes, 3 * (1 << 18) * (4.25 + 8.25) / 8);
    bench_free(bench);
  }
}
END_TEST

/* Parts of 100 elements: a group of 128 begun in each. */
START_TEST(short_parts_bring_whole_groups)
{
  struct bench *bench = bench_make("dgx-h100", "ideal", 8);
  const struct tp_cost cost = cost_of(bench, low_bit(4, 4, 1600), TP_ALGORITHM_FLASH);
  ck_assert_double_eq(cost.link_bytes, 7 * 2 * (50 + 4));
  bench_free(bench);
}
END_TEST

/* Both steps of 3 parts at 450 GB/s after a route of 0.5 us. */
START_TEST(ideal_time_by_hand)
{
  struct bench *bench = bench_make("dgx-h100", "ideal", 4);
  const double sent = 3 * 0.25e9 / 2 * (4.25 + 4.25) / 8;
  ck_assert_rel(time_of(bench, low_bit(4, 4, 1e9), TP_ALGORITHM_AUTO), 2 * 0.5e-6 + sent / 450e9,
                1e-5);
  bench_free(bench);
}
END_TEST

/* Two domains of four cards.  In a domain: 3 parts of 1/4 there, 3 parts of 1/4 back; between the
 * domains 1/8 there and back. */
START_TEST(domains)
{
  struct bench *bench = bench_make("l40s-x8", "ideal", 8);
  ck_assert_int_eq(bench_all(bench)->domains_used, 2);
  ck_assert_int_eq(bench_all(bench)->ranks_per_domain, 4);
  const struct tp_collective collective = low_bit(4, 8, 1 << 27);
  const struct tp_cost cost = cost_of(bench, collective, TP_ALGORITHM_FLASH_HIERARCHICAL);
  const double to = (1 << 26) * 4.25 / 8, back = (1 << 26) * 8.25 / 8;
  ck_assert_int_eq(cost.n_phases, 4);
  ck_assert_double_eq(cost.link_bytes, 3 * (to + back) / 4 + (to + back) / 8);
  /* Between the sockets: 4 flows of 1/8 each way; inside, 4 of 1/4 share a switch's uplink. */
  ck_assert_rel(tp_cost_alone_s(&bench->machine, &cost),
                2 * (2e-6 + 2.5e-6) + (to + back) / 2 / 11e9 + (to + back) / 31.5e9, 1e-12);
  /* Flat, 16 flows of 1/8 cross the sockets each way. */
  ck_assert_rel(time_of(bench, collective, TP_ALGORITHM_FLASH), 2 * 2.5e-6 + (to + back) * 2 / 11e9,
                1e-12);
  const struct tp_cost automatic = cost_of(bench, collective, TP_ALGORITHM_AUTO);
  ck_assert_int_eq(automatic.algorithm, TP_ALGORITHM_FLASH_HIERARCHICAL);
  bench_ranks(bench, 6); /* 4 and 2: no equal domains */
  ck_assert_int_eq(bench_all(bench)->domains_used, 1);
  bench_free(bench);
}
END_TEST

START_TEST(nodes_are_domains)
{
  struct bench *bench = bench_make("dgx-h100-x2", "ideal", 16);
  ck_assert_int_eq(bench_all(bench)->domains_used, 2);
  const struct tp_cost cost = cost_of(bench, low_bit(8, 8, 1 << 28), TP_ALGORITHM_AUTO);
  ck_assert_int_eq(cost.algorithm, TP_ALGORITHM_FLASH_HIERARCHICAL);
  bench_free(bench);
}
END_TEST

/* Kernel time by hand, from the device's own numbers; arithmetic and links overlap. */
START_TEST(overheads_by_hand)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-graph", 4);
  const struct tp_device *device = &bench->device;
  const struct tp_device_quantise *quantise = &device->quantise;
  const double elements = 1 << 24;
  bench->device.quantise.exposed_ratio = 0;
  const struct tp_cost cost = cost_of(bench, low_bit(4, 4, 2 * elements), TP_ALGORITHM_FLASH);
  const double instructions =
      elements * (1.25 * quantise->quantise_instructions + 2 * quantise->dequantise_instructions);
  ck_assert_rel(cost.work_s,
                instructions / (quantise->sms * quantise->lanes * device->datasheet.clock_hz),
                1e-12);
  const double in_flight = quantise->sms * quantise->block_elements;
  ck_assert_rel(cost.fixed_s,
                cost.work_s * in_flight / elements + 3 * device->memory.kernel_floor_s +
                    device->peer_kernels.two_shot_base_s + 3 * device->peer_kernels.two_shot_rank_s,
                1e-12);
  ck_assert_rel(cost.sm_share, quantise->sms / device->datasheet.sm_count, 1e-12);
  bench_free(bench);
}
END_TEST

/* Blocks that compute and send in turn show all of their arithmetic: beside links that were busy
 * longer than it, that adds what the first and last blocks had not shown before. */
START_TEST(exposed_arithmetic)
{
  struct bench *bench = bench_make("mi300x-x8", "vllm-graph", 4);
  const struct tp_device_quantise *quantise = &bench->device.quantise;
  const double elements = 1 << 22, in_flight = quantise->sms * quantise->block_elements;
  const double arithmetic_s =
      elements * (1.25 * quantise->quantise_instructions + 2 * quantise->dequantise_instructions) /
      (quantise->sms * quantise->lanes * bench->device.datasheet.clock_hz);
  ck_assert_double_eq(quantise->exposed_ratio, 1);
  const double exposed_s = time_of(bench, low_bit(4, 4, 2 * elements), TP_ALGORITHM_FLASH);
  bench->device.quantise.exposed_ratio = 0;
  const double hidden_s = time_of(bench, low_bit(4, 4, 2 * elements), TP_ALGORITHM_FLASH);
  ck_assert_rel(exposed_s - hidden_s, arithmetic_s * (1 - in_flight / elements), 1e-9);
  bench_free(bench);
}
END_TEST

/* AMD's QuickReduce, TP 4: int4 overtakes the fp16 two-shot between 1 and 2 MB. */
START_TEST(overtakes_two_shot)
{
  static const char *const platforms[] = {"dgx-h100", "mi300x-x8", "dgx-h200", "dgx-b200"};
  for (int p = 0; p < 4; p++) {
    struct bench *bench = bench_make(platforms[p], "vllm-graph", 4);
    for (double bytes = 1 << 16; bytes <= 1 << 28; bytes *= 2) {
      struct tp_collective plain = low_bit(0, 0, bytes);
      const bool faster = time_of(bench, low_bit(4, 4, bytes), TP_ALGORITHM_FLASH) <
                          time_of(bench, plain, TP_ALGORITHM_TWO_SHOT);
      if (bytes <= 0.5e6)
        ck_assert_msg(!faster, "%s: already at %g bytes", platforms[p], bytes);
      if (bytes >= 4e6)
        ck_assert_msg(faster, "%s: not yet at %g bytes", platforms[p], bytes);
    }
    bench_free(bench);
  }
}
END_TEST

/* Fewer bits never last longer; never fewer bytes than the next width. */
START_TEST(fewer_bits_are_faster)
{
  static const char *const platforms[] = {"dgx-h100", "l40-x4", "l40s-x8", "mi300x-x8"};
  for (int p = 0; p < 4; p++) {
    struct bench *bench = bench_make(platforms[p], "vllm-graph", 4);
    for (double bytes = 4096; bytes <= 1 << 30; bytes *= 4)
      for (int bits = 3; bits <= 8; bits++) {
        const struct tp_cost more = cost_of(bench, low_bit(bits, bits, bytes), TP_ALGORITHM_AUTO);
        const struct tp_cost less =
            cost_of(bench, low_bit(bits - 1, bits - 1, bytes), TP_ALGORITHM_AUTO);
        ck_assert_double_lt(less.link_bytes, more.link_bytes);
        ck_assert_double_le(tp_cost_alone_s(&bench->machine, &less),
                            tp_cost_alone_s(&bench->machine, &more));
      }
    bench_free(bench);
  }
}
END_TEST

/* At least 3x NCCL's ring on 4 L40 above 64 MB; the wires give 16 bits over 4.25 = 3.76, and the
 * ring also waits for its own kernel's copies. */
START_TEST(pays_on_pcie)
{
  struct bench *bench = bench_make("l40-x4", "vllm-graph", 4);
  for (double bytes = 1 << 26; bytes <= 1 << 30; bytes *= 2) {
    const double gain = time_of(bench, low_bit(0, 0, bytes), TP_ALGORITHM_RING) /
                        time_of(bench, low_bit(4, 4, bytes), TP_ALGORITHM_FLASH);
    ck_assert_double_gt(gain, 3);
    ck_assert_double_lt(gain, 16 / 4.25 * 1.03);
  }
  bench_free(bench);
}
END_TEST

START_TEST(needs_a_wire)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-graph", 4);
  struct tp_collective collective = low_bit(0, 0, 1 << 20);
  collective.algorithm = TP_ALGORITHM_FLASH;
  ck_assert(!tp_collective_possible(&bench->machine, &collective));
  /* Nor does a ring carry low-bit data. */
  collective = low_bit(4, 4, 1 << 20);
  collective.algorithm = TP_ALGORITHM_RING;
  ck_assert(!tp_collective_possible(&bench->machine, &collective));
  ck_assert_int_eq(cost_of(bench, collective, TP_ALGORITHM_RING).algorithm, TP_ALGORITHM_FLASH);
  bench_ranks(bench, 1);
  ck_assert_double_eq(time_of(bench, low_bit(4, 4, 1 << 20), TP_ALGORITHM_AUTO), 0);
  bench_free(bench);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("two-step");
  TCase *cases = tcase_create("two-step");
  tcase_add_test(cases, link_bytes_in_closed_form);
  tcase_add_test(cases, short_parts_bring_whole_groups);
  tcase_add_test(cases, ideal_time_by_hand);
  tcase_add_test(cases, domains);
  tcase_add_test(cases, nodes_are_domains);
  tcase_add_test(cases, overheads_by_hand);
  tcase_add_test(cases, exposed_arithmetic);
  tcase_add_test(cases, overtakes_two_shot);
  tcase_add_test(cases, fewer_bits_are_faster);
  tcase_add_test(cases, pays_on_pcie);
  tcase_add_test(cases, needs_a_wire);
  suite_add_tcase(suite, cases);
  return suite;
}

TP_SUITE_MAIN
