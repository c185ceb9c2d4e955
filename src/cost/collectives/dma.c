/* Sends by DMA engines that memory controllers trigger (T3): no SMs, no protocol, no library.
 * docs/MODEL.md, "Track and trigger". */
#include "cost/collectives/algorithm.h"

static bool possible(const struct tp_exchange *exchange)
{
  return tp_communicator_has(exchange->group, TP_PATTERN_RING);
}

/* Two parts read, their sum written: by the GPU itself, after the last has arrived. */
static void settle(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  if (exchange->machine->device->trigger.near_memory >= 0.5)
    return;
  cost->dram_bytes = 3 * exchange->collective->bytes;
}

static void shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_device_trigger *trigger = &exchange->machine->device->trigger;
  if (exchange->collective->role == TP_DMA_SETTLE) {
    settle(exchange, cost);
    return;
  }
  const bool adds = trigger->near_memory >= 0.5;
  const double bytes = exchange->collective->bytes;
  const double read_bytes = exchange->collective->role == TP_DMA_STORES
                                ? 0
                                : bytes * (adds ? 1 : 2); /* and adds as it reads */
  cost->n_phases = 1;
  cost->phases[0] =
      tp_exchange_phase(exchange, TP_PATTERN_RING, exchange->collective->continues ? 0 : 1, bytes);
  cost->fixed_s = exchange->collective->continues ? 0 : trigger->start_s;
  cost->link_bytes = bytes;
  cost->dram_bytes = read_bytes + bytes * (adds ? trigger->store_ratio : 1);
  cost->queue_accesses = trigger->queue_accesses;
  cost->dram_weight = exchange->collective->arbitrated ? trigger->starvation_ratio : 1;
}

/* Hardware does it: what libraries add does not apply. */
static void overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  (void)exchange, (void)cost;
}

const struct tp_collective_algorithm tp_collective_dma = {TP_ALGORITHM_DMA, TP_SERVES(TP_SEND),
                                                          possible, shape, overheads};
