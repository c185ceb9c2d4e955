/* Placement, patterns and their rates. */
#include "machines.h"

static const struct tp_pattern_rate *rate(const struct bench *bench, enum tp_pattern pattern)
{
  return tp_communicator_rate(bench_all(bench), pattern);
}

static bool has(const struct bench *bench, enum tp_pattern pattern)
{
  return tp_communicator_has(bench_all(bench), pattern);
}

/* gpu0, gpu1 on switch a, gpu2, gpu3 on switch b; 100 GB/s everywhere, 1 us a link. */
static struct bench *dumbbell(const char *duplex)
{
  char links[512];
  snprintf(links, sizeof links,
           "{\"name\": \"edge\", \"kind\": \"nvlink\", \"bytes_per_s_per_direction\": 100e9,"
           " \"latency_s\": 1e-6, \"between\": [[\"gpu[0-1]\", \"a\"], [\"gpu[2-3]\", \"b\"]]},"
           "{\"name\": \"bar\", \"kind\": \"pcie\", \"bytes_per_s_per_direction\": 100e9,"
           " \"latency_s\": 1e-6, %s \"between\": [\"a\", \"b\"]}",
           duplex);
  return bench_of("{\"name\": \"gpu\", \"first\": 0, \"count\": 4, \"kind\": \"gpu\"},"
                  "{\"name\": \"a\", \"kind\": \"switch\"}, {\"name\": \"b\", \"kind\": "
                  "\"switch\"}",
                  links, 4);
}

START_TEST(test_switched_node)
{
  struct bench *bench = bench_make("dgx-h100", "ideal", 8);
  ck_assert_int_eq(bench_all(bench)->ranks_per_node, 8);
  ck_assert_int_eq(bench_all(bench)->n_rings, 1);
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->flow_bytes_per_s, 450e9, 1e-12);
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->latency_s, 0.5e-6, 1e-12);
  ck_assert(!rate(bench, TP_PATTERN_RING)->shared);
  /* Seven flows leave a GPU at once; the seven that enter one take no more. */
  ck_assert_rel(rate(bench, TP_PATTERN_DIRECT)->flow_bytes_per_s, 450e9 / 7, 1e-12);
  ck_assert(!rate(bench, TP_PATTERN_DIRECT)->shared);
  ck_assert_rel(rate(bench, TP_PATTERN_TREE)->flow_bytes_per_s, 450e9 / 2, 1e-12);
  ck_assert_rel(rate(bench, TP_PATTERN_SWITCH)->flow_bytes_per_s, 450e9, 1e-12);
  ck_assert_rel(rate(bench, TP_PATTERN_SWITCH)->latency_s, 0.25e-6, 1e-12);
  ck_assert(!has(bench, TP_PATTERN_LOCAL_RING));
  ck_assert(!has(bench, TP_PATTERN_ACROSS_RING));
  bench_free(bench);
}
END_TEST

START_TEST(test_shared_link)
{
  struct bench *bench = dumbbell("");
  /* One flow a direction over the bar; four of the direct pattern. */
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->flow_bytes_per_s, 100e9, 1e-12);
  ck_assert(!rate(bench, TP_PATTERN_RING)->shared);
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->latency_s, 2.5e-6, 1e-12); /* 2, 3, 2, 3 us */
  ck_assert_rel(rate(bench, TP_PATTERN_DIRECT)->flow_bytes_per_s, 25e9, 1e-12);
  ck_assert_rel(rate(bench, TP_PATTERN_DIRECT)->latency_s, 3e-6, 1e-12);
  ck_assert(rate(bench, TP_PATTERN_DIRECT)->shared);
  ck_assert_int_eq(rate(bench, TP_PATTERN_DIRECT)->limiting, TP_LINK_PCIE);
  bench_free(bench);

  bench = dumbbell("\"full_duplex\": false,");
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->flow_bytes_per_s, 50e9, 1e-12);
  ck_assert(rate(bench, TP_PATTERN_RING)->shared);
  bench_free(bench);
}
END_TEST

/* Cabled 0-2-1-3-0: the natural order would cross links twice. */
START_TEST(test_ring_follows_cables)
{
  struct bench *bench =
      bench_of("{\"name\": \"gpu\", \"first\": 0, \"count\": 4, \"kind\": \"gpu\"}",
               "{\"name\": \"wire\", \"kind\": \"nvlink\", \"bytes_per_s_per_direction\": 100e9,"
               " \"latency_s\": 1e-6, \"between\": [[\"gpu0\", \"gpu2\"], [\"gpu2\", \"gpu1\"],"
               " [\"gpu1\", \"gpu3\"], [\"gpu3\", \"gpu0\"]]}",
               4);
  /* Both ways round, half of the bytes each. */
  ck_assert_int_eq(bench_all(bench)->n_rings, 2);
  ck_assert_rel(bench_all(bench)->rings[0].share, 0.5, 1e-12);
  ck_assert_int_eq(bench_all(bench)->rings[0].order[1], 2);
  ck_assert_int_eq(bench_all(bench)->rings[0].order[2], 1);
  ck_assert_int_eq(bench_all(bench)->rings[0].order[3], 3);
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->flow_bytes_per_s, 200e9, 1e-12);
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->latency_s, 1e-6, 1e-12);
  bench_free(bench);
}
END_TEST

START_TEST(test_two_nodes)
{
  struct bench *bench = bench_make("dgx-h100-x2", "ideal", 16);
  ck_assert_int_eq(bench_all(bench)->nodes_used, 2);
  ck_assert_int_eq(bench_all(bench)->ranks_per_node, 8);
  /* Rails: an eighth of the ring's bytes over each 50 GB/s adapter, seven eighths over NVLink. */
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->flow_bytes_per_s, 8 * 50e9, 1e-12);
  ck_assert_int_eq(rate(bench, TP_PATTERN_RING)->limiting, TP_LINK_NETWORK);
  ck_assert_rel(rate(bench, TP_PATTERN_LOCAL_RING)->flow_bytes_per_s, 450e9, 1e-12);
  ck_assert_rel(rate(bench, TP_PATTERN_ACROSS_RING)->flow_bytes_per_s, 50e9, 1e-12);
  ck_assert(!has(bench, TP_PATTERN_SWITCH));

  bench_ranks(bench, 8); /* one node of the two */
  ck_assert_int_eq(bench_all(bench)->nodes_used, 1);
  ck_assert(has(bench, TP_PATTERN_SWITCH));

  bench_ranks(bench, 12); /* 8 + 4: flat rings, each through another adapter of the four */
  ck_assert_int_eq(bench_all(bench)->nodes_used, 1);
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->flow_bytes_per_s, 4 * 50e9, 1e-12);
  ck_assert(!has(bench, TP_PATTERN_ACROSS_RING));
  bench_free(bench);
}
END_TEST

/* The ring of a PCIe server passes the host bridges, which carry one flow each way. */
START_TEST(test_pcie_ring)
{
  struct bench *bench = bench_make("l40s-x8", "ideal", 8);
  ck_assert_int_eq(rate(bench, TP_PATTERN_RING)->kind, TP_LINK_PCIE);
  bool bridges = false;
  struct tp_flow *flows;
  const size_t n = tp_pattern_flows(bench_all(bench), TP_PATTERN_RING, bench->arena, &flows);
  for (size_t i = 0; i < n; i++) {
    const struct tp_route route = tp_platform_route(&bench->platform, flows[i].src, flows[i].dst);
    for (int h = 0; h < route.n_hops; h++) {
      const struct tp_link *link = &bench->platform.links[route.hops[h] / 2];
      bridges |= bench->platform.vertices[link->a].kind == TP_VERTEX_BRIDGE &&
                 bench->platform.vertices[link->b].kind == TP_VERTEX_BRIDGE;
    }
  }
  ck_assert(bridges);
  bench_free(bench);
}
END_TEST

START_TEST(test_cube_mesh)
{
  struct bench *bench = bench_make("a100-cube-mesh", "ideal", 8);
  /* 300 GB/s leave a GPU; several rings together must use most of it, one alone uses 50 or 100. */
  ck_assert_int_gt(bench_all(bench)->n_rings, 1);
  ck_assert(rate(bench, TP_PATTERN_RING)->flow_bytes_per_s >= 200e9);
  ck_assert(rate(bench, TP_PATTERN_RING)->flow_bytes_per_s <= 300e9 * (1 + 1e-12));
  bench_free(bench);
}
END_TEST

/* A closed ring of sixteen runs both ways round, though a search cut short would not see it. */
START_TEST(test_long_ring)
{
  struct bench *bench = bench_make("t3-ring-16", "ideal", 16);
  ck_assert_int_eq(bench_all(bench)->n_rings, 2);
  ck_assert_rel(rate(bench, TP_PATTERN_RING)->flow_bytes_per_s,
                2 * bench->platform.links[0].bytes_per_s, 1e-12);
  bench_free(bench);
}
END_TEST

static const char *const shipped[] = {"dgx-a100-80gb", "dgx-h100",      "dgx-h100-x2",
                                      "dgx-b200",      "l40s-x8",       "a100-cube-mesh",
                                      "t3-ring-16",    "dgx-h100-nop2p"};

/* Recomputed from the flows: the rate, and that every rank of a ring sends and gets one share. */
START_TEST(test_flows_agree_with_rates)
{
  struct bench *bench = bench_make(shipped[_i], "ideal", 2);
  struct tp_flow *flows;
  for (int ranks = 2; ranks <= bench->platform.n_gpus; ranks++) {
    bench_ranks(bench, ranks);
    for (int p = 0; p < TP_N_PATTERNS; p++) {
      const size_t n = tp_pattern_flows(bench_all(bench), (enum tp_pattern)p, bench->arena, &flows);
      const struct tp_pattern_rate *given = rate(bench, (enum tp_pattern)p);
      ck_assert_int_eq(has(bench, (enum tp_pattern)p), n > 0);
      double slowest_s = 0;
      for (size_t link = 0; link < 2 * bench->platform.n_links; link++) {
        double share = 0;
        for (size_t i = 0; i < n; i++) {
          const struct tp_route route =
              tp_platform_route(&bench->platform, flows[i].src, flows[i].dst);
          for (int h = 0; h < route.n_hops; h++)
            share += route.hops[h] == (int)link ? flows[i].share : 0;
        }
        slowest_s = fmax(slowest_s, share / bench->platform.links[link / 2].bytes_per_s);
      }
      if (n > 0)
        ck_assert_rel(given->flow_bytes_per_s, 1 / slowest_s, 1e-9);
      double *sent = TP_NEW(bench->arena, double, ranks);
      double *received = TP_NEW(bench->arena, double, ranks);
      for (size_t i = 0; i < n; i++) {
        ck_assert(i == 0 || flows[i].rank >= flows[i - 1].rank);
        for (int r = 0; r < ranks; r++) {
          sent[r] += flows[i].src == bench->machine.fabric->gpus[r] ? flows[i].share : 0;
          received[r] += flows[i].dst == bench->machine.fabric->gpus[r] ? flows[i].share : 0;
        }
      }
      for (int r = 0; p == TP_PATTERN_RING && r < ranks; r++) {
        ck_assert_rel(sent[r], 1, 1e-9);
        ck_assert_rel(received[r], 1, 1e-9);
      }
    }
  }
  bench_free(bench);
}
END_TEST

START_TEST(test_one_rank)
{
  struct bench *bench = bench_make("dgx-h100", "ideal", 1);
  for (int p = 0; p < TP_N_PATTERNS; p++)
    ck_assert(!has(bench, (enum tp_pattern)p));
  bench_free(bench);
}
END_TEST

START_TEST(test_refusals)
{
  static const int wrong[] = {-1, 0, 9, 65};
  struct bench *bench = bench_make("dgx-h100", "ideal", 2);
  struct tp_error error;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    ck_assert_int_eq(tp_machine_make(&bench->platform, &bench->device, &bench->stack, wrong[i],
                                     &bench->machine, &error),
                     TP_E_INPUT);
  bench_free(bench);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("machine");
  TCase *tcase = tcase_create("patterns");
  tcase_add_test(tcase, test_switched_node);
  tcase_add_test(tcase, test_shared_link);
  tcase_add_test(tcase, test_ring_follows_cables);
  tcase_add_test(tcase, test_two_nodes);
  tcase_add_test(tcase, test_pcie_ring);
  tcase_add_test(tcase, test_cube_mesh);
  tcase_add_test(tcase, test_long_ring);
  tcase_add_loop_test(tcase, test_flows_agree_with_rates, 0,
                      (int)(sizeof shipped / sizeof *shipped));
  tcase_add_test(tcase, test_one_rank);
  tcase_add_test(tcase, test_refusals);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
