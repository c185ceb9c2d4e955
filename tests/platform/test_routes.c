/* Routes worked out by hand, one machine of each kind; properties on random graphs. */
#include "../random.h"
#include "../toy.h"
#include "platform/topology.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../arena.h" /* whose names nothing above may meet */

/* Latencies and rates as the files state them: gpu0 -> gpu3 of a DGX crosses two links of 0.25 us.
 */
static const struct {
  const char *platform, *from, *to;
  int n_hops;
  double latency_s, bytes_per_s;
  enum tp_link_kind kind;
} cases[] = {
    {"dgx-h100", "gpu0", "gpu7", 2, 0.5e-6, 450e9, TP_LINK_NVLINK},
    {"dgx-h100", "gpu5", "nvswitch", 1, 0.25e-6, 450e9, TP_LINK_NVLINK},
    {"dgx-a100-80gb", "gpu6", "gpu1", 2, 0.5e-6, 300e9, TP_LINK_NVLINK},
    {"h100-nvl64", "gpu0", "gpu63", 2, 0.8e-6, 450e9, TP_LINK_NVLINK},
    {"a100-cube-mesh", "gpu0", "gpu3", 1, 0.35e-6, 100e9, TP_LINK_NVLINK},
    {"a100-cube-mesh", "gpu0", "gpu1", 1, 0.35e-6, 50e9, TP_LINK_NVLINK},
    {"a100-cube-mesh", "gpu0", "gpu5", 2, 0.7e-6, 50e9, TP_LINK_NVLINK},
    {"mi300x-x8", "gpu2", "gpu6", 1, 0.7e-6, 64e9, TP_LINK_NVLINK},
    {"t3-ring", "gpu0", "gpu31", 1, 0.5e-6, 150e9, TP_LINK_NVLINK},
    {"t3-ring", "gpu0", "gpu16", 16, 8e-6, 150e9, TP_LINK_NVLINK},
    {"l40s-x8", "gpu0", "gpu1", 2, 1e-6, 31.5e9, TP_LINK_PCIE},
    {"l40s-x8", "gpu0", "gpu2", 4, 2e-6, 31.5e9, TP_LINK_PCIE},
    {"l40s-x8", "gpu0", "gpu7", 5, 2.5e-6, 11e9, TP_LINK_PCIE},
    {"l40-x4", "gpu0", "gpu1", 6, 2.2e-6, 26.3e9, TP_LINK_PCIE},
    {"l40-x4", "gpu1", "gpu2", 7, 2.7e-6, 26.3e9, TP_LINK_PCIE},
    {"rtx-4090-x8", "gpu0", "gpu3", 2, 2e-6, 31.5e9, TP_LINK_PCIE},
    {"rtx-4090-x8", "gpu0", "gpu4", 3, 2.5e-6, 31.5e9, TP_LINK_PCIE},
    {"dgx-h100-x2", "gpu0", "gpu7", 2, 0.5e-6, 450e9, TP_LINK_NVLINK},
    {"dgx-h100-x2", "gpu3", "gpu8", 4, 2.2e-6, 50e9, TP_LINK_NETWORK},
    /* The switch only reduces: between GPUs through host memory, to the switch over NVLink. */
    {"dgx-h100-nop2p", "gpu0", "gpu3", 2, 1e-6, 63e9, TP_LINK_PCIE},
    {"dgx-h100-nop2p", "gpu0", "gpu4", 4, 2.2e-6, 50e9, TP_LINK_NETWORK},
    {"dgx-h100-nop2p", "gpu0", "nvswitch", 1, 0.25e-6, 450e9, TP_LINK_NVLINK},
    {"dgx-h100-x2-nop2p", "gpu5", "gpu9", 4, 2.2e-6, 50e9, TP_LINK_NETWORK},
};

START_TEST(by_hand)
{
  const struct tp_platform *platform =
      &toy_setup(cases[_i].platform, NULL, "ideal", arena)->platform;
  const struct tp_route route = tp_platform_route(platform, toy_vertex(platform, cases[_i].from),
                                                  toy_vertex(platform, cases[_i].to));
  ck_assert_int_eq(route.n_hops, cases[_i].n_hops);
  ck_assert_rel(route.latency_s, cases[_i].latency_s, 1e-12);
  ck_assert_rel(route.bytes_per_s, cases[_i].bytes_per_s, 1e-15);
  ck_assert_int_eq(route.kind, cases[_i].kind);
}
END_TEST

/* Nodes as collectives see them: without P2P a group of four is one. */
START_TEST(nodes)
{
  ck_assert_int_eq(toy_setup("dgx-h100", NULL, "ideal", arena)->platform.n_nodes, 1);
  ck_assert_int_eq(toy_setup("dgx-h100-x2", NULL, "ideal", arena)->platform.n_nodes, 2);
  ck_assert_int_eq(toy_setup("dgx-h100-nop2p", NULL, "ideal", arena)->platform.n_nodes, 1);
  ck_assert_int_eq(toy_setup("dgx-h100-x2-nop2p", NULL, "ideal", arena)->platform.n_nodes, 2);
}
END_TEST

/* Up the first link (it runs gpu0 -> sw), down the second. */
START_TEST(directions)
{
  const struct tp_platform p =
      toy_platform("none",
                   "{\"name\": \"gpu\", \"count\": 2, \"kind\": \"gpu\"},"
                   "{\"name\": \"sw\", \"kind\": \"switch\"}",
                   "{\"name\": \"a\", \"between\": [\"gpu0\", \"sw\"], \"kind\": \"nvlink\","
                   " \"bytes_per_s_per_direction\": 2e9, \"latency_s\": 1e-6},"
                   "{\"name\": \"b\", \"between\": [\"gpu1\", \"sw\"], \"kind\": \"pcie\","
                   " \"bytes_per_s_per_direction\": 1e9, \"latency_s\": 3e-6, "
                   "\"full_duplex\": false}",
                   arena);
  const struct tp_route there = tp_platform_route(&p, 0, 1), back = tp_platform_route(&p, 1, 0);
  ck_assert_int_eq(there.n_hops, 2);
  ck_assert_int_eq(there.hops[0], 0); /* a, gpu0 -> sw */
  ck_assert_int_eq(there.hops[1], 2); /* b, half duplex */
  ck_assert_int_eq(back.hops[0], 2);  /* b again: shared */
  ck_assert_int_eq(back.hops[1], 1);  /* a, sw -> gpu0 */
  ck_assert_rel(there.latency_s, 4e-6, 1e-12);
  ck_assert_rel(back.bytes_per_s, 1e9, 1e-15);
  ck_assert_int_eq(back.kind, TP_LINK_PCIE);
  ck_assert_int_eq(tp_platform_route(&p, 1, 1).n_hops, 0);
}
END_TEST

/* Two ways of two links: the less latency, and among equals the vertex listed first. */
START_TEST(ties)
{
  static const struct {
    double through_first_s;
    const char *through;
  } ways[] = {{1e-6, "first"}, {2e-6, "second"}, {0.5e-6, "first"}};
  for (size_t i = 0; i < 3; i++) {
    const struct tp_platform p = toy_platform(
        "none",
        "{\"name\": \"gpu\", \"count\": 2, \"kind\": \"gpu\"},"
        "{\"name\": \"first\", \"kind\": \"switch\"}, {\"name\": \"second\", \"kind\": \"switch\"}",
        tp_arena_printf(arena,
                        "{\"name\": \"b\", \"between\": [\"gpu[0-1]\", \"second\"], "
                        "\"kind\": \"nvlink\", \"bytes_per_s_per_direction\": 1e9, "
                        "\"latency_s\": 1e-6},"
                        "{\"name\": \"a\", \"between\": [\"gpu[0-1]\", \"first\"], "
                        "\"kind\": \"nvlink\", \"bytes_per_s_per_direction\": 1e9, "
                        "\"latency_s\": %g}",
                        ways[i].through_first_s),
        arena);
    const struct tp_link *link = &p.links[tp_platform_route(&p, 0, 1).hops[0] / 2];
    ck_assert_str_eq(p.vertices[link->b].name, ways[i].through);
  }
}
END_TEST

START_TEST(patterns)
{
  const char *gpus = "{\"name\": \"gpu\", \"count\": 5, \"kind\": \"gpu\"},"
                     "{\"name\": \"nic\", \"first\": 2, \"count\": 5, \"kind\": \"nic\"}";
#define REST "\"kind\": \"nvlink\", \"bytes_per_s_per_direction\": 1e9, \"latency_s\": 0}"
  const struct tp_platform p = toy_platform(
      "none", gpus,
      "{\"name\": \"mesh\", \"between\": [\"gpu[0-4]\", "
      "\"gpu[0-4]\"], " REST ", {\"name\": \"side\", \"between\": "
      "[\"gpu[0-4]\", \"nic[2-6]\"], " REST ", {\"name\": \"ring\", \"ring\": \"nic[2-6]\", " REST,
      arena);
#undef REST
  ck_assert_uint_eq(p.n_links, 10 + 5 + 5);
  ck_assert_str_eq(p.links[9].name, "mesh.gpu3.gpu4");
  ck_assert_str_eq(p.links[12].name, "side.gpu2.nic4");
  ck_assert_str_eq(p.links[19].name, "ring.nic6.nic2");
  ck_assert_str_eq(p.links[19].group, "ring");
  ck_assert(p.links[0].full_duplex);
}
END_TEST

/* A random tree of n GPUs with some more links. */
static struct tp_platform random_platform(uint64_t seed, int n)
{
  uint64_t state = seed;
  const char *links = "";
  bool joined[16][16] = {{false}};
  for (int i = 1; i < 2 * n; i++) {
    const int a = i < n ? i : (int)(tp_random_below(&state, (size_t)n));
    const int b = (int)(tp_random_below(&state, (size_t)(i < n ? i : n)));
    if (a == b || joined[a][b] || joined[b][a])
      continue;
    joined[a][b] = true;
    links = tp_arena_printf(arena,
                            "%s%s{\"name\": \"l%d\", \"between\": [\"gpu%d\", \"gpu%d\"], "
                            "\"kind\": \"%s\", \"bytes_per_s_per_direction\": %zue6, "
                            "\"latency_s\": %zue-9, \"full_duplex\": %s}",
                            links, *links == '\0' ? "" : ", ", i, a, b,
                            tp_random_below(&state, 2) == 0 ? "nvlink" : "pcie",
                            1 + tp_random_below(&state, 1000), tp_random_below(&state, 1000),
                            tp_random_below(&state, 3) == 0 ? "false" : "true");
  }
  return toy_platform(
      "none", tp_arena_printf(arena, "{\"name\": \"gpu\", \"count\": %d, \"kind\": \"gpu\"}", n),
      links, arena);
}

/* The hops lead from a to b, and what the route says of them is their sum and least. */
static void check_walk(const struct tp_platform *p, int a, int b, uint64_t seed)
{
  const struct tp_route route = tp_platform_route(p, a, b);
  double latency_s = 0, bytes_per_s = HUGE_VAL;
  int at = a;
  for (int h = 0; h < route.n_hops; h++) {
    const struct tp_link *link = &p->links[route.hops[h] / 2];
    ck_assert_msg(link->a == at || link->b == at, "seed %ju: broken at hop %d", (uintmax_t)seed, h);
    if (link->full_duplex)
      ck_assert_int_eq(route.hops[h] % 2, link->a == at ? 0 : 1);
    else
      ck_assert_int_eq(route.hops[h] % 2, 0);
    at = link->a == at ? link->b : link->a;
    latency_s += link->latency_s;
    bytes_per_s = fmin(bytes_per_s, link->bytes_per_s);
  }
  ck_assert_int_eq(at, b);
  ck_assert_rel(route.latency_s, latency_s, 1e-9);
  ck_assert_rel(route.bytes_per_s, bytes_per_s, 0);
}

START_TEST(random_graphs)
{
  for (int i = 0; i < tp_random_cases(300); i++) {
    const uint64_t seed = tp_random_seed(i);
    const int n = 2 + i % 13;
    const struct tp_platform p = random_platform(seed, n);
    for (int a = 0; a < n; a++)
      for (int b = 0; b < n; b++) {
        if (a == b)
          continue;
        const struct tp_route there = tp_platform_route(&p, a, b);
        const struct tp_route back = tp_platform_route(&p, b, a);
        check_walk(&p, a, b, seed);
        ck_assert_int_eq(there.n_hops, back.n_hops);
        ck_assert_rel(there.latency_s, back.latency_s, 0);
        for (int h = 0; h < there.n_hops; h++)
          ck_assert_int_eq(there.hops[h] / 2, back.hops[there.n_hops - 1 - h] / 2);
        for (int c = 0; c < n; c++)
          if (c != a && c != b) {
            const struct tp_route first = tp_platform_route(&p, a, c);
            const struct tp_route second = tp_platform_route(&p, c, b);
            const int detour = first.n_hops + second.n_hops;
            const double detour_s = first.latency_s + second.latency_s;
            ck_assert_msg(there.n_hops <= detour, "seed %ju: %d -> %d", (uintmax_t)seed, a, b);
            ck_assert_msg(there.n_hops < detour || there.latency_s <= detour_s * (1 + 1e-9),
                          "seed %ju: %d -> %d is slower than through %d", (uintmax_t)seed, a, b, c);
          }
      }
    tp_arena_reset(arena);
  }
}
END_TEST

/* NCCL's default on PCIe: a pair behind one switch talks directly, others through memory. */
START_TEST(peers_behind_a_switch)
{
  struct tp_platform platform = toy_setup("l40s-x4-nop2p", NULL, "ideal", arena)->platform;
  struct tp_error fault;
  platform.peer_access = TP_PEER_SWITCH;
  ck_assert_int_eq(tp_staging_prepare(&platform, &fault), TP_OK);
  ck_assert_int_eq(tp_platform_route(&platform, 0, 1).n_hops, 2);
  ck_assert_int_eq(tp_platform_route(&platform, 0, 2).n_hops, 7);
  ck_assert_int_eq(tp_platform_route(&platform, 3, 0).n_hops, 7);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("routes");
  TCase *routes = tcase_create("routes");
  tcase_add_checked_fixture(routes, setup, teardown);
  tcase_add_loop_test(routes, by_hand, 0, (int)(sizeof cases / sizeof *cases));
  tcase_add_test(routes, nodes);
  tcase_add_test(routes, directions);
  tcase_add_test(routes, ties);
  tcase_add_test(routes, peers_behind_a_switch);
  tcase_add_test(routes, patterns);
  tcase_add_test(routes, random_graphs);
  suite_add_tcase(suite, routes);
  return suite;
}
TP_SUITE_MAIN
