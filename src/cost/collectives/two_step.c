/* The low-bit all-reduce of Flash Communication in one kernel: quantise, send each part to the rank
 * that owns it, dequantise and sum, quantise, send to all, dequantise.  Blocks go through these
 * steps one behind another, so arithmetic and links work at once: MODEL.md, Low-bit all-reduce. */
#include "cost/collectives/algorithm.h"

#include <math.h>

static double elements_of(const struct tp_collective *collective)
{
  return collective->bytes / tp_dtype_bytes(collective->dtype);
}

static bool possible(const struct tp_machine *machine, const struct tp_collective *collective)
{
  return machine->patterns[TP_PATTERN_DIRECT].possible && collective->wire.reduce_bits > 0 &&
         collective->kind == TP_ALL_REDUCE;
}

static bool hierarchical_possible(const struct tp_machine *machine,
                                  const struct tp_collective *collective)
{
  return possible(machine, collective) && machine->domains_used > 1 &&
         machine->ranks_per_domain > 1;
}

/* Own data read; written packed, fetched from there by their owners; sums written packed, fetched
 * by all; result written. */
static void shape(const struct tp_machine *machine, const struct tp_collective *collective,
                  struct tp_cost *cost)
{
  const struct tp_wire *wire = &collective->wire;
  const double n = machine->ranks, part = elements_of(collective) / n;
  const double reduced = tp_wire_bytes(wire, wire->reduce_bits, part);
  const double gathered = tp_wire_bytes(wire, wire->gather_bits, part);
  cost->n_phases = 2;
  cost->phases[0] = (struct tp_comm_phase){TP_PATTERN_DIRECT, 1, 0, reduced};
  cost->phases[1] = (struct tp_comm_phase){TP_PATTERN_DIRECT, 1, 0, gathered};
  cost->link_bytes = (n - 1) * (reduced + gathered);
  cost->dram_bytes = 2 * collective->bytes + 2 * n * reduced + (n + 1) * gathered;
}

/* V2: reduce-scatter inside a domain, the two steps across domains, and what came back is passed on
 * inside as it is. */
static void hierarchical_shape(const struct tp_machine *machine,
                               const struct tp_collective *collective, struct tp_cost *cost)
{
  const struct tp_wire *wire = &collective->wire;
  const double local = machine->ranks_per_domain, domains = machine->domains_used;
  const double n = machine->ranks, elements = elements_of(collective);
  const double inside = tp_wire_bytes(wire, wire->reduce_bits, elements / local);
  const double across = tp_wire_bytes(wire, wire->reduce_bits, elements / n);
  const double gathered = tp_wire_bytes(wire, wire->gather_bits, elements / n);
  cost->n_phases = 4;
  cost->phases[0] = (struct tp_comm_phase){TP_PATTERN_LOCAL_DIRECT, 1, 0, inside};
  cost->phases[1] = (struct tp_comm_phase){TP_PATTERN_ACROSS_DIRECT, 1, 0, across};
  cost->phases[2] = (struct tp_comm_phase){TP_PATTERN_ACROSS_DIRECT, 1, 0, gathered};
  cost->phases[3] = (struct tp_comm_phase){TP_PATTERN_LOCAL_DIRECT, 1, 0, domains * gathered};
  cost->link_bytes =
      (local - 1) * (inside + domains * gathered) + (domains - 1) * (across + gathered);
  cost->dram_bytes = 2 * collective->bytes + 2 * local * inside + 2 * domains * across +
                     (domains + 1) * gathered + (local + 1) * domains * gathered;
}

/* Passes over the data, in elements, and how often a block waits for other ranks. */
struct work {
  double quantised, dequantised;
  int stages;
};

static void add_overheads(const struct tp_machine *machine, const struct tp_collective *collective,
                          const struct work *work, struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const struct tp_device_quantise *quantise = &device->quantise;
  const struct tp_device_peer_kernels *peer = &device->peer_kernels;
  const double wire_ratio[] = {peer->two_shot_wire_ratio, device->nccl.pcie_wire_ratio,
                               device->nccl.network_wire_ratio};
  const double instructions = work->quantised * quantise->quantise_instructions +
                              work->dequantised * quantise->dequantise_instructions;
  const double per_s = quantise->sms * quantise->lanes * device->datasheet.clock_hz;
  const double block_bytes = quantise->block_elements * tp_dtype_bytes(collective->dtype);
  cost->work_s = instructions / per_s;
  /* No link runs while the first blocks are quantised and the last ones dequantised. */
  cost->fixed_s += cost->work_s * fmin(1, quantise->sms * block_bytes / collective->bytes) +
                   work->stages * device->memory.kernel_floor_s +
                   machine->stack->collectives.peer_fixed_ratio *
                       (peer->two_shot_base_s + peer->two_shot_rank_s * (machine->ranks - 1));
  for (int i = 0; i < cost->n_phases; i++)
    cost->phases[i].flow_bytes *= wire_ratio[machine->patterns[cost->phases[i].pattern].limiting];
  cost->sm_share = quantise->sms / device->datasheet.sm_count;
  cost->sigma = quantise->spread_ratio;
}

static void overheads(const struct tp_machine *machine, const struct tp_collective *collective,
                      struct tp_cost *cost)
{
  const double n = machine->ranks, elements = elements_of(collective);
  const struct work work = {elements * (1 + 1 / n), 2 * elements, 3};
  add_overheads(machine, collective, &work, cost);
}

static void hierarchical_overheads(const struct tp_machine *machine,
                                   const struct tp_collective *collective, struct tp_cost *cost)
{
  const double n = machine->ranks, local = machine->ranks_per_domain;
  const double elements = elements_of(collective);
  const struct work work = {elements * (1 + 1 / local + 1 / n), elements * (2 + 1 / local), 4};
  add_overheads(machine, collective, &work, cost);
}

const struct tp_collective_algorithm tp_collective_flash = {TP_ALGORITHM_FLASH, possible, shape,
                                                            overheads};
const struct tp_collective_algorithm tp_collective_flash_hierarchical = {
    TP_ALGORITHM_FLASH_HIERARCHICAL, hierarchical_possible, hierarchical_shape,
    hierarchical_overheads};
