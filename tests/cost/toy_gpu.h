#ifndef TP_TESTS_COST_TOY_GPU_H
#define TP_TESTS_COST_TOY_GPU_H
/* A GPU of round numbers: 100 SMs of 1e13 flop/s, everything else out of the way until a test
 * brings it in. */
#include "cost/cost.h"

#include "../suite.h"

struct toy {
  struct tp_device device;
  struct tp_stack stack;
  struct tp_machine machine;
};

#define TOY_GEMM                                                                            \
  {                                                                                         \
    .launch_s = 2e-6, .compute_ratio = 1, .dram_ratio = 1, .sm_bytes_per_s = 1e14,          \
    .l2_bytes_per_s = 1e16, .epilogue_bytes_per_s = 1e14, .wave_ratio = 1, .split_s = 1e-3, \
    .activation_ratio = 1, .sustained_ratio = 0.5, .spread_ratio = 0.1                      \
  }

static inline void toy_init(struct toy *toy)
{
  *toy = (struct toy){
      .device = {.datasheet = {.sm_count = 100,
                               .fp16_flops_per_s = 1e15,
                               .fp8_flops_per_s = 2e15,
                               .fp32_flops_per_s = 1e14},
                 .gemm = TOY_GEMM,
                 .gemm_fp8 = TOY_GEMM,
                 .attention_prefill = {.launch_s = 3e-6,
                                       .compute_ratio = 1,
                                       .dram_ratio = 1,
                                       .tile_rows = 64,
                                       .spread_ratio = 0.2},
                 .attention_decode = {.launch_s = 4e-6,
                                      .compute_ratio = 1,
                                      .dram_ratio = 1,
                                      .sm_bytes_per_s = 1e14,
                                      .l2_bytes_per_s = 1e16,
                                      .most_splits = 1,
                                      .spread_ratio = 0.3},
                 .memory = {.kernel_floor_s = 1e-6,
                            .row_latency_s = 2e-6,
                            .row_latency_bytes = 1000,
                            .dram_ratio = 0.5,
                            .expanded_ratio = 2,
                            .spread_ratio = 0.4}},
      .stack = {.launch = {.decode = TP_LAUNCH_GRAPH, .prefill = TP_LAUNCH_GRAPH}},
  };
  toy->machine =
      (struct tp_machine){.device = &toy->device, .stack = &toy->stack, .dram_bytes_per_s = 1e18};
}

static inline double toy_us(const struct toy *toy, const struct tp_op *op)
{
  const struct tp_cost cost = tp_cost_op(&toy->machine, true, op);
  return 1e6 * tp_cost_alone_s(&toy->machine, &cost);
}

static inline struct tp_op toy_gemm(int64_t m, int64_t n, int64_t k)
{
  return (struct tp_op){.kind = TP_OP_GEMM,
                        .gemm = {.m = m, .n = n, .k = k, .dtype = TP_DTYPE_BF16}};
}
#endif
