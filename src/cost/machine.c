#include "cost/pattern.h"

/* Ranks go on the first GPUs.  Where nodes get unequal numbers, they count as one group: no
 * hierarchy fits, a flat ring still runs. */
static void place(struct tp_machine *machine, int ranks)
{
  const struct tp_platform *platform = machine->platform;
  int nodes = 1, first = 0, least = ranks, most = 0;
  for (int r = 0; r < ranks; r++) {
    machine->gpus[r] = platform->gpus[r];
    const bool last = r + 1 == ranks || platform->vertices[platform->gpus[r + 1]].node !=
                                            platform->vertices[platform->gpus[r]].node;
    if (!last)
      continue;
    const int here = r + 1 - first;
    least = here < least ? here : least;
    most = here > most ? here : most;
    first = r + 1;
    nodes += r + 1 < ranks;
  }
  machine->ranks = ranks;
  machine->nodes_used = least == most ? nodes : 1;
  machine->ranks_per_node = ranks / machine->nodes_used;
}

/* A switch that adds in flight and that every rank reaches directly. */
static int find_reducing_switch(const struct tp_machine *machine)
{
  const struct tp_platform *platform = machine->platform;
  for (size_t v = 0; v < platform->n_vertices; v++) {
    bool all = platform->vertices[v].reduces;
    for (int r = 0; all && r < machine->ranks; r++)
      all = tp_platform_route(platform, machine->gpus[r], (int)v)->n_hops == 1;
    if (all)
      return (int)v;
  }
  return -1;
}

enum tp_status tp_machine_make(const struct tp_platform *platform, const struct tp_device *device,
                               const struct tp_stack *stack, int ranks, struct tp_machine *machine,
                               struct tp_error *error)
{
  if (ranks < 1 || ranks > TP_MAX_RANKS)
    return tp_fail(error, TP_E_INPUT, "%d ranks: give 1 to %d", ranks, TP_MAX_RANKS);
  if (ranks > platform->n_gpus)
    return tp_fail(error, TP_E_INPUT, "%d ranks need %d GPUs and %s has %d: take fewer ranks",
                   ranks, ranks, platform->name, platform->n_gpus);

  *machine = (struct tp_machine){
      .device = device,
      .stack = stack,
      .platform = platform,
      .dram_bytes_per_s = device->datasheet.dram_bytes_per_s,
  };
  place(machine, ranks);
  machine->reducing_switch = find_reducing_switch(machine);
  tp_pattern_choose_rings(machine);

  for (int p = 0; p < TP_N_PATTERNS; p++)
    machine->patterns[p] = tp_pattern_rate(machine, (enum tp_pattern)p);
  return TP_OK;
}
