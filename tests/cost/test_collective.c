/* Collective algorithms: closed forms, switch points, and what must hold for any of them. */
#include "cost/collectives/algorithm.h"
#include "machines.h"

static struct tp_cost cost_of(const struct bench *bench, enum tp_collective_kind kind,
                              enum tp_algorithm algorithm, double bytes)
{
  const struct tp_collective collective = {
      .kind = kind, .bytes = bytes, .dtype = TP_DTYPE_BF16, .algorithm = algorithm};
  struct tp_cost cost;
  tp_cost_collective(&bench->machine, &collective, &cost);
  return cost;
}

static double time_of(const struct bench *bench, enum tp_collective_kind kind,
                      enum tp_algorithm algorithm, double bytes)
{
  const struct tp_cost cost = cost_of(bench, kind, algorithm, bytes);
  return tp_cost_alone_s(&bench->machine, &cost);
}

static enum tp_algorithm automatic(const struct bench *bench, double bytes)
{
  return cost_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_AUTO, bytes).algorithm;
}

START_TEST(test_link_bytes)
{
  static const struct {
    enum tp_collective_kind kind;
    enum tp_algorithm algorithm;
    double per_byte; /* 8 ranks */
  } cases[] = {
      {TP_ALL_REDUCE, TP_ALGORITHM_RING, 2 * 7 / 8.0},
      {TP_ALL_REDUCE, TP_ALGORITHM_TREE, 2 * 7 / 8.0},
      {TP_ALL_REDUCE, TP_ALGORITHM_NVLS, 1 + 1 / 8.0},
      {TP_ALL_REDUCE, TP_ALGORITHM_ONE_SHOT, 7},
      {TP_ALL_REDUCE, TP_ALGORITHM_TWO_SHOT, 2 * 7 / 8.0},
      {TP_ALL_GATHER, TP_ALGORITHM_RING, 7 / 8.0},
      {TP_ALL_GATHER, TP_ALGORITHM_DIRECT, 7 / 8.0},
      {TP_REDUCE_SCATTER, TP_ALGORITHM_RING, 7 / 8.0},
      {TP_ALL_TO_ALL, TP_ALGORITHM_DIRECT, 7 / 8.0},
      {TP_SEND, TP_ALGORITHM_RING, 1},
  };
  static const char *const stacks[] = {"ideal", "gpt-fast-compile", "vllm-graph"};
  for (size_t s = 0; s < sizeof stacks / sizeof *stacks; s++) {
    struct bench *bench = bench_make("dgx-h100", stacks[s], 8);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      const struct tp_cost cost = cost_of(bench, cases[i].kind, cases[i].algorithm, 1 << 20);
      ck_assert_int_eq(cost.algorithm, cases[i].algorithm);
      ck_assert_rel(cost.link_bytes, cases[i].per_byte * (1 << 20), 1e-14);
    }
    bench_free(bench);
  }
}
END_TEST

/* One shot: every rank's buffer is read and one sum is written; the switch adds what is read once.
 */
START_TEST(test_memory_bytes)
{
  for (int ranks = 2; ranks <= 8; ranks *= 2) {
    struct bench *bench = bench_make("dgx-h100", "vllm-graph", ranks);
    ck_assert_rel(cost_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_ONE_SHOT, 1 << 20).dram_bytes,
                  (ranks + 1) * (1 << 20), 1e-14);
    bench_free(bench);
  }
  struct bench *bench = bench_make("dgx-h100", "ideal", 8);
  ck_assert_rel(cost_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_NVLS, 1 << 20).dram_bytes, 2 * (1 << 20),
                1e-14);
  bench_free(bench);
}
END_TEST

/* 14 steps of 0.5 us and 1.75 GB at 450 GB/s; nothing else. */
START_TEST(test_ideal_ring)
{
  struct bench *bench = bench_make("dgx-h100", "ideal", 8);
  ck_assert_rel(time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_AUTO, 1e9), 14 * 0.5e-6 + 1.75e9 / 450e9,
                1e-12);
  ck_assert_rel(time_of(bench, TP_ALL_GATHER, TP_ALGORITHM_AUTO, 1e9), 7 * 0.5e-6 + 0.875e9 / 450e9,
                1e-12);
  ck_assert_rel(time_of(bench, TP_ALL_TO_ALL, TP_ALGORITHM_AUTO, 1e9), 0.5e-6 + 0.875e9 / 450e9,
                1e-12);
  ck_assert_rel(time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_ONE_SHOT, 1e9), 0.5e-6 + 7e9 / 450e9,
                1e-12);
  ck_assert_rel(time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_TWO_SHOT, 1e9),
                2 * 0.5e-6 + 1.75e9 / 450e9, 1e-12);
  ck_assert_rel(time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_NVLS, 1e9),
                2 * 0.25e-6 + 1.125e9 / 450e9, 1e-12);
  bench_free(bench);
}
END_TEST

/* Two nodes of eight: 7/8 of the buffer inside, 1/8 twice half across at 50 GB/s, 7/8 inside. */
START_TEST(test_ideal_hierarchy)
{
  struct bench *bench = bench_make("dgx-h100-x2", "ideal", 16);
  const struct tp_cost cost = cost_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_HIERARCHICAL, 1e9);
  ck_assert_int_eq(cost.n_phases, 3);
  ck_assert_rel(cost.link_bytes, 1e9 * (2 * 7 / 8.0 + 1 / 8.0), 1e-14);
  const double across_latency_s = cost.phases[1].latency_s;
  ck_assert_rel(tp_cost_alone_s(&bench->machine, &cost),
                2 * (7 * 0.5e-6 + 0.875e9 / 450e9) + 2 * across_latency_s + 0.125e9 / 50e9, 1e-12);
  bench_free(bench);
}
END_TEST

/* Protocol by protocol, by hand: the device's own numbers, so that a refit does not break it.  NCCL
 * believes in 6.6 + 2 * 0.6 us + S/133 GB/s for LL and 8.4 + 2 * 3.4 us + S/360 GB/s for Simple, so
 * that it leaves LL at 1.56 MB, and sooner only where that is faster. */
START_TEST(test_nccl_takes_its_own_protocol)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 2);
  const struct tp_device_nccl *nccl = &bench->device.nccl;
  for (double bytes = 1024; bytes < 4e9; bytes *= 2) {
    const double ll_s =
        nccl->ll_base_s + 2 * (nccl->ll_hop_s + 0.5e-6) + nccl->ll_wire_ratio * bytes / 450e9;
    const double ll128_s = nccl->ll128_base_s + 2 * (nccl->ll128_hop_s + 0.5e-6) +
                           nccl->ll128_wire_ratio * bytes / 450e9;
    const double simple_s = nccl->simple_base_s + 2 * (nccl->simple_hop_s + 0.5e-6) +
                            nccl->simple_wire_ratio * bytes / 450e9;
    const double copied = nccl->local_bytes * (1 - exp(-bytes / 2 / nccl->local_bytes));
    const double beside_s =
        copied / nccl->local_bytes_per_s + nccl->channels_s * fmin(1, bytes / nccl->channels_bytes);
    const double protocol_s = bytes < 1.56e6 ? fmin(ll_s, fmin(ll128_s, simple_s)) : simple_s;
    ck_assert_rel(time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_RING, bytes), protocol_s + beside_s,
                  1e-9);
  }
  bench_free(bench);
}
END_TEST

/* Two nodes of eight: each GPU sends 1 + 1/8 to its switch while 1/8 goes to the other node, so
 * that the switches tell; four sockets without peer-to-peer copies: two neighbours of 1/4 each at
 * 50 GB/s tell. */
START_TEST(test_switches_joined_by_a_tree)
{
  struct bench *bench = bench_make("dgx-h100-x2", "gpt-fast-compile", 16);
  const struct tp_device_nccl *nccl = &bench->device.nccl;
  const double across_s = nccl->simple_hop_network_s + 2 * (0.5e-6 + 0.6e-6);
  ck_assert_rel(time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_NVLS_TREE, 1e9),
                nccl->nvls_base_s + 8 * nccl->nvls_fill_s + 2 * across_s +
                    nccl->nvls_tree_wire_ratio * 1.125e9 / 450e9,
                1e-9);
  ck_assert_int_eq(automatic(bench, 1e9), TP_ALGORITHM_NVLS_TREE);
  ck_assert_int_eq(automatic(bench, 1024), TP_ALGORITHM_TREE);
  bench_free(bench);
  bench = bench_make("dgx-h100-x2-nop2p", "gpt-fast-compile", 16);
  ck_assert_rel(time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_NVLS_TREE, 1e9),
                bench->device.nccl.nvls_base_s + 4 * bench->device.nccl.nvls_fill_s + 4 * across_s +
                    2 * 0.25e9 / 50e9,
                1e-9);
  ck_assert_int_eq(tp_machine_nodes(&bench->machine), 2);
  bench_free(bench);
}
END_TEST

/* Eight ranks in one node and four in the other meet as few networks on their way round as eight
 * and eight. */
START_TEST(test_nodes_filled_unevenly)
{
  struct bench *bench = bench_make("dgx-h100-x2", "gpt-fast-compile", 16);
  const double even_s = time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_RING, 65536);
  bench_ranks(bench, 12);
  const double uneven_s = time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_RING, 65536);
  ck_assert_msg(fabs(uneven_s / even_s - 1) < 0.1, "%g and %g s", uneven_s, even_s);
  /* Their tree is as deep, and carries all across by one adapter where that has eight. */
  ck_assert_int_eq(automatic(bench, 65536), TP_ALGORITHM_TREE);
  const double tree_s = time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_TREE, 4096);
  bench_ranks(bench, 16);
  const double even_tree_s = time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_TREE, 4096);
  ck_assert_msg(fabs(tree_s / even_tree_s - 1) < 0.15, "%g and %g s", tree_s, even_tree_s);
  bench_free(bench);
}
END_TEST

/* Peer-to-peer off: two ranks go through their socket's memory, no switch and no peer kernel is
 * taken across sockets; PCIe cards run peer kernels by twos alone. */
START_TEST(test_what_the_machine_cannot_run)
{
  static const char *const stacks[] = {"gpt-fast-compile", "vllm-graph"};
  for (int s = 0; s < 2; s++) {
    struct bench *bench = bench_make("dgx-h100-nop2p", stacks[s], 2);
    ck_assert_int_eq(automatic(bench, 1e3), TP_ALGORITHM_RING);
    ck_assert_int_eq(automatic(bench, 1e8), TP_ALGORITHM_RING);
    bench_ranks(bench, 8);
    ck_assert_int_eq(automatic(bench, 1e8), TP_ALGORITHM_NVLS_TREE);
    ck_assert_int_eq(automatic(bench, 1e3), TP_ALGORITHM_TREE);
    ck_assert_int_eq(tp_machine_nodes(&bench->machine), 1);
    bench_free(bench);
  }
  struct bench *bench = bench_make("l40s-x8", "vllm-graph", 2);
  ck_assert_int_eq(automatic(bench, 1e3), TP_ALGORITHM_ONE_SHOT);
  bench_ranks(bench, 4);
  ck_assert_int_eq(automatic(bench, 1e3), TP_ALGORITHM_RING);
  bench_free(bench);
}
END_TEST

/* 370 GB/s measured on 2 or 3 GPUs that ask NCCL for the switch: a ring's. */
START_TEST(test_few_ranks_that_ask_for_the_switch)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 3);
  ck_assert_rel(time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_NVLS, 1e9),
                time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_RING, 1e9), 1e-15);
  bench_ranks(bench, 4);
  ck_assert(time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_NVLS, 1e9) !=
            time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_RING, 1e9));
  bench_free(bench);
}
END_TEST

/* Small buffers by one shot; none of a framework's kernels from its limit on. */
START_TEST(test_switch_points)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-graph", 4);
  const double *one_shot = bench->stack.collectives.one_shot_max_bytes;
  const double *two_shot = bench->stack.collectives.two_shot_max_bytes;
  ck_assert_int_eq(automatic(bench, one_shot[0] / 8), TP_ALGORITHM_ONE_SHOT);
  ck_assert_int_eq(automatic(bench, one_shot[0]), TP_ALGORITHM_TWO_SHOT);
  ck_assert_int_eq(automatic(bench, two_shot[0] - 2), TP_ALGORITHM_TWO_SHOT);
  ck_assert_int_eq(automatic(bench, two_shot[0]), TP_ALGORITHM_RING);
  bench_ranks(bench, 8);
  ck_assert_int_eq(automatic(bench, one_shot[1] / 8), TP_ALGORITHM_ONE_SHOT);
  ck_assert_int_ne(automatic(bench, one_shot[1]), TP_ALGORITHM_ONE_SHOT);
  /* Of two ranks a library may say another limit. */
  bench_ranks(bench, 2);
  bench->stack.collectives.one_shot_max_bytes[TP_RANKS_2] = 1;
  bench->stack.collectives.two_shot_max_bytes[TP_RANKS_2] = 1;
  ck_assert_int_eq(automatic(bench, 1024), TP_ALGORITHM_RING);
  /* What frameworks do not reduce themselves goes to NCCL. */
  ck_assert_int_eq(cost_of(bench, TP_ALL_GATHER, TP_ALGORITHM_AUTO, 1024).algorithm,
                   TP_ALGORITHM_RING);
  bench_free(bench);
}
END_TEST

/* Whether the machine and the stack's libraries have what was chosen for the buffer. */
static bool can_have(const struct bench *bench, double bytes, enum tp_algorithm algorithm)
{
  const struct tp_communicator *all = bench_all(bench);
  const struct tp_stack *stack = &bench->stack;
  const bool peers = stack->collectives.library == TP_LIBRARY_PEER_KERNELS &&
                     bench->platform.peer_access == TP_PEER_DIRECT && all->nodes_used == 1;
  switch (algorithm) {
  case TP_ALGORITHM_ONE_SHOT:
    return peers && bytes < tp_stack_max_bytes(stack->collectives.one_shot_max_bytes, all->ranks);
  case TP_ALGORITHM_TWO_SHOT:
    return peers && bytes < tp_stack_max_bytes(stack->collectives.two_shot_max_bytes, all->ranks);
  case TP_ALGORITHM_NVLS:
    return all->reducing_switches != NULL && all->nodes_used == 1 &&
           (all->ranks >= TP_NVLS_LEAST_RANKS ||
            bytes < tp_stack_max_bytes(stack->collectives.switch_max_bytes, all->ranks));
  case TP_ALGORITHM_NVLS_TREE:
    return all->reducing_switches != NULL && all->nodes_used > 1 &&
           all->ranks_per_node >= TP_NVLS_LEAST_RANKS;
  case TP_ALGORITHM_TREE:
    return all->nodes_used > 1;
  default:
    return algorithm == TP_ALGORITHM_RING;
  }
}

/* On every shipped platform by every stack: more bytes never end sooner, and nothing is chosen that
 * the machine or the library cannot run. */
START_TEST(test_shipped_choices)
{
  static const char *const roots[] = {TP_SRCDIR};
  static const struct tp_datadir dirs = {roots, 1};
  struct tp_arena *arena = tp_arena_create();
  const char **platforms, **stacks;
  size_t n_platforms, n_stacks;
  ck_assert_int_eq(
      tp_datadir_list(&dirs, "platforms", ".json", arena, &platforms, &n_platforms, NULL), TP_OK);
  ck_assert_int_eq(
      tp_datadir_list(&dirs, "platforms/stacks", ".json", arena, &stacks, &n_stacks, NULL), TP_OK);
  for (size_t i = 0; i < n_platforms * n_stacks; i++) {
    const char *platform = platforms[i / n_stacks], *stack = stacks[i % n_stacks];
    struct bench *bench = bench_make(platform, stack, 1);
    const bool eager = bench->stack.launch.decode == TP_LAUNCH_EAGER;
    for (int ranks = 2; ranks <= 16 && ranks <= bench->platform.n_gpus; ranks *= 2) {
      double before_s = 0;
      bench_ranks(bench, ranks);
      for (double bytes = 512; bytes < 4e9; bytes *= 1.19) {
        const struct tp_cost cost = cost_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_AUTO, bytes);
        const double time_s = tp_cost_alone_s(&bench->machine, &cost);
        ck_assert_msg(time_s >= before_s * (1 - 1e-12), "%s, %s, %d ranks, %.0f bytes: %g after %g",
                      platform, stack, ranks, bytes, time_s, before_s);
        ck_assert_msg(can_have(bench, bytes, cost.algorithm), "%s, %s, %d ranks, %.0f bytes: %s",
                      platform, stack, ranks, bytes, tp_algorithm_text(cost.algorithm));
        before_s = eager ? 0 : time_s; /* the host's pace beside a copy */
      }
    }
    bench_free(bench);
  }
  tp_arena_free(arena);
}
END_TEST

/* The norm rides with a framework's kernel for `norm_s`; where NCCL reduces it is a kernel after
 * it; and the kernel that it was costs nothing. */
START_TEST(test_norm_rides_along)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-0.8-multimem", 8);
  struct tp_op op = {.kind = TP_OP_COLLECTIVE,
                     .collective = {.kind = TP_ALL_REDUCE, .bytes = 1 << 24, .norm = 8192}};
  const struct tp_op norm = {.kind = TP_OP_MEMORY,
                             .memory = {.read_bytes = 2 << 24, .write_bytes = 2 << 24}};
  const struct tp_op carried = {.kind = TP_OP_MEMORY, .memory = {.carried = true}};
  struct tp_cost cost = tp_cost_op(&bench->machine, false, &op);
  const double plain_s = time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_AUTO, 1 << 24);
  ck_assert_rel(tp_cost_alone_s(&bench->machine, &cost),
                plain_s + bench->device.peer_kernels.norm_s, 1e-12);
  bench->stack.collectives.norm_max_bytes[TP_RANKS_ABOVE_4] = 0;
  cost = tp_cost_op(&bench->machine, false, &op);
  const struct tp_cost kernel = tp_cost_bare(&bench->machine, &norm);
  ck_assert_rel(tp_cost_alone_s(&bench->machine, &cost),
                plain_s + tp_cost_alone_s(&bench->machine, &kernel), 1e-12);
  bench->machine.program = true;
  cost = tp_cost_op(&bench->machine, false, &carried);
  ck_assert_double_eq(tp_cost_alone_s(&bench->machine, &cost), 0);
  bench_free(bench);
}
END_TEST

/* FlashInfer's one-shot kernel with the norm in it: a fixed time and a wire ratio of its own, up to
 * the size to which the software has it; without a norm it is not run. */
START_TEST(test_norm_kernel)
{
  struct bench *bench = bench_make("dgx-b200", "vllm-0.24", 8);
  const struct tp_device_peer_kernels *peer = &bench->device.peer_kernels;
  struct tp_op op = {.kind = TP_OP_COLLECTIVE,
                     .collective = {.kind = TP_ALL_REDUCE, .bytes = 65536, .norm = 8192}};
  struct tp_cost cost = tp_cost_op(&bench->machine, false, &op);
  ck_assert_int_eq(cost.algorithm, TP_ALGORITHM_ONE_SHOT);
  ck_assert_rel(cost.fixed_s, peer->norm_base_s + 7 * peer->norm_rank_s, 1e-12);
  ck_assert_rel(cost.phases[0].flow_bytes, peer->norm_wire_ratio * 65536, 1e-12);
  op.collective.bytes = 1 << 20; /* its limit for 8 ranks: apart from here on */
  cost = tp_cost_op(&bench->machine, false, &op);
  op.collective.norm = 0;
  const struct tp_cost plain = tp_cost_op(&bench->machine, false, &op);
  ck_assert_int_eq(cost.algorithm, plain.algorithm);
  ck_assert(tp_cost_alone_s(&bench->machine, &cost) > tp_cost_alone_s(&bench->machine, &plain));
  bench->device.peer_kernels.norm_base_s = 1;
  cost = tp_cost_op(&bench->machine, false, &op);
  ck_assert_rel(tp_cost_alone_s(&bench->machine, &cost), tp_cost_alone_s(&bench->machine, &plain),
                1e-15);
  bench_free(bench);
}
END_TEST

/* Few bytes by LL; more fill the channels and are copied beside what is sent. */
START_TEST(test_all_to_all)
{
  struct bench *bench = bench_make("dgx-h100", "tpsim-cuda", 4);
  const struct tp_device_nccl *nccl = &bench->device.nccl;
  struct tp_cost cost = cost_of(bench, TP_ALL_TO_ALL, TP_ALGORITHM_AUTO, 4096);
  ck_assert_rel(
      cost.fixed_s,
      nccl->direct_ll_base_s + 3 * nccl->direct_peer_s + 1024 / nccl->direct_ll_bytes_per_s, 1e-12);
  const double bytes = nccl->direct_fill_bytes / 2;
  cost = cost_of(bench, TP_ALL_TO_ALL, TP_ALGORITHM_AUTO, bytes);
  ck_assert_rel(cost.fixed_s,
                nccl->direct_base_s + 3 * nccl->direct_peer_s + nccl->direct_fill_s / 2 +
                    bytes / 4 / nccl->direct_local_bytes_per_s,
                1e-12);
  ck_assert_rel(cost.phases[0].flow_bytes, bytes / 4 * nccl->direct_wire_ratio, 1e-12);
  cost = cost_of(bench, TP_ALL_TO_ALL, TP_ALGORITHM_AUTO, 16 * bytes);
  ck_assert_rel(cost.fixed_s,
                nccl->direct_base_s + 3 * nccl->direct_peer_s + nccl->direct_fill_s +
                    4 * bytes / nccl->direct_local_bytes_per_s,
                1e-12);
  bench_free(bench);
}
END_TEST

/* LL is left where it would end later, however slow the links are: more bytes never end sooner, and
 * an LL that nobody would take changes nothing above the sizes that it was taken for. */
START_TEST(test_all_to_all_takes_the_faster)
{
  static const struct {
    const char *platform;
    int ranks;
  } groups[] = {
      {"dgx-h100-x2", 16}, {"gb200-nvl72", 54}, {"dgx-a100-80gb", 8}, {"l40s-x8-nop2p", 8}};
  struct bench *bench = bench_make(groups[_i].platform, "tpsim-cuda", groups[_i].ranks);
  const double ll_bytes_per_s = bench->device.nccl.direct_ll_bytes_per_s;
  double before_s = 0;
  for (double bytes = 1024; bytes < 4e9; bytes *= 1.25) {
    struct tp_cost cost = cost_of(bench, TP_ALL_TO_ALL, TP_ALGORITHM_AUTO, bytes);
    const double alone_s = tp_cost_alone_s(&bench->machine, &cost);
    ck_assert_msg(alone_s >= before_s, "%g bytes: %g s after %g", bytes, alone_s, before_s);
    before_s = alone_s;
    bench->device.nccl.direct_ll_bytes_per_s = ll_bytes_per_s / 1000;
    cost = cost_of(bench, TP_ALL_TO_ALL, TP_ALGORITHM_AUTO, bytes);
    ck_assert_double_ge(tp_cost_alone_s(&bench->machine, &cost), alone_s);
    bench->device.nccl.direct_ll_bytes_per_s = ll_bytes_per_s;
  }
  bench_free(bench);
}
END_TEST

/* Only the fixed part is the software's. */
START_TEST(test_peer_fixed_ratio)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-graph", 4);
  const struct tp_device_peer_kernels *peer = &bench->device.peer_kernels;
  const double fixed_s = peer->one_shot_base_s + 3 * peer->one_shot_rank_s;
  const double one_s = time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_ONE_SHOT, 1e6);
  bench->stack.collectives.peer_fixed_ratio = 0.5;
  ck_assert_rel(one_s - time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_ONE_SHOT, 1e6), fixed_s / 2,
                1e-9);
  bench_free(bench);
}
END_TEST

START_TEST(test_nvls_needs_stack_and_switch)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  ck_assert_int_eq(automatic(bench, 512 << 20), TP_ALGORITHM_NVLS);
  bench->stack.collectives.nvls = false;
  ck_assert_int_eq(automatic(bench, 512 << 20), TP_ALGORITHM_RING);
  bench_free(bench);
  bench = bench_make("dgx-a100-80gb", "gpt-fast-compile", 8);
  ck_assert_int_eq(automatic(bench, 512 << 20), TP_ALGORITHM_RING);
  bench_free(bench);
}
END_TEST

/* Without peer-to-peer copies NCCL believes of a ring by LL in
 *   4 ranks:  6.6 + 6 us + 1.5 S / (0.37 x 50.4 GB/s), which are the switch's 25 us at 154 kB;
 *   8 ranks:  6.6 + 12 + 2 x 2.7 us + 1.75 S / (0.117 x 67.2 GB/s), of a tree of switches over two
 *             groups in 25 + 2 x 20.9 us, which is as long at 192 kB;
 *   16 ranks: 41.8 us more of that; of a tree over four groups by Simple in 8.4 + 2 (3 x 4 + 2 x
 * 14) us + S / (0.92 x 0.5 x 25.2 GB/s), which is as long at 235 kB. What it runs holds the SMs:
 * two channels, or the switch's. */
START_TEST(test_what_holds_sms_where_the_switch_is_faster)
{
  static const struct {
    const char *platform;
    int ranks;
    double bytes;
    bool by_switch;
  } cases[] = {{"dgx-h100-nop2p", 4, 150e3, false},     {"dgx-h100-nop2p", 4, 158e3, true},
               {"dgx-h100-nop2p", 8, 188e3, false},     {"dgx-h100-nop2p", 8, 196e3, true},
               {"dgx-h100-x2-nop2p", 16, 230e3, false}, {"dgx-h100-x2-nop2p", 16, 240e3, true},
               {"dgx-h100", 8, 1 << 25, true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct bench *bench = bench_make(cases[i].platform, "gpt-fast-compile", cases[i].ranks);
    const struct tp_op op = {.kind = TP_OP_COLLECTIVE,
                             .collective = {.kind = TP_ALL_REDUCE, .bytes = cases[i].bytes}};
    bench->device.nccl.nvls_sms = 16.5;
    bench->device.overlap.nvls_crowding_ratio = 7;
    bench->machine.program = true;
    const struct tp_cost cost = tp_cost_op(&bench->machine, true, &op);
    ck_assert_msg(fabs(cost.sm_share - (cases[i].by_switch ? 16.5 : 2) / 132) < 1e-12,
                  "case %zu holds %g SMs", i, 132 * cost.sm_share);
    ck_assert_rel(cost.crowding, cost.sm_share * (cases[i].by_switch ? 7 : 3), 1e-12);
    bench_free(bench);
  }
}
END_TEST

START_TEST(test_impossible_falls_back)
{
  struct bench *bench = bench_make("l40s-x8", "gpt-fast-compile", 8);
  static const enum tp_algorithm impossible[] = {TP_ALGORITHM_NVLS, TP_ALGORITHM_HIERARCHICAL,
                                                 TP_ALGORITHM_DIRECT};
  for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
    const struct tp_collective collective = {
        .kind = TP_ALL_REDUCE, .bytes = 1e6, .algorithm = impossible[i]};
    ck_assert(!tp_collective_possible(&bench->machine, &collective));
    ck_assert_rel(time_of(bench, TP_ALL_REDUCE, impossible[i], 1e6),
                  time_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_AUTO, 1e6), 1e-15);
  }
  const struct tp_collective ring = {
      .kind = TP_ALL_REDUCE, .bytes = 1e6, .algorithm = TP_ALGORITHM_RING};
  ck_assert(tp_collective_possible(&bench->machine, &ring));
  bench_free(bench);
}
END_TEST

START_TEST(test_one_rank_is_free)
{
  struct bench *bench = bench_make("dgx-h100", "vllm-graph", 1);
  for (int kind = TP_ALL_REDUCE; kind <= TP_SEND; kind++) {
    const struct tp_cost cost =
        cost_of(bench, (enum tp_collective_kind)kind, TP_ALGORITHM_AUTO, 1e6);
    ck_assert_double_eq(tp_cost_alone_s(&bench->machine, &cost), 0);
    ck_assert_double_eq(cost.link_bytes, 0);
    ck_assert_double_eq(cost.dram_bytes, 0);
  }
  bench_free(bench);
}
END_TEST

/* The host issues no faster than it does; a large buffer pays its staging copy instead. */
START_TEST(test_eager_launch)
{
  struct bench *eager = bench_make("dgx-h100", "eager", 8);
  struct bench *graph = bench_make("dgx-h100", "eager", 8);
  graph->stack.launch.decode = TP_LAUNCH_GRAPH;
  ck_assert_rel(time_of(eager, TP_ALL_REDUCE, TP_ALGORITHM_AUTO, 1024),
                eager->device.peer_kernels.host_issue_s, 1e-12);
  const double copy_s =
      2e9 / (eager->device.memory.dram_ratio * eager->device.datasheet.dram_bytes_per_s);
  ck_assert_rel(time_of(eager, TP_ALL_REDUCE, TP_ALGORITHM_AUTO, 1e9),
                time_of(graph, TP_ALL_REDUCE, TP_ALGORITHM_AUTO, 1e9) + copy_s, 1e-12);
  bench_free(eager);
  bench_free(graph);
}
END_TEST

START_TEST(test_sms_and_spread)
{
  struct bench *bench = bench_make("dgx-h100", "gpt-fast-compile", 8);
  const struct tp_device *device = &bench->device;
  const struct tp_cost ring = cost_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_RING, 1e6);
  ck_assert_rel(ring.sm_share, device->nccl.ring_sms / device->datasheet.sm_count, 1e-15);
  ck_assert_rel(ring.sigma, device->nccl.spread_ratio, 1e-15);
  const struct tp_cost nvls = cost_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_NVLS, 1e6);
  ck_assert_rel(nvls.sm_share, device->nccl.nvls_sms / device->datasheet.sm_count, 1e-15);
  const struct tp_cost peer = cost_of(bench, TP_ALL_REDUCE, TP_ALGORITHM_ONE_SHOT, 1e6);
  ck_assert_rel(peer.sm_share, device->peer_kernels.sms / device->datasheet.sm_count, 1e-15);
  bench_free(bench);
}
END_TEST

static uint64_t state;

static double uniform(void)
{
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 11) / 9007199254740992.0;
}

static void scale_links(struct bench *bench, double rate, double latency)
{
  for (size_t i = 0; i < bench->platform.n_links; i++) {
    bench->platform.links[i].bytes_per_s *= rate;
    bench->platform.links[i].latency_s *= latency;
  }
}

static const char *const platforms[] = {"dgx-h100", "dgx-b200", "dgx-h100-x2", "a100-cube-mesh",
                                        "l40s-x8"};
static const char *const libraries[] = {"ideal", "gpt-fast-compile", "vllm-graph"};

/* Random size, ranks, kind and algorithm on every platform and library. */
START_TEST(test_monotone)
{
  enum { PLATFORMS = sizeof platforms / sizeof *platforms };
  struct bench *bench = bench_make(platforms[_i % PLATFORMS], libraries[_i / PLATFORMS], 2);
  state = 20260917u + (uint64_t)_i;
  for (int trial = 0; trial < 300; trial++) {
    const uint64_t seed = state;
    const int ranks = 2 + (int)(uniform() * (bench->platform.n_gpus - 1));
    const enum tp_collective_kind kind = (enum tp_collective_kind)(int)(uniform() * 5);
    const enum tp_algorithm algorithm =
        (enum tp_algorithm)(1 + (int)(uniform() * TP_ALGORITHM_HIERARCHICAL));
    const double bytes = exp(log(256) + uniform() * log(4e6));
    bench_ranks(bench, ranks);
    const struct tp_collective asked = {.kind = kind, .bytes = bytes, .algorithm = algorithm};
    if (!tp_collective_possible(&bench->machine, &asked))
      continue;
    const struct tp_cost cost = cost_of(bench, kind, algorithm, bytes);
    const double base_s = tp_cost_alone_s(&bench->machine, &cost);
    const double slack = 1 + 1e-12;
    ck_assert_msg(base_s > 0 && cost.link_bytes > 0 && cost.dram_bytes > 0, "seed %lu", seed);
    ck_assert_msg(time_of(bench, kind, algorithm, bytes * (1 + uniform())) * slack >= base_s,
                  "seed %lu: more bytes, less time", seed);

    /* No library beats its own algorithm without overheads. */
    const int library = bench->stack.collectives.library;
    bench->stack.collectives.library = TP_LIBRARY_IDEAL;
    /* Few bytes go without waiting for the link; few ranks that ask for the switch get a ring. */
    const bool other = algorithm == TP_ALGORITHM_DIRECT ||
                       (algorithm == TP_ALGORITHM_NVLS && ranks < TP_NVLS_LEAST_RANKS);
    if (!other)
      ck_assert_msg(time_of(bench, kind, algorithm, bytes) <= base_s * slack,
                    "seed %lu: below the ideal", seed);
    bench->stack.collectives.library = library;

    const double factor = 1 + uniform();
    scale_links(bench, factor, 1);
    bench_ranks(bench, ranks);
    ck_assert_msg(time_of(bench, kind, algorithm, bytes) <= base_s * slack,
                  "seed %lu: faster links, more time", seed);
    scale_links(bench, 1 / factor, factor);
    bench_ranks(bench, ranks);
    ck_assert_msg(time_of(bench, kind, algorithm, bytes) * slack >= base_s,
                  "seed %lu: more latency, less time", seed);
    scale_links(bench, 1, 1 / factor);
  }
  bench_free(bench);
}
END_TEST

/* On one switch a ring of more ranks sends more in more steps.  NCCL leaves its protocols at other
 * sizes for other ranks, so only below and above those. */
START_TEST(test_more_ranks_take_longer)
{
  static const enum tp_algorithm algorithms[] = {TP_ALGORITHM_RING, TP_ALGORITHM_TREE,
                                                 TP_ALGORITHM_ONE_SHOT};
  struct bench *bench = bench_make("dgx-b200", libraries[_i], 2);
  for (size_t a = 0; a < sizeof algorithms / sizeof *algorithms; a++)
    for (double bytes = 1024; bytes < 1e9; bytes *= 8) {
      double before_s = 0;
      for (int ranks = 3; ranks <= 8; ranks++) {
        bench_ranks(bench, ranks);
        const double now_s = time_of(bench, TP_ALL_REDUCE, algorithms[a], bytes);
        ck_assert(now_s > before_s * (1 - 1e-3) || (_i > 0 && bytes > 1e5 && bytes < 1e8));
        before_s = now_s;
      }
    }
  bench_free(bench);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("collective");
  TCase *tcase = tcase_create("algorithms");
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, test_link_bytes);
  tcase_add_test(tcase, test_memory_bytes);
  tcase_add_test(tcase, test_ideal_ring);
  tcase_add_test(tcase, test_ideal_hierarchy);
  tcase_add_test(tcase, test_nccl_takes_its_own_protocol);
  tcase_add_test(tcase, test_switches_joined_by_a_tree);
  tcase_add_test(tcase, test_nodes_filled_unevenly);
  tcase_add_test(tcase, test_what_the_machine_cannot_run);
  tcase_add_test(tcase, test_few_ranks_that_ask_for_the_switch);
  tcase_add_test(tcase, test_switch_points);
  tcase_add_test(tcase, test_shipped_choices);
  tcase_add_test(tcase, test_norm_rides_along);
  tcase_add_test(tcase, test_norm_kernel);
  tcase_add_test(tcase, test_all_to_all);
  tcase_add_loop_test(tcase, test_all_to_all_takes_the_faster, 0, 4);
  tcase_add_test(tcase, test_peer_fixed_ratio);
  tcase_add_test(tcase, test_nvls_needs_stack_and_switch);
  tcase_add_test(tcase, test_what_holds_sms_where_the_switch_is_faster);
  tcase_add_test(tcase, test_impossible_falls_back);
  tcase_add_test(tcase, test_one_rank_is_free);
  tcase_add_test(tcase, test_eager_launch);
  tcase_add_test(tcase, test_sms_and_spread);
  tcase_add_loop_test(tcase, test_monotone, 0, 15);
  tcase_add_loop_test(tcase, test_more_ranks_take_longer, 0, 3);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN
