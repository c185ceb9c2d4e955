#ifndef TP_PEERS_PEER_H
#define TP_PEERS_PEER_H
/* All-reduces by our own kernels over memory that every GPU of the group can read.
 *
 *     a rank's memory   | flags of peers, epoch | slot 0 | slot 1 |
 *
 * A kernel writes its own slot, sets its flag at every peer, waits for their flags and reads their
 * slots.  Successive kernels take turns with the two slots.  Ranks that meet in a kernel have ended
 * the kernel before it, so the other slot is free for the next kernel, and no further meeting is
 * needed at a kernel's end.  The epoch that flags are compared with lies in memory, too, so nothing
 * has to be reset between replays of a graph.  Larger buffers go slot by slot.
 *
 * Sums are in fp32 in the order of ranks, rounded once: all ranks get the same bits, and one- and
 * two-shot the same as each other.  All ranks launch the same kernels in the same order, one stream
 * each.
 */
#include "program/op.h"

#include <cuda_runtime_api.h>
#include <stddef.h>

enum {
  TP_PEER_MAX_RANKS = 8,
  /* More blocks read no faster over NVLink, and hold SMs: vLLM's custom_all_reduce.cuh has this
   * limit. */
  TP_PEER_MAX_BLOCKS = 36
};

struct tp_peer {
  int rank, ranks;
  void *memory[TP_PEER_MAX_RANKS]; /* tp_peer_bytes() of each rank, zeroed at first */
  int64_t slot_bytes;              /* a multiple of 16, and 64 KiB at least */
};

#ifdef __cplusplus
extern "C" {
#endif

size_t tp_peer_bytes(int64_t slot_bytes);

/* out = sum of all ranks' `in`, in fp16, bf16 or fp32; `out` may be `in`.  At most `blocks` blocks
 * run; 0: TP_PEER_MAX_BLOCKS. */
cudaError_t tp_peer_one_shot(const struct tp_peer *peer, const void *in, void *out,
                             int64_t elements, enum tp_dtype dtype, int blocks,
                             cudaStream_t stream);
cudaError_t tp_peer_two_shot(const struct tp_peer *peer, const void *in, void *out,
                             int64_t elements, enum tp_dtype dtype, int blocks,
                             cudaStream_t stream);

/* The low-bit two-step: bit for bit what tp_low_bit_reduce computes (numeric/low_bit_reduce.h), the
 * result rounded to the dtype, as long as values and sums are finite and at most 65504; other
 * values are not detected.  The group is a multiple of 8. */
cudaError_t tp_peer_flash(const struct tp_peer *peer, const void *in, void *out, int64_t elements,
                          enum tp_dtype dtype, const struct tp_wire *wire, int blocks,
                          cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
