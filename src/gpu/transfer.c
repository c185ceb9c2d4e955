/* Memory of a GPU, and what comes and goes between it and the host. */
#include "gpu/check.h"
#include "gpu/kernels/kernels.h"
#include "gpu/runtime.h"

#include <string.h>

enum tp_status tp_gpu_allocate(struct tp_device_state *state, size_t bytes, void **memory,
                               struct tp_error *error)
{
  const cudaStream_t stream = state->streams[TP_STREAM_COMPUTE];
  void *fresh = NULL;
  const cudaError_t result = cudaMalloc(&fresh, bytes);
  if (result == cudaErrorMemoryAllocation) {
    cudaGetLastError(); /* it is reported here, not by the next launch */
    return tp_fail(error, TP_E_ENVIRONMENT,
                   "device %d (%s): no room for %.4g GB more of its %.4g GB; take a smaller model "
                   "or batch, or fewer layers",
                   state->options.device, state->facts.name, (double)bytes * 1e-9,
                   (double)state->facts.memory_bytes * 1e-9);
  }
  enum tp_status status = TP_CUDA(result, error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMemsetAsync(fresh, 0xff, bytes, stream), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaStreamSynchronize(stream), error);
  if (status == TP_OK)
    *memory = fresh;
  else
    cudaFree(fresh);
  return status;
}

void tp_gpu_release(struct tp_device_state *state, void *memory)
{
  (void)state;
  cudaFree(memory);
}

enum tp_status tp_gpu_fill(struct tp_device_state *state, void *memory, const struct tp_fill *fill,
                           struct tp_error *error)
{
  const enum tp_status status = tp_gpu_not_captured(state, "fill of weights", error);
  if (status != TP_OK)
    return status;
  return TP_CUDA(tp_kernel_fill(memory, fill, state->streams[TP_STREAM_COMPUTE]), error);
}

enum { STAGING_BYTES = 1 << 20, MOST_STAGED_BYTES = 1 << 16, STAGED_ALIGNMENT = 64 };

/* Where a few bytes wait for their copy: from memory that is not page-locked a copy makes the host
 * wait for the device, in the middle of what is timed.  Once round, the oldest copies are done. */
static enum tp_status stage(struct tp_device_state *state, const void *from, size_t bytes,
                            const void **staged, struct tp_error *error)
{
  const size_t room = (bytes + STAGED_ALIGNMENT - 1) / STAGED_ALIGNMENT * STAGED_ALIGNMENT;
  if (state->staging == NULL)
    TP_TRY(TP_CUDA(cudaMallocHost((void **)&state->staging, STAGING_BYTES), error));
  if (state->staged_bytes + room > STAGING_BYTES) {
    TP_TRY(TP_CUDA(cudaStreamSynchronize(state->streams[TP_STREAM_COMPUTE]), error));
    state->staged_bytes = 0;
  }
  memcpy(state->staging + state->staged_bytes, from, bytes);
  *staged = state->staging + state->staged_bytes;
  state->staged_bytes += room;
  return TP_OK;
}

enum tp_status tp_gpu_write(struct tp_device_state *state, void *to, const void *from, size_t bytes,
                            struct tp_error *error)
{
  const cudaStream_t stream = state->streams[TP_STREAM_COMPUTE];
  const void *staged = from;
  TP_TRY(tp_gpu_not_captured(state, "write to the device", error));
  if (bytes <= MOST_STAGED_BYTES)
    TP_TRY(stage(state, from, bytes, &staged, error));
  return TP_CUDA(cudaMemcpyAsync(to, staged, bytes, cudaMemcpyHostToDevice, stream), error);
}

enum tp_status tp_gpu_read(struct tp_device_state *state, void *to, const void *from, size_t bytes,
                           struct tp_error *error)
{
  const cudaStream_t stream = state->streams[TP_STREAM_COMPUTE];
  enum tp_status status = tp_gpu_not_captured(state, "read from the device", error);
  if (status == TP_OK)
    status = tp_gpu_join(state, error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaStreamSynchronize(stream), error);
  return status;
}
