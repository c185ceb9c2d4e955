/* The low-bit all-reduce of Flash Communication in one kernel: quantise, send each part to the rank
 * that owns it, dequantise and sum, quantise, send to all, dequantise.  Blocks go through these
 * steps one behind another, so arithmetic and links work at once: MODEL.md, Low-bit all-reduce. */
#include "cost/collectives/algorithm.h"

#include <math.h>

static double elements_of(const struct tp_collective *collective)
{
  return collective->bytes / tp_dtype_bytes(collective->dtype);
}

static bool possible(const struct tp_exchange *exchange)
{
  return tp_communicator_has(exchange->group, TP_PATTERN_DIRECT) &&
         exchange->collective->wire.reduce_bits > 0;
}

static bool hierarchical_possible(const struct tp_exchange *exchange)
{
  return possible(exchange) && exchange->group->domains_used > 1 &&
         exchange->group->ranks_per_domain > 1;
}

/* Own data read; written packed, fetched from there by their owners; sums written packed, fetched
 * by all; result written. */
static void shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_wire *wire = &exchange->collective->wire;
  const double n = exchange->group->ranks, part = elements_of(exchange->collective) / n;
  const double reduced = tp_wire_bytes(wire, wire->reduce_bits, part);
  const double gathered = tp_wire_bytes(wire, wire->gather_bits, part);
  cost->n_phases = 2;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_DIRECT, 1, reduced);
  cost->phases[1] = tp_exchange_phase(exchange, TP_PATTERN_DIRECT, 1, gathered);
  cost->link_bytes = (n - 1) * (reduced + gathered);
  cost->dram_bytes = 2 * exchange->collective->bytes + 2 * n * reduced + (n + 1) * gathered;
}

/* V2: reduce-scatter inside a domain, the two steps across domains, and what came back is passed on
 * inside as it is. */
static void hierarchical_shape(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const struct tp_wire *wire = &exchange->collective->wire;
  const double local = exchange->group->ranks_per_domain, domains = exchange->group->domains_used;
  const double n = exchange->group->ranks, elements = elements_of(exchange->collective);
  const double inside = tp_wire_bytes(wire, wire->reduce_bits, elements / local);
  const double across = tp_wire_bytes(wire, wire->reduce_bits, elements / n);
  const double gathered = tp_wire_bytes(wire, wire->gather_bits, elements / n);
  cost->n_phases = 4;
  cost->phases[0] = tp_exchange_phase(exchange, TP_PATTERN_LOCAL_DIRECT, 1, inside);
  cost->phases[1] = tp_exchange_phase(exchange, TP_PATTERN_ACROSS_DIRECT, 1, across);
  cost->phases[2] = tp_exchange_phase(exchange, TP_PATTERN_ACROSS_DIRECT, 1, gathered);
  cost->phases[3] = tp_exchange_phase(exchange, TP_PATTERN_LOCAL_DIRECT, 1, domains * gathered);
  cost->link_bytes =
      (local - 1) * (inside + domains * gathered) + (domains - 1) * (across + gathered);
  cost->dram_bytes = 2 * exchange->collective->bytes + 2 * local * inside + 2 * domains * across +
                     (domains + 1) * gathered + (local + 1) * domains * gathered;
}

/* Passes over the data, in elements, and how often a block waits for other ranks. */
struct work {
  double quantised, dequantised;
  int stages;
};

static void add_overheads(const struct tp_exchange *exchange, const struct work *work,
                          struct tp_cost *cost)
{
  const struct tp_device *device = exchange->machine->device;
  const struct tp_device_quantise *quantise = &device->quantise;
  const struct tp_device_peer_kernels *peer = &device->peer_kernels;
  const double wire_ratio[] = {peer->two_shot_wire_ratio, device->nccl.pcie_wire_ratio,
                               device->nccl.network_wire_ratio};
  const double instructions = work->quantised * quantise->quantise_instructions +
                              work->dequantised * quantise->dequantise_instructions;
  const double per_s = quantise->sms * quantise->lanes * device->datasheet.clock_hz;
  const double block_bytes = quantise->block_elements * tp_dtype_bytes(exchange->collective->dtype);
  const double arithmetic_s = instructions / per_s;
  /* No link runs while the first blocks are quantised and the last ones dequantised; of the others
   * where blocks do not take turns. */
  const double ends = fmin(1, quantise->sms * block_bytes / exchange->collective->bytes);
  cost->work_s = arithmetic_s * (1 - quantise->exposed_ratio);
  cost->fixed_s +=
      arithmetic_s * (ends + (1 - ends) * quantise->exposed_ratio) +
      work->stages * device->memory.kernel_floor_s +
      exchange->machine->stack->collectives.peer_fixed_ratio *
          (peer->two_shot_base_s + peer->two_shot_rank_s * (exchange->group->ranks - 1));
  for (int i = 0; i < cost->n_phases; i++)
    cost->phases[i].flow_bytes *= wire_ratio[cost->phases[i].rate->limiting];
  cost->sm_share = quantise->sms / device->datasheet.sm_count;
  cost->sigma = quantise->spread_ratio;
}

static void overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const double n = exchange->group->ranks, elements = elements_of(exchange->collective);
  const struct work work = {elements * (1 + 1 / n), 2 * elements, 3};
  add_overheads(exchange, &work, cost);
}

static void hierarchical_overheads(const struct tp_exchange *exchange, struct tp_cost *cost)
{
  const double n = exchange->group->ranks, local = exchange->group->ranks_per_domain;
  const double elements = elements_of(exchange->collective);
  const struct work work = {elements * (1 + 1 / local + 1 / n), elements * (2 + 1 / local), 4};
  add_overheads(exchange, &work, cost);
}

const struct tp_collective_algorithm tp_collective_flash = {
    TP_ALGORITHM_FLASH, TP_SERVES(TP_ALL_REDUCE), possible, shape, overheads};
const struct tp_collective_algorithm tp_collective_flash_hierarchical = {
    TP_ALGORITHM_FLASH_HIERARCHICAL, TP_SERVES(TP_ALL_REDUCE), hierarchical_possible,
    hierarchical_shape, hierarchical_overheads};
