#include "cost/collectives/algorithm.h"

static bool possible(const struct tp_machine *machine, const struct tp_collective *collective)
{
  return machine->patterns[TP_PATTERN_TREE].possible && collective->kind == TP_ALL_REDUCE;
}

static int log2_ceil(int n)
{
  int log2 = 0;
  while (1 << log2 < n)
    log2++;
  return log2;
}

/* Up to the root and down again, both pipelined: every edge carries the buffer each way.  Of n
 * ranks and n-1 edges, the ends send less than inner ranks: `link_bytes` is the mean. */
static void shape(const struct tp_machine *machine, const struct tp_collective *collective,
                  struct tp_cost *cost)
{
  const int depth = machine->ranks_per_node - 1 + log2_ceil(machine->nodes_used);
  cost->n_phases = 1;
  cost->phases[0] = (struct tp_comm_phase){TP_PATTERN_TREE, 2 * depth, 0, collective->bytes};
  cost->link_bytes = 2 * collective->bytes * (machine->ranks - 1) / machine->ranks;
  cost->dram_bytes = (3 + 2) * collective->bytes;
}

static void overheads(const struct tp_machine *machine, const struct tp_collective *collective,
                      struct tp_cost *cost)
{
  tp_protocol_choose(machine, collective, 0, cost);
}

const struct tp_collective_algorithm tp_collective_tree = {TP_ALGORITHM_TREE, possible, shape,
                                                           overheads};
