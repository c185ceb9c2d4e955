#ifndef TP_GPU_STANDIN_H
#define TP_GPU_STANDIN_H
/* Kernels that stand in for collectives (run/standin_plan.h), and kernels that run beside
 * measurements. */
#include "run/windows.h"

#include <cuda_runtime_api.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#include "run/standin_plan.h"

enum { TP_STANDIN_THREADS = 1024 };

/* What the op leaves in its output: `copies` times its input, one after another. */
struct tp_standin_result {
  const void *in;
  void *out;
  int64_t bytes; /* of one copy */
  int copies;    /* 0: nothing */
};

/* To be called once on a device: lets blocks take `shared_bytes`, all that an SM has. */
cudaError_t tp_standin_prepare(int shared_bytes);

/* plan->blocks blocks, alone on their SMs; the first copy is at vector `first` of the windows.
 * `begins`: where each notes the time at which it began; NULL: nobody asks. */
cudaError_t tp_standin_hold(const struct tp_standin_plan *plan, const struct tp_windows *windows,
                            int64_t first, const struct tp_standin_result *result, int shared_bytes,
                            unsigned long long *begins, cudaStream_t stream);

/* Kernels of one thread, which needs no more than a place on an SM.  The first notes the time in
 * `clock`; the second waits until so long after that. */
cudaError_t tp_standin_stamp(unsigned long long *clock, cudaStream_t stream);
cudaError_t tp_standin_wait(const unsigned long long *clock, int64_t nanoseconds,
                            cudaStream_t stream);

/* What runs beside a measurement until it is told to stop (run/beside.h). */
struct tp_beside_job {
  struct tp_windows windows;
  int64_t chunk_nanoseconds; /* of a block, from a chunk to the next; 0: copies nothing */
  int64_t limit_nanoseconds; /* after which it ends by itself */
  const unsigned *stop;      /* 1: it ends soon; in the GPU's own memory, for SMs that poll the
                                host's slow those beside them down by up to 20 times (H200) */
  unsigned *started;         /* by block: 1 once it runs */
  int64_t *chunks;           /* by block: how many it has copied, written at its end */
};

cudaError_t tp_beside_launch(const struct tp_beside_job *job, int blocks, int shared_bytes,
                             cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
