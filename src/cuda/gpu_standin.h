#ifndef TP_CUDA_GPU_STANDIN_H
#define TP_CUDA_GPU_STANDIN_H
/* Kernels that stand in for collectives (standin_plan.h), and that run beside measurements. */
#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#include "cuda/standin_plan.h"

enum { TP_STANDIN_THREADS = 1024 };

/* Two windows of memory between which bytes are copied, in turn: each several times as large as the
 * last-level cache, so that DRAM sees the copies. */
struct tp_standin_windows {
  void *from, *to;
  int64_t vectors; /* of each: a multiple of TP_STANDIN_CHUNK */
};

/* What the op leaves in its output: `copies` times its input, one after another. */
struct tp_standin_result {
  const void *in;
  void *out;
  int64_t bytes; /* of one copy */
  int copies;    /* 0: nothing */
};

/* Once on a device: blocks may take `shared_bytes`, all that an SM has. */
cudaError_t tp_standin_prepare(int shared_bytes);

/* plan->blocks blocks, alone on their SMs; the first copy is at vector `first` of the windows. */
cudaError_t tp_standin_hold(const struct tp_standin_plan *plan,
                            const struct tp_standin_windows *windows, int64_t first,
                            const struct tp_standin_result *result, int shared_bytes,
                            cudaStream_t stream);

/* One thread each, which fits beside anything: notes the time in `clock`; waits until so long after
 * it. */
cudaError_t tp_standin_stamp(unsigned long long *clock, cudaStream_t stream);
cudaError_t tp_standin_wait(const unsigned long long *clock, int64_t nanoseconds,
                            cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
