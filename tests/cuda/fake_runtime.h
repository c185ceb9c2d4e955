#ifndef TP_TESTS_FAKE_RUNTIME_H
#define TP_TESTS_FAKE_RUNTIME_H
/* A GPU on the CPU that a whole device runs on: CUDA's streams, events, graphs and memory over
 * kernels on fibers (host_cuda.h), and NCCL.  What is put on streams runs when the host waits for
 * it, in an order that streams and events allow, another one for every seed.
 *
 * Rules of CUDA that a CPU would not notice are held: while a stream is captured nothing may be
 * allocated, freed or waited for, nothing run on the legacy stream; a captured stream waits for no
 * event from outside; forked streams come back.  Whoever breaks one gets CUDA's error, and the
 * capture is void.  Pageable memory is read when it is copied from, not later.
 *
 * Ranks are forked processes, a GPU each, that reach each other's larger allocations.
 */
#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Before ranks are forked: what they share. */
void fake_runtime_share(int ranks);
/* In every rank: which one it is. */
void fake_runtime_begin(int rank, uint64_t seed);

/* Events, streams, allocations, graphs that live. */
int fake_runtime_objects(void);

/* Kernels that ran, ours and those of libraries (without threads), in the order of their ends.
 * Begins and ends are counted as they happen: time may stand still between them. */
struct fake_kernel {
  cudaStream_t stream; /* that it was put on, or captured on */
  unsigned blocks, threads;
  size_t shared_bytes;
  unsigned long long begin_ns, end_ns;
  int begin, end;
};
enum { FAKE_KERNELS = 1 << 14 };
const struct fake_kernel *fake_runtime_kernels(int *n);
void fake_runtime_forget(void);

/* Allocations of so many bytes, oldest first, written to `found`. */
int fake_runtime_find(size_t bytes, void **found, int most);

#ifdef __cplusplus
}
#endif
#endif
