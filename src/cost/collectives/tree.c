#include "cost/collectives/tuning.h"

static bool possible(const struct tp_exchange *exchange)
{
  return tp_communicator_has(exchange->group, TP_PATTERN_TREE);
}

/* Up to the root and down again, both pipelined: every edge carries the buffer each way.  Of n
 * ranks and n-1 edges, the ends send less than inner ranks: `link_bytes` is the mean. */
static void shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const int depth = tp_nccl_tree_depth(exchange->group).hops;
  cost->n_phases = 1;
  cost->phases[0] =
      tp_exchange_phase(exchange, TP_PATTERN_TREE, 2 * depth, exchange->collective->bytes);
  cost->link_bytes =
      2 * exchange->collective->bytes * (exchange->group->ranks - 1) / exchange->group->ranks;
  cost->dram_bytes = (3 + 2) * exchange->collective->bytes;
}

static void overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  tp_protocol_choose(exchange, tp_nccl_protocol(exchange, true), 0, cost);
}

const struct tp_collective_algorithm tp_collective_tree = {
    TP_ALGORITHM_TREE, TP_SERVES(TP_ALL_REDUCE), possible, shape, overheads};
