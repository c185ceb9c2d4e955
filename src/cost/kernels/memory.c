/* Elementwise and row-wise kernels: docs/MODEL.md, "Kernels". */
#include "cost/cost.h"

void tp_cost_memory(const struct tp_machine *machine, const struct tp_memory *memory,
                    struct tp_cost *cost)
{
  const struct tp_device_memory *fit = &machine->device->memory;
  const double bytes = memory->read_bytes + memory->write_bytes;
  cost->dram_bytes = bytes;
  cost->fixed_s =
      fit->kernel_floor_s + fit->row_latency_s * bytes / (bytes + fit->row_latency_bytes);
  cost->work_s = bytes / (machine->dram_bytes_per_s * fit->dram_ratio);
  cost->sm_share = 0; /* a quarter of the SMs saturates DRAM: losing some costs it nothing */
  cost->sigma = fit->spread_ratio;
}
