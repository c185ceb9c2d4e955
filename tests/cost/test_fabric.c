/* Groups on a fabric: who is in them, what all of them at once leave each other of the links, and
 * which algorithm does which collective. */
#include "cost/collectives/algorithm.h"
#include "machines.h"

#include <string.h>

static const struct tp_communicator *groups_of(const struct bench *bench, int size, int stride)
{
  return tp_fabric_communicator(bench->machine.fabric, (struct tp_group){size, stride});
}

/* gpu0 to gpu3 on switch a, gpu4 to gpu7 on switch b; 100 GB/s each way and 1 us everywhere. */
static struct bench *two_switches(void)
{
  return bench_of("{\"name\": \"gpu\", \"first\": 0, \"count\": 8, \"kind\": \"gpu\"},"
                  "{\"name\": \"a\", \"kind\": \"switch\"}, {\"name\": \"b\", \"kind\": "
                  "\"switch\"}",
                  "{\"name\": \"edge\", \"kind\": \"nvlink\", \"bytes_per_s_per_direction\": 100e9,"
                  " \"latency_s\": 1e-6, \"between\": [[\"gpu[0-3]\", \"a\"], [\"gpu[4-7]\", "
                  "\"b\"]]},"
                  "{\"name\": \"bridge\", \"kind\": \"pcie\", \"bytes_per_s_per_direction\": 100e9,"
                  " \"latency_s\": 1e-6, \"between\": [\"a\", \"b\"]}",
                  8);
}

START_TEST(groups_across_a_bridge_get_half_each)
{
  struct bench *bench = two_switches();
  /* All: 0 -> 1 ... 7 -> 0 crosses the bridge once each way. */
  const struct tp_communicator *all = groups_of(bench, 8, 1);
  ck_assert_int_eq(all->n_groups, 1);
  ck_assert_rel(tp_communicator_rate(all, TP_PATTERN_RING)->flow_bytes_per_s, 100e9, 1e-12);
  /* 0 2 4 6 and 1 3 5 7 each cross it once each way: half of it for either. */
  const struct tp_communicator *pair = groups_of(bench, 4, 2);
  ck_assert_int_eq(pair->n_groups, 2);
  const struct tp_pattern_rate *ring = tp_communicator_rate(pair, TP_PATTERN_RING);
  ck_assert_rel(ring->flow_bytes_per_s, 50e9, 1e-12);
  ck_assert_rel(ring->latency_s, 2.5e-6, 1e-12); /* 2, 3, 2, 3 us */
  ck_assert(ring->shared);
  ck_assert_int_eq(ring->limiting, TP_LINK_PCIE);
  /* Each member has two others beyond the bridge: 2 x 2 flows a group, 8 in all. */
  const struct tp_pattern_rate *direct = tp_communicator_rate(pair, TP_PATTERN_DIRECT);
  ck_assert_rel(direct->flow_bytes_per_s, 100e9 / 8, 1e-12);
  /* 0 1 2 3 and 4 5 6 7 stay behind their switches and out of each other's way. */
  const struct tp_communicator *apart = groups_of(bench, 4, 1);
  ck_assert_rel(tp_communicator_rate(apart, TP_PATTERN_RING)->flow_bytes_per_s, 100e9, 1e-12);
  ck_assert(!tp_communicator_rate(apart, TP_PATTERN_RING)->shared);
  ck_assert_rel(tp_communicator_rate(apart, TP_PATTERN_DIRECT)->flow_bytes_per_s, 100e9 / 3, 1e-12);
  bench_free(bench);
}
END_TEST

/* Of two servers' GPUs one sends to the other server, by its adapter of 50 GB/s; a ring's channels
 * leave by all eight. */
START_TEST(a_send_takes_one_adapter)
{
  struct bench *bench = bench_make("dgx-h100-x2", "ideal", 16);
  const struct tp_communicator *all = groups_of(bench, 16, 1), *pairs = groups_of(bench, 2, 8);
  ck_assert_rel(tp_communicator_rate(all, TP_PATTERN_NEXT)->flow_bytes_per_s, 50e9, 1e-12);
  ck_assert_rel(tp_communicator_rate(all, TP_PATTERN_RING)->flow_bytes_per_s, 400e9, 1e-12);
  ck_assert_rel(tp_communicator_rate(pairs, TP_PATTERN_NEXT)->flow_bytes_per_s, 50e9, 1e-12);
  bench_free(bench);
}
END_TEST

/* 2 x 3 steps of 2.5 us, and 1.5 GB at half of the bridge. */
START_TEST(a_collective_runs_on_its_group)
{
  struct bench *bench = two_switches();
  struct tp_collective reduce = {.kind = TP_ALL_REDUCE, .group = {4, 2}, .bytes = 1e9};
  struct tp_cost cost;
  tp_cost_collective(&bench->machine, &reduce, &cost);
  ck_assert_rel(cost.link_bytes, 1.5e9, 1e-15);
  ck_assert_rel(tp_cost_alone_s(&bench->machine, &cost), 6 * 2.5e-6 + 1.5e9 / 50e9, 1e-12);
  struct tp_cost whole, named;
  reduce.group = (struct tp_group){0};
  tp_cost_collective(&bench->machine, &reduce, &whole);
  reduce.group = (struct tp_group){8, 1};
  tp_cost_collective(&bench->machine, &reduce, &named);
  ck_assert_ptr_eq(whole.phases[0].rate, named.phases[0].rate);
  ck_assert_rel(whole.link_bytes, 1.75e9, 1e-15);
  bench_free(bench);
}
END_TEST

/* Replicas of a shard, one in each node: eight pairs, each on its own rail. */
START_TEST(groups_with_a_stride_take_the_rails)
{
  struct bench *bench = bench_make("dgx-h100-x2", "ideal", 16);
  const struct tp_communicator *data = groups_of(bench, 2, 8);
  ck_assert_int_eq(data->n_groups, 8);
  ck_assert_int_eq(data->nodes_used, 2);
  ck_assert_int_eq(data->ranks_per_node, 1);
  ck_assert(!tp_communicator_has(data, TP_PATTERN_LOCAL_RING));
  ck_assert_rel(tp_communicator_rate(data, TP_PATTERN_RING)->flow_bytes_per_s, 50e9, 1e-12);
  ck_assert(!tp_communicator_rate(data, TP_PATTERN_RING)->shared);
  /* Four in each node: a quarter of their ring on an adapter, three quarters on NVLink. */
  const struct tp_communicator *mixed = groups_of(bench, 8, 2);
  ck_assert_int_eq(mixed->nodes_used, 2);
  ck_assert_int_eq(mixed->ranks_per_node, 4);
  ck_assert_rel(tp_communicator_rate(mixed, TP_PATTERN_RING)->flow_bytes_per_s, 4 * 50e9, 1e-12);
  /* In one node each, behind its own switch. */
  const struct tp_communicator *tensor = groups_of(bench, 8, 1);
  ck_assert_int_eq(tensor->nodes_used, 1);
  ck_assert(tp_communicator_has(tensor, TP_PATTERN_SWITCH));
  ck_assert_int_ne(tensor->reducing_switches[0], tensor->reducing_switches[1]);
  ck_assert_rel(tp_communicator_rate(tensor, TP_PATTERN_SWITCH)->flow_bytes_per_s, 450e9, 1e-12);
  bench_free(bench);
}
END_TEST

/* Eight in one node and four in the other, three groups of four: none crosses, all count. */
START_TEST(nodes_that_are_filled_unevenly)
{
  struct bench *bench = bench_make("dgx-h100-x2", "vllm-graph", 12);
  ck_assert_int_eq(tp_machine_nodes(&bench->machine), 2);
  ck_assert_int_eq(groups_of(bench, 4, 1)->nodes_used, 1);
  ck_assert_double_eq(tp_communicator_rate(groups_of(bench, 4, 1), TP_PATTERN_RING)->network_share,
                      0);
  /* Of groups of six the second has two in the first node: two of its six edges leave one. */
  const struct tp_pattern_rate *ring =
      tp_communicator_rate(groups_of(bench, 6, 1), TP_PATTERN_RING);
  ck_assert_rel(ring->network_share, 2 / 6., 1e-12);
  ck_assert_int_eq(ring->local_kind, TP_LINK_NVLINK);
  ck_assert_int_eq(ring->kind, TP_LINK_NETWORK);
  bench_free(bench);
}
END_TEST

/* Rings leave the smaller node by each of its adapters of 50 GB/s. */
START_TEST(uneven_nodes_use_every_adapter)
{
  for (int ranks = 9; ranks < 16; ranks++) {
    struct bench *bench = bench_make("dgx-h100-x2", "ideal", ranks);
    ck_assert_rel(
        tp_communicator_rate(groups_of(bench, ranks, 1), TP_PATTERN_RING)->flow_bytes_per_s,
        50e9 * (ranks - 8), 1e-9);
    bench_free(bench);
  }
}
END_TEST

START_TEST(a_group_of_one_does_nothing)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-graph", 8);
  bench->machine.program = bench->machine.sustained = true;
  const struct tp_op op = {.name = "alone",
                           .kind = TP_OP_COLLECTIVE,
                           .collective = {.kind = TP_ALL_REDUCE, .group = {1, 1}, .bytes = 1e6}};
  ck_assert_int_eq(tp_cost_check(&bench->machine, &op, NULL), TP_OK);
  const struct tp_cost cost = tp_cost_op(&bench->machine, true, &op);
  ck_assert_double_eq(tp_cost_alone_s(&bench->machine, &cost), 0);
  ck_assert_int_eq(cost.n_phases, 0);
  for (int p = 0; p < TP_N_PATTERNS; p++)
    ck_assert(!tp_communicator_has(groups_of(bench, 1, 1), (enum tp_pattern)p));
  bench_free(bench);
}
END_TEST

START_TEST(members_are_a_stride_apart)
{
  static const int wanted[4][2] = {{0, 2}, {1, 3}, {4, 6}, {5, 7}};
  struct bench *bench = two_switches();
  const struct tp_communicator *pairs = groups_of(bench, 2, 2);
  ck_assert_int_eq(pairs->n_groups, 4);
  for (int g = 0; g < 4; g++)
    for (int m = 0; m < 2; m++)
      ck_assert_int_eq(tp_communicator_rank(pairs, g, m), wanted[g][m]);
  struct tp_flow *flows;
  ck_assert_uint_eq(tp_pattern_flows(pairs, TP_PATTERN_DIRECT, bench->arena, &flows), 8);
  for (int rank = 0; rank < 8; rank++) {
    ck_assert_int_eq(flows[rank].rank, rank);
    ck_assert_int_eq(flows[rank].to, rank ^ 2);
    ck_assert_int_eq(flows[rank].dst, bench->machine.fabric->gpus[rank ^ 2]);
  }
  bench_free(bench);
}
END_TEST

START_TEST(what_was_asked_is_remembered)
{
  struct bench *bench = two_switches();
  const struct tp_communicator *pair = groups_of(bench, 4, 2);
  const struct tp_pattern_rate *ring = tp_communicator_rate(pair, TP_PATTERN_RING);
  ck_assert_ptr_ne(groups_of(bench, 4, 1), pair);
  ck_assert_ptr_eq(groups_of(bench, 4, 2), pair);
  ck_assert_ptr_eq(tp_communicator_rate(pair, TP_PATTERN_RING), ring);
  ck_assert_ptr_eq(groups_of(bench, 0, 0), groups_of(bench, 8, 1));
  bench_free(bench);
}
END_TEST

START_TEST(groups_that_do_not_fill_the_ranks_are_refused)
{
  static const struct tp_group wrong[] = {{3, 1}, {4, 4}, {16, 1}, {4, 0}, {-2, 1}};
  struct bench *bench = two_switches();
  struct tp_op op = {.name = "mlp.all_reduce", .kind = TP_OP_COLLECTIVE};
  struct tp_error error;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    op.collective = (struct tp_collective){.kind = TP_ALL_REDUCE, .group = wrong[i], .bytes = 1};
    ck_assert_int_eq(tp_cost_check(&bench->machine, &op, &error), TP_E_INPUT);
  }
  op.collective.group = wrong[0];
  ck_assert_int_eq(tp_cost_check(&bench->machine, &op, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "op mlp.all_reduce: groups of 3 ranks 1 apart do not fill 8 ranks");
  bench_free(bench);
}
END_TEST

/* --- which algorithm does what ------------------------------------------------------------ */

static const char *const served[] = {
    [TP_ALL_REDUCE] =
        "ring tree nvls nvls-tree one-shot two-shot hierarchical flash flash-hierarchical",
    [TP_ALL_GATHER] = "ring direct",
    [TP_REDUCE_SCATTER] = "ring",
    [TP_ALL_TO_ALL] = "direct",
    [TP_SEND] = "ring dma",
    [TP_PREPARE] = "nvlink-two-sided",
    [TP_DISPATCH] = "deepep deepep-low-latency nvlink-one-sided nvlink-two-sided",
    [TP_COMBINE] = "deepep deepep-low-latency nvlink-one-sided nvlink-two-sided",
};

static bool lists(const char *words, const char *word)
{
  const size_t n = strlen(word);
  for (const char *at = words; (at = strstr(at, word)) != NULL; at += n)
    if ((at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
      return true;
  return false;
}

/* On a platform that can do everything, by one stack or another. */
START_TEST(every_kind_is_done_by_those_that_serve_it)
{
#define NUMBER(name, text) name,
  static const enum tp_collective_kind kinds[] = {TP_COLLECTIVES(NUMBER)};
  static const enum tp_algorithm algorithms[] = {TP_ALGORITHMS(NUMBER)};
#undef NUMBER
  enum {
    KINDS = sizeof kinds / sizeof *kinds,
    ALGORITHMS = sizeof algorithms / sizeof *algorithms
  };
  static const char *const stacks[] = {"ideal", "gpt-fast-compile", "vllm-graph"};
  ck_assert_uint_eq(KINDS, sizeof served / sizeof *served);
  struct bench *bench = bench_make("dgx-h100-x2", stacks[_i], 16);
  for (int k = 0; k < KINDS; k++)
    for (int a = 0; a < ALGORITHMS; a++) {
      const struct tp_collective_algorithm *asked = tp_collective_algorithm_of(algorithms[a]);
      const char *name = tp_algorithm_text(algorithms[a]);
      const bool serves = asked != NULL && lists(served[k], name);
      ck_assert_int_eq(asked != NULL && (asked->kinds & TP_SERVES(kinds[k])), serves);
      if (kinds[k] >= TP_PREPARE)
        continue; /* of one library on one node alone: test_exchange.c */
      const bool low_bit = strncmp(name, "flash", 5) == 0 && serves;
      struct tp_op op = {.kind = TP_OP_COLLECTIVE,
                         .collective = {.kind = kinds[k],
                                        .bytes = 1 << 20,
                                        .dtype = TP_DTYPE_FP16,
                                        .algorithm = algorithms[a],
                                        .wire = {.reduce_bits = low_bit ? 4 : 0,
                                                 .gather_bits = low_bit ? 4 : 0,
                                                 .group = low_bit ? 32 : 0}}};
      ck_assert_int_eq(tp_cost_check(&bench->machine, &op, NULL), TP_OK);
      const struct tp_cost cost = tp_cost_op(&bench->machine, true, &op);
      ck_assert_msg(lists(served[k], tp_algorithm_text(cost.algorithm)), "%s by %s became %s",
                    tp_collective_text(kinds[k]), name, tp_algorithm_text(cost.algorithm));
      if (asked != NULL && tp_collective_possible(&bench->machine, &op.collective))
        ck_assert(serves && cost.algorithm == algorithms[a]);
    }
  bench_free(bench);
}
END_TEST

/* A kind that joins the list of op.h and no table, and a wire that nothing carries. */
START_TEST(what_nothing_serves_is_refused_by_name)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  struct tp_error error;
  struct tp_op op = {
      .name = "head.broadcast",
      .kind = TP_OP_COLLECTIVE,
      .collective = {.kind = (enum tp_collective_kind)TP_N_COLLECTIVES, .bytes = 1e6}};
  for (int a = TP_ALGORITHM_AUTO; a <= TP_ALGORITHM_FLASH_HIERARCHICAL; a++) {
    op.collective.algorithm = (enum tp_algorithm)a;
    ck_assert_int_eq(tp_cost_check(&bench->machine, &op, &error), TP_E_INPUT);
    const struct tp_cost cost = tp_cost_op(&bench->machine, true, &op);
    ck_assert(isinf(tp_cost_alone_s(&bench->machine, &cost)));
  }
  ck_assert_str_eq(error.text, "op head.broadcast: no algorithm of stack gpt-fast-compile does ? "
                               "on 8 ranks of dgx-h100");
  op.collective = (struct tp_collective){.kind = TP_ALL_GATHER,
                                         .bytes = 1e6,
                                         .dtype = TP_DTYPE_FP16,
                                         .wire = {4, 4, 32, false, TP_WIRE_INTEGER}};
  ck_assert_int_eq(tp_cost_check(&bench->machine, &op, &error), TP_E_INPUT);
  ck_assert_ptr_nonnull(strstr(error.text, "does low-bit all_gather on 8 ranks"));
  op.kind = (enum tp_op_kind)(TP_OP_COLLECTIVE + 1);
  ck_assert_int_eq(tp_cost_check(&bench->machine, &op, &error), TP_E_INPUT);
  ck_assert_str_eq(error.text, "op head.broadcast: nothing says what a ? costs");
  bench_free(bench);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("fabric");
  TCase *tcase = tcase_create("groups");
  tcase_add_test(tcase, groups_across_a_bridge_get_half_each);
  tcase_add_test(tcase, a_send_takes_one_adapter);
  tcase_add_test(tcase, a_collective_runs_on_its_group);
  tcase_add_test(tcase, groups_with_a_stride_take_the_rails);
  tcase_add_test(tcase, nodes_that_are_filled_unevenly);
  tcase_add_test(tcase, uneven_nodes_use_every_adapter);
  tcase_add_test(tcase, a_group_of_one_does_nothing);
  tcase_add_test(tcase, members_are_a_stride_apart);
  tcase_add_test(tcase, what_was_asked_is_remembered);
  tcase_add_test(tcase, groups_that_do_not_fill_the_ranks_are_refused);
  tcase_add_loop_test(tcase, every_kind_is_done_by_those_that_serve_it, 0, 3);
  tcase_add_test(tcase, what_nothing_serves_is_refused_by_name);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
