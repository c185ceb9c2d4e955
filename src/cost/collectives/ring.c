#include "cost/collectives/algorithm.h"

/* Rounds of n-1 steps: reduce-scatter, all-gather, or one after the other. */
static int rounds(enum tp_collective_kind kind)
{
  return kind == TP_ALL_REDUCE ? 2 : 1;
}

static bool possible(const struct tp_machine *machine, const struct tp_collective *collective)
{
  return machine->patterns[TP_PATTERN_RING].possible && collective->kind != TP_ALL_TO_ALL;
}

/* Without a pipeline the first step only copies, and the sum of what the last one brings is a pass
 * of its own. */
static void add_last_sum(const struct tp_machine *machine, double chunk_bytes, struct tp_cost *cost)
{
  cost->dram_bytes += (3 - 1) * chunk_bytes;
  cost->fixed_s += 3 * chunk_bytes / machine->dram_bytes_per_s;
}

static void shape(const struct tp_machine *machine, const struct tp_collective *collective,
                  struct tp_cost *cost)
{
  const double n = machine->ranks, bytes = collective->bytes;
  const bool send = collective->kind == TP_SEND;
  const int steps = send ? 1 : rounds(collective->kind) * (machine->ranks - 1);
  const double sent = send ? bytes : steps * bytes / n;

  cost->n_phases = 1;
  cost->phases[0] = (struct tp_comm_phase){TP_PATTERN_RING, steps, 0, sent};
  cost->link_bytes = sent;
  /* A reducing step reads its own part and the received one and writes the next GPU's buffer; a
   * copying step reads and writes. */
  const double reduced = collective->kind == TP_ALL_REDUCE       ? sent / 2
                         : collective->kind == TP_REDUCE_SCATTER ? sent
                                                                 : 0;
  cost->dram_bytes = 3 * reduced + 2 * (sent - reduced);
  if (machine->stack->collectives.library == TP_LIBRARY_STEPPED && reduced > 0)
    add_last_sum(machine, bytes / n, cost);
}

static void overheads(const struct tp_machine *machine, const struct tp_collective *collective,
                      struct tp_cost *cost)
{
  const double own = collective->kind == TP_SEND ? 0 : collective->bytes / machine->ranks;
  tp_protocol_choose(machine, collective, own, cost);
}

const struct tp_collective_algorithm tp_collective_ring = {TP_ALGORITHM_RING, possible, shape,
                                                           overheads};
