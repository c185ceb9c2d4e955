#include "cost/collectives/algorithm.h"

static bool possible(const struct tp_machine *machine, const struct tp_collective *collective)
{
  return machine->nodes_used > 1 && machine->ranks_per_node > 1 &&
         collective->kind == TP_ALL_REDUCE;
}

/* Reduce-scatter inside the node, all-reduce of the part across nodes, all-gather inside. */
static void shape(const struct tp_machine *machine, const struct tp_collective *collective,
                  struct tp_cost *cost)
{
  const int local = machine->ranks_per_node, nodes = machine->nodes_used;
  const double bytes = collective->bytes, part = bytes / local;
  const double inside = bytes * (local - 1) / local, across = 2 * part * (nodes - 1) / nodes;
  cost->n_phases = 3;
  cost->phases[0] = (struct tp_comm_phase){TP_PATTERN_LOCAL_RING, local - 1, 0, inside};
  cost->phases[1] = (struct tp_comm_phase){TP_PATTERN_ACROSS_RING, 2 * (nodes - 1), 0, across};
  cost->phases[2] = cost->phases[0];
  cost->link_bytes = 2 * inside + across;
  cost->dram_bytes = (3 + 2) * inside + 2.5 * across;
}

static void overheads(const struct tp_machine *machine, const struct tp_collective *collective,
                      struct tp_cost *cost)
{
  tp_protocol_choose(machine, collective, collective->bytes / machine->ranks_per_node, cost);
}

const struct tp_collective_algorithm tp_collective_hierarchical = {TP_ALGORITHM_HIERARCHICAL,
                                                                   possible, shape, overheads};
