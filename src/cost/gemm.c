/* GEMM: launch + max(flops at a share of the peak, bytes at a share of the bandwidth). */
#include "cost/cost.h"
#include "cost/rate.h"

#include <math.h>

void tp_cost_gemm(const struct tp_machine *machine, const struct tp_gemm *gemm,
                  struct tp_cost *cost)
{
  const struct tp_device_gemm *fit = &machine->device->gemm;
  const double m = (double)gemm->m, n = (double)gemm->n, k = (double)gemm->k;
  double rate = tp_matrix_flops_per_s(machine->device, gemm->dtype) * fit->compute_ratio;
  if (machine->sustained)
    rate *= fit->sustained_ratio;
  cost->flops = 2 * m * n * k;
  cost->dram_bytes = tp_dtype_bytes(gemm->dtype) * (m * k + k * n + m * n);
  cost->fixed_s = fit->launch_s;
  cost->compute_s = cost->flops / rate;
  cost->work_s =
      fmax(cost->compute_s, cost->dram_bytes / (machine->dram_bytes_per_s * fit->dram_ratio));
  cost->sm_share = 1;
  cost->sigma = fit->spread_ratio;
}
