#include "cost/fabric/pattern.h"

static bool same_node(const struct tp_vertex *a, const struct tp_vertex *b)
{
  return a->node == b->node;
}

static bool same_domain(const struct tp_vertex *a, const struct tp_vertex *b)
{
  return a->node == b->node && a->numa == b->numa;
}

/* How many groups the ranks form.  Where these get unequal numbers, they count as one: no hierarchy
 * fits, a flat ring still runs. */
static int count_groups(const struct tp_machine *machine,
                        bool (*same)(const struct tp_vertex *a, const struct tp_vertex *b))
{
  const struct tp_vertex *vertices = machine->platform->vertices;
  int groups = 1, first = 0, least = machine->ranks, most = 0;
  for (int r = 1; r <= machine->ranks; r++) {
    const bool last = r == machine->ranks;
    if (!last && same(&vertices[machine->gpus[r]], &vertices[machine->gpus[r - 1]]))
      continue;
    least = r - first < least ? r - first : least;
    most = r - first > most ? r - first : most;
    first = r;
    groups += !last;
  }
  return least == most ? groups : 1;
}

/* Ranks go on the first GPUs. */
static void place(struct tp_machine *machine, int ranks)
{
  machine->ranks = ranks;
  for (int r = 0; r < ranks; r++)
    machine->gpus[r] = machine->platform->gpus[r];
  machine->nodes_used = count_groups(machine, same_node);
  machine->ranks_per_node = ranks / machine->nodes_used;
  machine->domains_used =
      machine->nodes_used > 1 ? machine->nodes_used : count_groups(machine, same_domain);
  machine->ranks_per_domain = ranks / machine->domains_used;
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
