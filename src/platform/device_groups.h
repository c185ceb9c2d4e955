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

/* Ring and tree run in one of three protocols; a hop is one step of a chunk, by the kind of link.
 */
#define TP_DEVICE_NCCL(X)                                                                       \
  X(ll_base_s, 0, 1e-3, "LL: fixed time of a collective kernel")                                \
  X(ll_hop_s, 0, 1e-3, "LL: a step over NVLink")                                                \
  X(ll_hop_pcie_s, 0, 1e-3, "LL: a step over PCIe")                                             \
  X(ll_hop_network_s, 0, 1e-3, "LL: a step over the network")                                   \
  X(ll_wire_ratio, 1, 100, "LL over NVLink: link bytes over payload, unused rate included")     \
  X(ll128_base_s, 0, 1e-3, "LL128: fixed time of a collective kernel")                          \
  X(ll128_hop_s, 0, 1e-3, "LL128: a step over NVLink")                                          \
  X(ll128_hop_pcie_s, 0, 1e-3, "LL128: a step over PCIe")                                       \
  X(ll128_hop_network_s, 0, 1e-3, "LL128: a step over the network")                             \
  X(ll128_wire_ratio, 1, 100, "LL128 over NVLink: the same")                                    \
  X(simple_base_s, 0, 1e-3, "Simple: fixed time of a collective kernel")                        \
  X(simple_hop_s, 0, 1e-3, "Simple: a step over NVLink")                                        \
  X(simple_hop_pcie_s, 0, 1e-3, "Simple: a step over PCIe")                                     \
  X(simple_hop_network_s, 0, 1e-3, "Simple: a step over the network")                           \
  X(simple_wire_ratio, 1, 100, "Simple over NVLink: the same")                                  \
  X(channels_s, 0, 1e-3, "running on all channels instead of one")                              \
  X(channels_bytes, 1, 1e9, "buffer from which on a kernel uses all channels")                  \
  X(pcie_wire_ratio, 1, 100, "limited by PCIe: link rate over usable rate, any protocol")       \
  X(network_wire_ratio, 1, 100, "limited by the network: link rate over usable rate")           \
  X(local_bytes_per_s, 1e9, 1e15, "copying a rank's own part, beside what it sends")            \
  X(nvls_base_s, 0, 1e-3, "in-switch reduction: fixed time")                                    \
  X(nvls_wire_ratio, 1, 100, "in-switch reduction: link bytes over payload, unused rate in it") \
  X(direct_ll_base_s, 0, 1e-3, "all-to-all of few bytes by LL: fixed time")                     \
  X(direct_ll_bytes_per_s, 1e8, 1e15, "all-to-all by LL: rate to each peer")                    \
  X(direct_base_s, 0, 1e-3, "all-to-all by send and receive: fixed time")                       \
  X(direct_peer_s, 0, 1e-3, "all-to-all: each peer")                                            \
  X(direct_wire_ratio, 1, 100, "all-to-all: link bytes over payload, unused rate included")     \
  X(ring_sms, 0, 1e4, "streaming multiprocessors held by ring, tree and all-to-all")            \
  X(nvls_sms, 0, 1e4, "streaming multiprocessors held by in-switch reduction")                  \
  X(spread_ratio, 0, 2, "residual spread of the fit")

/* All-reduce kernels that read their peers' buffers, inside a captured graph. */
#define TP_DEVICE_PEER_KERNELS(X)                                                            \
  X(one_shot_base_s, 0, 1e-3, "one-shot: fixed time, barriers included")                     \
  X(one_shot_rank_s, 0, 1e-3, "one-shot: each other rank")                                   \
  X(one_shot_wire_ratio, 1, 100, "one-shot: link bytes over payload, unused rate included")  \
  X(two_shot_base_s, 0, 1e-3, "two-shot: fixed time, barriers included")                     \
  X(two_shot_rank_s, 0, 1e-3, "two-shot: each other rank")                                   \
  X(two_shot_wire_ratio, 1, 100, "two-shot: link bytes over payload, unused rate included")  \
  X(switch_base_s, 0, 1e-3, "in-switch reduction by one kernel: fixed time")                 \
  X(switch_wire_ratio, 1, 100, "the same: link bytes over payload, unused rate included")    \
  X(reduce_bytes_per_s, 1e9, 1e15, "buffer bytes summed a second by the blocks of a kernel") \
  X(host_issue_s, 0, 1e-3, "eager launch: the host issues one all-reduce each so often")     \
  X(sms, 0, 1e4, "streaming multiprocessors held")                                           \
  X(spread_ratio, 0, 2, "residual spread of the fit")

#define TP_DEVICE_FITTED_GROUPS(X)  \
  X(gemm, TP_DEVICE_GEMM)           \
  X(attention, TP_DEVICE_ATTENTION) \
  X(memory, TP_DEVICE_MEMORY)       \
  X(nccl, TP_DEVICE_NCCL)           \
  X(peer_kernels, TP_DEVICE_PEER_KERNELS)
#endif
