/* Activations to the type of a low-bit GEMM: docs/MODEL.md, "Quantising". */
#include "cost/cost.h"
#include "cost/kernels/rate.h"

#include <math.h>

/* Its fixed time, and what its scales take beyond that. */
static double fixed_s(const struct tp_device_scaling *fit, const struct tp_quantise *quantise)
{
  const double k = (double)quantise->k;
  const bool scales = quantise->scale == TP_SCALE_TOKEN;
  return fit->launch_s + k * fit->element_s +
         (scales ? fit->scale_s + k * fit->scale_element_s : 0);
}

static double read_again_s(const struct tp_device_scaling *fit, const struct tp_quantise *quantise)
{
  const double bytes = 2 * (double)quantise->m * (double)quantise->k;
  return quantise->scale == TP_SCALE_TOKEN ? bytes / fit->scale_bytes_per_s : 0;
}

static double rows_s(const struct tp_device_scaling *fit, const struct tp_quantise *quantise,
                     double moved_s)
{
  return pow(pow(moved_s, 4) + pow((double)quantise->m * fit->row_s, 4), 0.25);
}

static double bytes_of(const struct tp_quantise *quantise)
{
  const double elements = (double)quantise->m * (double)quantise->k;
  return elements * (2 + tp_dtype_activation_bytes(quantise->dtype));
}

double tp_cost_quantise_cached_s(const struct tp_device *device, const struct tp_quantise *quantise)
{
  const struct tp_device_scaling *fit = &device->scaling;
  if (fit->launch_s <= 0)
    return 0;
  return fixed_s(fit, quantise) + read_again_s(fit, quantise) +
         rows_s(fit, quantise, bytes_of(quantise) / fit->cache_bytes_per_s);
}

/* A block a row, which it reads once and, for a scale of its own, once more before. */
static void by_rows(const struct tp_machine *machine, const struct tp_device_scaling *fit,
                    const struct tp_quantise *quantise, struct tp_cost *cost)
{
  const double bytes = bytes_of(quantise), cold = tp_cold_ratio(bytes, fit->cached_bytes);
  const double moved_s = cold * bytes / (machine->dram_bytes_per_s * fit->dram_ratio) +
                         (1 - cold) * bytes / fit->cache_bytes_per_s;
  cost->dram_bytes = cold * bytes;
  cost->fixed_s = fixed_s(fit, quantise);
  cost->work_s = rows_s(fit, quantise, moved_s) + read_again_s(fit, quantise);
  cost->sigma = fit->spread_ratio;
}

/* Where the device's file knows no such kernel it is one that moves as many bytes. */
void tp_cost_quantise(const struct tp_machine *machine, const struct tp_quantise *quantise,
                      struct tp_cost *cost)
{
  const struct tp_device_scaling *fit = &machine->device->scaling;
  const double read_bytes = 2 * (double)quantise->m * (double)quantise->k;
  const struct tp_memory moved = {.read_bytes = read_bytes,
                                  .write_bytes = bytes_of(quantise) - read_bytes};
  tp_cost_memory(machine, &moved, cost);
  if (fit->launch_s > 0)
    by_rows(machine, fit, quantise, cost);
}
