#include "rig.h"

/* dgx-h100: 450e9 bytes/s a direction to the switch, 0.5 us from GPU to GPU; the rig's memory gives
 * 2e12 bytes/s. */
enum { NONE = TP_NO_EVENT };

static struct rig rig;

static void open_dgx(void)
{
  rig_open(&rig, "dgx-h100", 4);
}

static void close_rig(void)
{
  rig_close(&rig);
}

static struct tp_op *third_stream(enum tp_op_kind kind, int wait, int records, struct tp_cost cost)
{
  rig.toy.program.n_streams = 3;
  return toy_op(&rig.toy, kind, 2, wait, records, cost);
}

static double total_s(bool no_fold)
{
  return rig_des(&rig, TP_DETAIL_FLOW, no_fold, NULL).total_s;
}

START_TEST(kernel_lasts_fixed_plus_longest)
{
  toy_segment(&rig.toy, 3);
  toy_kernel(&rig.toy, NONE, NONE,
             (struct tp_cost){.fixed_s = 1e-6, .work_s = 5e-6, .compute_s = 3e-6, .sm_share = 0.5});
  toy_kernel(&rig.toy, NONE, NONE,
             (struct tp_cost){.fixed_s = 2e-6, .work_s = 5e-6, .compute_s = 7e-6, .sm_share = 0.5});
  toy_kernel(&rig.toy, NONE, NONE,
             (struct tp_cost){.work_s = 5e-6, .compute_s = 7e-6, .dram_bytes = 16e6});
  const struct tp_result result = rig_des(&rig, TP_DETAIL_FLOW, _i, NULL);
  ck_assert_rel(result.total_s, 3 * (6e-6 + 9e-6 + 8e-6), 1e-12);
  ck_assert_rel(result.compute_s, result.total_s, 1e-12);
  ck_assert_rel(result.dram_bytes, 48e6, 0);
}
END_TEST

START_TEST(kernels_share_the_sms)
{
  /* Both want 3/4 and get 1/2 while both run: 2/3 of their speed for 1.5 ms. */
  toy_segment(&rig.toy, 1);
  toy_kernel(&rig.toy, NONE, NONE, toy_compute(1e-3, 0.75));
  third_stream(TP_OP_GEMM, NONE, NONE, toy_compute(1e-3, 0.75));
  ck_assert_rel(total_s(false), 1.5e-3, 1e-12);
}
END_TEST

START_TEST(small_kernel_leaves_the_rest)
{
  /* 1/4 runs at full speed, 3/4 are left for the other. */
  toy_segment(&rig.toy, 1);
  toy_kernel(&rig.toy, NONE, NONE, toy_compute(3e-3, 1));
  third_stream(TP_OP_GEMM, NONE, NONE, toy_compute(4e-3, 0.25));
  ck_assert_rel(total_s(false), 4e-3, 1e-12);
}
END_TEST

START_TEST(kernels_share_the_memory)
{
  /* 2 ms together; then 1e9 bytes alone. */
  toy_segment(&rig.toy, 1);
  toy_kernel(&rig.toy, NONE, NONE, toy_bytes(2e9));
  third_stream(TP_OP_GEMM, NONE, NONE, toy_bytes(3e9));
  ck_assert_rel(total_s(false), 2.5e-3, 1e-12);
}
END_TEST

/* The collective holds its share for 1 ms, whether that is more than a fair share or not; the
 * kernel has the rest meanwhile. */
START_TEST(collective_holds_sms)
{
  static const double held[] = {0.1, 0.5, 0.8, 0.96};
  toy_segment(&rig.toy, 1);
  toy_kernel(&rig.toy, NONE, NONE, toy_compute(2e-3, 1));
  toy_collective(&rig.toy, NONE, NONE, toy_comm(TP_PATTERN_RING, 1, 1e-3 - 0.5e-6, 0, held[_i]));
  ck_assert_rel(total_s(false), 2e-3 + held[_i] * 1e-3, 1e-12);
}
END_TEST

START_TEST(two_collectives_hold_sms)
{
  toy_segment(&rig.toy, 1);
  toy_kernel(&rig.toy, NONE, NONE, toy_compute(2e-3, 1));
  toy_collective(&rig.toy, NONE, NONE, toy_comm(TP_PATTERN_RING, 1, 1e-3 - 0.5e-6, 0, 0.5));
  third_stream(TP_OP_COLLECTIVE, NONE, NONE, toy_comm(TP_PATTERN_RING, 1, 1e-3 - 0.5e-6, 0, 0.4));
  ck_assert_rel(total_s(false), 2e-3 + 0.9e-3, 1e-12);
}
END_TEST

START_TEST(collective_reads_memory)
{
  /* Half the memory rate each for 1 ms, then the kernel alone; the flow is shorter. */
  struct tp_cost cost = toy_comm(TP_PATTERN_RING, 1, 0, 45e6, 0);
  cost.dram_bytes = 1e9;
  toy_segment(&rig.toy, 1);
  toy_kernel(&rig.toy, NONE, NONE, toy_bytes(3e9));
  toy_collective(&rig.toy, NONE, NONE, cost);
  const struct tp_result result = rig_des(&rig, TP_DETAIL_FLOW, _i, NULL);
  ck_assert_rel(result.total_s, 2e-3, 1e-12);
  ck_assert_rel(result.comm_s, 1e-3, 1e-12);
}
END_TEST

START_TEST(ring_takes_its_steps)
{
  /* 6 * (0.7 + 0.5) us and 90e6 bytes at 450e9 bytes/s. */
  const double flow_s = 6 * 1.2e-6 + 200e-6;
  toy_segment(&rig.toy, 2);
  toy_collective(&rig.toy, NONE, NONE, toy_comm(TP_PATTERN_RING, 6, 0.7e-6, 90e6, 0.1));
  ck_assert_rel(rig_des(&rig, TP_DETAIL_FLOW, _i, NULL).total_s, 2 * flow_s, 1e-12);
  ck_assert_rel(rig_des(&rig, TP_DETAIL_STEP, _i, NULL).total_s, 2 * flow_s, 1e-11);
  /* Of the delays, chunks hide all but the first: a step's other chunks take longer to send. */
  const double chunked_s = 1.2e-6 + 200e-6;
  ck_assert_rel(rig_des(&rig, TP_DETAIL_CHUNK, _i, NULL).total_s, 2 * chunked_s, 1e-11);
}
END_TEST

START_TEST(short_chunks_cannot_hide_a_delay)
{
  /* Chunks of 1 ns: every step waits 1.2 us for its first chunk; the last step sends all. */
  const double bytes = 6 * TP_DES_CHUNKS * 450.0;
  toy_segment(&rig.toy, 1);
  toy_collective(&rig.toy, NONE, NONE, toy_comm(TP_PATTERN_RING, 6, 0.7e-6, bytes, 0.1));
  ck_assert_rel(rig_des(&rig, TP_DETAIL_CHUNK, _i, NULL).total_s,
                6 * 1.2e-6 + (6 - 1) * 1e-9 + TP_DES_CHUNKS * 1e-9, 1e-9);
}
END_TEST

START_TEST(phases_follow_one_another)
{
  struct tp_cost cost = toy_comm(TP_PATTERN_DIRECT, 1, 0.5e-6, 15e6, 0);
  cost.n_phases = 2;
  cost.phases[1] = toy_phase(TP_PATTERN_SWITCH, 1, 0.75e-6, 90e6);
  toy_segment(&rig.toy, 1);
  toy_collective(&rig.toy, NONE, NONE, cost);
  /* Three flows leave each GPU: 45e6 bytes; to the switch it is half the way. */
  ck_assert_rel(total_s(_i), 1e-6 + 100e-6 + 1e-6 + 200e-6, 1e-12);
}
END_TEST

/* All details put the same bytes on each link: out of each GPU, and into it, the flow's. */
START_TEST(details_move_the_same_bytes)
{
  static const enum tp_pattern patterns[] = {TP_PATTERN_RING, TP_PATTERN_DIRECT, TP_PATTERN_SWITCH};
  static const int flows[] = {1, 3, 1};
  for (int p = 0; p < 3; p++) {
    struct rig other;
    rig_open(&other, "dgx-h100", 4);
    toy_segment(&other.toy, 5);
    toy_collective(&other.toy, NONE, NONE, toy_comm(patterns[p], 6, 1e-6, 1.5e6, 0.1));
    for (int detail = TP_DETAIL_FLOW; detail <= TP_DETAIL_CHUNK; detail++) {
      struct rig_record record;
      const struct tp_result result = rig_des(&other, (enum tp_detail)detail, true, &record);
      ck_assert_rel(result.link_bytes, 5 * 1.5e6, 0);
      for (size_t l = 0; l < 2 * other.platform.n_links; l++)
        ck_assert_rel(record.link_bytes[l], l / 2 < 4 ? 5 * 1.5e6 * flows[p] : 0, 1e-12);
    }
    rig_close(&other);
  }
}
END_TEST

static double bytes_on(const struct rig *from, const struct rig_record *record, const char *group)
{
  double bytes = 0;
  for (size_t l = 0; l < from->platform.n_links; l++)
    if (strcmp(from->platform.links[l].group, group) == 0)
      bytes += record->link_bytes[2 * l] + record->link_bytes[2 * l + 1];
  return bytes;
}

/* 2^20 elements of 16 bits on 8 L40S: 4.25 bits to the sum, 8.25 back, scale and zero in them. */
START_TEST(low_bit_bytes_on_every_link)
{
  static const struct tp_stack ideal = {.collectives.library = TP_LIBRARY_IDEAL};
  const double to = (1 << 20) * 4.25 / 8, back = (1 << 20) * 8.25 / 8;
  static const enum tp_algorithm forms[] = {TP_ALGORITHM_FLASH, TP_ALGORITHM_FLASH_HIERARCHICAL};
  for (int form = 0; form < 2; form++) {
    struct rig other;
    rig_open(&other, "l40s-x8", 8);
    other.toy.machine.stack = &ideal;
    const struct tp_collective collective = {
        .kind = TP_ALL_REDUCE,
        .bytes = 2 << 20,
        .algorithm = forms[form],
        .wire = {.reduce_bits = 4, .gather_bits = 8, .group = 128}};
    struct tp_cost cost;
    tp_cost_collective(&other.toy.machine, &collective, &cost);
    toy_segment(&other.toy, 1);
    toy_collective(&other.toy, NONE, NONE, cost);
    for (int detail = TP_DETAIL_FLOW; detail <= TP_DETAIL_CHUNK; detail++) {
      struct rig_record record;
      rig_des(&other, (enum tp_detail)detail, true, &record);
      /* Every GPU sends and receives; 4 x 4 pairs of sockets each way, or 4 of matching cards. */
      ck_assert_rel(bytes_on(&other, &record, "pcie"), 2 * 8 * cost.link_bytes, 1e-12);
      ck_assert_rel(bytes_on(&other, &record, "intersocket"),
                    2 * (form == 0 ? 16 : 4) * (to + back) / 8, 1e-12);
    }
    rig_close(&other);
  }
}
END_TEST

START_TEST(wait_means_latest_record)
{
  /* Event 0 is recorded by the short kernel, then by the long one of the third stream; the second
   * wait means the later of the two, the first wait none. */
  toy_segment(&rig.toy, 1);
  toy_collective(&rig.toy, 0, NONE, (struct tp_cost){.fixed_s = 1e-6});
  toy_kernel(&rig.toy, NONE, 0, toy_work(2e-6));
  third_stream(TP_OP_GEMM, NONE, 0, toy_work(50e-6));
  toy_collective(&rig.toy, 0, NONE, (struct tp_cost){.fixed_s = 3e-6});
  toy_kernel(&rig.toy, NONE, 0, toy_work(100e-6));
  ck_assert_rel(total_s(_i), 102e-6, 1e-12);
  rig.toy.program.segments[0].n_ops--;
  ck_assert_rel(total_s(_i), 53e-6, 1e-12);
}
END_TEST

START_TEST(wait_reaches_the_repetition_before)
{
  /* A kernel waits for the collective that the repetition before it issued, which runs under the
   * kernel: 10 us each, the last collective sticks out. */
  toy_segment(&rig.toy, 9);
  toy_kernel(&rig.toy, 1, 0, toy_work(10e-6));
  toy_collective(&rig.toy, 0, 1, (struct tp_cost){.fixed_s = 4e-6});
  const struct tp_result result = rig_des(&rig, TP_DETAIL_FLOW, _i, NULL);
  ck_assert_rel(result.total_s, 9 * 14e-6, 1e-12);
  ck_assert_rel(result.comm_exposed_s, 9 * 4e-6, 1e-12);
}
END_TEST

START_TEST(hidden_communication_is_not_exposed)
{
  toy_segment(&rig.toy, 1);
  toy_kernel(&rig.toy, NONE, 0, toy_work(10e-6));
  toy_kernel(&rig.toy, NONE, NONE, toy_work(10e-6));
  toy_collective(&rig.toy, 0, NONE, (struct tp_cost){.fixed_s = 14e-6, .sigma = 0.5});
  const struct tp_result result = rig_des(&rig, TP_DETAIL_FLOW, _i, NULL);
  ck_assert_rel(result.total_s, 24e-6, 1e-12);
  ck_assert_rel(result.comm_s, 14e-6, 1e-12);
  ck_assert_rel(result.comm_exposed_s, 4e-6, 1e-11);
  ck_assert_rel(result.variance, 2e-6 * 2e-6, 1e-11);
}
END_TEST

/* One rank stands for all as long as flows of two patterns are never under way at once: here each
 * waits for the other, then not. */
START_TEST(patterns_fold_where_they_do_not_meet)
{
  struct rig_record record;
  toy_segment(&rig.toy, 3);
  struct tp_op *const ring =
      toy_collective(&rig.toy, 1, 0, toy_comm(TP_PATTERN_RING, 3, 1e-6, 3e6, 0.1));
  third_stream(TP_OP_COLLECTIVE, 0, 1, toy_comm(TP_PATTERN_DIRECT, 1, 2e-6, 1e6, 0.1));
  const double whole_s = total_s(true);
  ck_assert_rel(rig_des(&rig, TP_DETAIL_FLOW, false, &record).total_s, whole_s, 1e-12);
  ck_assert_int_eq(record.ranks, 1);
  ring->n_waits = 0; /* the ring of the next repetition begins beside it */
  rig_des(&rig, TP_DETAIL_FLOW, false, &record);
  ck_assert_int_eq(record.ranks, 4);
}
END_TEST

/* Times far beyond SimGrid's precision of the clock, with short ops that meet. */
START_TEST(long_passes_go_on)
{
  toy_segment(&rig.toy, 1);
  toy_kernel(&rig.toy, NONE, 0, toy_work(4321));
  third_stream(TP_OP_GEMM, 0, NONE, toy_work(1e-6));
  toy_segment(&rig.toy, 50);
  toy_kernel(&rig.toy, NONE, 1, toy_compute(1e-6 / 3, 0.7));
  third_stream(TP_OP_GEMM, NONE, NONE, toy_bytes(1e6));
  toy_kernel(&rig.toy, NONE, 2, toy_bytes(1e6 / 3));
  toy_collective(&rig.toy, 2, 3, toy_comm(TP_PATTERN_RING, 3, 1e-6, 1e6 / 3, 0.1));
  const double wanted_s = rig_analytic(&rig).total_s;
  for (int detail = TP_DETAIL_FLOW; detail <= TP_DETAIL_STEP; detail++)
    ck_assert_rel(rig_des(&rig, (enum tp_detail)detail, _i, NULL).total_s, wanted_s, 1e-13);
}
END_TEST

START_TEST(timeline_holds_every_op)
{
  struct tp_timeline timeline = {.arena = rig.arena, .stream_names = rig.toy.program.stream_names};
  struct tp_run run = rig_run_of(&rig, TP_DETAIL_FLOW, _i);
  run.timeline = &timeline;
  toy_segment(&rig.toy, 7);
  toy_kernel(&rig.toy, 1, NONE, toy_work(1e-6));
  toy_kernel(&rig.toy, NONE, 0, toy_work(2e-6));
  toy_collective(&rig.toy, 0, 1, toy_comm(TP_PATTERN_RING, 1, 0.5e-6, 0, 0));
  struct tp_result result;
  struct tp_error error;
  ck_assert_int_eq(test_des()->run(test_des(), &run, rig.arena, &result, &error), TP_OK);
  const int ranks = _i ? 4 : 1;
  ck_assert_uint_eq(timeline.n_spans, (size_t)(21 * ranks));
  ck_assert_int_eq(timeline.spans[timeline.n_spans - 1].rank, ranks - 1);
  ck_assert_rel(timeline.spans[1].start_s, 1e-6, 1e-12);
  ck_assert_rel(timeline.spans[1].end_s, 3e-6, 1e-12);
  ck_assert_rel(timeline.spans[2].start_s, 4e-6, 1e-12);
  ck_assert_rel(timeline.spans[14].start_s, 3e-6, 1e-12);
  ck_assert_rel(timeline.spans[14].end_s, 4e-6, 1e-12);
}
END_TEST

START_TEST(dead_simulation_is_reported)
{
  struct tp_run run = rig_run_of(&rig, TP_DETAIL_FLOW, false);
  struct tp_result result = {.total_s = -1};
  struct tp_error error = {{0}};
  toy_segment(&rig.toy, 1);
  toy_kernel(&rig.toy, NONE, NONE, toy_work(1e-6));
  rig.platform.vertices[1].name = rig.platform.vertices[0].name;
  ck_assert_int_eq(test_des()->run(test_des(), &run, rig.arena, &result, &error), TP_E_ENVIRONMENT);
  ck_assert_ptr_nonnull(strstr(error.text, "the simulation of platform dgx-h100 "));
  ck_assert_ptr_null(strchr(error.text, '\n'));
  ck_assert(result.total_s == -1);
}
END_TEST

static void check_refused(const char *words)
{
  const struct tp_run run = rig_run_of(&rig, TP_DETAIL_FLOW, false);
  struct tp_result result = {.total_s = -1};
  struct tp_error error = {{0}};
  ck_assert_int_eq(test_des()->run(test_des(), &run, rig.arena, &result, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);
  ck_assert(result.total_s == -1);
}

START_TEST(endless_ops_are_refused)
{
  toy_segment(&rig.toy, 1);
  toy_collective(&rig.toy, NONE, NONE, toy_comm(TP_PATTERN_ACROSS_RING, 1, 1e-6, 0, 0));
  ck_assert_rel(total_s(_i), 1e-6, 1e-12);
  toy_collective(&rig.toy, NONE, NONE, toy_comm(TP_PATTERN_ACROSS_RING, 1, 1e-6, 8, 0));
  check_refused("collective never ends: it uses a pattern of the platform that has no route");
  rig.toy.program.segments[0].n_ops = 0;
  toy_kernel(&rig.toy, NONE, NONE, toy_work(HUGE_VAL));
  check_refused("kernel never ends");
}
END_TEST

START_TEST(too_many_ops_are_refused)
{
  toy_segment(&rig.toy, 1000000000);
  toy_kernel(&rig.toy, NONE, NONE, toy_work(1e-6));
  check_refused("1000000000 ops are too many");
}
END_TEST

/* What a pass costs is its slowest rank's, whichever that is: three ranks, a kernel and then a
 * collective each. */
START_TEST(the_slowest_rank_counts)
{
  struct tp_des_op costs[] = {{.cost = {.flops = 3, .sigma = 0.1}}, {.cost = {.link_bytes = 7}}};
  const struct tp_op kernel_op = {.name = "kernel", .kind = TP_OP_GEMM};
  const struct tp_op collective_op = {
      .name = "collective", .kind = TP_OP_COLLECTIVE, .stream = TP_STREAM_COMM};
  const struct tp_op *ops[] = {&kernel_op, &collective_op};
  struct tp_des_item kernel = {.op = 0}, collective = {.op = 1, .collective = true};
  const struct tp_run run = {.program = &rig.toy.program};
  const struct tp_des_plan plan = {.run = &run,
                                   .program_ops = ops,
                                   .n_streams = 2,
                                   .ranks = 3,
                                   .n_ops = 2,
                                   .ops = costs,
                                   .n_items = 2,
                                   .streams = {{.n_items = 1, .items = &kernel},
                                               {.n_items = 1, .first = 1, .items = &collective}}};
  struct tp_des_span spans[3][2];
  for (int rank = 0; rank < 3; rank++) {
    const bool slowest = rank == _i;
    spans[rank][0] = (struct tp_des_span){0, slowest ? 3 : 1};
    spans[rank][1] = (struct tp_des_span){slowest ? 2 : 1, slowest ? 5 : 4};
  }
  struct tp_result result;
  tp_des_account(&plan, spans[0], rig.arena, &result);
  ck_assert_rel(result.total_s, 5, 1e-12);
  ck_assert_rel(result.compute_s, 3, 1e-12);
  ck_assert_rel(result.comm_s, 3, 1e-12);
  ck_assert_rel(result.comm_exposed_s, 2, 1e-12);
  ck_assert(result.flops == 3 && result.link_bytes == 7);
  ck_assert_rel(result.variance, 0.01 * 3 * 3, 1e-12);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("des");
  TCase *rules = tcase_create("rules");
  tcase_add_checked_fixture(rules, open_dgx, close_rig);
  tcase_set_timeout(rules, 60);
  tcase_add_loop_test(rules, kernel_lasts_fixed_plus_longest, 0, 2);
  tcase_add_test(rules, kernels_share_the_sms);
  tcase_add_test(rules, small_kernel_leaves_the_rest);
  tcase_add_test(rules, kernels_share_the_memory);
  tcase_add_loop_test(rules, collective_holds_sms, 0, 4);
  tcase_add_test(rules, two_collectives_hold_sms);
  tcase_add_loop_test(rules, collective_reads_memory, 0, 2);
  tcase_add_loop_test(rules, ring_takes_its_steps, 0, 2);
  tcase_add_loop_test(rules, short_chunks_cannot_hide_a_delay, 0, 2);
  tcase_add_loop_test(rules, phases_follow_one_another, 0, 2);
  tcase_add_test(rules, details_move_the_same_bytes);
  tcase_add_test(rules, low_bit_bytes_on_every_link);
  tcase_add_loop_test(rules, wait_means_latest_record, 0, 2);
  tcase_add_loop_test(rules, wait_reaches_the_repetition_before, 0, 2);
  tcase_add_loop_test(rules, hidden_communication_is_not_exposed, 0, 2);
  tcase_add_test(rules, patterns_fold_where_they_do_not_meet);
  tcase_add_loop_test(rules, long_passes_go_on, 0, 2);
  tcase_add_loop_test(rules, timeline_holds_every_op, 0, 2);
  tcase_add_loop_test(rules, endless_ops_are_refused, 0, 2);
  tcase_add_test(rules, too_many_ops_are_refused);
  tcase_add_test(rules, dead_simulation_is_reported);
  tcase_add_loop_test(rules, the_slowest_rank_counts, 0, 3);
  suite_add_tcase(suite, rules);
  return suite;
}

TP_SUITE_MAIN
