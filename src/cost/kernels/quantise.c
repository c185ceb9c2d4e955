/* Activations to the type of a low-bit GEMM: docs/MODEL.md, "Quantising". */
#include "cost/cost.h"
#include "cost/kernels/rate.h"

#include <math.h>

/* A block a row, which it reads once and, for a scale of its own, once more before. */
static void by_rows(const struct tp_machine *machine, const struct tp_device_scaling *fit,
                    const struct tp_quantise *quantise, struct tp_cost *cost)
{
  const double m = (double)quantise->m, k = (double)quantise->k, bytes = cost->dram_bytes;
  const double cold = tp_cold_ratio(bytes, fit->cached_bytes);
  const double moved_s = cold * bytes / (machine->dram_bytes_per_s * fit->dram_ratio) +
                         (1 - cold) * bytes / fit->cache_bytes_per_s;
  cost->dram_bytes = cold * bytes;
  cost->fixed_s = fit->launch_s + k * fit->element_s;
  cost->work_s = pow(pow(moved_s, 4) + pow(m * fit->row_s, 4), 0.25);
  if (quantise->scale == TP_SCALE_TOKEN) {
    cost->fixed_s += fit->scale_s + k * fit->scale_element_s;
    cost->work_s += 2 * m * k / fit->scale_bytes_per_s;
  }
  cost->sigma = fit->spread_ratio;
}

/* Where the device's file knows no such kernel it is one that moves as many bytes. */
void tp_cost_quantise(const struct tp_machine *machine, const struct tp_quantise *quantise,
                      struct tp_cost *cost)
{
  const struct tp_device_scaling *fit = &machine->device->scaling;
  const double elements = (double)quantise->m * (double)quantise->k;
  const struct tp_memory moved = {.read_bytes = 2 * elements,
                                  .write_bytes =
                                      elements * tp_dtype_activation_bytes(quantise->dtype)};
  tp_cost_memory(machine, &moved, cost);
  if (fit->launch_s <= 0)
    return;
  cost->dram_bytes = moved.read_bytes + moved.write_bytes;
  by_rows(machine, fit, quantise, cost);
}
