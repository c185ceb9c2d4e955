/* Kernels that need the whole of a row or matrix first: softmax, the likeliest token, fp8 scales.
 */
#include "gpu/kernels/values.cuh"

#include <cuda_fp8.h>

namespace
{

template <class T> __device__ __forceinline__ tp_raw fetch(const T *row, int item, int packs)
{
  return tp_fetch(row, tp_item_first<T>(item, packs), item < packs);
}

/* The first and the last key that a query sees. */
struct seen {
  int64_t least, most;
};

/* Others' scores count for nothing. */
template <class T>
__device__ __forceinline__ tp_item<T> masked(const tp_raw &raw, int item, int packs, seen keys)
{
  const int64_t first = tp_item_first<T>(item, packs);
  tp_item<T> x = tp_numbers<T>(raw);
  TP_EACH(T, i, x)
  if (first + i > keys.most || first + i < keys.least)
    x.at[i] = -INFINITY;
  return x;
}

template <class T> __device__ __forceinline__ float largest(const tp_item<T> &x, float so_far)
{
  TP_EACH(T, i, x)
  so_far = fmaxf(so_far, x.at[i]);
  return so_far;
}

template <class T> __device__ __forceinline__ float exponentials(tp_item<T> &x, float top)
{
  float sum = 0;
  TP_EACH(T, i, x)
  sum += x.at[i] = expf(x.at[i] - top);
  return sum;
}

template <class T>
__device__ __forceinline__ void put(T *row, int item, int packs, tp_item<T> x, float scale)
{
  TP_EACH(T, i, x)
  x.at[i] *= scale;
  tp_store(row, tp_item_first<T>(item, packs), x);
}

/* One block a row. */
template <class T>
__global__ void __launch_bounds__(TP_ROW_THREADS) softmax(tp_scores s, int packs, int items)
{
  const int64_t r = blockIdx.x, token = r % s.query_len;
  const int64_t sequence = r / (s.query_len * s.heads);
  const int64_t own = s.lengths[sequence] - s.later - s.query_len + token;
  const seen keys = {s.window > 0 ? own + 1 - s.window : 0, own};
  T *const row = static_cast<T *>(s.scores.data) + r * s.scores.row_elements;
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  tp_raw raw[TP_KEPT];
  tp_item<T> kept[TP_KEPT];
  float top = -INFINITY, sum = 0;
  TP_UNROLL
  for (int k = 0; k < TP_KEPT; k++)
    if (thread + k * threads < items)
      raw[k] = fetch<T>(row, thread + k * threads, packs);
  TP_UNROLL
  for (int k = 0; k < TP_KEPT; k++)
    if (thread + k * threads < items) {
      kept[k] = masked<T>(raw[k], thread + k * threads, packs, keys);
      top = largest(kept[k], top);
    }
  for (int item = thread + TP_KEPT * threads; item < items; item += threads)
    top = largest(masked<T>(fetch<T>(row, item, packs), item, packs, keys), top);
  top = tp_fold_block(top, tp_larger());
  TP_UNROLL
  for (int k = 0; k < TP_KEPT; k++)
    if (thread + k * threads < items)
      sum += exponentials(kept[k], top);
  for (int item = thread + TP_KEPT * threads; item < items; item += threads) {
    tp_item<T> x = masked<T>(fetch<T>(row, item, packs), item, packs, keys);
    sum += exponentials(x, top);
  }
  const float scale = 1.0f / tp_fold_block(sum, tp_plus());
  TP_UNROLL
  for (int k = 0; k < TP_KEPT; k++)
    if (thread + k * threads < items)
      put(row, thread + k * threads, packs, kept[k], scale);
  for (int item = thread + TP_KEPT * threads; item < items; item += threads) {
    tp_item<T> x = masked<T>(fetch<T>(row, item, packs), item, packs, keys);
    exponentials(x, top);
    put(row, item, packs, x, scale);
  }
}

template <class T> cudaError_t launch_softmax(const tp_scores &s, cudaStream_t stream)
{
  const int packs = tp_packs<T>(s.extent.columns, s.scores);
  const int items = tp_items<T>(s.extent.columns, packs);
  TP_LAUNCH((softmax<T>), static_cast<unsigned>(s.extent.rows),
            static_cast<unsigned>(tp_threads((items + 1) / 2, TP_ROW_THREADS)), 0, stream, s, packs,
            items);
  return cudaGetLastError();
}

/* The better of two: larger, or as large and earlier. */
struct choice {
  float value;
  int column;
};
__device__ __forceinline__ choice better(choice a, choice b)
{
  return b.value > a.value || (b.value == a.value && b.column < a.column) ? b : a;
}

template <class T>
__device__ __forceinline__ choice best_of(const tp_item<T> &x, int64_t word, int64_t words,
                                          choice so_far)
{
  TP_EACH(T, i, x)
  if (word + i < words)
    so_far = better(so_far, {x.at[i], static_cast<int>(word + i)});
  return so_far;
}

template <class T>
__device__ choice best_of_row(const T *row, int packs, int items, int64_t first_word, int64_t words)
{
  const int threads = static_cast<int>(blockDim.x);
  choice best = {-INFINITY, INT32_MAX};
  for (int base = static_cast<int>(threadIdx.x); base < items; base += TP_KEPT * threads) {
    tp_raw kept[TP_KEPT]; /* so many reads under way at once */
    TP_UNROLL
    for (int k = 0; k < TP_KEPT; k++)
      if (base + k * threads < items)
        kept[k] = fetch(row, base + k * threads, packs);
    TP_UNROLL
    for (int k = 0; k < TP_KEPT; k++) {
      const int item = base + k * threads;
      if (item < items)
        best = best_of(tp_numbers<T>(kept[k]), first_word + tp_item_first<T>(item, packs), words,
                       best);
    }
  }
  return best;
}

/* One block a sequence. */
template <class T>
__global__ void __launch_bounds__(1024) sample(tp_vocabulary v, int packs, int items, int32_t *next)
{
  TP_SHARED(choice, partial, TP_MAX_WARPS);
  const int thread = static_cast<int>(threadIdx.x);
  choice best = {-INFINITY, INT32_MAX};
  for (int block = 0; block < v.blocks; block++) {
    const int64_t r = block * v.rows + blockIdx.x * v.rows_each + v.rows_each - 1;
    const T *const row = static_cast<const T *>(v.logits.data) + r * v.logits.row_elements;
    best = better(best, best_of_row(row, packs, items, block * v.columns, v.words));
  }
  for (int bits = TP_WARP / 2; bits > 0; bits /= 2)
    best = better(best, {__shfl_xor_sync(0xffffffffu, best.value, bits),
                         __shfl_xor_sync(0xffffffffu, best.column, bits)});
  if (thread % TP_WARP == 0)
    partial[thread / TP_WARP] = best;
  __syncthreads();
  if (thread > 0)
    return;
  for (int warp = 1; warp < static_cast<int>(blockDim.x) / TP_WARP; warp++)
    best = better(best, partial[warp]);
  next[blockIdx.x] = best.column == INT32_MAX ? -1 : best.column;
}

template <class T>
cudaError_t launch_sample(const tp_vocabulary &v, int64_t batch, int32_t *next, cudaStream_t stream)
{
  const int packs = tp_packs<T>(v.columns, v.logits), items = tp_items<T>(v.columns, packs);
  TP_LAUNCH((sample<T>), static_cast<unsigned>(batch),
            static_cast<unsigned>(tp_threads(items, 1024)), 0, stream, v, packs, items, next);
  return cudaGetLastError();
}

/* Largest magnitude of what each block sees. */
template <class T>
__global__ void amax(tp_extent extent, int packs, int items, const T *x, int64_t x_row,
                     float *partial)
{
  float top = 0;
  for (int64_t r = blockIdx.x; r < extent.rows; r += gridDim.x)
    for (int item = static_cast<int>(threadIdx.x); item < items;
         item += static_cast<int>(blockDim.x)) {
      const tp_item<T> values = tp_load(x + r * x_row, tp_item_first<T>(item, packs), item < packs);
      TP_EACH(T, i, values)
      top = fmaxf(top, fabsf(values.at[i]));
    }
  top = tp_fold_block(top, tp_larger());
  if (threadIdx.x == 0)
    partial[blockIdx.x] = top;
}

template <class T>
__global__ void quantise(tp_extent extent, int packs, int items, const T *x, int64_t x_row,
                         __nv_fp8_e4m3 *y, float *scale, const float *partial, int parts)
{
  float top = 0;
  for (int i = static_cast<int>(threadIdx.x); i < parts; i += static_cast<int>(blockDim.x))
    top = fmaxf(top, partial[i]);
  top = tp_fold_block(top, tp_larger());
  const float unit = top > 0 ? top / 448.0f : 1.0f;
  if (blockIdx.x == 0 && threadIdx.x == 0)
    *scale = unit;
  for (int64_t r = blockIdx.x; r < extent.rows; r += gridDim.x)
    for (int item = static_cast<int>(threadIdx.x); item < items;
         item += static_cast<int>(blockDim.x)) {
      const int64_t first = tp_item_first<T>(item, packs);
      const tp_item<T> values = tp_load(x + r * x_row, first, item < packs);
      __nv_fp8_e4m3 *const to = y + r * extent.columns + first;
      struct alignas(tp_pack<T>::elements) {
        __nv_fp8_e4m3 at[tp_pack<T>::elements];
      } small;
      TP_EACH(T, i, values)
      small.at[i] = __nv_fp8_e4m3(values.at[i] / unit);
      if (values.n > 1)
        *reinterpret_cast<decltype(small) *>(to) = small;
      else
        *to = small.at[0];
    }
}

template <class T>
cudaError_t launch_quantise(tp_extent extent, tp_row_view x, void *y, float *scale,
                            cudaStream_t stream)
{
  if (extent.rows == 0)
    return cudaSuccess;
  int packs = tp_packs<T>(extent.columns, x);
  if (extent.columns % tp_pack<T>::elements != 0 ||
      reinterpret_cast<uintptr_t>(y) % tp_pack<T>::elements != 0)
    packs = 0;
  const int items = tp_items<T>(extent.columns, packs);
  const int blocks =
      extent.rows < TP_AMAX_PARTS ? static_cast<int>(extent.rows) : static_cast<int>(TP_AMAX_PARTS);
  const int threads = tp_threads(items, TP_ROW_THREADS);
  TP_LAUNCH((amax<T>), static_cast<unsigned>(blocks), static_cast<unsigned>(threads), 0, stream,
            extent, packs, items, static_cast<const T *>(x.data), x.row_elements, scale + 1);
  const unsigned grid = static_cast<unsigned>(extent.rows < INT32_MAX ? extent.rows : INT32_MAX);
  TP_LAUNCH((quantise<T>), grid, static_cast<unsigned>(threads), 0, stream, extent, packs, items,
            static_cast<const T *>(x.data), x.row_elements, static_cast<__nv_fp8_e4m3 *>(y), scale,
            static_cast<const float *>(scale + 1), blocks);
  return cudaGetLastError();
}

} // namespace

cudaError_t tp_launch_softmax(const tp_scores *scores, cudaStream_t stream)
{
  TP_BY_TYPE(scores->extent.dtype, T, return launch_softmax<T>(*scores, stream));
  return cudaErrorInvalidValue;
}

cudaError_t tp_launch_sample(const tp_vocabulary *vocabulary, int64_t batch, int32_t *next,
                             cudaStream_t stream)
{
  TP_BY_TYPE(vocabulary->dtype, T, return launch_sample<T>(*vocabulary, batch, next, stream));
  return cudaErrorInvalidValue;
}

cudaError_t tp_launch_quantise(tp_extent extent, tp_row_view x, void *y, float *scale,
                               cudaStream_t stream)
{
  TP_BY_TYPE(extent.dtype, T, return launch_quantise<T>(extent, x, y, scale, stream));
  return cudaErrorInvalidValue;
}
