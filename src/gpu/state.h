#ifndef TP_GPU_STATE_H
#define TP_GPU_STATE_H
/* What a GPU device keeps, and the parts that answer its launches, one file each:
 *
 *     gemm                  gpu/gemm.h              cuBLASLt
 *     attention             gpu/attention.h         cuDNN, or cuBLAS and kernels of ours
 *     memory, fill          gpu/kernels/kernels.h   kernels of ours
 *     collective            gpu/comm.h              NCCL, kernels over peer memory, stand-ins
 *
 * A library that chooses kernels or allocates when it first meets a shape does so in a pass that is
 * not captured: capturing such an op first fails and says so.
 */
#include "gpu/comm.h"
#include "gpu/gpu.h"

#include <cuda_runtime_api.h>

struct tp_gpu_gemm;
struct tp_gpu_attention;

struct tp_device_state {
  struct tp_gpu_options options;
  struct tp_gpu_facts facts;
  bool capturing;
  cudaStream_t streams[TP_MAX_STREAMS];
  cudaEvent_t events[TP_MAX_EVENTS];
  cudaEvent_t joins[TP_MAX_STREAMS];
  cudaEvent_t marks[TP_MAX_MARKS]; /* NULL until used */
  unsigned char *staging;          /* page-locked, for writes: a ring; NULL until used */
  size_t staged_bytes;
  struct tp_gpu_gemm *gemm;
  struct tp_gpu_attention *attention;
  struct tp_comm *comm;
};

/* Puts an op on its stream (dispatch.c). */
enum tp_status tp_gpu_launch(struct tp_device_state *state, const struct tp_bound_op *bound,
                             struct tp_error *error);
#endif
