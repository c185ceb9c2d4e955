#ifndef TP_PLATFORM_DEVICE_GROUPS_H
#define TP_PLATFORM_DEVICE_GROUPS_H
/* Schema of the fitted groups of a device file: key, least, most, meaning.
 * `spread_ratio` is the residual standard deviation of ln(measured/predicted) of the fit. */

#define TP_DEVICE_GEMM(X)                                                                   \
  X(launch_s, 0, 1e-3, "fixed time of a GEMM kernel inside a captured graph")               \
  X(compute_ratio, 0.01, 1.2, "share of the matrix peak reached by a full wave")            \
  X(dram_ratio, 0.01, 1.2, "share of the memory peak reached by a large stream")            \
  X(sustained_ratio, 0.1, 1.2, "matrix rate under minutes of load over burst rate (power)") \
  X(spread_ratio, 0, 2, "residual spread of the fit")

#define TP_DEVICE_ATTENTION(X)                                              \
  X(launch_s, 0, 1e-3, "fixed time of an attention kernel")                 \
  X(compute_ratio, 0.01, 1.2, "share of the matrix peak at long sequences") \
  X(dram_ratio, 0.01, 1.2, "share of the memory peak streaming a KV cache") \
  X(spread_ratio, 0, 2, "residual spread of the fit")

#define TP_DEVICE_MEMORY(X)                                                   \
  X(kernel_floor_s, 0, 1e-3, "shortest kernel inside a captured graph")       \
  X(dram_ratio, 0.01, 1.2, "share of the memory peak of elementwise kernels") \
  X(spread_ratio, 0, 2, "residual spread of the fit")

#define TP_DEVICE_NCCL(X)                                 \
  X(base_s, 0, 1e-3, "fixed time of a collective kernel") \
  X(spread_ratio, 0, 2, "residual spread of the fit")

#define TP_DEVICE_PEER_KERNELS(X)                                           \
  X(one_shot_base_s, 0, 1e-3, "fixed time of a one-shot all-reduce kernel") \
  X(spread_ratio, 0, 2, "residual spread of the fit")

#define TP_DEVICE_FITTED_GROUPS(X)  \
  X(gemm, TP_DEVICE_GEMM)           \
  X(attention, TP_DEVICE_ATTENTION) \
  X(memory, TP_DEVICE_MEMORY)       \
  X(nccl, TP_DEVICE_NCCL)           \
  X(peer_kernels, TP_DEVICE_PEER_KERNELS)
#endif
