#ifndef TP_PLATFORM_DEVICE_GROUPS_H
#define TP_PLATFORM_DEVICE_GROUPS_H
/* Schema of the fitted groups of a device file: key, least, most, meaning.
 * `spread_ratio` is the residual standard deviation of ln(measured/predicted) of the fit. */

/* In a region of an op's rows (GEMM m, new tokens of a prefill's sequences, sequences of a decode,
 * tokens to experts) four fifths of the residuals stay below 1.28 times so many spreads, so that an
 * 80 % interval holds 80 % there; 0: one spread. */
#define TP_DEVICE_REGIONS(X)                                                 \
  X(spread_rows_16, 0, 50, "spread up to 16 rows over spread_ratio")         \
  X(spread_rows_256, 0, 50, "spread of 17 to 256 rows over spread_ratio")    \
  X(spread_rows_2048, 0, 50, "spread of 257 to 2048 rows over spread_ratio") \
  X(spread_rows_more, 0, 50, "spread of more rows over spread_ratio")

/* Formulas: docs/MODEL.md, "Kernels".  `gemm` holds 16- and 32-bit operands, `gemm_fp8` fp8. */
#define TP_DEVICE_GEMM(X)                                                                         \
  X(launch_s, 0, 1e-3, "fixed time of a GEMM kernel inside a captured graph")                     \
  X(compute_ratio, 0.01, 1, "share of the matrix peak reached by a full wave")                    \
  X(dram_ratio, 0.01, 1, "share of the memory peak reached by a large stream")                    \
  X(sm_bytes_per_s, 1e8, 1e14, "operands that one SM can draw: bytes in flight over latency")     \
  X(l2_bytes_per_s, 1e10, 1e16, "operands that the last-level cache can deliver to all SMs")      \
  X(depth_s, 0, 1e-6, "least time of a tile for each step along k: latency of its pipeline")      \
  X(epilogue_bytes_per_s, 1e8, 1e14, "rate at which one SM drains a finished tile")               \
  X(wave_ratio, 0, 1, "share of an unfilled last wave that is paid: 1 sharp, 0 smooth")           \
  X(split_s, 0, 1e-3, "fixed time of summing the parts of a split k; 1e-3: never split")          \
  X(half_tile_rows, 0, 1e4, "rows up to which tiles are half ones, if m decides; 0: the fastest") \
  X(wide_tile_rows, 0, 1e6, "rows from which tiles are 64x128 at least; 0: never")                \
  X(warm_bytes, 0, 1e12, "benchmarked back to back, operands up to this size stay cached")        \
  X(activation_ratio, 0, 1, "weight of activations in that size: weights rotate over copies")     \
  X(quantise_row_s, 0, 1e-6, "quantising the activations to the dtype: time a row")               \
  X(quantise_bytes_per_s, 0, 1e15, "and bytes read and written a second; 0: none is quantised")   \
  X(sustained_ratio, 0.1, 1.2, "matrix rate under minutes of load over burst rate (power)")       \
  X(issue_s, 0, 1e-3, "benchmarked outside a graph: the host issues one so often; 0: inside")     \
  X(issue_ragged_s, 0, 1e-3, "the same where m is not divisible by 4, so that scales are padded") \
  X(issue_few_s, 0, 1e-3, "the same of the kernel for few rows")                                  \
  X(few_rows, 0, 1e4, "rows below which another kernel is issued")                                \
  X(spread_ratio, 0, 2, "residual spread of the fit")                                             \
  TP_DEVICE_REGIONS(X)

#define TP_DEVICE_ATTENTION_PREFILL(X)                                                       \
  X(launch_s, 0, 1e-3, "fixed time: flash kernel and the cache write before it")             \
  X(compute_ratio, 0.01, 1, "share of the matrix peak inside a tile's loop over keys")       \
  X(dram_ratio, 0.01, 1, "share of the memory peak moving queries, keys, values and output") \
  X(tile_rows, 16, 1024, "queries of one tile")                                              \
  X(packs_group, 0, 1, "1: a tile holds the queries of all heads that share a KV head")      \
  X(tile_s, 0, 1e-3, "fixed time of a tile: load, rescale, store")                           \
  X(tile_width_share, 0, 1, "of it, share that grows with the width of heads, whole at 128") \
  X(token_s, 0, 1e-3, "SM time of writing a token of 4 or more KV heads to the cache")       \
  X(warm_bytes, 0, 1e12, "benchmarked back to back, operands up to this size stay cached")   \
  X(wide_stretch, 0, 100, "time with heads of more than 256 over that of others; 0: alike")  \
  X(odd_stretch, 0, 100, "time with heads of no power of 2 over that of others; 0: alike")   \
  X(softmax_columns, 0, 1e4, "a score takes as long as products over so many columns")       \
  X(kv8_launch_s, 0, 1e-3, "fp8 cache: fixed time of quantising queries")                    \
  X(kv8_bytes_per_s, 0, 1e15, "fp8 cache: bytes of new q, k, v quantised a second; 0: free") \
  X(kv8_stretch, 0, 100, "fp8 cache: kernel's time over that of a 16-bit one; 0: alike")     \
  X(kv8_wide_stretch, 0, 100, "the same of heads of more than 128; 0: as of others")         \
  X(spread_ratio, 0, 2, "residual spread of the fit")                                        \
  TP_DEVICE_REGIONS(X)

#define TP_DEVICE_ATTENTION_DECODE(X)                                                         \
  X(launch_s, 0, 1e-3, "fixed time")                                                          \
  X(group_s, 0, 1e-3, "added where queries of several KV heads' groups are copied into rows") \
  X(unit_s, 0, 1e-3, "fixed time of one sequence's KV head on an SM")                         \
  X(compute_ratio, 0.001, 1, "share of the matrix peak, groups padded to 16 query rows")      \
  X(dram_ratio, 0.01, 1, "share of the memory peak streaming a KV cache")                     \
  X(sm_bytes_per_s, 1e8, 1e14, "KV cache that one SM can draw: bytes in flight over latency") \
  X(l2_bytes_per_s, 1e10, 1e16, "KV cache that the last-level cache can deliver")             \
  X(warm_bytes, 0, 1e12, "benchmarked back to back, a KV cache up to this size stays cached") \
  X(wide_stretch, 0, 100, "time with heads of more than 128 over that of others; 0: alike")   \
  X(odd_stretch, 0, 100, "time with heads of no power of 2 over that of others; 0: alike")    \
  X(window_keys, 0, 1024, "keys read beyond a window: its ends lie within blocks")            \
  X(kv8_launch_s, 0, 1e-3, "fp8 cache: fixed time of quantising queries")                     \
  X(kv8_stretch, 0, 100, "fp8 cache: time a byte over that of a 16-bit one; 0: alike")        \
  X(kv8_wide_stretch, 0, 100, "the same of heads of more than 128; 0: as of others")          \
  X(most_splits, 1, 1e4, "SMs that share one sequence's KV head at most")                     \
  X(splits_mha, 0, 1, "1: also where every query head has its own KV head")                   \
  X(combine_s, 0, 1e-3, "added a split: its partial result is read and rescaled")             \
  X(split_s, 0, 1e-3, "fixed time of combining the splits")                                   \
  X(partial_bytes_per_s, 0, 1e15, "partial results in fp32, written and read; 0: none are")   \
  X(partial_sequences, 0, 1e6, "sequences of the largest step that makes them, split or not") \
  X(spread_ratio, 0, 2, "residual spread of the fit")                                         \
  TP_DEVICE_REGIONS(X)

/* Attention over a latent.  Prefill may run absorbed, as decode does: the engine's choice. */
#define TP_DEVICE_LATENT_PREFILL(X)                                                       \
  X(launch_s, 0, 1e-3, "fixed time")                                                      \
  X(absorbs, 0, 1, "1: queries as wide as the latent, whose rows all heads share")        \
  X(compute_ratio, 0.01, 1, "share of the matrix peak inside a tile's loop over keys")    \
  X(dram_ratio, 0.01, 1, "share of the memory peak moving queries, keys, values, output") \
  X(tile_rows, 16, 1024, "queries of one tile; absorbed, of all heads")                   \
  X(tile_s, 0, 1e-3, "fixed time of a tile: load, rescale, store")                        \
  X(kv8_launch_s, 0, 1e-3, "fp8 cache: fixed time of converting")                         \
  X(kv8_bytes_per_s, 0, 1e15, "fp8 cache: bytes read and written converting; 0: free")    \
  X(kv8_speed, 0, 10, "fp8 cache: matrix rate over that with a 16-bit one; 0: alike")     \
  X(tail_power, 0, 100, "a = (all^p + longest^p)^(1/p), 1: in the order of rows; 0: 4")   \
  X(spread_ratio, 0, 2, "residual spread of the fit")                                     \
  TP_DEVICE_REGIONS(X)

#define TP_DEVICE_LATENT_DECODE(X)                                                            \
  X(launch_s, 0, 1e-3, "fixed time")                                                          \
  X(unit_s, 0, 1e-3, "fixed time of a sequence's tile of heads on an SM")                     \
  X(head_s, 0, 1e-3, "of it, each head of the rank")                                          \
  X(tile_heads, 1, 1024, "heads of one tile: rows of the matrix unit, padded")                \
  X(compute_ratio, 0.001, 1, "share of the matrix peak")                                      \
  X(dram_ratio, 0.01, 1, "share of the memory peak streaming a latent cache")                 \
  X(sm_bytes_per_s, 1e8, 1e14, "cache that one SM can draw: bytes in flight over latency")    \
  X(l2_bytes_per_s, 1e10, 1e16, "cache that the last-level cache can deliver")                \
  X(most_splits, 1, 1e4, "SMs that share a sequence's keys at most")                          \
  X(combine_s, 0, 1e-3, "added a split: its partial result is read and rescaled")             \
  X(split_s, 0, 1e-3, "fixed time of combining the splits")                                   \
  X(kv8_launch_s, 0, 1e-3, "fp8 cache: fixed time of converting")                             \
  X(kv8_bytes_per_s, 0, 1e15, "fp8 cache, converted: bytes moved a second; 0: read as it is") \
  X(spread_ratio, 0, 2, "residual spread of the fit")                                         \
  TP_DEVICE_REGIONS(X)

/* Fused experts, one group a format of their weights: docs/MODEL.md, "Experts". */
#define TP_DEVICE_EXPERTS(X)                                                                     \
  X(launch_s, 0, 1e-3, "fixed time of the kernels of an op")                                     \
  X(sort_s, 0, 1e-3, "sorting tokens by expert: where there are several to an expert, or ep")    \
  X(compute_ratio, 0.01, 1, "share of the matrix peak reached by full tiles")                    \
  X(dram_ratio, 0.01, 1, "share of the memory peak reading experts")                             \
  X(sm_bytes_per_s, 1e8, 1e14, "operands that one SM can draw")                                  \
  X(l2_bytes_per_s, 1e10, 1e16, "operands that the last-level cache can deliver to all SMs")     \
  X(depth_s, 0, 1e-6, "least time of a tile for each step along k")                              \
  X(epilogue_bytes_per_s, 1e8, 1e15, "rate at which one SM drains a finished tile")              \
  X(wave_ratio, 0, 1, "share of an unfilled last wave that is paid: 1 sharp, 0 smooth")          \
  X(least_rows, 1, 1024, "tokens of the smallest tile; the fastest up to the largest is taken")  \
  X(most_rows, 1, 1024, "tokens of the largest tile")                                            \
  X(panel_cache_ratio, 0, 1,                                                                     \
    "share of the cache that keeps an expert's weights for its next tile")                       \
  X(partial_stretch, 0, 10, "time of a tile that is not full over that of a full one; 0: alike") \
  X(row_dram_ratio, 0.01, 1, "share of the memory peak of permuting, activating, summing")       \
  X(idle_ratio, 0, 1, "share of that done for tokens of other ranks' experts")                   \
  X(ragged_stretch, 0, 20, "down product of a width not divisible by 16 over others; 0: alike")  \
  X(second_stretch, 0, 20,                                                                       \
    "time of CUTLASS' or Marlin's kernel over that of the one fitted; 0: alike")                 \
  X(few_sort_s, 0, 1e-3, "sorting where there are few to an expert, with ep; 0: as else")        \
  X(tile_s, 0, 1e-3, "fixed time of a tile: start, first operands")                              \
  X(group_s, 0, 1e-3, "time of each tile of rows, one after the other")                          \
  X(empty_stretch, 0, 10, "time that an empty tile takes longer than a full one, over it")       \
  X(tiles_by_tokens, 0, 1, "1: tiles are what vLLM sets for so many tokens; 0: the fastest")     \
  X(tiles_by_rows, 0, 1, "1: as many rows as an expert gets, were all experts the rank's")       \
  X(elements_per_s, 0, 1e15, "of a width not divisible by 16, that an SM loads; 0: as others")   \
  X(cached_bytes, 0, 1e12, "permuting, activating, summing: up to this size within the cache")   \
  X(cache_bytes_per_s, 0, 1e15, "and as fast; 0: at the memory's rate")                          \
  X(spread_ratio, 0, 2, "residual spread of the fit")                                            \
  TP_DEVICE_REGIONS(X)

/* expanded_ratio passes 1 where the repeats of a group hit the cache. */
#define TP_DEVICE_MEMORY(X)                                                                        \
  X(kernel_floor_s, 0, 1e-3, "shortest kernel inside a captured graph")                            \
  X(row_latency_s, 0, 1e-3, "residual and norm wait for a row thrice: added as rows fill the SMs") \
  X(row_latency_bytes, 1, 1e9, "bytes at which half of that latency shows")                        \
  X(row_bytes_per_s, 0, 1e16, "a block's rate over the row that it sums or turns; 0: at once")     \
  X(angle_s, 0, 1e-3, "fixed time of working out the angles that heads are turned by")             \
  X(dram_ratio, 0.01, 1, "share of the memory peak of elementwise kernels")                        \
  X(cached_bytes, 0, 1e12, "read and written, up to this size within the last-level cache")        \
  X(cache_bytes_per_s, 0, 1e16, "what elementwise kernels move within it; 0: no more than DRAM")   \
  X(rope_stretch, 0, 100, "time of kernels that rotate heads over that of others; 0: no longer")   \
  X(expanded_ratio, 0.01, 10, "K and V read once a query head: bytes drawn over the memory peak")  \
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
  X(ll_pcie_wire_ratio, 0, 1000, "LL, limited by PCIe: the same; 0: twice the former")          \
  X(ll_network_wire_ratio, 0, 1000, "LL over the network, few channels; 0: twice the former")   \
  X(ll128_network_wire_ratio, 0, 1000, "LL128 over the network; 0: 128/120 of the former")      \
  X(local_bytes_per_s, 1e9, 1e15, "copying a rank's own part, beside what it sends")            \
  X(local_bytes, 0, 1e12, "of its own part, what is not hidden by what it sends; 0: all")       \
  X(nvls_base_s, 0, 1e-3, "in-switch reduction: fixed time")                                    \
  X(nvls_fill_s, 0, 1e-3, "in-switch reduction: each rank, as its channels and chunks fill up") \
  X(nvls_fill_bytes, 0, 1e12, "buffer from which on they are full")                             \
  X(nvls_wire_ratio, 1, 100, "in-switch reduction: link bytes over payload, unused rate in it") \
  X(nvls_tree_wire_ratio, 0, 100, "the same with a tree over nodes; 0: as without")             \
  X(direct_ll_base_s, 0, 1e-3, "all-to-all of few bytes by LL: fixed time")                     \
  X(direct_ll_bytes_per_s, 1e8, 1e15, "all-to-all by LL: rate to each peer")                    \
  X(direct_base_s, 0, 1e-3, "all-to-all by send and receive: fixed time")                       \
  X(direct_peer_s, 0, 1e-3, "all-to-all: each peer")                                            \
  X(direct_fill_s, 0, 1e-3, "all-to-all: more, as its channels fill up")                        \
  X(direct_fill_bytes, 0, 1e12, "buffer from which on they are full")                           \
  X(direct_local_bytes_per_s, 0, 1e16, "all-to-all: copying a rank's own part; 0: as in rings") \
  X(direct_wire_ratio, 1, 100, "all-to-all: link bytes over payload, unused rate included")     \
  X(ring_sms, 0, 1e4, "streaming multiprocessors held by ring, tree and all-to-all at most")    \
  X(least_sms, 0, 1e4, "the same at least, however few bytes (NCCL_MIN_CTAS)")                  \
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
  X(norm_s, 0, 1e-3, "residual and norm in the same kernel: added")                          \
  X(norm_base_s, 0, 1e-3, "one-shot with them, a kernel of its own: fixed time; 0: none")    \
  X(norm_rank_s, 0, 1e-3, "the same: each other rank")                                       \
  X(norm_wire_ratio, 0, 100, "the same: link bytes over payload, unused rate included")      \
  X(reduce_bytes_per_s, 1e9, 1e15, "buffer bytes summed a second by the blocks of a kernel") \
  X(host_issue_s, 0, 1e-3, "eager launch: the host issues one all-reduce each so often")     \
  X(sms, 0, 1e4, "streaming multiprocessors held")                                           \
  X(spread_ratio, 0, 2, "residual spread of the fit")

/* The low-bit all-reduce kernel; its barriers are those of two_shot. */
#define TP_DEVICE_QUANTISE(X)                                                                  \
  X(quantise_instructions, 1, 1e3, "to quantise an element: bounds of its group, scale, pack") \
  X(dequantise_instructions, 1, 1e3, "to dequantise and add an element")                       \
  X(lanes, 1, 1e4, "such instructions that an SM ends a clock")                                \
  X(block_elements, 1, 1e9, "elements a block quantises before it sends them")                 \
  X(sms, 1, 1e4, "streaming multiprocessors held, a block on each")                            \
  X(exposed_ratio, 0, 1, "share of its arithmetic that runs while no link does")               \
  X(spread_ratio, 0, 2, "residual spread of the fit")

/* A kernel that takes tokens to the ranks of their experts, or what these made of them back; of a
 * library (docs/MODEL.md, "Dispatch and combine").  No device file has such a group. */
#define TP_DEVICE_EXCHANGE(X)                                                                  \
  X(base_s, 0, 1e-3, "fixed time: launch, barriers")                                           \
  X(expert_s, 0, 1e-3, "each expert of a rank, whose tokens are counted")                      \
  X(row_bytes_per_s, 1e8, 1e15, "what a token's own block moves of its messages: its latency") \
  X(token_s, 0, 1e-3, "time of an SM for each token: to which ranks does it go")               \
  X(sm_bytes_per_s, 1e8, 1e18, "messages that one SM moves")                                   \
  X(wire_ratio, 1, 100, "link bytes over payload, unused rate included")                       \
  X(sms, 0, 1e4, "SMs held where a program says none; 0: a block for each few experts")        \
  X(most_ranks, 0, 1e5, "ranks that it reaches")                                               \
  X(most_tokens, 0, 1e12, "tokens of a rank that its buffers hold")                            \
  X(spread_ratio, 0, 2, "residual spread of the fit")

/* Activations to the type of a low-bit GEMM; the group may be left out of a device's file. */
#define TP_DEVICE_SCALING(X)                                                                    \
  X(launch_s, 0, 1e-3, "by a scale found before: fixed time; 0: as a memory kernel")            \
  X(element_s, 0, 1e-6, "time that an element of a row adds: its block takes them in turn")     \
  X(row_s, 0, 1e-6, "time a row, whatever its length")                                          \
  X(dram_ratio, 0.01, 1, "share of the memory peak that it reaches")                            \
  X(cached_bytes, 0, 1e12, "read and written, up to this size within the last-level cache")     \
  X(cache_bytes_per_s, 1e9, 1e16, "what it moves within the cache")                             \
  X(scale_s, 0, 1e-3, "by a scale of each token: added fixed time, ...")                        \
  X(scale_element_s, 0, 1e-6, "... time an element of a row, ...")                              \
  X(scale_bytes_per_s, 1e9, 1e16, "... and rate at which the activations are read once before") \
  X(spread_ratio, 0, 2, "residual spread of the fit")

#define TP_DEVICE_OVERLAP(X)                                                                       \
  X(held_ratio, 0.1, 1,                                                                            \
    "rate left to a kernel that covers all SMs while a collective holds some: persistent blocks "  \
    "there wait for a second wave; 1: only the held share is lost")                                \
  X(burst_ratio, 0, 3,                                                                             \
    "clock that the power limit allows to GEMMs now and then over that under unbroken ones; 0: "   \
    "as slow")                                                                                     \
  X(idle_power_ratio, 0, 1, "power while no products are computed over the power limit")           \
  X(dram_power_ratio, 0, 2, "what DRAM at its full rate draws beyond that, over the limit")        \
  X(crossing_s, 0, 1e-3,                                                                           \
    "from a kernel to a collective on another stream and back, beyond what each takes alone")      \
  X(wait_s, 0, 1e-3,                                                                               \
    "of it, what the kernel that waits pays even where the collective ended long before")          \
  X(crowding_ratio, 0, 100,                                                                        \
    "accesses of a collective that go before one of a kernel beside it, over the held SMs' share") \
  X(nvls_crowding_ratio, 0, 100, "the same of NCCL's kernel for switches; 0: as of its others")

/* Track and trigger (T3), and its peer that gives SMs away: docs/MODEL.md, "Track and trigger". */
#define TP_DEVICE_TRIGGER(X)                                                                     \
  X(tracker_tiles, 1, 1e9, "output tiles that the trackers follow at once")                      \
  X(tiles_per_sm, 0.1, 1e3, "output tiles that an SM has under way")                             \
  X(near_memory, 0, 1, "1: memory adds what is stored to it; 0: DMA engines read twice and add") \
  X(store_ratio, 1, 8, "DRAM time of an adding store over that of a store")                      \
  X(start_s, 0, 1e-3, "from the trigger to the first byte on the wire")                          \
  X(stall_ratio, 0, 1, "share of a GEMM's DRAM reads that its waves wait for")                   \
  X(queue_accesses, 0, 1e3, "DMA accesses that a kernel's read finds queued before it")          \
  X(threshold_accesses, 0, 1e3,                                                                  \
    "the same where kernels go first, before a kernel that reads little")                        \
  X(starvation_ratio, 0.001, 1, "DMA's DRAM share over a kernel's where kernels go first")       \
  X(sm_link_bytes_per_s, 1e8, 1e13, "what a collective limited to few SMs moves with each")

/* Keys that came after device files had been written by others: absent they are 0, which leaves
 * their term out. */
#define TP_DEVICE_LATER_KEYS                                                                      \
  "wide_stretch", "cached_bytes", "cache_bytes_per_s", "rope_stretch", "burst_ratio",             \
      "idle_power_ratio", "dram_power_ratio", "ll_pcie_wire_ratio", "ll_network_wire_ratio",      \
      "ll128_network_wire_ratio", "local_bytes", "nvls_fill_s", "nvls_fill_bytes",                \
      "nvls_tree_wire_ratio", "fp4_flops_per_s", "odd_stretch", "softmax_columns", "window_keys", \
      "kv8_launch_s", "kv8_bytes_per_s", "kv8_stretch", "kv8_wide_stretch", "issue_s",            \
      "partial_bytes_per_s", "partial_sequences", "tile_width_share", "issue_ragged_s",           \
      "issue_few_s", "few_rows", "spread_rows_16", "spread_rows_256", "spread_rows_2048",         \
      "spread_rows_more", "norm_s", "norm_base_s", "norm_rank_s", "norm_wire_ratio",              \
      "exposed_ratio", "direct_fill_s", "direct_fill_bytes", "direct_local_bytes_per_s",          \
      "wide_tile_rows", "few_sort_s", "tile_s", "group_s", "empty_stretch", "tiles_by_tokens",    \
      "tiles_by_rows", "elements_per_s", "tail_power", "least_sms", "crowding_ratio",             \
      "row_bytes_per_s", "angle_s", "nvls_crowding_ratio"

/* Whole numbers: of things that are counted, and switches. */
#define TP_DEVICE_COUNTS                                                                       \
  "sm_count", "half_tile_rows", "wide_tile_rows", "few_rows", "tile_rows", "tile_heads",       \
      "least_rows", "most_rows", "ring_sms", "least_sms", "nvls_sms", "sms", "block_elements", \
      "most_ranks", "most_tokens", "tracker_tiles", "packs_group", "splits_mha", "absorbs",    \
      "tiles_by_tokens", "tiles_by_rows", "partial_sequences", "near_memory"

/* Kernels of libraries between experts: what is not there cannot run. */
#define TP_DEVICE_EXCHANGE_GROUPS(X)        \
  X(deepep_dispatch, TP_DEVICE_EXCHANGE)    \
  X(deepep_combine, TP_DEVICE_EXCHANGE)     \
  X(deepep_ll_dispatch, TP_DEVICE_EXCHANGE) \
  X(deepep_ll_combine, TP_DEVICE_EXCHANGE)  \
  X(one_sided_dispatch, TP_DEVICE_EXCHANGE) \
  X(one_sided_combine, TP_DEVICE_EXCHANGE)  \
  X(two_sided_prepare, TP_DEVICE_EXCHANGE)  \
  X(two_sided_dispatch, TP_DEVICE_EXCHANGE) \
  X(two_sided_combine, TP_DEVICE_EXCHANGE)

/* Groups that few devices have rows for.  A file without one takes them
 * from its others (lend.h). */
#define TP_DEVICE_LATER_GROUPS(X)             \
  X(scaling, TP_DEVICE_SCALING)               \
  X(gemm_fp8_block, TP_DEVICE_GEMM)           \
  X(gemm_nvfp4, TP_DEVICE_GEMM)               \
  X(latent_prefill, TP_DEVICE_LATENT_PREFILL) \
  X(latent_decode, TP_DEVICE_LATENT_DECODE)   \
  X(experts, TP_DEVICE_EXPERTS)               \
  X(experts_fp8, TP_DEVICE_EXPERTS)           \
  X(experts_fp8_block, TP_DEVICE_EXPERTS)     \
  X(experts_nvfp4, TP_DEVICE_EXPERTS)         \
  X(experts_w4a16, TP_DEVICE_EXPERTS)         \
  X(experts_w4a8, TP_DEVICE_EXPERTS)          \
  X(experts_w4a16_marlin, TP_DEVICE_EXPERTS)  \
  X(experts_cutlass, TP_DEVICE_EXPERTS)       \
  X(experts_fp8_cutlass, TP_DEVICE_EXPERTS)

/* Of kernels, which fits to ops tell. */
#define TP_DEVICE_KERNEL_GROUPS(X)                  \
  X(gemm, TP_DEVICE_GEMM)                           \
  X(gemm_fp8, TP_DEVICE_GEMM)                       \
  X(attention_prefill, TP_DEVICE_ATTENTION_PREFILL) \
  X(attention_decode, TP_DEVICE_ATTENTION_DECODE)   \
  X(memory, TP_DEVICE_MEMORY)

#define TP_DEVICE_FITTED_GROUPS(X)        \
  TP_DEVICE_KERNEL_GROUPS(X)              \
  X(overlap, TP_DEVICE_OVERLAP)           \
  X(trigger, TP_DEVICE_TRIGGER)           \
  X(nccl, TP_DEVICE_NCCL)                 \
  X(peer_kernels, TP_DEVICE_PEER_KERNELS) \
  X(quantise, TP_DEVICE_QUANTISE)         \
  TP_DEVICE_LATER_GROUPS(X)               \
  TP_DEVICE_EXCHANGE_GROUPS(X)
#endif
