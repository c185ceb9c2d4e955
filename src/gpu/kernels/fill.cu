/* Random weights, the same bits as on the host (weights.h). */
#include "gpu/kernels/values.cuh"

#include <cuda_fp8.h>

namespace
{

template <class T> __device__ __forceinline__ T stored(float x)
{
  return tp_round<T>(x);
}
template <> __device__ __forceinline__ __nv_fp8_e4m3 stored<__nv_fp8_e4m3>(float x)
{
  return __nv_fp8_e4m3(x);
}

/* A thread fills 16 bytes of a row, or what is left of it. */
template <class T> __global__ void fill(tp_random r, int groups, T *memory)
{
  constexpr int each = 16 / static_cast<int>(sizeof(T));
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t row = index / groups, first = (index - row * groups) * each;
  if (row >= r.extent.rows)
    return;
  T *const to = memory + row * r.extent.columns + first;
  struct alignas(16) {
    T at[each];
  } values;
  TP_UNROLL
  for (int i = 0; i < each; i++) {
    const float u = tp_uniform(r.key, r.first_row + row, r.first_column + first + i);
    /* Product and sum each rounded, as C does. */
    values.at[i] = stored<T>(__fadd_rn(r.mean, __fmul_rn(r.spread, u)));
  }
  if (first + each <= r.extent.columns && reinterpret_cast<uintptr_t>(to) % 16 == 0) {
    *reinterpret_cast<decltype(values) *>(to) = values;
    return;
  }
  TP_UNROLL
  for (int i = 0; i < each; i++)
    if (first + i < r.extent.columns)
      to[i] = values.at[i];
}

template <class T> cudaError_t launch_fill(tp_random r, void *memory, cudaStream_t stream)
{
  constexpr int each = 16 / static_cast<int>(sizeof(T));
  if (r.extent.rows == 0 || r.extent.columns == 0)
    return cudaSuccess;
  const int64_t groups = (r.extent.columns + each - 1) / each;
  TP_LAUNCH((fill<T>), static_cast<unsigned>((r.extent.rows * groups + 255) / 256), 256, 0, stream,
            r, static_cast<int>(groups), static_cast<T *>(memory));
  return cudaGetLastError();
}

} // namespace

cudaError_t tp_launch_fill(const tp_random *random, void *memory, cudaStream_t stream)
{
  if (random->extent.dtype == TP_DTYPE_FP8)
    return launch_fill<__nv_fp8_e4m3>(*random, memory, stream);
  TP_BY_TYPE(random->extent.dtype, T, return launch_fill<T>(*random, memory, stream));
  return cudaErrorInvalidValue;
}
