/* What a machine is made of, and how long an op lasts that has it to itself. */
#include "cost/cost.h"

#include <math.h>

enum tp_status tp_machine_make(const struct tp_platform *platform, const struct tp_device *device,
                               const struct tp_stack *stack, int ranks, struct tp_machine *machine,
                               struct tp_error *error)
{
  struct tp_fabric *fabric;
  const enum tp_status status = tp_fabric_make(platform, ranks, &fabric, error);
  if (status == TP_OK)
    *machine = (struct tp_machine){.device = device,
                                   .stack = stack,
                                   .fabric = fabric,
                                   .dram_bytes_per_s = device->datasheet.dram_bytes_per_s};
  return status;
}

int tp_machine_nodes(const struct tp_machine *machine)
{
  return machine->fabric == NULL ? 1 : tp_fabric_servers(machine->fabric);
}

static double phases_s(const struct tp_cost *cost)
{
  double total_s = 0;
  for (int i = 0; i < cost->n_phases; i++) {
    const struct tp_comm_phase *phase = &cost->phases[i];
    total_s += phase->steps * (phase->hop_s + phase->latency_s);
    if (phase->flow_bytes > 0)
      total_s += phase->flow_bytes / phase->flow_bytes_per_s;
  }
  return total_s;
}

double tp_cost_alone_s(const struct tp_machine *machine, const struct tp_cost *cost)
{
  const double dram_s = cost->dram_bytes / machine->dram_bytes_per_s;
  const double own_s = cost->n_phases > 0 ? phases_s(cost) : cost->compute_s;
  return cost->fixed_s + fmax(fmax(cost->work_s, own_s), dram_s);
}
