#ifndef TP_GPU_KERNELS_LAUNCH_H
#define TP_GPU_KERNELS_LAUNCH_H
/* How our kernels are written and launched, in words that a CPU can answer, too: with TP_HOST_CUDA
 * the tests compile the same kernels with a C++ compiler and run them on fibers
 * (tests/cuda/host_cuda.h).
 *
 *     TP_LAUNCH((kernel<T>), grid, block, shared_bytes, stream, arguments...);
 *     TP_SHARED(float, partial, 32);           an array of the block
 *     TP_DYNAMIC_SHARED(float, row);           as large as the launch says
 *     while (tp_load_acquire(flag) < epoch) {} waits for another block or GPU
 */
#ifdef TP_HOST_CUDA
#include "host_cuda.h"
#else

#include <cuda_runtime.h>

#define TP_LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
  kernel<<<(grid), (block), (shared_bytes), (stream)>>>(__VA_ARGS__)
#define TP_SHARED(type, name, count) __shared__ type name[count]
#define TP_DYNAMIC_SHARED(type, name)                                \
  extern __shared__ __align__(16) unsigned char tp_dynamic_shared[]; \
  type *const name = reinterpret_cast<type *>(tp_dynamic_shared)
#define TP_UNROLL      _Pragma("unroll")
/* What is done with x, a register, is done after this. */
#define TP_AS_IT_IS(x) asm volatile("" : "+r"(x))

/* Flags between GPUs: what was written before a release is seen after the acquire that reads it. */
static __device__ __forceinline__ unsigned tp_load_acquire(const unsigned *flag)
{
  unsigned value;
  asm volatile("ld.acquire.sys.global.u32 %0, [%1];" : "=r"(value) : "l"(flag) : "memory");
  return value;
}

static __device__ __forceinline__ void tp_store_release(unsigned *flag, unsigned value)
{
  asm volatile("st.release.sys.global.u32 [%0], %1;" ::"l"(flag), "r"(value) : "memory");
}

/* A clock that all SMs share. */
static __device__ __forceinline__ unsigned long long tp_nanoseconds(void)
{
  unsigned long long now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now)::"memory");
  return now;
}

#endif
#endif
