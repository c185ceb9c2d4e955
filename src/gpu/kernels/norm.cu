/* Norms of rows and of heads, with the residual sums before them. */
#include "gpu/kernels/values.cuh"

namespace
{

template <class T> struct norm_row {
  const T *x, *h, *sum, *gain, *bias; /* of this row; NULL: absent */
  T *x_plus_h, *normed;
  int packs, items;
};

/* x + h as memory keeps it, so that fused and separate kernels agree. */
template <class T> __device__ __forceinline__ void add_kept(tp_item<T> &x, const tp_item<T> &h)
{
  TP_EACH(T, i, x)
  x.at[i] = tp_float(tp_round<T>(x.at[i] + h.at[i]));
}

/* What an item takes. */
struct norm_parts {
  tp_raw x, h, sum, gain;
};

template <class T> __device__ __forceinline__ norm_parts fetch(const norm_row<T> &row, int item)
{
  const bool pack = item < row.packs;
  const int64_t first = tp_item_first<T>(item, row.packs);
  norm_parts parts;
  parts.x = tp_fetch(row.x, first, pack);
  if (row.h != nullptr)
    parts.h = tp_fetch(row.h, first, pack);
  if (row.sum != nullptr)
    parts.sum = tp_fetch(row.sum, first, pack);
  parts.gain = tp_fetch(row.gain, first, pack);
  return parts;
}

/* h + sum */
template <class T>
__device__ __forceinline__ tp_item<T> second_sum(const tp_raw &h, const tp_raw &sum)
{
  tp_item<T> z = tp_numbers<T>(h);
  const tp_item<T> other = tp_numbers<T>(sum);
  TP_EACH(T, i, z)
  z.at[i] += other.at[i];
  return z;
}

/* Writes the residual, which takes the place of x. */
template <class T>
__device__ __forceinline__ void add(const norm_row<T> &row, int item, norm_parts *parts)
{
  if (row.h == nullptr)
    return;
  tp_item<T> x = tp_numbers<T>(parts->x);
  add_kept(x, tp_numbers<T>(parts->h));
  parts->x = tp_rounded(x);
  tp_put(row.x_plus_h, tp_item_first<T>(item, row.packs), parts->x);
}

/* What is normalised, once the residual is written. */
template <class T>
__device__ __forceinline__ tp_item<T> input(const norm_row<T> &row, const norm_parts &parts)
{
  return row.sum == nullptr ? tp_numbers<T>(parts.x) : second_sum<T>(parts.h, parts.sum);
}

/* The same from memory. */
template <class T>
__device__ __forceinline__ tp_item<T> input_again(const norm_row<T> &row, int item)
{
  const bool pack = item < row.packs;
  const int64_t first = tp_item_first<T>(item, row.packs);
  if (row.sum != nullptr)
    return second_sum<T>(tp_fetch(row.h, first, pack), tp_fetch(row.sum, first, pack));
  return tp_load(row.h == nullptr ? row.x : row.x_plus_h, first, pack);
}

template <class T>
__device__ __forceinline__ void output(const norm_row<T> &row, int item, tp_item<T> z,
                                       const tp_raw &raw_gain, float mean, float scale)
{
  const bool pack = item < row.packs;
  const int64_t first = tp_item_first<T>(item, row.packs);
  const tp_item<T> gain = tp_numbers<T>(raw_gain);
  TP_EACH(T, i, z)
  z.at[i] = (z.at[i] - mean) * scale * gain.at[i];
  if (row.bias != nullptr) {
    const tp_item<T> bias = tp_load(row.bias, first, pack);
    TP_EACH(T, i, z)
    z.at[i] += bias.at[i];
  }
  tp_store(row.normed, first, z);
}

template <class T> __device__ __forceinline__ float power(const tp_item<T> &z, float mean, int p)
{
  float sum = 0;
  TP_EACH(T, i, z)
  sum += p == 1 ? z.at[i] : (z.at[i] - mean) * (z.at[i] - mean);
  return sum;
}

/* Sum over the row of z (p 1) or of (z - mean)^2 (p 2). */
template <class T>
__device__ __forceinline__ float moment(const norm_row<T> &row, const norm_parts (&kept)[TP_KEPT],
                                        float mean, int p)
{
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  float sum = 0;
  TP_UNROLL
  for (int k = 0; k < TP_KEPT; k++)
    if (thread + k * threads < row.items)
      sum += power(input(row, kept[k]), mean, p);
  for (int item = thread + TP_KEPT * threads; item < row.items; item += threads)
    sum += power(input_again(row, item), mean, p);
  return tp_fold_block(sum, tp_plus());
}

/* One block a row.  What is absent takes no registers, so that more rows are under way on an SM:
 * there are not many instructions a byte between this and what DRAM gives. */
template <class T, int SUMMANDS, bool LAYER>
__global__ void __launch_bounds__(TP_ROW_THREADS, SUMMANDS > 2 ? 1 : 2)
    norm(tp_norm_rows n, int packs, int items)
{
  const int64_t r = blockIdx.x;
  const auto at = [r](const tp_row_view &rows) {
    return rows.data == nullptr ? nullptr : static_cast<T *>(rows.data) + r * rows.row_elements;
  };
  const norm_row<T> row = {at(n.x),
                           SUMMANDS > 1 ? at(n.h) : nullptr,
                           SUMMANDS > 2 ? at(n.sum) : nullptr,
                           static_cast<const T *>(n.gain),
                           LAYER ? static_cast<const T *>(n.bias) : nullptr,
                           at(n.x_plus_h),
                           at(n.normed),
                           packs,
                           items};
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  norm_parts kept[TP_KEPT];
  TP_UNROLL
  for (int k = 0; k < TP_KEPT; k++)
    if (thread + k * threads < items)
      kept[k] = fetch(row, thread + k * threads);
  TP_UNROLL
  for (int k = 0; k < TP_KEPT; k++)
    if (thread + k * threads < items)
      add(row, thread + k * threads, &kept[k]);
  for (int item = thread + TP_KEPT * threads; item < items; item += threads) {
    norm_parts parts = fetch(row, item);
    add(row, item, &parts);
  }

  const float columns = static_cast<float>(n.extent.columns);
  const float mean = row.bias == nullptr ? 0.0f : moment(row, kept, 0.0f, 1) / columns;
  const float scale = rsqrtf(moment(row, kept, mean, 2) / columns + TP_NORM_EPSILON);
  TP_UNROLL
  for (int k = 0; k < TP_KEPT; k++)
    if (thread + k * threads < items)
      output(row, thread + k * threads, input(row, kept[k]), kept[k].gain, mean, scale);
  for (int item = thread + TP_KEPT * threads; item < items; item += threads)
    output(row, item, input_again(row, item),
           tp_fetch(row.gain, tp_item_first<T>(item, packs), item < packs), mean, scale);
}

template <class T> cudaError_t launch_norm(const tp_norm_rows &n, cudaStream_t stream)
{
  if (n.extent.rows == 0)
    return cudaSuccess;
  const tp_row_view gain = {const_cast<void *>(n.gain), 0}, bias = {const_cast<void *>(n.bias), 0};
  const int packs =
      tp_packs<T>(n.extent.columns, n.x, n.h, n.sum, n.x_plus_h, n.normed, gain, bias);
  const int items = tp_items<T>(n.extent.columns, packs);
  /* Few rows leave SMs idle: then more threads a row shorten it. */
  const int each = n.extent.rows < 512 ? 1 : TP_KEPT;
  const bool layer = n.bias != nullptr;
  const auto kernel = n.h.data == nullptr     ? layer ? norm<T, 1, true> : norm<T, 1, false>
                          : n.sum.data == nullptr ? layer ? norm<T, 2, true> : norm<T, 2, false>
                          : layer ? norm<T, 3, true>
                                              : norm<T, 3, false>;
  TP_LAUNCH(kernel, static_cast<unsigned>(n.extent.rows),
            static_cast<unsigned>(tp_threads((items + each - 1) / each, TP_ROW_THREADS)), 0, stream,
            n, packs, items);
  return cudaGetLastError();
}

/* `lanes` lanes of a warp a head, so that short heads leave none idle. */
template <class T>
__global__ void norm_heads(tp_head_rows h, const T *q_gain, const T *k_gain, int packs, int items,
                           int lanes)
{
  const int heads = h.heads + h.kv_heads;
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t index = thread / lanes, last = h.rows * heads - 1;
  const int64_t row = (index < last ? index : last) / heads;
  const int head = static_cast<int>((index < last ? index : last) - row * heads);
  const int lane = static_cast<int>(thread % lanes);
  T *x = static_cast<T *>(h.qkv.data) + row * h.qkv.row_elements +
         static_cast<int64_t>(head) * h.head_dim;
  const T *gain = head < h.heads ? q_gain : k_gain;

  float sum = 0;
  for (int item = lane; item < items; item += lanes)
    sum += power(tp_load(static_cast<const T *>(x), tp_item_first<T>(item, packs), item < packs),
                 0.0f, 2);
  for (int bits = lanes / 2; bits > 0; bits /= 2)
    sum += __shfl_xor_sync(0xffffffffu, sum, bits);
  if (index > last)
    return;
  const float scale = rsqrtf(sum / static_cast<float>(h.head_dim) + TP_NORM_EPSILON);
  const norm_row<T> whole = {x, nullptr, nullptr, gain, nullptr, nullptr, x, packs, items};
  for (int item = lane; item < items; item += lanes) {
    const norm_parts parts = fetch(whole, item);
    output(whole, item, input(whole, parts), parts.gain, 0.0f, scale);
  }
}

template <class T>
cudaError_t launch_norm_heads(const tp_head_rows &h, const void *q_gain, const void *k_gain,
                              cudaStream_t stream)
{
  if (h.rows == 0)
    return cudaSuccess;
  const tp_row_view q = {const_cast<void *>(q_gain), h.head_dim},
                    k = {const_cast<void *>(k_gain), 0};
  const int packs = tp_packs<T>(h.head_dim, h.qkv, q, k);
  const int items = tp_items<T>(h.head_dim, packs);
  int lanes = TP_WARP;
  while (lanes / 2 >= items)
    lanes /= 2;
  const int64_t threads = h.rows * (h.heads + h.kv_heads) * lanes;
  TP_LAUNCH((norm_heads<T>), static_cast<unsigned>((threads + 255) / 256), 256, 0, stream, h,
            static_cast<const T *>(q_gain), static_cast<const T *>(k_gain), packs, items, lanes);
  return cudaGetLastError();
}

} // namespace

cudaError_t tp_launch_norm(const tp_norm_rows *n, cudaStream_t stream)
{
  TP_BY_TYPE(n->extent.dtype, T, return launch_norm<T>(*n, stream));
  return cudaErrorInvalidValue;
}

cudaError_t tp_launch_qk_norm(const tp_head_rows *heads, const void *q_gain, const void *k_gain,
                              cudaStream_t stream)
{
  TP_BY_TYPE(heads->dtype, T, return launch_norm_heads<T>(*heads, q_gain, k_gain, stream));
  return cudaErrorInvalidValue;
}
