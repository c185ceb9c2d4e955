#include "run/windows.h"

#include "gpu/check.h"
#include "gpu/kernels/kernels.h"

enum { CACHES = 4 };

/* Zeros would draw less power than what collectives move. */
static enum tp_status fill(void *memory, int64_t chunks, int64_t chunk_bytes,
                           struct tp_error *error)
{
  const struct tp_fill random = {.key = 1,
                                 .rows = chunks,
                                 .columns = chunk_bytes / (int64_t)tp_dtype_bytes(TP_DTYPE_BF16),
                                 .spread = 1,
                                 .dtype = TP_DTYPE_BF16};
  const enum tp_status status = TP_CUDA(tp_kernel_fill(memory, &random, NULL), error);
  return status == TP_OK ? TP_CUDA(cudaStreamSynchronize(NULL), error) : status;
}

enum tp_status tp_windows_open(int device, struct tp_windows *windows, struct tp_error *error)
{
  const int64_t chunk_bytes = (int64_t)TP_WINDOW_CHUNK * TP_WINDOW_VECTOR_BYTES;
  struct cudaDeviceProp properties;
  *windows = (struct tp_windows){NULL, NULL, 0};
  enum tp_status status = TP_CUDA(cudaGetDeviceProperties(&properties, device), error);
  if (status != TP_OK)
    return status;
  const int64_t chunks = 1 + CACHES * (int64_t)properties.l2CacheSize / chunk_bytes;
  const size_t bytes = (size_t)(chunks * chunk_bytes);
  windows->vectors = chunks * TP_WINDOW_CHUNK;
  status = TP_CUDA(cudaMalloc(&windows->from, bytes), error);
  if (status == TP_OK)
    status = TP_CUDA(cudaMalloc(&windows->to, bytes), error);
  if (status == TP_OK)
    status = fill(windows->from, chunks, chunk_bytes, error);
  if (status != TP_OK)
    tp_windows_close(windows);
  return status;
}

void tp_windows_close(struct tp_windows *windows)
{
  cudaFree(windows->from);
  cudaFree(windows->to);
  *windows = (struct tp_windows){NULL, NULL, 0};
}
