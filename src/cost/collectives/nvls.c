/* Reduction in the switch (NVLS), of one node and of nodes that a tree joins. */
#include "cost/collectives/algorithm.h"

#include <math.h>

static bool nccl_may(const struct tp_exchange *exchange)
{
  return exchange->machine->stack->collectives.nvls;
}

static bool possible(const struct tp_exchange *exchange)
{
  return (nccl_may(exchange) || tp_collective_uses_switch_kernel(exchange)) &&
         tp_communicator_has(exchange->group, TP_PATTERN_SWITCH);
}

/* Each rank owns 1/n of the buffer: the switch collects it from all (every GPU sends S in total and
 * gets S/n back) and spreads the sum (every GPU sends S/n and gets S). */
static void shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const double sent = exchange->collective->bytes * (1 + 1.0 / exchange->group->ranks);
  cost->n_phases = 1;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_SWITCH, 2, sent);
  cost->link_bytes = sent;
  cost->dram_bytes = 2 * exchange->collective->bytes;
}

/* What it takes NCCL's kernel to fill its channels and chunks with each rank's part. */
static double fill_s(const struct tp_exchange *exchange)
{
  const struct tp_device_nccl *nccl = &exchange->machine->device->nccl;
  const double filled =
      nccl->nvls_fill_bytes > 0 ? fmin(1, exchange->collective->bytes / nccl->nvls_fill_bytes) : 0;
  return exchange->group->ranks_per_node * nccl->nvls_fill_s * filled;
}

static void add_nccl(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_device_nccl *nccl = &exchange->machine->device->nccl;
  cost->fixed_s += nccl->nvls_base_s + fill_s(exchange);
  cost->sm_share = nccl->nvls_sms / exchange->machine->device->datasheet.sm_count;
  cost->crowding_ratio = exchange->machine->device->overlap.nvls_crowding_ratio;
  cost->sigma = nccl->spread_ratio;
}

/* Two or three ranks that ask NCCL for the switch get a ring: on 2 H100 370 GB/s, more than S + S/2
 * fit the links. */
static void as_nccl(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  if (exchange->group->ranks < TP_NVLS_LEAST_RANKS) {
    *cost = (struct tp_cost){.algorithm = TP_ALGORITHM_RING};
    tp_collective_ring.shape(exchange, cost);
    tp_collective_ring.overheads(exchange, cost);
    return;
  }
  add_nccl(exchange, cost);
  cost->phases[0].flow_bytes *= exchange->machine->device->nccl.nvls_wire_ratio;
}

/* NCCL's kernel, or one of a framework that fits small buffers (multimem). */
static void overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_device_peer_kernels *peer = &exchange->machine->device->peer_kernels;
  if (!tp_collective_uses_switch_kernel(exchange)) {
    as_nccl(exchange, cost);
    return;
  }
  cost->fixed_s += peer->switch_base_s;
  cost->phases[0].flow_bytes *= peer->switch_wire_ratio;
  cost->sm_share = peer->sms / exchange->machine->device->datasheet.sm_count;
  cost->sigma = peer->spread_ratio;
}

/* Switches reduce within each node, a tree of same-numbered ranks sums what they have, and the
 * switches spread that. */
static bool tree_possible(const struct tp_exchange *exchange)
{
  return nccl_may(exchange) && tp_communicator_has(exchange->group, TP_PATTERN_LOCAL_SWITCH);
}

static int depth(int nodes)
{
  int depth = 0;
  while (1 << depth < nodes)
    depth++;
  return depth;
}

static void tree_shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const int nodes = exchange->group->nodes_used;
  const double bytes = exchange->collective->bytes, part = bytes / exchange->group->ranks_per_node;
  cost->n_phases = 1;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_SWITCH_TREE, 2 * depth(nodes), bytes);
  cost->link_bytes = bytes + part + 2 * part * (nodes - 1) / nodes;
  cost->dram_bytes = 2 * bytes + 5 * part;
}

/* Chunk by chunk, so that the slower of the two alone tells; adapters write at the link's rate. */
static void tree_overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_device_nccl *nccl = &exchange->machine->device->nccl;
  const double part = exchange->collective->bytes / exchange->group->ranks_per_node;
  const double inside_s =
      (exchange->collective->bytes + part) *
      (nccl->nvls_tree_wire_ratio > 0 ? nccl->nvls_tree_wire_ratio : nccl->nvls_wire_ratio) /
      tp_communicator_rate(exchange->group, TP_PATTERN_LOCAL_SWITCH)->flow_bytes_per_s;
  const double across_s =
      part / tp_communicator_rate(exchange->group, TP_PATTERN_ACROSS_TREE)->flow_bytes_per_s;
  cost->phases[0].flow_bytes = fmax(inside_s, across_s) * cost->phases[0].flow_bytes_per_s;
  cost->phases[0].hop_s += nccl->simple_hop_network_s;
  add_nccl(exchange, cost);
}

const struct tp_collective_algorithm tp_collective_nvls = {
    TP_ALGORITHM_NVLS, TP_SERVES(TP_ALL_REDUCE), possible, shape, overheads};
const struct tp_collective_algorithm tp_collective_nvls_tree = {
    TP_ALGORITHM_NVLS_TREE, TP_SERVES(TP_ALL_REDUCE), tree_possible, tree_shape, tree_overheads};
