/* One-row GEMM as a generated reduction over the weights: docs/MODEL.md, Matrix-vector. */
#include "cost/cost.h"

void tp_cost_matrix_vector(const struct tp_machine *machine, const struct tp_gemm *gemm,
                           struct tp_cost *cost)
{
  const struct tp_device_memory *fit = &machine->device->memory;
  const double n = (double)gemm->n, k = (double)gemm->k;
  cost->dram_bytes = tp_dtype_bytes(gemm->dtype) * (n * k + n + k);
  cost->fixed_s = fit->kernel_floor_s;
  cost->work_s = cost->dram_bytes / (machine->dram_bytes_per_s * fit->dram_ratio);
  cost->sm_share = 0; /* as other streaming kernels */
  cost->sigma = fit->spread_ratio;
}
