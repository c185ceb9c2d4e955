/* Rows of q | k | v: rotary positions, the KV cache, and KV heads repeated for their queries. */
#include "gpu/kernels/values.cuh"

namespace
{

struct head_plan {
  int packs, items; /* of half a head, where pairs are rotated; of a head, where it is moved */
};

/* A pack in two parts where second halves lie APART: at multiples of 8 bytes, not of 16. */
template <class T, bool APART>
__device__ __forceinline__ tp_raw fetch_second(const T *row, int64_t first, bool pack)
{
  if (!pack || !APART)
    return tp_fetch(row, first, pack);
  const uint2 *const at = reinterpret_cast<const uint2 *>(row + first);
  const uint2 low = at[0], high = at[1];
  return {tp_pack<T>::elements, {low.x, low.y, high.x, high.y}};
}

template <class T, bool APART>
__device__ __forceinline__ void store_second(T *row, int64_t first, const tp_item<T> &item)
{
  const tp_raw raw = tp_rounded(item);
  if (raw.n == 1 || !APART) {
    tp_put(row, first, raw);
    return;
  }
  uint2 *const at = reinterpret_cast<uint2 *>(row + first);
  at[0] = make_uint2(raw.bits.x, raw.bits.y);
  at[1] = make_uint2(raw.bits.z, raw.bits.w);
}

/* (a, b) turned by the angles of pairs first, first + 1, ... */
template <class T>
__device__ __forceinline__ void turn(tp_item<T> &a, tp_item<T> &b, const float2 *turns,
                                     int64_t first)
{
  TP_EACH(T, i, a)
  {
    const float2 t = turns[first + i];
    const float x = a.at[i], y = b.at[i];
    a.at[i] = x * t.x - y * t.y;
    b.at[i] = y * t.x + x * t.y;
  }
}

/* Heads [first_head, first_head + heads) of the row; those of k also into `cached`. */
template <class T, bool APART>
__device__ void rotate_heads(T *row, const tp_head_rows &h, T *cached, const float2 *turns,
                             head_plan half)
{
  const int threads = static_cast<int>(blockDim.x);
  const int all = (h.heads + h.kv_heads) * half.items;
  for (int i = static_cast<int>(threadIdx.x); i < all; i += threads) {
    const int head = i / half.items, item = i - head * half.items;
    const int64_t first = tp_item_first<T>(item, half.packs), second = first + h.head_dim / 2;
    const bool pack = item < half.packs;
    T *const at = row + static_cast<int64_t>(head) * h.head_dim;
    const tp_raw raw_a = tp_fetch(static_cast<const T *>(at), first, pack);
    const tp_raw raw_b = fetch_second<T, APART>(at, second, pack);
    tp_item<T> a = tp_numbers<T>(raw_a), b = tp_numbers<T>(raw_b);
    turn(a, b, turns, first);
    tp_store(at, first, a);
    store_second<T, APART>(at, second, b);
    if (cached != nullptr && head >= h.heads) {
      T *const to = cached + static_cast<int64_t>(head - h.heads) * h.head_dim;
      tp_store(to, first, a);
      store_second<T, APART>(to, second, b);
    }
  }
}

template <class T> __device__ void copy_items(const T *from, T *to, head_plan plan)
{
  for (int i = static_cast<int>(threadIdx.x); i < plan.items; i += static_cast<int>(blockDim.x)) {
    const int64_t first = tp_item_first<T>(i, plan.packs);
    tp_store(to, first, tp_load(from, first, i < plan.packs));
  }
}

struct caches {
  tp_row_view keys, values; /* data NULL: none */
  int64_t capacity;
};

/* One block a row: its angles once, for all heads. */
template <class T, bool APART>
__global__ void rope_cache(tp_head_rows h, bool rotate, const int32_t *lengths, caches c,
                           head_plan half, head_plan kv)
{
  TP_DYNAMIC_SHARED(float2, turns);
  const int64_t r = blockIdx.x, query_len = h.rows / h.batch, sequence = r / query_len;
  const int64_t position = lengths[sequence] - h.later - query_len + (r - sequence * query_len);
  T *const row = static_cast<T *>(h.qkv.data) + r * h.qkv.row_elements;
  const bool caching = c.keys.data != nullptr && position >= 0 && position < c.capacity;
  const int64_t slot = sequence * c.capacity + position;
  T *const keys = caching ? static_cast<T *>(c.keys.data) + slot * c.keys.row_elements : nullptr;
  if (rotate) {
    for (int pair = static_cast<int>(threadIdx.x); pair < h.head_dim / 2;
         pair += static_cast<int>(blockDim.x)) {
      const float angle = tp_rope_angle(position, pair, h.head_dim);
      turns[pair] = make_float2(cosf(angle), sinf(angle));
    }
    __syncthreads();
    rotate_heads<T, APART>(row, h, keys, turns, half);
  }
  if (!caching)
    return;
  const T *const k = row + static_cast<int64_t>(h.heads) * h.head_dim;
  if (!rotate)
    copy_items(k, keys, kv);
  copy_items(k + static_cast<int64_t>(h.kv_heads) * h.head_dim,
             static_cast<T *>(c.values.data) + slot * c.values.row_elements, kv);
}

template <class T>
cudaError_t launch_rope_cache(const tp_head_rows &h, bool rotate, const int32_t *lengths, caches c,
                              cudaStream_t stream)
{
  if (h.rows == 0)
    return cudaSuccess;
  const tp_row_view half_head = {nullptr, 0};
  /* Heads start at multiples of head_dim, their second halves head_dim / 2 further on. */
  head_plan half = {tp_packs<T>(h.head_dim / 2, h.qkv, c.keys, half_head), 0};
  const bool apart = h.head_dim / 2 % tp_pack<T>::elements != 0;
  if (h.head_dim % tp_pack<T>::elements != 0 || h.head_dim / 2 % (tp_pack<T>::elements / 2) != 0)
    half.packs = 0;
  half.items = tp_items<T>(h.head_dim / 2, half.packs);
  const int64_t kv_elements = static_cast<int64_t>(h.kv_heads) * h.head_dim;
  head_plan kv = {tp_packs<T>(kv_elements, h.qkv, c.keys, c.values), 0};
  if (h.head_dim % tp_pack<T>::elements != 0)
    kv.packs = 0;
  kv.items = tp_items<T>(kv_elements, kv.packs);
  const int most = rotate ? (h.heads + h.kv_heads) * half.items : kv.items;
  const unsigned blocks = static_cast<unsigned>(h.rows);
  const unsigned threads = static_cast<unsigned>(tp_threads(most, 512));
  const size_t shared = rotate ? static_cast<size_t>(h.head_dim / 2) * sizeof(float2) : 0;
  if (apart)
    TP_LAUNCH((rope_cache<T, true>), blocks, threads, shared, stream, h, rotate, lengths, c, half,
              kv);
  else
    TP_LAUNCH((rope_cache<T, false>), blocks, threads, shared, stream, h, rotate, lengths, c, half,
              kv);
  return cudaGetLastError();
}

/* One block a row of `to`. */
template <class T> __global__ void repeat_heads(tp_repeat r, head_plan head)
{
  const int64_t row = blockIdx.x, sequence = row / r.kv_len;
  const T *const from = static_cast<const T *>(r.from.data) +
                        (sequence * r.capacity + (row - sequence * r.kv_len)) * r.from.row_elements;
  T *const to = static_cast<T *>(r.to.data) + row * r.to.row_elements;
  const int shared_by = r.heads / r.kv_heads;
  const bool there = row - sequence * r.kv_len < r.lengths[sequence];
  for (int i = static_cast<int>(threadIdx.x); i < r.heads * head.items;
       i += static_cast<int>(blockDim.x)) {
    const int h = i / head.items, item = i - h * head.items;
    const int64_t first = tp_item_first<T>(item, head.packs);
    tp_item<T> x =
        tp_load(from + static_cast<int64_t>(h / shared_by) * r.head_dim, first, item < head.packs);
    TP_EACH(T, e, x)
    x.at[e] = there ? x.at[e] : 0.0f;
    tp_store(to + static_cast<int64_t>(h) * r.head_dim, first, x);
  }
}

template <class T> cudaError_t launch_repeat(const tp_repeat &r, cudaStream_t stream)
{
  head_plan head = {tp_packs<T>(r.head_dim, r.from, r.to), 0};
  if (r.head_dim % tp_pack<T>::elements != 0)
    head.packs = 0;
  head.items = tp_items<T>(r.head_dim, head.packs);
  TP_LAUNCH((repeat_heads<T>), static_cast<unsigned>(r.batch * r.kv_len),
            static_cast<unsigned>(tp_threads(r.heads * head.items, 256)), 0, stream, r, head);
  return cudaGetLastError();
}

struct lists {
  tp_pointers of[TP_POINTER_LISTS];
  void **to[TP_POINTER_LISTS];
};

__global__ void pointers(lists l, int64_t batch, int heads)
{
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= batch * heads)
    return;
  const int64_t b = i / heads, h = i - b * heads;
  TP_UNROLL
  for (int list = 0; list < TP_POINTER_LISTS; list++) {
    const tp_pointers &p = l.of[list];
    l.to[list][i] =
        static_cast<char *>(p.base) + b * p.batch_bytes + h / p.heads_each * p.head_bytes;
  }
}

} // namespace

cudaError_t tp_launch_rope_cache(const tp_head_rows *heads, bool rotate, const int32_t *lengths,
                                 tp_row_view keys, tp_row_view values, int64_t capacity,
                                 cudaStream_t stream)
{
  const caches c = {keys, values, capacity};
  TP_BY_TYPE(heads->dtype, T, return launch_rope_cache<T>(*heads, rotate, lengths, c, stream));
  return cudaErrorInvalidValue;
}

cudaError_t tp_launch_repeat(const tp_repeat *repeat, cudaStream_t stream)
{
  TP_BY_TYPE(repeat->dtype, T, return launch_repeat<T>(*repeat, stream));
  return cudaErrorInvalidValue;
}

cudaError_t tp_launch_pointers(const tp_pointers of[TP_POINTER_LISTS], int64_t batch, int heads,
                               void **const addresses[TP_POINTER_LISTS], cudaStream_t stream)
{
  lists l;
  for (int list = 0; list < TP_POINTER_LISTS; list++) {
    l.of[list] = of[list];
    l.to[list] = addresses[list];
  }
  TP_LAUNCH(pointers, static_cast<unsigned>((batch * heads + 127) / 128), 128, 0, stream, l, batch,
            heads);
  return cudaGetLastError();
}
