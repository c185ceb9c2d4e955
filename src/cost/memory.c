/* Elementwise and row-wise kernels: a floor, then bytes at a share of the bandwidth. */
#include "cost/cost.h"

#include <math.h>

void tp_cost_memory(const struct tp_machine *machine, const struct tp_memory *memory,
                    struct tp_cost *cost)
{
  const struct tp_device_memory *fit = &machine->device->memory;
  cost->dram_bytes = memory->read_bytes + memory->write_bytes;
  cost->fixed_s = fit->kernel_floor_s;
  cost->work_s = cost->dram_bytes / (machine->dram_bytes_per_s * fit->dram_ratio);
  cost->sm_share = 1;
  cost->sigma = fit->spread_ratio;
}
