#include "gpu/kernels/launch.h"
#include "gpu/standin.h"

namespace
{

enum { PER_THREAD = TP_WINDOW_CHUNK / TP_STANDIN_THREADS };
static_assert(PER_THREAD * TP_STANDIN_THREADS == TP_WINDOW_CHUNK, "a chunk is a few vectors each");

__device__ __forceinline__ void wait_until(unsigned long long due)
{
  while (static_cast<long long>(tp_nanoseconds() - due) < 0)
    __nanosleep(64);
}

/* All loads before the first store: an SM alone must have many bytes on their way. */
__device__ __forceinline__ void copy_chunk(const tp_windows &windows, int64_t at, int64_t length)
{
  uint4 x[PER_THREAD];
  int64_t place[PER_THREAD];
  TP_UNROLL
  for (int i = 0; i < PER_THREAD; i++) {
    const int64_t v = threadIdx.x + static_cast<int64_t>(i) * TP_STANDIN_THREADS;
    place[i] = at + v < windows.vectors ? at + v : at + v - windows.vectors;
    if (v < length)
      x[i] = static_cast<const uint4 *>(windows.from)[place[i]];
  }
  TP_UNROLL
  for (int i = 0; i < PER_THREAD; i++)
    if (threadIdx.x + static_cast<int64_t>(i) * TP_STANDIN_THREADS < length)
      static_cast<uint4 *>(windows.to)[place[i]] = x[i];
}

template <class T> __device__ __forceinline__ void copy_result(const tp_standin_result &result)
{
  const int64_t n = result.bytes / static_cast<int64_t>(sizeof(T));
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
       i += stride) {
    const T x = static_cast<const T *>(result.in)[i];
    for (int copy = 0; copy < result.copies; copy++)
      static_cast<T *>(result.out)[copy * n + i] = x;
  }
}

__global__ void __launch_bounds__(TP_STANDIN_THREADS)
    hold(const tp_standin_plan plan, const tp_windows windows, int64_t first,
         const tp_standin_result result, unsigned long long *begins)
{
  const unsigned long long start = tp_nanoseconds();
  if (begins != nullptr && threadIdx.x == 0)
    begins[blockIdx.x] = start;
  const uintptr_t ends = reinterpret_cast<uintptr_t>(result.in) |
                         reinterpret_cast<uintptr_t>(result.out) |
                         static_cast<uintptr_t>(result.bytes);
  if (ends % sizeof(uint4) == 0)
    copy_result<uint4>(result);
  else
    copy_result<unsigned char>(result);
  const int64_t begin = tp_standin_first(&plan, blockIdx.x);
  const int64_t length = tp_standin_first(&plan, blockIdx.x + 1) - begin;
  const int64_t chunks = (length + TP_WINDOW_CHUNK - 1) / TP_WINDOW_CHUNK;
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    const int64_t done = chunk * TP_WINDOW_CHUNK;
    wait_until(start + tp_standin_due(&plan, chunk, chunks));
    copy_chunk(windows, (first + begin + done) % windows.vectors, length - done);
  }
  wait_until(start + plan.nanoseconds);
}

__global__ void stamp(unsigned long long *clock)
{
  *clock = tp_nanoseconds();
}

__global__ void wait_after(const unsigned long long *clock, int64_t nanoseconds)
{
  wait_until(*clock + nanoseconds);
}

/* How often a block looks whether it shall end: between looks it leaves memory alone. */
enum { LOOK_NANOSECONDS = 20000 };

/* Waits for the next chunk; false: the job ends. */
__device__ bool goes_on(const tp_beside_job &job, unsigned long long start, int64_t chunk,
                        unsigned long long *look)
{
  const int64_t due = chunk * job.chunk_nanoseconds;
  for (;;) {
    const unsigned long long now = tp_nanoseconds();
    const int64_t since = static_cast<int64_t>(now - start);
    if (static_cast<int64_t>(now - *look) >= 0) {
      *look = now + LOOK_NANOSECONDS;
      if (since > job.limit_nanoseconds || tp_load_acquire(job.stop) != 0)
        return false;
    }
    if (job.chunk_nanoseconds > 0 && since >= due)
      return true;
    __nanosleep(64);
  }
}

/* Blocks take the chunks of the windows in turn. */
__global__ void __launch_bounds__(TP_STANDIN_THREADS) beside(const tp_beside_job job)
{
  TP_DYNAMIC_SHARED(int, on); /* of the memory that holds the SM: a kernel may have no more */
  const unsigned long long start = tp_nanoseconds();
  unsigned long long look = start;
  int64_t chunk = 0;
  if (threadIdx.x == 0)
    tp_store_release(&job.started[blockIdx.x], 1);
  for (;; chunk++) {
    if (threadIdx.x == 0)
      on[0] = goes_on(job, start, chunk, &look);
    __syncthreads();
    if (on[0] == 0)
      break;
    const int64_t at = (chunk * gridDim.x + blockIdx.x) * TP_WINDOW_CHUNK;
    copy_chunk(job.windows, at % job.windows.vectors, TP_WINDOW_CHUNK);
    __syncthreads();
  }
  if (threadIdx.x == 0)
    job.chunks[blockIdx.x] = chunk;
}

} // namespace

extern "C" cudaError_t tp_standin_prepare(int shared_bytes)
{
  const void *const kernels[] = {reinterpret_cast<const void *>(hold),
                                 reinterpret_cast<const void *>(beside)};
  for (const void *kernel : kernels) {
    cudaError_t result =
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared_bytes);
    if (result == cudaSuccess)
      result = cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                                    cudaSharedmemCarveoutMaxShared);
    if (result != cudaSuccess)
      return result;
  }
  return cudaSuccess;
}

extern "C" cudaError_t tp_standin_hold(const struct tp_standin_plan *plan,
                                       const struct tp_windows *windows, int64_t first,
                                       const struct tp_standin_result *result, int shared_bytes,
                                       unsigned long long *begins, cudaStream_t stream)
{
  TP_LAUNCH(hold, plan->blocks, TP_STANDIN_THREADS, shared_bytes, stream, *plan, *windows, first,
            *result, begins);
  return cudaGetLastError();
}

extern "C" cudaError_t tp_standin_stamp(unsigned long long *clock, cudaStream_t stream)
{
  TP_LAUNCH(stamp, 1, 1, 0, stream, clock);
  return cudaGetLastError();
}

extern "C" cudaError_t tp_standin_wait(const unsigned long long *clock, int64_t nanoseconds,
                                       cudaStream_t stream)
{
  TP_LAUNCH(wait_after, 1, 1, 0, stream, clock, nanoseconds);
  return cudaGetLastError();
}

extern "C" cudaError_t tp_beside_launch(const struct tp_beside_job *job, int blocks,
                                        int shared_bytes, cudaStream_t stream)
{
  TP_LAUNCH(beside, blocks, TP_STANDIN_THREADS, shared_bytes, stream, *job);
  return cudaGetLastError();
}
