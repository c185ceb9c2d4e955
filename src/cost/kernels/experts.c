/* Fused experts: docs/MODEL.md, "Experts". */
#include "cost/cost.h"
#include "cost/kernels/rate.h"

#include <math.h>

/* Of `local` experts, those that any of `rows` tokens comes to, each of which goes to one with the
 * same chance. */
static double touched(double local, double rows)
{
  return local * -expm1(rows * log1p(-1 / fmax(local, 1 + 1e-9)));
}

void tp_cost_experts(const struct tp_machine *machine, const struct tp_experts *experts,
                     struct tp_cost *cost)
{
  const struct tp_device *device = machine->device;
  const bool low = tp_dtype_activation_bytes(experts->dtype) < 2;
  const double compute_ratio = low ? device->gemm_fp8.compute_ratio : device->gemm.compute_ratio;
  const double dram_ratio = low ? device->gemm_fp8.dram_ratio : device->gemm.dram_ratio;
  const double local = (double)experts->experts / (double)experts->moe_ep;
  const double rows = (double)experts->tokens * (double)experts->top_k / (double)experts->moe_ep;
  const double inner = (double)experts->intermediate / (double)experts->moe_tp;
  const double hidden = (double)experts->hidden, products = experts->ungated ? 2 : 3;
  const struct tp_op op = {.kind = TP_OP_EXPERTS, .experts = *experts};
  const double weight_bytes =
      touched(local, rows) * products * hidden * inner * tp_dtype_bytes(experts->dtype);
  cost->dram_bytes = weight_bytes + rows * (2 * hidden + (products + 1) * inner) * 2;
  cost->fixed_s = 2 * (low ? device->gemm_fp8.launch_s : device->gemm.launch_s) +
                  3 * device->memory.kernel_floor_s;
  cost->compute_s =
      tp_op_flops(&op) / (tp_matrix_flops_per_s(device, experts->dtype) * compute_ratio);
  cost->matrix_s = cost->compute_s;
  const double dram_s = cost->dram_bytes / (machine->dram_bytes_per_s * dram_ratio);
  cost->work_s = pow(pow(cost->compute_s, 4) + pow(dram_s, 4), 0.25);
  cost->sigma = low ? device->gemm_fp8.spread_ratio : device->gemm.spread_ratio;
}
