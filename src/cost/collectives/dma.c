/* Sends by DMA engines that memory controllers trigger (T3): no SMs, no protocol, no library.
 * docs/MODEL.md, "Track and trigger". */
#include "cost/collectives/algorithm.h"

static bool possible(const struct tp_machine *machine, const struct tp_collective *collective)
{
  return machine->patterns[TP_PATTERN_RING].possible && collective->kind == TP_SEND;
}

/* Two parts read, their sum written: by the GPU itself, after the last has arrived. */
static void settle(const struct tp_machine *machine, const struct tp_collective *collective,
                   struct tp_cost *cost)
{
  if (machine->device->trigger.near_memory >= 0.5)
    return;
  cost->dram_bytes = 3 * collective->bytes;
}

static void shape(const struct tp_machine *machine, const struct tp_collective *collective,
                  struct tp_cost *cost)
{
  const struct tp_device_trigger *trigger = &machine->device->trigger;
  if (collective->role == TP_DMA_SETTLE) {
    settle(machine, collective, cost);
    return;
  }
  const bool adds = trigger->near_memory >= 0.5;
  const double bytes = collective->bytes;
  const double read_bytes =
      collective->role == TP_DMA_STORES ? 0 : bytes * (adds ? 1 : 2); /* and adds as it reads */
  cost->n_phases = 1;
  cost->phases[0] = (struct tp_comm_phase){
      .pattern = TP_PATTERN_RING, .steps = collective->continues ? 0 : 1, .flow_bytes = bytes};
  cost->fixed_s = collective->continues ? 0 : trigger->start_s;
  cost->link_bytes = bytes;
  cost->dram_bytes = read_bytes + bytes * (adds ? trigger->store_ratio : 1);
  cost->queue_accesses = trigger->queue_accesses;
  cost->dram_weight = collective->arbitrated ? trigger->starvation_ratio : 1;
}

/* Hardware does it: what libraries add does not apply. */
static void overheads(const struct tp_machine *machine, const struct tp_collective *collective,
                      struct tp_cost *cost)
{
  (void)machine, (void)collective, (void)cost;
}

const struct tp_collective_algorithm tp_collective_dma = {TP_ALGORITHM_DMA, possible, shape,
                                                          overheads};
