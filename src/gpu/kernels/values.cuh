#ifndef TP_GPU_KERNELS_VALUES_CUH
#define TP_GPU_KERNELS_VALUES_CUH
/* Values of our kernels: rows of any type moved 16 bytes at a time, and sums over a block.
 *
 * A row is `packs` packs of 16 bytes and then single elements; together they are its items, one a
 * thread:          | pack | pack | pack | e | e |
 * Where addresses or row distances are not multiples of 16 bytes there are no packs.
 */
#include "gpu/kernels/launch.h"
#include "gpu/kernels/launchers.h"
#include "run/kernel_math.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

enum { TP_WARP = 32, TP_MAX_WARPS = 32 };
/* Where a block has a row: items that a thread keeps in registers (those of longer rows are read
 * again), and threads. */
enum { TP_KEPT = 4, TP_ROW_THREADS = 512 };

static __device__ __forceinline__ float tp_float(float x)
{
  return x;
}
static __device__ __forceinline__ float tp_float(__half x)
{
  return __half2float(x);
}
static __device__ __forceinline__ float tp_float(__nv_bfloat16 x)
{
  return __bfloat162float(x);
}

template <class T> __device__ __forceinline__ T tp_round(float x);
template <> __device__ __forceinline__ float tp_round<float>(float x)
{
  return x;
}
template <> __device__ __forceinline__ __half tp_round<__half>(float x)
{
  return __float2half_rn(x);
}
template <> __device__ __forceinline__ __nv_bfloat16 tp_round<__nv_bfloat16>(float x)
{
  return __float2bfloat16_rn(x);
}

template <class T> struct alignas(16) tp_pack {
  static constexpr int elements = 16 / static_cast<int>(sizeof(T));
  T at[elements];
};

/* An item in registers: `n` elements in fp32. */
template <class T> struct tp_item {
  int n;
  float at[tp_pack<T>::elements];
};

/* Where item `item` of a row starts, and how many elements it has. */
template <class T> __device__ __forceinline__ int tp_item_first(int item, int packs)
{
  constexpr int each = tp_pack<T>::elements;
  return item < packs ? item * each : item + packs * (each - 1);
}

/* An item as it lies in memory: a thread waits for it where it makes it numbers, so it asks for all
 * that it can before.  A compiler that unpacks it where it is read would wait there. */
struct tp_raw {
  int n;
  uint4 bits;
};

template <class T>
__device__ __forceinline__ tp_raw tp_fetch(const T *row, int64_t first, bool pack)
{
  tp_raw raw = {pack ? tp_pack<T>::elements : 1, {0, 0, 0, 0}};
  if (pack) {
    raw.bits = *reinterpret_cast<const uint4 *>(row + first);
  } else {
    const T one = row[first];
    memcpy(&raw.bits, &one, sizeof one);
  }
  return raw;
}

template <class T> __device__ __forceinline__ tp_item<T> tp_numbers(const tp_raw &raw)
{
  uint4 bits = raw.bits;
  TP_AS_IT_IS(bits.x);
  TP_AS_IT_IS(bits.y);
  TP_AS_IT_IS(bits.z);
  TP_AS_IT_IS(bits.w);
  tp_pack<T> values;
  memcpy(&values, &bits, sizeof values);
  tp_item<T> item;
  item.n = raw.n;
  TP_UNROLL
  for (int i = 0; i < tp_pack<T>::elements; i++)
    item.at[i] = tp_float(values.at[i]);
  return item;
}

template <class T>
__device__ __forceinline__ tp_item<T> tp_load(const T *row, int64_t first, bool pack)
{
  return tp_numbers<T>(tp_fetch(row, first, pack));
}

template <class T> __device__ __forceinline__ tp_raw tp_rounded(const tp_item<T> &item)
{
  tp_raw raw = {item.n, {0, 0, 0, 0}};
  if (item.n > 1) {
    tp_pack<T> values;
    TP_UNROLL
    for (int i = 0; i < tp_pack<T>::elements; i++)
      values.at[i] = tp_round<T>(item.at[i]);
    memcpy(&raw.bits, &values, sizeof values);
  } else {
    const T one = tp_round<T>(item.at[0]);
    memcpy(&raw.bits, &one, sizeof one);
  }
  return raw;
}

template <class T> __device__ __forceinline__ void tp_put(T *row, int64_t first, const tp_raw &raw)
{
  if (raw.n > 1) {
    *reinterpret_cast<uint4 *>(row + first) = raw.bits;
  } else {
    T one;
    memcpy(static_cast<void *>(&one), &raw.bits, sizeof one);
    row[first] = one;
  }
}

template <class T>
__device__ __forceinline__ void tp_store(T *row, int64_t first, const tp_item<T> &item)
{
  tp_put(row, first, tp_rounded(item));
}

/* Elements of an item: unrolled, i < item.n holds. */
#define TP_EACH(T, i, item)                      \
  TP_UNROLL                                      \
  for (int i = 0; i < tp_pack<T>::elements; i++) \
    if (i < (item).n)

/* x folded over the block, known to all its threads, a multiple of 32 and all of them here. */
template <class F> __device__ __forceinline__ float tp_fold_block(float x, F fold)
{
  TP_SHARED(float, partial, TP_MAX_WARPS);
  const int warps = static_cast<int>(blockDim.x) / TP_WARP;
  const int warp = static_cast<int>(threadIdx.x) / TP_WARP;
  for (int bits = TP_WARP / 2; bits > 0; bits /= 2)
    x = fold(x, __shfl_xor_sync(0xffffffffu, x, bits));
  __syncthreads(); /* those of the fold before have read */
  if (threadIdx.x % TP_WARP == 0)
    partial[warp] = x;
  __syncthreads();
  x = partial[0];
  for (int i = 1; i < warps; i++)
    x = fold(x, partial[i]);
  return x;
}

struct tp_plus {
  __device__ __forceinline__ float operator()(float a, float b) const
  {
    return a + b;
  }
};
struct tp_larger {
  __device__ __forceinline__ float operator()(float a, float b) const
  {
    return fmaxf(a, b);
  }
};

/* Host side: packs of a row that all of the given matrices (data NULL: absent) have at 16 bytes. */
template <class T, class... Rows> int tp_packs(int64_t columns, const Rows &...rows)
{
  uintptr_t odd = 0;
  ((odd |= rows.data == nullptr ? 0
                                : reinterpret_cast<uintptr_t>(rows.data) |
                                      static_cast<uintptr_t>(rows.row_elements) * sizeof(T)),
   ...);
  return odd % 16 == 0 ? static_cast<int>(columns / tp_pack<T>::elements) : 0;
}

template <class T> int tp_items(int64_t columns, int packs)
{
  return packs + static_cast<int>(columns - static_cast<int64_t>(packs) * tp_pack<T>::elements);
}

/* Threads for `items` items, in whole warps. */
static inline int tp_threads(int64_t items, int most)
{
  const int64_t whole = (items + TP_WARP - 1) / TP_WARP * TP_WARP;
  return whole < most ? max(static_cast<int>(whole), 0 + TP_WARP) : most;
}

/* Calls `launch<T>` with the type's T; another type is the caller's mistake. */
#define TP_BY_TYPE(dtype, T, ...) \
  switch (dtype) {                \
  case TP_DTYPE_FP16: {           \
    using T = __half;             \
    __VA_ARGS__;                  \
    break;                        \
  }                               \
  case TP_DTYPE_BF16: {           \
    using T = __nv_bfloat16;      \
    __VA_ARGS__;                  \
    break;                        \
  }                               \
  case TP_DTYPE_FP32: {           \
    using T = float;              \
    __VA_ARGS__;                  \
    break;                        \
  }                               \
  default:                        \
    return cudaErrorInvalidValue; \
  }
#endif
