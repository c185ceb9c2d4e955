#include "cost/collectives/tuning.h"

static bool possible(const struct tp_exchange *exchange)
{
  return exchange->group->nodes_used > 1 && exchange->group->ranks_per_node > 1;
}

/* Reduce-scatter inside the node, all-reduce of the part across nodes, all-gather inside. */
static void shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const int local = exchange->group->ranks_per_node, nodes = exchange->group->nodes_used;
  const double bytes = exchange->collective->bytes, part = bytes / local;
  const double inside = bytes * (local - 1) / local, across = 2 * part * (nodes - 1) / nodes;
  cost->n_phases = 3;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_LOCAL_RING, local - 1, inside);
  cost->phases[1] = tp_exchange_phase(exchange, TP_PATTERN_ACROSS_RING, 2 * (nodes - 1), across);
  cost->phases[2] = cost->phases[0];
  cost->link_bytes = 2 * inside + across;
  cost->dram_bytes = (3 + 2) * inside + 2.5 * across;
}

static void overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  tp_protocol_choose(exchange, TP_PROTOCOL_LL,
                     exchange->collective->bytes / exchange->group->ranks_per_node, cost);
}

const struct tp_collective_algorithm tp_collective_hierarchical = {
    TP_ALGORITHM_HIERARCHICAL, TP_SERVES(TP_ALL_REDUCE), possible, shape, overheads};
